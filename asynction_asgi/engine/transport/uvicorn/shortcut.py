"""A short way between uvicorn's WebSocket and the engine.

Once a WebSocket is open, `Shortcut` replaces uvicorn's protocol on its transport. Whole masked messages,
nearly all that a Socket.IO client sends, then go from the transport to the engine: no queue, no wake-up of
a task, no pausing and resuming of the transport. A frame that is sent to many clients is built once. All
else (control frames, malformed data, compression, the close) stays with uvicorn's protocol, which is
handed whole frames. `compat` decides which connections are taken over.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any

from websockets.frames import apply_mask  # type: ignore[attr-defined]  # its C version where there is one
from websockets.protocol import State

from .fragments import DATA, FIN, TEXT, Fragments, OutOfOrderError
from .parser import is_between_frames, is_in_message, is_over

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable
    from types import CodeType

    from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

    from ...ports import Receiver
    from ...wire.frames import Burst, Frame

# RFC 6455, 5.2
_WHOLE_TEXT = FIN | TEXT
_MASKED = 0x80
# Set in the first byte of anything but a data frame: extension bits, control frames, unknown opcodes.
_CONTROL = 0x7C
_OPCODE, _CONTROL_BIT, _PING = 0x0F, 0x8, 0x9
# RFC 6455, 7.4.1
_PROTOCOL_ERROR, _INVALID_DATA = 1002, 1007
# uvicorn keeps an object for each fragment, even if it is empty.
_MOST_PIECES = 1024
# After this many bytes from one read, yield to other tasks.
_TURN = 8192


class Shortcut(asyncio.Protocol):
    """Stands before uvicorn's protocol on its transport; for `rest`, see `is_between_frames`."""

    def __init__(self, uvicorns: WebSocketsSansIOProtocol, socket: Receiver, *, rest: CodeType) -> None:
        self._uvicorns = uvicorns
        self._transport = uvicorns.transport
        self._write = self._transport.write
        self._largest = min(uvicorns.config.ws_max_size, socket.server.max_http_buffer_size)
        self._fragments = Fragments(self._largest)
        self._pieces = 0  # the number of fragments of one message that uvicorn keeps
        self._socket: Receiver | None = socket
        # The event loop calls from its own context; handlers get that of their ASGI call.
        self._context = socket.connection.context
        self._compressed = bool(uvicorns.conn.extensions)
        self._rest = rest
        # uvicorn may have read a part of a frame or of a message. Until a read ends with a frame, it gets
        # every read unchanged; until the message ends, every frame.
        self._unaligned = not is_between_frames(uvicorns.conn, rest)
        self._relayed = self._compressed or is_in_message(uvicorns)
        self._over = is_over(uvicorns.conn)  # uvicorn discards whatever comes
        self._held = False  # the engine takes nothing at the moment
        self._congested = not uvicorns.writable.is_set()
        self._early: deque[Any] | None = None  # messages that uvicorn has put together
        self._parts: list[bytes] = []
        self._size = self._wanted = 0
        self._ignored = 0  # bytes still to come of a message that is too large
        self._waiter: asyncio.Future[None] | None = None
        uvicorns.stop_keepalive()  # Engine.IO has a heartbeat of its own, which knows when reading is paused
        self._transport.set_protocol(self)
        self._stand_in(uvicorns, self)
        self._drain()  # messages that came between the acceptance and now

    # -- what the engine uses --------------------------------------------------------------

    def write(self, frame: Frame) -> bool:
        """Send now; return False if the peer reads too slowly, and nothing was sent."""
        if self._congested:
            return False
        if self._uvicorns.close_sent or self._transport.is_closing():
            return True
        if not self._compressed:
            self._write(frame.wire)
        else:
            self._compress((frame,))
        return True

    def write_together(self, burst: Burst) -> bool:
        """Do what `write` does with several frames, in one piece."""
        if self._congested:
            return False
        if self._uvicorns.close_sent or self._transport.is_closing():
            return True
        if not self._compressed:
            self._write(burst.wire)
        else:
            self._compress(burst)
        return True

    def _compress(self, frames: Iterable[Frame]) -> None:
        conn = self._uvicorns.conn
        if conn.state is State.OPEN:
            for frame in frames:
                (conn.send_binary if frame.binary else conn.send_text)(frame.body)
            self._write(b"".join(conn.data_to_send()))

    # -- what the transport calls ----------------------------------------------------------

    def pause_writing(self) -> None:
        """Stop writing: the transport's buffer is full."""
        self._congested = True
        self._uvicorns.pause_writing()

    def resume_writing(self) -> None:
        """Write what waits: the transport takes more again."""
        self._congested = False
        self._uvicorns.resume_writing()
        if self._socket is not None:
            self._socket.flush()

    def data_received(self, data: bytes) -> None:
        """Split the data into frames and deliver them."""
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
        """Let the transport close, as uvicorn does."""

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the place back to uvicorn, whose disconnect event the engine receives."""
        if self._waiter is not None:
            self._waiter.cancel()
        self._socket = None
        self._stand_in(self, self._uvicorns)
        self._uvicorns.connection_lost(exc)

    # -- what uvicorn calls ----------------------------------------------------------------

    def shutdown(self) -> None:
        """Let handlers end and answer before the client is disconnected: uvicorn is stopping."""
        owner = None if self._socket is None or self._socket.closing else self._socket.server.owner
        leaving = None if owner is None else owner.begin_stop()
        if leaving is None:
            self._uvicorns.shutdown()
        else:
            leaving.add_done_callback(self._end_transport)

    def _end_transport(self, _: object) -> None:
        """Close without the client's close frame, so that the process can end."""
        if not self._transport.is_closing():
            self._uvicorns.shutdown()

    def _stand_in(self, before: Any, after: Any) -> None:
        """Exchange two entries of the connections that uvicorn shuts down."""
        self._uvicorns.connections.discard(before)
        self._uvicorns.connections.add(after)

    # -- frames ----------------------------------------------------------------------------

    def _split(self, data: bytes) -> None:
        """Deliver the whole frames of `data` and keep the rest."""
        at, size = 0, len(data)
        last = size - 1 if size < _TURN else _TURN  # the shortest header has two bytes
        while not self._held:
            if (self._over or self._unaligned) and at < size:
                self._give(data[at:] if at else data)
                at = size
            if at >= last:
                break
            first, second = data[at], data[at + 1]
            length = second & 0x7F
            body = at + 6  # after the mask
            if length > 125:  # RFC 6455, 5.2: two or eight bytes of length follow
                wide = 2 if length == 126 else 8  # as above
                body += wide
                if size < body:
                    break
                length = int.from_bytes(data[at + 2 : at + 2 + wide])
            if second < _MASKED:
                self._over = True  # an error, which is uvicorn's to answer
                continue
            end = body + length
            if length > self._fragments.left and (not first & _CONTROL_BIT or length > self._largest):
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
            return  # RFC 6455, 5.5.3: not every ping needs an answer, and the peer does not read
        if opcode in DATA:
            if self._socket is None or self._socket.closing or self._uvicorns.close_sent:
                return  # it would be ignored, so it is not unpacked
            self._pieces = 0 if frame[0] & FIN else self._pieces + 1
            if self._pieces > _MOST_PIECES:
                self._refuse_size()
                return
        self._give(frame)

    def _give(self, data: bytes) -> None:
        """Let uvicorn read the data, and adopt what it makes of it."""
        self._uvicorns.data_received(data)
        self._over = self._over or is_over(self._uvicorns.conn)
        self._relayed = self._compressed or is_in_message(self._uvicorns)
        if self._unaligned:
            self._unaligned = not is_between_frames(self._uvicorns.conn, self._rest)
            if len(self._uvicorns.frames) > _MOST_PIECES:
                self._refuse_size()
        if self._uvicorns.conn.state is not State.OPEN:
            # It would send another close frame if it stops before the transport is gone, and fail.
            self._uvicorns.close_sent = True
        self._drain()

    def _take(self, first: int, data: bytes) -> None:
        """Take a data frame, most often a whole message."""
        if first != _WHOLE_TEXT or self._fragments.opcode:
            try:
                whole = self._fragments.add(first, data)
            except OutOfOrderError:
                self._refuse(_PROTOCOL_ERROR, "fragments out of order")
                return
            if whole is None:
                return
            first, data = whole
        message: str | bytes = data
        if first & TEXT:
            try:
                message = data.decode()
            except UnicodeDecodeError:
                self._refuse(_INVALID_DATA, "not UTF-8")  # RFC 6455, 8.1
                return
        pause = self._socket.take(message) if self._socket is not None else None
        if pause is not None:
            self._hold(pause)

    def _refuse(self, code: int, reason: str) -> None:
        """Fail the connection; uvicorn ignores whatever follows."""
        self._uvicorns.conn.fail(code, reason)
        self._over = True
        self._uvicorns.handle_parser_exception()

    def _refuse_size(self) -> None:
        """Close before the whole message has come; neither it nor what follows is taken."""
        self._fragments.clear()
        if self._socket is not None and not self._socket.closing:
            self._socket.refuse_size(self._uvicorns.config.ws_max_size)
        self._socket = None

    def _drain(self) -> None:
        """Deliver the messages in uvicorn's queue, and leave the disconnect event to its reader."""
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
