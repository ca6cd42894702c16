"""Upper bounds of what checking a value costs, found without a look at what values can be.

Almost all schemas are cheap by these, so that the closer estimates of `cost` and `overlaps`, which take longer,
are made for few. Of alternatives that a property selects, the costliest counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from .children import SEARCHING, children
from .cost import own_cost
from .definitions import REF
from .dispatch import tag_values
from .matchers import SLOW

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .definitions import Definitions, Schema

_EACH = 60  # nanoseconds per byte, for each schema
_CALL = 180
_FAR = 50  # references, one after the other
_OF_ITEMS = frozenset({"item", "items", "rest"})


class _Sum(NamedTuple):
    """What all schemas together do that may apply to a value, whatever it is.

    Attributes:
        cost: Nanoseconds per byte.
        items: How many schemas say something about an array's items.
        members: How many schemas say something about an object's members.
    """

    cost: int
    items: int = 0
    members: int = 0


class UpperBounds:
    """The upper bounds of schemas within definitions, each found once."""

    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions
        self._sums: dict[int, _Sum] = {}
        self._inner: dict[int, int] = {}
        self._tagged: dict[int, bool] = {}

    def is_cheap(self, schema: dict[str, Any]) -> bool:
        """Return whether a schema surely costs little, and so do those together that apply to a place within."""
        found = self._sum(schema, 0)
        if found.cost > SLOW:
            return False
        return (found.items <= 1 and found.members <= 1) or self._within(schema, 0) <= SLOW

    def _sum(self, schema: Schema, depth: int) -> _Sum:
        if isinstance(schema, bool):
            return _Sum(0)
        if depth > _FAR:
            return _Sum(SLOW + 1)
        if REF in schema:
            found = self._sum(self._definitions[schema[REF]], depth + 1)
            return found._replace(cost=found.cost + _CALL)
        known = self._sums.get(id(schema))
        if known is None:
            known = self._sums[id(schema)] = self._add(schema, depth)
        return known

    def _add(self, schema: dict[str, Any], depth: int) -> _Sum:
        kinds = {child.kind for child in children(schema)} - {"same"}
        searched = 0 if SEARCHING.isdisjoint(schema) else 2
        cost, items, members = (
            _EACH + sum(own_cost(schema).values()),
            max(searched, int(not kinds.isdisjoint(_OF_ITEMS))),
            max(searched, int(not kinds.issubset(_OF_ITEMS))),
        )
        for choices in self._applied(schema):
            sums = [self._sum(inner, depth) for inner in choices]
            cost += max(found.cost for found in sums)
            items += max(found.items for found in sums)
            members += max(found.members for found in sums)
        return _Sum(cost, items, members)

    def _within(self, schema: Schema, depth: int) -> int:
        """Return the nanoseconds per byte at a place within a value."""
        if isinstance(schema, bool):
            return 0
        if depth > _FAR or not SEARCHING.isdisjoint(schema):
            return SLOW + 1
        if REF in schema:
            return self._within(self._definitions[schema[REF]], depth + 1)
        known = self._inner.get(id(schema))
        if known is None:
            self._inner[id(schema)] = SLOW + 1  # should it lead to itself
            held = (child.schema for child in children(schema) if child.kind != "same")
            own = max(
                (max(self._sum(inner, depth).cost, self._within(inner, depth)) for inner in held), default=0
            )
            known = own + sum(
                max(self._within(inner, depth) for inner in choices) for choices in self._applied(schema)
            )
            self._inner[id(schema)] = known
        return known

    def _applied(self, schema: dict[str, Any]) -> Iterator[Sequence[Schema]]:
        """Yield the schemas that apply to the same value, each with those of which the value chooses one."""
        tagged = [
            keyword
            for keyword in ("anyOf", "oneOf")
            if keyword in schema and self._is_tagged(schema[keyword])
        ]
        yield from (schema[keyword] for keyword in tagged)
        yield from (
            [child.schema]
            for child in children(schema)
            if child.kind == "same" and child.keyword not in tagged
        )

    def _is_tagged(self, branches: list[Schema]) -> bool:
        """Return whether branches accept objects only, each with other values of one property."""
        known = self._tagged.get(id(branches))
        if known is None:
            known = self._tagged[id(branches)] = all(map(self._is_object, branches)) and bool(
                tag_values(branches, self._definitions)
            )
        return known

    def _is_object(self, branch: Schema) -> bool:
        if isinstance(branch, dict) and REF in branch:
            branch = self._definitions[branch[REF]]
        return isinstance(branch, dict) and branch.get("type") == ["object"]
