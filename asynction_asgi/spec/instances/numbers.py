"""Numbers within bounds, on the grid of ``multipleOf``."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

from .flat import DeadEndError

if TYPE_CHECKING:
    from .choices import Choices
    from .flat import Flat

__all__ = ["number"]

_SPAN = 1000
_FINENESS = 100


def number(flat: Flat, choices: Choices, *, whole: bool) -> float:
    """A number that meets the bounds; near zero where they are open.

    Raises:
        DeadEndError: there is none.
    """
    bounds = flat.bounds
    low = max(bounds.get("minimum", -math.inf), bounds.get("exclusiveMinimum", -math.inf))
    high = min(bounds.get("maximum", math.inf), bounds.get("exclusiveMaximum", math.inf))
    step = _grid([*flat.steps, 1] if whole else flat.steps)
    if step is None:
        if low == high and low not in (bounds.get("exclusiveMinimum"), bounds.get("exclusiveMaximum")):
            return low
        step = Fraction(1, _FINENESS)
        while math.isfinite(low) and math.isfinite(high) and (Fraction(high) - Fraction(low)) < 10 * step > 0:
            if low >= high or step < Fraction(1, 10**300):
                raise DeadEndError
            step /= 10
    first = math.ceil(Fraction(low) / step) if math.isfinite(low) else None
    last = math.floor(Fraction(high) / step) if math.isfinite(high) else None
    if first is not None and first * step == bounds.get("exclusiveMinimum"):
        first += 1
    if last is not None and last * step == bounds.get("exclusiveMaximum"):
        last -= 1
    span = max(1, int(_SPAN / step)) if step < _SPAN else _SPAN
    if first is None:
        first = min(0, last - span) if last is not None else 0
    if last is None:
        last = max(first + span, span)
    if first > last:
        raise DeadEndError
    value = choices.integer(first, last) * step
    return int(value) if value.denominator == 1 else float(value)


def _grid(steps: list[float]) -> Fraction | None:
    """The coarsest grid whose points are on every one of the given."""
    if not steps:
        return None
    grid = Fraction(str(steps[0]))
    for step in steps[1:]:
        other = Fraction(str(step))
        grid = Fraction(
            math.lcm(grid.numerator, other.numerator), math.gcd(grid.denominator, other.denominator)
        )
    return grid
