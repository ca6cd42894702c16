"""Where several schemas descend to the same place of a value, each for reasons of its own.

Every schema that applies to an array or object sends what it says of items and members there. If alternatives
do so, and alternatives within these again, then one place of a value has many schemas, although each of
them is cheap.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from .definitions import REF
from .matchers import SLOW
from .place_bounds import PlaceBounds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .cost import Costs
    from .definitions import Schema

    # Schemas, and how often each applies to one place.
    Applied = Counter[int]
    Parts = list[tuple[dict[str, Any], int]]

_KINDS = ("array", "object")
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
        self._bounds = PlaceBounds(costs)
        self._remembered = {id(costs.definitions[name]) for name in risky}
        self._schemas: dict[int, dict[str, Any]] = {}
        self._ways: dict[tuple[int, str], list[Applied]] = {}
        self._seen: set[frozenset[tuple[int, int]]] = set()
        for definition in costs.in_order():  # however long a chain of references is, none is followed far
            for kind in _KINDS:
                self.ways(definition, kind)

    def is_slow_within(self, schema: dict[str, Any]) -> bool:
        """Return whether too much applies to a place within a value that the schema applies to.

        Not all places are looked at if there are very many whose cost is in doubt.
        """
        waiting = list(self._places(Counter({self._known(schema): 1})))
        for _ in range(_MOST_PLACES):
            if not waiting:
                break
            applied = waiting.pop()
            if self._is_slow(applied):
                return True
            waiting += self._places(applied)
        return False

    def _known(self, schema: dict[str, Any]) -> int:
        self._schemas[id(schema)] = schema
        return id(schema)

    def _parts(self, applied: Applied) -> Parts:
        return [(self._schemas[key], count) for key, count in applied.items()]

    def _is_slow(self, applied: Applied) -> bool:
        parts = self._parts(applied)
        if any(self._costs.is_slow(schema) for schema, _ in parts):
            return False  # which has been reported
        return max(self._costs.together(parts).values(), default=0) > SLOW

    def _places(self, applied: Applied) -> Iterator[Applied]:
        """Yield what applies to each place directly within a value, if several schemas may make it slow."""
        parts = self._parts(applied)
        for kind in _KINDS:
            if sum(count * self._bounds.holders(schema, kind) for schema, count in parts) <= 1:
                continue
            ways: list[Applied] = [Counter()]
            for schema, count in parts:
                ways = _both(ways, [self._times(way, count) for way in self.ways(schema, kind)])
            for way in ways:
                yield from self._within(self._parts(way), kind)

    def _times(self, way: Applied, count: int) -> Applied:
        return Counter({key: 1 if key in self._remembered else times * count for key, times in way.items()})

    def _within(self, parts: Parts, kind: str) -> Iterator[Applied]:
        """Yield what schemas hold for the items or members of a value, if it was not found before."""
        held = [(self._bounds.held(schema, kind), count) for schema, count in parts]
        keys = dict.fromkeys(key for holder, _ in held for key in holder.named)
        places = (
            [(holder.names, count) for holder, count in held],
            *([(holder.at(key), count) for holder, count in held] for key in keys),
            [(holder.others, count) for holder, count in held],
        )
        for place in places:
            if sum(count * len(schemas) for schemas, count in place) > 1:
                applied = self._at(place)
                found = frozenset(applied.items())
                if found not in self._seen and self._is_doubtful(applied):
                    self._seen.add(found)
                    yield applied

    def _is_doubtful(self, applied: Applied) -> bool:
        """Return whether several schemas could make a place, or one within, slow."""
        return (
            applied.total() > 1
            and sum(count * self._bounds.cost(schema) for schema, count in self._parts(applied)) > SLOW
        )

    def _at(self, place: Iterable[tuple[list[dict[str, Any]], int]]) -> Applied:
        applied: Applied = Counter()
        for schemas, count in place:
            for schema in schemas:
                key = self._known(self._target(schema))
                applied[key] = 1 if key in self._remembered else applied[key] + count
        return applied

    def _target(self, schema: dict[str, Any]) -> dict[str, Any]:
        while REF in schema:
            schema = self._costs.definitions[schema[REF]]
        return schema

    def ways(self, schema: Schema, kind: str) -> list[Applied]:
        """Return the schemas that hold something for a kind, together; one way for each choice of a value."""
        if isinstance(schema, bool):
            return [Counter()]
        schema = self._target(schema)
        if kind not in schema.get("type", (kind,)):
            return [Counter()]
        known = self._ways.get((id(schema), kind))
        if known is None:
            known = self._ways[id(schema), kind] = self._find_ways(schema, kind)
        return known

    def _find_ways(self, schema: dict[str, Any], kind: str) -> list[Applied]:
        holds = any(self._bounds.held(schema, kind).places())
        ways: list[Applied] = [Counter({self._known(schema): 1} if holds else ())]
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
