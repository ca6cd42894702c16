"""What was seen of the texts at one place: their formats, and the texts themselves where they are few."""

from __future__ import annotations

from collections import Counter
from typing import Any

from ..traffic.veil import formats_of

# A format is believed once this many different texts have it, and no text lacks it.
_CONVINCING = 5
# Texts that are no more than these, each seen again, may be all that there are.
_MOST_WORDS, _LONGEST_WORD = 8, 40
_ENOUGH_WORDS = 20


class Texts:
    """The texts of one place."""

    def __init__(self) -> None:
        self._formats: list[str] | None = None
        self._different: set[str] = set()
        self._words: Counter[str] | None = Counter()

    def add(self, text: str) -> None:
        """Add a text as it travelled."""
        self._narrow(formats_of(text), text)
        if self._words is not None:
            self._words[text] += 1
            if len(self._words) > _MOST_WORDS or len(text) > _LONGEST_WORD:
                self._words = None

    def add_veiled(self, left: dict[str, Any]) -> None:
        """Add what `veil` left of a text."""
        self._words = None
        formats = left.get("formats", [])
        self._narrow(formats if isinstance(formats, list) else [], str(left.get("digest")))

    def merge(self, other: Texts) -> None:
        """Add the texts of another place."""
        if other._formats is not None:
            self._narrow(other._formats, *other._different)
        if self._words is not None and other._words is not None:
            self._words += other._words
        if self._words is None or other._words is None or len(self._words) > _MOST_WORDS:
            self._words = None

    @property
    def format(self) -> str | None:
        """The format that all of them have, if enough have it."""
        return self._formats[0] if self._formats and len(self._different) >= _CONVINCING else None

    @property
    def words(self) -> list[str]:
        """All of them, in order, if they are few and each was seen again; else none."""
        words = self._words
        if words is None or words.total() < _ENOUGH_WORDS or min(words.values()) < 2:
            return []
        return sorted(words)

    def _narrow(self, formats: list[str], *different: str) -> None:
        known = self._formats
        self._formats = list(formats) if known is None else [name for name in known if name in formats]
        if not self._formats:
            self._different.clear()
        elif len(self._different) < _CONVINCING:
            self._different.update(different)
