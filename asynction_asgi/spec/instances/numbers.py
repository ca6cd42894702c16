"""Numbers within bounds, on the grid of ``multipleOf``."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

from .selection import DeadEndError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..schemas.definitions import Schema
    from ..schemas.shape import Shape
    from .choices import Choices

# The smallest distance between two numbers of the wire.
_FINEST = Fraction(1, 10**300)
_MANY = 10
# Beyond this a whole number is written as a float, like its bound: 1e300 has three hundred digits else,
# and few readers of JSON take more than 64 bits.
_LARGE = 2**63


def number(shape: Shape[Schema], choices: Choices, *, whole: bool) -> float:
    """Make a number that meets the bounds; near zero if they are open.

    Raises:
        DeadEndError: The bounds admit no number.
    """
    bounds = shape.bounds
    low = max(bounds.get("minimum", -math.inf), bounds.get("exclusiveMinimum", -math.inf))
    high = min(bounds.get("maximum", math.inf), bounds.get("exclusiveMaximum", math.inf))
    excluded = (bounds.get("exclusiveMinimum"), bounds.get("exclusiveMaximum"))

    def within(value: float) -> bool:
        return low <= value <= high and value not in excluded

    grid = _grid([*shape.steps, 1] if whole else shape.steps)
    if grid is not None:
        found = _ends(shape, low, high, grid, choices.span)
        if found is None:
            raise DeadEndError
        value = choices.near(*found, shown=math.ceil(1 / grid)) * grid
        return _as_number(
            value, lambda candidate: (Fraction(candidate) / grid).denominator == 1 and within(candidate)
        )
    if low == high:
        if not within(low):
            raise DeadEndError
        return low
    step, wanted = Fraction(1, choices.fineness), _MANY if choices.fineness > 1 else 1
    while True:
        found = _ends(shape, low, high, step, choices.span)
        if found is not None and found[1] - found[0] + 1 >= wanted:
            return _as_number(choices.near(*found, shown=math.ceil(1 / step)) * step, within)
        if low > high or step < _FINEST:
            raise DeadEndError
        step /= 2 if step == 1 else 5 if step == Fraction(1, 2) else 10


def _ends(
    shape: Shape[Schema], low: float, high: float, step: Fraction, usual: int
) -> tuple[int, int] | None:
    """Return the first and the last multiple of `step` within the bounds, or None."""
    first = math.ceil(Fraction(low) / step) if low != -math.inf else None
    last = math.floor(Fraction(high) / step) if high != math.inf else None
    if first is not None and first * step == shape.bounds.get("exclusiveMinimum"):
        first += 1
    if last is not None and last * step == shape.bounds.get("exclusiveMaximum"):
        last -= 1
    span = max(1, int(usual / step)) if step < usual else usual
    if first is None:
        first = min(0, last - span) if last is not None else 0
    if last is None:
        last = max(first + span, span)
    return (first, last) if first <= last else None


def _as_number(value: Fraction, holds: Callable[[float], bool]) -> float:
    """Return the number as the wire has it; a large one as the nearest float that fits, if one does."""
    if abs(value.numerator) < _LARGE:
        return int(value) if value.denominator == 1 else float(value)
    try:
        nearest = float(value)
    except OverflowError:
        return int(value)
    around = (nearest, math.nextafter(nearest, math.inf), math.nextafter(nearest, -math.inf))
    fitting = next((number for number in around if math.isfinite(number) and holds(number)), None)
    if fitting is not None:
        return fitting
    return int(value) if value.denominator == 1 else nearest


def _grid(steps: Sequence[float]) -> Fraction | None:
    """Return the coarsest grid whose points are multiples of every step."""
    if not steps:
        return None
    grid = Fraction(str(steps[0]))
    for step in steps[1:]:
        other = Fraction(str(step))
        grid = Fraction(
            math.lcm(grid.numerator, other.numerator), math.gcd(grid.denominator, other.denominator)
        )
    return grid
