"""How a server ends: handlers end and answer, then clients leave, then all else is released."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ...errors import RefusedError
from ..logs import logger

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from ..ports import Host, Transport
    from .gate import Gate
    from .members import Connection
    from .replies import Replies
    from .rooms import Rooms
    from .tasks import Tasks

# Seconds after which handlers still running are cancelled.
STOP_SECONDS = 5.0
# What ends the connections gets at least so long, however long the handlers took.
_LEAVE_SECONDS = 1.0
# For clients between two polls.
_FETCH_SECONDS, _FETCH_CHECK_SECONDS = 1.0, 0.02


class Stopping:
    """Ends a server."""

    def __init__(self, *, transports: Host, gate: Gate, replies: Replies, rooms: Rooms, tasks: Tasks) -> None:
        self._transports = transports
        self._gate = gate
        self._replies = replies
        self._rooms = rooms
        self._tasks = tasks
        self._leaving: asyncio.Task[None] | None = None

    def begin(self) -> asyncio.Task[None] | None:
        """Let clients go, unless that has begun: the ASGI server is about to close their connections.

        For servers that do so before they announce the end to the application, as uvicorn does.

        Returns:
            A task that ends when the connections are closed, or None if `finish` sees to them.
        """
        if not self._gate.stopping:
            self._gate.stopping = True
            self._leaving = asyncio.get_running_loop().create_task(self._let_clients_go(STOP_SECONDS))
        return self._leaving

    async def finish(self, seconds: float) -> None:
        """Let clients go, and stop what runs; handlers still running after `seconds` are cancelled."""
        if self._leaving is None:
            await self._let_clients_go(seconds)
        else:
            await asyncio.wait([self._leaving])
            self._leaving = None
        thread = getattr(self._rooms, "thread", None)
        if thread is not None:
            thread.cancel()
            await asyncio.wait([thread], timeout=_LEAVE_SECONDS)
        if last := _unfinished(self._tasks.running):  # such as telling other processes of what is lost
            await asyncio.wait(last, timeout=_LEAVE_SECONDS)
        close = getattr(self._rooms, "close", None)
        if close is not None:  # connections to a message queue
            await close()

    async def _let_clients_go(self, seconds: float) -> None:
        self._gate.stopping = True
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        sockets: list[Transport] = list(self._transports.sockets.values())
        connections = [socket.connection for socket in sockets]
        busy = [socket for socket in sockets if any(_handlers(socket.connection))]
        if late := await _wait_for_handlers(connections, deadline):
            for connection in connections:
                self._refuse_waiting(connection)  # or it would begin in the place of what is cancelled
            await _cancel(late)
        await _wait_for_polls(busy)
        sockets = list(self._transports.sockets.values())
        for socket in sockets:
            socket.drop(self._transports.reason.SERVER_DISCONNECT)
        running = [task for connection in connections for task in connection.running.values()]
        running += [socket.closing_task for socket in sockets if socket.closing_task is not None]
        if running := _unfinished([*running, *self._tasks.running]):
            _, rest = await asyncio.wait(running, timeout=max(deadline - loop.time(), _LEAVE_SECONDS))
            if rest:
                await _cancel(rest)

    def _refuse_waiting(self, connection: Connection) -> None:
        """Answer the events that wait for others to end."""
        error = RefusedError("unavailable", "the server is stopping")
        waiting = [*(connection.backlog or ())]
        waiting += [
            (member, arrival) for member in connection.members.values() for arrival in member.lane or ()
        ]
        connection.drop_backlog()
        for member in connection.members.values():
            while member.lane:
                connection.count(member.lane.popleft(), -1)
        for member, arrival in waiting:
            self._replies.refuse(member, arrival.ack_id, arrival.payload[0], error)


def _unfinished(tasks: Iterable[asyncio.Task[None]]) -> list[asyncio.Task[None]]:
    return [task for task in tasks if task is not asyncio.current_task() and not task.done()]


async def _wait_for_handlers(
    connections: Iterable[Connection], deadline: float
) -> Collection[asyncio.Task[None]]:
    """Wait for connect and event handlers, and for those that wait for them; return what is still running."""
    loop = asyncio.get_running_loop()
    while running := _unfinished(task for connection in connections for task in _handlers(connection)):
        patience = deadline - loop.time()
        if patience <= 0:
            return running
        await asyncio.wait(running, timeout=patience)
    return ()


def _handlers(connection: Connection) -> Iterator[asyncio.Task[None]]:
    yield from connection.running.values()
    for member in connection.members.values():
        if member.connecting is not None:
            yield member.connecting


async def _wait_for_polls(busy: Iterable[Transport]) -> None:
    """Wait for clients of polling to fetch their answers and to poll again, for a moment.

    A client that polls receives the end of the session as such, others an HTTP status.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + _FETCH_SECONDS
    while loop.time() < until:
        if not any(socket.fetches_late for socket in busy):
            return
        await asyncio.sleep(_FETCH_CHECK_SECONDS)


async def _cancel(late: Collection[asyncio.Task[None]]) -> None:
    for task in late:
        task.cancel()
    logger.warning("%d handlers did not end in time and were cancelled", len(late))
    await asyncio.wait(late, timeout=1.0)
