"""Text from a query string, a header or a namespace, read as the type that its schema declares."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from ..schemas.children import children

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..text.document import Node
    from ..text.references import Resolver

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})", re.ASCII)
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,32})?(?:[eE][+-]?[0-9]{1,2})?", re.ASCII)
_WORDS = {"true": True, "false": False}
_NUMBERS = frozenset({"integer", "number"})
_DEEPEST = 16


def coerce_text(text: str, types: frozenset[str]) -> Any:
    """Read a text as the first of these JSON types that fits, or return it unchanged."""
    if "string" in types:
        return text
    if "integer" in types and _INTEGER.fullmatch(text):
        return int(text)
    if "number" in types and _NUMBER.fullmatch(text):
        return float(text)
    if "boolean" in types and text in _WORDS:
        return _WORDS[text]
    if "null" in types and text == "":
        return None
    return text


def text_of(value: Any) -> str | None:
    """Return the text by which a query, a header or an address carries a value, or None if it can't."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    return json.dumps(value) if isinstance(value, bool | int | float) else None


def declared_types(schema: Node, resolver: Resolver, *, depth: int = 0) -> frozenset[str]:
    """Return the JSON types that a schema names, through references and combinators.

    What alternatives name counts only where the schema itself, and all that holds with it, name none.
    """
    value = resolver.follow(schema).value
    if not isinstance(value, dict) or depth > _DEEPEST:
        return frozenset()
    schema = resolver.follow(schema)
    declared = value.get("type")
    if isinstance(declared, str):
        return frozenset([declared])
    if isinstance(declared, list):
        return frozenset(name for name in declared if isinstance(name, str))
    found: dict[bool, list[frozenset[str]]] = {True: [_types_of_constants(value)], False: []}
    for child in children(schema):
        if child.keyword in ("allOf", "anyOf", "oneOf", "$ref"):
            holds = child.keyword in ("allOf", "$ref")
            found[holds].append(declared_types(child.schema, resolver, depth=depth + 1))
    return common_types(found[True]) or frozenset[str]().union(*found[False])


def common_types(declared: Iterable[frozenset[str]]) -> frozenset[str]:
    """Return the JSON types by which a text is read that is all of this; an empty set says nothing.

    Where one is a number and another an integer, it is read as either: ``4.0`` is an integer, too.
    """
    first, *others = [types for types in declared if types] or [frozenset[str]()]
    for types in others:
        are_numbers = first & _NUMBERS and types & _NUMBERS and first | types >= _NUMBERS
        first = first & types | (_NUMBERS if are_numbers else frozenset())
    return first


def property_schema(schema: Node, name: str, resolver: Resolver) -> Node | None:
    """Return the schema of one property, through references and ``allOf``, or None if undeclared."""
    schema = resolver.follow(schema)
    if not isinstance(schema.value, dict):
        return None
    properties = schema.value.get("properties")
    if isinstance(properties, dict) and name in properties:
        return schema.child("properties").child(name)
    parts = (child.schema for child in children(schema) if child.keyword in ("allOf", "$ref"))
    found = (property_schema(part, name, resolver) for part in parts)
    return next((declared for declared in found if declared is not None), None)


def _types_of_constants(schema: dict[str, Any]) -> frozenset[str]:
    """Return the types of ``enum`` and ``const``, which declare them without a ``type``."""
    values = schema["enum"] if isinstance(schema.get("enum"), list) else []
    if "const" in schema:
        values = [*values, schema["const"]]
    names = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}
    return frozenset(names[type(value)] for value in values if type(value) in names)
