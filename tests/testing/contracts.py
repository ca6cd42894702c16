"""A document and its handlers, used by the clients under test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asynction_asgi import AsynctionSocketIO
from tests.server.documents import BYTES, PAIR, TEXT, channel, document, message

if TYPE_CHECKING:
    from collections.abc import Callable

NUMBER = {"args": {"type": "integer"}}
SPEC = document(
    root=channel(
        receives=[
            message("say", TEXT, **{"x-ack": NUMBER}),
            message("move", PAIR, **{"x-ack": {"args": PAIR}}),
            message("upload", BYTES, **{"x-ack": {"args": BYTES}}),
            message("note", TEXT),
            message("go", **{"x-ack": True}),
        ],
        sends=[
            message("said", TEXT),
            message("moved", PAIR),
            message("file", BYTES),
            message("ask", TEXT, **{"x-ack": NUMBER}),
        ],
    ),
    guarded=channel(
        receives=[message("ping", {"type": "array", "maxItems": 0})],
        bindings={"ws": {"query": {"type": "object", "required": ["room"]}}},
    ),
)


async def nothing(*_: Any) -> None:
    return None


def app(spec: Any = SPEC, *, guarded: Any = None, **options: Any) -> AsynctionSocketIO:
    """Return a server of SPEC; keywords that are not options are handlers of the namespace ``/``."""
    names = {"say", "move", "upload", "note", "go", "connect", "disconnect", "error"}
    handlers: dict[str, Callable[..., Any]] = {
        **dict.fromkeys(("say", "move", "upload", "note", "go"), nothing),
        **{name: options.pop(name) for name in names & options.keys()},
    }
    both = {"/": handlers, "/guarded": {"ping": nothing, **(guarded or {})}}
    return AsynctionSocketIO.from_spec(spec, handlers=both, **options)
