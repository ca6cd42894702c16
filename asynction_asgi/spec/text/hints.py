"""Guesses at the word that an author meant."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

_FEW = 8
_LONGEST = 64  # characters; finding what is like a longer word takes time, and no name is that long


def closest(word: Any, known: Iterable[str], *, cutoff: float = 0.7) -> str | None:
    """Return the known word that a person who wrote `word` most likely meant, or None."""
    text = str(word)
    if len(text) > _LONGEST:
        return None
    words, folded = list(known), text.lower()
    for alike in (str.lower, sorted):  # written in another case; two letters swapped
        same = next((known_word for known_word in words if alike(known_word.lower()) == alike(folded)), None)
        if same is not None:
            return same
    return next(iter(get_close_matches(text, words, n=1, cutoff=cutoff)), None)


def say_known(word: Any, known: Iterable[str]) -> str:
    """Return ``; did you mean 'x'?`` for the nearest known word, else what `list_few` does."""
    words = list(known)
    return did_you_mean(word, words) or list_few(words)


def list_few(known: Iterable[str]) -> str:
    """Return ``; it has a, b, c``, or ``""`` for more than a reader looks through."""
    words = list(known)
    return f"; it has {', '.join(words)}" if 0 < len(words) <= _FEW else ""


def did_you_mean(word: Any, known: Iterable[str]) -> str:
    """Return ``; did you mean 'x'?`` for the nearest known word, or ``""``."""
    close = closest(word, known)
    return "" if close is None else f"; did you mean {close!r}?"
