"""A connection of uvicorn's without a network, whose every byte and call is recorded."""

from __future__ import annotations

import asyncio
import contextvars
import logging
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

from .uvicorn_holder import stand_before

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType

    from .shortcut import Shortcut

# Read, set or called by the shortcut and by our subclass.
_PROTOCOL = (
    *("close_sent", "close_timer", "config", "conn", "connection_lost", "connections", "data_received"),
    *("disconnected", "frames", "handle_parser_exception", "pause_writing", "queue", "read_paused"),
    *("resume_writing", "shutdown", "transport", "writable"),
)
_CONN = (
    *("close_sent", "data_to_send", "eof_sent", "extensions", "fail", "handshake_exc", "parser"),
    *("parser_exc", "send_binary", "send_text", "state"),
)
HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
)
# In bytes; the most that a message may have.
LARGEST = 1000
# No step of uvicorn's takes so many turns of the event loop.
_MOST_TURNS = 100
_MASK = b"\x01\x02\x03\x04"


class MismatchError(Exception):
    """uvicorn or websockets behaves differently from what the shortcut was written for."""


def check(*, that: object, what: str) -> None:
    """Check a condition.

    Args:
        that: Is to be true.
        what: Says what is different if it is not.

    Raises:
        MismatchError: It is not true.
    """
    if not that:
        raise MismatchError(what)


async def until(condition: Callable[[], object], what: str) -> None:
    """Let the event loop turn until a condition is true.

    Raises:
        MismatchError: It has not become true; the message is `what`.
    """
    for _ in range(_MOST_TURNS):
        if condition():
            return
        await asyncio.sleep(0)
    raise MismatchError(what)


def frame(first: int, body: bytes = b"") -> bytes:
    """Return a masked frame, as clients send it."""
    size = bytes([0x80 | len(body)]) if len(body) < 126 else b"\xfe" + len(body).to_bytes(2)
    masked = bytes(byte ^ _MASK[at % 4] for at, byte in enumerate(body))
    return bytes([first]) + size + _MASK + masked


class Transport(asyncio.Transport):
    """Records what is written."""

    def __init__(self, protocol: asyncio.BaseProtocol) -> None:
        super().__init__()
        self.sent = b""
        self.closed = False
        self.reads = True
        self.protocol = protocol

    def write(self, data: Any) -> None:
        """Record data."""
        self.sent += data

    def close(self) -> None:
        """Record the close."""
        self.closed = True

    def is_closing(self) -> bool:
        """Return whether it was closed."""
        return self.closed

    def pause_reading(self) -> None:
        """Record that nothing is to be read."""
        self.reads = False

    def resume_reading(self) -> None:
        """Record that more is to be read."""
        self.reads = True

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Change what calls go to."""
        self.protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        """Return what calls go to."""
        return self.protocol


class _Receiver:
    """Records what the engine would receive: the parts of a `Receiver` that the shortcut uses."""

    def __init__(self) -> None:
        self.taken: list[str | bytes] = []
        self.refused = self.closing = False
        self.leaving: asyncio.Task[None] | None = None
        self.connection = SimpleNamespace(context=contextvars.copy_context())
        self.server = SimpleNamespace(max_http_buffer_size=LARGEST, owner=self)

    def take(self, data: str | bytes) -> None:
        self.taken.append(data)

    def flush(self) -> None: ...

    def refuse_size(self, server_limit: int | None = None) -> None:
        del server_limit
        self.refused = True

    def begin_stop(self) -> asyncio.Task[None] | None:
        return self.leaving


class Line:
    """uvicorn's protocol with an application that accepts, and the shortcut before it once asked for."""

    def __init__(self, *, packed: bool = False) -> None:
        options: dict[str, Any] = {"proxy_headers": False, "log_config": None, "lifespan": "off"}
        options |= {"ws": "none", "http": "h11", "ws_ping_interval": None, "ws_per_message_deflate": packed}
        config = uvicorn.Config(self._serve, interface="asgi3", **options)
        config.load()
        config.loaded_app = self._serve  # at the level TRACE, uvicorn would log what this says
        self.connections: set[Any] = set()
        state = ServerState()
        state.connections = self.connections
        self.protocol = WebSocketsSansIOProtocol(config, state, {}, asyncio.get_running_loop())
        for owner, names in ((self.protocol, _PROTOCOL), (self.protocol.conn, _CONN)):
            for name in names:
                check(that=hasattr(owner, name), what=f"{type(owner).__name__} has no {name!r}")
        silent = logging.Logger("silent", logging.CRITICAL + 1)  # noqa: LOG001  # belongs to nobody else
        self.protocol.logger = self.protocol.conn.logger = silent
        self.protocol.conn.debug = False
        self.transport = Transport(self.protocol)
        self.receiver: Any = _Receiver()  # has what the shortcut uses of a port
        self.receive: Any = None
        self.send: Any = None
        self.ended = False

    async def _serve(self, _: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        self.receive, self.send = receive, send
        while (await receive())["type"] != "websocket.disconnect":
            pass
        self.ended = True

    async def open(self, extra: bytes = b"") -> None:
        """Complete the handshake, with header lines of the caller's.

        Raises:
            MismatchError: It does not complete.
        """
        self.protocol.connection_made(self.transport)
        check(that=self.connections == {self.protocol}, what="a connection does not enter itself")
        self.protocol.data_received(HANDSHAKE + extra + b"\r\n")
        await until(lambda: self.receive is not None, "the handshake does not complete")
        check(that=self.transport.sent.startswith(b"HTTP/1.1 101 "), what="the handshake is not answered")
        check(that=self.receive.__self__ is self.protocol, what="receive is not the protocol's method")
        self.transport.sent = b""

    async def shorten(self, rest: CodeType, extra: bytes = b"") -> Shortcut:
        """Complete the handshake and put the shortcut before uvicorn's protocol.

        Raises:
            MismatchError: The handshake does not complete, or the place can't be taken.
        """
        await self.open(extra)
        shortcut = self.cut(rest)
        check(that=self.connections == {shortcut}, what="the place among connections can't be taken")
        return shortcut

    def cut(self, rest: CodeType) -> Shortcut:
        """Put the shortcut before uvicorn's protocol.

        Raises:
            MismatchError: uvicorn says that the connection is gone.
        """
        shortcut = stand_before(self.protocol, self.receiver, rest=rest)
        if shortcut is None:
            raise MismatchError("an open connection is said to be gone")
        return shortcut

    async def lose(self) -> None:
        """End the connection as an event loop does, and let the application end.

        Raises:
            MismatchError: Something is left of the connection.
        """
        self.transport.protocol.connection_lost(None)
        await until(lambda: self.ended, "the application does not learn of the end")
        check(that=not self.connections, what="a connection that is lost stays among the others")
