"""Pairs of schemas, old and new, for which it is clear whether the new one accepts less."""

from __future__ import annotations

from typing import Any

STRING: Any = {"type": "string"}
INTEGER: Any = {"type": "integer"}
CLOSED: Any = {"type": "object", "properties": {"a": INTEGER}, "additionalProperties": False}


def member(name: str, schema: Any, **more: Any) -> Any:
    """Return an object with one declared member."""
    return {"type": "object", "properties": {name: schema}, **more}


def kind(name: str, **members: Any) -> Any:
    """Return an object whose kind is given by a constant."""
    return {
        "type": "object",
        "properties": {"kind": {"const": name}, **members},
        "required": ["kind", *members],
    }


TREE: Any = {
    "properties": {"name": STRING, "children": {"type": "array", "items": {"$ref": "#/schema"}}},
    "type": "object",
}
NAMED_TREE: Any = {**TREE, "required": ["name"]}

BREAKING: dict[str, tuple[Any, Any]] = {
    "a type less": ({"type": ["string", "null"]}, STRING),
    "another type": (STRING, INTEGER),
    "no fractions any more": ({"type": "number"}, INTEGER),
    "a type at all": (True, STRING),
    "nothing any more": (STRING, False),
    "a value of an enum less": ({"enum": ["a", "b", "c"]}, {"enum": ["a", "b"]}),
    "true is not 1": ({"enum": [1, True]}, {"enum": [1]}),
    "a constant": ({"enum": ["a", "b"]}, {"const": "a"}),
    "a lower maximum": ({**INTEGER, "maximum": 10}, {**INTEGER, "maximum": 9}),
    "a limit that excludes itself": (
        {"type": "number", "minimum": 0},
        {"type": "number", "exclusiveMinimum": 0},
    ),
    "a minimum at all": (INTEGER, {**INTEGER, "minimum": -(10**12)}),
    "a coarser step": ({"type": "number", "multipleOf": 0.1}, {"type": "number", "multipleOf": 0.5}),
    "a shorter text": ({**STRING, "maxLength": 2000}, {**STRING, "maxLength": 1000}),
    "no empty text": (STRING, {**STRING, "minLength": 1}),
    "a pattern": (STRING, {**STRING, "pattern": "^[a-z]+$"}),
    "a narrower pattern": (
        {**STRING, "pattern": "^[a-z0-9]{3,8}$"},
        {**STRING, "pattern": "^[a-z][a-z0-9]*$"},
    ),
    "a format": (STRING, {**STRING, "format": "email"}),
    "another format": ({**STRING, "format": "date"}, {**STRING, "format": "date-time"}),
    "a required member": (member("a", INTEGER), member("a", INTEGER, required=["a"])),
    "a narrower optional member": (member("a", STRING), member("a", {**STRING, "maxLength": 5})),
    "no object of one member": (True, {"not": {**CLOSED, "minProperties": 1}}),
    "the names of a condition": (
        True,
        {
            "if": {"type": "object", "properties": {"a": True}, "additionalProperties": INTEGER},
            "then": {"additionalProperties": INTEGER},
        },
    ),
    "names under a condition": (True, {"if": CLOSED, "then": {"propertyNames": {"const": "b"}}}),
    "a number of names under a condition": (True, {"if": CLOSED, "then": {"maxProperties": 0}}),
    "a member deep inside": (
        member("a", member("b", member("c", {"type": "array", "items": INTEGER}))),
        member("a", member("b", member("c", {"type": "array", "items": {**INTEGER, "minimum": 0}}))),
    ),
    "a member that is gone from a closed object": (
        {**CLOSED, "properties": {"a": INTEGER, "b": INTEGER}},
        CLOSED,
    ),
    "no other members": ({**CLOSED, "additionalProperties": True}, CLOSED),
    "others of one type": (
        {"type": "object", "additionalProperties": True},
        {"type": "object", "additionalProperties": INTEGER},
    ),
    "fewer members": ({"type": "object"}, {"type": "object", "maxProperties": 3}),
    "names of a kind": ({"type": "object"}, {"type": "object", "propertyNames": {"pattern": "^x-"}}),
    "members by pattern": (
        {"type": "object", "patternProperties": {"^n": INTEGER}, "additionalProperties": False},
        {"type": "object", "patternProperties": {"^nu": INTEGER}, "additionalProperties": False},
    ),
    "a member that asks for another": (
        {"type": "object", "properties": {"a": INTEGER, "b": INTEGER}},
        {"type": "object", "properties": {"a": INTEGER, "b": INTEGER}, "dependencies": {"a": ["b"]}},
    ),
    "fewer items": ({"type": "array", "maxItems": 4}, {"type": "array", "maxItems": 3}),
    "no item twice": (
        {"type": "array", "items": INTEGER},
        {"type": "array", "items": INTEGER, "uniqueItems": True},
    ),
    "an item of a kind": ({"type": "array"}, {"type": "array", "contains": STRING}),
    "a narrower position": (
        {"type": "array", "items": [STRING, {"type": "number"}], "minItems": 2, "additionalItems": False},
        {"type": "array", "items": [STRING, INTEGER], "minItems": 2, "additionalItems": False},
    ),
    "a branch less": ({"anyOf": [STRING, INTEGER, {"type": "null"}]}, {"anyOf": [STRING, INTEGER]}),
    "a changed branch": (
        {"oneOf": [kind("a", x=STRING), kind("b", y=INTEGER)]},
        {"oneOf": [kind("a", x=STRING), kind("b", y={**INTEGER, "maximum": 100})]},
    ),
    "branches that overlap": (
        {"oneOf": [{**INTEGER, "maximum": 0}, {**INTEGER, "minimum": 10}]},
        {"oneOf": [{**INTEGER, "maximum": 10}, {**INTEGER, "minimum": 10}]},
    ),
    "something denied": (STRING, {**STRING, "not": {"enum": ["root", "admin"]}}),
    "a condition": (
        {"type": "object", "properties": {"a": INTEGER, "b": STRING}},
        {
            "type": "object",
            "properties": {"a": INTEGER, "b": STRING},
            "if": {"properties": {"a": {"minimum": 10}}, "required": ["a"]},
            "then": {"required": ["b"]},
        },
    ),
    "one more of all": (STRING, {"allOf": [STRING, {"maxLength": 10}]}),
    "what asks for members says nothing of texts": (
        {**STRING, "dependencies": {"b": INTEGER}, "oneOf": [{"required": ["b"]}, INTEGER]},
        {**STRING, "dependencies": {"b": INTEGER}, "oneOf": [{"required": ["b"]}, True]},
    ),
    "a tree with names": (TREE, NAMED_TREE),
    "text instead of bytes": ({"type": "string", "format": "binary"}, STRING),
    "fewer bytes": (
        {"type": "string", "format": "binary", "maxLength": 64},
        {"type": "string", "format": "binary", "maxLength": 32},
    ),
}

