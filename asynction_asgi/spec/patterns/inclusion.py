"""Words that some patterns match and others miss: how one set of texts is compared with another.

The product of the patterns' automata is searched by breadth, so that a word which is found is the shortest
one, and a search that ends without a word is a proof that there is none.

Source: Hopcroft, Motwani and Ullman, "Introduction to Automata Theory", 2001, sections 4.2.1 and 4.3.3.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache
from itertools import islice, product
from typing import TYPE_CHECKING

from .automaton import leading_looks
from .parser import PatternError, parse_pattern
from .positions import UnsupportedError, find_positions
from .tree import Assertion, Sequence

if TYPE_CHECKING:
    from collections import abc

    from .positions import Positions

    _Part = tuple[Positions, bool]

_MOST_STATES = 4_000
_MOST_WAYS = 16
_LONGEST = 200  # characters that a word may have to have
_LAST = 0x10FFFF
# What reads best stands first; lone surrogates are the last resort.
_READABLE = (
    (0x61, 0x7A),
    (0x30, 0x39),
    (0x41, 0x5A),
    (0x20, 0x7E),
    (0xA0, 0xD7FF),
    (0xE000, _LAST),
    (0, 0x1F),
)
_MATCHED = -1  # a pattern is found anywhere in a text, so what follows a match changes nothing

_State = tuple[int, ...]


class UndecidedError(Exception):
    """A pattern is not regular, or the search would take too many states; nothing is known."""


def find_word(
    matching: abc.Sequence[str], missing: abc.Sequence[str], *, least: int = 0, most: int | None = None
) -> str | None:
    """Return a shortest text that holds a match of every pattern of one kind and of none of the other.

    Args:
        matching: Patterns of which the text must hold a match.
        missing: Patterns of which it must not.
        least: Fewest characters of the text.
        most: Most characters; None is unbounded.

    Returns:
        The text, or None if it is proved that there is no such text.

    Raises:
        UndecidedError: A pattern is not regular, or too many states would have to be looked at.
    """
    if most is not None and most < least:
        return None
    if least > _LONGEST:
        raise UndecidedError
    wanted = [part for text in matching for part in _read(text)]
    # To miss a pattern is to miss one of its parts, or to match one that it denies.
    ways = list(islice(product(*[_read(text) for text in missing]), _MOST_WAYS + 1))
    if len(ways) > _MOST_WAYS:
        raise UndecidedError
    words = [
        _Search([*wanted, *((positions, not is_wanted) for positions, is_wanted in way)]).run(least, most)
        for way in ways
    ]
    return min((word for word in words if word is not None), key=len, default=None)


@lru_cache(maxsize=256)
def _read(text: str) -> tuple[_Part, ...]:
    """Return automata that a text must match, or must not, to match a pattern."""
    try:
        pattern = parse_pattern(text)
        looks, rest = leading_looks(pattern)
        parts = [(find_positions(rest), True)]
        parts += [
            (find_positions(Sequence((Assertion("^"), look.body))), look.sign == "?=") for look in looks
        ]
    except (PatternError, UnsupportedError, RecursionError) as error:
        raise UndecidedError from error
    return tuple(parts)


class _Search:
    def __init__(self, parts: list[_Part]) -> None:
        self.patterns = [positions for positions, _ in parts]
        self.wanted = [is_wanted for _, is_wanted in parts]
        self.symbols = list(_symbols(self.patterns))

    def run(self, least: int, most: int | None) -> str | None:
        start = tuple(
            _MATCHED if positions.is_nullable or positions.begun & positions.last else positions.begun
            for positions in self.patterns
        )
        if not least and self.holds(start, is_empty=True):
            return ""
        seen = {(start, 0)}
        front = [(start, "")]
        length = 0
        while front and (most is None or length < most):
            length += 1
            following: list[tuple[_State, str]] = []
            for state, word in front:
                for char, readers in self.symbols:
                    reached = self.step(state, readers)
                    key = (reached, min(length, least))
                    if key in seen or self.is_hopeless(reached):
                        continue
                    if length >= least and self.holds(reached):
                        return word + char
                    seen.add(key)
                    following.append((reached, word + char))
                    if len(seen) > _MOST_STATES:
                        raise UndecidedError
            front = following
        return None

    def is_hopeless(self, state: _State) -> bool:
        """Return whether no text leads on: an anchored pattern is lost, or an unwanted one has matched."""
        return any(
            reached == _MATCHED if not wanted else not reached and positions.is_anchored
            for positions, reached, wanted in zip(self.patterns, state, self.wanted, strict=True)
        )

    def step(self, state: _State, readers: tuple[int, ...]) -> _State:
        return tuple(
            [
                _MATCHED
                if reached == _MATCHED or (moved := positions.step(reached, read)) & positions.last
                else moved
                for positions, reached, read in zip(self.patterns, state, readers, strict=True)
            ]
        )

    def holds(self, state: _State, *, is_empty: bool = False) -> bool:
        """Return whether a text that ends in `state` is one of those looked for."""
        for positions, reached, wanted in zip(self.patterns, state, self.wanted, strict=True):
            if reached == _MATCHED:
                is_match = True
            elif is_empty:
                is_match = positions.is_match_of_nothing
            else:
                is_match = bool(positions.at_edge(reached, positions.end) & positions.last)
            if is_match is not wanted:
                return False
        return True


def _symbols(patterns: abc.Sequence[Positions]) -> abc.Iterator[tuple[str, tuple[int, ...]]]:
    """Yield a character of each class that the patterns tell apart, with its readers in each of them."""
    cuts = sorted({cut for positions in patterns for cut in positions.cuts if cut <= _LAST} | {0})
    classes: dict[tuple[int, ...], list[tuple[int, int]]] = {}
    for index, low in enumerate(cuts):
        high = cuts[index + 1] - 1 if index + 1 < len(cuts) else _LAST
        readers = tuple(positions.readers[bisect_right(positions.cuts, low)] for positions in patterns)
        classes.setdefault(readers, []).append((low, high))
    for readers, spans in classes.items():
        yield chr(_readable(spans)), readers


def _readable(spans: abc.Sequence[tuple[int, int]]) -> int:
    for first, last in _READABLE:
        for low, high in spans:
            if max(low, first) <= min(high, last):
                return max(low, first)
    return spans[0][0]
