"""Which schemas leave no room for a number that JSON does not have.

NaN and Infinity are of no type, so a value that was accepted can hold one only where its schema says
nothing: beyond the declared properties of an open object, for example.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .children import children
from .definitions import REF

if TYPE_CHECKING:
    from .definitions import Definitions, Schema


def find_finite(definitions: Definitions) -> frozenset[str]:
    """Return the names of definitions whose accepted values hold only finite numbers."""
    finite = frozenset(definitions)
    while True:
        left = frozenset(name for name in finite if _is_finite(definitions[name], finite))
        if left == finite:
            return finite
        finite = left


def _is_finite(schema: Schema, finite: frozenset[str]) -> bool:
    """Return whether every part of an accepted value is constrained, given definitions assumed to be."""
    if isinstance(schema, bool):
        return not schema
    if REF in schema:
        return schema[REF] in finite
    if (
        "enum" in schema
        or "const" in schema
        or any(_is_finite(branch, finite) for branch in schema.get("allOf", ()))
    ):
        return True
    if any(
        all(_is_finite(branch, finite) for branch in schema[key])
        for key in ("anyOf", "oneOf")
        if key in schema
    ):
        return True
    types = schema.get("type")
    if types is None or ("object" in types and not _members_are_finite(schema, finite)):
        return False
    return "array" not in types or _elements_are_finite(schema, finite)


def _members_are_finite(schema: dict[str, Any], finite: frozenset[str]) -> bool:
    return "additionalProperties" in schema and all(
        _is_finite(child.schema, finite)
        for child in children(schema)
        if child.kind in ("member", "matched", "others")
    )


def _elements_are_finite(schema: dict[str, Any], finite: frozenset[str]) -> bool:
    items = schema.get("items", True)
    if not isinstance(items, list):
        return _is_finite(items, finite)
    rest = schema.get("maxItems", len(items) + 1) > len(items) and schema.get("additionalItems", True)
    return all(_is_finite(schema, finite) for schema in (*items, rest))
