"""Schemas that exclude each other are reported, and no others."""

from __future__ import annotations

from typing import Any

from tests.cases import each_case

from .compiling import accepts, compile_schema, diagnose


def closed(name: str, *, required: bool = True) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object", "properties": {name: {}}, "additionalProperties": False}
    return {**schema, "required": [name]} if required else schema


A = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}


@each_case("strict", [False, True], ids=["lenient", "strict"])
@each_case(
    ("schema", "pointer", "says"),
    [
        ({"allOf": [closed("a"), closed("b")]}, "/allOf", "requires 'b', and another forbids it"),
        ({"allOf": [closed("a", required=False), closed("b", required=False)]}, "/allOf", "forbids those of the other"),
        ({"allOf": [{"type": "string"}, {"type": ["null", "number"]}]}, "/allOf", "of type string and of type null or number"),
        ({"type": "string", "anyOf": [{"type": "integer"}, {"type": "null"}]}, "/anyOf", "no alternative of anyOf agrees"),
        ({"type": "string", "oneOf": [{"enum": [1]}, {"const": None}]}, "/oneOf", "no alternative of oneOf agrees"),
        ({"allOf": [{"enum": [1, 2]}, {"const": 3}]}, "/allOf", "no value is in both"),
        ({"enum": ["a"], "allOf": [{"type": "integer"}]}, "/allOf", "no value of the enum or const is of type integer"),
        ({"type": "integer", "allOf": [{"minimum": 3}, {"maximum": 2}]}, "/allOf", "within minimum 3 and maximum 2"),
        ({"allOf": [{"minLength": 3}, {"maxLength": 2}, {"type": "string"}]}, "/allOf", "within minLength 3"),
        ({"allOf": [A, {"properties": {"a": {"type": "integer"}}}]}, "/allOf", "the required property 'a'"),
        ({"allOf": [A, {"properties": {"a": False}}]}, "/allOf", "one of them is false"),
        ({"properties": {"x": {"items": {"allOf": [closed("a"), closed("b")]}}}}, "/properties/x/items/allOf", "forbids"),
        ({"anyOf": [{"allOf": [closed("a"), closed("b")]}]}, "/anyOf/0/allOf", "forbids"),
    ],
)  # fmt: skip
def test_a_contradiction_is_reported(schema: Any, pointer: str, says: str, *, strict: bool) -> None:
    """It is a warning, or an error under strict, reported once where the schemas are combined."""
    (found,) = diagnose(schema, strict=strict)
    assert (found.severity, found.code, found.layer, found.pointer) == (
        "error" if strict else "warning",
        "SCHEMA",
        "service",
        f"/schema{pointer}",
    )
    assert says in found.message


def test_references_are_followed() -> None:
    """Components that exclude each other are reported where they are combined."""
    schema = {"allOf": [{"$ref": "#/A"}, {"$ref": "#/B"}]}
    (found,) = diagnose(schema, A=closed("a"), B=closed("b"))
    assert found.pointer == "/schema/allOf"


@each_case(
    ("schema", "value"),
    [
        ({"allOf": [closed("a"), {"properties": {"b": {}}}]}, {"a": 1}),
        ({"allOf": [closed("a"), closed("a")]}, {"a": 1}),
        ({"allOf": [{"type": "number"}, {"type": "integer"}]}, 1),
        ({"allOf": [{"type": ["object", "null"], "required": ["a"]}, {**closed("b"), "type": ["object", "null"]}]}, None),
        ({"type": "string", "anyOf": [{"type": "integer"}, {"minLength": 1}]}, "a"),
        ({"allOf": [{"enum": [1, 2]}, {"const": 2.0}]}, 2),
        ({"allOf": [{"enum": [[1]]}, {"const": [1.0]}]}, [1]),
        ({"allOf": [{"minimum": 3}, {"maximum": 2}]}, "a"),
        ({"type": "integer", "allOf": [{"minimum": 2}, {"maximum": 2}]}, 2),
        ({"allOf": [{"properties": {"a": {"type": "string"}}}, {"type": "object", "properties": {"a": {"type": "integer"}}}]}, {}),
        ({"allOf": [{"required": ["xa"]}, {"patternProperties": {"^x": {}}, "additionalProperties": False}]}, {"xa": 1}),
        ({"allOf": [A, {"properties": {"a": {"minLength": 1}}}]}, {"a": "b"}),
        ({"allOf": [closed("a", required=False), {"type": "object", "additionalProperties": False}]}, {}),
    ],
    ids=str,
)  # fmt: skip
def test_a_satisfiable_combination_is_silent(schema: Any, value: Any) -> None:
    """A combination that the given value matches is not reported."""
    assert accepts(compile_schema(schema), value)
    assert diagnose(schema, strict=True) == []
