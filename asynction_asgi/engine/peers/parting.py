"""How peers leave their namespaces, and when a connection without any is closed."""

from __future__ import annotations

import asyncio
import contextvars
from typing import TYPE_CHECKING, Any

from ...reasons import Close
from ..causes import ended_by
from ..crashes import describe_crash, must_pass
from ..logs import logger
from ..wire import packets
from .cuts import may_return
from .members import Connection, Member, Phase

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from ...errors import RefusedError
    from ..limits import Limits
    from ..ports import Host
    from ..reports import Reports
    from ..tasks import Tasks
    from .calls import Calls
    from .lanes import Lanes
    from .replies import Replies
    from .returning import Returning
    from .rooms import Rooms
    from .service import Service


class Parting:
    """Lets peers go; a disconnect handler runs once for every peer whose connect handler had returned.

    Args:
        transports: The Engine.IO half of the server.
        service: What the server still takes.
        returning: Who may come back.
        reports: Where closed connections are reported.
    """

    def __init__(
        self,
        *,
        transports: Host,
        limits: Limits,
        rooms: Rooms,
        lanes: Lanes,
        calls: Calls,
        replies: Replies,
        tasks: Tasks,
        service: Service,
        returning: Returning,
        reports: Reports,
    ) -> None:
        self._transports = transports
        self._limits = limits
        self._rooms = rooms
        self._lanes = lanes
        self._calls = calls
        self._replies = replies
        self._tasks = tasks
        self._service = service
        self._returning = returning
        self._reports = reports

    async def disconnect(self, sid: str, namespace: str, *, ignore_queue: bool) -> None:
        """Disconnect a client from a namespace, as `Server.disconnect` says."""
        if self._rooms.find(sid, namespace) is not None:
            parting = self.dismiss(sid, namespace)
            if parting is not None:
                await parting
        elif not ignore_queue:
            await self._rooms.can_disconnect(sid, namespace)

    def dismiss(self, sid: str, namespace: str) -> Coroutine[Any, Any, None] | None:
        """Disconnect a client of this process; the result runs its handler and must be awaited."""
        member = self._rooms.find(sid, namespace)
        if member is None:
            return None
        if member.phase is Phase.CONNECTED:
            return self.dismiss_member(member)
        if member.phase in (Phase.PENDING, Phase.RETURNING):
            member.dismissed = True
        elif member.phase is Phase.AWAY and member.trail is not None:
            self._returning.end(member.trail)
        return None

    def dismiss_member(self, member: Member) -> Coroutine[Any, Any, None]:
        """Send what was held, and the DISCONNECT; return what `_part` returns."""
        member.release()
        member.deliver(self._replies.encode(packets.DISCONNECT, None, member.namespace))
        return self._part(member, self._transports.reason.SERVER_DISCONNECT)

    def expel(self, sid: str, namespace: str, error: RefusedError) -> None:
        """Tell a client of this process why, by the event ``exception``, and disconnect it from a namespace."""
        member = self._rooms.find(sid, namespace)
        if member is not None and member.phase is Phase.CONNECTED:
            self._replies.refuse(member, None, None, error)
            self._tasks.spawn(self.dismiss_member(member))

    def leave(self, member: Member) -> None:
        """Take a peer out of a namespace because it asked for that."""
        self._tasks.spawn(self._part(member, self._transports.reason.CLIENT_DISCONNECT))

    def cut(self, member: Member) -> None:
        """Close a connection whose client is back on another one; one of its peers is away at once."""
        reason = self._transports.reason.TRANSPORT_CLOSE
        self._tasks.spawn(self._part(member, reason, is_cut=True))
        member.connection.socket.drop(reason)

    def give_up(self, member: Member) -> None:
        """Close the connection of a client that came back, and missed too much while its connect handler ran."""
        if member.trail is not None:
            self._returning.end(member.trail)
        member.phase = Phase.CONNECTED
        member.connection.socket.drop(self._transports.reason.TRANSPORT_ERROR)

    def _part(
        self, member: Member, reason: str, *, is_cut: bool = False, in_place: bool = False
    ) -> Coroutine[Any, Any, None]:
        """Remove a peer at once; the result runs its handlers and must be awaited.

        The first reason counts: the transport often closes right behind a client's DISCONNECT.

        Args:
            member: The peer.
            reason: For its disconnect handler.
            is_cut: Whether its client may come back to where it was.
            in_place: Whether the result is awaited in a copy of the connection's context that nothing else has.
        """
        phase, connection = member.phase, member.connection
        connection.parting += 1  # at once, or those that come and go in one turn would not be counted
        if phase in (Phase.PENDING, Phase.RETURNING, Phase.CONNECTED):
            if member.dismissed or not (is_cut and self._returning.keep(member)):
                member.phase = Phase.LEAVING
            member.reason = reason
            if not connection.closed and connection.members.get(member.namespace) is member:
                # From now on the client may connect to the namespace again.
                del connection.members[member.namespace]
                connection.remember_left(member.namespace)
        return self._finish_parting(member, phase, reason, in_place=in_place)

    async def _finish_parting(self, member: Member, phase: Phase, reason: str, *, in_place: bool) -> None:
        """Run the disconnect handler of a peer whose connect handler has returned.

        Nothing waits for the handler: the request would last as long, and with the request an ASGI
        server that stops. It counts as a namespace of its connection until it ends.
        """
        connecting = member.connecting
        is_pending = phase in (Phase.PENDING, Phase.RETURNING)
        try:
            self._calls.lose(member)
            if is_pending:
                member.take_early()
            elif phase is Phase.CONNECTED:
                try:
                    await self._lanes.drained(member, self._limits.drain_seconds)
                finally:  # even if a shutdown leaves no time for it
                    await self.tell_disconnect(member, reason, in_place=in_place)
        finally:
            if is_pending and connecting is not None:
                connecting.add_done_callback(lambda _: _count_parted(member.connection))
            else:
                _count_parted(member.connection)

    async def tell_disconnect(self, member: Member, reason: str, *, in_place: bool = False) -> None:
        """Run a peer's disconnect handler, log what it raises, and forget the peer."""
        task = asyncio.current_task()
        try:
            telling = member.endpoint.disconnect(member, reason)
            if in_place:
                await telling
            else:
                # Whatever ends the membership, such as another client's handler, the handler runs in the connection's own context.
                context = member.connection.context.copy()
                context.run(ended_by.set, contextvars.copy_context())
                await asyncio.get_running_loop().create_task(telling, context=context)
        except BaseException as error:
            if must_pass(error, task):
                raise
            what = "the disconnect handler of namespace %s %s"
            told = member.namespace, describe_crash(error)
            logger.error(what, *told, exc_info=error, extra=member.fields())
        finally:
            self.forget(member, unless_away=True)

    def forget(self, member: Member, *, unless_away: bool = False) -> None:
        """Forget a peer whose handlers have ended; one that is away stays in its rooms."""
        connection = member.connection
        if connection.members.get(member.namespace) is member:
            del connection.members[member.namespace]
        self._calls.lose(member)
        member.take_early()
        if unless_away and member.phase is Phase.AWAY:
            self._returning.settle(member)
        else:
            if member.trail is not None:
                self._returning.end(member.trail)
            self._rooms.basic_disconnect(member.sid, member.namespace)
        if not connection.members and not connection.closed:
            self.expect_connect(connection)

    async def close(self, connection: Connection, reason: str) -> None:
        """Take out the peers of a connection that has ended, and run their disconnect handlers."""
        connection.closed = True
        connection.partial = None
        connection.made_room()
        connection.stop_timer()
        is_cut = may_return(reason, self._transports, self._service, self._returning)
        # This task has a copy of the connection's context for itself, of which `gather` gives a copy to each.
        members = list(connection.members.values())
        parting = [self._part(member, reason, is_cut=is_cut, in_place=True) for member in members]
        if len(parting) == 1:
            await parting[0]
        elif parting:
            await asyncio.gather(*parting)

    def expect_connect(self, connection: Connection) -> None:
        """Close the connection unless it is in a namespace soon; CONNECTs that are refused give it no more time."""
        if connection.timer is not None:
            return
        loop = asyncio.get_running_loop()
        connection.timer = loop.call_later(self._limits.connect_seconds, self._check_connected, connection)

    def _check_connected(self, connection: Connection) -> None:
        connection.timer = None
        if not connection.members and not connection.closed:
            self.close_for(connection, Close.NO_NAMESPACE, self._limits.name("connect_seconds"))

    def close_for(self, connection: Connection, reason: Close, detail: str) -> None:
        """Close a connection because of its client, and report it."""
        socket = connection.socket
        self._reports.closing(reason, socket.sid, socket.scope, detail)
        socket.drop(self._transports.reason.SERVER_DISCONNECT)


def _count_parted(connection: Connection) -> None:
    connection.parting -= 1
    if connection.closed and not connection.parting:
        connection.context = contextvars.Context()  # nothing more will run in it
