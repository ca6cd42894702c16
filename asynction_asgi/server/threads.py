"""Plain functions in worker threads, so that they never block the loop."""

from __future__ import annotations

import asyncio
import functools
import inspect
import threading
from typing import TYPE_CHECKING, Any

import anyio.to_thread

from ..callables import is_coroutine_function

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator


class ThreadCall:
    """A call of a plain function in a worker thread; it is awaited once.

    If its caller is cancelled while it still waits for a thread, the function is not called.

    Args:
        work: As below.
        claim: Acquired by the thread that calls the function, or by a caller that no longer wants it.

    Attributes:
        work: Done when the function has returned. Threads cannot be interrupted: after the cancellation of
            its caller a function that has begun keeps running and holds its limiter slot until it returns.
    """

    __slots__ = ("_claim", "work")

    def __init__(self, work: asyncio.Future[tuple[Any, BaseException | None]], claim: threading.Lock) -> None:
        self.work = work
        self._claim = claim

    def __await__(self) -> Generator[Any, None, Any]:
        """Wait for what the function returns, or raise what it raises."""
        return _result(self.work, self._claim).__await__()


def as_coroutine_function(function: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
    """Return a coroutine function unchanged, and any other as one that runs it in a worker thread."""
    if is_coroutine_function(function):
        return function
    start = as_starting_function(function)

    async def in_thread(*arguments: Any, **named: Any) -> Any:
        return await start(*arguments, **named)

    return in_thread


def as_starting_function(function: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
    """Return a coroutine function unchanged, and any other as one that returns a `ThreadCall`."""
    if is_coroutine_function(function):
        return function

    def contained(claim: threading.Lock, *arguments: Any, **named: Any) -> tuple[Any, BaseException | None]:
        if not claim.acquire(blocking=False):
            return None, None  # nobody waits for it
        # asyncio ends the process on SystemExit, whichever task it is raised in.
        try:
            return function(*arguments, **named), None
        except (Exception, KeyboardInterrupt):
            raise
        except BaseException as error:  # noqa: BLE001  # raised again below
            return None, error

    def start(*arguments: Any, **named: Any) -> ThreadCall:
        claim = threading.Lock()
        running = anyio.to_thread.run_sync(functools.partial(contained, claim, *arguments, **named))
        return ThreadCall(asyncio.ensure_future(running), claim)

    return start


async def _result(work: asyncio.Future[tuple[Any, BaseException | None]], claim: threading.Lock) -> Any:
    try:
        result, error = await asyncio.shield(work)
    except asyncio.CancelledError:
        claim.acquire(blocking=False)
        raise
    finally:
        del work  # the error that it may hold refers to this frame
    if error is not None:
        try:
            raise error
        finally:
            del error  # as above
    # A plain function around a coroutine function, such as a decorator's wrapper, returns one.
    return await result if inspect.isawaitable(result) else result
