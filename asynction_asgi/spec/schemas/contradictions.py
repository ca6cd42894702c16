"""Schemas that combine others which exclude one another, so that no value matches.

Only what is proved is reported: whatever is not understood here is taken to admit any value. What one
schema says by itself is a matter of `suspicions`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .definitions import AT, REF, places
from .suspicions import BOUNDS, mark, types_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ..text.document import Node
    from .definitions import Definitions, Schema

_COMBINING = {"allOf", "anyOf", "oneOf"}
# Schemas that hold together, alternatives, and properties within properties; beyond, nothing is proved.
_MOST_SCHEMAS = 50
_MOST_ALTERNATIVES = 50
_DEEPEST = 3
_KINDS = {"Length": {"string"}, "Items": {"array"}, "Properties": {"object"}, "": {"number", "integer"}}
_CLOSED = (
    "additionalProperties: false looks only at the properties beside it: declare all properties in one schema"
)


@dataclass(slots=True)
class _Facts:
    """What several schemas say together of one value.

    Attributes:
        types: Those left, ``integer`` beside each ``number``; None is any.
        values: The only ones, by their marks; None is any.
        bounds: Every limit from below and above.
        required: Properties that must be there.
        allowed: The only properties that may be; None is any.
        properties: The schemas of each property.
    """

    types: frozenset[str] | None = None
    values: dict[Any, frozenset[str]] | None = None
    bounds: dict[str, float] = field(default_factory=dict)
    required: set[str] = field(default_factory=set)
    allowed: frozenset[str] | None = None
    properties: dict[str, list[Schema]] = field(default_factory=dict)

    @property
    def is_object(self) -> bool:
        """Whether only an object can match, or nothing is said of the type."""
        return self.types is None or self.types == {"object"}


def find_contradictions(definitions: Definitions) -> Iterator[tuple[Node, str]]:
    """Yield the keyword that combines what excludes one another, with the reason; the innermost ones."""
    found: dict[int, tuple[Node, str]] = {}
    combined: dict[int, list[Schema]] = {}
    for schema in places(definitions.values()):
        if not schema.keys() & _COMBINING:
            continue
        parts = combined[id(schema)] = _together([schema], definitions)
        reason = _excluded(parts, definitions)
        fault = ("allOf", reason) if reason else _without_alternative(schema, parts, definitions)
        if fault is not None:
            node = schema[AT]
            if fault[0] != "allOf":
                combined[id(schema)] = parts + _together(schema[fault[0]], definitions)
            found[id(schema)] = node.get(fault[0]) or node, f"these schemas exclude one another: {fault[1]}"
    for place, finding in found.items():
        if not any(id(part) in found for part in combined[place] if id(part) != place):
            yield finding


def _together(schemas: Sequence[Schema], definitions: Definitions) -> list[Schema]:
    """Return the schemas and all that hold with them, references and ``allOf`` followed."""
    parts: dict[int, Schema] = {}
    waiting = list(schemas)[::-1]
    while waiting and len(parts) < _MOST_SCHEMAS:
        schema = waiting.pop()
        while isinstance(schema, dict) and REF in schema:
            schema = definitions[schema[REF]]
        if id(schema) not in parts:
            parts[id(schema)] = schema
            if isinstance(schema, dict):
                waiting += schema.get("allOf", ())[::-1]
    return list(parts.values())


def _without_alternative(
    schema: dict[str, Any], parts: list[Schema], definitions: Definitions
) -> tuple[str, str] | None:
    for keyword in ("anyOf", "oneOf"):
        alternatives = schema.get(keyword, ())
        if not 0 < len(alternatives) <= _MOST_ALTERNATIVES:
            continue
        reason = None
        for alternative in alternatives:
            reason = _excluded(parts + _together([alternative], definitions), definitions)
            if reason is None:
                break
        if reason is not None:
            return (
                keyword,
                f"no alternative of {keyword} agrees with what stands beside it; in the last, {reason}",
            )
    return None


def _excluded(parts: Sequence[Schema], definitions: Definitions, depth: int = 0) -> str | None:
    """Return why no value can match all of `parts`, or None if one may."""
    if len(parts) > 1 and False in parts:
        return "one of them is false"
    facts = [_read(part) for part in parts if isinstance(part, dict)]
    known = _Facts()
    for new in facts:
        types = _common(known.types, new.types)
        if types is not None and not types:
            return f"a value can't be of type {_listed(known.types)} and of type {_listed(new.types)}"
        known.types = types
    for new in facts:
        reason = _conflict(known, new)
        if reason is not None:
            return reason
        _merge(known, new)
    if depth < _DEEPEST and known.is_object:
        for name in known.properties.keys() & known.required:
            schemas = known.properties[name]
            if len(schemas) > 1:
                reason = _excluded(_together(schemas, definitions), definitions, depth + 1)
                if reason is not None:
                    return f"the required property {name!r} cannot exist: {reason}"
    return None


def _read(schema: Mapping[str, Any]) -> _Facts:
    facts = _Facts(required=set(schema.get("required", ())))
    if "type" in schema:
        types = set(schema["type"])
        facts.types = frozenset(types | {"integer"} if "number" in types else types)
    values = [schema["const"]] if "const" in schema else schema.get("enum")
    if values is not None and not any(isinstance(value, list | dict) for value in values):
        facts.values = {mark(value): types_of(value) for value in values}
    facts.bounds = {key: schema[key] for pair in BOUNDS for key in pair if key in schema}
    properties = schema.get("properties", {})
    facts.properties = {name: [inner] for name, inner in properties.items()}
    if schema.get("additionalProperties") is False and not schema.get("patternProperties"):
        facts.allowed = frozenset(properties)
    return facts


def _conflict(known: _Facts, new: _Facts) -> str | None:
    """Return why no value of the known types can match what is known and what is new."""
    types = known.types
    values = _common_values(known.values, new.values)
    if values is not None and known.values and new.values and not values:
        return "no value is in both enum or const"
    for listed, admitted in ((known.values, types), (new.values, types)):
        if listed and admitted is not None and all(admitted.isdisjoint(of) for of in listed.values()):
            return f"no value of the enum or const is of type {_listed(admitted)}"
    for low, high in BOUNDS:
        kind = next(kinds for end, kinds in _KINDS.items() if low.endswith(end))
        if types is None or not types <= kind:
            continue
        for lower, upper in ((known.bounds, new.bounds), (new.bounds, known.bounds)):
            if low in lower and high in upper and _crosses(low, lower[low], high, upper[high]):
                return f"nothing is within {low} {lower[low]} and {high} {upper[high]}"
    return _conflict_of_members(known, new) if known.is_object else None


def _crosses(low: str, least: float, high: str, most: float) -> bool:
    return least > most or (least == most and "exclusive" in low + high)


def _conflict_of_members(known: _Facts, new: _Facts) -> str | None:
    for closed, other in ((known, new), (new, known)):
        if closed.allowed is not None and not other.required <= closed.allowed:
            name = min(other.required - closed.allowed)
            return f"one schema requires {name!r}, and another forbids it; {_CLOSED}"
    if known.allowed and new.allowed and known.allowed.isdisjoint(new.allowed):
        return f"an object with properties can't match, as each schema forbids those of the other; {_CLOSED}"
    return None


def _merge(known: _Facts, new: _Facts) -> None:
    known.values = _common_values(known.values, new.values)
    for key, value in new.bounds.items():
        strictest = max if "min" in key.lower() else min
        known.bounds[key] = strictest(value, known.bounds.get(key, value))
    known.required |= new.required
    known.allowed = _common(known.allowed, new.allowed)
    for name, schemas in new.properties.items():
        known.properties.setdefault(name, []).extend(schemas)


def _common(known: frozenset[str] | None, new: frozenset[str] | None) -> frozenset[str] | None:
    if known is None or new is None:
        return new if known is None else known
    return known & new


def _common_values(
    known: dict[Any, frozenset[str]] | None, new: dict[Any, frozenset[str]] | None
) -> dict[Any, frozenset[str]] | None:
    if known is None or new is None:
        return new if known is None else known
    return {key: types for key, types in known.items() if key in new}


def _listed(types: frozenset[str] | None) -> str:
    named = types or frozenset()
    return " or ".join(sorted(named - {"integer"} if "number" in named else named))
