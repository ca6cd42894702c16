"""Where the values of a JSON text stand, for texts that a YAML parser doesn't take.

JSON allows what YAML does not: keys of more than 1,024 characters, and some control characters.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from typing import TYPE_CHECKING, Any

from .yaml_events import Places

if TYPE_CHECKING:
    from .yaml_events import Place

_SPACE = re.compile(r"[ \t\r\n]*")
# A string, or any other scalar.
_SCALAR = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[^ \t\r\n,\]}"]+')
_LINE = re.compile(r"\r\n|\r|\n")


def json_places(text: str) -> tuple[Any, Places]:
    """Return the tree of a text that is JSON, without its scalars, and its places.

    It recurses as deep as the text nests.
    """
    reading = _Reading(text)
    reading.places.start = reading.place(reading.skip(0))
    value, _ = reading.value(reading.skip(0))
    return value, reading.places


class _Reading:
    """One pass over one text; offsets count its characters."""

    def __init__(self, text: str) -> None:
        self.places = Places()
        self._text = text
        self._lines = [0, *(found.end() for found in _LINE.finditer(text))]

    def skip(self, offset: int) -> int:
        """Return the next offset that is not white space."""
        found = _SPACE.match(self._text, offset)
        return found.end() if found is not None else offset

    def place(self, offset: int) -> Place:
        line = bisect_right(self._lines, offset) - 1
        return line, offset - self._lines[line]

    def value(self, offset: int) -> tuple[Any, int]:
        """Return the value that begins at an offset, and the offset at which it ends."""
        first = self._text[offset]
        if first == "{":
            return self._object(offset)
        if first == "[":
            return self._array(offset)
        return None, self._scalar_end(offset)

    def _object(self, offset: int) -> tuple[Any, int]:
        result: dict[str, Any] = {}
        table: dict[Any, tuple[Place, Place]] = {}
        self.places.of[id(result)] = table
        offset = self.skip(offset + 1)
        while self._text[offset] != "}":
            end = self._scalar_end(offset)
            key = json.loads(self._text[offset:end])
            start = self.skip(self.skip(end) + 1)  # after the colon
            table[key] = (self.place(offset), self.place(start))
            result[key], end = self.value(start)
            offset = self._next(end)
        return result, offset + 1

    def _array(self, offset: int) -> tuple[Any, int]:
        result: list[Any] = []
        table: dict[Any, tuple[Place, Place]] = {}
        self.places.of[id(result)] = table
        offset = self.skip(offset + 1)
        while self._text[offset] != "]":
            table[len(result)] = (self.place(offset), self.place(offset))
            value, end = self.value(offset)
            result.append(value)
            offset = self._next(end)
        return result, offset + 1

    def _scalar_end(self, offset: int) -> int:
        found = _SCALAR.match(self._text, offset)
        return found.end() if found is not None else offset + 1

    def _next(self, offset: int) -> int:
        """Return the offset after a comma, or of the character that closes the collection."""
        offset = self.skip(offset)
        return self.skip(offset + 1) if self._text[offset] == "," else offset
