"""uvicorn's own WebSocket protocol as the holder of a connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from websockets.protocol import State

from .parser import is_between_frames, is_in_message, is_over
from .shortcut import Shortcut

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterable
    from types import CodeType

    from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

    from ...ports import Receiver
    from ...wire.frames import Frame

# uvicorn keeps an object for each fragment, even if it is empty.
_MOST_PIECES = 1024


def stand_before(protocol: WebSocketsSansIOProtocol, socket: Receiver, *, rest: CodeType) -> Shortcut | None:
    """Replace uvicorn's protocol on its transport by a shortcut to `socket`.

    Args:
        protocol: Of an open WebSocket.
        socket: Takes the messages.
        rest: See `is_between_frames`.

    Returns:
        The shortcut, or None if the connection is gone; its reader learns that from `protocol`.
    """
    if protocol.disconnected:
        return None
    protocol.stop_keepalive()  # Engine.IO has a heartbeat of its own, which knows when reading is paused
    congested = not protocol.writable.is_set()
    shortcut = Shortcut(UvicornHolder(protocol, rest), socket.connection.context, congested=congested)
    protocol.connections.discard(protocol)
    shortcut.attach(socket)
    return shortcut


class UvicornHolder:
    """uvicorn's protocol, which is handed whole frames: compression and all that is rare stay with it."""

    __slots__ = ("_protocol", "_rest", "_unaligned", "compress", "connections", "largest", "transport")

    def __init__(self, protocol: WebSocketsSansIOProtocol, rest: CodeType) -> None:
        self._protocol = protocol
        self._rest = rest
        self.transport: asyncio.Transport = protocol.transport
        self.connections: set[Any] = protocol.connections
        self.largest = protocol.config.ws_max_size
        self.compress: Callable[[Iterable[Frame]], None] | None = (
            self._compress if protocol.conn.extensions else None
        )
        # uvicorn may have read a part of a frame or of a message. Until a read ends with a frame, it gets
        # every read unchanged; until the message ends, every frame.
        self._unaligned = not is_between_frames(protocol.conn, rest)

    @property
    def close_sent(self) -> bool:
        """Whether a close frame was sent, or will be ignored."""
        return self._protocol.close_sent

    @property
    def wants_reads(self) -> bool:
        """Whether it is within a frame, or discards whatever comes."""
        return self._unaligned or is_over(self._protocol.conn)

    @property
    def wants_frames(self) -> bool:
        """Whether data is compressed, or a message is begun."""
        return self.compress is not None or is_in_message(self._protocol)

    def read(self, data: bytes) -> bool:
        """Let uvicorn read."""
        protocol = self._protocol
        protocol.data_received(data)
        if self._unaligned:
            self._unaligned = not is_between_frames(protocol.conn, self._rest)
        if protocol.conn.state is not State.OPEN:
            # It would send another close frame if it stops before the transport is gone, and fail.
            protocol.close_sent = True
        return len(protocol.frames) <= _MOST_PIECES

    def take(self, message: str | bytes) -> None:
        """Ignore a message: only the engine has received any, and is gone."""

    def take_early(self) -> list[str | bytes]:
        """Return the messages in uvicorn's queue, and leave the disconnect event to its reader."""
        queue, messages = self._protocol.queue, []
        while not queue.empty():
            event: Any = queue.get_nowait()
            if event["type"] != "websocket.receive":
                queue.put_nowait(event)
                break
            text = event.get("text")
            messages.append(event["bytes"] if text is None else text)
        return messages

    def go_on(self) -> None:
        """Read on after messages that were in the queue."""
        if self._protocol.read_paused:
            self._protocol.read_paused = False
            self.transport.resume_reading()

    def fail(self, code: int, reason: str) -> None:
        """Fail the connection; uvicorn ignores whatever follows."""
        self._protocol.conn.fail(code, reason)
        self._protocol.handle_parser_exception()

    def refuse_size(self) -> None:
        """Do nothing: the engine closes the connection."""

    def _compress(self, frames: Iterable[Frame]) -> None:
        conn = self._protocol.conn
        if conn.state is State.OPEN:
            for frame in frames:
                (conn.send_binary if frame.binary else conn.send_text)(frame.body)
            self.transport.write(b"".join(conn.data_to_send()))

    def pause_writing(self) -> None:
        """Let uvicorn's senders wait."""
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        """Let uvicorn's senders go on."""
        self._protocol.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the place back to uvicorn, whose disconnect event the engine receives."""
        self.connections.add(self._protocol)
        self._protocol.connection_lost(exc)

    def shutdown(self) -> None:
        """Let uvicorn close."""
        self._protocol.shutdown()
