"""Places in a value, as paths of names and indices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..text.pointer import Pointer

if TYPE_CHECKING:
    from collections.abc import Iterator

Path = tuple[str | int, ...]


def walk(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield every place of a value and what stands there, from the outside inward."""
    yield path, value
    if isinstance(value, dict):
        for name, member in value.items():
            yield from walk(member, (*path, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from walk(item, (*path, index))


def replaced(value: Any, path: Path, new: Any) -> Any:
    """Return a value with another one at a place; what is not on the way is shared."""
    if not path:
        return new
    copied: Any = dict(value) if isinstance(value, dict) else list(value)
    copied[path[0]] = replaced(value[path[0]], path[1:], new)
    return copied


def found(value: Any, path: Path) -> Any:
    """Return what stands at a place of a value.

    Raises:
        LookupError: The value has no such place.
        TypeError: Likewise.
    """
    for step in path:
        value = value[step]
    return value


def pointer_of(path: Path) -> str:
    """Return a path as a JSON Pointer (RFC 6901)."""
    return "".join(f"/{Pointer.escape(str(step))}" for step in path)
