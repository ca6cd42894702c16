"""A document whose names need escapes, and the layout of its metrics."""

from __future__ import annotations

from typing import Any

from asynction_asgi import load_spec
from asynction_asgi.metrics import Layout

INFO = {
    "version": "0",
    "document": 'say "hi"\\\n',
    "document_version": "1",
    "inbound": "enforce",
    "outbound": "warn",
}


def document(*events: str) -> dict[str, Any]:
    """Return a document whose clients may emit these events, and whose server emits ``told``."""
    received = [{"name": name, "payload": {"type": "string"}} for name in events]
    told = {"name": "told", "payload": {"type": "string"}, "x-ack": {"args": {"type": "string"}}}
    return {
        "asyncapi": "2.6.0",
        "info": {"title": "Metrics", "version": "1"},
        "channels": {
            "/": {"publish": {"message": {"oneOf": received}}, "subscribe": {"message": told}},
            "/rooms/{id}": {
                "parameters": {"id": {"schema": {"type": "string"}}},
                "publish": {"message": {"oneOf": received}},
            },
        },
    }


def layout(*events: str, name: str | None = None, queue: bool = True) -> Layout:
    """Return the layout of such a document."""
    return Layout.of(load_spec(document(*events)), INFO, name=name, queue=queue)
