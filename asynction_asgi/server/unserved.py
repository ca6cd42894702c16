"""Answers where nothing is served."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..metrics.monitor import send_text

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    Scope = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


async def unavailable(scope: Scope, _: Receive, send: Send) -> None:
    """Answer every request with 503."""
    await refuse(scope, send, 503, "Service Unavailable")


async def refuse(scope: Scope, send: Send, status: int, text: str) -> None:
    """Answer a request with a status and a text, and close a WebSocket."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1000})
        return
    await send_text(scope, send, status, text)
