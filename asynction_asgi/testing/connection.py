"""Engine.IO 4 and Socket.IO 5 as a client speaks them, for one namespace over one WebSocket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..engine import packets
from ..engine.codec import UndecodableError, choose_codec
from .websocket import WebSocket

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..engine.packets import Packet
    from .websocket import ASGIApp, Message

__all__ = ["Connection"]

_CODEC = choose_codec(None, depth=10_000)  # what a server sends is as deep as it likes
_MOST_ATTACHMENTS = 9999
_PROTOCOL_ERROR = 1002  # RFC 6455, 7.4.1


class Connection:
    """Packets of one namespace, in and out.

    Args:
        app: The application.
        scope: ASGI's scope of the handshake.
        namespace: The only namespace; joined as soon as the transport is open.
        auth: What its CONNECT carries; None is nothing.
        arrived: Called with each packet, its attachments in place.
        ended: Called once, when no packet will come any more.
    """

    def __init__(
        self,
        app: ASGIApp,
        scope: Message,
        *,
        namespace: str,
        auth: Any,
        arrived: Callable[[Packet], None],
        ended: Callable[[], None],
    ) -> None:
        self._namespace = namespace
        self._auth = auth
        self._arrived = arrived
        self._partial: tuple[Packet, list[bytes]] | None = None
        self._failure: Exception | None = None
        self._websocket = WebSocket(app, scope, arrived=self._take, ended=ended)

    @property
    def code(self) -> int | None:
        """With which the WebSocket was closed; None while it is open."""
        return self._websocket.code

    def put(self, kind: int, payload: Any, ack_id: int | None = None) -> None:
        """Send one packet.

        Raises:
            UnencodableError: `payload` has no JSON form; nothing was sent.
        """
        for frame in packets.encode_packet(kind, payload, _CODEC, namespace=self._namespace, ack_id=ack_id):
            self._websocket.put(frame.body if frame.binary else frame.body.decode())

    async def close(self, code: int, *, seconds: float) -> bool:
        """Close the transport and wait until the server is done with it; False if it is not in time."""
        return await self._websocket.close(code, seconds=seconds)

    def take_failure(self) -> Exception | None:
        """What the application raised, or sent that is no packet; once."""
        found = self._failure or self._websocket.failure
        self._failure = self._websocket.failure = None
        return found

    def _take(self, frame: str | bytes) -> None:
        """Read one message; what is none is kept as the failure, not raised into the server."""
        try:
            if isinstance(frame, bytes) or self._partial is not None:
                self._take_attachment(frame)
            elif frame.startswith("4"):
                self._take_packet(_decode(frame))
            elif frame.startswith("2"):  # PING
                self._websocket.put("3")
            elif frame.startswith("0"):  # OPEN
                self.put(packets.CONNECT, self._auth)
        except UndecodableError as error:
            error.add_note("the server sent what is no packet of Socket.IO")
            self._failure = error
            self._websocket.end(_PROTOCOL_ERROR)

    def _take_attachment(self, frame: str | bytes) -> None:
        if self._partial is None or isinstance(frame, str):
            raise UndecodableError("attachments and packets in disorder")
        packet, attachments = self._partial
        attachments.append(frame)
        if len(attachments) == packet.attachments:
            self._partial = None
            self._arrived(packet._replace(payload=packets.attach(packet.payload, attachments)))

    def _take_packet(self, packet: Packet) -> None:
        if packet.attachments:
            self._partial = packet, []
        else:
            self._arrived(packet)


def _decode(text: str) -> Packet:
    """Read what a server sends; the engine's reader, made for clients' packets, has no CONNECT_ERROR."""
    if text[1:2] == str(packets.CONNECT_ERROR):
        namespace, position = packets.read_namespace(text, 2)
        body = _CODEC.loads(text[position:]) if position < len(text) else None
        return packets.Packet(packets.CONNECT_ERROR, namespace, None, body)
    return packets.decode_packet(text, _CODEC, max_attachments=_MOST_ATTACHMENTS)
