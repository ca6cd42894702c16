"""What several schemas that hold together say of a value: types, limits, values; rather too little than too much.

Every fact here follows from the schemas. What is not understood is left out, so that the facts admit every
value that the schemas admit, and perhaps more.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from ..schemas.definitions import AT
from ..schemas.equality import Texts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# A number is an integer, 1.0 too, or a fraction; bytes are a type of their own.
ALL_TYPES = frozenset({"null", "boolean", "integer", "fraction", "string", "binary", "array", "object"})
_MOST_INTEGERS = 64
_TEXTS = Texts()  # equal where values are
# Fewest and most characters of a text in a format, as far as they matter.
_FORMAT_LENGTHS: dict[str, tuple[int, float]] = {
    "date": (10, 10),
    "date-time": (20, 58),
    "time": (9, 47),
    "duration": (3, 1_024),
    "email": (3, 320),
    "idn-email": (3, 320),
    "hostname": (1, 253),
    "idn-hostname": (1, math.inf),
    "ipv4": (7, 15),
    "ipv6": (2, 45),
    "uri": (2, 65_536),
    "iri": (2, 65_536),
    "uuid": (36, 36),
    "relative-json-pointer": (1, 65_536),
}
_LEAST = ("minLength", "minItems", "minProperties")
_MOST = ("maxLength", "maxItems", "maxProperties")


@dataclass(slots=True, kw_only=True)
class Facts:
    """The facts.

    Attributes:
        types: Those left.
        values: The only ones left, or None if they are not listed.
        least: Of texts, items and members, by the keyword: the largest of each.
        most: The smallest of each.
        least_bytes: The largest ``minLength`` that counts bytes.
        most_bytes: The smallest ``maxLength`` that counts bytes, or infinity.
        low: The lowest number, and whether it is excluded.
        high: The highest number, and whether it is excluded.
        steps: Every ``multipleOf``.
        patterns: Every ``pattern``.
        formats: Every ``format``.
        required: Names of members that are there.
        forbidden: Names of members that are not there.
        unique: Whether no two items are equal.
    """

    types: frozenset[str] = ALL_TYPES
    values: list[Any] | None = None
    least: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_LEAST, 0))
    most: dict[str, float] = field(default_factory=lambda: dict.fromkeys(_MOST, math.inf))
    least_bytes: int = 0
    most_bytes: float = math.inf
    low: tuple[float | Fraction, bool] = (-math.inf, False)
    high: tuple[float | Fraction, bool] = (math.inf, False)
    steps: list[Fraction] = field(default_factory=list)
    patterns: list[str] = field(default_factory=list)
    formats: list[str] = field(default_factory=list)
    required: dict[str, None] = field(default_factory=dict)
    forbidden: set[str] = field(default_factory=set)
    unique: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether a number can only be an integer."""
        return "fraction" not in self.types

    def numbers(self) -> tuple[tuple[float | Fraction, bool], tuple[float | Fraction, bool]]:
        """Lowest and highest number, moved inward to the grid that all numbers are on."""
        grid = grid_of([*self.steps, Fraction(1)] if self.is_whole else self.steps)
        if grid is None:
            return self.low, self.high
        low, high = self.low, self.high
        if low[0] != -math.inf:
            count = math.ceil(Fraction(low[0]) / grid)
            count += low[1] and count * grid == low[0]
            low = count * grid, False
        if high[0] != math.inf:
            count = math.floor(Fraction(high[0]) / grid)
            count -= high[1] and count * grid == high[0]
            high = count * grid, False
        return low, high

    def listed(self) -> list[Any] | None:
        """All values that can be left, or None if they are too many to list."""
        if self.values is not None:
            return [value for value in self.values if type_of(value) in self.types]
        if not self.types <= {"null", "boolean", "integer"}:
            return None
        found: list[Any] = [None] if "null" in self.types else []
        if "boolean" in self.types:
            found += [False, True]
        if "integer" in self.types:
            (low, _), (high, _) = self.numbers()
            if high - low >= _MOST_INTEGERS or not math.isfinite(high - low):
                return None
            found += range(int(low), int(high) + 1)
        return found

    def is_impossible(self) -> bool:
        """Return whether no value is left, by what is said of the value itself."""
        if self.values is not None:
            return not self.listed()
        return all(self._is_impossible(kind) for kind in self.types)

    def _is_impossible(self, kind: str) -> bool:
        if kind in ("integer", "fraction"):
            low, high = self.numbers()
            return low[0] > high[0] or (low[0] == high[0] and (low[1] or high[1]))
        if kind == "binary":
            return self.least_bytes > self.most_bytes
        if kind == "object":
            return (
                max(self.least["minProperties"], len(self.required)) > self.most["maxProperties"]
                or not self.forbidden.isdisjoint(self.required)
            )  # fmt: skip
        unit = {"string": "Length", "array": "Items"}.get(kind)
        return unit is not None and self.least[f"min{unit}"] > self.most[f"max{unit}"]


