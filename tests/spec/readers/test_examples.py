"""The examples that an author wrote, if they are valid."""

from __future__ import annotations

from typing import Any

from asynction_asgi.spec import load_spec
from asynction_asgi.spec.readers.examples import declared_examples
from tests.server.documents import channel, document, message


def made(payload: Any, **fields: Any) -> Any:
    spec = load_spec(document(root=channel(receives=[message("x", payload, **fields)])))
    return spec, spec.namespaces["/"].receives["x"]


def test_invalid_declared_examples_are_left_out() -> None:
    """Valid examples keep their names, with base64 for bytes, and one argument or all of them."""
    examples = [
        {"name": "one", "payload": [1, {"$binary": "AQI="}]},
        {"summary": "two", "payload": [2]},
        {"payload": [3, "text for bytes"]},
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
