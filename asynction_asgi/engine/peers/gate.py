"""How clients connect to a namespace."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from socketio import exceptions

from ...errors import GIVEN_UP, LimitError, RefusedError, UndeclaredNamespaceError
from ...reasons import Close
from ..crashes import must_pass
from ..endpoint import Peer
from ..ids import new_id
from ..wire import packets
from .members import Connection, Member, Phase
from .sessions import split_auth

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..endpoint import Endpoint, Sender
    from ..limits import Limits
    from ..tasks import Tasks
    from ..watch import Watch
    from .lanes import Lanes
    from .parting import Parting
    from .replies import Replies
    from .returning import Returning
    from .rooms import Rooms
    from .service import Service

_HOLD_SECONDS = 0.005
_LONGEST_NAMESPACE = 512


class Gate:
    """Connects peers; a connect handler runs once, and whatever it raises refuses the client.

    Args:
        endpoints: Who may own a namespace; the first that admits it decides.
        sender: How endpoints reach clients; `Server`.
        environs: By the id of the transport.
        service: What the server still takes.
        parting: How peers leave again.
        watch: Learns of CONNECTs that are refused here.
    """

    def __init__(
        self,
        *,
        endpoints: Sequence[Endpoint],
        sender: Sender,
        environs: Mapping[str, Mapping[str, Any]],
        limits: Limits,
        rooms: Rooms,
        lanes: Lanes,
        replies: Replies,
        tasks: Tasks,
        service: Service,
        returning: Returning,
        watch: Watch,
        parting: Parting,
    ) -> None:
        self._endpoints = endpoints
        self._sender = sender
        self._environs = environs
        self._limits = limits
        self._rooms = rooms
        self._lanes = lanes
        self._replies = replies
        self._tasks = tasks
        self._service = service
        self._returning = returning
        self._watch = watch
        self._parting = parting

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
        was_checked = False
        task = asyncio.current_task()
        claim, auth = split_auth(auth)
        try:
            if member.phase is not Phase.PENDING or member.dismissed:  # before the handler could begin
                raise RefusedError("unavailable", GIVEN_UP)
            was_checked = True
            await member.endpoint.check_connect(member, auth)
            if claim is not None:
                await self._returning.restore(member, claim, self._parting.cut)
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
            self._parting.forget(member)
            if not vanished:
                self._refuse(member.connection, member.namespace, body)
            if was_checked:
                # Also where its client has left the namespace meanwhile, or it could try again for ever.
                self._count_refusal(member.connection)
            del body  # an exception, which refers to this frame
        elif vanished:
            await self._parting.tell_disconnect(member, member.reason)
        elif member.trail is not None and member.recovered and not member.trail.is_whole:
            # It missed too much in the meantime, and can't become another client any more.
            self._parting.give_up(member)
        else:
            self._accept(member, None if claim is None else claim.pid)
            if member.dismissed:
                await self._send_away(member)

    def _count_refusal(self, connection: Connection) -> None:
        connection.refusals += 1
        if connection.refusals >= self._limits.refusals and not connection.closed:
            self._parting.close_for(connection, Close.REFUSALS, self._limits.name("refusals"))

    def _accept(self, member: Member, claimed: str | None) -> None:
        member.phase = Phase.CONNECTED
        member.connection.stop_timer()
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
            await self._parting.dismiss_member(member)

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
        if not connection.members:
            self._parting.expect_connect(connection)
