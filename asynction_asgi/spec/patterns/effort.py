"""How much work backtracking can take: an estimate from above, and sometimes from far above."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .positions import UnsupportedError, find_positions
from .tree import Alternation, Assertion, Group, Item, Look, Reference, Repeat, Sequence

if TYPE_CHECKING:
    from .tree import Pattern

_MANY = 64  # a count from which a repetition is taken for an unbounded one
_MOST_WAYS = 1_000_000  # more are taken for exponentially many
_STEPS_EACH = 128  # per character
_STEP = 5  # nanoseconds
_STEPS = 1_000_000  # per text
_SHORT = 24  # texts for which even exponential backtracking ends soon
_FREE = 100  # texts too short for another method to pay off
_LOCAL = 16  # positions


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """What a search by backtracking can cost.

    Attributes:
        is_linear: Whether it takes at most a microsecond or so per character.
        is_local: Whether few positions of the pattern can be reached at once, so that engines of any
            kind take little time.
        longest: The longest text for which it takes some ten milliseconds at most; None for any.
        shortest: The longest text for which it takes no longer per character than an automaton.
        cost: Nanoseconds per character, at most, if it is linear.
    """

    is_linear: bool
    is_local: bool
    longest: int | None
    shortest: int
    cost: float = 0


def estimate_effort(pattern: Pattern) -> Effort:
    """Estimate it for texts of any length."""
    anchored = isinstance(pattern, Sequence) and pattern.parts[:1] == (Assertion("^"),)
    work = _work(pattern, {})
    deterministic = _is_deterministic(pattern)
    if deterministic:  # only one way to continue, so no backtracking
        work = _Work(1, min(work.loops, 1), 0 if anchored else work.length)
    power = work.loops + (not anchored)
    if work.is_nested:
        return Effort(is_linear=False, is_local=False, longest=_SHORT, shortest=0)
    steps = work.ways * max(work.length, 1)
    if power <= 1 and steps <= _STEPS_EACH:
        local = (deterministic and anchored) or work.length <= _LOCAL
        return Effort(is_linear=True, is_local=local, longest=None, shortest=_FREE, cost=_STEP * steps)
    each = _STEPS_EACH * math.factorial(power) / work.ways
    shortest = 0 if power <= 1 or each < 1 else min(int(each ** (1 / (power - 1))), _FREE)
    longest = int((_STEPS * math.factorial(power) / work.ways) ** (1 / max(power, 1)))
    return Effort(is_linear=False, is_local=False, longest=max(longest, _SHORT), shortest=shortest)


def _is_deterministic(pattern: Pattern) -> bool:
    try:
        return find_positions(pattern, sketch=True).is_deterministic
    except UnsupportedError:
        return False


@dataclass(frozen=True, slots=True)
class _Work:
    """What a part can cost.

    Attributes:
        ways: Ways through what is of bounded length.
        loops: Unbounded repetitions one after the other; each is a power of the text's length.
        length: Characters that what is of bounded length can read.
        is_nested: A repetition of something that can match in several ways; may be exponential.
    """

    ways: float = 1
    loops: int = 0
    length: int = 0
    is_nested: bool = False


def _work(pattern: Pattern, groups: dict[int, _Work]) -> _Work:
    if isinstance(pattern, Item):
        return _Work(length=1)
    if isinstance(pattern, Reference):  # reads again what its group has read, in one way
        group = groups[pattern.target]
        return _Work(loops=group.loops, length=group.length)
    if isinstance(pattern, Look):
        return _work(pattern.body, groups)
    if isinstance(pattern, Group):
        groups[pattern.number] = work = _work(pattern.body, groups)
        return work
    if isinstance(pattern, Sequence):
        parts = [_work(part, groups) for part in pattern.parts]
        ways = math.prod(part.ways for part in parts)
        return _Work(
            ways,
            sum(part.loops for part in parts),
            sum(part.length for part in parts),
            any(part.is_nested for part in parts) or ways > _MOST_WAYS,
        )
    if isinstance(pattern, Alternation):
        options = [_work(option, groups) for option in pattern.options]
        return _Work(
            sum(option.ways for option in options),
            max(option.loops for option in options),
            sum(option.length for option in options),
            any(option.is_nested for option in options),
        )
    if isinstance(pattern, Repeat):
        return _repeated(pattern, _work(pattern.body, groups))
    return _Work()


def _repeated(pattern: Repeat, body: _Work) -> _Work:
    if pattern.most is None or pattern.most >= _MANY:
        fixed = pattern.most == pattern.least
        length = body.length * max(pattern.least, 1)
        return _Work(1, body.loops + (not fixed), length, body.is_nested or body.loops > 0 or body.ways > 1)
    ways = min(body.ways**pattern.most * (pattern.most - pattern.least + 1), 1e300)
    return _Work(
        ways, body.loops * pattern.most, body.length * pattern.most, body.is_nested or ways > _MOST_WAYS
    )
