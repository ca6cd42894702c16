"""How clients leave a server that ends: their handlers end and answer, then their connections close.

No client receives a DISCONNECT of Socket.IO or a CLOSE of Engine.IO, after which clients would not come back.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ...errors import RefusedError
from ..logs import logger
from ..wire.frames import SERVICE_RESTART

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from ..ports import Transport
    from .members import Connection
    from .replies import Replies

# What Socket.IO's server in JavaScript tells disconnect handlers.
SHUTTING_DOWN = "server shutting down"
# What ends the connections gets at least so long, however long the handlers took.
LEAVE_SECONDS = 1.0
# For clients between two polls.
_FETCH_SECONDS, _FETCH_CHECK_SECONDS = 1.0, 0.02


class Leaving:
    """Lets clients leave.

    Args:
        replies: Encodes the answers to events that can't be handled any more.
    """

    def __init__(self, replies: Replies) -> None:
        self._replies = replies

    async def let_go(self, sockets: Collection[Transport], seconds: float) -> None:
        """Let clients leave at the same time; handlers still running after `seconds` are cancelled."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        connections = [socket.connection for socket in sockets]
        busy = [socket for socket in sockets if any(_handlers(socket.connection))]
        if late := await _wait_for_handlers(connections, deadline):
            for connection in connections:
                self._refuse_waiting(connection)  # or it would begin in the place of what is cancelled
            await cancel(late)
        await _wait_for_polls(busy)
        for socket in sockets:
            close(socket)
        running = [task for connection in connections for task in connection.running.values()]
        running += [socket.closing_task for socket in sockets if socket.closing_task is not None]
        await finish(running, deadline)

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
            self._replies.turn_down(member, arrival.ack_id, arrival.payload[0], error)


def close(socket: Transport) -> None:
    """Close a connection in a way after which clients come back."""
    socket.drop(SHUTTING_DOWN, code=SERVICE_RESTART)


async def finish(tasks: Iterable[asyncio.Task[None]], deadline: float) -> None:
    """Wait for tasks that end connections, and cancel what is late."""
    if running := unfinished(tasks):
        patience = max(deadline - asyncio.get_running_loop().time(), LEAVE_SECONDS)
        _, rest = await asyncio.wait(running, timeout=patience)
        if rest:
            await cancel(rest)


def unfinished(tasks: Iterable[asyncio.Task[None]]) -> list[asyncio.Task[None]]:
    """Return the tasks that still run, without the current one."""
    return [task for task in tasks if task is not asyncio.current_task() and not task.done()]


async def cancel(late: Collection[asyncio.Task[None]]) -> None:
    """Cancel handlers, and say so."""
    for task in late:
        task.cancel()
    logger.warning("%d handlers did not end in time and were cancelled", len(late))
    await asyncio.wait(late, timeout=1.0)


async def _wait_for_handlers(
    connections: Iterable[Connection], deadline: float
) -> Collection[asyncio.Task[None]]:
    """Wait for connect and event handlers, and for those that wait for them; return what is still running."""
    loop = asyncio.get_running_loop()
    while running := unfinished(task for connection in connections for task in _handlers(connection)):
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
    """Wait for clients of polling to fetch their answers and to poll again, for a moment."""
    loop = asyncio.get_running_loop()
    until = loop.time() + _FETCH_SECONDS
    while loop.time() < until:
        if not any(socket.fetches_late for socket in busy):
            return
        await asyncio.sleep(_FETCH_CHECK_SECONDS)
