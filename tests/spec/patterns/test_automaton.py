"""Automata accept the same texts as backtracking, in linear time."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asynction_asgi.spec.patterns import compile_automaton, parse_pattern, python_source
from tests.cases import each_case

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


@settings(max_examples=300)
@given(start=STARTS, body=PATTERNS, texts=st.lists(st.text("ab1\né", max_size=8), min_size=4, max_size=8))
def test_agrees_with_backtracking(start: str, body: str, texts: list[str]) -> None:
    """Each pattern's automaton finds the same texts as ``re``."""
    pattern = parse_pattern(start + body)
    automaton = compile_automaton(pattern)
    if automaton is None:
        assert start.endswith(")")  # a lookahead belongs to a single alternative
        assert "|" in body
        return
    search = re.compile(python_source(pattern)).search
    assert [automaton.matches(text) for text in texts] == [search(text) is not None for text in texts]


COUNTS = st.sampled_from(["{0,40}", "{3,20}", "{17}", "{2,}"])
LARGE = st.builds(
    "{}(?:a{}|b){}{}{}".format,
    st.sampled_from(["", "^", "(?:a|b)*", "^(?:ab|b)*"]),
    ATOMS,
    COUNTS,
    PATTERNS,
    st.sampled_from(["", "$", "1"]),
)


@settings(max_examples=150)
@given(body=LARGE, texts=st.lists(st.text("aab1é", max_size=30), min_size=4, max_size=8))
def test_many_positions_agree_with_backtracking(body: str, texts: list[str]) -> None:
    """Patterns with counts, whose states exceed a table, find the same texts as ``re``."""
    pattern = parse_pattern(body)
    automaton = compile_automaton(pattern)
    assert automaton is not None
    search = re.compile(python_source(pattern)).search
    assert [automaton.matches(text) for text in texts] == [search(text) is not None for text in texts]


@each_case(
    ("pattern", "text", "expected"),
    [
        ("^^a", "a", True),
        ("a$$", "ba", True),
        ("$^", "", True),
        ("$^", "a", False),
        ("(?:^|b)a(?:$|c)", "ba", True),
        ("a^b", "ab", False),
        ("^$", "", True),
        ("(?:$|^){3}a", "a", True),
        ("[^]{3}$", "éa\n", True),
    ],
)
def test_reads_beginnings_and_ends(pattern: str, text: str, expected: bool) -> None:
    """Assertions may repeat at either end of a text, and hold nowhere else."""
    automaton = compile_automaton(parse_pattern(pattern))
    assert automaton is not None
    assert automaton.matches(text) is expected


@each_case(
    "pattern",
    [r"(a)\1", r"\ba", "a(?=b)", "^a(?!b)", "(?<=a)b", "(?:a{60}){70}", "(?:(?:){999}){999}a{9999}"],
)
def test_irregular_or_large_patterns_have_no_automaton(pattern: str) -> None:
    """Such a pattern gets no automaton, instead of a wrong one."""
    assert compile_automaton(parse_pattern(pattern)) is None


@each_case(
    ("pattern", "is_small", "is_slow"),
    [
        (r"^[a-z0-9]+(-[a-z0-9]+)*$", True, False),
        ("(a?){30}a{30}", True, False),
        ("^(?!.*\\.\\.)(?:a|b)+$", True, False),
        ("<[^>]{0,100}>", False, False),
        ("a.{0,900}c", False, False),
        ("(?:a|b)*a(?:a|b){12}c", False, False),
        ("(?:ab|ba|a.b){0,60}c", False, True),
    ],
)
def test_the_cost_of_an_automaton_is_known(pattern: str, is_small: bool, is_slow: bool) -> None:
    """Few states make a table, many are bit sets, and only very large counts are slow."""
    automaton = compile_automaton(parse_pattern(pattern))
    assert automaton is not None
    assert (automaton.is_small, automaton.cost > 1_000) == (is_small, is_slow)


@pytest.mark.parametrize("pattern", ["^(?:a|b)*a(?:a|b){12}$", "^(?:a|b)*a(?:a|b){4}$"])
def test_exponentially_many_states_are_told_apart(pattern: str) -> None:
    """A pattern with exponentially many states is matched correctly in both representations."""
    automaton = compile_automaton(parse_pattern(pattern))
    assert automaton is not None
    count = int(pattern[-4:-2].strip("{")) + 1
    for number in range(3_000):
        text = f"{number:014b}".replace("0", "a").replace("1", "b")
        assert automaton.matches(text) is (text[-count] == "a")
