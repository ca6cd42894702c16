"""Which schemas surely cost little, found without a look at what values can be.

Almost all schemas do, and what takes longer to find out need not be asked of them (see `cost` and `overlaps`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from .children import children
from .cost import own_cost
from .definitions import REF
from .matchers import SLOW

if TYPE_CHECKING:
    from .definitions import Definitions, Schema

__all__ = ["Thrift"]

_EACH = 60  # nanoseconds per byte, of whatever is tried
_CALL = 180
_FAR = 50  # references, one after the other
_SEARCHING = frozenset({"contains", "patternProperties", "propertyNames", "unevaluatedItems"})


class _Sum(NamedTuple):
    """What all schemas do that may apply to a value, whatever it is.

    Attributes:
        cost: Nanoseconds per byte.
        items: How many say something of an array's items.
        members: How many say something of an object's members.
    """

    cost: int
    items: int = 0
    members: int = 0


class Thrift:
    """Finds them, each schema once."""

    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions
        self._known: dict[int, _Sum] = {}

    def is_sure(self, schema: dict[str, Any]) -> bool:
        """Return whether a schema surely costs little, and no two within it apply to one place further down."""
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
        both = 2 if not _SEARCHING.isdisjoint(schema) else 0
        items = members = both
        for child in children(schema):
            if child.kind == "same":
                inner = self._sum(child.schema, depth)
                cost, items, members = cost + inner.cost, items + inner.items, members + inner.members
            elif child.kind in ("item", "items", "rest"):
                items = max(items, 1)
            else:
                members = max(members, 1)
        return _Sum(cost, items, members)
