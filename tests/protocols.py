"""The protocol classes of uvicorn under which servers are tested, each by a value of its option ``ws``."""

from __future__ import annotations

# With this one the engine reaches the transport, and with the next it does not.
SHORT_WAY = "websockets-sansio"
LONG_WAY = "tests.long_way:LongWay"
# What `asynction-asgi run` uses; WebSockets are then opened by the HTTP protocol beside it.
OWN = "asynction_asgi.engine.transport.uvicorn.protocol:WebSocketProtocol"
OWN_HTTP = "asynction_asgi.engine.transport.uvicorn.http:HttpProtocol"


def http_beside(ws: str) -> str:
    """Return the value of uvicorn's option ``http`` that belongs to one of ``ws``."""
    return OWN_HTTP if ws == OWN else "auto"
