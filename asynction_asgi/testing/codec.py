"""Socket.IO packets for the test client, in the engine's own strict JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..engine.wire import packets
from ..engine.wire.codec import UndecodableError, choose_codec

if TYPE_CHECKING:
    from ..engine.wire.packets import Packet

_CODEC = choose_codec(None, depth=10_000)  # servers may send deeply nested values
_MOST_ATTACHMENTS = 9999


class Wire:
    """Implements the client's `Wire` for one connection; keeps a packet until its attachments have come."""

    def __init__(self) -> None:
        self._partial: tuple[Packet, list[bytes]] | None = None

    def encode(self, kind: int, payload: Any, *, namespace: str, ack_id: int | None) -> list[str | bytes]:
        """Return the messages of one packet.

        Raises:
            UnencodableError: `payload` has no JSON form.
        """
        frames = packets.encode_packet(kind, payload, _CODEC, namespace=namespace, ack_id=ack_id)
        return [frame.body if frame.binary else frame.body.decode() for frame in frames]

    def decode(self, message: str | bytes) -> Packet | None:
        """Read one message; return the packet that it completes, or None if attachments are to come.

        Raises:
            UndecodableError: The message is not a packet, or not the attachment that is due.
        """
        if isinstance(message, bytes) or self._partial is not None:
            return self._attach(message)
        packet = _decode(message)
        if not packet.attachments:
            return packet
        self._partial = packet, []
        return None

    def _attach(self, message: str | bytes) -> Packet | None:
        if self._partial is None or isinstance(message, str):
            raise UndecodableError("attachments and packets in disorder")
        packet, attachments = self._partial
        attachments.append(message)
        if len(attachments) < packet.attachments:
            return None
        self._partial = None
        return packet._replace(payload=packets.attach(packet.payload, attachments))


def _decode(text: str) -> Packet:
    """Read a packet of a server; the engine's reader is for clients' packets and knows no CONNECT_ERROR."""
    if text[1:2] == str(packets.CONNECT_ERROR):
        namespace, position = packets.read_namespace(text, 2)
        body = _CODEC.loads(text[position:]) if position < len(text) else None
        return packets.Packet(packets.CONNECT_ERROR, namespace, None, body)
    return packets.decode_packet(text, _CODEC, max_attachments=_MOST_ATTACHMENTS)
