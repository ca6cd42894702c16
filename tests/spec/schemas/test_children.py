"""Where a schema contains other schemas."""

from __future__ import annotations

from typing import Any

import pytest

from asynction_asgi.spec.schemas.children import CHILDREN, Child, children
from asynction_asgi.spec.schemas.keywords import KEYWORDS
from asynction_asgi.spec.text.document import load_document

S: dict[str, Any] = {"type": "string"}
EVERY: list[tuple[dict[str, Any], list[tuple[str, str, str | int | None]]]] = [
    ({"allOf": [S, True]}, [("same", "allOf", 0), ("same", "allOf", 1)]),
    ({"anyOf": [S]}, [("same", "anyOf", 0)]),
    ({"oneOf": [S]}, [("same", "oneOf", 0)]),
    ({"not": S}, [("same", "not", None)]),
    ({"if": S, "then": S, "else": S}, [("same", key, None) for key in ("if", "then", "else")]),
    ({"dependencies": {"a": S, "b": ["c"]}}, [("same", "dependencies", "a")]),
    ({"dependentSchemas": {"a": S}}, [("same", "dependentSchemas", "a")]),
    ({"properties": {"a": S, "~/": S}}, [("member", "properties", "a"), ("member", "properties", "~/")]),
    ({"patternProperties": {"^a": S}}, [("matched", "patternProperties", "^a")]),
    ({"additionalProperties": False}, [("others", "additionalProperties", None)]),
    ({"propertyNames": S}, [("name", "propertyNames", None)]),
    ({"items": S}, [("items", "items", None)]),
    ({"items": [S], "additionalItems": S}, [("item", "items", 0), ("rest", "additionalItems", None)]),
    ({"prefixItems": [S]}, [("item", "prefixItems", 0)]),
    ({"contains": S}, [("some", "contains", None)]),
    ({"unevaluatedProperties": S}, [("left", "unevaluatedProperties", None)]),
    ({"unevaluatedItems": False}, [("left", "unevaluatedItems", None)]),
    ({"contentSchema": S}, [("definition", "contentSchema", None)]),
    ({"definitions": {"a": S}}, [("definition", "definitions", "a")]),
    ({"$defs": {"a": S}}, [("definition", "$defs", "a")]),
]


@pytest.mark.parametrize(("schema", "expected"), EVERY, ids=[next(iter(schema)) for schema, _ in EVERY])
def test_each_keyword_tells_what_its_schemas_describe(
    schema: dict[str, Any], expected: list[tuple[str, str, str | int | None]]
) -> None:
    """Each subschema has its place, for a node as for a plain value."""
    assert [child[:3] for child in children(schema)] == expected
    root = load_document(schema).root
    written = list(children(root))
    assert [child[:3] for child in written] == expected
    for child, plain in zip(written, children(schema), strict=True):
        assert child.schema.value == plain.schema
        holder = root.child(child.keyword)
        place = holder if child.key is None else holder.child(child.key)
        assert child.schema.pointer == place.pointer


def test_every_keyword_of_the_table_is_covered() -> None:
    """Each keyword in the table is known and has a case above or, if it is a reference, below."""
    references = {keyword for keyword, holder in CHILDREN.items() if holder.by_reference}
    assert CHILDREN.keys() <= KEYWORDS.keys() | {"$ref"}
    covered = {keyword for _, expected in EVERY for _, keyword, _ in expected}
    assert covered == CHILDREN.keys() - references


@pytest.mark.parametrize("keyword", ["$ref", "$dynamicRef", "$recursiveRef"])
def test_a_reference_beside_keywords_is_a_schema(keyword: str) -> None:
    """It is a schema that holds nothing but the reference, at the place of the keyword."""
    (child,) = children(load_document({keyword: "#/a", "minLength": 1}).root)
    assert child[:3] == ("same", keyword, None)
    assert (child.schema.value, child.schema.pointer) == ({"$ref": "#/a"}, f"/{keyword}")
    assert list(children(load_document({keyword: 1}).root)) == []


@pytest.mark.parametrize(
    "schema",
    [
        {"allOf": {"a": S}},
        {"properties": [S]},
        {"prefixItems": S},
        {"definitions": 1},
        {"enum": [S], "const": S, "default": S, "examples": [S], "x-more": {"properties": {"a": S}}},
    ],
    ids=lambda schema: next(iter(schema)),
)
def test_values_in_another_form_hold_no_schemas(schema: dict[str, Any]) -> None:
    """Malformed keywords and keywords about values contain no schemas."""
    assert list(children(schema)) == []


def test_children_come_in_the_order_of_the_document() -> None:
    """Subschemas follow the author's order, not the order of the table."""
    found = list(children({"oneOf": [S], "properties": {"b": S, "a": False}}))
    assert found == [
        Child("same", "oneOf", 0, S),
        Child("member", "properties", "b", S),
        Child("member", "properties", "a", False),
    ]
