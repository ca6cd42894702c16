"""The applications that the protocols' own test suites need, each as root or mounted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.routing import Mount

from asynction_asgi import AsynctionSocketIO, Socket

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MOUNT = "/below/a/mount"
# The heartbeat is that of the suites' reference servers.
OPTIONS: Mapping[str, Any] = {"ping_interval": 0.3, "ping_timeout": 0.2, "cors_allowed_origins": "*"}


def _messages(*messages: Mapping[str, Any]) -> dict[str, Any]:
    return {"message": {"oneOf": list(messages)}}


def contract(path: str = "/socket.io") -> dict[str, Any]:
    """Return the events of the suites' reference servers."""
    return {
        "asyncapi": "2.6.0",
        "info": {"title": "Protocol", "version": "1.0.0"},
        "servers": {"here": {"url": path, "protocol": "ws"}},
        "channels": {
            "/": {
                "x-auth": {"type": "object"},
                "publish": _messages({"name": "message"}, {"name": "message-with-ack", "x-ack": True}),
                "subscribe": _messages({"name": "auth"}, {"name": "message-back"}),
            },
            "/custom": {"x-auth": {"type": "object"}, "subscribe": _messages({"name": "auth"})},
        },
    }


async def greet(socket: Socket, auth: Any) -> None:
    """Emit the client's auth to it."""
    await socket.emit("auth", auth)


async def message(socket: Socket, *arguments: Any) -> None:
    """Send the arguments back as an event."""
    await socket.emit("message-back", arguments)


async def message_with_ack(*arguments: Any) -> tuple[Any, ...]:
    """Send the arguments back as an acknowledgement."""
    return arguments


def socketio_app(*, mounted: bool = False, **options: Any) -> Any:
    """Return the application that the suite of the Socket.IO protocol expects."""
    handlers: dict[str, dict[str, Callable[..., Any] | str]] = {
        "/": {"connect": greet, "message": message, "message-with-ack": message_with_ack},
        "/custom": {"connect": greet},
    }
    app = AsynctionSocketIO.from_spec(contract(), handlers=handlers, **{**OPTIONS, **options})
    return Starlette(routes=[Mount(MOUNT, app)]) if mounted else app


def engineio_app(*, mounted: bool = False, **options: Any) -> Any:
    """Return the application that the suite of the Engine.IO protocol expects: our transport alone."""
    handlers: dict[str, dict[str, Callable[..., Any] | str]] = {
        "/": {"message": message, "message-with-ack": message_with_ack}
    }
    app = AsynctionSocketIO.from_spec(contract("/engine.io"), handlers=handlers, **{**OPTIONS, **options})
    transport = app.server.eio

    async def connect(sid: str, environ: Any) -> None: ...

    async def echo(sid: str, data: str | bytes) -> None:
        await transport.send(sid, data)

    async def disconnect(sid: str, reason: str) -> None: ...

    transport.on("connect", connect)
    transport.on("message", echo)
    transport.on("disconnect", disconnect)
    return Starlette(routes=[Mount(MOUNT, app)]) if mounted else app
