"""Answers where nothing is served."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    Scope = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


async def unavailable(scope: Scope, _: Receive, send: Send) -> None:
    """Answer every request with 503."""
    await refuse(scope, send, 503, b"Service Unavailable")


async def refuse(scope: Scope, send: Send, status: int, body: bytes) -> None:
    """Answer a request with a status and a text, and close a WebSocket."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1000})
        return
    headers = [(b"content-type", b"text/plain")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
