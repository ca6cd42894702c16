"""Keywords about arrays."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from .facts import ALL_TYPES
from .obligation import LARGEST, Obligation, missed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..schemas.definitions import Schema
    from .facts import Facts
    from .proving import Proving


def schemas_of_item(parts: Sequence[dict[str, Any]], index: int) -> list[Schema]:
    """All schemas that hold for the item at an index."""
    found: list[Schema] = []
    for part in parts:
        held = part.get("items", True)
        if not isinstance(held, list):
            found.append(held)
        elif index < len(held):
            found.append(held[index])
        else:
            found.append(part.get("additionalItems", True))
    return [schema for schema in found if schema is not True]


def tuple_length(parts: Sequence[dict[str, Any]]) -> int:
    """Return at how many positions the schemas may differ from the rest."""
    lengths = (len(held) if isinstance(held := part.get("items"), list) else 0 for part in parts)
    return max(lengths, default=0)


def most_items(prover: Proving, parts: Sequence[dict[str, Any]], facts: Facts) -> float:
    """Return how many items there can be at most."""
    most = facts.most["maxItems"]
    for index in range(tuple_length(parts) + 1):
        if index >= most:
            break
        if prover.is_nothing(schemas_of_item(parts, index)):
            return index
    return most


def items(
    prover: Proving, parts: Sequence[dict[str, Any]], facts: Facts, schema: dict[str, Any], depth: int
) -> list[Obligation]:
    """Each position, and the rest, is what the outer schema admits there."""
    if "array" not in facts.types:
        return []
    most = most_items(prover, parts, facts)
    found: list[Obligation] = []
    for index in range(tuple_length([*parts, schema]) + 1):
        if index >= most:
            break
        for wanted in schemas_of_item([schema], index):
            left = prover.prove(schemas_of_item(parts, index), wanted, depth + 1)
            found += [obligation.in_item(index, prover.universe) for obligation in left]
    return found


def max_items(
    prover: Proving, parts: Sequence[dict[str, Any]], facts: Facts, schema: dict[str, Any], _: int
) -> list[Obligation]:
    """``maxItems``, from that of the inner schemas or the end of their tuples."""
    limit = schema["maxItems"]
    if "array" not in facts.types or most_items(prover, parts, facts) <= limit:
        return []
    if limit > LARGEST:
        return [missed(schema, "maxItems")]
    more = prover.universe.fresh({"type": ["array"], "minItems": int(limit) + 1})
    return [missed(schema, "maxItems", more)]


def unique_items(
    prover: Proving, parts: Sequence[dict[str, Any]], facts: Facts, schema: dict[str, Any], _: int
) -> list[Obligation]:
    """``uniqueItems``, which lists of one item meet."""
    if "array" not in facts.types or facts.unique or _differ(prover, parts, most_items(prover, parts, facts)):
        return []
    return [missed(schema, "uniqueItems", prover.universe.fresh({"type": ["array"], "minItems": 2}))]


def _differ(prover: Proving, parts: Sequence[dict[str, Any]], count: float) -> bool:
    """Return whether no two items can be equal, as each position has types of its own."""
    if count > len(ALL_TYPES):
        return False
    seen: set[str] = set()
    for index in range(int(count)):
        inner = prover.universe.together(schemas_of_item(parts, index))
        types = frozenset[str]() if inner is None else prover.facts(inner).types
        if not seen.isdisjoint(types):
            return False
        seen |= types
    return True


def contains(
    prover: Proving, parts: Sequence[dict[str, Any]], facts: Facts, schema: dict[str, Any], depth: int
) -> list[Obligation]:
    """Prove that an item which the outer schema asks for is always there."""
    if "array" not in facts.types:
        return []
    if not schema.keys().isdisjoint(("minContains", "maxContains")):
        return [missed(schema, "contains")]
    wanted, universe = schema["contains"], prover.universe
    for index in range(min(int(facts.least["minItems"]), tuple_length(parts) + 1)):
        if not prover.prove(schemas_of_item(parts, index), wanted, depth + 1):
            return []
    for part in parts:
        if (
            "contains" in part
            and part.get("minContains", 1)
            and not prover.prove([part["contains"]], wanted, depth + 1)
        ):
            return []
    empty = universe.fresh({"type": ["array"], "maxItems": 0})
    other = universe.fresh({"type": ["array"], "items": universe.fresh({"not": wanted})})
    shown = empty if not facts.least["minItems"] and math.isinf(facts.most["maxItems"]) else other
    return [missed(schema, "contains", shown), missed(schema, "contains", other)]
