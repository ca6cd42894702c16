"""Patterns, compiled: a text goes in, whether it holds a match comes out, in bounded time.

Python's ``re`` backtracks, and a peer may write the text that makes it do so for hours. It is used for
patterns, and up to lengths of text, where it can't take long; beyond, an automaton takes its place.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from ..patterns import PatternError, compile_automaton, parse_pattern, python_source
from ..patterns.tree import Alternation, Assertion, Group, Look, Repeat, Sequence

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..patterns.tree import Pattern

__all__ = ["Matcher", "compile_pattern"]

_STEPS = 1_000_000  # some ten milliseconds of backtracking
_SHORT = 16  # texts for which even exponential backtracking ends soon
_SHORT_ALONE = 24  # the same, where nothing else can match longer ones
_MANY = 64  # a count from which a repetition is taken for an unbounded one


@dataclass(frozen=True, slots=True)
class Matcher:
    """A compiled pattern.

    Attributes:
        matches: Whether a text holds a match; true or false in the sense of Python.
        longest: Longer texts are taken not to match; None for no such limit.
    """

    matches: Callable[[str], object]
    longest: int | None = None


@lru_cache(maxsize=1_024)
def compile_pattern(text: str) -> Matcher:
    """Compile a pattern.

    Raises:
        PatternError: the pattern can't be checked.
    """
    pattern = parse_pattern(text)
    try:
        search = re.compile(python_source(pattern)).search
    except (re.error, OverflowError, RecursionError) as error:
        raise PatternError(str(error)) from error
    longest = _longest(pattern)
    if longest is None:
        return Matcher(search)
    automaton = compile_automaton(pattern)
    if automaton is None:
        longest = max(longest, _SHORT_ALONE)
        return Matcher(lambda text: len(text) <= longest and search(text), longest)
    return Matcher(lambda text: search(text) if len(text) <= longest else automaton(text))


@dataclass(frozen=True, slots=True)
class _Work:
    """What backtracking can cost.

    Attributes:
        ways: Ways through the parts of bounded length.
        loops: Unbounded repetitions one after the other; each is a power of the text's length.
        nested: A repetition of something that can match in several ways; may be exponential.
    """

    ways: float = 1
    loops: int = 0
    nested: bool = False


def _longest(pattern: Pattern) -> int | None:
    """The longest text that ``re`` may search; None for any."""
    work = _work(pattern)
    if work.nested:
        return _SHORT
    anchored = isinstance(pattern, Sequence) and pattern.parts[:1] == (Assertion("^"),)
    power = work.loops + (not anchored)
    if work.loops == 0 or (power == 1 and work.ways == 1):
        return None
    return int((_STEPS * math.factorial(power) / work.ways) ** (1 / power))


def _work(pattern: Pattern) -> _Work:
    if isinstance(pattern, Look | Group):
        return _work(pattern.body)
    if isinstance(pattern, Sequence):
        parts = [_work(part) for part in pattern.parts]
        ways = math.prod(part.ways for part in parts)
        return _Work(
            ways, sum(part.loops for part in parts), any(part.nested for part in parts) or ways > _STEPS
        )
    if isinstance(pattern, Alternation):
        options = [_work(option) for option in pattern.options]
        return _Work(
            sum(option.ways for option in options),
            max(option.loops for option in options),
            any(option.nested for option in options),
        )
    if isinstance(pattern, Repeat):
        return _repeated(pattern, _work(pattern.body))
    return _Work()


def _repeated(pattern: Repeat, body: _Work) -> _Work:
    if pattern.most is None or pattern.most >= _MANY:
        fixed = pattern.most == pattern.least
        return _Work(1, body.loops + (not fixed), body.nested or body.loops > 0 or body.ways > 1)
    ways = min(body.ways**pattern.most * (pattern.most - pattern.least + 1), 1e300)
    return _Work(ways, body.loops * pattern.most, body.nested or ways > _STEPS)