COMPATIBLE: dict[str, tuple[Any, Any]] = {
    "a type more": (STRING, {"type": ["string", "null"]}),
    "fractions too": (INTEGER, {"type": "number"}),
    "anything": (STRING, True),
    "nothing before": (False, STRING),
    "a value of an enum more": ({"enum": ["a", "b"]}, {"enum": ["b", "a", "c"]}),
    "an enum of texts becomes text": ({"enum": ["a", "b"]}, STRING),
    "a constant becomes an enum": ({"const": 1}, {"enum": [1.0, 2]}),
    "yes and no": ({"type": "boolean"}, {"enum": [False, True]}),
    "a short range": ({**INTEGER, "minimum": 1, "maximum": 3}, {"enum": [1, 2, 3]}),
    "a higher maximum": ({**INTEGER, "maximum": 9}, {**INTEGER, "maximum": 10}),
    "the same limit in other words": ({**INTEGER, "minimum": 1}, {**INTEGER, "exclusiveMinimum": 0}),
    "a limit between integers": ({**INTEGER, "maximum": 9.5}, {**INTEGER, "maximum": 9}),
    "a finer step": ({"type": "number", "multipleOf": 0.5}, {"type": "number", "multipleOf": 0.1}),
    "integers are multiples of halves": (INTEGER, {"type": "number", "multipleOf": 0.5}),
    "a longer text": ({**STRING, "maxLength": 10}, {**STRING, "maxLength": 20}),
    "a pattern that says the length": (
        {**STRING, "pattern": "^[a-z]{2,4}$"},
        {**STRING, "minLength": 2, "maxLength": 4},
    ),
    "a wider pattern": ({**STRING, "pattern": "^[a-z]+@[a-z]+\\.com$"}, {**STRING, "pattern": "@"}),
    "no pattern any more": ({**STRING, "pattern": "^a"}, STRING),
    "no format any more": ({**STRING, "format": "email"}, STRING),
    "a format that nothing checks": (STRING, {**STRING, "format": "colour-of-the-sky"}),
    "nothing required any more": (member("a", INTEGER, required=["a"]), member("a", INTEGER)),
    "a wider member": (member("a", {**STRING, "maxLength": 5}), member("a", STRING)),
    "a member more in a closed object": (CLOSED, {**CLOSED, "properties": {"a": INTEGER, "b": INTEGER}}),
    "open after all": (CLOSED, {"type": "object", "properties": {"a": INTEGER}}),
    "a closed object counts its members": (CLOSED, {"type": "object", "maxProperties": 1}),
    "closed names are of a kind": (CLOSED, {"type": "object", "propertyNames": {"maxLength": 1}}),
    "a narrower pattern of names": (
        {"type": "object", "patternProperties": {"^nu": INTEGER}, "additionalProperties": False},
        {"type": "object", "patternProperties": {"^n": INTEGER}, "additionalProperties": False},
    ),
    "required covers what is asked for": (
        member("a", INTEGER, required=["a", "b"]),
        member("a", INTEGER, dependencies={"a": ["b"]}),
    ),
    "more items": ({"type": "array", "maxItems": 3}, {"type": "array", "maxItems": 4}),
    "one item is never twice": ({"type": "array", "maxItems": 1}, {"type": "array", "uniqueItems": True}),
    "an item that is there anyway": (
        {"type": "array", "items": [{"const": "a"}], "minItems": 1},
        {"type": "array", "contains": STRING},
    ),
    "a position more": (
        {"type": "array", "items": [STRING], "minItems": 1, "additionalItems": False},
        {"type": "array", "items": [STRING, INTEGER], "minItems": 1, "additionalItems": False},
    ),
    "a tuple becomes a list": (
        {"type": "array", "items": [INTEGER, INTEGER], "additionalItems": False},
        {"type": "array", "items": {"type": "number"}, "maxItems": 2},
    ),
    "a branch more": ({"anyOf": [STRING, INTEGER]}, {"anyOf": [{"type": "null"}, INTEGER, STRING]}),
    "branches become types": ({"anyOf": [STRING, {"type": "null"}]}, {"type": ["string", "null"]}),
    "types become branches": ({"type": ["string", "null"]}, {"anyOf": [STRING, {"type": "null"}]}),
    "a kind more": (
        {"oneOf": [kind("a", x=STRING), kind("b", y=INTEGER)]},
        {"oneOf": [kind("a", x=STRING), kind("b", y=INTEGER), kind("c")]},
    ),
    "an enum becomes kinds": (
        {"type": "object", "properties": {"kind": {"enum": ["a", "b"]}}, "required": ["kind"]},
        {"oneOf": [kind("a"), kind("b")]},
    ),
    "less denied": ({**STRING, "not": {"enum": ["root", "admin"]}}, {**STRING, "not": {"enum": ["root"]}}),
    "a condition that is always met": (
        member("a", INTEGER, required=["a", "b"]),
        {
            "if": {"properties": {"a": {"minimum": 10}}},
            "then": {"required": ["b"]},
        },
    ),
    "one less of all": ({"allOf": [STRING, {"maxLength": 10}]}, STRING),
    "all in one": ({"allOf": [STRING, {"maxLength": 10}]}, {**STRING, "maxLength": 10}),
    "a tree without names": (NAMED_TREE, TREE),
    "an equal oneOf beside a loosened keyword": (
        {"oneOf": [{"minimum": 0}, {"multipleOf": 2}], "maximum": 10, "type": "number"},
        {"oneOf": [{"minimum": 0}, {"multipleOf": 2}], "maximum": 20, "type": "number"},
    ),
    "bytes in two ways": (
        {"type": "string", "format": "binary", "maxLength": 32},
        {"type": ["string", "null"], "format": "binary", "maxLength": 64},
    ),
}
