"""A value made smaller as long as it shows the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .mutate import replaced, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["shrink"]

_MOST_TRIES = 600
_EXACT = 2**53


def shrink(value: Any, shows: Callable[[Any], bool]) -> Any:
    """Return a small value that still shows something.

    Args:
        value: Shows it.
        shows: Whether a value does; takes none that it did not get.
    """
    tries = _MOST_TRIES
    while True:
        for smaller in _smaller(value):
            tries -= 1
            if tries < 0:
                return value
            if shows(smaller):
                value = smaller
                break
        else:
            return value


def _smaller(value: Any) -> Iterator[Any]:
    for path, inner in walk(value):
        for simpler in _simpler(inner):
            yield replaced(value, path, simpler)


def _simpler(value: Any) -> Iterator[Any]:
    """Yield simpler values of the same type, the simplest first."""
    if isinstance(value, dict):
        if len(value) > 1:
            yield {}
        for name in value:
            yield {key: member for key, member in value.items() if key != name}
    elif isinstance(value, list | str | bytes):
        for count in dict.fromkeys((0, 1, len(value) // 2, len(value) - 1)):
            if count < len(value):
                yield value[:count]
        if isinstance(value, list):
            for index in range(len(value) - 1):
                yield value[:index] + value[index + 1 :]
        elif isinstance(value, str) and set(value) != {"a"} and value:
            yield "a" * len(value)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from _nearer_zero(value)


def _nearer_zero(value: float) -> Iterator[float]:
    half = int(value / 2) if abs(value) < _EXACT else 0
    for simpler in (0, 1, half, 0.5, 1.5):
        if abs(simpler) < abs(value):
            yield simpler
    if value.__class__ is float and abs(value) < _EXACT and value == int(value):
        yield int(value)
