"""A server process on a queue: ``python -m benchmarks.cluster_server ours|bare REDIS-URL``.

It prints its port; ``flood`` [count, per second, size] emits numbers to all other clients.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from typing import Any

import socketio
import uvicorn

from asynction_asgi import AsynctionSocketIO

SPEC = {
    "asyncapi": "2.6.0",
    "info": {"title": "Cluster", "version": "1"},
    "channels": {
        "/": {
            "publish": {
                "message": {
                    "name": "flood",
                    "payload": {
                        "type": "array",
                        "items": [{"type": "integer"}, {"type": "number"}, {"type": "integer"}],
                        "minItems": 3,
                        "additionalItems": False,
                    },
                    "x-ack": {"args": {"type": "number"}},
                }
            },
            "subscribe": {
                "message": {"name": "n", "payload": {"type": "object", "required": ["i", "at", "x"]}}
            },
        }
    },
}


async def flood(emit: Any, sid: str, count: int, per_second: float, size: int) -> float:
    """Emit numbers at a rate per second, and return the longest emit in seconds."""
    begin, longest, text = time.monotonic(), 0.0, "x" * size
    for number in range(count):
        wait = begin + number / per_second - time.monotonic()
        if wait > 0:
            await asyncio.sleep(wait)
        before = time.monotonic()
        await emit("n", {"i": number, "at": time.time(), "x": text}, skip_sid=sid)
        longest = max(longest, time.monotonic() - before)
    return longest


def make(kind: str, url: str) -> Any:
    """Return the ASGI application of this kind."""
    options: dict[str, Any] = {"ping_interval": 3600}
    if kind == "ours":
        app = AsynctionSocketIO.from_spec(SPEC, message_queue=url, docs=False, **options)

        @app.on("flood")
        async def validated(sid: str, count: int, per_second: float, size: int) -> float:
            return await flood(app.emit, sid, count, per_second, size)

        return app
    server = socketio.AsyncServer(
        async_mode="asgi", client_manager=socketio.AsyncRedisManager(url), **options
    )

    async def bare(sid: str, count: int, per_second: float, size: int) -> float:
        return await flood(server.emit, sid, count, per_second, size)

    server.on("flood", bare)
    return socketio.ASGIApp(server)


class Announcing(uvicorn.Server):
    """A server that prints its port once it serves."""

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        os.write(1, f"{self.servers[0].sockets[0].getsockname()[1]}\n".encode())


if __name__ == "__main__":
    Announcing(uvicorn.Config(make(*sys.argv[1:3]), port=0, log_level="critical")).run()
