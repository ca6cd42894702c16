"""python-socketio's server, wrapped: packets in, an endpoint's decisions out.

Reading is synchronous from the transport up to the start of a handler's task, so that handlers of
one client start in the order in which its events arrived. Everything that python-socketio's server
offers to applications (emit, rooms, sessions, call) is upstream's own, on top of `Rooms`.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections import deque
from typing import TYPE_CHECKING, Any

import socketio

from ..errors import RefusedError
from . import packets
from .codec import FiniteList, UndecodableError, UnencodableError
from .crashes import must_pass
from .lanes import Lanes
from .members import Arrival, Connection, Member, Partial, Phase
from .registered import RegisteredHandlers
from .serializer import complete
from .stopping import StoppingServer

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from ..spec.model import Ordering
    from .endpoint import Endpoint

# By name, because Python 3.11 takes its time to look members of an Enum up.
_PENDING, _LEAVING, _GONE = Phase.PENDING, Phase.LEAVING, Phase.GONE


class Server(StoppingServer):
    """A Socket.IO server whose events and connections an `Endpoint` decides.

    Namespaces that the endpoint does not admit, but for which handlers were registered here, are
    served as python-socketio serves them.
    """

    def __init__(self, endpoint: Endpoint, *, ordering: Ordering = "concurrent", **options: Any) -> None:
        super().__init__(**options)
        self._endpoint = endpoint
        self._registered = RegisteredHandlers(self)
        self._lanes = Lanes(self._handle, ordering)
        self.eio.owner = self

    def on(self, event: str, handler: Any = None, namespace: str | None = None) -> Any:
        """Register a handler as upstream does, in a namespace that the endpoint leaves to it.

        Raises:
            BindingError: The namespace belongs to the endpoint, which would never call the handler.
            ValueError: No client can connect to the namespace.
        """
        self._check_registration(namespace or "/", event)
        return super().on(event, handler, namespace)

    def register_namespace(self, namespace_handler: Any) -> None:
        """Register a class of handlers as upstream does; raises what `on` raises, ValueError for others."""
        if isinstance(namespace_handler, socketio.AsyncNamespace):
            self._check_registration(namespace_handler.namespace, None)
        super().register_namespace(namespace_handler)

    def _check_registration(self, namespace: str, event: str | None) -> None:
        if namespace != "*":
            self._endpoint.check_registration(namespace, event)
        self._registered.check_registration(namespace, event)

    def take_message(self, connection: Connection, data: str | bytes) -> Awaitable[None] | None:
        """Take one Engine.IO message; what is returned must be awaited before the next one.

        Raises:
            UndecodableError: it can't be understood; the connection must be closed.
        """
        if connection.closed:
            return None
        codec = self._serializer.codec
        packet: packets.Packet | None
        if connection.partial is not None:
            packet = complete(connection, data)
        elif codec is not None and type(data) is str and data.startswith("42"):
            # Nearly all that clients send: an event without attachments.
            namespace, ack_id, payload = packets.decode_event(data, 2, codec.loads)
            member = connection.members.get(namespace)
            if member is not None and member.phase is not _LEAVING:
                return self._take_event(member, ack_id, payload, len(data))
            packet = packets.Packet(packets.EVENT, namespace, ack_id, payload)
        else:
            packet = self._serializer.decode(data)
        if packet is None:
            return None
        if packet.attachments:
            if packet.namespace not in connection.members:
                self._stray(connection, packet)
            connection.partial = Partial(packet, [], len(data))
            return None
        return self._route(connection, packet, packet.size or len(data))

    def _route(self, connection: Connection, packet: packets.Packet, size: int) -> Awaitable[None] | None:
        kind = packet.type
        if kind == packets.CONNECT:
            self._begin_connect(connection, packet.namespace, packet.payload, size)
            return None
        member = connection.members.get(packet.namespace)
        if member is None or member.phase is _LEAVING:
            if member is None:
                self._stray(connection, packet)
        elif kind in (packets.EVENT, packets.BINARY_EVENT):
            return self._take_event(member, packet.id, packet.payload, size)
        elif kind == packets.DISCONNECT:
            self._spawn(self._part(member, self.reason.CLIENT_DISCONNECT))
        else:
            self._take_ack(member, packet)
        return None

    def _stray(self, connection: Connection, packet: packets.Packet) -> None:
        """A packet for a namespace that the client is not in.

        It may have crossed our DISCONNECT on its way; else the client does not speak the protocol.
        """
        if connection.left is None or packet.namespace not in connection.left:
            raise UndecodableError("packet for a namespace that was not joined")

    def _take_event(
        self, member: Member, ack_id: int | None, payload: list[Any], size: int
    ) -> Awaitable[None] | None:
        connection = member.connection
        if payload[0] in packets.RESERVED_EVENTS:
            error = RefusedError("reserved_event", "clients may not emit this name")
        elif self.stopping:
            error = RefusedError("unavailable", "the server is stopping")
        elif self.limits.events_per_second is not None and not connection.take_token():
            error = RefusedError("rate_limited", "too many events")
        elif member.phase is _PENDING:
            if member.early is None:
                member.early = deque()
            if connection.full:
                raise UndecodableError("events before the connection was accepted")
            arrival = Arrival(ack_id, payload, size, contextvars.copy_context())
            member.early.append(arrival)
            connection.count(arrival, 1)
            return None
        elif connection.waiting and connection.full and connection.awaits_acks:
            # Its input can't be paused: a handler may be waiting for an ack that is behind this.
            error = RefusedError("rate_limited", "too many events at a time")
        else:
            self._lanes.start(member, ack_id, payload, size)
            paused = connection.waiting and connection.full and not connection.awaits_acks
            return self._lanes.room(connection) if paused else None
        self._refuse(member, ack_id, payload[0], error)
        return None

    def _take_ack(self, member: Member, packet: packets.Packet) -> None:
        callback = member.callbacks.pop(packet.id, None) if member.callbacks and packet.id else None
        if callback is None:
            return  # nobody asked, or nobody waits any more
        contextvars.copy_context().run(self.call_back, callback, packet.payload)

    async def _handle(self, member: Member, ack_id: int | None, payload: list[Any], number: int) -> None:
        """Let the endpoint handle one event and answer it; raises nothing but cancellation."""
        event = payload[0]
        connection = member.connection
        try:
            if member.phase is _GONE:
                return
            try:
                answer = await member.endpoint.event(member, event, payload[1:], ack=ack_id is not None)
                if ack_id is not None:
                    arguments = answer if type(answer) is FiniteList else list(answer)
                    try:
                        frames = self.encode(packets.ACK, arguments, member.namespace, ack_id)
                    except UnencodableError as error:
                        raise self._unsendable(error, event, member.namespace) from None
                    member.deliver(frames)
            except RefusedError as error:
                self._refuse(member, ack_id, event, error)
            except asyncio.CancelledError:
                cancelled = RefusedError("unavailable", "the handler was cancelled")
                self._refuse(member, ack_id, event, cancelled)
                task = asyncio.current_task()
                if task is not None and task.cancelling():
                    raise
            except BaseException as error:
                if must_pass(error) or (isinstance(error, GeneratorExit) and member.phase is _GONE):
                    raise  # only the task of a handler whose client is gone can be garbage
                self._refuse(member, ack_id, event, self._internal(error, event, member.namespace))
            if connection.socket.outbox:
                # A client that does not read its answers gets no more of them for a while.
                await connection.socket.relief()
        finally:
            if number and (connection.running or connection.waiting):
                self._lanes.ended(connection, number)

    async def _trigger_event(self, event: str, namespace: str, *arguments: Any) -> Any:
        """Call what was registered on this server; upstream's `instrument` wraps it."""
        return await self._registered.trigger(event, namespace, arguments)

    async def _handle_eio_message(self, eio_sid: str, data: str | bytes) -> None:
        socket = self.eio.sockets.get(eio_sid)
        if socket is not None:
            pause = self.take_message(socket.connection, f"4{data}" if isinstance(data, str) else data)
            if pause is not None:
                await pause
