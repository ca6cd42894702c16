"""Where the choices come from: a seeded generator, or whoever draws whole numbers."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Choices"]

Item = TypeVar("Item")


class Choices:
    """Every choice that the making of an instance takes, on top of one: a whole number in a range.

    For Hypothesis: ``Choices(lambda low, high: draw(st.integers(low, high)))``. Lower is simpler.

    Attributes:
        integer: Gives a number between two, both included.
    """

    __slots__ = ("integer",)

    def __init__(self, integer: Callable[[int, int], int]) -> None:
        self.integer = integer

    @classmethod
    def seeded(cls, seed: int | str | None = None) -> Choices:
        """The same choices for the same seed; None is another each time."""
        uniform = random.Random(seed).random  # noqa: S311 -- examples, no secrets

        def integer(low: int, high: int) -> int:
            # One call of C, where randint() is six of Python; the bias in wide ranges doesn't matter.
            return low + int(uniform() * (high - low + 1))

        return cls(integer)

    def pick(self, options: Sequence[Item]) -> Item:
        """One of several."""
        return options[self.integer(0, len(options) - 1)] if len(options) > 1 else options[0]

    def chance(self, part: int, whole: int) -> bool:
        """True in `part` of `whole` cases."""
        return self.integer(1, whole) > whole - part
