"""Proofs that one schema accepts every value that others accept together.

What the inner schemas say is understood in part, and then they are taken to admit more; what the outer schema
says must follow in full. So a proof is sound, and a failure leaves obligations rather than a verdict.

A pair that is being proved may be taken for granted only strictly below its own place of a value. Values are
finite, so that this is induction on their height, and recursive schemas need nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..schemas.definitions import AT
from ..schemas.equality import Texts
from . import combining, elements
from . import members as of_members
from .cases import COMBINED, is_empty, split
from .facts import read_facts
from .obligation import MOST, Obligation
from .same import Sameness, groups
from .scalars import SCALARS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ..schemas.definitions import Schema
    from .facts import Facts
    from .universe import Universe

_HANDLERS: dict[
    str, Callable[[Prover, Sequence[dict[str, Any]], Facts, dict[str, Any], int], list[Obligation]]
] = {
    "items": elements.items,
    "additionalItems": elements.items,
    "maxItems": elements.max_items,
    "uniqueItems": elements.unique_items,
    "contains": elements.contains,
    **dict.fromkeys(("properties", "patternProperties", "additionalProperties"), of_members.members),
    "required": of_members.required,
    "maxProperties": of_members.max_properties,
    "propertyNames": of_members.property_names,
    "dependencies": of_members.dependencies,
    "allOf": combining.all_of,
    "anyOf": combining.any_of,
    "oneOf": combining.one_of,
    "not": combining.negation,
    "if": combining.conditional,
}
_TEXTS = Texts()
_CUT = (Obligation(keyword=""),)
_ANY = (Obligation(keyword="false"),)
_DEEPEST = 80  # proofs within one another: so many that no caller's stack decides a verdict


class Prover:
    """Proves pairs of a universe, within a number of steps.

    Args:
        universe: Holds the schemas.
        same: Compares them.
        steps: How many pairs may be looked at.
        reads_closed: Whether an inner object that names its members, and says nothing of others, is taken
            to have no others.
    """

    def __init__(self, universe: Universe, same: Sameness, *, steps: int, reads_closed: bool) -> None:
        self.universe = universe
        self.same = same
        self.reads_closed = reads_closed
        self.steps = steps
        self._known: dict[Any, tuple[Obligation, ...]] = {}
        self._facts: dict[frozenset[int], Facts] = {}
        self._pins: dict[frozenset[int], dict[str, frozenset[str]]] = {}
        self._open: dict[Any, int] = {}
        self._assumed: set[Any] = set()
        # Proofs that rest on others which are under proof, and the reverse.
        self._resting: dict[Any, set[Any]] = {}
        self._rests_on: dict[Any, set[Any]] = {}

    def prove(self, inner: Iterable[Schema], outer: Schema, depth: int) -> tuple[Obligation, ...]:
        """Return what is left to prove of: whatever `inner` accept together, `outer` accepts.

        Args:
            inner: Schemas that hold together.
            outer: A schema of the universe.
            depth: How many values hold the one that is looked at.
        """
        outer = self.universe.resolve(outer)
        parts = None if outer is True else self.universe.together(inner)
        if parts is None or (isinstance(outer, dict) and self._is_said(parts, outer)):
            return ()
        self.steps -= 1
        if self.steps < 0:
            return _CUT
        key = frozenset(map(id, parts)), id(outer)
        if key in self._known:
            return self._known[key]
        if key in self._open:
            if self._open[key] >= depth:
                return _CUT
            self._assumed.add(key)
            return ()
        resting = self._resting.get(key)
        if resting is not None and all(self._open[other] < depth for other in resting):
            self._assumed |= resting
            return ()
        if len(self._open) >= _DEEPEST:
            return _CUT
        return self._prove(key, parts, outer, depth)

    def _prove(
        self, key: Any, parts: list[dict[str, Any]], outer: Schema, depth: int
    ) -> tuple[Obligation, ...]:
        outside, self._assumed = self._assumed, set()
        self._open[key] = depth
        try:
            left = tuple(self._attempt(parts, outer, depth)[:MOST])
        finally:
            del self._open[key]
            assumed, self._assumed = self._assumed - {key}, outside | self._assumed - {key}
        self._settle(key, assumed if not left else None)
        if left and self.steps >= 0:
            self._known[key] = left
        return left

    def _settle(self, key: Any, assumed: set[Any] | None) -> None:
        """Keep a proof, and those that rested on it; forget these if it failed, which is None.

        A proof that takes others for granted holds as long as they are under proof.
        """
        waiting = self._rests_on.pop(key, set())
        for proved in waiting:
            resting = self._resting.pop(proved, None)
            if resting is not None and assumed is not None:
                self._keep(proved, (resting - {key}) | assumed)
        if assumed is not None:
            self._keep(key, assumed)

    def _keep(self, key: Any, assumed: set[Any]) -> None:
        if not assumed:
            self._known[key] = ()
            return
        self._resting[key] = assumed
        for other in assumed:
            self._rests_on.setdefault(other, set()).add(key)

    def facts(self, parts: Sequence[dict[str, Any]]) -> Facts:
        """Return what schemas say together of a value itself."""
        key = frozenset(map(id, parts))
        known = self._facts.get(key)
        if known is None:
            known = self._facts[key] = read_facts(parts)
        return known

    def are_apart(self, parts: Sequence[dict[str, Any]], schema: Schema) -> bool:
        """Return whether it is plain that no value meets schemas which hold together and another one.

        By their types, or by a member that one of them requires and that has other values in each.
        """
        others = self.universe.together([schema])
        if others is None:
            return True
        facts, other_facts = self.facts(parts), self.facts(others)
        common = facts.types & other_facts.types
        if common != {"object"}:
            return not common
        pins, other_pins = self._pins_of(parts), self._pins_of(others)
        return any(
            pins[name].isdisjoint(other_pins[name])
            for name in pins.keys() & other_pins.keys()
            if name in facts.required or name in other_facts.required
        )

    def _pins_of(self, parts: Sequence[dict[str, Any]]) -> dict[str, frozenset[str]]:
        """Return the values of members that have few, as texts that are equal if the values are."""
        key = frozenset(map(id, parts))
        known = self._pins.get(key)
        if known is None:
            known = self._pins[key] = {}
            for part in parts:
                for name, schema in part.get("properties", {}).items():
                    inner = self.universe.resolve(schema)
                    if isinstance(inner, dict) and not inner.keys().isdisjoint({"enum", "const"}):
                        values = frozenset(map(_TEXTS.of, inner.get("enum", [inner.get("const")])))
                        known[name] = values & known.get(name, values)
        return known

    def is_nothing(self, schemas: Iterable[Schema]) -> bool:
        """Return whether it is plain that no value meets schemas which hold together."""
        parts = self.universe.together(schemas)
        return parts is None or self.facts(parts).is_impossible()

    def _is_said(self, parts: Sequence[dict[str, Any]], outer: dict[str, Any]) -> bool:
        return any(self.same.of(origin, outer) for part in parts for origin in self.universe.origins(part))

    def _attempt(self, parts: list[dict[str, Any]], outer: Schema, depth: int) -> Sequence[Obligation]:
        facts = self.facts(parts)
        if facts.is_impossible():
            return ()
        values = facts.listed()
        if values is not None:
            return self._refused(parts, values, outer)
        left = self._left(parts, facts, outer, depth) if isinstance(outer, dict) else list(_ANY)
        if left and is_empty(self, parts, facts, depth):
            return ()
        cases = split(self, parts, facts, outer) if left else None
        if cases is None:
            return left
        found: list[Obligation] = []
        for schemas, chosen in cases:
            found += [
                obligation.also(chosen, self.universe) for obligation in self.prove(schemas, outer, depth)
            ]
        return found

    def _left(
        self, parts: Sequence[dict[str, Any]], facts: Facts, outer: dict[str, Any], depth: int
    ) -> list[Obligation]:
        """Return what each keyword leaves to prove; alternatives wait until the inner ones are split."""
        waits = any(keyword in part for part in parts for keyword in COMBINED)
        found: list[Obligation] = []
        for group in groups(outer):
            if self._says(parts, outer, group, facts):
                continue
            if waits and group[0] in ("anyOf", "oneOf"):
                found.append(Obligation(keyword=group[0], node=outer.get(AT)))
            else:
                found += self._of_group(parts, facts, outer, group, depth)
        return found

    def _refused(
        self, parts: Sequence[dict[str, Any]], values: Sequence[Any], outer: Schema
    ) -> Sequence[Obligation]:
        """Try each value, where there are few."""
        accepts = self.universe.accepts
        refused = [
            value
            for value in values
            if not accepts(outer, value) and all(accepts(part, value) for part in parts)
        ]
        if not refused:
            return ()
        node = outer.get(AT) if isinstance(outer, dict) else None
        keyword = next(
            (key for key in ("enum", "const", "type") if isinstance(outer, dict) and key in outer), ""
        )
        shown = self.universe.fresh({"enum": refused})
        return [Obligation(keyword=keyword or "false", node=node, schema=shown)]

    def _says(
        self, parts: Sequence[dict[str, Any]], outer: dict[str, Any], group: tuple[str, ...], facts: Facts
    ) -> bool:
        """Return whether a part has these keywords with what the outer schema has there."""
        return any(
            all(self.same.of_keyword(origin, outer, keyword) for keyword in group)
            for part in parts
            for origin in self.universe.origins(part)
            if group[0] not in ("minLength", "maxLength")
            or "binary" not in facts.types
            or ("binary" in origin.get("type", ())) is ("binary" in outer.get("type", ()))
        )

    def _of_group(
        self,
        parts: Sequence[dict[str, Any]],
        facts: Facts,
        outer: dict[str, Any],
        group: tuple[str, ...],
        depth: int,
    ) -> Sequence[Obligation]:
        keyword = next(key for key in group if key in outer)
        if keyword in SCALARS:
            return SCALARS[keyword](facts, outer, self.universe)
        handler = _HANDLERS.get(keyword)
        if handler is None:  # not known here, so nothing is known of it
            return [Obligation(keyword=keyword, node=outer.get(AT))]
        return handler(self, parts, facts, outer, depth)
