"""How a payload schema determines the list of arguments."""

from __future__ import annotations

from typing import Any

import pytest

from asynction_asgi.spec.readers.payloads import read_arguments
from asynction_asgi.spec.text.document import load_document
from asynction_asgi.spec.text.references import Resolver
from tests.cases import each_case

PAIR = {"items": [{"type": "integer"}, {}], "additionalItems": False}


def read(payload: Any, **options: Any) -> tuple[str, int, int | None]:
    document = load_document({"payload": payload, "tuple": PAIR, "single": {"type": "string"}, "own": {"oneOf": [{"$ref": "#/own"}]}})  # fmt: skip
    arguments = read_arguments(document.root.child("payload"), Resolver(document), **options)
    return arguments.kind, arguments.minimum, arguments.maximum


@each_case(
    ("payload", "expected"),
    [
        ({"type": "object"}, ("single", 1, 1)),
        (True, ("single", 1, 1)),
        (False, ("single", 1, 1)),
        ({"type": "array", "items": {"type": "string"}}, ("single", 1, 1)),
        ({"type": "array"}, ("single", 1, 1)),
        ({"type": "array", "additionalItems": {}}, ("single", 1, 1)),
        ({"type": "array", "maxItems": 1}, ("single", 1, 1)),
        ({"type": "array", "maxItems": 0}, ("positional", 0, 0)),
        ({"type": "array", "items": [{}, {}], "minItems": 2, "additionalItems": False}, ("positional", 2, 2)),
        ({"type": "array", "items": [{}, {}], "additionalItems": False}, ("positional", 0, 2)),
        ({"items": [{}, {}]}, ("positional", 0, None)),
        ({"items": []}, ("positional", 0, None)),
        ({"items": [{}], "minItems": 1, "maxItems": 3}, ("positional", 1, 3)),
        ({"items": [{}], "minItems": 1.0, "maxItems": 3.0}, ("positional", 1, 3)),
        ({"items": [{}], "minItems": True, "maxItems": 2.5}, ("positional", 0, None)),
        ({"items": [{}], "maxItems": 3, "additionalItems": False}, ("positional", 0, 1)),
        ({"prefixItems": [{}, {}], "minItems": 2, "maxItems": 2}, ("positional", 2, 2)),
        ({"prefixItems": [{}, {}], "items": False}, ("positional", 0, 2)),
        ({"prefixItems": [{}, {}], "items": {"not": {}}}, ("positional", 0, 2)),
        ({"prefixItems": [], "items": {"type": "string"}}, ("positional", 0, None)),
        ({"oneOf": [PAIR, {"type": "array", "maxItems": 0}]}, ("positional", 0, 2)),
        ({"anyOf": [{"items": [{}], "minItems": 1}, PAIR]}, ("positional", 0, None)),
        ({"anyOf": [{"$ref": "#/tuple"}]}, ("positional", 0, 2)),
        ({"oneOf": [PAIR, {"type": "string"}]}, ("single", 1, 1)),
        ({"oneOf": []}, ("single", 1, 1)),
        ({"oneOf": [{"$ref": "#/nowhere"}]}, ("single", 1, 1)),
        ({"$ref": "#/own"}, ("single", 1, 1)),
        ({"allOf": [PAIR]}, ("single", 1, 1)),
        ({"$ref": "#/tuple"}, ("positional", 0, 2)),
        ({"schemaFormat": "application/schema+json;version=draft-07", "schema": PAIR}, ("positional", 0, 2)),
        ({"schemaFormat": "application/schema+json;version=draft-07", "schema": {"$ref": "#/tuple"}}, ("positional", 0, 2)),
        ({"schema": {"schema": {"$ref": "#/tuple"}, "x-why": 1}}, ("positional", 0, 2)),
        ({"schemaFormat": "application/vnd.apache.avro;version=1.9.0", "schema": {"type": "record"}}, ("opaque", 0, None)),
        ({"type": "object", "properties": {"schema": {}}}, ("single", 1, 1)),
    ],
)  # fmt: skip
def test_the_schema_decides(payload: Any, expected: tuple[str, int, int | None]) -> None:
    """A tuple schema is positional, and any other schema is one argument."""
    assert read(payload) == expected


@pytest.mark.parametrize(
    ("payload", "positional", "expected"),
    [
        (PAIR, False, ("single", 1, 1)),
        ({"type": "array", "items": {}, "minItems": 1}, True, ("positional", 1, None)),
        (True, True, ("positional", 0, None)),
    ],
)
def test_x_positional_overrides_the_schema(
    payload: Any, positional: bool, expected: tuple[str, int, int | None]
) -> None:
    """``x-positional`` marks a list as one argument, or as the list of arguments."""
    assert read(payload, positional=positional) == expected


def test_missing_and_foreign_payloads_are_not_compiled() -> None:
    """A missing payload and one of a foreign format are not compiled."""
    document = load_document({})
    assert read_arguments(None, Resolver(document)).kind == "any"
    assert read({"type": "record"}, schema_format="application/vnd.apache.avro;version=1.9.0") == (
        "opaque",
        0,
        None,
    )
