"""Whether a timeout says anything about the client."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio

_LATE = 0.1  # of the timeout


def stood_still(loop: asyncio.AbstractEventLoop, timer: asyncio.TimerHandle | None, timeout: float) -> bool:
    """Return whether the process did nothing for a good part of a timeout, as after it was suspended.

    What the client has sent meanwhile may be here, and not be read yet.

    Args:
        loop: The running event loop.
        timer: The timer whose callback asks.
        timeout: Its seconds.
    """
    late = 0.0 if timer is None else loop.time() - timer.when()
    return late > timeout * _LATE
