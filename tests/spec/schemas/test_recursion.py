"""Only schemas that would visit a value repeatedly keep a memo."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from asynction_asgi.spec.schemas.normalise import Normaliser
from asynction_asgi.spec.schemas.recursion import find_recursion
from asynction_asgi.spec.text.document import load_document
from asynction_asgi.spec.text.references import Resolver
from tests.cases import each_case

from .compiling import accepts, compile_schema, violation

if TYPE_CHECKING:
    from asynction_asgi.spec.schemas.bundle import Backend

SELF = {"$ref": "#/schema"}


def child(**more: Any) -> dict[str, Any]:
    """Return an object schema that contains another of its kind."""
    return {"type": "object", "properties": {"child": SELF}, **more}


RISKY: dict[str, Any] = {
    "branches": {"anyOf": [child(required=["a"]), child(required=["b"]), {"type": "null"}]},
    "exclusive branches": {"oneOf": [child(required=["a"]), child(required=["b"]), {"type": "null"}]},
    "all of": {"allOf": [child(), child()]},
    "by pattern": child(patternProperties={"^c": SELF}),
    "by two patterns": {"patternProperties": {"^c": SELF, "d$": SELF}},
    "by a pattern of another": {
        "allOf": [{"patternProperties": {"^c": SELF}}, {"additionalProperties": SELF}]
    },
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
    "by pattern and the rest": {"patternProperties": {"^c": SELF}, "additionalProperties": SELF},
    "no recursion": {"allOf": [{"$ref": "#/leaf"}, {"$ref": "#/leaf"}]},
}


@each_case("name", [*RISKY, *PLAIN])
def test_tells_risky_recursion_from_trees(name: str) -> None:
    """Only a schema that can double its work per level keeps a memo."""
    schema = RISKY.get(name, PLAIN.get(name))
    components = {"other": child(), "leaf": {"type": "object", "properties": {"a": {"type": "null"}}}}
    node = load_document({"schema": schema, **components}).root.child("schema")
    normaliser = Normaliser(Resolver(node.document))
    normaliser.run([node])
    assert bool(find_recursion(normaliser.definitions).risky) is (name in RISKY)


@each_case("name", RISKY)
def test_depth_costs_linear_time(name: str) -> None:
    """Sixty levels take linear time, instead of 2**60 steps."""
    check = compile_schema(RISKY[name], other=child())
    value: Any = None
    for level in range(60):
        value = {"child": value, "c": level} if "items" not in name and "positions" not in name else [value]
    started = time.process_time()
    accepts(check, value)
    assert time.process_time() - started < 2


def chained(schema: Any, levels: int = 40) -> dict[str, Any]:
    """Return definitions ``s0``, ``s1``…; in each, the next one replaces ``NEXT``."""
    text = json.dumps(schema)
    chain = {f"s{n}": json.loads(text.replace("NEXT", f"#/s{n + 1}")) for n in range(levels)}
    return chain | {f"s{levels}": {"properties": {"end": {"type": "string"}}}}


NEXT = {"$ref": "NEXT"}
REPEATING: dict[str, Any] = {
    "all of": {"allOf": [NEXT, NEXT]},
    "any of": {"anyOf": [{"allOf": [NEXT, {"required": ["a"]}]}, NEXT]},
    "one of": {"oneOf": [{"allOf": [NEXT, {"required": ["a"]}]}, NEXT]},
    "not": {"not": {"anyOf": [NEXT, NEXT]}},
    "condition": {"if": NEXT, "then": NEXT},
    "dependencies": {"dependencies": {"end": NEXT, "a": NEXT}, "allOf": [NEXT]},
    "members": {"allOf": [{"properties": {"end": NEXT}}, {"properties": {"end": NEXT}}]},
    "members by pattern": {"properties": {"end": NEXT}, "patternProperties": {"^e": NEXT}},
    "members by pattern or others, and by name": {
        "patternProperties": {"^e": NEXT},
        "additionalProperties": NEXT,
        "allOf": [{"properties": {"end": NEXT}}],
    },
    "items": {"items": NEXT, "contains": NEXT},
}
SINGLE: dict[str, Any] = {
    "other members": {"properties": {"a": NEXT, "b": NEXT, "c": {"properties": {"a": NEXT}}}},
    "a member and others": {"properties": {"a": NEXT}, "additionalProperties": NEXT},
    "members by pattern and others": {"patternProperties": {"^a": NEXT}, "additionalProperties": NEXT},
    "positions": {"items": [NEXT, NEXT], "additionalItems": NEXT},
    "in place and in a member": {"allOf": [NEXT], "properties": {"a": {"type": "string"}}},
}


@each_case("name", [*REPEATING, *SINGLE])
def test_tells_repetition_from_trees(name: str) -> None:
    """Only schemas that double their work per level count as repeating."""
    shape = (REPEATING | SINGLE)[name]
    for levels, risky in ((2, False), (40, name in REPEATING)):
        node = load_document({"schema": {"$ref": "#/s0"}, **chained(shape, levels)}).root.child("schema")
        normaliser = Normaliser(Resolver(node.document))
        normaliser.run([node])
        assert bool(find_recursion(normaliser.definitions).risky) is risky


MANY = [{"$ref": f"#/many/{number}"} for number in range(1500)]


@pytest.mark.parametrize(
    "schema",
    [
        {"anyOf": MANY},
        {"items": MANY, "additionalItems": {"$ref": "#/all"}},
        {"properties": {"a": {"properties": {str(number): schema for number, schema in enumerate(MANY)}}}},
        {"items": [{"items": MANY}], "allOf": [{"items": {"items": {"$ref": "#/all"}}}]},
    ],
    ids=["alternatives", "positions", "members", "positions of positions"],
)
def test_long_chains_need_no_memo(schema: Any) -> None:
    """More references than a stack is deep are recognised quickly as calls without repetition."""
    many = [{"properties": {"a": {"const": number}}, "allOf": [{"$ref": "#/all"}]} for number in range(1500)]
    document = {"schema": schema, "many": many, "all": {"properties": {"b": {"type": "string"}}}}
    node = load_document(document).root.child("schema")
    normaliser = Normaliser(Resolver(node.document))
    normaliser.run([node])
    started = time.process_time()
    assert not find_recursion(normaliser.definitions).risky
    assert time.process_time() - started < 2


@pytest.mark.parametrize("backend", ["fastjsonschema", "jsonschema-rs"])
@pytest.mark.parametrize("name", REPEATING)
def test_levels_of_a_document_cost_linear_time(name: str, backend: Backend) -> None:
    """Forty levels compile and check in linear time, with the verdicts of two levels."""
    started = time.process_time()
    values: list[Any] = [{"end": "yes"}, {"end": 1}, {"a": 1, "end": 1}, [{"end": 1}], 1]
    deep, flat = (
        compile_schema({"$ref": "#/s0"}, backend=backend, **chained(REPEATING[name], levels))
        for levels in (40, 2)
    )
    assert [accepts(deep, value) for value in values] == [accepts(flat, value) for value in values]
    nested: Any = "end"
    for _ in range(40):
        nested = [nested] if name == "items" else {"end": nested}
    accepts(deep, nested)
    assert time.process_time() - started < 2


def test_a_remembered_failure_keeps_its_place() -> None:
    """A memoised violation has the pointer of its value."""
    check = compile_schema(
        {"allOf": [child(), {"anyOf": [child(), {"type": "null"}]}, {"$ref": "#/end"}]},
        end={"properties": {"bad": False}},
    )
    found = violation(check, {"child": {"child": {"bad": 1}}})
    assert found is not None
    assert (found.pointer, found.keyword) == ("/child/child/bad", "false")
