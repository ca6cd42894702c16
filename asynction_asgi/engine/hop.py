"""Methods of the server that are called in another event loop than the server's, such as in a thread."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Coroutine


def another_loop(own: asyncio.AbstractEventLoop | None) -> asyncio.AbstractEventLoop | None:
    """Return the server's loop if it runs and the caller is in another one, or None."""
    if own is None or own is asyncio.get_running_loop() or not own.is_running():
        return None
    return own


async def run_in(loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine in a loop of another thread; returns or raises what it does."""
    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(coroutine, loop))
