"""How deep the values nest that a schema accepts, where it leaves no place for a value of any depth."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from .children import children, inner_schemas
from .definitions import REF
from .equality import depth

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from .definitions import Definitions, Schema

_CONTAINERS = ("array", "object")


def find_depths(definitions: Definitions) -> dict[str, int]:
    """Return how many levels of arrays and objects each definition accepts at most, where that is bounded.

    What a recursive schema accepts is not, unless something else in it bounds it.
    """
    referring: dict[str, list[str]] = {}
    for name, definition in definitions.items():
        for target in _references(definition):
            referring.setdefault(target, []).append(name)
    known: dict[str, int] = {}
    waiting = [*definitions]
    while waiting:
        name = waiting.pop()
        if name not in known and (most := _most(definitions[name], known)) < math.inf:
            known[name] = int(most)
            waiting += referring.get(name, ())
    return known


def _references(schema: Schema) -> Iterator[str]:
    """Yield the names of the definitions that a schema refers to, at any place."""
    if isinstance(schema, bool):
        return
    if REF in schema:
        yield schema[REF]
        return
    for inner in inner_schemas(schema):
        yield from _references(inner)


def _most(schema: Schema, known: Mapping[str, int]) -> float:
    """Return the most levels of an accepted value, or infinity, given the bounds of some definitions."""
    if isinstance(schema, bool):
        return math.inf if schema else 0
    if REF in schema:
        return known.get(schema[REF], math.inf)
    bounds = [_most_by_type(schema, known), *(_most(branch, known) for branch in schema.get("allOf", ()))]
    bounds += [
        max((_most(branch, known) for branch in schema[key]), default=0)
        for key in ("anyOf", "oneOf")
        if key in schema
    ]
    if "enum" in schema:
        bounds.append(max(map(depth, schema["enum"]), default=0))
    if "const" in schema:
        bounds.append(depth(schema["const"]))
    return min(bounds)


def _most_by_type(schema: dict[str, Any], known: Mapping[str, int]) -> float:
    most: float = 0
    types = schema.get("type", _CONTAINERS)
    if "object" in types:
        members = [child.schema for child in children(schema) if child.kind in ("member", "matched")]
        members.append(schema.get("additionalProperties", True))
        most = max(most, _around(members, known))
    if "array" in types:
        items = schema.get("items", True)
        if isinstance(items, list):
            is_full = schema.get("maxItems", math.inf) <= len(items)
            items = [*items, *([] if is_full else [schema.get("additionalItems", True)])]
        else:
            items = [items]
        most = max(most, _around(items, known))
    return most


def _around(schemas: Iterable[Schema], known: Mapping[str, int]) -> float:
    """Return the most levels of an array or object whose items or members match one of the schemas each."""
    return 1 + max((_most(schema, known) for schema in schemas), default=0)
