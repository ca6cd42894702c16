"""What the parts of the engine need of one another, so that none imports those above it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

    from .counts import Counts
    from .limits import Limits
    from .reports import Reports
    from .watch import Scope
    from .wire.codec import UndecodableError
    from .wire.frames import Burst, Frame


class Outlet(Protocol):
    """What waits for one client; peers write to it.

    Attributes:
        frames: Frames that the transport has not taken yet.
    """

    @property
    def frames(self) -> Collection[Frame]: ...  # noqa: D102  # described above

    @property
    def congested(self) -> bool:
        """Whether so much waits that a sender to this client alone should wait too."""
        ...

    def deliver(self, frames: list[Frame]) -> None:
        """Send frames in order, or queue them while the transport is busy; never waits."""
        ...

    def deliver_together(self, burst: Burst) -> None:
        """Send frames as `deliver` does, in one piece if the transport can."""
        ...

    def next_frame(self) -> Frame | None:
        """Take the next waiting frame, or None."""
        ...

    async def relief(self) -> None:
        """Wait until the client has read most of what waits for it."""
        ...


class Transport(Protocol):
    """One client's connection, as its peers see it.

    Attributes:
        sid: Engine.IO's id of the connection.
        scope: Of the request that opened it.
        connection: What peers know of it, a `Connection`.
        closing: Set once it begins to close.
        closing_task: Runs the disconnect handlers, once it does.
        paused: Set while nothing is read because its events wait.
        upgraded: Whether it is over WebSocket.
    """

    sid: str
    scope: Scope
    connection: Any
    closing: bool
    upgraded: bool
    closing_task: asyncio.Task[None] | None
    paused: bool

    @property
    def outbox(self) -> Outlet:
        """What waits for the client."""
        ...

    @property
    def fetches_late(self) -> bool:
        """Whether a client of polling has not fetched all its answers and begun another poll."""
        ...

    def refuse(self, error: UndecodableError) -> None:
        """Close because of a message that is not a packet."""
        ...

    def drop(self, reason: str, *, code: int = 1000) -> None:
        """Close from where nothing can be awaited."""
        ...


class Receiver(Protocol):
    """One client's connection, as its WebSocket sees it."""

    @property
    def outbox(self) -> Outlet:
        """What waits for the client."""
        ...

    @property
    def server(self) -> Host:
        """The server that the connection belongs to."""
        ...

    @property
    def connection(self) -> Any:
        """Holds the context in which messages are handled."""
        ...

    @property
    def closing(self) -> bool:
        """Whether nothing is taken any more."""
        ...

    def take(self, data: str | bytes) -> Awaitable[None] | None:
        """Take one message; await the result, if any, before the next one."""
        ...

    def flush(self) -> object:
        """Write what waits, now that the transport takes it."""
        ...

    def drop(self, reason: str, *, code: int = 1000) -> None:
        """Close from where nothing can be awaited."""
        ...

    def refuse_size(self, server_limit: int | None = None) -> None:
        """Close because of a message that is too large, before the whole of it is here."""
        ...

    def ended_by_size(self) -> None:
        """Report that a message was too large for the client or the ASGI server, which ended the connection."""
        ...


class Uplink(Protocol):
    """The Socket.IO half of the server, as transports see it."""

    def take_message(self, connection: Any, data: str | bytes) -> Awaitable[None] | None:
        """Take one Engine.IO message; await the result, if any, before the next one.

        Raises:
            UndecodableError: The message can't be understood; the connection must be closed.
            PayloadTooLargeError: It is larger than the server takes.
        """
        ...

    def begin_stop(self) -> asyncio.Task[None] | None:
        """Let clients go; returns a task that ends when the connections are closed, or None."""
        ...


class Host(Protocol):
    """The Engine.IO half of the server, as its sockets and the peers over them see it.

    Attributes:
        owner: The Socket.IO half, or None if another handler is registered for ``message``.
        limits: What one client may cost.
        reason: Names of reasons for a disconnect, as constants.
        sockets: Open connections by id.
        reports: Where closed connections are reported.
        counts: What connections count.
        max_http_buffer_size: Largest message in bytes.
        ping_interval: Seconds between two pings.
        ping_timeout: Seconds that a client may take to answer one.
    """

    owner: Uplink | None
    limits: Limits
    reason: Any
    sockets: dict[str, Transport]
    reports: Reports
    counts: Counts
    max_http_buffer_size: int
    ping_interval: float
    ping_timeout: float

    def name_limit(self, server_limit: int | None = None) -> str:
        """Return the name and value of the limit on the size of one message, for the log."""
        ...

    def create_websocket(self, handler: Callable[[Any], Awaitable[None]]) -> Any:
        """Return a WebSocket that is not accepted yet, which calls `handler` with itself once it is."""
        ...

    def watch_for_exit(self) -> None:
        """While a poll is held, look whether the server wants to exit."""
        ...

    def trigger_message(self, socket: Transport, data: str | bytes) -> Awaitable[None]:
        """Hand a message to the handler that is registered in place of the Socket.IO half."""
        ...

    async def transport_closed(self, socket: Transport, reason: str) -> None:
        """Run the disconnect handler of a connection."""
        ...


class Application(Protocol):
    """python-socketio's server, as handlers that were registered on it and the ASGI side see it.

    Attributes:
        eio: The Engine.IO half.
        limits: What one client may cost.
        reason: Names of reasons for a disconnect, as constants.
        handlers: By namespace and event.
        namespace_handlers: Classes of handlers by namespace.
        namespaces: Beyond those with handlers; ``"*"`` is any.
        not_handled: Stands for the answer if there is no handler.
    """

    eio: Any
    limits: Limits
    reason: Any
    handlers: Mapping[str, Mapping[str, Callable[..., Any]]]
    namespace_handlers: Mapping[str, Any]
    namespaces: Sequence[str] | str
    not_handled: object

    @property
    def admitting(self) -> bool:
        """Whether new clients are taken."""
        ...

    async def _trigger_event(self, event: str, namespace: str, *arguments: Any) -> Any: ...

    def _get_event_handler(self, event: str, namespace: str, arguments: Any) -> tuple[Any, Any]: ...

    def _get_namespace_handler(self, namespace: str, arguments: Any) -> tuple[Any, Any]: ...
