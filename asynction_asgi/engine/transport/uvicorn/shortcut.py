"""A short way between uvicorn's WebSocket and the engine.

Once a WebSocket is open, its transport is given another protocol: this one. Whole masked messages,
which is nearly all that a Socket.IO client sends, then go from the transport to the engine: no queue, no
wake-up of a task, no pausing and resuming of the transport. A frame that is sent to many is made
once. All else (the handshake before, control frames, what is no frame, compression, the end) stays
uvicorn's own sans-io protocol, which is handed whole frames. Connections where something between uvicorn
and the engine has wrapped ``receive`` are left alone.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any

from websockets.frames import apply_mask  # type: ignore[attr-defined]  # its C version where there is one
from websockets.protocol import State
from websockets.streams import StreamReader

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

    from ...frames import Frame
    from ..session import EngineSocket

# RFC 6455, 5.2
_FIN = 0x80
_CONTINUATION, _TEXT, _BINARY = _DATA = (0x00, 0x01, 0x02)
_WHOLE_TEXT = _FIN | _TEXT
_MASKED = 0x80
# Set in the first byte of what is no data frame: extension bits, control frames, unknown ones.
_CONTROL = 0x7C
_OPCODE, _CONTROL_BIT, _PING = 0x0F, 0x8, 0x9
# RFC 6455, 7.4.1
_PROTOCOL_ERROR, _INVALID_DATA = 1002, 1007
_ALL = 1 << 62
# Uvicorn keeps an object for each fragment, an empty one too.
_MOST_PIECES = 1024
# Behind so many bytes of frames that came at once, others get their turn.
_TURN = 8192


class Shortcut(asyncio.Protocol):
    """Stands before uvicorn's protocol on its transport."""

    def __init__(self, uvicorns: WebSocketsSansIOProtocol, socket: EngineSocket) -> None:
        self._uvicorns = uvicorns
        self._transport = uvicorns.transport
        self._write = self._transport.write
        self._largest = min(uvicorns.config.ws_max_size, socket.server.max_http_buffer_size)
        self._left = self._largest  # so much may still come of the message whose fragments are coming
        self._pieces = 0  # so many fragments of one message uvicorn keeps
        self._socket: EngineSocket | None = socket
        # The event loop calls from a context of its own; handlers get that of their ASGI call.
        self._context = socket.connection.context
        self._compressed = bool(uvicorns.conn.extensions)
        # What came before the take-over may have ended in the middle of a message or of a frame.
        self._relayed = self._compressed or _is_in_message(uvicorns)  # every frame is uvicorn's to read
        self._lacking = _lacking(uvicorns)  # so many bytes are
        self._opcode = _CONTINUATION  # of the message whose fragments are coming; none without one
        self._fragments = bytearray()
        self._held = False  # the engine takes nothing until it says so
        self._congested = not uvicorns.writable.is_set()
        self._early: deque[Any] | None = None  # messages that uvicorn has put together
        self._parts: list[bytes] = []
        self._size = 0
        self._wanted = 0
        self._ignored = 0  # so many bytes are still of a message that is too large
        self._waiter: asyncio.Future[None] | None = None
        self._transport.set_protocol(self)
        self._stand_in(uvicorns, self)
        self._drain()  # what came between the acceptance and now

    # -- what the engine uses --------------------------------------------------------------

    def write(self, frame: Frame) -> bool:
        """Send now; False while the peer reads too slowly."""
        if self._congested:
            return False
        if self._uvicorns.close_sent or self._transport.is_closing():
            return True
        if self._compressed:
            self._write_by_uvicorns(frame)
        else:
            self._write(frame.wire)
        return True

    def _write_by_uvicorns(self, frame: Frame) -> None:
        conn = self._uvicorns.conn
        if conn.state is State.OPEN:
            (conn.send_binary if frame.binary else conn.send_text)(frame.body)
            self._write(b"".join(conn.data_to_send()))

    # -- what the transport calls ----------------------------------------------------------

    def pause_writing(self) -> None:
        """The transport's buffer is full."""
        self._congested = True
        self._uvicorns.pause_writing()

    def resume_writing(self) -> None:
        """The transport takes more again."""
        self._congested = False
        self._uvicorns.resume_writing()
        if self._socket is not None:
            self._socket.flush()

    def data_received(self, data: bytes) -> None:
        """Split what arrived into frames."""
        if self._ignored:
            data, self._ignored = data[self._ignored :], max(0, self._ignored - len(data))
        if self._parts or self._held:
            self._parts.append(data)
            self._size += len(data)
            if self._held or self._size < self._wanted:
                return
            data = b"".join(self._parts)
            self._keep(b"", 0)
        self._context.run(self._split, data)

    def eof_received(self) -> None:
        """The peer sends no more; as for uvicorn, that ends the connection."""

    def connection_lost(self, exc: Exception | None) -> None:
        """The transport is gone; uvicorn tells the application, and the engine reads that there."""
        if self._waiter is not None:
            self._waiter.cancel()
        self._socket = None
        self._stand_in(self, self._uvicorns)
        self._uvicorns.connection_lost(exc)

    # -- what uvicorn calls ----------------------------------------------------------------

    def shutdown(self) -> None:
        """Let handlers end and answer before the client is disconnected, for uvicorn is stopping."""
        owner = None if self._socket is None or self._socket.closing else self._socket.server.owner
        leaving = None if owner is None else owner.begin_stop()
        if leaving is None:
            self._uvicorns.shutdown()
        else:
            leaving.add_done_callback(self._end_transport)

    def _end_transport(self, _: object) -> None:
        """Wait no longer for the client's close frame; others may wait for the end of the process."""
        if not self._transport.is_closing():
            self._uvicorns.shutdown()

    def _stand_in(self, before: Any, after: Any) -> None:
        """Take a place among the connections that uvicorn tells to shut down."""
        self._uvicorns.connections.discard(before)
        self._uvicorns.connections.add(after)

    # -- frames ----------------------------------------------------------------------------

    def _split(self, data: bytes) -> None:
        """Deliver the whole frames of `data`, keep the rest."""
        at, size = 0, len(data)
        last = size - 1 if size < _TURN else _TURN  # the shortest header has two bytes
        while not self._held:
            if self._lacking and at < size:
                rest = data[at : at + self._lacking]
                at += len(rest)
                self._give(rest)
                continue
            if at >= last:
                break
            first, second = data[at], data[at + 1]
            length = second & 0x7F
            body = at + 6  # behind the mask
            if length > 125:  # RFC 6455, 5.2: two or eight bytes of length follow
                wide = 2 if length == 126 else 8  # as above
                body += wide
                if size < body:
                    break
                length = int.from_bytes(data[at + 2 : at + 2 + wide])
            if second < _MASKED:
                self._lacking = _ALL  # an error, which is uvicorn's to answer
                continue
            end = body + length
            if length > self._left and (not first & _CONTROL_BIT or length > self._largest):
                self._refuse_size()
                self._ignored = max(0, end - size)
            elif end > size:
                self._keep(data[at:] if at else data, end - at)
                return
            elif first & _CONTROL or self._relayed:
                self._hand_on(data[at:end])
            else:
                self._take(first, apply_mask(data[body:end], data[body - 4 : body]))
            at = end
        if at >= size:
            return
        self._keep(data[at:], 0)
        if at >= _TURN and not self._held:
            self._hold(asyncio.sleep(0))

    def _keep(self, rest: bytes, wanted: int) -> None:
        self._parts = [rest] if rest else []
        self._size, self._wanted = len(rest), wanted

    def _hand_on(self, frame: bytes) -> None:
        opcode = frame[0] & _OPCODE
        if opcode == _PING and self._congested:
            return  # RFC 6455, 5.5.3: not each needs an answer, and nobody reads these
        if opcode in _DATA:
            if self._socket is None or self._socket.closing or self._uvicorns.close_sent:
                return  # nobody takes it any more, so it is not unpacked
            self._pieces = 0 if frame[0] & _FIN else self._pieces + 1
            if self._pieces > _MOST_PIECES:
                self._refuse_size()
                return
        self._give(frame)

    def _give(self, data: bytes) -> None:
        """Let uvicorn read what is not for here, and see what it makes of it."""
        self._uvicorns.data_received(data)
        self._lacking = _lacking(self._uvicorns)
        self._relayed = self._compressed or _is_in_message(self._uvicorns)
        if self._uvicorns.conn.state is not State.OPEN:
            # It would say good-bye once more if it stops before the transport is gone, and fail with it.
            self._uvicorns.close_sent = True
        self._drain()

    def _take(self, first: int, data: bytes) -> None:
        """A frame of a message, most often the whole of it."""
        if first != _WHOLE_TEXT or self._opcode:
            whole = self._put_together(first, data)
            if whole is None:
                return
            first, data = whole
        message: str | bytes = data
        if first & _TEXT:
            try:
                message = data.decode()
            except UnicodeDecodeError:
                self._refuse(_INVALID_DATA, "not UTF-8")  # RFC 6455, 8.1
                return
        pause = self._socket.take(message) if self._socket is not None else None
        if pause is not None:
            self._hold(pause)

    def _put_together(self, first: int, data: bytes) -> tuple[int, bytes] | None:
        """The opcode and data of a message, once its last fragment is there."""
        opcode = first & 0x0F
        if (opcode == _CONTINUATION) != (self._opcode != _CONTINUATION) or opcode not in _DATA:
            self._refuse(_PROTOCOL_ERROR, "fragments out of order")
            return None
        if first & _FIN and not self._opcode:
            return opcode, data
        self._opcode = opcode or self._opcode
        self._fragments += data
        self._left -= len(data)
        if not first & _FIN:
            return None
        whole = (self._opcode, bytes(self._fragments))
        self._opcode, self._fragments, self._left = _CONTINUATION, bytearray(), self._largest
        return whole

    def _refuse(self, code: int, reason: str) -> None:
        """Fail the connection; whatever comes behind is uvicorn's to ignore."""
        self._uvicorns.conn.fail(code, reason)
        self._lacking = _ALL
        self._uvicorns.handle_parser_exception()

    def _refuse_size(self) -> None:
        """Close before the whole message is here: none of that size would be taken, nor what follows."""
        self._fragments = bytearray()
        if self._socket is not None and not self._socket.closing:
            self._socket.refuse_size(self._uvicorns.config.ws_max_size)
        self._socket = None

    def _drain(self) -> None:
        """Deliver what uvicorn has put together; the end is its reader's to see."""
        uvicorns = self._uvicorns
        while not uvicorns.queue.empty():
            event: Any = uvicorns.queue.get_nowait()
            if event["type"] != "websocket.receive":
                uvicorns.queue.put_nowait(event)
                break
            if self._early is None:
                self._early = deque()
            text = event.get("text")
            self._early.append(event["bytes"] if text is None else text)
        while self._early and not self._held:
            message = self._early.popleft()
            pause = self._socket.take(message) if self._socket is not None else None
            if pause is not None:
                self._hold(pause)
            elif len(message) > _TURN:  # it may have been a few bytes before it was unpacked
                self._hold(asyncio.sleep(0))
        if uvicorns.read_paused and not self._held:
            uvicorns.read_paused = False
            self._transport.resume_reading()

    def _hold(self, pause: Awaitable[None]) -> None:
        self._held = True
        self._transport.pause_reading()
        self._waiter = asyncio.ensure_future(pause)
        self._waiter.add_done_callback(self._go_on, context=self._context)

    def _go_on(self, waiter: asyncio.Future[None]) -> None:
        self._waiter = None
        if waiter.cancelled():
            return
        self._held = False
        self._drain()
        data = b"".join(self._parts)
        if data and not self._held:
            self._keep(b"", 0)
            self._split(data)
        if not self._held and not self._transport.is_closing():
            self._transport.resume_reading()


def _is_in_message(uvicorns: WebSocketsSansIOProtocol) -> bool:
    """Whether more fragments of a message must come that uvicorn began to read."""
    conn = uvicorns.conn
    size: int | None = getattr(conn, "current_size", None)
    return size is not None or getattr(conn, "cur_size", None) is not None  # before websockets 17


def _lacking(uvicorns: WebSocketsSansIOProtocol) -> int:
    """How many bytes its parser lacks for its next step in the middle of a frame; 0 between frames.

    All that comes, once it only discards: after an error, and after the close frame of the peer.
    """
    conn = uvicorns.conn
    if conn.eof_sent or conn.state is State.CLOSED:
        return _ALL
    step: Any = conn.parser
    while (inner := getattr(step, "gi_yieldfrom", None)) is not None:
        step = inner
    code = getattr(step, "gi_code", None)
    if code is StreamReader.at_eof.__code__:
        return 0
    if code is StreamReader.read_exact.__code__:
        return int(step.gi_frame.f_locals["n"]) - len(conn.reader.buffer)
    return 1  # a parser that is not known here: byte by byte is right with each
