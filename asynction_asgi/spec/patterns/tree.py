"""The parts of a pattern."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from .unicode import Ranges


@dataclass(frozen=True, slots=True)
class Item:
    """One character out of a set."""

    ranges: Ranges


@dataclass(frozen=True, slots=True)
class Assertion:
    """``^``, ``$``, ``b`` (word boundary) or ``B``."""

    kind: str


@dataclass(frozen=True, slots=True)
class Look:
    """A lookahead or lookbehind; `sign` is Python's spelling, such as ``?=``."""

    sign: str
    body: Pattern


@dataclass(frozen=True, slots=True)
class Group:
    """A capturing group."""

    number: int
    body: Pattern


@dataclass(frozen=True, slots=True)
class Reference:
    """A backreference to a group before it."""

    target: int


@dataclass(frozen=True, slots=True)
class Repeat:
    """A quantified body; `most` None is unbounded."""

    body: Pattern
    least: int
    most: int | None
    lazy: bool


@dataclass(frozen=True, slots=True)
class Sequence:
    """One after the other."""

    parts: tuple[Pattern, ...]


@dataclass(frozen=True, slots=True)
class Alternation:
    """One of several."""

    options: tuple[Pattern, ...]


Pattern: TypeAlias = "Item | Assertion | Look | Group | Reference | Repeat | Sequence | Alternation"
