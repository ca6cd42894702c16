"""A server under measurement in its own process: ``python -m benchmarks.apps VARIANT``.

It prints its port, and ends when its standard input does, so that no server outlives the program
that started it.
"""
# ruff: noqa: PLC0415  # a server imports what its variant needs, after hiding other modules

from __future__ import annotations

import gc
import os
import resource
import socket
import sys
import threading
from typing import TYPE_CHECKING, Any

from .contract import COLLECT, NEWS, PAYLOADS, SCHEMAS, SHOUT, WHISPER, WHISPERS, document
from .variants import VARIANTS, Variant

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Handler = Callable[..., Awaitable[Any]]

# So long that no heartbeat happens during a measurement; the costs per event are unaffected.
PING_SECONDS = 3600


async def _echo(_sid: str, payload: Any) -> Any:
    return payload


async def _collect(_sid: str, _nothing: None) -> None:
    gc.collect()


def _shouter(emit: Handler) -> Handler:
    async def shout(_sid: str, payload: Any) -> None:
        await emit(NEWS, payload)

    return shout


def _bare(variant: Variant) -> Any:
    import socketio

    options: dict[str, Any] = {}
    if variant.orjson:
        import orjson

        class Coders:
            """orjson with the signatures that python-socketio expects of a JSON module."""

            loads = staticmethod(orjson.loads)

            @staticmethod
            def dumps(value: Any, **_formatting: Any) -> str:
                return orjson.dumps(value).decode()

        options["json"] = Coders
    server = socketio.AsyncServer(async_mode="asgi", ping_interval=PING_SECONDS, **options)
    for name in PAYLOADS:
        server.on(name, _validated(name) if variant.app == "naive" else _echo)
    server.on(SHOUT, _shouter(server.emit))
    server.on(COLLECT, _collect)
    return socketio.ASGIApp(server)


def _validated(name: str) -> Handler:
    import fastjsonschema

    check = fastjsonschema.compile(SCHEMAS[name])

    async def echo(_sid: str, payload: Any) -> Any:
        check(payload)
        check(payload)  # first as the payload, then as the ack
        return payload

    return echo


def ours(variant: Variant, **options: Any) -> Any:
    """Return the document's application, with further options."""
    from asynction_asgi import AsynctionSocketIO

    async def echo(payload: Any) -> Any:
        return payload

    async def shout(payload: Any) -> None:
        await app.emit(NEWS, payload)

    async def whisper(sid: str, payload: Any) -> None:
        for _ in range(WHISPERS):
            await app.emit(NEWS, payload, to=sid)

    async def collect(_nothing: None) -> None:
        gc.collect()

    handlers: dict[str, Handler] = {
        **dict.fromkeys(PAYLOADS, echo),
        SHOUT: shout,
        WHISPER: whisper,
        COLLECT: collect,
    }
    if variant.models is not None:
        from .models import ECHOES

        handlers["nested"] = ECHOES[variant.models]
    spec = document()
    if variant.offset is not None:
        spec["channels"]["/"]["x-recovery"] = {"offset": variant.offset}
    app = AsynctionSocketIO.from_spec(
        spec, handlers={"/": handlers}, ping_interval=PING_SECONDS, metrics=variant.metrics, **options
    )
    return app


def serve(variant: Variant) -> None:
    """Serve until standard input ends."""
    for name in variant.without:
        sys.modules[name] = None  # type: ignore[assignment]  # makes its import fail
    import uvicorn

    most_files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most_files))
    config = uvicorn.Config(
        ours(variant) if variant.app == "ours" else _bare(variant),
        loop=variant.loop,
        http=variant.http,
        ws=variant.ws,
        ws_ping_interval=None,  # like PING_SECONDS
        log_level="warning",
        lifespan="off",
    )
    if variant.relaxed:
        from asynction_asgi.collector import relax_collector

        relax_collector()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(2048)
        print(listener.getsockname()[1], flush=True)
        threading.Thread(target=_end_with_input, daemon=True).start()
        uvicorn.Server(config).run(sockets=[listener])


def _end_with_input() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    serve(VARIANTS[sys.argv[1]])
