"""How packets of one server are written and read: as JSON, or by a user-supplied packet class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from ...extras import require
from . import packets
from .codec import Codec, UndecodableError, UnencodableError, choose_codec
from .foreign_values import Values
from .frames import Frame, binary_frame

if TYPE_CHECKING:
    from ..limits import Limits

_FOREIGN_ERRORS = (ValueError, TypeError, LookupError, AttributeError, RecursionError)


class Serializer(Protocol):
    """What a server needs of its wire format.

    Attributes:
        codec: JSON, where the format is the protocol's own.
        packet_class: For what upstream builds by itself.
    """

    codec: Codec | None
    packet_class: Any

    def encode(self, kind: int, payload: Any, namespace: str, ack_id: int | None = None) -> list[Frame]:
        """Return the frames of one packet.

        Raises:
            UnencodableError: The payload has no form on the wire.
        """
        ...

    def decode(self, data: str | bytes) -> packets.Packet:
        """Read one Engine.IO message that is not an attachment.

        Raises:
            UndecodableError: The message is not a packet that clients may send.
        """
        ...


def create_serializer(option: Any, json: Any, limits: Limits) -> Serializer:
    """Return the serializer that python-socketio's options ``serializer`` and ``json`` choose."""
    if option == "default":
        return _Plain(choose_codec(json, depth=limits.json_depth), limits.attachments)
    if option == "msgpack":
        require("msgpack", "serializer='msgpack'", "msgpack")
        from socketio.msgpack_packet import MsgPackPacket  # noqa: PLC0415  # imports msgpack

        option = MsgPackPacket
    return _Foreign(option, limits)


class _Plain:
    """The protocol's own format."""

    def __init__(self, codec: Codec, max_attachments: int) -> None:
        self.codec: Codec | None = codec
        self.packet_class = packets.packet_class(codec, max_attachments=max_attachments)
        self._codec = codec
        self._max_attachments = max_attachments

    def encode(self, kind: int, payload: Any, namespace: str, ack_id: int | None = None) -> list[Frame]:
        return packets.encode_packet(kind, payload, self._codec, namespace, ack_id)

    def decode(self, data: str | bytes) -> packets.Packet:
        if isinstance(data, bytes):
            raise UndecodableError("attachment without a packet")
        return packets.decode_packet(data, self._codec, max_attachments=self._max_attachments)


class _Foreign:
    """Another packet class, such as python-socketio's for MessagePack, under the same rules of shape and value."""

    codec: Codec | None = None

    def __init__(self, packet_class: Any, limits: Limits) -> None:
        self.packet_class = packet_class
        self._max_attachments = limits.attachments
        self._values = Values(packet_class, depth=limits.json_depth)

    def encode(self, kind: int, payload: Any, namespace: str, ack_id: int | None = None) -> list[Frame]:
        try:
            payload = self._values.prepare(payload)
            encoded = self.packet_class(kind, data=payload, namespace=namespace, id=ack_id).encode()
        except _FOREIGN_ERRORS as error:
            if self._values.extended:  # it has forms for more than JSON
                raise UnencodableError(str(error)) from None
            raise UnencodableError.of(error, packets.arguments_in(kind, payload)) from None
        parts = encoded if isinstance(encoded, list) else [encoded]
        return [
            Frame(b"4" + part.encode()) if isinstance(part, str) else binary_frame(bytes(part))
            for part in parts
        ]

    def decode(self, data: str | bytes) -> packets.Packet:
        try:
            read = self.packet_class(encoded_packet=data[1:] if isinstance(data, str) else data)
            self._values.check(read.data)
            packet = packets.Packet(
                read.packet_type, read.namespace or "/", read.id, read.data, read.attachment_count
            )
        except _FOREIGN_ERRORS as error:
            raise UndecodableError("not a packet") from error
        packet = packets.check_packet(packet, max_attachments=self._max_attachments)
        return packet._replace(namespace=packet.namespace.partition("?")[0])
