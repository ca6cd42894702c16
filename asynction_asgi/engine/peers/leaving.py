"""How clients leave a server that ends: their handlers end and answer, then their connections close.

No client receives a DISCONNECT of Socket.IO or a CLOSE of Engine.IO, after which clients would not come back.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ...errors import RefusedError
from ..logs import logger
from ..wire.close_codes import SERVICE_RESTART

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from ..ports import Transport
    from .members import Arrival, Connection, Member
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
        connections = [socket.connection for socket in sockets]  # here, as a client that leaves loses it
        busy = [socket for socket in sockets if any(_handlers(socket.connection))]
        if late := await _wait_for_handlers(connections, deadline):
            error = RefusedError("unavailable", "the server is stopping")
            for connection in connections:
                for member, arrival in _take_waiting(connection):
                    self._replies.turn_down(member, arrival.ack_id, arrival.payload[0], error)
            await cancel(late)
        await _wait_for_polls(busy, loop.time() + _FETCH_SECONDS)
        await _close_all(sockets, connections, deadline)


async def send_away(socket: Transport, seconds: float) -> None:
    """Let one client leave while others stay; handlers still running after `seconds` are cancelled.

    It sends again, to another process, what was not answered here. So events that wait for others to end are
    not answered, and a client of polling may fetch its answers until `seconds` are over.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    connection = socket.connection  # here, as above
    if late := await _wait_for_handlers([connection], deadline):
        _take_waiting(connection)
        await cancel(late)
    await _wait_for_polls([socket], max(deadline, loop.time() + _FETCH_SECONDS))
    await _close_all([socket], [connection], deadline)


def _take_waiting(connection: Connection) -> list[tuple[Member, Arrival]]:
    """Empty the backlog and the lanes of a connection, and return what waited there; it would start otherwise."""
    waiting = [*(connection.backlog or ())]
    waiting += [(member, arrival) for member in connection.members.values() for arrival in member.lane or ()]
    connection.drop_backlog()
    for member in connection.members.values():
        while member.lane:
            connection.discount(member.lane.popleft())
    return waiting


async def _close_all(
    sockets: Collection[Transport], connections: Collection[Connection], deadline: float
) -> None:
    for socket in sockets:
        close(socket)
    running = [task for connection in connections for task in connection.running.values()]
    running += [socket.closing_task for socket in sockets if socket.closing_task is not None]
    await finish(running, deadline)


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


async def _wait_for_polls(sockets: Iterable[Transport], deadline: float) -> None:
    """Wait for clients of polling to fetch their answers and to poll again, each once."""
    loop = asyncio.get_running_loop()
    late = list(sockets)
    while (late := [socket for socket in late if socket.fetches_late]) and loop.time() < deadline:  # noqa: ASYNC110  # no event says so
        await asyncio.sleep(_FETCH_CHECK_SECONDS)
