"""Where several schemas descend to the same place of a value, each for reasons of its own.

Every schema that applies to an array or object sends what it says of items and members there. If alternatives
do so, and alternatives within these again, then one place of a value has many schemas, although each of
them is cheap.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from .children import ITEM_CLAIMS, SEARCHING
from .definitions import REF
from .matchers import SLOW, compile_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .cost import Costs
    from .definitions import Schema

    # Schemas, and how often each applies to one place.
    Applied = Counter[int]
    Part = tuple[dict[str, Any], int]

__all__ = ["find_overlaps"]

_MOST_WAYS = 256
_MOST_PLACES = 1_000


def find_overlaps(
    schemas: Iterable[dict[str, Any]], costs: Costs, risky: frozenset[str]
) -> Iterator[dict[str, Any]]:
    """Yield schemas within which one place has too much to check, though not at the place of any one schema."""
    overlaps = _Overlaps(costs, risky)
    for schema in schemas:
        if overlaps.is_slow_within(schema):
            yield schema


class _Overlaps:
    def __init__(self, costs: Costs, risky: frozenset[str]) -> None:
        self._costs = costs
        self._remembered = {id(costs.definitions[name]) for name in risky}
        self._schemas: dict[int, dict[str, Any]] = {}
        self._ways: dict[tuple[int, str], list[Applied]] = {}
        self._seen: set[frozenset[tuple[int, int]]] = set()
        for definition in costs.in_order():  # however long a chain of references is, none is followed far
            for kind in ("array", "object"):
                self.ways(definition, kind)

    def is_slow_within(self, schema: dict[str, Any]) -> bool:
        """Return whether too much applies to a place within a value that the schema applies to."""
        waiting = list(self._places(Counter({self._known(schema): 1})))
        count = 0
        while waiting:
            applied = waiting.pop()
            if self._is_slow(applied):
                return True
            count += 1
            if count > _MOST_PLACES:
                return True
            waiting += self._places(applied)
        return False

    def _known(self, schema: dict[str, Any]) -> int:
        self._schemas[id(schema)] = schema
        return id(schema)

    def _is_slow(self, applied: Applied) -> bool:
        parts = [(self._schemas[key], count) for key, count in applied.items()]
        if any(self._costs.is_slow(schema) for schema, _ in parts):
            return False  # which has been reported
        return max(self._costs.together(parts).values(), default=0) > SLOW

    def _places(self, applied: Applied) -> Iterator[Applied]:
        """Yield what applies to each place directly within a value, if it is more than one schema."""
        for kind in ("array", "object"):
            ways: list[Applied] = [Counter()]
            for key, count in applied.items():
                ways = _both(ways, [self._times(way, count) for way in self.ways(self._schemas[key], kind)])
            for way in ways:
                yield from self._within(way, kind)

    def _times(self, way: Applied, count: int) -> Applied:
        return Counter({key: 1 if key in self._remembered else times * count for key, times in way.items()})

    def _within(self, applied: Applied, kind: str) -> Iterator[Applied]:
        """Yield what schemas hold for the items or members of a value, if it was not found before."""
        parts = [(self._schemas[key], count) for key, count in applied.items()]
        if applied.total() == 1 and SEARCHING.isdisjoint(parts[0][0]):
            return  # at most one schema for each place
        for held in _items(parts) if kind == "array" else _members(parts):
            place = self._followed(held)
            found = frozenset(place.items())
            if place.total() > 1 and found not in self._seen:
                self._seen.add(found)
                yield place

    def _followed(self, held: Iterable[tuple[Schema, int]]) -> Applied:
        applied: Applied = Counter()
        for schema, count in held:
            target = self._target(schema)
            if isinstance(target, dict):
                key = self._known(target)
                applied[key] = 1 if key in self._remembered else applied[key] + count
        return applied

    def _target(self, schema: Schema) -> Schema:
        while isinstance(schema, dict) and REF in schema:
            schema = self._costs.definitions[schema[REF]]
        return schema

    def ways(self, schema: Schema, kind: str) -> list[Applied]:
        """Return the schemas that apply to the same place, one way for each choice that the value decides."""
        schema = self._target(schema)
        if isinstance(schema, bool) or kind not in schema.get("type", (kind,)):
            return [Counter()]
        known = self._ways.get((id(schema), kind))
        if known is None:
            known = self._ways[id(schema), kind] = self._find_ways(schema, kind)
        return known

    def _find_ways(self, schema: dict[str, Any], kind: str) -> list[Applied]:
        ways: list[Applied] = [Counter({self._known(schema): 1})]
        for inner in self._costs.certain(schema):
            ways = _both(ways, self.ways(inner, kind))
        for keyword in ("anyOf", "oneOf"):
            for case in self._costs.cases(schema.get(keyword, [])):
                if kind not in case.kinds:
                    continue
                if case.tag is not None:
                    ways = _both(ways, [way for branch in case.branches for way in self.ways(branch, kind)])
                else:
                    for branch in case.branches:
                        ways = _both(ways, self.ways(branch, kind))
        return ways


def _both(ways: list[Applied], others: list[Applied]) -> list[Applied]:
    """Return the ways to make two choices; where there are too many, one that stands for them all."""
    if len(others) > 1 < len(ways) and len(ways) * len(others) > _MOST_WAYS:
        ways, others = [_largest(ways)], [_largest(others)]
    return [way + other for way in ways for other in others]


def _largest(ways: list[Applied]) -> Applied:
    largest: Applied = Counter()
    for way in ways:
        largest |= way
    return largest


def _items(parts: list[Part]) -> Iterator[list[tuple[Schema, int]]]:
    """Yield what applies to items: by position as far as there are any, and to all others."""
    tuples = [len(part["items"]) for part, _ in parts if isinstance(part.get("items"), list)]
    for index in range(max(tuples, default=0) + 1):
        held: list[tuple[Schema, int]] = []
        for part, count in parts:
            items = part.get("items", True)
            if isinstance(items, list):
                items = items[index] if index < len(items) else part.get("additionalItems", True)
            searched = [
                inner
                for claim in part.get(ITEM_CLAIMS, ())
                for inner in claim.get("then", claim).get("anyOf", ())
            ]
            others = (part.get("contains", True), part.get("unevaluatedItems", True), *searched)
            held += ((inner, count) for inner in (items, *others))
        yield held


def _members(parts: list[Part]) -> Iterator[list[tuple[Schema, int]]]:
    """Yield what applies to names, to members by name as far as names are known, and to all others."""
    yield [(part.get("propertyNames", True), count) for part, count in parts]
    shared = Counter(name for part, _ in parts for name in part.get("properties", ()))
    open_parts = any(
        part.get(keyword, False) is not False
        for part, _ in parts
        for keyword in ("additionalProperties", "patternProperties", "unevaluatedProperties")
    )
    for name, times in shared.items():
        if times > 1 or open_parts:
            yield [(inner, count) for part, count in parts for inner in _member(part, name)]
    yield [
        (inner, count)
        for part, count in parts
        for inner in (
            *part.get("patternProperties", {}).values(),
            part.get("additionalProperties", True),
            part.get("unevaluatedProperties", True),
        )
    ]


def _member(part: dict[str, Any], name: str) -> list[Schema]:
    found = [part["properties"][name]] if name in part.get("properties", ()) else []
    found += (
        inner
        for pattern, inner in part.get("patternProperties", {}).items()
        if compile_pattern(pattern).matches(name)
    )
    return [*(found or [part.get("additionalProperties", True)]), part.get("unevaluatedProperties", True)]
