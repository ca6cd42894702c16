"""Texts that match some patterns and not others."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asynction_asgi.spec.patterns import UndecidedError, find_word
from tests.cases import each_case

_PATTERNS = st.sampled_from(
    ("^a*$", "a", "^[ab]{2,3}$", "b$", "^(?:ab)+$", "^$", "[ab]", "^[bc]b", "^[^a]*$")
)


@each_case(
    ("matching", "missing", "word"),
    [
        (["^[a-z]+$"], ["^[a-z]*$"], None),
        (["^[a-z]*$"], ["^[a-z]+$"], ""),
        (["abc"], ["b"], None),
        (["^[a-z0-9]{3}$"], ["^[a-z]"], "000"),
        (["^x", "y$"], [], "xy"),
        (["^[^@]+@[^@]+\\.com$"], ["@"], None),
        (["^(?!a)(?=.b)[a-z]+$"], [], "bb"),
        (["^(?!a)[a-z]+$"], ["^[b-z]"], None),
        (["^[ab]+$"], ["^(?!.*aa)(?=b)[ab]+$"], "a"),
        (["^b[ab]*$"], ["^(?!.*aa)(?=b)[ab]+$"], "baa"),
    ],
)
def test_the_shortest_word_or_a_proof(matching: list[str], missing: list[str], word: str | None) -> None:
    """The search returns the shortest word, or proves that no word exists."""
    assert find_word(matching, missing) == word


def test_lengths_are_limits_too() -> None:
    """A pattern may determine the length, and a length may exclude a pattern."""
    assert find_word(["^[a-z]{2,4}$"], [], least=5) is None
    word = find_word(["a"], [], least=3, most=3)
    assert word is not None
    assert len(word) == 3
    assert "a" in word
    assert find_word(["^abc"], [], most=2) is None
    assert find_word([], [], least=4, most=2) is None


@pytest.mark.parametrize("pattern", ["a(?=b)", "(a)\\1", "\\ba", "(", "^a{3000}$"])
def test_patterns_without_automaton_are_undecided(pattern: str) -> None:
    """Patterns with lookaround, references or too many states get no verdict."""
    with pytest.raises(UndecidedError):
        find_word([pattern], [])


def test_too_long_a_word_is_undecided() -> None:
    """A minimum length that needs too many states gets no verdict."""
    with pytest.raises(UndecidedError):
        find_word(["a"], [], least=10_000)


@given(st.lists(_PATTERNS, max_size=2), st.lists(_PATTERNS, max_size=2), st.text(alphabet="abc", max_size=6))
def test_a_proof_holds_for_every_text(matching: list[str], missing: list[str], text: str) -> None:
    """A found word satisfies the conditions, and without a word no text does."""

    def holds(word: str) -> bool:
        return all(re.search(pattern, word) for pattern in matching) and not any(
            re.search(pattern, word) for pattern in missing
        )

    word = find_word(matching, missing)
    if word is None:
        assert not holds(text)
    else:
        assert holds(word)
        assert len(word) <= len(text) or not holds(text)
