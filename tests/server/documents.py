"""Small documents for the tests, written in Python."""

from __future__ import annotations

from typing import Any

TEXT = {"type": "object", "properties": {"text": {"type": "string", "minLength": 1}}, "required": ["text"]}
PAIR = {
    "type": "array",
    "items": [{"type": "integer"}, {"enum": ["left", "right"]}],
    "minItems": 2,
    "additionalItems": False,
}
BYTES = {"type": "string", "format": "binary"}


def message(name: str, payload: Any = None, **fields: Any) -> dict[str, Any]:
    """Return a message; without a payload its arguments are unchecked."""
    return {"name": name, **({} if payload is None else {"payload": payload}), **fields}


def channel(
    receives: list[dict[str, Any]] | None = None, sends: list[dict[str, Any]] | None = None, **fields: Any
) -> dict[str, Any]:
    """Return a channel item: `receives` is what clients may emit, `sends` what the server may emit."""
    operations = {"publish": receives, "subscribe": sends}
    return {
        **{name: {"message": {"oneOf": messages}} for name, messages in operations.items() if messages},
        **fields,
    }


def document(**channels: dict[str, Any]) -> dict[str, Any]:
    """Return a document; ``root`` is the namespace ``/``, and other names get a leading slash."""
    return {
        "asyncapi": "2.6.0",
        "info": {"title": "Test", "version": "1.0.0"},
        "channels": {"/" if name == "root" else f"/{name}": item for name, item in channels.items()},
    }
