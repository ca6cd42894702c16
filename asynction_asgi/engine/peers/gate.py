"""How clients connect to a namespace and leave it."""

from __future__ import annotations

import asyncio
import contextvars
from typing import TYPE_CHECKING, Any

from socketio import exceptions

from ...errors import GIVEN_UP, LimitError, RefusedError, UndeclaredNamespaceError
from ...reasons import Close
from ..causes import ended_by
from ..crashes import describe_crash, must_pass
from ..endpoint import Peer
from ..ids import new_id
from ..logs import logger
from ..wire import packets
from .cuts import may_return
from .members import Connection, Member, Phase
from .sessions import split_auth

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping, Sequence

    from ..endpoint import Endpoint, Sender
    from ..limits import Limits
    from ..ports import Host
    from ..reports import Reports
    from ..watch import Watch
    from .calls import Calls
    from .lanes import Lanes
    from .replies import Replies
    from .returning import Returning
    from .rooms import Rooms
    from .service import Service
    from .tasks import Tasks

_HOLD_SECONDS = 0.005
_LONGEST_NAMESPACE = 512


class Gate:
    """Connects peers and lets them go.

    A connect handler runs once, and whatever it raises refuses the client; a disconnect handler runs
    once for every peer whose connect handler had returned.

    Args:
        endpoints: Who may own a namespace; the first that admits it decides.
        sender: How endpoints reach clients; `Server`.
        transports: The Engine.IO half of the server.
        environs: By the id of the transport.
        service: What the server still takes.
        reports: Where closed connections are reported.
        watch: Learns of CONNECTs that are refused here.
    """

    def __init__(
        self,
        *,
        endpoints: Sequence[Endpoint],
        sender: Sender,
        transports: Host,
        environs: Mapping[str, Mapping[str, Any]],
        limits: Limits,
        rooms: Rooms,
        lanes: Lanes,
        calls: Calls,
        replies: Replies,
        tasks: Tasks,
        service: Service,
        returning: Returning,
        reports: Reports,
        watch: Watch,
    ) -> None:
        self._endpoints = endpoints
        self._sender = sender
        self._transports = transports
        self._environs = environs
        self._limits = limits
        self._rooms = rooms
        self._lanes = lanes
        self._calls = calls
        self._replies = replies
        self._tasks = tasks
        self._service = service
        self._returning = returning
        self._reports = reports
        self._watch = watch

    def begin_connect(self, connection: Connection, namespace: str, auth: Any, size: int) -> None:
        """Take a CONNECT of `size` bytes: refuse it, or run the connect handler in a task."""
        if self._service.draining(connection):
            return  # it will ask another process
        if namespace in connection.members:
            return  # socket.io-client sends it twice when `connect` is called before the first answer
        endpoint = self._find_endpoint(namespace)
        error: RefusedError
        if size > self._limits.auth_bytes:
            limit = self._limits.name("auth_bytes")
            error = LimitError(limit, "the auth is too large", code="payload_too_large")
            self._turn_down(connection, namespace[:_LONGEST_NAMESPACE], error)
            self._count_refusal(connection)
        elif endpoint is None:
            error = UndeclaredNamespaceError()
            self._turn_down(connection, namespace, error, {"message": error.message})
        elif self._service.refuses(connection):
            self._turn_down(connection, namespace, RefusedError("unavailable", "the server is stopping"))
        elif len(connection.members) + connection.parting >= self._limits.namespaces:
            error = LimitError(self._limits.name("namespaces"), "too many namespaces")
            self._turn_down(connection, namespace, error)
        else:
            connection.stop_timer()
            member = Member(
                sid=new_id(),
                namespace=namespace,
                environ=self._environs[connection.socket.sid],
                connection=connection,
                endpoint=endpoint,
                sender=self._sender,
            )
            self._returning.begin(member, endpoint.recovery(namespace))
            connection.members[namespace] = member
            self._rooms.add(member)
            member.connecting = self._tasks.spawn(self._connect(member, auth))

    def _find_endpoint(self, namespace: str) -> Endpoint | None:
        if len(namespace) > _LONGEST_NAMESPACE or not namespace.isprintable():
            return None  # a dynamic namespace may take any name, which is then kept and logged
        return next((endpoint for endpoint in self._endpoints if endpoint.admits(namespace)), None)

    async def _connect(self, member: Member, auth: Any) -> None:
        """Run the connect handler once; whatever it raises refuses the client.

        A client that leaves meanwhile does not cancel it: a handler that was cut off, or whose thread goes
        on, leaves things behind. Once it has returned, the disconnect handler runs.
        """
        body: Any = None
        task = asyncio.current_task()
        claim, auth = split_auth(auth)
        try:
            if member.phase is not Phase.PENDING or member.dismissed:  # before the handler could begin
                raise RefusedError("unavailable", GIVEN_UP)
            await member.endpoint.check_connect(member, auth)
            if claim is not None:
                await self._returning.restore(member, claim, self.cut)
            await member.endpoint.connect(member, auth)
        except RefusedError as error:
            body = error
        except exceptions.ConnectionRefusedError as error:
            body = error.error_args
        except asyncio.CancelledError:
            body = RefusedError("unavailable", GIVEN_UP)
            self._watch.refused(member, None, body, None)
        except BaseException as error:
            if must_pass(error, task):
                raise
            body = self._replies.internal(error, member, None)
        member.connecting = None
        vanished = member.phase not in (Phase.PENDING, Phase.RETURNING)
        if body is not None:
            self._forget(member)
            if not vanished:
                self._refuse(member.connection, member.namespace, body)
                self._count_refusal(member.connection)
            del body  # an exception, which refers to this frame
        elif vanished:
            await self._tell_disconnect(member, member.reason)
        elif member.trail is not None and member.recovered and not member.trail.is_whole:
            # It missed too much in the meantime, and can't become another client any more.
            self._returning.end(member.trail)
            member.phase = Phase.CONNECTED
            member.connection.socket.drop(self._transports.reason.TRANSPORT_ERROR)
        else:
            self._accept(member, None if claim is None else claim.pid)
            if member.dismissed:
                await self._send_away(member)

    def _count_refusal(self, connection: Connection) -> None:
        connection.refusals += 1
        if connection.refusals >= self._limits.refusals:
            self._close(connection, Close.REFUSALS, self._limits.name("refusals"))

    def _close(self, connection: Connection, reason: Close, detail: str) -> None:
        """Close a connection because of its client, and report it."""
        socket = connection.socket
        self._reports.closing(reason, socket.sid, socket.scope, detail)
        socket.drop(self._transports.reason.SERVER_DISCONNECT)

    def _accept(self, member: Member, claimed: str | None) -> None:
        member.phase = Phase.CONNECTED
        body = {"sid": member.shown_sid}
        pid = claimed if member.recovered else self._returning.offer(member)
        if pid is not None:
            body["pid"] = pid
            if member.trail is not None and member.trail.form == "event":
                body["offset"] = "event"  # for clients of ours, which take offsets off
        outbox = member.connection.socket.outbox
        outbox.deliver(self._replies.encode(packets.CONNECT, body, member.namespace))
        if member.recovered and member.trail is not None:
            # After the answer: events before it stay in the client if the connection breaks between the two,
            # and would come twice.
            for frames in member.trail.frames():
                outbox.deliver_together(frames)
        if member.held is not None:
            # Behind the answer by a moment, for clients that subscribe once they have read it.
            asyncio.get_running_loop().call_later(_HOLD_SECONDS, member.release)
        if member.limiter is not None:
            member.limit()
        for arrival in member.take_early():
            event = arrival.payload[0]
            if member.dismissed:
                continue
            if member.limiter is not None and (error := member.limiter(member, event)) is not None:
                self._replies.turn_down(member, arrival.ack_id, event, error)
            else:
                self._lanes.start(member, *arrival)

    async def _send_away(self, member: Member) -> None:
        """Disconnect a peer once it can have read that it is connected; take nothing more of it."""
        connection = member.connection
        connection.members.pop(member.namespace, None)
        connection.remember_left(member.namespace)
        try:
            await asyncio.sleep(_HOLD_SECONDS)  # python-socketio's client would miss the DISCONNECT
        finally:
            await self._dismiss(member)

    def _turn_down(
        self, connection: Connection, namespace: str, error: RefusedError, body: Any = None
    ) -> None:
        """Refuse a CONNECT that no endpoint has decided, and report it; `body` replaces that of the error."""
        sid = connection.socket.sid
        environ = self._environs[sid]
        peer = Peer[Any](sid=sid, eio_sid=sid, namespace=namespace, environ=environ, sender=self._sender)
        self._watch.refused(peer, None, error, None)
        self._refuse(connection, namespace, error if body is None else body)

    def _refuse(self, connection: Connection, namespace: str, body: Any) -> None:
        self._replies.refuse_connect(connection, namespace, body)
        if not connection.members and connection.timer is None:  # else refusals would keep it alive
            self.expect_connect(connection)

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
            return self._dismiss(member)
        if member.phase in (Phase.PENDING, Phase.RETURNING):
            member.dismissed = True
        elif member.phase is Phase.AWAY and member.trail is not None:
            self._returning.end(member.trail)
        return None

    def expel(self, sid: str, namespace: str, error: RefusedError) -> None:
        """Tell a client of this process why, by the event ``exception``, and disconnect it from a namespace."""
        member = self._rooms.find(sid, namespace)
        if member is not None and member.phase is Phase.CONNECTED:
            self._replies.refuse(member, None, None, error)
            self._tasks.spawn(self._dismiss(member))

    def leave(self, member: Member) -> None:
        """Take a peer out of a namespace because it asked for that."""
        self._tasks.spawn(self._part(member, self._transports.reason.CLIENT_DISCONNECT))

    def _dismiss(self, member: Member) -> Coroutine[Any, Any, None]:
        """Send what was held, and the DISCONNECT; return what `_part` returns."""
        member.release()
        member.deliver(self._replies.encode(packets.DISCONNECT, None, member.namespace))
        return self._part(member, self._transports.reason.SERVER_DISCONNECT)

    def cut(self, member: Member) -> None:
        """Close a connection whose client is back on another one; one of its peers is away at once."""
        reason = self._transports.reason.TRANSPORT_CLOSE
        self._tasks.spawn(self._part(member, reason, is_cut=True))
        member.connection.socket.drop(reason)

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
                    await self._tell_disconnect(member, reason, in_place=in_place)
        finally:
            if is_pending and connecting is not None:
                connecting.add_done_callback(lambda _: _count_parted(member.connection))
            else:
                _count_parted(member.connection)

    async def _tell_disconnect(self, member: Member, reason: str, *, in_place: bool = False) -> None:
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
            self._forget(member, unless_away=True)

    def _forget(self, member: Member, *, unless_away: bool = False) -> None:
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
        """Close the connection unless it is in a namespace soon."""
        connection.stop_timer()
        loop = asyncio.get_running_loop()
        connection.timer = loop.call_later(self._limits.connect_seconds, self._check_connected, connection)

    def _check_connected(self, connection: Connection) -> None:
        connection.timer = None
        if not connection.members and not connection.closed:
            self._close(connection, Close.NO_NAMESPACE, self._limits.name("connect_seconds"))


def _count_parted(connection: Connection) -> None:
    connection.parting -= 1
