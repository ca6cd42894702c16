"""What a record keeps of a value without keeping the value: types, lengths and formats."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from ..spec.schemas.formats import FORMATS

if TYPE_CHECKING:
    from collections.abc import Hashable

TEXT, NUMBER, BINARY = "$text", "$number", "$binary"
UNNAMED = "$"  # begins what stands for a member's name
# Formats that ordinary texts don't have by chance, the narrowest first, and what their texts contain.
_TELLING = {
    "date-time": ":",
    "date": "-",
    "time": ":",
    "uuid": "-",
    "email": "@",
    "ipv4": ".",
    "ipv6": ":",
    "uri": "://",
}
_LONGEST_FORMATTED = 2_000  # characters
_LONGEST_NAME = 64  # characters
_DIGEST_BYTES = 6


def formats_of(text: str) -> list[str]:
    """Return the formats that a text has, of those that say something about it."""
    if len(text) > _LONGEST_FORMATTED:
        return []
    return [name for name, part in _TELLING.items() if part in text and FORMATS[name](text)]


def veil(value: Any, *, salt: bytes | None) -> Any:
    """Return what remains of a JSON value, or bytes, without its texts and numbers.

    Booleans, null and names of members stay; a name that looks like data, such as an address, becomes
    ``$1``, ``$2`` and so on. Of the members of a list, equal ones are kept once.

    Args:
        value: As it travelled.
        salt: Keeps two texts of a format apart without saying what they are. None leaves out lengths
            and formats too, as credentials need it.
    """
    return _veiled(value, salt, {})[0]


def _veiled(value: Any, salt: bytes | None, numbers: dict[Hashable, int]) -> tuple[Any, int]:
    """Return what remains of a value, and a number that only equal remains share.

    The number of a list or object follows from those of its members, so that no part is compared twice.
    """
    remains: Any
    key: Hashable
    if isinstance(value, dict):
        remains, inner = {}, []
        for position, (name, member) in enumerate(value.items(), 1):
            kept = name if _is_name(name) else f"{UNNAMED}{position}"
            remains[kept], number = _veiled(member, salt, numbers)
            inner.append(number)
        key = (dict, *remains, *inner)
    elif isinstance(value, list | tuple):
        elements: dict[int, Any] = {}
        for part in value:
            element, number = _veiled(part, salt, numbers)
            elements[number] = element
        remains = list(elements.values())
        key = (list, *elements)
    else:
        remains = _of_scalar(value, salt)
        key = repr(remains)
    return remains, numbers.setdefault(key, len(numbers))


def _of_scalar(value: Any, salt: bytes | None) -> Any:
    if isinstance(value, str):
        return {TEXT: {} if salt is None else _of_text(value, salt)}
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        return {NUMBER: "integer" if isinstance(value, int) or value.is_integer() else "number"}
    return {BINARY: {} if salt is None else {"length": len(value)}}


def _is_name(name: str) -> bool:
    """Return whether a member's name is a word of the program rather than a value."""
    joined = name.replace("-", "_").replace(" ", "_").replace(".", "_")
    return len(name) <= _LONGEST_NAME and joined.isidentifier() and not formats_of(name)


def _of_text(text: str, salt: bytes) -> dict[str, Any]:
    formats = formats_of(text)
    if not formats:
        return {"length": len(text)}
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), key=salt, digest_size=_DIGEST_BYTES)
    return {"length": len(text), "formats": formats, "digest": digest.hexdigest()}
