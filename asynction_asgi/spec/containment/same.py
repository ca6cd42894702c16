"""Whether two schemas say the same, keyword by keyword, whatever they are called and annotated with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..schemas.children import ITEM_CLAIMS, MEMBER_CLAIMS, OF_DEFINITIONS
from ..schemas.definitions import MARKS
from ..schemas.equality import equals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..schemas.definitions import Schema
    from .universe import Universe

# Keywords whose meaning depends on one another are compared together, every other one alone.
_GROUPS: tuple[tuple[str, ...], ...] = (
    ("items", "additionalItems"),
    ("properties", "patternProperties", "additionalProperties"),
    ("if", "then", "else"),
    ("contains", "minContains", "maxContains"),
    ("unevaluatedProperties", MEMBER_CLAIMS),
    ("unevaluatedItems", ITEM_CLAIMS),
)
_SETS = frozenset({"type", "required"})
_DEEPEST = 140  # schemas within one another; below it, whatever the stack of the caller, nothing is the same


def groups(schema: dict[str, Any]) -> list[tuple[str, ...]]:
    """Return the keywords of a schema, those together that are about one another."""
    found = [group for group in _GROUPS if not schema.keys().isdisjoint(group)]
    grouped = {keyword for group in _GROUPS for keyword in group}
    return [(key,) for key in schema if key not in grouped and key not in MARKS] + found


class Sameness:
    """Compares schemas of a universe; remembers what it has found.

    Two that refer to themselves are the same if no difference is found on the way round.
    """

    def __init__(self, universe: Universe) -> None:
        self._universe = universe
        self._same: dict[tuple[int, int], bool] = {}
        self._assumed: dict[tuple[int, int], None] = {}
        self._depth = 0

    def of(self, schema: Schema, other: Schema) -> bool:
        """Return whether two schemas say the same."""
        schema, other = self._universe.resolve(schema), self._universe.resolve(other)
        if isinstance(schema, bool) or isinstance(other, bool):
            return schema is other
        key = id(schema), id(other)
        if schema is other or key in self._assumed:
            return True
        known = self._same.get(key)
        if known is not None:
            return known
        if self._depth >= _DEEPEST:
            return False
        before = len(self._assumed)
        self._assumed[key] = None
        keywords = schema.keys() - MARKS
        self._depth += 1
        is_same = keywords == other.keys() - MARKS and all(
            self.of_keyword(schema, other, keyword) for keyword in keywords
        )
        self._depth -= 1
        if not is_same:
            self._same[key] = False
            for assumed in list(self._assumed)[before:]:  # what was found on the way rests on this
                del self._assumed[assumed]
        elif not before:
            self._same.update(dict.fromkeys(self._assumed, True))
            self._assumed.clear()
        return is_same

    def of_keyword(self, schema: dict[str, Any], other: dict[str, Any], keyword: str) -> bool:
        """Return whether a keyword says the same in two schemas, or is in neither."""
        if keyword not in schema or keyword not in other:
            return (keyword in schema) is (keyword in other)
        value, wanted = schema[keyword], other[keyword]
        if keyword in _SETS:
            return set(value) == set(wanted)
        holder = OF_DEFINITIONS.get(keyword)
        if holder is None:
            return equals(value, wanted)
        if isinstance(value, list) or isinstance(wanted, list):
            return isinstance(value, list) and isinstance(wanted, list) and self._all(value, wanted)
        if holder.named is not None:
            return value.keys() == wanted.keys() and all(self.of(value[name], wanted[name]) for name in value)
        return self.of(value, wanted)

    def _all(self, schemas: Sequence[Schema], others: Sequence[Schema]) -> bool:
        return len(schemas) == len(others) and all(map(self.of, schemas, others))
