"""Patterns, compiled: a text goes in, whether it holds a match comes out, in bounded time.

Python's ``re`` backtracks, and a peer may write the text that makes it do so for hours. It is used for
patterns, and up to lengths of text, where it can't take long; beyond, an automaton takes its place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from ..patterns import (
    PatternError,
    compile_automaton,
    estimate_effort,
    leading_looks,
    parse_pattern,
    python_source,
)
from ..patterns.tree import Assertion, Sequence

if TYPE_CHECKING:
    from collections.abc import Callable

SLOW = 1_000  # nanoseconds per character; beyond, authors are warned


@dataclass(frozen=True, slots=True)
class Matcher:
    """A compiled pattern.

    Attributes:
        matches: Whether a text holds a match; true or false in the sense of Python.
        longest: Longer texts are taken not to match; None for no such limit.
        cost: Nanoseconds per character, at most; 0 if the length is limited.
        is_light: Whether other engines of regular expressions take linear time with a small constant, too.
    """

    matches: Callable[[str], object]
    longest: int | None = None
    cost: float = 0
    is_light: bool = True


@lru_cache(maxsize=1_024)
def compile_pattern(text: str) -> Matcher:
    """Compile a pattern.

    Raises:
        PatternError: The pattern can't be checked.
    """
    pattern = parse_pattern(text)
    try:
        search = re.compile(python_source(pattern)).search
    except (re.error, OverflowError, RecursionError) as error:
        raise PatternError(str(error)) from error
    looks, rest = leading_looks(pattern)  # each is tried once, so that their work adds up
    parts = (rest, *(Sequence((Assertion("^"), look.body)) for look in looks))
    efforts = [estimate_effort(part) for part in parts]
    cost = sum(effort.cost for effort in efforts)
    if all(effort.is_linear and effort.is_local for effort in efforts):
        return Matcher(search, cost=cost)
    automaton = compile_automaton(pattern)
    is_light = automaton is not None and automaton.is_small
    if all(effort.is_linear for effort in efforts):
        return Matcher(search, cost=cost, is_light=is_light)
    if automaton is None:
        longest = min(effort.longest for effort in efforts if effort.longest is not None)
        return Matcher(lambda text: len(text) <= longest and search(text), longest, is_light=False)
    shortest = min(effort.shortest for effort in efforts)
    matches = automaton.matches
    return Matcher(
        lambda text: search(text) if len(text) <= shortest else matches(text),
        cost=automaton.cost,
        is_light=is_light,
    )
