"""Keywords about one value and nothing within it: whether they follow from facts."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from ..patterns import UndecidedError, find_word
from ..schemas.formats import FORMATS
from .facts import grid_of, types_of
from .obligation import Obligation, missed

if TYPE_CHECKING:
    from collections.abc import Callable

    from .facts import Facts
    from .universe import Universe


def _type(facts: Facts, schema: dict[str, Any], universe: Universe) -> list[Obligation]:
    left = facts.types - types_of(schema["type"])
    return [missed(schema, "type", of_type(kind, universe)) for kind in sorted(left)]


def of_type(kind: str, universe: Universe) -> dict[str, Any]:
    """Return a schema that only values of a type meet."""
    if kind == "fraction":
        whole = universe.made(("type", "integer"), {"type": ["integer"]})
        return universe.made(("type", kind), {"type": ["number"], "not": whole})
    return universe.made(("type", kind), {"type": [kind]})


def _values(keyword: str) -> Callable[[Facts, dict[str, Any], Universe], list[Obligation]]:
    def check(_: Facts, schema: dict[str, Any], universe: Universe) -> list[Obligation]:
        return [_denied(schema, keyword, universe)]  # what is finite has been listed before

    return check


def _denied(schema: dict[str, Any], keyword: str, universe: Universe, kind: str = "") -> Obligation:
    """Return an obligation about a keyword, shown by values of a type that miss it."""
    denied = universe.fresh({keyword: schema[keyword]})
    return missed(schema, keyword, universe.fresh({**({"type": [kind]} if kind else {}), "not": denied}))


def _multiple(facts: Facts, schema: dict[str, Any], universe: Universe) -> list[Obligation]:
    if facts.types.isdisjoint({"integer", "fraction"}):
        return []
    grid = grid_of([*facts.steps, Fraction(1)] if facts.is_whole else facts.steps)
    if grid is not None and (grid / Fraction(repr(schema["multipleOf"]))).denominator == 1:
        return []
    return [_denied(schema, "multipleOf", universe, "number")]


def _limit(keyword: str) -> Callable[[Facts, dict[str, Any], Universe], list[Obligation]]:
    is_low, is_excluded = "inimum" in keyword, keyword.startswith("exclusive")
    beyond = {
        "minimum": "exclusiveMaximum",
        "exclusiveMinimum": "maximum",
        "maximum": "exclusiveMinimum",
        "exclusiveMaximum": "minimum",
    }[keyword]

    def check(facts: Facts, schema: dict[str, Any], universe: Universe) -> list[Obligation]:
        if facts.types.isdisjoint({"integer", "fraction"}):
            return []
        limit = schema[keyword]
        end, end_is_excluded = facts.numbers()[0 if is_low else 1]
        is_within = end > limit if is_low else end < limit
        if is_within or (end == limit and (end_is_excluded or not is_excluded)):
            return []
        wanted = universe.fresh({"type": ["number"], beyond: limit})
        return [missed(schema, keyword, wanted)]

    return check


def _least(keyword: str, kind: str) -> Callable[[Facts, dict[str, Any], Universe], list[Obligation]]:
    def check(facts: Facts, schema: dict[str, Any], universe: Universe) -> list[Obligation]:
        known = facts.least[keyword]
        if kind == "object":
            known = max(known, len(facts.required))
        if kind not in facts.types or known >= schema[keyword]:
            return []
        upper = keyword.replace("min", "max")
        return [missed(schema, keyword, universe.fresh({"type": [kind], upper: schema[keyword] - 1}))]

    return check


def _length(facts: Facts, schema: dict[str, Any], universe: Universe) -> list[Obligation]:
    """``minLength`` and ``maxLength``, of texts and of bytes."""
    found: list[Obligation] = []
    least, most = schema.get("minLength", 0), schema.get("maxLength", math.inf)
    for keyword, word, is_met in (
        ("minLength", "maxLength", facts.least["minLength"] >= least),
        ("maxLength", "minLength", facts.most["maxLength"] <= most),
    ):
        if keyword in schema and "string" in facts.types and not is_met:
            below = (0, least - 1) if keyword == "minLength" else (most + 1, None)
            found += _word(facts, schema, keyword, universe, (), below)
            if not found:
                continue
            beyond = schema[keyword] - 1 if word == "maxLength" else schema[keyword] + 1
            found.append(missed(schema, keyword, universe.fresh({"type": ["string"], word: beyond})))
    if "binary" in facts.types and "binary" in schema.get("type", ()):
        if facts.least_bytes < least:
            wanted = universe.fresh({"type": ["binary"], "maxLength": least - 1})
            found.append(missed(schema, "minLength", wanted))
        if facts.most_bytes > most:
            wanted = universe.fresh({"type": ["binary"], "minLength": int(most) + 1})
            found.append(missed(schema, "maxLength", wanted))
    return found


def _pattern(facts: Facts, schema: dict[str, Any], universe: Universe) -> list[Obligation]:
    if "string" not in facts.types:
        return []
    return _word(facts, schema, "pattern", universe, (schema["pattern"],), (0, None))


def _word(
    facts: Facts,
    schema: dict[str, Any],
    keyword: str,
    universe: Universe,
    missing: tuple[str, ...],
    lengths: tuple[int, int | None],
) -> list[Obligation]:
    """Look for a shortest text that meets the facts, misses patterns, and is of a length."""
    highest = min(facts.most["maxLength"], math.inf if lengths[1] is None else lengths[1])
    least, most = max(facts.least["minLength"], lengths[0]), None if highest == math.inf else int(highest)
    other = _denied(schema, keyword, universe, "string")
    try:
        word = find_word(facts.patterns, missing, least=least, most=most)
    except UndecidedError:
        return [other]
    if word is None:
        return []
    shown = missed(schema, keyword, universe.fresh({"enum": [word]}))
    # A format may refuse the shortest text and admit a longer one.
    return [shown, other] if facts.formats else [shown]


def _format(facts: Facts, schema: dict[str, Any], universe: Universe) -> list[Obligation]:
    name = schema["format"]
    if name not in FORMATS or "string" not in facts.types or name in facts.formats:
        return []
    return [_denied(schema, "format", universe, "string")]


# By keyword; a keyword that stands for several reads the others itself.
SCALARS: dict[str, Callable[[Facts, dict[str, Any], Universe], list[Obligation]]] = {
    "type": _type,
    "enum": _values("enum"),
    "const": _values("const"),
    "multipleOf": _multiple,
    **{name: _limit(name) for name in ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum")},
    "minLength": _length,
    "maxLength": _length,
    "pattern": _pattern,
    "format": _format,
    "minItems": _least("minItems", "array"),
    "minProperties": _least("minProperties", "object"),
}
