"""The servers under comparison by name, and how they differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

BARE = "bare"


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A server under measurement.

    Attributes:
        title: Its title in tables.
        app: ``bare`` is `socketio.AsyncServer` without validation, ``naive`` the same with
            fastjsonschema called in each handler, ``ours`` the document's server, ``node`` socket.io.
        loop: The event loop of uvicorn.
        http: The HTTP protocol of uvicorn: one of its names, or ``module:Class``.
        ws: The WebSocket protocol of uvicorn, likewise.
        orjson: Whether a bare server uses orjson instead of the standard library's JSON.
        relaxed: Whether garbage is collected as rarely as under ``asynction-asgi run``.
        models: The library whose models the handler of ``nested`` takes and returns, or None.
        without: Modules whose import fails in the server, as if they were not installed.
        offset: How offsets travel in a namespace with ``x-recovery``, or None without it.
        metrics: Whether the server counts and measures what it does.
    """

    title: str
    app: Literal["bare", "naive", "ours", "node"]
    loop: Literal["asyncio", "uvloop"] = "asyncio"
    http: str = "auto"
    ws: str = "auto"
    orjson: bool = False
    relaxed: bool = False
    models: Literal["pydantic", "msgspec"] | None = None
    without: tuple[str, ...] = ()
    offset: Literal["argument", "event"] | None = None
    metrics: bool = False


_OWN_HTTP = "asynction_asgi.engine.transport.uvicorn.http:HttpProtocol"
_OWN_WS = "asynction_asgi.engine.transport.uvicorn.protocol:WebSocketProtocol"
_VALIDATOR = ("jsonschema_rs",)
_NATIVE = ("httptools", "jsonschema_rs", "orjson", "uvloop")

VARIANTS: dict[str, Variant] = {
    BARE: Variant(title="bare AsyncServer, not validated", app="bare", without=("httptools",)),
    "bare-tuned": Variant(title="bare, uvloop + httptools + orjson", app="bare", loop="uvloop", orjson=True),
    "naive": Variant(title="bare + fastjsonschema in handlers", app="naive", without=("httptools",)),
    "ours": Variant(title="ours, [fast]", app="ours", loop="uvloop"),
    "ours-run": Variant(
        title="ours, [fast], under asynction-asgi run",
        app="ours",
        loop="uvloop",
        http=_OWN_HTTP,
        ws=_OWN_WS,
        relaxed=True,
    ),
    "ours-metrics": Variant(
        title="ours, [fast], under asynction-asgi run, with metrics",
        app="ours",
        loop="uvloop",
        http=_OWN_HTTP,
        ws=_OWN_WS,
        relaxed=True,
        metrics=True,
    ),
    "ours-argument": Variant(title="ours, [fast], x-recovery", app="ours", loop="uvloop", offset="argument"),
    "ours-event": Variant(
        title="ours, [fast], x-recovery with offset: event", app="ours", loop="uvloop", offset="event"
    ),
    "ours-h11": Variant(
        title="ours, [fast] without httptools", app="ours", loop="uvloop", without=("httptools",)
    ),
    "ours-asgi": Variant(
        title="ours, [fast], by plain ASGI", app="ours", loop="uvloop", ws="tests.long_way:LongWay"
    ),
    "ours-pydantic": Variant(
        title="ours, [fast], pydantic in and out", app="ours", loop="uvloop", models="pydantic"
    ),
    "ours-msgspec": Variant(
        title="ours, [fast], msgspec in and out", app="ours", loop="uvloop", models="msgspec"
    ),
    "ours-fjs": Variant(
        title="ours, uvloop + orjson + fastjsonschema", app="ours", loop="uvloop", without=_VALIDATOR
    ),
    "ours-pure": Variant(title="ours, no native package", app="ours", without=_NATIVE),
    "node": Variant(title="Node socket.io, not validated", app="node"),
    "node-ajv": Variant(title="Node socket.io + ajv", app="node"),
}
