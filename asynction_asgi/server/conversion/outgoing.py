"""What code returns and emits, written as JSON's values: models by their class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...spec.schemas import Mismatch
from .choosing import converter_of_class
from .kinds import kind_of_class

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from ...errors import Violation
    from .converter import Dump

    Check = Callable[[Sequence[Any]], object]

# The types of JSON, and those of bytes: nothing is to be done about them.
_OWN = frozenset({type(None), str, int, float, bool, dict, list, tuple, bytes, bytearray, memoryview})
_MOST_REMEMBERED = 1000
_LEVELS = 3  # in full, then ever fewer members


def arguments_of(value: Any, writes: Sequence[Dump] = ()) -> list[Any]:
    """Return a handler's result or an emit's data as the list that is sent.

    A tuple is several arguments, and None is no argument. Models are written as JSON.

    Args:
        value: The result or data.
        writes: Write it by its annotation; the first is used.
    """
    if value is None:
        return []
    if writes:
        written = writes[0](value)
        value = tuple(written) if isinstance(value, tuple) else written
    arguments = list(value) if isinstance(value, tuple) else [value]
    for argument in arguments:
        if type(argument) not in _OWN:
            return [_write_model(argument, 0) for argument in arguments]
    return arguments


class Writer:
    """Writes values as a check accepts them, and remembers what each class of models had to leave out.

    A model often has None where the document knows no null, but lets the member be missing.
    """

    def __init__(self) -> None:
        self._levels: dict[Hashable, int] = {}

    def write(
        self, value: Any, check: Check, writes: Sequence[Dump] = ()
    ) -> tuple[list[Any], Sequence[Violation]]:
        """Return the arguments to send, and why `check` refuses them; empty if it accepts them.

        Args:
            value: A handler's result or an emit's data.
            check: Takes the arguments; raises `Mismatch`.
            writes: Write it by its annotation, the best first.
        """
        level = self._levels.get(_key(value, check)) if self._levels and not writes else None
        arguments = arguments_of(value, writes) if level is None else _deeply(value, level)
        try:
            check(arguments)
        except Mismatch as mismatch:
            fitting = self._fit(value, check, writes)
            return (arguments, mismatch.violations) if fitting is None else (fitting, ())
        return arguments, ()

    def _fit(self, value: Any, check: Check, writes: Sequence[Dump]) -> list[Any] | None:
        """Return the arguments in another form, which `check` accepts, or None."""
        if not _holds_strange(value):
            return None
        for place in range(1, len(writes)):
            arguments = arguments_of(value, writes[place:])
            if _passes(arguments, check):
                return arguments
        for level in range(_LEVELS):
            arguments = _deeply(value, level)
            if _passes(arguments, check):
                if len(self._levels) < _MOST_REMEMBERED:
                    self._levels[_key(value, check)] = level
                return arguments
        return None


def _passes(arguments: Sequence[Any], check: Check) -> bool:
    try:
        check(arguments)
    except Mismatch:
        return False
    return True


def _key(value: Any, check: Check) -> Hashable:
    return check, tuple(map(type, value)) if isinstance(value, tuple) else type(value)


def _holds_strange(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_holds_strange, value.values()))
    if type(value) in (list, tuple):
        return any(map(_holds_strange, value))
    return type(value) not in _OWN


def _deeply(value: Any, level: int) -> list[Any]:
    """Return the arguments with all models in them written, and with those that are dates and the like."""
    if value is None:
        return []
    return [
        _dump(item, level) if type(item) not in _OWN else _write(item, level)
        for item in (value if isinstance(value, tuple) else (value,))
    ]


def _write(value: Any, level: int) -> Any:
    kind = type(value)
    if kind is dict:
        return {name: _write(member, level) for name, member in value.items()}
    if kind in (list, tuple):
        return [_write(item, level) for item in value]
    return _write_model(value, level)


def _write_model(value: Any, level: int) -> Any:
    """Write a model; the codec knows UUIDs and the members of Enums, and packet classes may know others."""
    kind: Any = type(value)
    if kind in _OWN or kind_of_class(kind) in (None, "scalar"):
        return value
    return _dump(value, level)


def _dump(value: Any, level: int) -> Any:
    kind: Any = type(value)
    converter = converter_of_class(kind)
    if converter is None:
        return value
    dumps = converter.dumps
    return dump_by(dumps[min(level, len(dumps) - 1)], converter.dump_errors, value)


def dump_by(write: Dump, errors: tuple[type[Exception], ...], value: Any) -> Any:
    """Return an object as JSON's value, or unchanged if its converter can't write it."""
    try:
        return write(value)
    except errors:
        return value
