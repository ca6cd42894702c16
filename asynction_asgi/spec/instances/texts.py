"""Texts by pattern."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from ..patterns import parse_pattern, python_source
from ..patterns.tree import Alternation, Group, Item, Reference, Repeat, Sequence

if TYPE_CHECKING:
    from ..patterns.tree import Pattern
    from .choices import Choices

_LONGEST = 4096
_PRINTABLE = ((0x61, 0x7A), (0x30, 0x39), (0x41, 0x5A), (0x20, 0x7E))


@cache
def _compiled(pattern: str) -> tuple[Pattern, re.Pattern[str]]:
    tree = parse_pattern(pattern)
    return tree, re.compile(python_source(tree))


def matches(pattern: str, text: str) -> bool:
    """Return whether a pattern of the document is found in the text."""
    return _compiled(pattern)[1].search(text) is not None


def matching(pattern: str, choices: Choices, more: int) -> str:
    """Make a text that probably matches; the higher `more`, the more open repetitions repeat."""
    return _Match(choices, more).text(_compiled(pattern)[0])


class _Match:
    __slots__ = ("_choices", "_groups", "_more", "_place")

    def __init__(self, choices: Choices, more: int) -> None:
        self._choices = choices
        self._more = more
        self._groups: dict[int, str] = {}
        self._place = 0

    def text(self, pattern: Pattern) -> str:
        if isinstance(pattern, Item):
            return self._character(pattern.ranges)
        if isinstance(pattern, Sequence):
            return "".join([self.text(part) for part in pattern.parts])
        if isinstance(pattern, Alternation):
            return self.text(self._choices.pick(pattern.options))
        if isinstance(pattern, Group):
            self._groups[pattern.number] = text = self.text(pattern.body)
            return text
        if isinstance(pattern, Reference):
            return self._groups.get(pattern.target, "")
        if isinstance(pattern, Repeat):
            least, more = pattern.least, self._more
            most = least + more if pattern.most is None else min(pattern.most, least + more)
            count = self._choices.count(min(least, _LONGEST), min(most, _LONGEST), shown=max(least, more))
            return "".join([self.text(pattern.body) for _ in range(count)])[:_LONGEST]
        return ""  # a look or an assertion: what surrounds it may satisfy it

    def _character(self, ranges: tuple[tuple[int, int], ...]) -> str:
        low, high = self._choices.pick(_readable(ranges))
        code = self._choices.character(low, high, self._place)
        self._place += 1
        return chr(low if 0xD800 <= code <= 0xDFFF else code)


@cache
def _readable(ranges: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
    """Return the part of a set that reads best, or all of it."""
    found = [
        (max(low, first), min(high, last))
        for first, last in _PRINTABLE
        for low, high in ranges
        if max(low, first) <= min(high, last)
    ]
    solid = [(low, high) for low, high in ranges if not (low >= 0xD800 and high <= 0xDFFF)]
    return tuple(found or solid or [(0x61, 0x61)])
