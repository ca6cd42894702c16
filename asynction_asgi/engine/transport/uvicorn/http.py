"""uvicorn's HTTP protocol, with WebSocket handshakes answered before it."""

from __future__ import annotations

import asyncio
import logging
import weakref
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from ....logs import uvicorns_logger
from .heads import LATE
from .opening import parse_opening
from .own_websocket import open_websocket
from .protocol import WebSocketProtocol
from .request_class import request_class

if TYPE_CHECKING:
    import uvicorn
    from uvicorn.server import ServerState

# In seconds, for the head of a connection's first request; uvicorn itself would wait for ever.
_HEAD_SECONDS = 20.0

_logger = uvicorns_logger()


class HttpProtocol(asyncio.Protocol):
    """Opens WebSockets itself, and leaves all else, and every handshake that it doubts, to uvicorn's class.

    Optional: ``uvicorn --http asynction_asgi.engine.transport.uvicorn.http:HttpProtocol``;
    `asynction-asgi run` has it.
    """

    opens = True
    __slots__ = (
        "_app_state",
        "_config",
        "_connections",
        "_deadline",
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
        # At DEBUG uvicorn and websockets log more than is said here.
        known = config.ws_protocol_class in (WebSocketsSansIOProtocol, WebSocketProtocol)
        self._opens = self.opens and known and not _logger.isEnabledFor(logging.DEBUG)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the head of a request, for a bounded time."""
        self._transport: Any = transport
        self._connections.add(self)
        self._deadline = asyncio.get_running_loop().call_later(_HEAD_SECONDS, transport.close)

    def data_received(self, data: bytes) -> None:
        """Open a WebSocket, or leave the connection to uvicorn."""
        self._leave()
        opening = parse_opening(data) if self._opens else None
        if opening is not None and not (opening.extends and self._config.ws_per_message_deflate):
            open_websocket(opening, self._transport, self._config, self._state, self._app_state)
            return
        protocol: Any = request_class()(self._config, self._state, self._app_state)
        protocol.head_seconds = _HEAD_SECONDS
        self._transport.set_protocol(protocol)
        protocol.connection_made(self._transport)
        protocol.data_received(data)
        if _lacks_head(protocol):
            loop = asyncio.get_running_loop()
            loop.call_at(self._deadline.when(), _end_wait, weakref.ref(protocol))

    def _leave(self) -> None:
        self._deadline.cancel()
        self._connections.discard(self)

    def eof_received(self) -> None:
        """Let the transport close, as uvicorn does."""

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's signature
        """Forget a connection that has sent nothing."""
        self._leave()

    def shutdown(self) -> None:
        """Close: the server stops, and no request has begun."""
        self._transport.close()


class DeferringHttpProtocol(HttpProtocol):
    """Leaves all to uvicorn's class, and closes connections whose first request does not come in time."""

    opens = False
    __slots__ = ()


def _lacks_head(protocol: Any) -> bool:
    """Return whether uvicorn's protocol has a connection whose first request has no whole head yet."""
    return protocol.cycle is None and protocol in protocol.connections and not protocol.transport.is_closing()


def _end_wait(reference: weakref.ref[Any]) -> None:
    """Answer a client that is late, unless it is gone: the timer keeps nothing of it."""
    protocol = reference()
    if protocol is not None and _lacks_head(protocol):
        protocol.transport.write(LATE)
        protocol.shutdown()
