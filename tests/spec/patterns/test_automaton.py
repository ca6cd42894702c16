"""Automata accept what backtracking accepts, in linear time."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asynction_asgi.spec.patterns import compile_automaton, parse_pattern, python_source

ATOMS = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", r"\d", "^", "$", ""])
PATTERNS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.builds("(?:{}){}".format, inner, st.sampled_from(["*", "+", "?", "{2}", "{1,2}", "{0,}", "*?"])),
        st.builds("({})".format, inner),
        st.builds("{}{}".format, inner, inner),
        st.builds("{}|{}".format, inner, inner),
    ),
    max_leaves=8,
)
STARTS = st.sampled_from(["", "^", "^(?!a)", "^(?=.*b)(?!.*1)"])


@settings(max_examples=300, derandomize=True, deadline=None, database=None)
@given(start=STARTS, body=PATTERNS, texts=st.lists(st.text("ab1\né", max_size=8), min_size=4, max_size=8))
def test_agrees_with_backtracking(start: str, body: str, texts: list[str]) -> None:
    """For every pattern that has an automaton, it and ``re`` find the same."""
    pattern = parse_pattern(start + body)
    automaton = compile_automaton(pattern)
    if automaton is None:
        assert start.endswith(")")  # lookaheads belong to one alternative only
        assert "|" in body
        return
    search = re.compile(python_source(pattern)).search
    assert [automaton(text) for text in texts] == [search(text) is not None for text in texts]


@pytest.mark.parametrize("pattern", [r"(a)\1", r"\ba", "a(?=b)", "^a(?!b)", "(?<=a)b", "(?:a{60}){70}"])
def test_has_none_for_what_is_not_regular_or_too_large(pattern: str) -> None:
    """Such patterns get no automaton rather than a wrong one."""
    assert compile_automaton(parse_pattern(pattern)) is None


def test_forgets_states_when_there_are_many() -> None:
    """A pattern with exponentially many states stays right while states are dropped."""
    automaton = compile_automaton(parse_pattern("^(?:a|b)*a(?:a|b){12}$"))
    assert automaton is not None
    for number in range(3_000):
        text = f"{number:014b}".replace("0", "a").replace("1", "b")
        assert automaton(text) is (text[-13] == "a")
