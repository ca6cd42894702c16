"""Examples to show: the author's if valid, otherwise the simplest, and the same each time."""

from __future__ import annotations

from typing import Any

import pytest

from asynction_asgi.spec import load_spec
from asynction_asgi.spec.instances import Examples
from asynction_asgi.spec.model.arguments import compile_arguments
from tests.cases import each_case
from tests.server.documents import channel, document, message

PAIR = {"type": "array", "items": {"$ref": "#/components/schemas/Pair"}, "minItems": 2, "maxItems": 2}
TREE = {"name": {"type": "string"}, "next": {"$ref": "#/components/schemas/Tree"}}
SHARED = {
    "Pair": {"anyOf": [PAIR, {"type": "integer"}]},
    "Tree": {"type": "object", "required": ["name"], "properties": TREE},
}


def made(payload: Any) -> Any:
    shown = document(root=channel(receives=[message("x", payload)]))
    spec = load_spec({**shown, "components": {"schemas": SHARED}})
    return spec, spec.namespaces["/"].receives["x"]


@each_case(
    ("payload", "values"),
    [
        ({"type": "string"}, ["text"]),
        ({"type": "string", "minLength": 9, "maxLength": 9}, ["text text"]),
        ({"type": "string", "pattern": "^(a|b){2}-[0-9]+[^x]?$"}, None),
        ({"type": "string", "pattern": r"^(?=.*\d)[A-Z]{3}\d+$"}, None),
        ({"type": "string", "pattern": r"^([ab])\1$"}, ["aa"]),
        *(({"type": "string", "format": name}, None) for name in ("uuid", "date-time", "ipv6", "uri", "email", "byte", "duration", "regex")),
        ({"type": "string", "format": "binary", "minLength": 6}, [b"\0" * 6]),
        ({"type": "integer", "minimum": 5, "multipleOf": 4}, [8]),
        ({"type": "integer", "exclusiveMinimum": 8, "multipleOf": 4}, [12]),
        ({"type": "number", "exclusiveMinimum": 1, "exclusiveMaximum": 2}, [1.5]),
        ({"type": "number", "maximum": -3}, [-3]),
        ({"type": "number", "exclusiveMaximum": 0}, None),
        ({"type": "integer", "maximum": -3, "multipleOf": 2}, None),
        ({"type": ["null", "boolean"]}, [True]),
        ({"type": "null"}, [None]),
        ({"const": {"a": 1}}, [{"a": 1}]),
        ({"enum": ["a", "b"]}, ["a"]),
        ({"type": "integer", "default": 7}, [7]),
        ({"type": "integer", "default": "wrong", "examples": ["wrong too"]}, [1]),
        ({"type": "string", "examples": ["mine"]}, ["mine"]),
        ({"$ref": "#/components/schemas/Tree"}, [{"name": "name"}]),
        ({"$ref": "#/components/schemas/Pair"}, [[1, 1]]),
        ({"type": "array", "items": {"$ref": "#/components/schemas/Tree"}}, [[{"name": "name"}]]),
        ({"type": "array", "items": {"type": "string"}, "minItems": 3, "uniqueItems": True}, [["text", "text2", "text3"]]),
        ({"type": "array", "contains": {"const": 4}}, [[4]]),
        ({"type": "object", "minProperties": 2, "additionalProperties": {"type": "integer"}}, [{"key": 1, "key2": 1}]),
        ({"type": "object", "additionalProperties": {"type": "string", "format": "date"}}, [{"key": "2026-01-31"}]),
        ({"type": "string", "pattern": "^[A-Z]{3}-[0-9]{4}$"}, ["ABC-5678"]),
        ({"type": "string", "not": {"const": "text"}}, None),
        ({"type": "integer", "not": {"enum": [1, 2, 3, 4, 5, 6, 7, 8]}}, None),
        ({"type": ["string", "null"], "format": "date-time"}, ["2026-01-31T12:00:00Z"]),
        ({"required": ["a"]}, [{"a": "anything"}]),
        ({"allOf": [{"properties": {"a": {"type": "integer"}}, "required": ["a"]}, {"properties": {"b": {"type": "null"}}, "required": ["b"]}]}, [{"a": 1, "b": None}]),
        ({"oneOf": [{"type": "integer"}, {"type": "integer", "minimum": 0}, {"type": "string"}]}, ["text"]),
        ({"type": "object", "properties": {"k": {"const": 1}}, "if": {"required": ["k"]}, "then": {"required": ["l"], "properties": {"l": {"type": "boolean"}}}}, [{"k": 1, "l": True}]),
        ({"type": "array", "maxItems": 0}, []),
        ({"type": "array", "items": [{"type": "integer"}, {"type": "string"}], "minItems": 1}, [1, "text"]),
        (True, ["anything"]),
    ],
)  # fmt: skip
def test_an_example_is_valid_and_stable(payload: Any, values: list[Any] | None) -> None:
    """The server's check accepts the example, and a second call returns the same one."""
    spec, event = made(payload)
    found = Examples(spec).arguments(event.arguments)
    assert found is not None
    compile_arguments(event.arguments, spec.bundle)(list(found))
    assert found == Examples(spec).arguments(event.arguments)
    if values is not None:
        assert list(found) == values


@pytest.mark.parametrize(
    "payload",
    [
        False,
        {"type": "string", "maxLength": 1, "minLength": 2},
        {"allOf": [{"type": "string"}, {"type": "null"}]},
    ],
)
def test_an_unsatisfiable_schema_has_no_example(payload: Any) -> None:
    """An unsatisfiable schema gives no example instead of an invalid one."""
    spec, event = made(payload)
    assert Examples(spec).arguments(event.arguments) is None
