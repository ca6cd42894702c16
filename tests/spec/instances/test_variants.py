"""Edges and faults of schemas, judged by another validator."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from asynction_asgi.spec import load_spec
from asynction_asgi.spec.instances.variants import Variant, Variants
from tests.cases import each_case

ITEM: dict[str, Any] = {
    "type": "object",
    "required": ["id"],
    "additionalProperties": False,
    "properties": {
        "id": {"type": "integer", "minimum": 1, "exclusiveMaximum": 100, "multipleOf": 3},
        "name": {"type": ["string", "null"], "minLength": 2, "maxLength": 5},
        "kind": {"enum": ["a", "b", 3]},
        "tags": {
            "type": "array",
            "items": {"type": "string"},
            "minItems": 1,
            "maxItems": 2,
            "uniqueItems": True,
        },
        "extra": {"type": "object", "maxProperties": 2, "propertyNames": {"maxLength": 3}},
    },
}
TREE: dict[str, Any] = {
    "type": "object",
    "required": ["leaf"],
    "properties": {
        "leaf": {"type": "boolean"},
        "kids": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}},
    },
}
SCHEMAS: dict[str, dict[str, Any]] = {
    "object": ITEM,
    "pattern": {"type": "string", "pattern": "^[a-z]{3}-[0-9]{2}$", "maxLength": 6},
    "format": {"type": "string", "format": "date"},
    "choice": {
        "oneOf": [
            {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer", "maximum": 9}}},
            {"type": "string", "minLength": 3},
        ]
    },
    "condition": {
        "type": "object",
        "required": ["kind", "size"],
        "properties": {"kind": {"enum": ["big", "small"]}, "size": {"type": "integer"}},
        "if": {"properties": {"kind": {"const": "big"}}},
        "then": {"properties": {"size": {"minimum": 100}}},
        "else": {"properties": {"size": {"maximum": 10}}},
    },
    "dependency": {
        "type": "object",
        "properties": {"card": {"type": "integer"}, "name": {"type": "string"}},
        "dependencies": {"card": ["name"]},
    },
    "names": {
        "type": "object",
        "patternProperties": {"^x-": {"type": "integer"}},
        "additionalProperties": {"type": "string"},
    },
    "contains": {"type": "array", "contains": {"const": 7}, "minItems": 1},
    "not": {"type": "string", "not": {"enum": ["admin", "root"]}},
}
# What is missed somewhere among the faults of a schema.
KEYWORDS = {
    "object": {
        *(
            "type",
            "required",
            "additionalProperties",
            "minimum",
            "exclusiveMaximum",
            "multipleOf",
            "minLength",
        ),
        *("maxLength", "enum", "minItems", "maxItems", "uniqueItems", "maxProperties", "propertyNames"),
    },
    "pattern": {"type", "pattern", "maxLength"},
    "format": {"type", "format"},
    "choice": {"oneOf"},
    "condition": {"type", "required", "enum", "minimum", "maximum"},
    "dependency": {"type", "required"},
    "names": {"type"},
    "contains": {"type", "contains", "minItems"},
    "not": {"type", "not"},
}


def variants(schema: Any, seed: int = 0) -> list[Variant]:
    document = {
        "asyncapi": "2.6.0",
        "info": {"title": "T", "version": "1"},
        "components": {"schemas": {"Tree": TREE}},
        "channels": {"/": {"publish": {"message": {"name": "e", "payload": schema}}}},
    }
    spec = load_spec(document)
    return list(Variants(spec, seed=seed).of_arguments(spec.namespaces["/"].receives["e"].arguments))


def is_valid(schema: Any, values: list[Any]) -> bool:
    checker = jsonschema.Draft7Validator(schema, format_checker=jsonschema.FormatChecker(["date"]))
    return len(values) == 1 and checker.is_valid(values[0])


@each_case("name", SCHEMAS)
def test_edges_are_accepted_and_faults_refused(name: str) -> None:
    """Another validator accepts each edge and what a fault was made of, and refuses each fault."""
    found = variants(SCHEMAS[name])
    for variant in found:
        assert is_valid(SCHEMAS[name], variant.value) == (variant.mismatch is None), variant
        assert is_valid(SCHEMAS[name], variant.base), variant
    missed = {variant.keyword for variant in found if variant.mismatch is not None}
    assert missed >= KEYWORDS[name]


def test_recursion_ends() -> None:
    """A schema within itself is looked at once, where it is referred to."""
    found = variants({"$ref": "#/components/schemas/Tree"})
    assert {variant.pointer for variant in found} == {"", "/0", "/0/leaf", "/0/kids"}


def test_limits_are_met_exactly() -> None:
    """The edges hold a text of just the longest length, in characters that are two units in UTF-16 as well."""
    edges = [
        variant.value[0] for variant in variants({"type": "string", "maxLength": 5}) if not variant.mismatch
    ]
    assert {"", "é", "\N{GRINNING FACE}" * 5} <= set(edges)
    assert max(map(len, edges)) == 5


def test_a_list_of_arguments_is_one_longer_and_shorter() -> None:
    """The number of arguments is missed by one in both directions."""
    schema = {
        "type": "array",
        "items": [{"type": "integer"}, {"type": "integer"}],
        "minItems": 2,
        "additionalItems": False,
    }
    counts = {len(variant.value) for variant in variants(schema) if variant.mismatch and not variant.pointer}
    assert {1, 3} <= counts


def test_the_same_seed_makes_the_same() -> None:
    """Equal seeds give equal variants, and another seed other values."""
    assert repr(variants(ITEM, 1)) == repr(variants(ITEM, 1))
    assert [variant.value for variant in variants(ITEM, 1)] != [
        variant.value for variant in variants(ITEM, 2)
    ]


@pytest.mark.parametrize("payload", [{}, True, False, {"type": "string", "minLength": 3, "maxLength": 2}])
def test_open_and_impossible_schemas_end(payload: Any) -> None:
    """A schema that admits everything has no fault but the count, and one that admits nothing has no edge."""
    found = variants(payload)
    assert all(not variant.pointer for variant in found if variant.mismatch)
    assert payload in ({}, True) or not found
