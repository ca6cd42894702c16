"""uvicorn's WebSocket protocol as a class of somebody else's: served by plain ASGI, as other servers are."""

from __future__ import annotations

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol


class LongWay(WebSocketsSansIOProtocol):
    """The engine takes over uvicorn's own class alone, so a subclass of it goes the long way."""
