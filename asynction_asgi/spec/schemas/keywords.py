"""The keywords of schemas of every dialect, and what each one's value must be.

`dialects` says which dialect has which of them, and `children` where schemas stand in them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping

TYPES = ("null", "boolean", "integer", "number", "string", "array", "object")


@dataclass(frozen=True, slots=True)
class Keyword:
    """One keyword.

    Attributes:
        expects: What the value must be, as a diagnostic says it.
        admits: Whether a value is that; says nothing of the schemas within it.
    """

    expects: str
    admits: Callable[[Any], bool]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return _is_number(value) and value >= 0 and value == int(value)


def _is_string(value: Any) -> bool:
    return isinstance(value, str)


def _is_boolean(value: Any) -> bool:
    return isinstance(value, bool)


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _is_strings(value: Any) -> bool:
    return (
        isinstance(value, list)
        and all(isinstance(item, str) for item in value)
        and len(set(value)) == len(value)
    )


def _is_type(value: Any) -> bool:
    return (
        value in TYPES
        if isinstance(value, str)
        else _is_strings(value) and bool(value) and set(value) <= set(TYPES)
    )


def _is_anything(_: Any) -> bool:
    return True


_COUNT = Keyword("a whole number, zero or more", _is_count)
_NUMBER = Keyword("a number", _is_number)
_STRING = Keyword("a string", _is_string)
_BOOLEAN = Keyword("true or false", _is_boolean)
_SCHEMA = Keyword("a schema", _is_anything)
_SCHEMAS = Keyword("a list of one or more schemas", lambda value: _is_list(value) and bool(value))
_MAP = Keyword("an object of schemas", _is_object)
_STRINGS = Keyword("a list of different strings", _is_strings)

ASSERTIONS: dict[str, Keyword] = {
    "type": Keyword(f"one of {', '.join(TYPES)}, or a list of those", _is_type),
    "enum": Keyword("a list", _is_list),
    "const": Keyword("a value", _is_anything),
    "multipleOf": Keyword("a number above zero", lambda value: _is_number(value) and value > 0),
    "maximum": _NUMBER,
    "exclusiveMaximum": _NUMBER,
    "minimum": _NUMBER,
    "exclusiveMinimum": _NUMBER,
    "maxLength": _COUNT,
    "minLength": _COUNT,
    "pattern": _STRING,
    "format": _STRING,
    "items": Keyword("a schema or a list of schemas", _is_anything),
    "additionalItems": _SCHEMA,
    "maxItems": _COUNT,
    "minItems": _COUNT,
    "uniqueItems": _BOOLEAN,
    "contains": _SCHEMA,
    "maxProperties": _COUNT,
    "minProperties": _COUNT,
    "required": _STRINGS,
    "properties": _MAP,
    "patternProperties": _MAP,
    "additionalProperties": _SCHEMA,
    "dependencies": Keyword("an object of schemas or lists of names", _is_object),
    "propertyNames": _SCHEMA,
    "if": _SCHEMA,
    "then": _SCHEMA,
    "else": _SCHEMA,
    "allOf": _SCHEMAS,
    "anyOf": _SCHEMAS,
    "oneOf": _SCHEMAS,
    "not": _SCHEMA,
    # Of later drafts.
    "prefixItems": Keyword("a list of schemas", _is_list),
    "dependentRequired": Keyword(
        "an object of lists of names",
        lambda value: _is_object(value) and all(_is_strings(names) for names in value.values()),
    ),
    "dependentSchemas": _MAP,
    "minContains": _COUNT,
    "maxContains": _COUNT,
    "unevaluatedProperties": _SCHEMA,
    "unevaluatedItems": _SCHEMA,
    "$dynamicRef": _STRING,
    "$recursiveRef": Keyword("'#'", lambda value: value == "#"),
    # Of OpenAPI 3.0.
    "nullable": _BOOLEAN,
}
# The forms of keywords that mean something else in certain dialects.
BOOLEAN_LIMIT = _BOOLEAN
ONE_SCHEMA = Keyword("a schema", lambda value: not isinstance(value, list))

ANNOTATIONS: dict[str, Keyword] = {
    "$id": _STRING,
    "$schema": _STRING,
    "$anchor": _STRING,
    "$dynamicAnchor": _STRING,
    "$recursiveAnchor": _BOOLEAN,
    "$comment": _STRING,
    "title": _STRING,
    "description": _STRING,
    "readOnly": _BOOLEAN,
    "writeOnly": _BOOLEAN,
    "deprecated": _BOOLEAN,
    "examples": Keyword("a list", _is_list),
    "contentMediaType": _STRING,
    "contentEncoding": _STRING,
    "contentSchema": _SCHEMA,
    "definitions": _MAP,
    "$defs": _MAP,
}

KEYWORDS: dict[str, Keyword] = {**ASSERTIONS, **ANNOTATIONS}

# What to write in place of a keyword that a dialect lacks: the first of these that it has.
_INSTEAD: dict[str, tuple[tuple[str, str], ...]] = {
    "unevaluatedProperties": (("additionalProperties", "additionalProperties beside all of the properties"),),
    "unevaluatedItems": (("additionalItems", "additionalItems"),),
    "additionalItems": (("prefixItems", "items beside prefixItems"),),
    "prefixItems": (("additionalItems", "items with a list"),),
    "dependentRequired": (("dependencies", "dependencies"),),
    "dependentSchemas": (("dependencies", "dependencies"),),
    "dependencies": (("dependentRequired", "dependentRequired or dependentSchemas"),),
    "const": (("enum", "enum with one value"),),
    "$recursiveRef": (("$dynamicRef", "$dynamicRef"), ("type", "$ref")),
    "$dynamicRef": (("$recursiveRef", "$recursiveRef"), ("type", "$ref")),
    "nullable": (("type", "type with 'null' in its list"),),
}


def advice(key: str, known: Container[str]) -> str:
    """Return ``; use …`` for a keyword that is not among those known, or ``""``."""
    instead = next((words for needed, words in _INSTEAD.get(key, ()) if needed in known), None)
    return "" if instead is None else f"; use {instead}"


def holds_bytes(schema: Mapping[str, Any]) -> bool:
    """Return whether the strings of a schema as written are bytes, as OpenAPI 3.0 or 3.1 says it."""
    if schema.get("format") == "binary":
        return True
    types = schema.get("type")
    return (
        schema.get("contentMediaType") == "application/octet-stream"
        and "contentEncoding" not in schema
        and (types == "string" or (isinstance(types, list) and "string" in types))
    )
