"""Uvicorn's HTTP protocol class, with a bound on what it keeps of a request before the application has it.

httptools keeps heads and trailers of any size. h11, which uvicorn uses without it, has a bound of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

from .joining import JoiningTransport

if TYPE_CHECKING:
    import asyncio

# For a head, the trailers of a body, and all else around it.
_MOST_BYTES = 64 * 1024
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
LATE = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"

_Base: Any = AutoHTTPProtocol


class BoundedProtocol(_Base):  # type: ignore[misc]  # which of uvicorn's classes is decided at run time
    """Ends connections whose client sends too much that is neither a whole head nor part of a body.

    Attributes:
        head_seconds: For the head of each request after the first, from its first byte.
    """

    head_seconds = 0.0
    transport: Any
    _is_read = True  # whether the last data completed a head, or were part of a body
    _in_head = True
    _unread = 0  # bytes since then
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Write to the client in whole responses."""
        super().connection_made(JoiningTransport(transport, self.loop))

    def handle_websocket_upgrade(self) -> None:
        """Leave the transport itself to the protocol of WebSocket."""
        self.transport = self.transport.plain
        super().handle_websocket_upgrade()

    def data_received(self, data: bytes) -> None:
        """Read, and count what leads to nothing."""
        self._is_read = False
        super().data_received(data)
        if self._is_read:
            self._unread = 0
            if self._timer is not None:
                self._stop_timer()
            return
        self._unread += len(data)
        if self._unread > _MOST_BYTES:
            self._refuse(_TOO_LARGE)
        elif self._in_head and self._timer is None and self.cycle is not None:
            self._timer = self.loop.call_later(self.head_seconds, self._refuse, LATE)

    def on_headers_complete(self) -> None:
        """Begin a request."""
        self._is_read, self._in_head = True, False
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a part of a body."""
        self._is_read = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End a request."""
        self._is_read = self._in_head = True
        super().on_message_complete()

    def _refuse(self, answer: bytes) -> None:
        """Close, with an answer unless another one has begun."""
        self._stop_timer()
        if self.transport.is_closing():
            return
        cycle = self.cycle
        if cycle is None or cycle.response_complete or not cycle.response_started:
            self.transport.write(answer)
        self.transport.close()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timer."""
        self._stop_timer()
        super().connection_lost(exc)


def is_bounded() -> bool:
    """Return whether uvicorn's class is that for httptools; the one for h11 has bounds of its own."""
    return hasattr(_Base, "on_headers_complete")
