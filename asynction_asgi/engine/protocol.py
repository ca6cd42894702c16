"""A WebSocket protocol class for uvicorn: ``uvicorn --ws asynction_asgi.engine.protocol:WebSocketProtocol``.

Optional; `asynction-asgi run` chooses it. Whole masked text frames, which is nearly all that a
Socket.IO client sends, take a short way from the transport to the engine: no queue, no wake-up of a
task, no pausing and resuming of the transport. A frame that is sent to many is made once. All else
(the handshake, control frames, fragments, binary messages, compression, errors, other applications)
is uvicorn's own sans-io implementation, which is handed whole frames.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import apply_mask  # type: ignore[attr-defined]  # its C version where there is one
from websockets.protocol import State

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable

    from .frames import Frame
    from .transport import EngineSocket

# RFC 6455, 5.2
_FIN = 0x80
_TEXT = 0x81  # with FIN, without extension bits
_LAST_FRAGMENT = 0x80  # a continuation with FIN
_MASKED = 0x80
_INVALID_DATA = 1007


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """uvicorn's protocol with a short way for the engine's text frames.

    It is taken once the engine's socket is attached, which happens only where nothing between the
    server and the engine has wrapped ``receive``.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._socket: EngineSocket | None = None
        self._upgraded = False
        self._foreign = False  # frames that can't be told apart here are uvicorn's from then on
        self._fragmented = False
        self._held = False  # the engine takes nothing until it says so
        self._parts: list[bytes] = []
        self._size = 0
        self._wanted = 0
        self._waiter: asyncio.Task[None] | None = None

    # -- what the engine uses --------------------------------------------------------------

    def attach(self, socket: EngineSocket) -> bool:
        """Deliver messages to `socket` from now on; False where only uvicorn's way is possible."""
        if self._foreign or self.conn.extensions:
            return False
        self._socket = socket
        # What came between the acceptance and now waits in uvicorn's queue.
        while not self.queue.empty():
            event = self.queue.get_nowait()
            if event["type"] != "websocket.receive":
                self.queue.put_nowait(event)
                break
            self._deliver(event.get("text") or event.get("bytes") or "")
        if self.read_paused:
            self.read_paused = False
            if not self._held:
                self.transport.resume_reading()
        return True

    def write(self, frame: Frame) -> bool:
        """Send now; False while the peer reads too slowly."""
        if not self.writable.is_set():
            return False
        if not self.close_sent and not self.transport.is_closing():
            self.transport.write(frame.wire)
        return True

    def resume_writing(self) -> None:
        """The transport takes more again."""
        super().resume_writing()
        if self._socket is not None:
            self._socket.flush()

    # -- what uvicorn calls ----------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Split what arrived into frames."""
        if self._foreign or not self._upgraded:
            # uvicorn passes the request of the handshake in one piece.
            self._upgraded = True
            super().data_received(data)
            return
        if self._parts or self._held:
            self._parts.append(data)
            self._size += len(data)
            if self._held or self._size < self._wanted:
                return
            data = b"".join(self._parts)
            self._keep(b"", 0)
        self._split(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """The transport is gone; uvicorn tells the application, and the engine reads that there."""
        if self._waiter is not None:
            self._waiter.cancel()
        super().connection_lost(exc)
        self._socket = None

    def send_receive_event_to_app(self) -> None:
        """A binary or fragmented message is complete."""
        if self._socket is None:
            super().send_receive_event_to_app()
            return
        data = b"".join(self.frames)
        self.frames = []
        if not self.close_sent:
            if self.curr_msg_data_type == "bytes":
                self._deliver(data)
                return
            try:
                text = data.decode()
            except UnicodeDecodeError:
                self._refuse_text()
            else:
                self._deliver(text)

    # -- frames ----------------------------------------------------------------------------

    def _split(self, data: bytes) -> None:
        """Deliver the whole frames of `data`, keep the rest."""
        at, size = 0, len(data)
        while size - at >= 2 and not self._held:  # the shortest header
            if self._foreign:
                break
            length = data[at + 1] & 0x7F
            body = at + 6  # behind the mask
            if length > 125:  # RFC 6455, 5.2: two or eight bytes of length follow
                wide = 2 if length == 126 else 8  # as above
                body += wide
                if size < body:
                    break
                length = int.from_bytes(data[at + 2 : at + 2 + wide])
            if not data[at + 1] & _MASKED or length > self.config.ws_max_size:
                self._foreign = True  # an error, which is uvicorn's to answer
                continue
            end = body + length
            if end > size:
                self._keep(data[at:], end - at)
                return
            if data[at] == _TEXT and self._socket is not None and not self._fragmented:
                try:
                    text = str(apply_mask(data[body:end], data[body - 4 : body]), "utf-8")
                except UnicodeDecodeError:
                    self._refuse_text()
                    return  # and whatever came behind it
                pause = self._socket.take(text)
                if pause is not None:
                    self._hold(pause)
            else:
                self._hand_on(data[at:end])
            at = end
        if at == size:
            return
        if self._foreign:
            super().data_received(data[at:])
        else:
            self._keep(data[at:], 0)

    def _keep(self, rest: bytes, wanted: int) -> None:
        self._parts = [rest] if rest else []
        self._size, self._wanted = len(rest), wanted

    def _hand_on(self, frame: bytes) -> None:
        first = frame[0]
        if not first & _FIN:
            self._fragmented = True
        elif first == _LAST_FRAGMENT:
            self._fragmented = False
        super().data_received(frame)
        if self.conn.state is not State.OPEN:
            self._foreign = True

    def _refuse_text(self) -> None:
        """RFC 6455, 8.1: text that is not UTF-8 fails the connection."""
        self.conn.fail(_INVALID_DATA, "not UTF-8")
        self._foreign = True
        self.handle_parser_exception()

    def _deliver(self, message: str | bytes) -> None:
        pause = self._socket.take(message) if self._socket is not None else None
        if pause is not None:
            self._hold(pause)

    def _hold(self, pause: Awaitable[None]) -> None:
        self._held = True
        self.transport.pause_reading()
        self._waiter = self.loop.create_task(self._wait(pause))

    async def _wait(self, pause: Awaitable[None]) -> None:
        await pause
        self._waiter = None
        self._held = False
        data = b"".join(self._parts)
        self._keep(b"", 0)
        if data:
            self._split(data)
        if not self._held and not self.transport.is_closing():
            self.transport.resume_reading()
