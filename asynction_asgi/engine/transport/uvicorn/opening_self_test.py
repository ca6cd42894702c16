"""Whether WebSockets that we open are what uvicorn's classes would make of them, found out by driving both.

Runs once per process that opens its own, on transports that only record, in a few milliseconds.
"""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.server import ServerState

from ....logs import uvicorns_logger
from .http import HttpProtocol
from .offline import HANDSHAKE, Transport, check, frame, until
from .protocol import WebSocketProtocol

if TYPE_CHECKING:
    import logging

_HEAD = HANDSHAKE.replace(b"GET /", b"GET /a%20b?c=d") + b"Sec-WebSocket-Protocol: chat, more\r\nX: y\r\n\r\n"
_HEADERS = [(b"date", b"now"), (b"server", b"uvicorn")]
_TEXT, _CLOSE = 0x81, 0x88


def run() -> None:
    """Drive our HTTP protocol and uvicorn's through a connection; needs a thread without an event loop.

    Raises:
        MismatchError: They differ; nothing of the process was changed.
    """
    logger, thread = uvicorns_logger(), threading.get_ident()

    def is_elsewhere(record: logging.LogRecord) -> bool:
        return record.thread != thread

    logger.addFilter(is_elsewhere)
    try:
        asyncio.run(_run())
    finally:
        logger.removeFilter(is_elsewhere)


async def _run() -> None:
    ours = await _Visit().make(_HEAD)
    theirs = await _Visit().make(_HEAD[:20], _HEAD[20:])
    for name in ("scope", "events", "sent"):
        mine, other = getattr(ours, name), getattr(theirs, name)
        check(that=mine == other, what=f"uvicorn has another {name} of a WebSocket: {other!r}, not {mine!r}")
    for visit in (ours, theirs):
        check(that=not visit.state.connections, what="a connection stays after its end")


class _Visit:
    """A client that sends one message and closes, and what the application has seen of it."""

    def __init__(self) -> None:
        self.scope: Any = None
        self.events: list[Any] = []
        self.sent = b""
        self.state = ServerState()
        self.state.default_headers = _HEADERS

    async def _serve(self, scope: Any, receive: Any, send: Any) -> None:
        self.scope = scope
        self.events.append(await receive())
        await send({"type": "websocket.accept", "subprotocol": "chat", "headers": [(b"x", b"y")]})
        while (event := await receive())["type"] == "websocket.receive":
            self.events.append(event)
            await send({"type": "websocket.send", "text": "answer"})
        self.events.append(event)

    async def make(self, *reads: bytes) -> _Visit:
        """Let the client come, with a head in one read or in several."""
        options: dict[str, Any] = {
            "proxy_headers": False,
            "log_config": None,
            "lifespan": "off",
            "ws": "none",
        }
        config = uvicorn.Config(self._serve, interface="asgi3", ws_per_message_deflate=False, **options)
        config.load()
        # Ours passes it by, and theirs must be the same behind it.
        config.loaded_app = ProxyHeadersMiddleware(self._serve, "*")
        config.ws_protocol_class = WebSocketProtocol
        # mypy: the transport is one of asyncio's, which only records.
        protocol: Any = HttpProtocol(config, self.state, {}, asyncio.get_running_loop())
        transport = Transport(protocol)
        protocol.connection_made(transport)
        for number, data in enumerate(reads):
            current: Any = transport.protocol
            current.data_received(data)
            current = transport.protocol
            if number < len(reads) - 1:
                waits = getattr(current, "cycle", self) is None and current in self.state.connections
                check(that=waits, what="uvicorn's protocol does not show that no request has begun")
        await until(lambda: b"\r\n\r\n" in transport.sent, "the handshake is not answered")
        for data in (frame(_TEXT, b"word"), frame(_CLOSE, b"\x03\xe8")):
            current = transport.protocol
            current.data_received(data)
            await until(lambda: len(self.events) > 1, "a message does not arrive")
        await until(lambda: transport.closed, "the client's close frame is not answered")
        current = transport.protocol
        current.connection_lost(None)
        await until(lambda: not self.state.tasks, "the application does not learn of the end")
        self.sent = transport.sent
        return self
