"""A server of python-socketio alone, which checks nothing, and a proxy in front of it."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import socketio

from asynction_asgi.client.remote_client import Address
from asynction_asgi.proxy import Behind, proxy_of
from tests.server.documents import channel, document, message
from tests.serving import serve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asynction_asgi import AsynctionSocketIO

STRING = {"type": "string"}
NUMBER = {"type": "integer"}
DOCUMENT = document(
    root=channel(
        receives=[
            message(
                "echo", {"type": "array", "items": [{}, {}], "additionalItems": False}, **{"x-ack": True}
            ),
            message("twice", NUMBER, **{"x-ack": {"args": NUMBER}}),
            message("note", STRING),
            message("refuse", STRING, **{"x-ack": {"args": NUMBER}}),
            message("silent", STRING, **{"x-ack": True}),
            message("emit", {"type": "array", "items": [{"type": "string"}]}),
            message("ask", STRING, **{"x-ack": True}),
            message("count", {"type": "array", "items": [NUMBER]}),
            message("leave", {"type": "array", "maxItems": 0}),
        ],
        sends=[
            message("said", STRING),
            message("counted", NUMBER),
            message("asked", STRING, **{"x-ack": {"args": NUMBER}}),
            message("bytes", {"type": "string", "format": "binary"}),
        ],
    )
)
# Another namespace, whose connections need a password.
DOCUMENT["channels"]["/closed"] = channel(receives=[message("echo", **{"x-ack": True})])


@dataclass
class Bare:
    """A server that checks nothing, and what it saw."""

    sio: Any = field(
        default_factory=lambda: socketio.AsyncServer(async_mode="asgi", namespaces=["/", "/closed"])
    )
    seen: list[tuple[Any, ...]] = field(default_factory=list)
    environs: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        sio = self.sio
        sio.on("connect", self._connect)
        sio.on("connect", self._connect_closed, namespace="/closed")
        sio.on("echo", self._echo, namespace="/closed")
        for name in (
            "disconnect",
            "echo",
            "twice",
            "note",
            "refuse",
            "silent",
            "emit",
            "ask",
            "count",
            "leave",
        ):
            sio.on(name, getattr(self, f"_{name}"))

    async def _connect(self, sid: str, environ: Any, auth: Any) -> None:
        self.environs[sid] = {**environ, "auth": auth}
        self.seen.append(("connect", sid))

    async def _connect_closed(self, sid: str, environ: Any, auth: Any) -> None:
        if auth != {"password": "open"}:
            raise socketio.exceptions.ConnectionRefusedError("members only", {"ask": "Ada"})

    async def _disconnect(self, sid: str, reason: str) -> None:
        self.seen.append(("disconnect", sid))

    async def _echo(self, sid: str, *arguments: Any) -> Any:
        return arguments

    async def _twice(self, sid: str, number: int) -> Any:
        return number * 2 if number < 100 else "many"

    async def _note(self, sid: str, text: str) -> None:
        self.seen.append(("note", text))
        await self.sio.emit("said", text, to=sid)

    async def _refuse(self, sid: str, text: str) -> Any:
        return {"error": {"code": "forbidden", "message": text, "retry": 5}}

    async def _silent(self, sid: str, text: str) -> None:
        await asyncio.Event().wait()

    async def _emit(self, sid: str, event: str, *arguments: Any) -> None:
        await self.sio.emit(event, arguments, to=sid)

    async def _ask(self, sid: str, text: str) -> Any:
        with contextlib.suppress(socketio.exceptions.TimeoutError):
            return await self.sio.call("asked", text, to=sid, timeout=20)

    async def _count(self, sid: str, most: int) -> None:
        for number in range(most):
            await self.sio.emit("counted", number, to=sid)

    async def _leave(self, sid: str) -> None:
        await self.sio.disconnect(sid)

    @contextlib.contextmanager
    def serving(self, **options: Any) -> Iterator[str]:
        """Yield the URL of the server."""
        with serve(socketio.ASGIApp(self.sio), **options) as url:
            yield url


@contextlib.contextmanager
def in_front(url: str, spec: Any = DOCUMENT, **options: Any) -> Iterator[tuple[str, AsynctionSocketIO]]:
    """Yield the URL of a proxy in front of the server at `url`, and its application."""
    address = {name: options.pop(name) for name in ("transports",) if name in options}
    waiting = {name: options.pop(name) for name in ("seconds", "headers") if name in options}
    behind = Behind(server=Address(url=url, **address), **waiting)
    app = proxy_of(spec, behind, **options)
    with serve(app) as front:
        yield front, app
