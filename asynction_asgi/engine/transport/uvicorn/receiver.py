"""What the shortcut needs of the engine: the few parts of a session that it calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable
    from contextvars import Context


class Owner(Protocol):
    """The Socket.IO half of the server."""

    def begin_stop(self) -> asyncio.Task[None] | None:
        """Let clients go; return the task that does so, if there is one."""
        ...


class Engine(Protocol):
    """The Engine.IO half of the server."""

    owner: Any
    max_http_buffer_size: Any


class Connection(Protocol):
    """What the Socket.IO layer knows of a client."""

    context: Context


class Receiver(Protocol):
    """Takes the messages of one connection."""

    @property
    def server(self) -> Engine:
        """The server that it belongs to."""
        ...

    @property
    def connection(self) -> Connection:
        """Holds the context in which messages are to be handled."""
        ...

    @property
    def closing(self) -> bool:
        """Whether it takes nothing any more."""
        ...

    def take(self, data: str | bytes) -> Awaitable[None] | None:
        """Take one message; what is returned must be awaited before the next one."""
        ...

    def flush(self) -> object:
        """Write what waits, now that the transport takes it."""
        ...

    def refuse_size(self, server_limit: int | None = None) -> None:
        """Close because of a message that is too large."""
        ...
