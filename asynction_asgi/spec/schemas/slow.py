"""Which schemas make every byte of a value cost much, by the number of schemas that are tried for one place.

Time stays linear; only the constant grows, and the author can reduce it.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from .children import inner_schemas
from .definitions import AT, REF
from .dispatch import KINDS, kinds_of, plan_dispatch
from .recursion import in_place_order

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..text.document import Node
    from .definitions import Definitions, Schema

__all__ = ["find_slow"]

_MARK = {"anyOf", "oneOf", "patternProperties"}
_MANY = 16  # beyond, a place of two bytes could take more than two microseconds


def find_slow(definitions: Definitions) -> Iterator[tuple[Node, str]]:
    """Yield every keyword under which too much is tried for one place, and what to do about it."""
    if not any(
        _MARK & schema.keys() for definition in definitions.values() for schema in _within(definition)
    ):
        return
    counter = _Counter(definitions)
    for definition in definitions.values():
        for schema in _within(definition):
            for keyword in ("anyOf", "oneOf"):
                count = counter.alternatives(schema, keyword)
                if count > _MANY:
                    message = (
                        f"a value may be tried against {count} alternatives, one after the other, which takes long "
                        "for many values; give each alternative a type of its own, or require a property with a const"
                    )
                    yield schema[AT].child(keyword), message
            count = len(schema.get("patternProperties", ()))
            if count > _MANY:
                message = f"each name is matched against {count} patterns, which takes long for many names; use fewer"
                yield schema[AT].child("patternProperties"), message


class _Counter:
    """How many schemas are tried for one value, alternatives of alternatives included."""

    def __init__(self, definitions: Definitions) -> None:
        self.definitions = definitions
        self.known: dict[int, int] = {}
        self.order = in_place_order(definitions)
        for name in self.order:  # however long a chain of references is, none is followed far
            self.tried(definitions[name])

    @cached_property
    def kinds(self) -> dict[int, frozenset[str]]:
        """The kinds of value that each definition admits."""
        known: dict[int, frozenset[str]] = {}
        for name in self.order:
            kinds_of(self.definitions[name], self.definitions, known)
        return known

    def alternatives(self, schema: dict[str, Any], keyword: str) -> int:
        """Return the most alternatives tried for any kind of value; 0 if its kind or a property decides."""
        branches = schema.get(keyword, ())
        if sum(map(self.tried, branches)) <= _MANY:  # whatever decides
            return len(branches)
        return max(
            (
                sum(map(self.tried, case.branches))
                for case in plan_dispatch(branches, KINDS, self.definitions, self.kinds)
                if len(case.branches) > 1 and case.tag is None
            ),
            default=0,
        )

    def tried(self, schema: Schema) -> int:
        """Return how many schemas are tried, at least one; for a reference, as many as for its target."""
        if isinstance(schema, bool):
            return 1
        schema = self.definitions[schema[REF]] if REF in schema else schema
        if id(schema) not in self.known:
            counts = [self.alternatives(schema, keyword) for keyword in ("anyOf", "oneOf")]
            counts += [self.tried(inner) - 1 for inner in schema.get("allOf", ())]
            self.known[id(schema)] = max(1, sum(counts))
        return self.known[id(schema)]


def _within(schema: Schema) -> Iterator[dict[str, Any]]:
    """Yield a schema and those within it, but for references and booleans."""
    if isinstance(schema, dict) and REF not in schema:
        yield schema
        for inner in inner_schemas(schema):
            yield from _within(inner)
