"""A WebSocket that this package handles from the handshake to the close, without uvicorn's protocol classes.

It behaves as `WebSocketsSansIOProtocol` of uvicorn 0.54 does, on the wire and towards the application, and
costs half of it: no `asyncio.Queue`, no event and no parser for each connection, and the head is read once. It is a whole
ASGI WebSocket, as any application may be served by it, and any middleware may stand between.

While a message waits for the application, control frames behind it wait, too. It differs for clients that
break the protocol: the reasons of close frames have other words, control frames and invalid ones before the 101
are answered by 400, and control frames with a non-minimal length encoding are errors.
"""

from __future__ import annotations

import asyncio
import contextvars
from typing import TYPE_CHECKING, Any

from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.utils import ClientDisconnected
from websockets.frames import CloseCode, Opcode

from ....logs import uvicorns_logger
from ...wire.frames import header
from .answers import UNREADABLE, make_scope, phrase
from .control import FrameError, close_frame, parse_close, parse_control, pong_frame
from .handshake import Handshake
from .keepalive import Keepalive
from .mailbox import Mailbox
from .shortcut import Shortcut

if TYPE_CHECKING:
    import uvicorn
    from uvicorn.server import ServerState

    from ...ports import Receiver
    from .opening import Opening

# Plain numbers, as applications see them.
_NO_STATUS, _ABNORMAL = int(CloseCode.NO_STATUS_RCVD), int(CloseCode.ABNORMAL_CLOSURE)
_RESTART = int(CloseCode.SERVICE_RESTART)
# In seconds, as uvicorn has it: for the client's close frame after ours.
_CLOSE_SECONDS = 10.0

_logger = uvicorns_logger()


def open_websocket(
    opening: Opening,
    transport: asyncio.Transport,
    config: uvicorn.Config,
    state: ServerState,
    app_state: dict[str, Any],
) -> None:
    """Serve a WebSocket from now on: call the application, and take what comes from the transport."""
    scope = make_scope(opening, transport, config, app_state)
    websocket = OwnWebSocket(transport, scope, opening.accept, config, state)
    websocket.shortcut = Shortcut(websocket, contextvars.copy_context())
    # Not in the shortcut's context, which can't be entered while the task runs: TLS may deliver within a call of close.
    app = config.loaded_app
    if type(app) is ProxyHeadersMiddleware and not opening.forwarded:
        app = app.app  # it would pass everything through unchanged
    task = asyncio.get_running_loop().create_task(websocket.run(app, scope))
    task.add_done_callback(state.tasks.discard)
    state.tasks.add(task)


