"""What the engine asks of uvicorn beyond ASGI, each with a fallback for every other server.

With `proving`, the only file of this folder that the engine imports at its start: it imports neither uvicorn
nor websockets. The modules that use their classes are loaded for uvicorn's first WebSocket, after a self-test; a
release that fails it is served through plain ASGI, at a higher CPU cost.
"""

from __future__ import annotations

import functools
import re
import signal
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ....logs import get_logger
from .proving import explain, passes, prove, version_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...ports import Receiver
    from .own_websocket import OwnWebSocket
    from .shortcut import Shortcut

logger = get_logger("engine")

# The class that the shortcut stands before, our subclass of it, and what opens WebSockets without it.
_UVICORNS = "WebSocketsSansIOProtocol"
_OURS = (f"{__package__}.protocol", "WebSocketProtocol")
_OWN = (f"{__package__}.own_websocket", "OwnWebSocket")
# From this version on uvicorn waits for the client's close frame after its own (pyproject says the same).
_FLOOR = (0, 52, 1)
_UVICORNS_HANDSHAKE = (
    "leaving handshakes to uvicorn, at up to twice the CPU for each: %s (uvicorn %s, websockets %s); all else"
    " works as usual. Use uvicorn 0.53 or later; if it is that already, update asynction-asgi"
)
_PLAIN = (
    "serving WebSockets by plain ASGI, at up to twice the CPU for small events: %s (uvicorn %s, websockets %s);"
    " all else works as usual. Use uvicorn 0.52.1 or later with --ws auto; if it is that already, update asynction-asgi"
)


@dataclass(frozen=True, slots=True)
class Insides:
    """What can be used of the installed uvicorn.

    Attributes:
        classes: The protocol classes whose place the shortcut may take.
        take_over: Takes the place of a protocol on its transport; None if that must not be tried.
        reason: Why it must not, for the log.
    """

    classes: tuple[type, ...] = ()
    take_over: Callable[[Any, Receiver], Shortcut | None] | None = None
    reason: str = ""


def take_over(receive: Any, socket: Receiver) -> Shortcut | None:
    """Deliver messages from uvicorn's transport straight to `socket`, from now on.

    Args:
        receive: The ASGI callable that the engine was given.
        socket: Takes the messages.

    Returns:
        What stands before uvicorn's protocol from now on, or None if only plain ASGI is possible: another
        server, a wrapped ``receive``, a subclass, or a uvicorn that has not passed, which is logged once.
    """
    protocol: Any = getattr(receive, "__self__", None)
    if (own := _own(protocol)) is not None:
        return own.engage(socket)
    cls = type(protocol)
    if not _looks_like_uvicorns(cls):
        return None
    insides = load()
    if insides.take_over is not None and cls in insides.classes:
        return insides.take_over(protocol, socket)
    _warn(insides.reason or f"{cls.__qualname__} of {cls.__module__} is not the class that is known")
    return None


def accept_with(receive: Any, send: Any, frame: bytes) -> bool:
    """Accept a WebSocket that we have opened, and send a frame behind that in one piece.

    Returns:
        Whether that was possible; nothing is sent otherwise, such as behind middleware.
    """
    own, sender = _own(getattr(receive, "__self__", None)), _own(getattr(send, "__self__", None))
    return own is not None and own is sender and own.accept_with(frame)


def _looks_like_uvicorns(cls: type) -> bool:
    """Return whether a class is uvicorn's or ours, also after uvicorn has moved or renamed its own."""
    module, name = cls.__module__, cls.__name__
    return module.startswith("uvicorn.") or name == _UVICORNS or (module, name) == _OURS


def _own(owner: Any) -> OwnWebSocket | None:
    """Return the owner of an ASGI callable if it is a WebSocket that we have opened, or None."""
    cls = type(owner)
    return owner if (cls.__module__, cls.__name__) == _OWN else None


def prepare() -> None:
    """Decide now, before clients come, if uvicorn is what serves; blocks for about 10 ms."""
    if "uvicorn.protocols.websockets" in sys.modules:
        load()
    if f"{__package__}.http" in sys.modules:
        from .request_class import request_class  # noqa: PLC0415  # needs uvicorn

        request_class()


