"""Tasks that run as long as an application does."""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING, Any

from ..callables import is_coroutine_function, name_function
from ..engine.crashes import describe_crash, must_pass
from ..engine.peers.stopping import STOP_SECONDS
from ..logs import get_logger
from .signatures import python_function

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Task = Callable[[], Awaitable[Any]]

logger = get_logger()


class Background:
    """The background tasks of an application, in each of its processes."""

    def __init__(self) -> None:
        self._registered: list[tuple[Task, float | None]] = []
        self._running: list[asyncio.Task[None]] | None = None

    def add(self, function: Task, every: float | None) -> None:
        """Register a task; if the application runs, it begins at once.

        Args:
            function: A coroutine function without parameters.
            every: Seconds between its end and its next run, or None to run it once.

        Raises:
            TypeError: It is another thing, or `every` is not a number.
            ValueError: `every` is not more than 0.
        """
        if not is_coroutine_function(function):
            raise TypeError(f"background takes a coroutine function; {name_function(function)} is not one")
        try:
            inspect.signature(function).bind()
        except TypeError as error:
            raise TypeError(f"background calls {_name_of(function)} without arguments: {error}") from None
        if every is not None and (isinstance(every, bool) or not isinstance(every, int | float)):
            raise TypeError(f"every takes seconds as a number, not {type(every).__name__}")
        if every is not None and not every > 0:
            raise ValueError(f"every takes seconds, more than 0, not {every!r}")
        self._registered.append((function, every))
        if self._running is not None:
            self._running.append(_begin(function, every))

    def start(self) -> None:
        """Begin all tasks."""
        if self._running is None:
            self._running = [_begin(*registered) for registered in self._registered]

    async def stop(self) -> None:
        """Cancel all tasks, and wait for their end, but not longer than `STOP_SECONDS`."""
        running, self._running = self._running or [], None
        for task in running:
            task.cancel()
        if not running:
            return
        ended, late = await asyncio.wait(running, timeout=STOP_SECONDS)
        await asyncio.gather(*ended, return_exceptions=True)
        for task in late:
            logger.warning(
                "background task %s has not ended %g s after it was cancelled, and is left behind:"
                " let CancelledError pass, and bound its cleanup",
                *(task.get_name(), STOP_SECONDS),
            )


def _begin(function: Task, every: float | None) -> asyncio.Task[None]:
    return asyncio.create_task(_run(function, every), name=_name_of(function))


async def _run(function: Task, every: float | None) -> None:
    task = asyncio.current_task()
    while True:
        try:
            await function()
        except BaseException as error:
            if must_pass(error, task):
                raise
            again = "" if every is None else f"; it runs again in {every:g} s"
            what = f"{_name_of(function)} {describe_crash(error)}"
            logger.exception("background task %s%s", what, again)
        if every is None:
            return
        await asyncio.sleep(every)


def _name_of(function: Task) -> str:
    return str(python_function(function).__qualname__)
