"""Upper bounds of what schemas add to the cost of any one place within a value.

Schemas whose bounds together stay below the limit can't make a place slow, whatever the value is, so that the
places within it need not be looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .children import SEARCHING
from .cost import CHECK
from .definitions import REF
from .held import hold_items, hold_members
from .matchers import SLOW

if TYPE_CHECKING:
    from collections.abc import Callable

    from .cost import Costs
    from .definitions import Schema
    from .held import Held

_FAR = 50  # references, one after the other
_HOLDING = {
    "array": frozenset({"items", "additionalItems"}),
    "object": frozenset({"properties", "additionalProperties"}),
}


class PlaceBounds:
    """The bounds of schemas within definitions, each computed once."""

    def __init__(self, costs: Costs) -> None:
        self._costs = costs
        self._held: dict[tuple[int, str], Held] = {}
        self._holders = _Totals(costs, _holders)
        self._within = _Totals(costs, self._directly)

    def held(self, schema: dict[str, Any], kind: str) -> Held:
        """Return what a schema itself holds for the items of an array, or for the members of an object."""
        held = self._held.get((id(schema), kind))
        if held is None:
            hold = hold_items if kind == "array" else hold_members
            held = self._held[id(schema), kind] = hold(schema)
        return held

    def holders(self, schema: Schema, kind: str) -> int:
        """Return how many schemas apply to one item or member of an array or object, not counting those within."""
        return self._holders.of(schema, kind)

    def cost(self, schema: Schema, depth: int = 0) -> int:
        """Return the cost at the place of a schema, or at a place within, in nanoseconds per byte."""
        within = (self._within.of(schema, kind, depth) for kind in _HOLDING)
        return max(self._costs.peak(schema) + CHECK, *within)

    def _directly(self, schema: dict[str, Any], kind: str, depth: int) -> int:
        places = self.held(schema, kind).places()
        return max(sum(self.cost(inner, depth) for inner in place) for place in places)


class _Totals:
    """Sums over the schemas that apply to a value together; of alternatives with a tag, the largest counts.

    They are above the limit for schemas that are recursive or lead through very many references.

    Args:
        costs: Know the alternatives.
        own: Returns what one schema adds for a kind of value, given how many references lead to it.
    """

    def __init__(self, costs: Costs, own: Callable[[dict[str, Any], str, int], int]) -> None:
        self._costs = costs
        self._own = own
        self._known: dict[tuple[int, str], int] = {}

    def of(self, schema: Schema, kind: str, depth: int = 0) -> int:
        """Return the sum for a kind of value."""
        if isinstance(schema, dict) and REF in schema:
            schema, depth = self._costs.definitions[schema[REF]], depth + 1
        if isinstance(schema, bool) or kind not in schema.get("type", (kind,)):
            return 0
        if depth > _FAR:
            return SLOW + 1
        key = id(schema), kind
        known = self._known.get(key)
        if known is None:
            self._known[key] = SLOW + 1  # should it lead to itself
            known = self._known[key] = self._sum(schema, kind, depth)
        return known

    def _sum(self, schema: dict[str, Any], kind: str, depth: int) -> int:
        total = self._own(schema, kind, depth)
        total += sum(self.of(inner, kind, depth) for inner in self._costs.certain(schema))
        for keyword in ("anyOf", "oneOf"):
            for case in self._costs.cases(schema.get(keyword, [])):
                if kind in case.kinds:
                    sums = [self.of(branch, kind, depth) for branch in case.branches]
                    total += sum(sums) if case.tag is None else max(sums)
        return total


def _holders(schema: dict[str, Any], kind: str, _: int) -> int:
    if not SEARCHING.isdisjoint(schema):
        return 2
    return 0 if _HOLDING[kind].isdisjoint(schema) else 1
