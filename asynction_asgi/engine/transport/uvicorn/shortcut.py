"""A short way between the transport of a WebSocket and the engine.

`Shortcut` is the protocol on the transport. Whole masked messages, nearly all that a Socket.IO client sends,
go from the transport to the engine: no queue, no wake-up of a task, no pausing and resuming of the transport.
A frame that is sent to many clients is built once. All else (control frames, malformed data, compression, the
close) is left to its `Holder`: uvicorn's protocol, or a connection of our own.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from websockets.frames import CloseCode, apply_mask  # type: ignore[attr-defined]  # its C version where there is one

from .fragments import CONTINUATION, DATA, FIN, TEXT, Fragments, OutOfOrderError

if TYPE_CHECKING:
    import contextvars
    from collections.abc import Awaitable

    from ...ports import Receiver
    from ...wire.frames import Burst, Frame
    from .holder import Holder

# RFC 6455, 5.2
_WHOLE_TEXT = FIN | TEXT
_MASKED = 0x80
# Set in the first byte of anything but a data frame: extension bits, control frames, unknown opcodes.
_CONTROL = 0x7C
_OPCODE, _CONTROL_BIT, _PING = 0x0F, 0x8, 0x9
# After this many bytes from one read, yield to other tasks.
_TURN = 8192


class Shortcut(asyncio.Protocol):
    """Splits what a client sends into messages, and sends frames.

    Args:
        holder: Takes what nothing else takes.
        context: For what receives messages, as the event loop calls from its own context.
        congested: Whether the transport's buffer is full.
    """

    __slots__ = (
        *("_compress", "_congested", "_context", "_early", "_fragments", "_held", "_holder", "_ignored"),
        *("_largest", "_parts", "_reads", "_relayed", "_size", "_socket", "_transport", "_waiter", "_wanted"),
        "_write",
    )

    def __init__(self, holder: Holder, context: contextvars.Context, *, congested: bool = False) -> None:
        self._holder = holder
        self._transport = holder.transport
        self._write = self._transport.write
        self._socket: Receiver | None = None
        self._context = context
        self._compress = holder.compress
        self._congested = congested
        self._held = False  # nothing is taken at the moment
        self._early: deque[str | bytes] | None = None  # messages that the holder has put together
        self._parts: list[bytes] = []
        self._size = self._wanted = 0
        self._ignored = 0  # bytes still to come of a message that is too large
        self._waiter: asyncio.Future[None] | None = None
        self._largest = holder.largest
        self._fragments = Fragments(holder.largest)
        self._ask()
        holder.connections.add(self)
        self._transport.set_protocol(self)

    def limit(self, largest: int) -> None:
        """Refuse messages of more bytes, also the one that is being received."""
        self._largest = largest
        self._fragments.limit(largest)

    @property
    def in_message(self) -> bool:
        """Whether more fragments of a message must come."""
        return self._fragments.opcode != CONTINUATION

    def _ask(self) -> None:
        """Ask the holder what it wants to be given."""
        self._reads = self._holder.wants_reads
        self._relayed = self._holder.wants_frames

    # -- what the engine uses --------------------------------------------------------------

    def attach(self, socket: Receiver) -> None:
        """Deliver messages to the engine from now on, and those first that came before."""
        self._socket = socket
        self._context = socket.connection.context  # handlers get that of their ASGI call
        self.limit(min(self._holder.largest, socket.server.max_http_buffer_size))
        self._drain()

    def write(self, frame: Frame) -> bool:
        """Send now; return False if the peer reads too slowly, and nothing was sent."""
        if self._congested:
            return False
        if self._holder.close_sent or self._transport.is_closing():
            return True
        if self._compress is None:
            self._write(frame.wire)
        else:
            self._compress((frame,))
        return True

    def write_together(self, burst: Burst) -> bool:
        """Do what `write` does with several frames, in one piece."""
        if self._congested:
            return False
        if self._holder.close_sent or self._transport.is_closing():
            return True
        if self._compress is None:
            self._write(burst.wire)
        else:
            self._compress(burst)
        return True

    # -- what the transport calls ----------------------------------------------------------

    def pause_writing(self) -> None:
        """Stop writing: the transport's buffer is full."""
        self._congested = True
        self._holder.pause_writing()

    def resume_writing(self) -> None:
        """Write what waits: the transport takes more again."""
        self._congested = False
        self._holder.resume_writing()
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
        """Leave the end to the holder, whose disconnect event the engine receives."""
        if self._waiter is not None:
            self._waiter.cancel()
        self._socket = None
        self._holder.connections.discard(self)
        self._holder.connection_lost(exc)

    # -- what uvicorn calls ----------------------------------------------------------------

    def shutdown(self) -> None:
        """Let handlers end and answer before the client is disconnected: uvicorn is stopping."""
        owner = None if self._socket is None or self._socket.closing else self._socket.server.owner
        leaving = None if owner is None else owner.begin_stop()
        if leaving is None:
            self._holder.shutdown()
        else:
            leaving.add_done_callback(self._end_transport)

    def _end_transport(self, _: object) -> None:
        """Close without the client's close frame, so that the process can end."""
        if not self._transport.is_closing():
            self._holder.shutdown()

    # -- frames ----------------------------------------------------------------------------

    def _split(self, data: bytes) -> None:
        """Deliver the whole frames of `data` and keep the rest."""
        at, size = 0, len(data)
        last = size - 1 if size < _TURN else _TURN  # the shortest header has two bytes
        while not self._held:
            if self._reads and at < size:
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
                self._reads = True  # an error, which is the holder's to answer
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
        if self._relayed and opcode in DATA and (self._socket is None or self._socket.closing):
            return  # it would be ignored, so it is not unpacked
        self._give(frame)

    def _give(self, data: bytes) -> None:
        """Let the holder read the data, and adopt what it makes of it."""
        has_room = self._holder.read(data)
        self._ask()
        if not has_room:
            self._refuse_size()
        self._drain()

    def _take(self, first: int, data: bytes) -> None:
        """Take a data frame, most often a whole message."""
        if first != _WHOLE_TEXT or self._fragments.opcode:
            try:
                whole = self._fragments.add(first, data)
            except OutOfOrderError:
                self._refuse(CloseCode.PROTOCOL_ERROR, "fragments out of order")
                return
            if whole is None:
                return
            first, data = whole
        message: str | bytes = data
        if first & TEXT:
            try:
                message = data.decode()
            except UnicodeDecodeError:
                self._refuse(CloseCode.INVALID_DATA, "not UTF-8")  # RFC 6455, 8.1
                return
        pause = (self._socket or self._holder).take(message)
        if pause is not None:
            self._hold(pause)

    def _refuse(self, code: int, reason: str) -> None:
        """Fail the connection."""
        self._holder.fail(code, reason)
        self._ask()

    def _refuse_size(self) -> None:
        """Close before the whole message has come; neither it nor what follows is taken."""
        self._fragments.clear()
        if self._socket is None:
            self._holder.refuse_size()
            self._ask()
        elif not self._socket.closing:
            self._socket.refuse_size(self._holder.largest)
        self._socket = None

    def _drain(self) -> None:
        """Deliver the messages that the holder has put together."""
        messages = self._holder.take_early()
        if messages:
            self._early = self._early or deque()
            self._early.extend(messages)
        while self._early and not self._held:
            message = self._early.popleft()
            pause = (self._socket or self._holder).take(message)
            if pause is not None:
                self._hold(pause)
            elif len(message) > _TURN:  # it may have been a few bytes before it was unpacked
                self._hold(asyncio.sleep(0))
        if not self._held:
            self._holder.go_on()

    def _hold(self, pause: Awaitable[None]) -> None:
        self._held = True
        self._transport.pause_reading()
        self._waiter = asyncio.ensure_future(pause)
        self._waiter.add_done_callback(self._end_hold)

    def _end_hold(self, waiter: asyncio.Future[None]) -> None:
        self._waiter = None
        if not waiter.cancelled():
            self._context.run(self._go_on)  # the engine may have attached meanwhile

    def _go_on(self) -> None:
        self._held = False
        self._drain()
        data = b"".join(self._parts)
        if data and not self._held:
            self._keep(b"", 0)
            self._split(data)
        if not self._held and not self._transport.is_closing():
            self._transport.resume_reading()
