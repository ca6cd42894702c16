"""A short way between uvicorn's WebSocket and the engine: when it is taken, and uvicorn's class with more answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import PayloadTooBig

from .shortcut import Shortcut

if TYPE_CHECKING:
    from ..session import EngineSocket

_UNREADABLE = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
# What is read and set of uvicorn's; a release without one of them is served the long way.
_RELIED_ON = (
    "close_sent",
    "config",
    "conn",
    "connections",
    "handle_parser_exception",
    "queue",
    "read_paused",
    "writable",
)


def take_over(receive: Any, socket: EngineSocket) -> Shortcut | None:
    """Deliver to `socket` from the transport from now on; None where only the server's way is possible.

    Args:
        receive: The ASGI callable that the engine was given.
        socket: What takes the messages.
    """
    protocol: Any = getattr(receive, "__self__", None)
    known = type(protocol) in (WebSocketsSansIOProtocol, WebSocketProtocol)  # others may override anything
    if not known or not all(hasattr(protocol, name) for name in _RELIED_ON):
        return None
    return Shortcut(protocol, socket)


def limit_messages(receive: Any, limit: int) -> None:
    """Have uvicorn's parser refuse messages over `limit` bytes, unpacked ones too, from now on.

    Uvicorn's own limit holds for all its connections, and is 16 MiB unless it is told otherwise. It is the
    size that compressed messages are unpacked to before anything else sees them. Where something has
    wrapped `receive` on the way, nothing is changed.
    """
    owner = getattr(receive, "__self__", None)
    if not isinstance(owner, WebSocketsSansIOProtocol):
        return
    conn: Any = owner.conn
    for name in ("max_message_size", "max_size"):  # the latter in older releases of websockets
        if isinstance(largest := getattr(conn, name, None), int):
            setattr(conn, name, min(largest, limit))


def find_limit(receive: Any) -> int | None:
    """Return the largest WebSocket message that uvicorn takes, or None behind another server or a wrapper."""
    owner: Any = getattr(receive, "__self__", None)
    if not hasattr(owner, "config"):  # that of a request, whose connection knows
        owner = getattr(getattr(owner, "transport", None), "get_protocol", lambda: None)()
    limit = getattr(getattr(owner, "config", None), "ws_max_size", None)
    return limit if isinstance(limit, int) else None


def refused_size(receive: Any) -> bool | None:
    """Return whether uvicorn refused a message for its size, or None behind another server or a wrapper."""
    owner = getattr(receive, "__self__", None)
    if not isinstance(owner, WebSocketsSansIOProtocol):
        return None
    return isinstance(owner.conn.parser_exc, PayloadTooBig)


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """uvicorn's protocol, with an answer to what it hangs or fails on before the handshake is over.

    Optional: ``uvicorn --ws asynction_asgi.engine.protocol:WebSocketProtocol``; `asynction-asgi run` has it.
    The parser of websockets takes smaller heads than that of HTTP, and uvicorn waits for what can't come.
    """

    def data_received(self, data: bytes) -> None:
        """Hand on, and see whether the handshake can still succeed."""
        super().data_received(data)
        unanswered = self.conn.handshake_exc is not None and self.conn.eof_sent
        if unanswered and not self.transport.is_closing():
            self.transport.write(_UNREADABLE)
            self.transport.close()

    def handle_parser_exception(self) -> None:
        """Hang up on who sends frames that are none before the handshake is answered: uvicorn asserts there."""
        if self.conn.close_sent is None:
            self.transport.write(_UNREADABLE)
            self.transport.close()
        else:
            super().handle_parser_exception()
