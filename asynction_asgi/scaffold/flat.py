"""A schema with what stands around it taken in: references followed, ``allOf`` merged.

Only what a Python type can say is kept. What is left out makes the type wider, never wrong.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ..spec.text.references import ReferenceFault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..spec.text.document import Document, Node
    from ..spec.text.references import Resolver

__all__ = ["Flat", "Flattener", "implied_types", "is_never", "merge", "values_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flat:
    """What a schema, or several that hold together, say about the shape of a value.

    Attributes:
        types: JSON types that are left; None is any.
        properties: Each with its schema; where there are several, the first.
        required: Names of properties.
        patterns: Schemas of properties by pattern.
        others: The schema of all other properties, if there is one.
        closed: Whether there are no others.
        positions: Schemas of an array's first items; None where it is no tuple.
        items: The schema of its items, or of those after the first ones.
        values: The values of ``enum`` and ``const``; None where there is neither.
        binary: Whether its strings are bytes.
        choices: Branches of ``oneOf`` and ``anyOf``.
    """

    types: frozenset[str] | None = None
    properties: dict[str, Node] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    patterns: tuple[Node, ...] = ()
    others: Node | None = None
    closed: bool = False
    positions: tuple[Node, ...] | None = None
    items: Node | None = None
    values: tuple[Any, ...] | None = None
    binary: bool = False
    choices: tuple[tuple[Node, ...], ...] = ()


def is_never(node: Node | None) -> bool:
    """Whether this schema says that there is no such thing."""
    return node is not None and (node.value is False or node.value in ({"not": {}}, {"not": True}))


class Flattener:
    """Flattens the schemas of a contract; each one once, since many may share it."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._known: dict[tuple[Document, str], Flat] = {}

    def follow(self, node: Node) -> Node | None:
        """Where a reference leads; None where it leads nowhere, in a schema that is not validated."""
        try:
            return self._resolver.follow(node)
        except ReferenceFault:
            return None

    def flatten(self, node: Node) -> Flat:
        """One schema, its reference followed, with every branch of its ``allOf``."""
        target = self.follow(node)
        if target is None or not isinstance(target.value, dict):
            return Flat()
        known = self._known.get(target.identity)
        if known is None:
            known = _own(target)
            held = target.get("allOf")
            if held is not None and isinstance(held.value, list):
                for one in held.elements():
                    known = merge(known, self.flatten(one))
            self._known[target.identity] = known
        return known


def _own(node: Node) -> Flat:
    value = node.value
    declared = value.get("type")
    types = [declared] if isinstance(declared, str) else declared if isinstance(declared, list) else None
    values = value["enum"] if isinstance(value.get("enum"), list) else None
    if "const" in value:
        values = [value["const"]]
    positions, items = _positions(node)
    required = value.get("required")
    others = node.get("additionalProperties")
    return Flat(
        types=None if types is None else frozenset(map(str, types)),
        properties=_map(node, "properties"),
        required=frozenset(required if isinstance(required, list) else ()),
        patterns=tuple(_map(node, "patternProperties").values()),
        others=others if others is not None and isinstance(others.value, dict) and others.value else None,
        closed=is_never(others),
        positions=positions,
        items=items,
        values=None if values is None else tuple(values),
        binary=value.get("format") == "binary",
        choices=tuple(
            tuple(held.elements())
            for key in ("oneOf", "anyOf")
            if (held := node.get(key)) is not None and isinstance(held.value, list)
        ),
    )


def merge(one: Flat, other: Flat) -> Flat:
    """What holds where both hold."""
    types = one.types if other.types is None else other.types
    if one.types is not None and other.types is not None:
        types = frozenset(_narrower(one.types, other.types) | _narrower(other.types, one.types))
    values = one.values if other.values is None else other.values
    if one.values is not None and other.values is not None:
        values = tuple(value for value in one.values if value in other.values)
    return replace(
        one,
        types=types,
        properties={**other.properties, **one.properties},
        required=one.required | other.required,
        patterns=tuple(dict.fromkeys(one.patterns + other.patterns)),
        others=one.others or other.others,
        closed=one.closed or other.closed,
        positions=other.positions if one.positions is None else one.positions,
        items=one.items or other.items,
        values=values,
        binary=one.binary or other.binary,
        choices=tuple(dict.fromkeys(one.choices + other.choices)),
    )


def _narrower(some: frozenset[str], others: frozenset[str]) -> frozenset[str]:
    """Those of `some` that `others` admit; every integer is a number."""
    return frozenset(kind for kind in some if kind in others or (kind == "integer" and "number" in others))


def _map(node: Node, key: str) -> dict[str, Node]:
    held = node.get(key)
    return dict(held.items()) if held is not None and isinstance(held.value, dict) else {}


def _positions(node: Node) -> tuple[tuple[Node, ...] | None, Node | None]:
    prefix, items, rest = (node.get(key) for key in ("prefixItems", "items", "additionalItems"))
    if prefix is not None and isinstance(prefix.value, list):
        return tuple(prefix.elements()), items
    if items is not None and isinstance(items.value, list):
        return tuple(items.elements()), rest
    return None, items


def implied_types(flat: Flat) -> frozenset[str] | None:
    """What a schema without a type is about, going by its keywords."""
    found = set()
    if flat.properties or flat.patterns or flat.others is not None:
        found.add("object")
    if flat.positions is not None or flat.items is not None:
        found.add("array")
    if flat.binary:
        found.add("string")
    return frozenset(found) if len(found) == 1 else None


def values_of(flat: Flat) -> Iterator[Any]:
    """The values of ``enum`` and ``const`` that its types admit."""
    for value in flat.values or ():
        kind = _json_type(value)
        kinds = (kind, "number") if kind == "integer" else (kind,)
        if flat.types is None or not flat.types.isdisjoint(kinds):
            yield value


_TYPES = ((bool, "boolean"), (str, "string"), (int, "integer"), (float, "number"), (list, "array"))


def _json_type(value: object) -> str:
    if value is None:
        return "null"
    return next((name for kind, name in _TYPES if isinstance(value, kind)), "object")
