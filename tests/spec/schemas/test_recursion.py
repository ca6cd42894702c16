"""Schemas whose recursion visits a value twice keep a memo, and no others."""

from __future__ import annotations

import time
from typing import Any

import pytest

from asynction_asgi.spec.document import load_document
from asynction_asgi.spec.references import Resolver
from asynction_asgi.spec.schemas.normalise import Normaliser
from asynction_asgi.spec.schemas.recursion import find_recursion

from .compiling import accepts, compile_schema, violation

SELF = {"$ref": "#/schema"}


def child(**more: Any) -> dict[str, Any]:
    """An object that holds another of its kind."""
    return {"type": "object", "properties": {"child": SELF}, **more}


RISKY: dict[str, Any] = {
    "branches": {"anyOf": [child(required=["a"]), child(required=["b"]), {"type": "null"}]},
    "exclusive branches": {"oneOf": [child(required=["a"]), child(required=["b"]), {"type": "null"}]},
    "all of": {"allOf": [child(), child()]},
    "by pattern": child(patternProperties={"^c": SELF}),
    "by name and by wildcard": {"allOf": [child(), {"additionalProperties": SELF}]},
    "items and contains": {"items": SELF, "contains": SELF},
    "positions of two schemas": {"allOf": [{"items": [SELF]}, {"items": [SELF]}]},
    "condition": {"if": child(required=["a"]), "then": child(), "else": child()},
    "a grandchild": child(
        allOf=[{"properties": {"child": {"type": "object", "properties": {"child": SELF}}}}]
    ),
    "dependency": child(dependencies={"a": child()}),
    "by way of another": {"anyOf": [{"$ref": "#/other"}, child()]},
}
PLAIN: dict[str, Any] = {
    "a chain": child(),
    "a tree": {"properties": {"left": SELF, "right": SELF}},
    "a list": {"properties": {"children": {"items": SELF}}},
    "positions": {"items": [SELF, SELF], "additionalItems": SELF},
    "named and the rest": child(additionalProperties=SELF),
    "no recursion": {"allOf": [{"$ref": "#/leaf"}, {"$ref": "#/leaf"}]},
}


@pytest.mark.parametrize("name", [*RISKY, *PLAIN])
def test_tells_risky_recursion_from_trees(name: str) -> None:
    """Only what can double its work per level is slowed by a memo."""
    schema = RISKY.get(name, PLAIN.get(name))
    components = {"other": child(), "leaf": {"type": "object", "properties": {"a": {"type": "null"}}}}
    node = load_document({"schema": schema, **components}).root.child("schema")
    normaliser = Normaliser(Resolver(node.document))
    normaliser.run([node])
    assert bool(find_recursion(normaliser.definitions).risky) is (name in RISKY)


@pytest.mark.parametrize("name", RISKY)
def test_depth_costs_linear_time(name: str) -> None:
    """Sixty levels, which would be 2**60 steps."""
    check = compile_schema(RISKY[name], other=child())
    value: Any = None
    for level in range(60):
        value = {"child": value, "c": level} if "items" not in name and "positions" not in name else [value]
    started = time.process_time()
    accepts(check, value)
    assert time.process_time() - started < 2


def test_a_remembered_failure_keeps_its_place() -> None:
    """The pointer is that of the value, however often it was looked up."""
    check = compile_schema(
        {"allOf": [child(), {"anyOf": [child(), {"type": "null"}]}, {"$ref": "#/end"}]},
        end={"properties": {"bad": False}},
    )
    found = violation(check, {"child": {"child": {"bad": 1}}})
    assert found is not None
    assert (found.pointer, found.keyword) == ("/child/child/bad", "false")
