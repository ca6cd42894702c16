"""How a server ends: clients leave, one after another or all at once, then all else is released."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ..logs import logger
from .leaving import LEAVE_SECONDS, Leaving, close, finish, send_away, unfinished

if TYPE_CHECKING:
    from ..ports import Host, Transport
    from ..tasks import Tasks
    from .replies import Replies
    from .returning import Returning
    from .rooms import Rooms
    from .service import Service

# Seconds after which handlers still running are cancelled.
STOP_SECONDS = 5.0
# Clients of socket.io-client come back after 0.5 to 1.5 seconds, and some try a second time; many at once, or
# on a busy machine, one after another.
_RETURN_SECONDS, _MOST_RETURN_SECONDS, _RETURN_CHECK_SECONDS = 5.0, 10.0, 0.05
# A process that has just become ready, maybe to take the place of this one, may not have been heard of yet.
_SUCCESSOR_SECONDS = 1.0


class Stopping:
    """Ends a server.

    Args:
        transports: The Engine.IO half of the server.
        service: What the server still takes.
        replies: Encodes the answers to events that can't be handled any more.
        rooms: What may have connections to a message queue.
        tasks: What else runs.
        returning: The sessions of clients that come back to other processes.
    """

    def __init__(
        self,
        *,
        transports: Host,
        service: Service,
        replies: Replies,
        rooms: Rooms,
        tasks: Tasks,
        returning: Returning,
    ) -> None:
        self._transports = transports
        self._service = service
        self._leaving = Leaving(replies)
        self._rooms = rooms
        self._tasks = tasks
        self._returning = returning
        self._ending: asyncio.Task[None] | None = None
        self._going: set[asyncio.Task[None]] = set()

    async def drain(self, seconds: float, *, admitting: bool) -> None:
        """Let clients leave one after another, the oldest first, spread evenly.

        Returns when all have left, or when `finish` sees to the rest. Cancelling this does not end the draining,
        as other callers may wait for it. If the server has begun to end, this only waits.

        If no other process is known that can take over sessions, clients stay a moment longer: one may just have
        started.

        The handlers of a client that leaves finish, and their answers are sent; what it sends meanwhile is not
        taken.

        Args:
            seconds: Until the last client leaves; `STOP_SECONDS` more if it has handlers running.
            admitting: Whether clients that come meanwhile are taken, to leave last.
        """
        if not self._service.stopping:
            self._service.begin_drain(admitting=admitting)
            self._ending = asyncio.get_running_loop().create_task(self._send_away(seconds))
        if (ending := self._ending) is not None:
            await asyncio.wait([ending])
            if not ending.cancelled():
                ending.result()

    def begin(self) -> asyncio.Task[None] | None:
        """Let clients go, unless that has begun: the ASGI server is about to close their connections.

        For servers that do so before they announce the end to the application, as uvicorn does.

        Returns:
            A task that ends when the connections are closed, or None if `finish` sees to them.
        """
        if not self._service.stopping:
            self._service.begin_stop()
            self._ending = asyncio.get_running_loop().create_task(self._let_clients_go(STOP_SECONDS))
        return self._ending

    async def finish(self, seconds: float) -> None:
        """Let clients go, and stop what runs; handlers still running after `seconds` are cancelled."""
        ending, self._ending = self._ending, None
        if ending is not None:
            if self._service.leaving is not None:
                ending.cancel()
            await asyncio.wait([ending])
        if ending is None or self._service.leaving is not None:
            self._service.begin_stop()
            await self._let_clients_go(seconds)
        await self._rooms.stop_listening(LEAVE_SECONDS)
        if last := unfinished(self._tasks.running):  # such as telling other processes of what is lost
            await asyncio.wait(last, timeout=LEAVE_SECONDS)
        await self._rooms.close()

    async def _send_away(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds + STOP_SECONDS + _MOST_RETURN_SECONDS
        await self._await_successor(loop.time() + _SUCCESSOR_SECONDS)
        begin = loop.time()
        sockets = list(self._transports.sockets.values())
        for number, socket in enumerate(sockets, 1):
            wait = begin + seconds * number / len(sockets) - loop.time()
            if wait > 0:
                await asyncio.sleep(wait)
            self._send_away_socket(socket)
        self._service.admitting = False
        for socket in list(self._transports.sockets.values()):  # that came meanwhile
            self._send_away_socket(socket)
        if self._going:
            await asyncio.wait(self._going)
        await self._hand_over(deadline)

    async def _await_successor(self, deadline: float) -> None:
        """Wait until another process is known that can take over sessions, if this process has any."""
        loop, returning = asyncio.get_running_loop(), self._returning
        while returning.can_move and not returning.is_shared and loop.time() < deadline:  # noqa: ASYNC110  # no event says so
            await asyncio.sleep(_RETURN_CHECK_SECONDS)

    async def _hand_over(self, deadline: float) -> None:
        """Wait until other processes have the sessions of all clients, or no more clients come back there."""
        loop, returning = asyncio.get_running_loop(), self._returning
        while returning.is_shared and returning.away:
            if loop.time() > min(returning.changed + _RETURN_SECONDS, deadline):
                logger.info("the sessions of %d clients end: they did not come back in time", returning.away)
                return
            await asyncio.sleep(_RETURN_CHECK_SECONDS)

    def _send_away_socket(self, socket: Transport) -> None:
        leaving = self._service.leaving
        if leaving is not None and not socket.closing and socket.connection not in leaving:
            leaving.add(socket.connection)
            going = self._tasks.spawn(send_away(socket, STOP_SECONDS))
            self._going.add(going)
            going.add_done_callback(self._going.discard)

    async def _let_clients_go(self, seconds: float) -> None:
        deadline = asyncio.get_running_loop().time() + seconds
        await self._leaving.let_go(list(self._transports.sockets.values()), seconds)
        self._rooms.stop_seeking()  # during an outage of the queue it would not end
        late = list(self._transports.sockets.values())  # that came meanwhile
        for socket in late:
            close(socket)
        closing = [socket.closing_task for socket in late if socket.closing_task is not None]
        await finish([*closing, *self._tasks.running], deadline)
