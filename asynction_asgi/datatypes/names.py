"""Names of a document as names of Python: identifiers, each once, never a keyword or a builtin."""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# Short enough that a parameter with its annotation stays on one line.
_LONGEST = 34
_HUMPS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_RESERVED = frozenset({*keyword.kwlist, *dir(builtins)})


def snake(text: str, fallback: str) -> str:
    """Return a name for a function, a parameter or a module, such as ``send_message``."""
    return _finished("_".join(word.lower() for word in _words(text)), f"{fallback}_", fallback)


def pascal(text: str, fallback: str) -> str:
    """Return a name for a type, such as ``SendMessage``."""
    words = _words(text)
    if text.upper() == text:
        words = [word.lower() for word in words]
    return _finished("".join(word[0].upper() + word[1:] for word in words), fallback, fallback)


def singular(word: str) -> str:
    """Return the singular of a name, as far as its ending tells."""
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    return word[:-1] if re.search(r"[^su]s$", word) and len(word) > 3 else word


def is_plain(name: str) -> bool:
    """Return whether source code can define this very name, and an import finds it under it."""
    return (
        name.isidentifier()
        and not keyword.iskeyword(name)
        and not name.startswith("__")
        and unicodedata.normalize("NFKC", name) == name
        and len(name.encode()) <= 100
    )


class Names:
    """Gives each name once; what is taken gets a number."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)

    def take(self, wanted: str) -> str:
        """Take the wanted name, or the nearest free one, that is safe to define in a module."""
        stem = f"{wanted}_" if wanted in _RESERVED else wanted
        name, count = stem, 1
        while name in self._taken:
            count += 1
            name = f"{wanted}_{count}" if wanted.islower() else f"{wanted}{count}"
        self._taken.add(name)
        return name


def _words(text: str) -> list[str]:
    """Split a text into words, at humps and at characters that a name cannot have."""
    normal = unicodedata.normalize("NFKC", text[:400])
    spaced = "".join(char if char != "_" and f"a{char}".isidentifier() else " " for char in normal)
    return [word for part in spaced.split() for word in _HUMPS.split(part) if word]


def _finished(name: str, prefix: str, fallback: str) -> str:
    name = unicodedata.normalize("NFKC", name)[:_LONGEST].strip("_")
    if name and not name.isidentifier():
        name = unicodedata.normalize("NFKC", f"{prefix}{name}")
    return name if name.isidentifier() else fallback
