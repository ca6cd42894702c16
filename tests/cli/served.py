"""Serve an application on a loopback port for ``call`` and ``listen``."""

from __future__ import annotations

import asyncio
from typing import Any

from asynction_asgi import AsynctionSocketIO, RefusedError, Validation
from asynction_asgi.errors import Violation

DOCUMENT = """\
asyncapi: 2.6.0
info: {title: Post, version: 1.0.0}
servers:
  live: {url: 'post.example.com/rt/socket.io', protocol: wss}
channels:
  /:
    publish:
      message:
        oneOf:
          - {name: add, payload: {type: array, items: [{type: integer}, {type: integer}], minItems: 2, additionalItems: false}, x-ack: {args: {type: integer}}}
          - {name: mirror, x-ack: {args: {type: array, items: [{}]}}}
          - {name: note, payload: {type: string, minLength: 1}}
          - {name: sleep, payload: {type: array, maxItems: 0}}
          - {name: leave, payload: {type: array, maxItems: 0}}
          - {name: ask, payload: {type: array, maxItems: 0}, x-ack: {args: {type: [integer, 'null']}}}
          - {name: lie, payload: {type: array, maxItems: 0}, x-ack: {args: {type: integer}}}
    subscribe:
      message:
        oneOf:
          - {name: noted, payload: {type: string}}
          - {name: count, payload: {type: integer}}
          - {name: asked, payload: {type: string}, x-ack: {args: {type: [integer, 'null']}}}
  /closed:
    x-handlers: {connect: refuse}
    publish: {message: {name: knock}}
  /seen:
    publish: {message: {name: what, x-ack: {args: {type: object}}}}
"""


async def add(first: int, second: int) -> int:
    return first + second


async def mirror(*arguments: Any) -> tuple[Any, ...]:
    return arguments


async def note(socket: Any, text: str) -> None:
    await socket.broadcast("noted", text)
    await socket.broadcast("count", len(text))


async def sleep() -> None:
    await asyncio.Event().wait()


async def leave(socket: Any) -> None:
    await socket.disconnect()


async def refuse() -> None:
    details = [
        Violation(pointer="", keyword="x", message="knock first"),
        Violation(pointer="/0", keyword="x", message="say who"),
    ]
    raise RefusedError("forbidden", "members only \x1b[31m", details=details)


async def what(socket: Any) -> dict[str, Any]:
    environ = socket.environ
    return {"auth": socket.auth, "header": environ.get("HTTP_X_ONE"), "query": environ["QUERY_STRING"]}


def create_app(document: Any, **options: Any) -> AsynctionSocketIO:
    """Return an application that validates only what it receives."""
    app = AsynctionSocketIO.from_spec(
        document,
        handlers={
            "/": {"add": add, "mirror": mirror, "note": note, "sleep": sleep, "leave": leave},
            "/closed": {"connect": refuse, "knock": sleep},
            "/seen": {"what": what},
        },
        validation=Validation(inbound="enforce", outbound="off"),
        **options,
    )
    first: list[str] = []

    @app.on("connect", namespace="/")
    async def connect(socket: Any) -> None:
        first.append(socket.id)

    @app.on("ask", namespace="/")
    async def ask() -> Any:
        """Return the answer of the client that connected first."""
        return await app.call("asked", "how many?", to=first[0], timeout=5)

    @app.on("lie", namespace="/")
    async def lie() -> str:
        return "not a number"

    return app
