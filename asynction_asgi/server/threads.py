"""Plain functions in worker threads, so that they never block the loop."""

from __future__ import annotations

import asyncio
import functools
import inspect
from typing import TYPE_CHECKING, Any

import anyio.to_thread

from ..callables import is_coroutine_function

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator


class ThreadCall:
    """A call of a plain function that was started in a worker thread; it is awaited once.

    Attributes:
        work: Done when the function has returned. Threads cannot be interrupted: after the cancellation of
            its caller the function keeps running and holds its limiter slot until it returns.
    """

    __slots__ = ("work",)

    def __init__(self, work: asyncio.Future[tuple[Any, BaseException | None]]) -> None:
        self.work = work

    def __await__(self) -> Generator[Any, None, Any]:
        """Wait for what the function returns, or raise what it raises."""
        return _result(self.work).__await__()


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

    def contained(*arguments: Any, **named: Any) -> tuple[Any, BaseException | None]:
        # asyncio ends the process on SystemExit, whichever task it is raised in.
        try:
            return function(*arguments, **named), None
        except (Exception, KeyboardInterrupt):
            raise
        except BaseException as error:  # noqa: BLE001  # raised again below
            return None, error

    def start(*arguments: Any, **named: Any) -> ThreadCall:
        running = anyio.to_thread.run_sync(functools.partial(contained, *arguments, **named))
        return ThreadCall(asyncio.ensure_future(running))

    return start


async def _result(work: asyncio.Future[tuple[Any, BaseException | None]]) -> Any:
    try:
        result, error = await asyncio.shield(work)
    finally:
        del work  # the error that it may hold refers to this frame
    if error is not None:
        try:
            raise error
        finally:
            del error  # as above
    # A plain function around a coroutine function, such as a decorator's wrapper, returns one.
    return await result if inspect.isawaitable(result) else result
