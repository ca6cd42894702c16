"""Equality as JSON has it: ``1`` is ``1.0`` and not ``true``; and of many values at once, in linear time."""

from __future__ import annotations

import math
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from .runtime import BYTES, is_number

if TYPE_CHECKING:
    from collections.abc import Sequence

_PLAIN = 2**53  # larger numbers are written with an exponent
_TEXTS = "texts"  # where a check's memo holds them


def equals(value: Any, wanted: Any) -> bool:
    """Return whether a value is `wanted`, a value of the document; looks no deeper than that."""
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


def depth(value: Any) -> int:
    """Return how many arrays and objects are within each other in a value of the document."""
    if not isinstance(value, dict | list):
        return 0
    return 1 + max(map(depth, value.values() if isinstance(value, dict) else value), default=0)


def is_within(value: Any, most: int) -> bool:
    """Return whether a value's depth is at most this; looks no deeper."""
    if not isinstance(value, dict | list | tuple):
        return True
    if not most:
        return False
    for inner in value.values() if isinstance(value, dict) else value:  # noqa: SIM110  # faster
        if not is_within(inner, most - 1):
            return False
    return True


class Texts:
    """Texts that are equal where values are.

    Numbers are compared by their text, because a peer can choose integers and floats that all hash
    alike, and strings it can't.
    """

    def of(self, value: Any) -> str:
        """Return the text of a value."""
        kind = value.__class__
        if kind is int:
            return _whole(value)
        if kind is str or isinstance(value, str):
            return f"s{len(value)}:{value}"
        if value is None or isinstance(value, bool):
            return f"{value}"
        if isinstance(value, float):
            return _whole_float(value) if value.is_integer() else f"f{value!r};"
        if isinstance(value, int):
            return _whole(int(value))
        if isinstance(value, list | tuple | dict):
            return self.of_container(value)
        if isinstance(value, BYTES):
            return f"b{bytes(value).hex()};"
        return f"?{id(value)};"

    def of_container(self, value: Any) -> str:
        """Return the text of an array or object, with all that it holds."""
        if not isinstance(value, dict):
            return f"[{''.join(map(self.of, value))}]"
        members = sorted(((self.of(key), inner) for key, inner in value.items()), key=itemgetter(0))
        return f"{{{''.join([key + self.of(inner) for key, inner in members])}}}"


class _ShortTexts(Texts):
    """A number in place of the text of an array or object; found once, however often it is compared.

    For values that live as long as this object is used.
    """

    def __init__(self) -> None:
        self._numbers: dict[str, str] = {}
        self._known: dict[int, str] = {}

    def of_container(self, value: Any) -> str:
        text = self._known.get(id(value))
        if text is None:
            content = super().of_container(value)
            text = self._known[id(value)] = self._numbers.setdefault(content, f"#{len(self._numbers)};")
        return text


def _whole(value: int) -> str:
    if -_PLAIN < value < _PLAIN:
        return f"i{value:x};"  # hexadecimal takes linear time, decimal does not
    zeros = (value & -value).bit_length() - 1
    return f"i{value >> zeros:x}p{zeros};"


def _whole_float(value: float) -> str:
    if -_PLAIN < value < _PLAIN:
        return f"i{int(value):x};"
    fraction, exponent = math.frexp(value)
    digits = int(fraction * _PLAIN)
    zeros = (digits & -digits).bit_length() - 1
    return f"i{digits >> zeros:x}p{exponent - 53 + zeros};"


def unique(values: Sequence[Any], memo: dict[Any, Any]) -> bool:
    """Return whether no two are equal.

    Args:
        values: The items.
        memo: Of the check; holds what is known of items that have been compared before.
    """
    if len(values) < 2:
        return True
    if all(value.__class__ is str for value in values):
        return len(set(values)) == len(values)
    texts = memo.get(_TEXTS)
    if texts is None:
        texts = memo[_TEXTS] = _ShortTexts()
    return len(set(map(texts.of, values))) == len(values)