def read_facts(parts: Iterable[dict[str, Any]]) -> Facts:
    """Return what schemas say together; those that they hold or refer to are passed over."""
    facts = Facts()
    for part in parts:
        _add(facts, part)
    if any(step.denominator == 1 for step in facts.steps):
        facts.types -= {"fraction"}
    if facts.values is not None:
        facts.types &= {type_of(value) for value in facts.values}
    return facts


def _add(facts: Facts, part: dict[str, Any]) -> None:
    types = part.get("type")
    if types is not None:
        facts.types &= types_of(types)
    denied = part.get("not")
    if isinstance(denied, dict) and denied.keys() <= {"type", AT} and "type" in denied:
        facts.types -= types_of(denied["type"])
    if (
        isinstance(denied, dict)
        and denied.keys() <= {"required", AT}
        and len(denied.get("required", ())) == 1
    ):
        facts.forbidden.update(denied["required"])
    for values in ([part["const"]] if "const" in part else None, part.get("enum")):
        if values is not None:
            facts.values = values if facts.values is None else _common(facts.values, values)
    for keyword in facts.least.keys() & part.keys():
        facts.least[keyword] = max(facts.least[keyword], part[keyword])
    for keyword in facts.most.keys() & part.keys():
        facts.most[keyword] = min(facts.most[keyword], part[keyword])
    if types is not None and "binary" in types:
        facts.least_bytes = max(facts.least_bytes, part.get("minLength", 0))
        facts.most_bytes = min(facts.most_bytes, part.get("maxLength", math.inf))
    _add_limits(facts, part)
    if "multipleOf" in part:
        facts.steps.append(Fraction(repr(part["multipleOf"])))
    if "pattern" in part:
        facts.patterns.append(part["pattern"])
    if "format" in part:
        facts.formats.append(part["format"])
        least, most = _FORMAT_LENGTHS.get(part["format"], (0, math.inf))
        facts.least["minLength"] = max(facts.least["minLength"], least)
        facts.most["maxLength"] = min(facts.most["maxLength"], most)
    facts.required.update(dict.fromkeys(part.get("required", ())))
    facts.unique |= part.get("uniqueItems", False)


def _add_limits(facts: Facts, part: dict[str, Any]) -> None:
    for keyword in ("minimum", "exclusiveMinimum"):
        if keyword in part:
            facts.low = max(facts.low, (part[keyword], keyword != "minimum"))
    for keyword in ("maximum", "exclusiveMaximum"):
        if keyword in part:
            limit, is_excluded = part[keyword], keyword != "maximum"
            facts.high = min(facts.high, (limit, is_excluded), key=lambda end: (end[0], not end[1]))


def types_of(names: Sequence[str]) -> frozenset[str]:
    """Return the types that names in a schema stand for."""
    found = set(names)
    if "number" in found:
        found |= {"integer", "fraction"}
    return frozenset(found - {"number"})


def type_of(value: Any) -> str:
    """Return the type of a value of JSON, or of bytes."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "integer" if isinstance(value, int) or value.is_integer() else "fraction"
    if isinstance(value, str):
        return "string"
    if isinstance(value, dict):
        return "object"
    return "array" if isinstance(value, list | tuple) else "binary"


def grid_of(steps: Sequence[Fraction]) -> Fraction | None:
    """Return the step of the numbers that are multiples of all, or None if there are no steps."""
    if not steps:
        return None
    grid = steps[0]
    for step in steps[1:]:
        numerator = math.lcm(grid.numerator * step.denominator, step.numerator * grid.denominator)
        grid = Fraction(numerator, grid.denominator * step.denominator)
    return grid


def _common(values: Sequence[Any], others: Sequence[Any]) -> list[Any]:
    known = set(map(_TEXTS.of, others))
    return [value for value in values if _TEXTS.of(value) in known]
