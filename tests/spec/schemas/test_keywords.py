"""The verdicts of each keyword, compared with two other validators over a pool of values."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import jsonschema_rs
import pytest

from tests.cases import each_case

from .compiling import accepts, compile_schema

VALUES: list[Any] = [
    *(None, True, False, 0, 1, -1, 2, 3, 10, 1.0, 1.5, -0.5, 0.03, 1e308, 10**30, -(10**30)),
    *("", "a", "ab", "abc", "Ab", "1", "é", "😀", "a\n", "a.b", "2026-02-28"),
    *([], [1], [1, 1.0], [1, True], [0, False], ["a", "a"], ["a", 1], [[1], [1.0]], [{"a": 1}, {"a": 1.0}]),
    *([1, 2, 3], ["a", "b", "c", "d"], [None], [{}], [[]], [1, "a", None]),
    *({}, {"a": 1}, {"a": "x"}, {"b": 1}, {"a": 1, "b": 2}, {"a": None}, {"x-1": 1}, {"a/b": 1, "~": 2}),
    *(
        {"kind": "cat", "lives": 9},
        {"kind": "dog"},
        {"kind": "dog", "lives": "x"},
        {"kind": 1},
        {"kind": None},
    ),
    *(
        {"a": {"a": {"a": 1}}},
        {"child": {"child": None}},
        {"child": {"child": 3}},
        {"a": [1, "b"]},
        {"$ref": "a"},
    ),
]

_CAT = {
    "type": "object",
    "properties": {"kind": {"const": "cat"}, "lives": {"type": "integer"}},
    "required": ["kind"],
}
_DOG = {
    "type": "object",
    "properties": {"kind": {"enum": ["dog", "wolf"]}, "lives": {"type": "integer"}},
    "required": ["kind"],
}

SCHEMAS: dict[str, Any] = {
    "true": True,
    "false": False,
    "empty": {},
    **{
        f"type-{name}": {"type": name}
        for name in ("null", "boolean", "integer", "number", "string", "array", "object")
    },
    "type-list": {"type": ["string", "null"]},
    "type-integer-or-boolean": {"type": ["integer", "boolean"]},
    "enum-strings": {"enum": ["a", "ab"]},
    "enum-many-strings": {"enum": [*"abcdefghij", "ab"]},
    "enum-zero": {"enum": [0]},
    "enum-false": {"enum": [False]},
    "enum-one": {"enum": [1]},
    "enum-true": {"enum": [True]},
    "enum-mixed": {"enum": [None, 1.5, "a", [1], {"a": 1}, []]},
    "enum-nested": {"enum": [[[1], [1]], [{"a": 1}, {"a": 1}], {"a": {"a": {"a": 1}}}]},
    "enum-empty": {"enum": []},
    "const-null": {"const": None},
    "const-float": {"const": 1.0},
    "const-object": {"const": {"a": 1.0, "b": 2}},
    "const-ref-is-data": {"const": {"$ref": "a"}},
    "multiple-of-int": {"multipleOf": 3},
    "multiple-of-decimal": {"multipleOf": 0.01},
    "multiple-of-half": {"type": "number", "multipleOf": 0.5},
    "minimum": {"minimum": 1},
    "maximum": {"maximum": 1.5},
    "exclusive-minimum": {"exclusiveMinimum": 1},
    "exclusive-maximum": {"exclusiveMaximum": 1},
    "bounds-of-a-big-integer": {"type": "integer", "maximum": 10**30, "exclusiveMinimum": -(10**30)},
    "min-length": {"minLength": 2},
    "max-length-float": {"maxLength": 1.0},
    "length-typed": {"type": "string", "minLength": 1, "maxLength": 2},
    "pattern": {"pattern": "^a"},
    "pattern-end": {"pattern": "^a$"},
    "pattern-digits": {"pattern": r"\d"},
    "pattern-dot": {"pattern": "^.$"},
    "format-date": {"format": "date"},
    "format-unknown": {"format": "moon-phase"},
    "items": {"items": {"type": "integer"}},
    "items-false": {"items": False},
    "items-true": {"items": True},
    "items-list": {"items": [{"type": "integer"}, {"type": "string"}]},
    "items-list-closed": {"items": [{"type": "integer"}, {"type": "string"}], "additionalItems": False},
    "items-list-rest": {"items": [{"type": "integer"}], "additionalItems": {"type": "string"}},
    "items-list-empty": {"items": [], "additionalItems": {"type": "integer"}},
    "items-list-with-minimum": {"items": [{"type": "string"}, True, {"type": "string"}], "minItems": 2},
    "additional-items-alone": {"additionalItems": False},
    "additional-items-beside-a-schema": {"items": {"type": "integer"}, "additionalItems": False},
    "min-items": {"minItems": 2},
    "max-items": {"type": "array", "maxItems": 1},
    "unique-items": {"uniqueItems": True},
    "unique-items-off": {"uniqueItems": False},
    "contains": {"contains": {"type": "string"}},
    "contains-anything": {"contains": True},
    "contains-nothing": {"contains": False},
    "min-properties": {"minProperties": 1},
    "max-properties": {"type": "object", "maxProperties": 1},
    "required": {"required": ["a"]},
    "required-unlisted": {"required": ["a"], "additionalProperties": {}},
    "required-impossible": {"required": ["a"], "additionalProperties": False},
    "properties": {"properties": {"a": {"type": "integer"}, "b": False}},
    "properties-required": {
        "type": "object",
        "properties": {"a": {"type": "integer"}, "b": True},
        "required": ["a", "b"],
    },
    "properties-awkward-names": {
        "properties": {"a/b": {"type": "string"}, "~": True, "$ref": {"type": "integer"}}
    },
    "pattern-properties": {"patternProperties": {"^x-": {"type": "string"}, "a": {"type": "integer"}}},
    "pattern-properties-closed": {
        "properties": {"b": True},
        "patternProperties": {"^x-": True},
        "additionalProperties": False,
    },
    "pattern-properties-rest": {
        "patternProperties": {"^x-": True},
        "additionalProperties": {"type": "integer"},
    },
    "additional-properties": {"properties": {"a": True}, "additionalProperties": {"type": "string"}},
    "additional-properties-alone": {"additionalProperties": {"type": "integer"}},
    "additional-properties-closed": {"properties": {"a": True, "b": True}, "additionalProperties": False},
    "additional-properties-exact": {
        "properties": {"a": True},
        "required": ["a"],
        "additionalProperties": False,
    },
    "property-names": {"propertyNames": {"pattern": "^[a-z]+$"}},
    "property-names-none": {"propertyNames": False},
    "dependencies-names": {"dependencies": {"a": ["b"], "b": []}},
    "dependencies-schema": {"dependencies": {"a": {"required": ["b"]}, "child": False}},
    "if-then-else": {"if": {"type": "integer"}, "then": {"minimum": 2}, "else": {"type": "string"}},
    "if-else": {"if": {"type": "integer"}, "else": {"type": "null"}},
    "if-alone": {"if": {"type": "integer"}},
    "then-alone": {"then": {"type": "integer"}, "else": False},
    "if-by-member": {
        "if": {"properties": {"kind": {"const": "dog"}}, "required": ["kind"]},
        "then": {"required": ["lives"]},
    },
    "all-of": {"allOf": [{"required": ["a"]}, {"properties": {"a": {"type": "integer"}}}]},
    "all-of-false": {"allOf": [True, False]},
    "any-of-types": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
    "any-of-constants": {"anyOf": [{"const": True}, {"const": 1}, {"enum": [None, [1]]}]},
    "any-of-overlapping": {"anyOf": [{"minimum": 2}, {"type": "integer"}]},
    "any-of-false": {"anyOf": [False, {"type": "null"}]},
    "one-of-types": {"oneOf": [{"type": "string"}, {"type": "number"}, {"type": "null"}]},
    "one-of-overlapping": {"oneOf": [{"type": "integer"}, {"minimum": 2}]},
    "one-of-all-true": {"oneOf": [True, True]},
    "one-of-one-true": {"oneOf": [True, False]},
    "one-of-empty-schema": {"oneOf": [{"type": "number"}, {}]},
    "one-of-tagged": {"oneOf": [_CAT, _DOG]},
    "one-of-tagged-or-null": {"oneOf": [{"type": "null"}, _CAT, _DOG]},
    "one-of-tags-that-overlap": {"oneOf": [_CAT, _DOG, {**_CAT, "maxProperties": 1}]},
    "one-of-tag-not-required": {"oneOf": [_CAT, {"properties": {"kind": {"const": "dog"}}}]},
    "any-of-tagged": {"anyOf": [_CAT, _DOG]},
    "any-of-tagged-by-all-of": {"anyOf": [{"allOf": [_CAT, {"minProperties": 2}]}, _DOG]},
    "not": {"not": {"type": "integer"}},
    "not-true": {"not": True},
    "not-empty": {"not": {}},
    "not-not": {"not": {"not": {"type": "string"}}},
    "ref": {"properties": {"a": {"$ref": "#/schema"}}, "additionalProperties": False},
    "ref-beside-siblings": {"$ref": "#/definitions/integer", "maximum": 0},
    "ref-in-items": {"items": {"$ref": "#/definitions/integer"}},
    "ref-to-false": {"properties": {"a": {"$ref": "#/definitions/nothing"}}},
    "ref-with-escapes": {"items": {"$ref": "#/definitions/a~1b%25~0"}},
    "ref-with-members": {"items": {"$ref": "#/definitions/pair"}},
    "recursive-child": {"$ref": "#/definitions/chain"},
    "names-that-differ-in-case": {
        "properties": {"a": {"$ref": "#/definitions/Name"}, "b": {"$ref": "#/definitions/name"}},
    },
}

DEFINITIONS: dict[str, Any] = {
    "integer": {"type": "integer"},
    "nothing": False,
    "a/b%~": {"type": "string"},
    "Name": {"type": "object", "required": ["a"]},
    "name": {"type": "integer"},
    "pair": {"properties": {"a": {"type": "integer"}}, "required": ["a"]},
    "chain": {"type": ["object", "null"], "properties": {"child": {"$ref": "#/definitions/chain"}}},
}


@pytest.mark.parametrize("backend", ["fastjsonschema", "jsonschema-rs"])
@each_case("name", SCHEMAS)
def test_verdicts_agree_with_other_validators(name: str, backend: Any) -> None:
    """Our check, jsonschema and jsonschema-rs agree on each value, and no check changes it."""
    schema = SCHEMAS[name]
    document = {"schema": schema, "definitions": DEFINITIONS}
    check = compile_schema(schema, backend=backend, definitions=DEFINITIONS)
    formats = jsonschema.FormatChecker(["date"])
    slow = jsonschema.Draft7Validator({"$ref": "#/schema", **document}, format_checker=formats)
    native = jsonschema_rs.Draft7Validator({"$ref": "#/schema", **document}, validate_formats=True)
    for value in VALUES:
        before = json.dumps(value)
        verdict = accepts(check, value)
        assert verdict == native.is_valid(value), value
        if not name.startswith(
            ("multiple-of", "pattern-end", "pattern-dot")
        ):  # Python rounds, and ends before \n
            assert verdict == slow.is_valid(value), value
        assert json.dumps(value) == before


LATER = {
    "prefix": (
        {"prefixItems": [{"type": "integer"}, {"type": "string"}]},
        [[], [1], [1, "a"], [1, "a", None]],
        [["a"], [1, 1]],
    ),
    "prefix-closed": ({"prefixItems": [{"type": "integer"}], "items": False}, [[], [1]], [[1, 2], ["a"]]),
    "prefix-rest": ({"prefixItems": [True], "items": {"type": "string"}}, [[1, "a"], [None]], [[1, 2]]),
    "prefix-empty": ({"prefixItems": [], "items": {"type": "integer"}}, [[], [1, 2]], [["a"]]),
    "dependent-required": ({"dependentRequired": {"a": ["b"]}}, [{}, {"b": 1}, {"a": 1, "b": 1}], [{"a": 1}]),
    "dependent-schemas": (
        {"dependentSchemas": {"a": {"maxProperties": 1}}},
        [{"a": 1}, {"b": 1, "c": 1}],
        [{"a": 1, "b": 1}],
    ),
    "dependent-both": (
        {"dependentRequired": {"a": ["b"]}, "dependentSchemas": {"a": {"maxProperties": 2}}},
        [{"a": 1, "b": 1}],
        [{"a": 1}, {"a": 1, "b": 1, "c": 1}],
    ),
    "definitions-of-2019": (
        {"$defs": {"n": {"type": "null"}}, "items": {"$ref": "#/schema/$defs/n"}},
        [[None]],
        [[1]],
    ),
}


@each_case("backend", ["fastjsonschema", "jsonschema-rs"])
@each_case(("schema", "valid", "invalid"), LATER.values(), ids=LATER)
def test_later_keywords_are_translated(
    schema: Any, valid: list[Any], invalid: list[Any], backend: Any
) -> None:
    """Keywords of 2019-09 and 2020-12 that draft-07 can express are enforced."""
    check = compile_schema(schema, backend=backend)
    oracle = jsonschema_rs.Draft202012Validator({"schema": schema, "$ref": "#/schema"})
    assert (
        [accepts(check, value) for value in valid]
        == [oracle.is_valid(value) for value in valid]
        == [True] * len(valid)
    )
    assert [accepts(check, value) for value in invalid] == [oracle.is_valid(value) for value in invalid]
    assert not any(accepts(check, value) for value in invalid)
