"""Patterns as positions: which character each one reads, and which ones may follow it.

Sets of positions are bits of one integer. ``^`` and ``$`` are positions too, which read a virtual
beginning and end of the text. Counted repetitions are written out.

Source: Glushkov, "The abstract theory of automata", 1961; Brüggemann-Klein and Wood, "One-unambiguous
regular languages", 1998, for `Positions.is_deterministic`.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .tree import Alternation, Assertion, Group, Item, Repeat, Sequence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .tree import Pattern
    from .unicode import Ranges

_MOST = 2_000
_BEGIN, _END = 0x110000, 0x110001  # beyond Unicode
_VIRTUAL = {"^": ((_BEGIN, _BEGIN),), "$": ((_END, _END),)}


class UnsupportedError(Exception):
    """The pattern is not regular, or has too many positions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Positions:
    """A pattern in Glushkov's form; each set of positions is an integer.

    Attributes:
        first: Those that may come first.
        last: Those that may come last.
        follow: Those that may follow each position.
        is_nullable: Whether the empty text matches.
        is_deterministic: Whether each character of a text leaves one way to go on, at most. Then
            backtracking, which has no other way to try, takes linear time from one start.
        cuts: The characters at which a new class of characters begins; all of a class are read alike.
        readers: Those that read the characters of a class; by class, of which there is one more than cuts.
        begin: Those that read the beginning of a text.
        end: Those that read its end.
        begun: Those that are reached before the first character.
    """

    first: int
    last: int
    follow: tuple[int, ...]
    is_nullable: bool
    is_deterministic: bool
    cuts: tuple[int, ...]
    readers: tuple[int, ...]
    begin: int
    end: int
    begun: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "begun", self.at_edge(0, self.begin))

    @property
    def is_anchored(self) -> bool:
        """Whether a match can begin at the beginning of a text only."""
        return not self.is_nullable and not self.first & ~self.begin

    @property
    def is_match_of_nothing(self) -> bool:
        """Whether the empty text holds a match."""
        return self.is_nullable or bool(self.at_edge(0, self.begin | self.end) & self.last)

    def step(self, reached: int, readers: int) -> int:
        """Return the positions that `readers` reach from `reached`, or from the start."""
        following = self.first
        for position in bits(reached):
            following |= self.follow[position]
        return following & readers

    def at_edge(self, reached: int, readers: int) -> int:
        """Return `reached` and all that the positions reading the beginning or the end lead to."""
        while (more := reached | self.step(reached, readers)) != reached:
            reached = more
        return reached


def bits(number: int) -> Iterator[int]:
    """Yield the places of the bits that are set."""
    while number:
        lowest = number & -number
        yield lowest.bit_length() - 1
        number ^= lowest


def find_positions(pattern: Pattern, *, sketch: bool = False) -> Positions:
    """Read a pattern.

    Args:
        pattern: Parsed.
        sketch: Write out no more copies of a repetition than it takes to see whether the pattern is
            deterministic; what matches is another matter.

    Raises:
        UnsupportedError: The pattern has a lookaround, a backreference or a word boundary, or more
            than 2,000 positions.
    """
    builder = _Builder(sketch=sketch)
    whole = builder.build(pattern)
    sets = dict.fromkeys(builder.sets)
    cuts = sorted({cut for ranges in sets for low, high in ranges for cut in (low, high + 1)})
    readers = [0] * (len(cuts) + 1)
    for ranges in sets:
        reading = sum(1 << position for position, other in enumerate(builder.sets) if other is ranges)
        for low, high in ranges:
            for index in range(bisect_left(cuts, low) + 1, bisect_left(cuts, high + 1) + 1):
                readers[index] |= reading
    follow = builder.follow
    choices = {whole.first, *follow}
    kinds = set(readers)
    return Positions(
        first=whole.first,
        last=whole.last,
        follow=tuple(follow),
        is_nullable=whole.is_nullable,
        is_deterministic=not builder.is_ambiguous
        and not any((choice & kind).bit_count() > 1 for choice in choices for kind in kinds),
        cuts=tuple(cuts),
        readers=tuple(readers),
        begin=_reading(builder, "^"),
        end=_reading(builder, "$"),
    )


def _reading(builder: _Builder, assertion: str) -> int:
    return sum(1 << position for position, ranges in enumerate(builder.sets) if ranges == _VIRTUAL[assertion])


@dataclass(frozen=True, slots=True)
class _Part:
    first: int
    last: int
    is_nullable: bool


_EMPTY = _Part(0, 0, True)


class _Builder:
    def __init__(self, *, sketch: bool) -> None:
        self.sketch = sketch
        self.sets: list[Ranges] = []
        self.follow: list[int] = []
        self.is_ambiguous = False
        self._shared: dict[Ranges, Ranges] = {}

    def position(self, ranges: Ranges) -> _Part:
        if len(self.sets) == _MOST:
            raise UnsupportedError
        self.sets.append(self._shared.setdefault(ranges, ranges))
        self.follow.append(0)
        bit = 1 << len(self.sets) - 1
        return _Part(bit, bit, False)

    def build(self, pattern: Pattern) -> _Part:
        if isinstance(pattern, Item):
            return self.position(pattern.ranges)
        if isinstance(pattern, Assertion) and pattern.kind in _VIRTUAL:
            return self.position(_VIRTUAL[pattern.kind])
        if isinstance(pattern, Group):
            return self.build(pattern.body)
        if isinstance(pattern, Sequence):
            whole = _EMPTY
            for part in reversed([self.build(part) for part in pattern.parts]):
                whole = self.joined(part, whole)
            return whole
        if isinstance(pattern, Alternation):
            options = [self.build(option) for option in pattern.options]
            self.is_ambiguous |= sum(option.is_nullable for option in options) > 1
            first = last = 0
            for option in options:
                first |= option.first
                last |= option.last
            return _Part(first, last, any(option.is_nullable for option in options))
        if isinstance(pattern, Repeat):
            return self.repeated(pattern)
        raise UnsupportedError

    def joined(self, part: _Part, rest: _Part) -> _Part:
        """Join parts that follow one another."""
        self.link(part.last, rest.first)
        return _Part(
            part.first | (rest.first if part.is_nullable else 0),
            rest.last | (part.last if rest.is_nullable else 0),
            part.is_nullable and rest.is_nullable,
        )

    def link(self, before: int, after: int) -> None:
        for position in bits(before):
            self.is_ambiguous |= bool(self.follow[position] & after)
            self.follow[position] |= after

    def repeated(self, pattern: Repeat) -> _Part:
        if pattern.most == 0:
            return _EMPTY
        known = len(self.sets)
        body = self.build(pattern.body)
        if len(self.sets) == known:
            self.is_ambiguous = True
            return _EMPTY
        least, most = pattern.least, pattern.most
        self.is_ambiguous |= body.is_nullable and (least, most) != (1, 1)
        if self.sketch:  # one copy that must go on, one that may, and one that must not
            most = None if most is None else min(least, 1) + min(most - least, 2)
            least = min(least, 1)
        count = max(least, 1) if most is None else most
        if count * (len(self.sets) - known) > _MOST:
            raise UnsupportedError
        copies = [body, *(self.build(pattern.body) for _ in range(count - 1))]
        if most is None:
            self.link(copies[-1].last, copies[-1].first)
        whole = _EMPTY
        for number, copy in reversed(list(enumerate(copies))):
            whole = self.joined(copy, whole)
            if number >= least:
                whole = _Part(whole.first, whole.last, True)
        return whole
