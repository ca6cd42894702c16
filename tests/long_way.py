"""A subclass of uvicorn's WebSocket protocol, which is served by plain ASGI like other servers."""

from __future__ import annotations

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol


class LongWay(WebSocketsSansIOProtocol):
    """A subclass that the engine does not take over, as it only knows uvicorn's own class."""
