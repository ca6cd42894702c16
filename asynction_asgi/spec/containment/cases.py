"""Detects schemas that no value meets, and splits values into cases that are proved one by one."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ..patterns import UndecidedError, find_word
from .elements import most_items, schemas_of_item, tuple_length
from .names import Members, schemas_of_member
from .scalars import of_type

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..schemas.definitions import Schema
    from .facts import Facts
    from .proving import Proving

    Case = tuple[list[Schema], Schema]

COMBINED = frozenset({"anyOf", "oneOf", "if"})
_MOST_CASES = 64
_MOST_COUNTS = 8


def is_empty(prover: Proving, parts: Sequence[dict[str, Any]], facts: Facts, depth: int) -> bool:
    """Return whether it is proved that no value meets all of the schemas, which leave values of one type."""
    for part in parts:
        if "not" in part and not prover.are_apart(parts, part["not"]):
            others = [prover.universe.without(part, "not") if other is part else other for other in parts]
            if not prover.prove(others, part["not"], depth):
                return True
    if facts.types == {"string"}:
        most = facts.most["maxLength"]
        try:
            return (
                find_word(
                    facts.patterns,
                    (),
                    least=facts.least["minLength"],
                    most=None if math.isinf(most) else int(most),
                )
                is None
            )
        except UndecidedError:
            return False
    if facts.types == {"array"}:
        least = facts.least["minItems"]
        return most_items(prover, parts, facts) < least or any(
            not prover.prove(schemas_of_item(parts, index), False, depth + 1)
            for index in range(min(least, tuple_length(parts) + 1))
        )
    if facts.types == {"object"}:
        known = Members(prover, parts, facts)
        return known.count() < facts.least["minProperties"] or any(
            known.is_refused(name) or not prover.prove(known.schemas(name), False, depth + 1)
            for name in facts.required
        )
    return False


def split(prover: Proving, parts: Sequence[dict[str, Any]], facts: Facts, outer: Schema) -> list[Case] | None:
    """Split the values into cases by what the inner schemas say; None if they say nothing of the kind."""
    universe = prover.universe
    for part in parts:
        for keyword in ("anyOf", "oneOf"):
            branches = part.get(keyword, ())
            if 0 < len(branches) <= _MOST_CASES:
                rest = _rest(prover, parts, part, keyword)
                return [
                    ([*rest, branch, *_others(prover, keyword, branches, place)], branch)
                    for place, branch in enumerate(branches)
                ]
        if "if" in part:
            rest = _rest(prover, parts, part, "if", "then", "else")
            condition = part["if"]
            denied = universe.made(("not", id(condition)), {"not": condition})
            return [
                ([*rest, condition, part.get("then", True)], condition),
                ([*rest, denied, part.get("else", True)], denied),
            ]
    if isinstance(outer, dict) and outer.keys().isdisjoint(COMBINED):
        return None
    if len(facts.types) > 1:
        kinds = [of_type(kind, universe) for kind in sorted(facts.types)]
        return [([*parts, kind], kind) for kind in kinds]
    if not isinstance(outer, dict):
        return None
    return _by_count(prover, parts, facts) if facts.types == {"array"} else _by_member(prover, parts, facts)


def _rest(
    prover: Proving, parts: Sequence[dict[str, Any]], part: dict[str, Any], *keywords: str
) -> list[Schema]:
    """Return the parts without keywords of one of them, which no ``allOf`` brings back: its schemas are parts, too."""
    rest: list[Schema] = []
    for other in parts:
        left_out = (*(keywords if other is part else ()), *(("allOf",) if "allOf" in other else ()))
        rest.append(prover.universe.without(other, *left_out) if left_out else other)
    return rest


def _by_count(prover: Proving, parts: Sequence[dict[str, Any]], facts: Facts) -> list[Case] | None:
    """Return a case for each number of items, if there are few."""
    least, most = facts.least["minItems"], most_items(prover, parts, facts)
    if not 0 < most - least <= _MOST_COUNTS:
        return None
    cases = [
        prover.universe.made(("count", count), {"type": ["array"], "minItems": count, "maxItems": count})
        for count in range(least, int(most) + 1)
    ]
    return [([*parts, case], case) for case in cases]


def _others(prover: Proving, keyword: str, branches: Sequence[Schema], chosen: int) -> list[Schema]:
    """Return what else holds once a branch is chosen: with ``oneOf``, all other branches are missed."""
    if keyword == "anyOf":
        return []
    others = (*branches[:chosen], *branches[chosen + 1 :])
    parts = prover.universe.together([branches[chosen]]) or []
    return [
        prover.universe.made(("not", id(other)), {"not": other})
        for other in others
        if not prover.are_apart(parts, other)  # what it can't meet anyway is not worth a word
    ]


def _by_member(prover: Proving, parts: Sequence[dict[str, Any]], facts: Facts) -> list[Case] | None:
    """Return a case for each value of a required member that has few values."""
    if facts.types != {"object"}:
        return None
    for name in facts.required:
        inner = prover.universe.together(schemas_of_member(parts, name))
        values = prover.facts(inner).listed() if inner else None
        if values is not None and 1 < len(values) <= _MOST_CASES:
            chosen = [
                prover.universe.fresh(
                    {"properties": {name: prover.universe.fresh({"enum": [value]})}, "required": [name]}
                )
                for value in values
            ]
            return [([*parts, case], case) for case in chosen]
    return None
