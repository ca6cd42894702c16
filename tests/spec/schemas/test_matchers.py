"""No text makes the match of a pattern slow."""

from __future__ import annotations

import time

from asynction_asgi.spec.schemas.matchers import compile_pattern
from tests.cases import each_case

HOSTILE = [
    "a" * 40_000 + "!",
    " " * 40_000 + "x",
    "a-" * 20_000 + "!",
    "a@" + "a." * 20_000 + "@",
    "ab" * 20_000,
]


@each_case(
    "pattern",
    [
        "^(a+)+$",
        "(a|a)*b",
        r"\s+$",
        "^[a-z0-9]+(-[a-z0-9]+)*$",
        r"^(?!\.)(?!.*\.\.)([a-z.]*)[a-z]@([a-z][a-z-]*\.)+[a-z]{2,}$",
        "^a.*b.*c.*d$",
        "(a?){30}a{30}",
        r"^(\w+\s?)*\b$",
        r"((a|b)*)*\2!",
        r"(a{1,2}){30}\1",
    ],
)
def test_hostile_text_takes_little_time(pattern: str) -> None:
    """A text of tens of kilobytes is matched quickly, even if backtracking would take hours."""
    matches = compile_pattern(pattern).matches
    started = time.process_time()
    for text in HOSTILE + [text[:size] + "!" for text in HOSTILE for size in (10, 24, 100, 1_400)]:
        matches(text)
    assert time.process_time() - started < 5


@each_case(
    ("pattern", "text", "expected"),
    [
        ("^(a+)+$", "a" * 1_000, True),
        ("^(a+)+$", "a" * 1_000 + "b", False),
        ("^[a-z]+(-[a-z]+)*$", "some-" * 20 + "slug", True),
        (r"^(?!.*\.\.)([a-z]+\.?)+$", "a." * 50, True),
        (r"^(?!.*\.\.)([a-z]+\.?)+$", "a." * 50 + ".", False),
        ("a.*b.*c.*d.*e", "x" * 500 + "abcde", True),
        ("^[a-z]+$", "a" * 100_000, True),
    ],
)
def test_long_text_gets_the_same_verdict(pattern: str, text: str, expected: bool) -> None:
    """The length of a text changes the engine, but never the verdict."""
    assert bool(compile_pattern(pattern).matches(text)) is expected


def test_the_limit_of_a_risky_pattern_is_known() -> None:
    """Only a risky pattern without an automaton has a limit, which the linter reports."""
    assert compile_pattern("^(a+)+$").longest is None
    limited = compile_pattern(r"^(\w+\s?)*\b$")
    assert limited.longest is not None
    assert limited.matches("a" * limited.longest)
    assert not limited.matches("a" * (limited.longest + 1))
