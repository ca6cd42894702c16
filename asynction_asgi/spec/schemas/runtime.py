"""What generated validators call, and what they raise.

A valid value costs nothing but the checks: a `Miss` is built on the failing path alone, and learns
where it stands while it travels outwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from ..text.document import Node

BYTES = (bytes, bytearray, memoryview)
_EXACT = 2**53  # below it, the digits of a whole float are those of the integer


@dataclass(frozen=True, slots=True)
class Rule:
    """One assertion of the document.

    Attributes:
        keyword: As written, ``minLength`` for one.
        message: Made of the document alone, never of the peer's value.
        node: The schema that holds it.
    """

    keyword: str
    message: str
    node: Node


class Item:
    """A place in a trail: an item of an array, by identity, whose index is looked for only when it is reported.

    A `Miss` may be dropped or remembered before anybody reads it, and a search per `Miss` would make the
    work for one array quadratic.
    """

    __slots__ = ("_start", "_value", "_values")

    def __init__(self, values: Sequence[Any], value: Any, start: int) -> None:
        self._values = values
        self._value = value
        self._start = start

    def index(self) -> int:
        """Return the item's index, searched from the start given: earlier places would have failed."""
        for index in range(self._start, len(self._values)):
            if self._values[index] is self._value:
                return index
        return self._start


class Miss(Exception):  # noqa: N818  # control flow; `Mismatch` is the error
    """A value missed a rule, `trail` from where the check began."""

    __slots__ = ("rule", "trail")

    def __init__(self, rule: Rule, trail: tuple[Any, ...] = ()) -> None:
        self.rule = rule
        self.trail = trail


def is_integer(value: Any) -> bool:
    """Return whether a number has no fractional part, as ``1.0`` has none (draft-06 and later)."""
    if isinstance(value, float):
        return value.is_integer()
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value: Any) -> bool:
    """Return whether a value is a number in JSON: not NaN, not infinite, not a boolean."""
    if isinstance(value, float):
        return value - value == 0.0
    return isinstance(value, int) and not isinstance(value, bool)


def is_multiple(value: float, factor: Fraction) -> bool:
    """Return whether `value`, as JSON writes it, is `factor` times a whole number; exact.

    Digits and exponent are looked at apart, because ``1e300`` written out would be long.
    """
    if not isinstance(value, float):
        return value * factor.denominator % factor.numerator == 0
    if value - value != 0.0:
        return False
    if -_EXACT < value < _EXACT and value.is_integer():
        return int(value) * factor.denominator % factor.numerator == 0
    mantissa, _, exponent = repr(float(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = int(whole + fraction) * factor.denominator
    power = int(exponent or 0) - len(fraction)
    if power >= 0:
        return digits * pow(10, power, factor.numerator) % factor.numerator == 0
    if -power > digits.bit_length():  # more zeros than it has digits
        return digits == 0
    return bool(digits % (factor.numerator * 10**-power) == 0)


def size(value: bytes | bytearray | memoryview) -> int:
    """Return the length in bytes."""
    return value.nbytes if isinstance(value, memoryview) else len(value)
