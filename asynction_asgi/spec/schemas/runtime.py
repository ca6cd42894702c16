"""What generated validators call, and what they raise.

A valid value costs nothing but the checks: a `Miss` is built on the failing path alone, and learns
where it stands while it travels outwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from operator import itemgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..document import Node

__all__ = [
    "BYTES",
    "Miss",
    "Rule",
    "at",
    "equals",
    "is_integer",
    "is_multiple",
    "is_number",
    "size",
    "unique",
]

BYTES = (bytes, bytearray, memoryview)


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


class Miss(Exception):  # noqa: N818 -- control flow; `Mismatch` is the error
    """A value missed a rule, `trail` from where the check began."""

    __slots__ = ("rule", "trail")

    def __init__(self, rule: Rule, trail: tuple[Any, ...] = ()) -> None:
        self.rule = rule
        self.trail = trail


def at(values: Sequence[Any], value: Any, start: int = 0) -> int:
    """The index of `value` itself. An earlier place of the same object would have failed before."""
    for index in range(start, len(values)):
        if values[index] is value:
            return index
    return start


def is_integer(value: Any) -> bool:
    """Draft-06 and later: a number without a fractional part, ``1.0`` too."""
    if isinstance(value, float):
        return value.is_integer()
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value: Any) -> bool:
    """A number that JSON has: not NaN, not infinite, and no boolean."""
    if isinstance(value, float):
        return value - value == 0.0
    return isinstance(value, int) and not isinstance(value, bool)


def is_multiple(value: float, factor: Fraction) -> bool:
    """Whether `value`, as JSON writes it, is `factor` times a whole number; exact."""
    if isinstance(value, float):
        if value - value != 0.0:
            return False
        return (Fraction(repr(float(value))) / factor).denominator == 1
    return value * factor.denominator % factor.numerator == 0


def size(value: bytes | bytearray | memoryview) -> int:
    """Length in bytes."""
    return value.nbytes if isinstance(value, memoryview) else len(value)


def equals(value: Any, wanted: Any) -> bool:
    """JSON's equality: ``1`` is ``1.0`` and not ``true``. Looks no deeper than `wanted`."""
    if isinstance(wanted, dict):
        return (
            isinstance(value, dict)
            and len(value) == len(wanted)
            and all(key in value and equals(value[key], inner) for key, inner in wanted.items())
        )
    if isinstance(wanted, list):
        return (
            isinstance(value, list | tuple) and len(value) == len(wanted) and all(map(equals, value, wanted))
        )
    if isinstance(wanted, bool) or wanted is None:
        return value is wanted
    if isinstance(wanted, str):
        return isinstance(value, str) and value == wanted
    return is_number(value) and bool(value == wanted)


def unique(values: Sequence[Any]) -> bool:
    """Whether no two are equal as JSON.

    Linear whatever the peer sends: numbers are compared by their text, because a peer can choose
    integers and floats that all hash alike, and strings it can't.
    """
    if len(values) < 2:
        return True
    if all(value.__class__ is str for value in values):
        return len(set(values)) == len(values)
    return len({_canonical(value) for value in values}) == len(values)


def _canonical(value: Any) -> str:
    if isinstance(value, str):
        return f"s{len(value)}:{value}"
    if value is None or isinstance(value, bool):
        return f"{value}"
    if isinstance(value, float) and value.is_integer():
        return f"i{int(value):x};"
    if isinstance(value, int):
        return f"i{value:x};"  # hexadecimal takes linear time, decimal does not
    if isinstance(value, float):
        return f"f{value!r};"
    if isinstance(value, list | tuple):
        return f"[{''.join(map(_canonical, value))}]"
    if isinstance(value, dict):
        members = sorted(((_canonical(key), inner) for key, inner in value.items()), key=itemgetter(0))
        return f"{{{''.join(key + _canonical(inner) for key, inner in members)}}}"
    if isinstance(value, BYTES):
        return f"b{bytes(value).hex()};"
    return f"?{id(value)};"
