"""Upper bounds of what checking a value costs, found without a look at what values can be.

Almost all schemas are cheap by these, so that the closer estimates of `cost` and `overlaps`, which take longer,
are made for few.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from .children import SEARCHING, children
from .cost import own_cost
from .definitions import REF
from .matchers import SLOW

if TYPE_CHECKING:
    from .definitions import Definitions, Schema

__all__ = ["UpperBounds"]

_EACH = 60  # nanoseconds per byte, for each schema
_CALL = 180
_FAR = 50  # references, one after the other


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
        self._known: dict[int, _Sum] = {}

    def is_cheap(self, schema: dict[str, Any]) -> bool:
        """Return whether a schema surely costs little, and at most one schema applies to each place below it."""
        found = self._sum(schema, 0)
        return found.cost <= SLOW and found.items <= 1 and found.members <= 1

    def _sum(self, schema: Schema, depth: int) -> _Sum:
        if isinstance(schema, bool):
            return _Sum(0)
        if depth > _FAR:
            return _Sum(SLOW + 1)
        if REF in schema:
            found = self._sum(self._definitions[schema[REF]], depth + 1)
            return found._replace(cost=found.cost + _CALL)
        known = self._known.get(id(schema))
        if known is None:
            known = self._known[id(schema)] = self._add(schema, depth)
        return known

    def _add(self, schema: dict[str, Any], depth: int) -> _Sum:
        cost = _EACH + sum(own_cost(schema).values())
        items = members = 0
        own_items = own_members = 0 if SEARCHING.isdisjoint(schema) else 2
        for child in children(schema):
            if child.kind == "same":
                inner = self._sum(child.schema, depth)
                cost, items, members = cost + inner.cost, items + inner.items, members + inner.members
            elif child.kind in ("item", "items", "rest"):
                own_items = max(own_items, 1)
            else:
                own_members = max(own_members, 1)
        return _Sum(cost, items + own_items, members + own_members)
