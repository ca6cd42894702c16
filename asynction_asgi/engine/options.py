"""Options of servers and of processes without one, as types: what an editor completes and a type checker refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

if TYPE_CHECKING:
    import logging
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from ..errors import RefusedError
    from ..spec.model import Ordering
    from .limits import Limits

    Secret = str | bytes


class UpstreamOptions(TypedDict, total=False):
    """Options of ``socketio.AsyncServer`` that mean here what they mean there; times in seconds.

    Attributes:
        ping_interval: Seconds between two pings; a pair adds a grace period.
        ping_timeout: Seconds that a client has to answer a ping.
        max_http_buffer_size: Largest packet in bytes; `Limits.packet_bytes` by default.
        cors_allowed_origins: Origins to admit besides the server's own: one, a list, or a function or coroutine
            function of ``(origin)`` or ``(origin, environ)`` that returns True or False. ``"*"`` admits every
            page, but drops cookies and, over WebSocket, the Authorization header and a client certificate.
            ``[]`` switches the check off: every page is admitted, with cookies.
        cors_credentials: Whether pages of those origins may send cookies.
        allow_upgrades: Whether clients may upgrade from polling to WebSocket.
        transports: ``polling``, ``websocket`` or both, the default.
        http_compression: Whether responses to polling requests are compressed.
        compression_threshold: Bytes from which a response is compressed.
        cookie: Name or attributes of a cookie with the session's id; none without it.
        json: A module with ``dumps`` and ``loads`` in place of ours.
        logger: Receives what python-socketio itself still logs, such as each emit; True is the logger
            ``asynction_asgi.engine.upstream``.
        engineio_logger: The same for python-engineio's lines.
        serializer: ``msgpack``, or a packet class.
        client_manager: In place of `message_queue`: a manager derived from python-socketio's, its class, or a
            function that makes one.
        async_handlers: False means serial ordering.
        async_mode: Must be ``asgi``.
        monitor_clients: Ignored; every connection has its own heartbeat.
        namespaces: Namespaces that the document does not declare, for handlers registered on ``server``.
    """

    ping_interval: float | tuple[float, float]
    ping_timeout: float
    max_http_buffer_size: int
    cors_allowed_origins: str | Sequence[str] | Callable[..., bool | Awaitable[bool]] | None
    cors_credentials: bool
    allow_upgrades: bool
    transports: Sequence[str] | str
    http_compression: bool
    compression_threshold: int
    cookie: str | dict[str, Any] | None
    json: Any
    logger: logging.Logger | bool
    engineio_logger: logging.Logger | bool
    serializer: Any
    client_manager: Any
    async_handlers: bool
    async_mode: str
    monitor_clients: bool
    namespaces: Sequence[str] | str


class ServerOptions(UpstreamOptions, total=False):
    """Options of the engine.

    Attributes:
        limits: What one client may cost.
        ordering: How the handlers of one client run, where the document doesn't say.
        refusal_body: Makes the argument of a refusal, in place of ``{"error": …}``.
        message_queue: URL of the queue that connects several processes.
        channel: Name of the queue's channel; the same in all processes.
        message_queue_secret: Secret of at least 16 bytes that signs the messages on the queue; the same in all
            processes. Of several secrets, the first signs and all verify, so that a secret can be replaced.
        message_queue_retention: For how many seconds a stream (``redis+stream://``) keeps messages for
            processes that can't read; 300 without it.
        route: A name of this process that its Engine.IO ids begin with, ``NAME.``, by which a load balancer finds
            the way back to it.
    """

    limits: Limits | None
    ordering: Ordering
    refusal_body: Callable[[RefusedError], Any] | None
    message_queue: str | None
    channel: str
    message_queue_secret: Secret | Iterable[Secret] | None
    message_queue_retention: float | None
    route: str | None


class SenderOptions(TypedDict, total=False):
    """Options of a process without a server.

    Attributes:
        timeout: Seconds that the broker may take to answer for one message; 10 without it.
        channel: The queue's channel, as the servers have it.
        message_queue_secret: As the servers have it; of several, the first signs.
        message_queue_retention: As the servers have it, to remove what is older from a stream with each message,
            also while no server runs. Without it, nothing is removed.
    """

    timeout: float
    channel: str
    message_queue_secret: Secret | Iterable[Secret] | None
    message_queue_retention: float | None