class OwnWebSocket:
    """One WebSocket: its ASGI side, control frames, and the close.

    Attributes:
        transport: Of the connection.
        connections: What uvicorn shuts down.
        largest: The most bytes that one message may have.
        compress: None: handshakes that ask for it are left to uvicorn.
        close_sent: Whether a close frame, or an answer other than 101, was sent.
        wants_frames: Never.
        shortcut: Splits what comes; None once the transport is gone.
        config: Of uvicorn.
    """

    __slots__ = (
        *("_close_timer", "_emptied", "_engaged", "_handshake", "_is_over", "_keepalive", "_mailbox"),
        *("_writable", "close_sent", "config", "connections", "largest", "shortcut", "transport"),
    )
    compress = None
    wants_frames = False

    def __init__(
        self,
        transport: asyncio.Transport,
        scope: dict[str, Any],
        proof: bytes,
        config: uvicorn.Config,
        state: ServerState,
    ) -> None:
        self.transport = transport
        self.config = config
        self.connections: set[Any] = state.connections
        self.largest: int = config.ws_max_size
        self.shortcut: Shortcut | None = None
        self.close_sent = False
        self._is_over = False  # whatever comes is discarded
        self._handshake: Handshake | None = Handshake(scope, proof, state.default_headers)
        self._engaged = False
        self._mailbox = Mailbox({"type": "websocket.connect"})
        self._emptied: asyncio.Future[None] | None = None
        self._writable: asyncio.Event | None = None
        self._close_timer: asyncio.TimerHandle | None = None
        self._keepalive: Keepalive | None = None

    # -- what the engine uses --------------------------------------------------------------

    @property
    def wants_reads(self) -> bool:
        """Whether whatever comes is discarded."""
        return self._is_over

    def limit(self, largest: int) -> None:
        """Refuse messages of more bytes."""
        self.largest = min(self.largest, largest)
        if self.shortcut is not None:
            self.shortcut.limit(self.largest)

    def accept_with(self, frame: bytes) -> bool:
        """Accept the handshake, and send a frame in the same piece; return False if `send` has to do the former."""
        if self._handshake is None or self._writable is not None or self.shortcut is None:
            return False
        self._answer(self._handshake, {"type": "websocket.accept"}, frame)
        return True

    def engage(self, socket: Receiver) -> Shortcut | None:
        """Deliver messages straight to the engine from now on; return None if the transport is gone."""
        if self.shortcut is not None:
            self._engaged = True
            self._stop_keepalive()  # Engine.IO's heartbeat knows when reading is paused
            self.shortcut.attach(socket)
        return self.shortcut

    # -- ASGI ------------------------------------------------------------------------------

    async def run(self, app: Any, scope: dict[str, Any]) -> None:
        """Call the application, and end the connection after it."""
        try:
            result = await app(scope, self.receive, self.send)
        except ClientDisconnected:
            pass
        except BaseException:
            _logger.exception("Exception in ASGI application\n")
            self._refuse_by_500()
        else:
            if self._handshake is not None:
                _logger.error("ASGI callable returned without completing handshake.")
                self._refuse_by_500()
            elif result is not None:
                _logger.error("ASGI callable should return None, but returned '%s'.", result)
        if self._close_timer is None:
            self.transport.close()

    async def receive(self) -> dict[str, Any]:
        """Return the next event of ASGI."""
        event = await self._mailbox.get()
        if self._emptied is not None and not self._mailbox:
            self._take_next()
        return event

    async def send(self, message: Any) -> None:
        """Take an event of ASGI.

        Raises:
            ClientDisconnected: The client is gone.
            RuntimeError: It can't be sent now.
        """
        if self._writable is not None:
            await self._writable.wait()
        if self.shortcut is None:
            raise ClientDisconnected
        kind = message["type"]
        if self._handshake is not None:
            self._answer(self._handshake, message)
        elif self.close_sent:
            raise RuntimeError(f"Unexpected ASGI message '{kind}', after sending 'websocket.close'.")
        elif kind == "websocket.send":
            self._send(message)
        elif kind == "websocket.close":
            self._close(message.get("code", 1000), message.get("reason", "") or "")
        else:
            raise RuntimeError(
                f"Expected ASGI message 'websocket.send' or 'websocket.close', but got '{kind}'."
            )

    def _answer(self, handshake: Handshake, message: Any, behind: bytes = b"") -> None:
        answer = handshake.take(message)
        if answer is None:
            return
        data, refusal = answer
        if refusal is not None:
            self._refuse(data, refusal)
        elif not self.transport.is_closing():
            self._handshake = None
            self.transport.write(data + behind)
            _logger.info("connection open")
            if self.config.ws_ping_interval:
                interval, timeout = self.config.ws_ping_interval, self.config.ws_ping_timeout
                self._keepalive = Keepalive(self, interval, timeout)

    def _refuse(self, answer: bytes, status: int) -> None:
        """Answer the handshake with anything but 101."""
        self._handshake = None
        self.close_sent = True
        self._mailbox.put({"type": "websocket.disconnect", "code": _ABNORMAL})
        self.transport.write(answer)
        _logger.info("connection rejected (%d %s)", status, phrase(status))
        self.transport.close()

    def _refuse_by_500(self) -> None:
        if self._handshake is not None and (answer := self._handshake.fail()) is not None:
            self._refuse(answer, 500)

    # -- messages --------------------------------------------------------------------------

    def _send(self, message: Any) -> None:
        if self._is_over:
            raise ClientDisconnected
        data, text = message.get("bytes"), message.get("text")
        if data is not None:
            self.transport.write(header(True, len(data)) + data)
        elif text is not None:
            data = text.encode()
            self.transport.write(header(False, len(data)) + data)

    def take(self, message: str | bytes) -> asyncio.Future[None] | None:
        """Keep a message for `receive`; the next one comes once this one was received."""
        if self.close_sent or self._engaged:
            return None
        key = "text" if isinstance(message, str) else "bytes"
        self._mailbox.put({"type": "websocket.receive", key: message})
        self._emptied = asyncio.get_running_loop().create_future()
        return self._emptied

    def _take_next(self) -> None:
        if self._emptied is not None and not self._emptied.done():
            self._emptied.set_result(None)
        self._emptied = None

    def take_early(self) -> list[str | bytes]:
        """Return the messages that came before the engine took over."""
        if not self._engaged:
            return []
        events = self._mailbox.take("websocket.receive")
        self._take_next()
        return [event["text"] if "text" in event else event["bytes"] for event in events]

    def go_on(self) -> None:
        """Do nothing: only the shortcut pauses reading."""

    # -- control frames and errors ---------------------------------------------------------

    def read(self, data: bytes) -> bool:
        """Read a whole control frame, or find the error in a frame's header."""
        if self._is_over:
            return True
        try:
            opcode, body = parse_control(data)
            if self._handshake is not None:
                self._refuse_early()
            elif opcode == Opcode.PING:
                self.transport.write(pong_frame(body))
            elif opcode == Opcode.CLOSE:
                self._take_close(body)
            elif self._keepalive is not None:
                self._keepalive.take_pong(body)
        except FrameError as error:
            self.fail(error.code, error.reason)
        return True

    def _take_close(self, body: bytes) -> None:
        """Answer the client's close frame, or end after its answer to ours."""
        close = parse_close(body)
        if self.shortcut is not None and self.shortcut.in_message:
            raise FrameError(CloseCode.PROTOCOL_ERROR, "incomplete fragmented message")
        self._is_over = True
        if self.close_sent:
            self._stop_timer()
            self.transport.close()
        elif not self.transport.is_closing():
            code = int(close.code)
            self._mailbox.put({"type": "websocket.disconnect", "code": code, "reason": close.reason})
            self.transport.write(close_frame(None if code == _NO_STATUS else code, close.reason))
            self.transport.close()

    def fail(self, code: int, reason: str) -> None:
        """Fail the connection (RFC 6455, 7.1.7); whatever follows is discarded."""
        self._is_over = True
        if self._handshake is not None:
            self._refuse_early()
            return
        if not self.close_sent:
            self._mailbox.put({"type": "websocket.disconnect", "code": int(code), "reason": reason})
            self.transport.write(close_frame(code, reason))
            self.close_sent = True
        self.transport.close()

    def _refuse_early(self) -> None:
        """Answer a client that sent an invalid or a control frame before its handshake was answered."""
        self._is_over = True
        if not self.transport.is_closing():
            self.transport.write(UNREADABLE)
            self.transport.close()

    def refuse_size(self) -> None:
        """Fail the connection for a message that is too large, unless the engine closes it."""
        if not self._engaged:
            self.fail(CloseCode.MESSAGE_TOO_BIG, f"over {self.largest} bytes")

    # -- the end ---------------------------------------------------------------------------

    def _close(self, code: int | None, reason: str) -> None:
        if self.transport.is_closing():
            return
        self._mailbox.put({"type": "websocket.disconnect", "code": code, "reason": reason})
        if self._is_over:
            raise ClientDisconnected
        self.transport.write(close_frame(code, reason))
        self.close_sent = True
        self._take_next()
        self._close_timer = asyncio.get_running_loop().call_later(_CLOSE_SECONDS, self.transport.close)

    def _stop_keepalive(self) -> None:
        if self._keepalive is not None:
            self._keepalive.stop()
            self._keepalive = None

    def _stop_timer(self) -> None:
        if self._close_timer is not None:
            self._close_timer.cancel()
            self._close_timer = None

    def shutdown(self) -> None:
        """Close with 1012, as the server stops."""
        self._stop_keepalive()
        if self.close_sent or self._is_over:
            self._stop_timer()
        elif self._handshake is None:
            self._mailbox.put({"type": "websocket.disconnect", "code": _RESTART})
            self.transport.write(close_frame(_RESTART))
            self.close_sent = True
        else:
            self._refuse_by_500()
        self.transport.close()

    def pause_writing(self) -> None:
        """Let senders wait."""
        self._writable = asyncio.Event()

    def resume_writing(self) -> None:
        """Let senders go on."""
        if self._writable is not None:
            self._writable.set()
            self._writable = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the application that the client is gone."""
        code = _NO_STATUS if self._handshake is None else _ABNORMAL
        self._mailbox.put({"type": "websocket.disconnect", "code": code})
        self._handshake = None
        self.resume_writing()
        self._stop_timer()
        self._stop_keepalive()
        self.shortcut = None
        if exc is None:
            self.transport.close()
