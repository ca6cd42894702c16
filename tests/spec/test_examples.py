"""The examples that an author wrote, where they hold."""

from __future__ import annotations

from typing import Any

from asynction_asgi.spec import load_spec
from asynction_asgi.spec.examples import declared_examples


def made(payload: Any, **message: Any) -> Any:
    spec = load_spec(
        {
            "asyncapi": "2.6.0",
            "info": {"title": "T", "version": "1"},
            "channels": {"/": {"publish": {"message": {"name": "x", "payload": payload, **message}}}},
            "components": {
                "schemas": {
                    "Tree": {
                        "type": "object",
                        "required": ["name"],
                        "properties": {
                            "name": {"type": "string"},
                            "next": {"$ref": "#/components/schemas/Tree"},
                        },
                    }
                }
            },
        }
    )
    return spec, spec.namespaces["/"].receives["x"]


def test_declared_examples_that_miss_the_contract_are_left_out() -> None:
    """Names come along; bytes are written in base64; a list may be one argument or all of them."""
    examples = [
        {"name": "one", "payload": [1, {"$binary": "AQI="}]},
        {"summary": "two", "payload": [2]},
        {"payload": ["no"]},
        {"payload": [3, {"$binary": "?"}]},
        {"headers": {}},
    ]
    payload = {
        "type": "array",
        "items": [{"type": "integer"}, {"type": "string", "format": "binary"}],
        "minItems": 1,
    }
    spec, event = made(payload, examples=examples)
    assert list(declared_examples(event, spec)) == [("one", (1, b"\1\2")), ("two", (2,))]
    spec, event = made({"type": "array", "items": {"type": "integer"}}, examples=[{"payload": [1, 2]}])
    assert list(declared_examples(event, spec)) == [("", ([1, 2],))]
