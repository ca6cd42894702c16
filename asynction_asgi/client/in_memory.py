"""A client of an application in this process: Engine.IO 4 for one namespace over one WebSocket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import socketio

from .in_memory_websocket import WebSocket

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .in_memory_websocket import ASGIApp, Message

PacketT = TypeVar("PacketT")
PacketT_co = TypeVar("PacketT_co", covariant=True)

_PROTOCOL_ERROR = 1002  # RFC 6455, 7.4.1


class Wire(Protocol[PacketT_co]):
    """How packets become messages of the WebSocket, and messages packets."""

    def encode(self, kind: int, payload: Any, *, namespace: str, ack_id: int | None) -> Sequence[str | bytes]:
        """Return the messages of one packet: its text, then its attachments."""

    def decode(self, message: str | bytes) -> PacketT_co | None:
        """Read one message; return the packet that it completes, or None if attachments are to come.

        Raises:
            ValueError: The message is not a packet, or not the attachment that is due.
        """


class Connection(Generic[PacketT]):
    """Packets of one namespace, in and out.

    Args:
        app: The application.
        scope: ASGI's scope of the handshake.
        wire: Writes and reads the packets of this connection.
        namespace: The only namespace; joined as soon as the transport is open.
        auth: The auth object of CONNECT, or None.
        arrived: Called with each packet, its attachments in place.
        ended: Called once, when no packet will come any more.
    """

    def __init__(
        self,
        app: ASGIApp,
        scope: Message,
        *,
        wire: Wire[PacketT],
        namespace: str,
        auth: Any,
        arrived: Callable[[PacketT], None],
        ended: Callable[[], None],
    ) -> None:
        self._wire = wire
        self._namespace = namespace
        self._auth = auth
        self._arrived = arrived
        self._failure: Exception | None = None
        self._websocket = WebSocket(app, scope, arrived=self._take, ended=ended)

    @property
    def code(self) -> int | None:
        """The code with which the WebSocket was closed, or None while it is open."""
        return self._websocket.code

    def put(self, kind: int, payload: Any, ack_id: int | None = None) -> None:
        """Send one packet.

        Raises:
            ValueError: `payload` has no JSON form; nothing was sent.
        """
        for message in self._wire.encode(kind, payload, namespace=self._namespace, ack_id=ack_id):
            self._websocket.put(message)

    async def close(self, code: int, *, seconds: float) -> bool:
        """Close the transport and wait for the server; return whether it was done in time."""
        return await self._websocket.close(code, seconds=seconds)

    def take_failure(self) -> Exception | None:
        """Return what the application raised, or the invalid packet that it sent, once; else None."""
        failure = self._failure or self._websocket.failure
        self._failure = self._websocket.failure = None
        return failure

    def _take(self, message: str | bytes) -> None:
        """Read one message; keep an invalid one as the failure, as raising would reach the server."""
        if isinstance(message, str) and not message.startswith("4"):
            self._take_control(message)
            return
        try:
            packet = self._wire.decode(message)
        except ValueError as error:
            error.add_note("the server sent an invalid Socket.IO packet")
            self._failure = error
            self._websocket.end(_PROTOCOL_ERROR)
        else:
            if packet is not None:
                self._arrived(packet)

    def _take_control(self, message: str) -> None:
        """Answer a packet of Engine.IO that carries none of Socket.IO."""
        if message.startswith("2"):  # PING
            self._websocket.put("3")
        elif message.startswith("0"):  # OPEN
            self.put(socketio.packet.CONNECT, self._auth)
