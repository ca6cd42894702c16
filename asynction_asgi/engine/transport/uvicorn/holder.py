"""The object that handles everything a `Shortcut` does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable, Iterable

    from ...wire.frames import Frame


class Holder(Protocol):
    """Holds an open WebSocket: answers control frames, fails and closes it, and serves its ASGI side.

    Attributes:
        transport: Of the connection.
        connections: What uvicorn shuts down; the shortcut is one of them.
        largest: The most bytes that one message may have.
    """

    transport: asyncio.Transport
    connections: set[Any]
    largest: int

    @property
    def compress(self) -> Callable[[Iterable[Frame]], None] | None:
        """Compresses frames and sends them; None if messages are not compressed."""
        ...

    @property
    def close_sent(self) -> bool:
        """Whether a close frame was sent, after which nothing may be."""
        ...

    @property
    def wants_reads(self) -> bool:
        """Whether it must be given every read unchanged, such as all that follows an error."""
        ...

    @property
    def wants_frames(self) -> bool:
        """Whether it must be given data frames, too, as only it can read them."""
        ...

    def read(self, data: bytes) -> bool:
        """Read a whole control frame, data that it wants, or data with an error in its first frame.

        Returns:
            Whether the data has room; False if a message has too many parts.
        """
        ...

    def take(self, message: str | bytes) -> Awaitable[None] | None:
        """Take a message that has no other receiver; await the result, if any, before the next one."""
        ...

    def take_early(self) -> list[str | bytes]:
        """Return the messages that it has read, and forget them."""
        ...

    def go_on(self) -> None:
        """Read on, if it had paused reading by itself."""
        ...

    def fail(self, code: int, reason: str) -> None:
        """Fail the connection (RFC 6455, 7.1.7); whatever follows is discarded."""
        ...

    def refuse_size(self) -> None:
        """Fail the connection for a message that is too large, if nothing else has the connection closed."""
        ...

    def pause_writing(self) -> None:
        """Let senders wait: the transport's buffer is full."""
        ...

    def resume_writing(self) -> None:
        """Let senders go on."""
        ...

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the ASGI side that the connection is gone."""
        ...

    def shutdown(self) -> None:
        """Close: the server stops."""
        ...
