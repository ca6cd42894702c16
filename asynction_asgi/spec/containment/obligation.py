"""What is left of a proof that failed: where, at which keyword, and which values are likely to show it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice, product
from typing import TYPE_CHECKING, Any, Literal

from ..instances.sites import with_item, with_member
from ..schemas.definitions import AT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..schemas.definitions import Schema
    from ..text.document import Node
    from .universe import Universe

LARGEST = 1_000  # items or members that a value is made with
MOST = 64  # obligations that one failed proof keeps, and products of them
Undeclared = Literal["", "name", "other"]
_ORDER: tuple[Undeclared, ...] = ("", "name", "other")


@dataclass(frozen=True, slots=True, kw_only=True)
class Obligation:
    """One thing that could not be proved.

    Attributes:
        keyword: Of the outer schema; ``""`` if the proof was cut short.
        node: The outer schema that has the keyword, or None if it was made up.
        schema: What a value that shows it probably meets, beside the inner schema.
        undeclared: Whether it takes a member that the inner schema says nothing of: one that the outer
            schema knows by ``name``, or any ``other``.
    """

    keyword: str
    node: Node | None = None
    schema: Schema = True
    undeclared: Undeclared = ""

    def also(self, schema: Schema, universe: Universe) -> Obligation:
        """Return the obligation as shown by values that also meet another schema."""
        if schema is True:
            return self
        both = schema if self.schema is True else universe.fresh({"allOf": [self.schema, schema]})
        return replace(self, schema=both)

    def in_member(self, name: str, universe: Universe) -> Obligation:
        """Return the obligation as seen from the object whose member it is about."""
        return replace(self, schema=universe.fresh(with_member(name, self.schema)))

    def in_item(self, index: int, universe: Universe) -> Obligation:
        """Return the obligation as seen from the array whose item it is about."""
        return replace(self, schema=universe.fresh(with_item(index, self.schema)))

    def marked(self, undeclared: Undeclared) -> Obligation:
        """Return the obligation as one about an undeclared member."""
        return replace(self, undeclared=max(undeclared, self.undeclared, key=_ORDER.index))


def missed(schema: dict[str, Any], keyword: str, wanted: dict[str, Any] | None = None) -> Obligation:
    """Return an obligation about a keyword of `schema`; values that meet `wanted` may miss it."""
    return Obligation(keyword=keyword, node=schema[AT], schema=True if wanted is None else wanted)


def conjoin(
    alternatives: Sequence[Iterable[Obligation]], keyword: str, node: Node | None, universe: Universe
) -> list[Obligation]:
    """Return what shows that every alternative is missed: an obligation of each, together."""
    found = []
    for combination in islice(product(*alternatives), MOST):
        whole = Obligation(keyword=keyword, node=node)
        for part in combination:
            whole = whole.also(part.schema, universe).marked(part.undeclared)
        found.append(whole)
    return found
