"""The flat shape of a value, from one schema or several."""

from __future__ import annotations

from typing import Any

import pytest

from asynction_asgi.spec.schemas.dialects import DIALECTS
from asynction_asgi.spec.schemas.resources import resources_of
from asynction_asgi.spec.schemas.shape import Shape, merge_shapes
from asynction_asgi.spec.schemas.shape_reader import Shapes, is_never, read_shape
from asynction_asgi.spec.text.document import load_document
from asynction_asgi.spec.text.references import Resolver
from tests.cases import each_case

LATEST = "https://json-schema.org/draft/2020-12/schema"


def shape_of(schema: Any, **others: Any) -> Shape[Any]:
    """Return the shape of a schema whose references lead to `others`."""
    document = load_document({"schema": schema, **others})
    return Shapes(Resolver(document)).of(document.root.child("schema"))


def values(schemas: dict[str, Any]) -> dict[str, Any]:
    """Return the values of the schemas by name."""
    return {name: schema.value for name, schema in schemas.items()}


@pytest.mark.parametrize(
    ("schema", "types", "is_closed"),
    [
        ({"allOf": [{"type": "string", "nullable": True}]}, ("string", "null"), False),
        ({"type": "object", "unevaluatedProperties": False}, ("object",), False),  # not in OpenAPI 3.0
        ({"$schema": LATEST, "$ref": "#/base", "unevaluatedProperties": False}, ("object",), True),
        (
            {"$schema": LATEST, "type": "object", "oneOf": [{}], "unevaluatedProperties": False},
            ("object",),
            False,
        ),
    ],
)
def test_a_shape_follows_its_dialect(schema: Any, types: tuple[str, ...], is_closed: bool) -> None:
    """Null, references beside keywords and closed objects are read as they are enforced."""
    document = load_document({"schema": schema, "base": {"type": "object"}})
    node, resolver = document.root.child("schema"), Resolver(document)
    resources_of([node], resolver, DIALECTS["openapi-3.0"])
    shape = Shapes(resolver).of(node)
    assert shape.types == types
    assert any(members.others is not None for members in shape.objects) is is_closed


def test_every_branch_of_all_of_is_merged() -> None:
    """References and nested branches are merged; the first schema of a repeated property wins."""
    shape = shape_of(
        {
            "type": "object",
            "properties": {"a": {"type": "string"}},
            "required": ["a"],
            "allOf": [{"$ref": "#/base"}, {"allOf": [{"properties": {"c": True}}]}],
        },
        base={"properties": {"a": {"type": "null"}, "b": {}}, "required": ["b", "a"]},
    )
    assert shape.types == ("object",)
    assert values(shape.properties) == {"a": {"type": "string"}, "b": {}, "c": True}
    assert shape.required == ("a", "b")


def test_a_recursive_all_of_is_read_once() -> None:
    """A cyclic or dangling ``allOf`` in an unvalidated schema is read without looping."""
    shape = shape_of({"allOf": [{"$ref": "#/schema"}, {"$ref": "#/missing"}], "minLength": 1})
    assert shape.bounds == {"minLength": 1}


@pytest.mark.parametrize(
    ("schemas", "types"),
    [
        ([{"type": ["number", "string"]}, {"type": "integer"}], ("integer",)),
        ([{"type": "integer"}, {"type": ["null", "number"]}], ("integer",)),
        ([{}, {"type": ["string", "null"]}], ("string", "null")),
        ([{"type": "string"}, {"type": "null"}], ()),
        ([{}, {}], None),
    ],
)
def test_types_are_those_that_all_admit(schemas: list[Any], types: tuple[str, ...] | None) -> None:
    """Types are those that all parts admit, and an integer is a number."""
    assert merge_shapes(map(read_shape, schemas)).types == types


def test_bounds_and_values_are_intersected() -> None:
    """The strictest bound and the common values win, in any order; ``const`` is one value."""
    shapes = [
        read_shape({"minimum": 1, "maxLength": 9, "enum": [1, 2, 3]}),
        read_shape({"minimum": 2, "maxLength": 5, "const": 2}),
    ]
    for parts in (shapes, shapes[::-1]):
        merged = merge_shapes(parts)
        assert merged.bounds == {"minimum": 2, "maxLength": 5}
        assert merged.values == (2,)
    assert read_shape({"enum": [1], "const": 2}).values == ()


@pytest.mark.parametrize(
    ("schema", "positions", "rest"),
    [
        ({"prefixItems": [{"const": 1}], "items": False}, [{"const": 1}], False),
        ({"items": [{"const": 1}], "additionalItems": {}}, [{"const": 1}], {}),
        ({"items": []}, [], None),
        ({"items": {"const": 1}, "additionalItems": False}, None, {"const": 1}),
        ({"additionalItems": False}, None, None),
    ],
)
def test_positions_of_items(schema: dict[str, Any], positions: list[Any] | None, rest: Any) -> None:
    """A tuple in either spelling has its positions and the schema of further items."""
    shape = read_shape(schema)
    assert shape.rest == rest
    assert (None if shape.positions is None else list(shape.positions)) == positions


def test_simple_uses_of_not_are_read() -> None:
    """``not`` may exclude types or one member; other uses are ignored."""
    assert read_shape({"not": {"type": ["null", "number"]}}).denied == {"null", "number", "integer"}
    assert read_shape({"not": {"required": ["a"]}}).forbidden == {"a"}
    for excluded in ({"required": ["a", "b"]}, {"type": "null", "minLength": 1}, True):
        shape = read_shape({"not": excluded})
        assert (shape.denied, shape.forbidden) == (frozenset(), frozenset())


@pytest.mark.parametrize(
    "schema",
    [
        True,
        {"type": 5, "enum": 1, "required": {"a": 1}, "minimum": "1", "maximum": True},
        {"properties": [], "items": 3, "not": [], "dependencies": 1, "oneOf": {}},
    ],
    ids=["boolean", "keywords", "schemas"],
)
def test_malformed_keywords_are_ignored(schema: Any) -> None:
    """An unvalidated schema may contain any value."""
    shape = shape_of(schema)
    assert (shape.types, shape.values, shape.bounds, shape.required) == (None, None, {}, ())
    assert (shape.properties, shape.choices, shape.dependencies) == ({}, (), ())


@each_case(
    ("value", "admitted"),
    [
        ("ab", True),
        ("a", False),
        (3, True),
        (3.0, True),
        (2.5, False),
        (9, False),
        (True, False),
        (None, False),
    ],
)
def test_listed_values_must_fit_types_and_bounds(value: Any, admitted: bool) -> None:
    """Listed values outside types and bounds are dropped; 1.0 is an integer, true is not."""
    shape = read_shape({"type": ["string", "integer"], "minLength": 2, "exclusiveMaximum": 9})
    assert shape.admits(value) is admitted


def test_only_plain_contradictions_match_nothing() -> None:
    """False and its two other spellings match no value."""
    assert all(map(is_never, (False, {"not": {}}, {"not": True})))
    assert not any(map(is_never, (True, {}, None, {"not": False}, {"enum": []})))
