"""The server's side of python-socketio and python-engineio: what the rest of the package needs of them."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, cast

from socketio.exceptions import ConnectionRefusedError, DisconnectedError, TimeoutError  # noqa: A004  # upstream's

from ..callables import is_coroutine_function
from .buckets import Bucket, exceeded
from .carrier import Carrier
from .causes import ended_by
from .endpoint import Endpoint, Ends, Instead, Peer, Sender
from .limits import Limits
from .option_values import check_values
from .options import ServerOptions, UpstreamOptions
from .peers.here import Found
from .peers.surveys import Survey
from .room_names import Audience, Room, name_clients, name_entered, name_room, name_rooms
from .server import Server
from .transport.asgi import EngineApp
from .watch import Watch
from .wire.codec import FiniteList, UnencodableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Unpack

    from ..errors import RefusedError
    from ..spec.model import Ordering
    from .cluster.managers import QueueRooms
    from .cluster.view import Queue
    from .options import Secret
    from .peers.rooms import Rooms

__all__ = [
    "Audience",
    "Bucket",
    "Carrier",
    "ConnectionRefusedError",
    "DisconnectedError",
    "Endpoint",
    "Ends",
    "EngineApp",
    "FiniteList",
    "Found",
    "Instead",
    "Limits",
    "Peer",
    "Room",
    "Sender",
    "Server",
    "ServerOptions",
    "Survey",
    "TimeoutError",
    "UnencodableError",
    "Watch",
    "create_server",
    "ended_by",
    "exceeded",
    "name_clients",
    "name_entered",
    "name_room",
    "name_rooms",
    "queue_of",
]


def create_server(
    endpoint: Endpoint,
    *,
    limits: Limits | None = None,
    watch: Watch | None = None,
    ordering: Ordering = "concurrent",
    refusal_body: Callable[[RefusedError], Any] | None = None,
    message_queue: str | None = None,
    channel: str = "socketio",
    message_queue_secret: Secret | Iterable[Secret] | None = None,
    message_queue_retention: float | None = None,
    route: str | None = None,
    check_relayed: Callable[[str, Any, str], None] | None = None,
    carrier: Carrier | None = None,
    **upstream_options: Unpack[UpstreamOptions],
) -> Server:
    """Return a server whose connections and events `endpoint` decides; ``server.app`` is its ASGI side.

    Args:
        endpoint: The contract.
        limits: What one client may cost.
        watch: Learns of outcomes that the endpoint does not decide.
        ordering: How the handlers of one client run where the endpoint has no opinion.
        refusal_body: Makes the argument of a refusal's ack, in place of ``{"error": …}``.
        message_queue: URL of the queue that connects several processes.
        channel: The queue's channel, the same in all of them.
        message_queue_secret: Signs what goes over the queue, the first of several; all verify.
        message_queue_retention: For how many seconds a stream keeps messages for processes that can't read.
        route: A name of this process that its Engine.IO ids begin with.
        check_relayed: Is asked with event, data and namespace before an emit of another process reaches
            clients, and raises a `RefusedError` to drop it.
        carrier: Takes traces along over `message_queue`.
        upstream_options: Those of ``socketio.AsyncServer`` and ``engineio.AsyncServer``.

    Raises:
        TypeError: An option is unknown.
        ValueError: An option's value is invalid, or contradicts another option or what the engine guarantees.
        ModuleNotFoundError: The queue's client package is not installed.
    """
    check_values({**upstream_options, "ordering": ordering, "channel": channel, "route": route})
    server_options: dict[str, Any] = {**upstream_options}
    if server_options.pop("async_mode", "asgi") != "asgi":
        raise ValueError("async_mode must be 'asgi'")
    if server_options.pop("async_handlers", True) is False:
        ordering = "serial"
    server_options.pop("monitor_clients", None)  # every connection watches over itself
    server_options.setdefault("cors_credentials", False)
    _check_functions(refusal_body, server_options.get("cookie"))
    _check_options(server_options)
    limits = limits or Limits()
    server_options.setdefault("max_http_buffer_size", limits.packet_bytes)
    if message_queue is None:
        if (message_queue_secret, check_relayed, message_queue_retention) != (None, None, None):
            raise ValueError(
                "message_queue_secret, message_queue_validation and message_queue_retention need message_queue"
            )
        if server_options.get("client_manager"):
            from .cluster.adopt import adopt  # noqa: PLC0415  # few servers are given one

            server_options["client_manager"] = adopt(server_options["client_manager"])
    else:
        if server_options.get("client_manager") is not None:
            raise ValueError("give either message_queue or client_manager")
        from .cluster.managers import create_manager  # noqa: PLC0415  # few servers have a queue

        server_options["client_manager"] = create_manager(
            message_queue,
            channel=channel,
            secret=message_queue_secret,
            retention=message_queue_retention,
            check=check_relayed,
            carrier=carrier,
        )
    return Server(
        endpoint,
        limits=limits,
        watch=watch or Watch(),
        ordering=ordering,
        refusal_body=refusal_body,
        route=route,
        **server_options,
    )


def _check_options(options: Mapping[str, Any]) -> None:
    """Refuse misspelt options, which engineio would silently ignore.

    Raises:
        TypeError: An option is unknown to upstream.
    """
    known = UpstreamOptions.__annotations__.keys()
    for name in options.keys() - known:
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise TypeError(f"unexpected option {name!r}{hint}")


def _check_functions(refusal_body: object, cookie: object) -> None:
    """Refuse functions that could not answer at once, where nothing waits.

    Raises:
        TypeError: One of them is a coroutine function, or `refusal_body` is not a function.
    """
    if refusal_body is not None and not callable(refusal_body):
        raise TypeError(f"refusal_body takes a function of (error), not {type(refusal_body).__name__}")
    functions = {"refusal_body": refusal_body}
    if isinstance(cookie, dict):
        functions.update({f"cookie[{name!r}]": value for name, value in cookie.items()})
    for name, function in functions.items():
        if is_coroutine_function(function):
            raise TypeError(f"{name} must be a plain function: nothing waits for its answer")


def queue_of(manager: Rooms) -> Queue | None:
    """Return the queue of a server's manager, or None if it has none of ours."""
    if not manager.has_queue:
        return None
    from .cluster.view import Queue  # noqa: PLC0415  # as above

    return Queue(cast("QueueRooms", manager))
