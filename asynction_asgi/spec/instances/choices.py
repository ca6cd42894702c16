"""Sources of choices: random, Hypothesis draws, or a fixed plain example."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Item = TypeVar("Item")

_WORDS = ("alpha", "bravo", "delta", "echo", "golf", "hotel", "india", "kilo", "lima", "mike", "oscar", "tango")  # fmt: skip
# From this try on, the simplest choices are given up for any that lead on.
_PATIENCE = 6
_WIDEST = 2**50


class Choices:
    """Every choice that the making of an instance takes, on top of one: a whole number in a range.

    Attributes:
        integer: Gives a number between two, both included. Lower is simpler.
        attempt: How many tries failed before the one that is made now.
        distinct: How many values there are beside which this one must be another.
        span: How far numbers go where the schema sets no bound.
        fineness: How many numbers there are between 0 and 1, where the schema sets no step.
        nests: Whether an optional value may hold one of its own kind.
    """

    span = 1000
    fineness = 100
    nests = True

    def __init__(self, integer: Callable[[int, int], int]) -> None:
        self.integer = integer
        self.attempt = 0
        self.distinct = 0

    @classmethod
    def seeded(cls, seed: int | str | None = None) -> Choices:
        """Make choices that are the same for the same seed; with None, different ones each time."""
        return cls(_uniform(seed))

    @classmethod
    def simplest(cls) -> Choices:
        """Make the choices that read best in an example: few elements, plain words, ones."""
        return _Simplest()

    def pick(self, options: Sequence[Item]) -> Item:
        """Choose one of several options."""
        return options[self.integer(0, len(options) - 1)] if len(options) > 1 else options[0]

    def chance(self, part: int, whole: int) -> bool:
        """Return true in `part` of `whole` cases."""
        return self.integer(1, whole) > whole - part

    def count(self, least: int, most: int, *, shown: int) -> int:  # noqa: ARG002  # an example's, below
        """Choose a count; `shown` are enough to see what is meant."""
        return self.integer(least, most) if least < most else least

    def near(self, first: int, last: int, *, shown: int) -> int:  # noqa: ARG002  # an example's, below
        """Choose a number of a range; `shown` is the most familiar."""
        return self.integer(first, last)

    def word(self, about: str = "") -> str:  # noqa: ARG002  # an example's, below
        """Choose a short word; `about` is the name of the property that it is for."""
        return self.pick(_WORDS)

    def text(self, least: int, most: int, about: str = "") -> str:
        """Make a text of a length between `least` and `most`."""
        text = self.word(about)
        while len(text) < least:
            text += f" {self.word(about)}"
        return text[:most]

    def character(self, low: int, high: int, place: int) -> int:  # noqa: ARG002  # an example's, below
        """Choose the code point of the character at `place` of a text."""
        return self.integer(low, high)


class _Simplest(Choices):
    """Never at random: what an author would write as an example, else the next that leads on."""

    fineness = 1
    nests = False

    def __init__(self) -> None:
        super().__init__(self._lowest)
        self._any: Callable[[int, int], int] = _uniform(0)

    @property
    def _lost(self) -> bool:
        return self.attempt >= _PATIENCE

    def _lowest(self, low: int, high: int) -> int:
        if self._lost:
            return self._any(low, high)
        return low + (self.attempt + self.distinct) % (high - low + 1)

    def chance(self, part: int, whole: int) -> bool:
        return super().chance(part, whole) if self._lost else self.attempt % 2 == 0

    def count(self, least: int, most: int, *, shown: int) -> int:
        return super().count(least, most, shown=shown) if self._lost else min(most, max(least, shown))

    def near(self, first: int, last: int, *, shown: int) -> int:
        if self._lost:
            return self._any(first, last)
        start = min(last, max(first, shown))
        return first + (start - first + self.attempt + self.distinct) % (last - first + 1)

    def word(self, about: str = "") -> str:
        if self._lost:
            return super().word(about)
        return f"{about or 'text'}{self.distinct + 1 if self.distinct else ''}"

    def character(self, low: int, high: int, place: int) -> int:
        """Return characters in sequence: ``abc`` and ``123``."""
        return low + (place + (low == ord("0")) + self.attempt + self.distinct) % (high - low + 1)


def _uniform(seed: int | str | None) -> Callable[[int, int], int]:
    generator = random.Random(seed)  # noqa: S311  # examples, no secrets
    uniform = generator.random

    def integer(low: int, high: int) -> int:
        width = high - low + 1
        if width > _WIDEST:
            return low + generator.randrange(width)
        # One call of C, where randint() is six of Python; the bias doesn't matter.
        return low + int(uniform() * width)

    return integer
