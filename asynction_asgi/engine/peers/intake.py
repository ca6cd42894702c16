"""Reading of Engine.IO messages, synchronous up to the start of a handler's task.

So handlers of one client start in the order in which its events arrived.
"""

from __future__ import annotations

import contextvars
import sys
from collections import deque
from typing import TYPE_CHECKING, Any

from ...errors import LimitError, RefusedError
from ..wire import packets
from ..wire.codec import BacklogError, PayloadTooLargeError, UndecodableError, check_depth
from .members import Arrival, Connection, Member, Partial, Phase

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable

    from ..limits import Limits
    from ..wire.serializer import Serializer
    from .calls import Calls
    from .gate import Gate
    from .lanes import Lanes
    from .parting import Parting
    from .replies import Replies
    from .service import Service
    from .stopping import Stopping

# By name, because Python 3.11 takes its time to look members of an Enum up.
_CONNECTED, _LEAVING = Phase.CONNECTED, Phase.LEAVING


class Intake:
    """Takes the messages of clients, from the transport or from upstream's server."""

    def __init__(
        self,
        *,
        serializer: Serializer,
        limits: Limits,
        gate: Gate,
        parting: Parting,
        lanes: Lanes,
        replies: Replies,
        calls: Calls,
        stopping: Stopping,
        service: Service,
    ) -> None:
        codec = serializer.codec
        self._loads = None if codec is None else codec.loads_deep or codec.loads
        # Shorter texts can't be too deep.
        self._shallow = sys.maxsize if codec is None or codec.loads_deep is None else 2 * limits.json_depth
        self._decode = serializer.decode
        self._limits = limits
        self._gate = gate
        self._parting = parting
        self._lanes = lanes
        self._replies = replies
        self._calls = calls
        self._most_held = limits.backlog_bytes
        self._stopping = stopping
        self._service = service

    def begin_stop(self) -> asyncio.Task[None] | None:
        """Let clients go, as `Stopping.begin` does: the ASGI server is about to close their connections."""
        return self._stopping.begin()

    def take_message(self, connection: Connection, data: str | bytes) -> Awaitable[None] | None:
        """Take one Engine.IO message; await the result, if any, before the next one.

        Raises:
            UndecodableError: The message is malformed; the connection must be closed.
            PayloadTooLargeError: The message is larger than the server takes.
        """
        if connection.closed:
            return None
        loads = self._loads
        packet: packets.Packet | None
        if connection.partial is not None:
            packet = _complete(connection, data)
        elif loads is not None and type(data) is str and data.startswith("42"):
            # Nearly all that clients send: an event without attachments.
            namespace, ack_id, payload = packets.decode_event(data, 2, loads)
            member = connection.members.get(namespace)
            if len(data) > self._shallow and not self._is_bounded(member, payload[0]):
                check_depth(payload, self._limits.json_depth, data)
            if member is not None and member.phase is not _LEAVING:
                return self._take_event(member, ack_id, payload, len(data))
            packet = packets.Packet(packets.EVENT, namespace, ack_id, payload)
        else:
            packet = self._decode(data)
        if packet is None:
            return None
        if packet.attachments:
            if packet.namespace not in connection.members:
                _stray(connection, packet)
            connection.partial = Partial(packet, [], len(data))
            return None
        return self._route(connection, packet, packet.size or len(data))

    def _is_bounded(self, member: Member | None, event: str) -> bool:
        """Return whether the endpoint accepts no arguments of an event that nest too deep, and is asked now.

        Over polling it is not asked, because the answer to the request depends on it.
        """
        if member is None or member.phase is not _CONNECTED or not member.connection.socket.upgraded:
            return False
        depth = member.endpoint.depth(member, event)
        return depth is not None and depth <= self._limits.json_depth

    def _route(self, connection: Connection, packet: packets.Packet, size: int) -> Awaitable[None] | None:
        kind = packet.type
        if kind == packets.CONNECT:
            self._gate.begin_connect(connection, packet.namespace, packet.payload, size)
            return None
        member = connection.members.get(packet.namespace)
        if member is None or member.phase is _LEAVING:
            if member is None:
                _stray(connection, packet)
        elif kind in (packets.EVENT, packets.BINARY_EVENT):
            return self._take_event(member, packet.id, packet.payload, size)
        elif kind == packets.DISCONNECT:
            self._parting.leave(member)
        else:
            self._take_ack(member, packet)
        return None

    def _take_event(
        self, member: Member, ack_id: int | None, payload: list[Any], size: int
    ) -> Awaitable[None] | None:
        connection = member.connection
        if payload[0] in packets.RESERVED_EVENTS:
            error = RefusedError("reserved_event", "clients may not emit this name")
        elif self._service.stopping and self._service.refuses(connection):
            if self._service.draining(connection):
                return None  # it learns by its disconnect that this was not taken
            error = RefusedError("unavailable", "the server is stopping")
        elif member.admit is not None and (refusal := member.admit(member, payload[0])) is not None:
            error = refusal
        elif member.phase is not _CONNECTED:  # its connect handler is running
            if member.early is None:
                member.early = deque()
            if connection.full:
                raise BacklogError(self._limits.name("backlog"))
            arrival = Arrival(ack_id, payload, size, contextvars.copy_context())
            member.early.append(arrival)
            connection.count(arrival)
            return None
        elif (
            (connection.waiting or connection.held_bytes >= self._most_held)
            and connection.full
            and connection.awaits_acks
        ):
            # Its input can't be paused: a handler may be waiting for an ack that is behind this.
            limit = "backlog" if connection.waiting >= self._limits.backlog else "backlog_bytes"
            error = LimitError(self._limits.name(limit), "too many events at a time")
        else:
            self._lanes.start(member, ack_id, payload, size)
            if (
                (connection.waiting or connection.held_bytes >= self._most_held)
                and connection.full
                and not connection.awaits_acks
            ):
                return self._lanes.room(connection)
            return None
        self._replies.turn_down(member, ack_id, payload[0], error)
        return None

    def _take_ack(self, member: Member, packet: packets.Packet) -> None:
        callback = member.callbacks.pop(packet.id, None) if member.callbacks and packet.id else None
        if callback is None:
            return  # the server did not ask, or no longer waits
        contextvars.copy_context().run(self._calls.call_back, callback, packet.payload)


def _stray(connection: Connection, packet: packets.Packet) -> None:
    """Forgive a packet for a namespace that the client is not in, if it may have crossed our DISCONNECT.

    Raises:
        UndecodableError: It can't have crossed; the client violates the protocol.
    """
    if connection.left is None or packet.namespace not in connection.left:
        raise UndecodableError("packet for a namespace that was not joined")


def _complete(connection: Connection, attachment: str | bytes) -> packets.Packet | None:
    """Add an attachment to the packet that waits for it; return the packet once it is complete.

    Raises:
        UndecodableError: The attachment is text, or no packet waits for it.
        PayloadTooLargeError: The attachments are too large together.
    """
    partial = connection.partial
    if partial is None or isinstance(attachment, str):
        raise UndecodableError("text in place of an attachment")
    partial.attachments.append(attachment)
    partial.size += len(attachment)
    if partial.size > connection.limits.attachment_bytes:
        raise PayloadTooLargeError(f"Limits.attachment_bytes, {connection.limits.attachment_bytes} bytes")
    if len(partial.attachments) < partial.packet.attachments:
        return None
    connection.partial = None
    payload = packets.attach(partial.packet.payload, partial.attachments)
    return partial.packet._replace(payload=payload, attachments=0, size=partial.size)
