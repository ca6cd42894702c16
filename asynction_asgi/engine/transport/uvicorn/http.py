"""uvicorn's HTTP protocol, with WebSocket handshakes answered before it."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

from ....logs import uvicorns_logger
from .connection import open_connection
from .opening import parse_opening
from .protocol import WebSocketProtocol, WebSocketsSansIOProtocol

if TYPE_CHECKING:
    import uvicorn
    from uvicorn.server import ServerState

# In seconds, for the head of a connection's first request; uvicorn itself would wait for ever.
_HEAD_SECONDS = 20.0
_END = b"\r\n\r\n"
_LATE = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"

_logger = uvicorns_logger()


class HttpProtocol(asyncio.Protocol):
    """Opens WebSockets itself, and leaves all else, and every handshake that it doubts, to uvicorn's class.

    Optional: ``uvicorn --http asynction_asgi.engine.transport.uvicorn.http:HttpProtocol``;
    `asynction-asgi run` has it.
    """

    __slots__ = (
        "_app_state",
        "_config",
        "_connections",
        "_deadline",
        "_next",
        "_opens",
        "_state",
        "_transport",
    )

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        if not config.loaded:
            config.load()
        self._config = config
        self._state = server_state
        self._connections: set[Any] = server_state.connections
        self._app_state = app_state
        self._next: Any = None  # uvicorn's protocol, once it has the connection
        # At DEBUG uvicorn and websockets log more than is said here.
        known = config.ws_protocol_class in (WebSocketsSansIOProtocol, WebSocketProtocol)
        self._opens = known and not _logger.isEnabledFor(logging.DEBUG)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the head of a request, for a bounded time."""
        self._transport: Any = transport
        self._connections.add(self)
        self._deadline = asyncio.get_running_loop().call_later(_HEAD_SECONDS, self._end_wait)

    def data_received(self, data: bytes) -> None:
        """Open a WebSocket, or leave the connection to uvicorn."""
        opening = parse_opening(data) if self._opens else None
        if opening is not None and not (opening.extends and self._config.ws_per_message_deflate):
            self._leave()
            open_connection(opening, self._transport, self._config, self._state, self._app_state)
            return
        self._connections.discard(self)
        self._next = AutoHTTPProtocol(self._config, self._state, self._app_state)  # type: ignore[call-arg]  # the constructor of uvicorn's classes
        self._transport.set_protocol(self._next)
        self._next.connection_made(self._transport)
        self._next.data_received(data)
        if _END in data:
            self._deadline.cancel()

    def _leave(self) -> None:
        self._deadline.cancel()
        self._connections.discard(self)

    def _end_wait(self) -> None:
        """Close a connection whose first request has no whole head yet."""
        if self._next is None:
            self._transport.close()
        elif (
            self._transport.get_protocol() is self._next
            and self._next.cycle is None
            and not self._transport.is_closing()
        ):
            self._transport.write(_LATE)
            self._next.shutdown()

    def eof_received(self) -> None:
        """Let the transport close, as uvicorn does."""

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's signature
        """Forget a connection that has sent nothing."""
        self._leave()

    def shutdown(self) -> None:
        """Close: the server stops, and no request has begun."""
        self._transport.close()
