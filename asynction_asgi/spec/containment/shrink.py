"""A value made smaller as long as it shows the same."""

from __future__ import annotations

from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from ..instances.paths import replaced, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..instances.paths import Path

    Change = Callable[[Any], Any]

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
        for smaller in _smaller_values(value):
            tries -= 1
            if tries < 0:
                return value
            if shows(smaller):
                value = smaller
                break
        else:
            return value


def _smaller_values(value: Any) -> Iterator[Any]:
    """Yield values that are a step smaller at one place, from the outside inward."""
    for path, inner, change in smaller_steps(value):
        yield replaced(value, path, change(inner))


def smaller_steps(value: Any) -> Iterator[tuple[Path, Any, Change]]:
    """Yield the steps that make a value smaller, from the outside inward: a place, what is there, and the change.

    A change suits other values of the same type as well.
    """
    for path, inner in walk(value):
        for change in _changes(inner):
            yield path, inner, change


def _changes(value: Any) -> Iterator[Change]:
    """Yield what makes a value simpler without another type, the greatest change first."""
    if isinstance(value, dict):
        if len(value) > 1:
            yield lambda _: {}
        for name in value:
            yield partial(_without, name)
    elif isinstance(value, list | str | bytes):
        length = len(value)
        for count in dict.fromkeys((0, 1, length // 2, length * 3 // 4, length * 7 // 8, length - 1)):
            if count < length:
                yield itemgetter(slice(count))
        if isinstance(value, list):
            for index in range(len(value) - 1):
                yield partial(_but, index)
        elif isinstance(value, str) and set(value) != {"a"} and value:
            yield lambda inner: "a" * len(inner)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        for number in _nearer_zero(value):
            yield partial(_always, number)


def _without(name: str, members: dict[str, Any]) -> dict[str, Any]:
    return {key: member for key, member in members.items() if key != name}


def _but(index: int, items: list[Any]) -> list[Any]:
    return items[:index] + items[index + 1 :]


def _always(number: float, _: Any) -> float:
    return number


def _nearer_zero(value: float) -> Iterator[float]:
    half = int(value / 2) if abs(value) < _EXACT else 0
    for simpler in (0, 1, half, 0.5, 1.5):
        if abs(simpler) < abs(value):
            yield simpler
    if value.__class__ is float and abs(value) < _EXACT and value == int(value):
        yield int(value)