@functools.cache
def load() -> Insides:
    """Return what can be used of the installed uvicorn; decided once per process, in about 10 ms."""
    numbers = tuple(int(number) for number in re.findall(r"\d+", version_of("uvicorn"))[:3])
    if numbers and numbers < _FLOOR:
        return Insides(reason="this uvicorn does not wait for the client's close frame after its own")
    try:
        from uvicorn.protocols.websockets.websockets_sansio_impl import (  # noqa: PLC0415  # may be missing
            WebSocketsSansIOProtocol,
        )

        from .protocol import WebSocketProtocol  # noqa: PLC0415  # needs uvicorn
        from .self_test import run  # noqa: PLC0415  # likewise
        from .uvicorn_holder import stand_before  # noqa: PLC0415  # likewise

        rest = prove(run)
    except Exception as error:  # noqa: BLE001  # whatever an unknown release does, plain ASGI works
        return Insides(reason=explain(error))
    return Insides(
        classes=(WebSocketsSansIOProtocol, WebSocketProtocol),
        take_over=functools.partial(stand_before, rest=rest),
    )


@functools.cache
def opens() -> bool:
    """Return whether `http.HttpProtocol` can open WebSockets by itself; decided once per process.

    If it can't, that is logged, unless the engine will log that it can use nothing of uvicorn's.
    """
    if load().take_over is None:
        return False
    return passes(_opening_self_test, _UVICORNS_HANDSHAKE, "websockets")


def _opening_self_test() -> Callable[[], None]:
    from .opening_self_test import run  # noqa: PLC0415  # needs uvicorn

    return run


def choose_http() -> str:
    """Return the value of uvicorn's option ``http`` that does as much as the installed release allows."""
    if load().take_over is None:
        return "auto"
    return f"{__package__}.http:{'HttpProtocol' if opens() else 'DeferringHttpProtocol'}"


@functools.cache
def _warn(reason: str) -> None:
    logger.warning(_PLAIN, reason, version_of("uvicorn"), version_of("websockets"))


# -- the limits on the size of a message -------------------------------------------------------


def limit_messages(receive: Any, limit: int) -> None:
    """Have uvicorn's parser refuse messages over `limit` bytes, unpacked ones too, from now on.

    Uvicorn's own limit holds for all its connections, and is 16 MiB unless it is told otherwise. It is the
    size that compressed messages are unpacked to before anything else sees them. Where something has
    wrapped `receive` on the way, nothing is changed.
    """
    if (own := _own(getattr(receive, "__self__", None))) is not None:
        own.limit(limit)
        return
    conn = _connection(receive)
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
    if _own(getattr(receive, "__self__", None)) is not None:
        return False  # the engine refuses those of connections that it has taken over
    conn = _connection(receive)
    if not hasattr(conn, "parser_exc"):
        return None
    return any(cls.__name__ == "PayloadTooBig" for cls in type(conn.parser_exc).__mro__)


def _connection(receive: Any) -> Any:
    """Return the parser's connection of uvicorn's protocol or a subclass, or None behind anything else."""
    owner = getattr(receive, "__self__", None)
    if any(_looks_like_uvicorns(cls) for cls in type(owner).__mro__):
        return getattr(owner, "conn", None)
    return None


# -- the transport, and the end of the process -------------------------------------------------


def complete_handshake(receive: Any) -> None:
    """Tell uvicorn that a handshake was answered: it logs an error behind any answer but 101 and 403."""
    owner: Any = getattr(receive, "__self__", None)
    if any(_looks_like_uvicorns(cls) for cls in type(owner).__mro__) and hasattr(owner, "handshake_complete"):
        owner.handshake_complete = True


def find_transport(send: Any) -> Any:
    """Return the asyncio transport beneath an ASGI ``send``, or None behind another server or a wrapper."""
    return getattr(getattr(send, "__self__", None), "transport", None)


def is_exiting() -> bool:
    """Return whether uvicorn ends because of a signal, and listens no more; False if another server handles signals.

    uvicorn waits for every request to end before it says so by ASGI. Between the signal and the end of listening,
    a subclass may let clients leave. The server can be found only by the signal handler that it has installed,
    which is a method.
    """
    server = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    if getattr(server, "should_exit", False) is not True:
        return False
    return not any(listener.is_serving() for listener in getattr(server, "servers", ()))
