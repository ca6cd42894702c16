"""Keywords that combine schemas."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..schemas.definitions import AT
from .obligation import Obligation, conjoin

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..schemas.definitions import Schema
    from .facts import Facts
    from .proving import Proving


def all_of(
    prover: Proving, parts: Sequence[dict[str, Any]], _: Facts, schema: dict[str, Any], depth: int
) -> list[Obligation]:
    """Every one of them holds."""
    return [left for wanted in schema["allOf"] for left in prover.prove(parts, wanted, depth)]


def any_of(
    prover: Proving, parts: Sequence[dict[str, Any]], _: Facts, schema: dict[str, Any], depth: int
) -> list[Obligation]:
    """One of them holds."""
    left = _of_branches(prover, parts, schema["anyOf"], depth)
    return [] if left is None else conjoin(left, "anyOf", schema[AT], prover.universe)


def one_of(
    prover: Proving, parts: Sequence[dict[str, Any]], _: Facts, schema: dict[str, Any], depth: int
) -> list[Obligation]:
    """One of them holds, and no other can."""
    branches, universe = schema["oneOf"], prover.universe
    left: list[Sequence[Obligation]] = []
    both: list[Obligation] = []
    for place in _likeliest(prover, parts, branches):
        obligations = prover.prove(parts, branches[place], depth)
        if obligations:
            left.append(obligations)
            continue
        for other in (*branches[:place], *branches[place + 1 :]):
            if prover.are_apart(parts, other):
                continue
            overlap = prover.prove([*parts, other], False, depth)
            both += [
                replace(obligation.also(other, universe), keyword="oneOf", node=schema[AT])
                for obligation in overlap
            ]
        return both
    return conjoin(left, "oneOf", schema[AT], universe)


def _of_branches(
    prover: Proving, parts: Sequence[dict[str, Any]], branches: Sequence[Schema], depth: int
) -> list[Sequence[Obligation]] | None:
    """Return what is left to prove of each branch, or None if one of them holds."""
    left: list[Sequence[Obligation]] = []
    for place in _likeliest(prover, parts, branches):
        obligations = prover.prove(parts, branches[place], depth)
        if not obligations:
            return None
        left.append(obligations)
    return left


def _likeliest(prover: Proving, parts: Sequence[dict[str, Any]], branches: Sequence[Schema]) -> list[int]:
    """Return the places of the branches that may hold, those that repeat a part first."""
    places = [place for place, branch in enumerate(branches) if not prover.are_apart(parts, branch)]
    is_said = {place: any(prover.same.of(part, branches[place]) for part in parts) for place in places}
    return sorted(places, key=lambda place: not is_said[place])


def negation(
    prover: Proving, parts: Sequence[dict[str, Any]], _: Facts, schema: dict[str, Any], depth: int
) -> list[Obligation]:
    """No value meets what is denied."""
    denied, universe = schema["not"], prover.universe
    return [
        replace(left.also(denied, universe), keyword="not", node=schema[AT])
        for left in prover.prove([*parts, denied], False, depth)
    ]


def conditional(
    prover: Proving, parts: Sequence[dict[str, Any]], _: Facts, schema: dict[str, Any], depth: int
) -> list[Obligation]:
    """Prove ``then`` for values that meet the condition, and ``else`` for all others."""
    condition, universe = schema["if"], prover.universe
    otherwise = universe.made(("not", id(condition)), {"not": condition})
    found: list[Obligation] = []
    for case, keyword in ((condition, "then"), (otherwise, "else")):
        left = prover.prove([*parts, case], schema.get(keyword, True), depth)
        found += [obligation.also(case, universe) for obligation in left]
    return found
