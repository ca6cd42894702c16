"""Background tasks of one server."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from .logs import logger

if TYPE_CHECKING:
    from collections.abc import Coroutine


class Tasks:
    """Tasks that no caller awaits: each is kept until it ends, and its failure is logged.

    Attributes:
        running: The tasks that have not ended.
    """

    __slots__ = ("running",)

    def __init__(self) -> None:
        self.running: set[asyncio.Task[Any]] = set()

    def spawn(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run a coroutine in a task of its own."""
        task = asyncio.get_running_loop().create_task(coroutine)
        self.running.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self.running.discard(task)
        if not task.cancelled() and task.exception() is not None:
            logger.error("a background task failed", exc_info=task.exception())


async def until_ended(task: asyncio.Task[Any]) -> None:
    """Wait until a task has ended, however it does; if the wait is cancelled, the task goes on.

    `asyncio.wait` does the same for several, and costs six times as much.
    """
    if not task.done():
        ended = asyncio.get_running_loop().create_future()

        def end(_: object) -> None:
            if not ended.done():
                ended.set_result(None)

        task.add_done_callback(end)
        await ended
