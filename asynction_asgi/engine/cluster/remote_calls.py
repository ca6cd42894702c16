"""Calls to clients of other processes, which fail as soon as no process has the client."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

from ...errors import QueueError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ..tasks import Tasks

# If no process has taken a call by then, this process asks for its client.
_TAKEN_SECONDS = 0.25


class _Call(NamedTuple):
    sid: str
    namespace: str


class RemoteCalls:
    """Calls to clients of other processes, and the process that has taken each.

    Args:
        tasks: Runs the searches for clients.
        is_nowhere: Returns whether no process has a client, by sid and namespace; raises QueueError while
            this can't be known.
        lose: Fails a call, by sid and number.
    """

    def __init__(
        self,
        tasks: Tasks,
        is_nowhere: Callable[[str, str], Awaitable[bool]],
        lose: Callable[[str, int], None],
    ) -> None:
        self._tasks = tasks
        self._is_nowhere = is_nowhere
        self._lose = lose
        self._waiting: dict[int, _Call] = {}
        self._taken: dict[int, tuple[str, _Call]] = {}
        self._seeking: set[asyncio.Task[None]] = set()

    def begin(self, number: int, sid: str, namespace: str) -> None:
        """Watch a call to a client that is not in this process."""
        self._waiting[number] = _Call(sid, namespace)
        asyncio.get_running_loop().call_later(_TAKEN_SECONDS, self._check, number)

    def take(self, number: int, process: str) -> None:
        """Note which process has taken a call."""
        call = self._waiting.pop(number, None)
        if call is not None:
            self._taken[number] = (process, call)

    def end(self, number: int) -> None:
        """Forget a call that has ended."""
        self._waiting.pop(number, None)
        self._taken.pop(number, None)

    def leave(self, process: str) -> None:
        """Fail the calls that a process had taken: it has ended, and its clients are gone."""
        for number, (where, call) in list(self._taken.items()):
            if where == process:
                self._lose(call.sid, number)

    def stop_seeking(self) -> None:
        """Stop asking for clients: calls that no process has taken wait for their timeout."""
        self._waiting.clear()
        for task in self._seeking:
            task.cancel()

    def _check(self, number: int) -> None:
        if number in self._waiting:
            task = self._tasks.spawn(self._seek(number, self._waiting[number]))
            self._seeking.add(task)
            task.add_done_callback(self._seeking.discard)

    async def _seek(self, number: int, call: _Call) -> None:
        """Ask all processes for the client, until it has answered or no process has it."""
        while number in self._waiting:
            try:
                nowhere = await self._is_nowhere(call.sid, call.namespace)
            except (
                QueueError
            ):  # some process does not answer: it is paused or dead, or the queue is unreachable
                await asyncio.sleep(_TAKEN_SECONDS)
                continue
            if nowhere and number in self._waiting:
                self._lose(call.sid, number)
            return
