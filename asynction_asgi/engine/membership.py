"""How clients come into a namespace and out of it."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from socketio import exceptions

from ..errors import GIVEN_UP, RefusedError, internal_error, refusal, shorten
from ..logs import get_logger
from . import packets
from .application import ApplicationServer
from .codec import UnencodableError
from .crashes import describe_crash, must_pass
from .hop import another_loop, run_in
from .members import Arrival, Connection, Member, Phase

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence

    from .endpoint import Endpoint
    from .frames import Frame
    from .lanes import Lanes
    from .registered import RegisteredHandlers

_HOLD_SECONDS = 0.005
_LONGEST_NAMESPACE = 512

logger = get_logger("engine")


class MembershipServer(ApplicationServer):
    """The part of the server that connects peers and lets them go.

    A connect handler runs once, and whatever it raises refuses the client; a disconnect handler runs
    once for every peer whose connect handler had returned.
    """

    _endpoint: Endpoint
    _registered: RegisteredHandlers
    _lanes: Lanes

    # -- connecting ------------------------------------------------------------------------

    def _begin_connect(self, connection: Connection, namespace: str, auth: Any, size: int) -> None:
        if namespace in connection.members:
            return  # socket.io-client sends it twice when `connect` is called before the first answer
        endpoint = self._find_endpoint(namespace)
        if size > self.limits.auth_bytes:
            error = RefusedError("payload_too_large", "the auth is too large")
            self._answer_connect_error(connection, namespace[:_LONGEST_NAMESPACE], error)
            self._count_refusal(connection)
        elif endpoint is None:
            self._answer_connect_error(connection, namespace, {"message": "Invalid namespace"})
        elif self.stopping:
            error = RefusedError("unavailable", "the server is stopping")
            self._answer_connect_error(connection, namespace, error)
        elif len(connection.members) + connection.parting >= self.limits.namespaces:
            error = RefusedError("rate_limited", "too many namespaces")
            self._answer_connect_error(connection, namespace, error)
        else:
            if connection.timer is not None:
                connection.timer.cancel()
                connection.timer = None
            eio_sid = connection.socket.sid
            member = Member(
                sid=self.eio.generate_id(),
                namespace=namespace,
                environ=self.environ[eio_sid],
                connection=connection,
                endpoint=endpoint,
                sender=self,
            )
            connection.members[namespace] = member
            self.manager.add(member)
            member.connecting = self._spawn(self._connect(member, auth))

    def _find_endpoint(self, namespace: str) -> Endpoint | None:
        if len(namespace) > _LONGEST_NAMESPACE or not namespace.isprintable():
            return None  # a dynamic namespace may take any name, which is then kept and logged
        if self._endpoint.admits(namespace):
            return self._endpoint
        return self._registered if self._registered.admits(namespace) else None

    async def _connect(self, member: Member, auth: Any) -> None:
        """Run the connect handler once; whatever it raises refuses the client.

        A client that leaves meanwhile does not cancel it: a handler that was cut off, or whose thread goes
        on, leaves things behind. Once it has ended well, the disconnect handler runs.
        """
        body: Any = None
        task = asyncio.current_task()
        try:
            if member.phase is not Phase.PENDING or member.dismissed:  # before the handler could begin
                raise RefusedError("unavailable", GIVEN_UP)
            await member.endpoint.connect(member, auth)
        except RefusedError as error:
            body = error
        except exceptions.ConnectionRefusedError as error:
            body = error.error_args
        except asyncio.CancelledError:
            body = RefusedError("unavailable", GIVEN_UP)
        except BaseException as error:
            if must_pass(error, task):
                raise
            body = self._internal(error, "connect", member.namespace)
        member.connecting = None
        vanished = member.phase is not Phase.PENDING
        if body is not None:
            self._forget(member)
            if not vanished:
                self._answer_connect_error(member.connection, member.namespace, body)
                self._count_refusal(member.connection)
            del body  # an exception, which refers to this frame
        elif vanished:
            await self._tell_disconnect(member, member.reason)
        else:
            self._accept(member)
            if member.dismissed:
                await self._send_away(member)

    def _count_refusal(self, connection: Connection) -> None:
        connection.refusals += 1
        if connection.refusals >= self.limits.refusals:
            text = "closing a connection: it was refused as often as Limits.refusals allows (sid %s)"
            self.eio.tell(logging.INFO, text, connection.socket.sid)
            connection.socket.drop(self.reason.SERVER_DISCONNECT)

    def _accept(self, member: Member) -> None:
        member.phase = Phase.CONNECTED
        answer = self.encode(packets.CONNECT, {"sid": member.sid}, member.namespace)
        member.connection.socket.deliver(answer)
        if member.held is not None:
            # Behind the answer by a moment, for clients that subscribe once they have read it.
            asyncio.get_running_loop().call_later(_HOLD_SECONDS, member.release)
        for arrival in _take_early(member):
            if not member.dismissed:
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

    def _answer_connect_error(self, connection: Connection, namespace: str, body: Any) -> None:
        """Refuse a CONNECT with a refusal, or with a body that is used as it is."""

        def encode(error: RefusedError, data: Any) -> list[Frame]:
            return self.encode(packets.CONNECT_ERROR, {"message": error.message, "data": data}, namespace)

        if isinstance(body, RefusedError):
            frames = self._refusals.frames(body, encode, standard=RefusedError.as_json)
        else:
            try:
                frames = self.encode(packets.CONNECT_ERROR, body, namespace)
            except UnencodableError:
                logger.exception("the refusal of a connection has no JSON form")
                frames = self.encode(packets.CONNECT_ERROR, {"message": "Connection refused"}, namespace)
        connection.socket.deliver(frames)
        if not connection.members and connection.timer is None:  # else refusals would keep it alive
            self._expect_connect(connection)

    # -- disconnecting ---------------------------------------------------------------------

    async def disconnect(self, sid: str, namespace: str | None = None, ignore_queue: bool = False) -> None:  # noqa: FBT001, FBT002  # upstream's signature
        """Disconnect a client from a namespace; its transport stays.

        Over a message queue, a client of another process too. One whose connect handler still runs, such as
        the caller, is disconnected when that has ended: it gets what the handler emits, and no event of it
        is handled.
        """
        namespace = namespace or "/"
        if (loop := another_loop(self.loop)) is not None:
            await run_in(loop, self.disconnect(sid, namespace, ignore_queue=ignore_queue))
        elif self.manager.find(sid, namespace) is not None:
            parting = self.dismiss(sid, namespace)
            if parting is not None:
                await parting
        elif not ignore_queue:
            await self.manager.can_disconnect(sid, namespace)

    def dismiss(self, sid: str, namespace: str) -> Coroutine[Any, Any, None] | None:
        """Disconnect a client of this process; what is returned runs its handler, and must be awaited."""
        member = self.manager.find(sid, namespace)
        if member is not None and member.phase is Phase.PENDING:
            member.dismissed = True
        elif member is not None and member.phase is Phase.CONNECTED:
            return self._dismiss(member)
        return None

    def expel(self, sid: str, namespace: str, error: RefusedError) -> None:
        """Tell a client of this process why, by the event ``exception``, and disconnect it from a namespace."""
        member = self.manager.find(sid, namespace)
        if member is not None and member.phase is Phase.CONNECTED:
            self._refuse(member, None, None, error)
            self._spawn(self._dismiss(member))

    def _dismiss(self, member: Member) -> Coroutine[Any, Any, None]:
        """Send what was held, and the DISCONNECT; what is returned is that of `_part`."""
        member.release()
        member.deliver(self.encode(packets.DISCONNECT, None, member.namespace))
        return self._part(member, self.reason.SERVER_DISCONNECT)

    def _part(self, member: Member, reason: str) -> Coroutine[Any, Any, None]:
        """Take a peer out, at once; what is returned tells its handlers, and must be awaited.

        The first reason counts: the transport often closes right behind a client's DISCONNECT.
        """
        phase, connection = member.phase, member.connection
        connection.parting += 1  # at once, or those that come and go in one turn would not be counted
        if phase in (Phase.PENDING, Phase.CONNECTED):
            member.phase, member.reason = Phase.LEAVING, reason
            if not connection.closed and connection.members.get(member.namespace) is member:
                # From now on the client may connect to the namespace anew.
                del connection.members[member.namespace]
                connection.remember_left(member.namespace)
        return self._finish_parting(member, phase, reason)

    async def _finish_parting(self, member: Member, phase: Phase, reason: str) -> None:
        """Run the disconnect handler of a peer whose connect handler has returned.

        While that runs, nothing waits for it: the request would outlast it, and with the request an ASGI
        server that stops. It counts as a namespace of its connection until it ends.
        """
        connecting = member.connecting
        try:
            self._lose_acks(member)
            if phase is Phase.PENDING:
                _take_early(member)
            elif phase is Phase.CONNECTED:
                try:
                    await self._lanes.drained(member, self.limits.drain_seconds)
                finally:  # also where a shutdown has no time for that
                    await self._tell_disconnect(member, reason)
        finally:
            if phase is Phase.PENDING and connecting is not None:
                connecting.add_done_callback(lambda _: _count_parted(member.connection))
            else:
                _count_parted(member.connection)

    async def _tell_disconnect(self, member: Member, reason: str) -> None:
        task = asyncio.current_task()
        try:
            # Whatever ends the membership, such as another client's handler, its own context is what counts.
            context = member.connection.context.copy()
            telling = member.endpoint.disconnect(member, reason)
            await asyncio.get_running_loop().create_task(telling, context=context)
        except BaseException as error:
            if must_pass(error, task):
                raise
            what = "the disconnect handler of namespace %s %s"
            logger.error(what, member.namespace, describe_crash(error), exc_info=error)  # noqa: TRY400  # given above
        finally:
            self._forget(member)

    def _forget(self, member: Member) -> None:
        connection = member.connection
        if connection.members.get(member.namespace) is member:
            del connection.members[member.namespace]
        self._lose_acks(member)
        _take_early(member)
        self.manager.basic_disconnect(member.sid, member.namespace)
        if not connection.members and not connection.closed:
            self._expect_connect(connection)

    # -- refusals --------------------------------------------------------------------------

    def _refuse(self, member: Member, ack_id: int | None, event: str | None, error: RefusedError) -> None:
        def encode(_: RefusedError, body: Any) -> list[Frame]:
            if ack_id is not None:
                return self.encode(packets.ACK, [body], member.namespace, ack_id=ack_id)
            told = {**body, "event": event} if isinstance(body, dict) and event is not None else body
            return self.encode(packets.EVENT, ["exception", told], member.namespace)

        member.deliver(self._refusals.frames(error, encode, standard=refusal))

    def _internal(self, error: BaseException, event: str, namespace: str) -> RefusedError:
        """Log a crash; what the peer learns of it is where the log has it."""
        what = f"handler of {shorten(event)!r} in {shorten(namespace)} {describe_crash(error)}"
        return internal_error(what, error, logger)

    def _unsendable(self, error: UnencodableError, event: str, namespace: str) -> RefusedError:
        """Log that an answer has no form on the wire; a traceback would tell nothing of its handler."""
        handler = f"the handler of {shorten(event)!r} in {shorten(namespace)}"
        return internal_error(
            f"ack not sent: {handler} returned what can't be encoded: {error}", None, logger
        )

    # -- connections -----------------------------------------------------------------------

    async def _handle_eio_connect(self, eio_sid: str, environ: dict[str, Any]) -> None:
        self.loop = self.loop or asyncio.get_running_loop()
        await super()._handle_eio_connect(eio_sid, environ)
        self._expect_connect(self.eio.sockets[eio_sid].connection)

    async def _handle_eio_disconnect(self, eio_sid: str, reason: str) -> None:
        connection = self.eio.sockets[eio_sid].connection
        connection.closed = True
        connection.partial = None
        connection.made_room()
        if connection.timer is not None:
            connection.timer.cancel()
        parting = [self._part(member, reason) for member in list(connection.members.values())]
        try:
            if len(parting) == 1:  # as for nearly all clients; saves a task
                await parting[0]
            else:
                await asyncio.gather(*parting)
        finally:
            self.environ.pop(eio_sid, None)

    def _expect_connect(self, connection: Connection) -> None:
        """Close the connection unless it is in a namespace soon."""
        if connection.timer is not None:
            connection.timer.cancel()
        loop = asyncio.get_running_loop()
        connection.timer = loop.call_later(self.limits.connect_seconds, self._check_connected, connection)

    def _check_connected(self, connection: Connection) -> None:
        connection.timer = None
        if not connection.members and not connection.closed:
            text = "closing a connection: it joined no namespace within Limits.connect_seconds (sid %s)"
            self.eio.tell(logging.INFO, text, connection.socket.sid)
            connection.socket.drop(self.reason.SERVER_DISCONNECT)


def _count_parted(connection: Connection) -> None:
    connection.parting -= 1


def _take_early(member: Member) -> Sequence[Arrival]:
    """What arrived before the connect handler decided; it waits no more."""
    early, member.early = member.early or (), None
    for arrival in early:
        member.connection.count(arrival, -1)
    return early
