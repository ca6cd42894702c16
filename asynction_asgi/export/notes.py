"""Notes about code that is exported."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ..server.places import Place


class Note(NamedTuple):
    """What nothing in the code says, or what a document can't say."""

    place: Place
    text: str

    def __str__(self) -> str:
        """Return the note as compilers write it."""
        return f"{self.place}: {self.text}"
