"""Patterns as automata: time linear in the text, with a small constant, whatever the pattern.

A pattern with few sets of reachable positions becomes a table with a state for each; one with many keeps
the set as bits of one integer, and moves it by a few shifts per character. Which one is decided at load,
and nothing is built while a peer's text is read. Backreferences, word boundaries and lookarounds have no place
in either, save lookaheads at the very start, each of which is an automaton of its own.

Source: the subset construction; Navarro and Raffinot, "Flexible Pattern Matching in Strings", 2002,
chapter 5, for Glushkov's automaton in bits.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .positions import UnsupportedError, bits, find_positions
from .tree import Assertion, Look, Sequence

if TYPE_CHECKING:
    from collections.abc import Callable

    from .positions import Positions
    from .tree import Pattern

    _Masks = list[tuple[int, int]]

_MOST_STATES = 256
_MOST_WORK = 100_000  # positions looked at while states are sought
_MOST_OPERATIONS = 64  # per character, on integers of as many bits as there are positions
_MOST_SHIFTS = 8
_BY_STATES = 60  # nanoseconds per character
_BY_BITS = 0.33  # times operations, times 256 and the positions


@dataclass(frozen=True, slots=True)
class Automaton:
    """A pattern that is matched in linear time.

    Attributes:
        matches: Whether a text holds a match.
        is_small: Whether it has so few states that any engine can hold them all.
        cost: Nanoseconds per character, at most.
    """

    matches: Callable[[str], bool]
    is_small: bool
    cost: float


def compile_automaton(pattern: Pattern) -> Automaton | None:
    """Return an automaton, or None for a pattern that has none, or none of bounded cost."""
    looks, rest = leading_looks(pattern)
    parts = []
    for part in (rest, *(Sequence((Assertion("^"), look.body)) for look in looks)):
        automaton = _compile(part)
        if automaton is None:
            return None
        parts.append(automaton)
    main, *others = parts
    if not others:
        return main
    checks = [(other.matches, look.sign == "?=") for other, look in zip(others, looks, strict=True)]

    def matches(text: str) -> bool:
        return main.matches(text) and all(check(text) is holds for check, holds in checks)

    return Automaton(
        matches, is_small=all(part.is_small for part in parts), cost=sum(part.cost for part in parts)
    )


def leading_looks(pattern: Pattern) -> tuple[list[Look], Pattern]:
    """Split ``^(?=…)(?!…)rest`` into its lookaheads and ``^rest``."""
    if not isinstance(pattern, Sequence) or not pattern.parts or pattern.parts[0] != Assertion("^"):
        return [], pattern
    looks: list[Look] = []
    for part in pattern.parts[1:]:
        if not (isinstance(part, Look) and part.sign in ("?=", "?!")):
            break
        looks.append(part)
    return looks, Sequence((pattern.parts[0], *pattern.parts[1 + len(looks) :]))


def _compile(pattern: Pattern) -> Automaton | None:
    try:
        positions = find_positions(pattern)
    except UnsupportedError:
        return None
    if positions.is_nullable or positions.begun & positions.last:
        return Automaton(lambda _: True, is_small=True, cost=0)
    start = _find_states(positions)
    if start is not None:
        return Automaton(_by_states(start), is_small=True, cost=_BY_STATES)
    shifts, groups = _operations(positions)
    operations = len(shifts) + len(groups)
    if operations > _MOST_OPERATIONS:
        return None
    cost = _BY_BITS * operations * (256 + len(positions.follow))
    return Automaton(_by_bits(positions, shifts, groups), is_small=False, cost=cost)


# --- a table of states ---------------------------------------------------------------------------


class _State(dict[str, "_State"]):
    """A set of reached positions; maps a character to the next one, ASCII being remembered.

    Attributes:
        cuts: See `Positions.cuts`.
        moves: The next one by the class of a character.
        is_match: Whether a match ends here.
        is_match_at_end: Whether one does if the text ends here.
        is_over: Whether no character changes the answer.
    """

    __slots__ = ("cuts", "is_match", "is_match_at_end", "is_over", "moves")

    def __init__(
        self, cuts: tuple[int, ...], *, is_match: bool, is_match_at_end: bool, is_over: bool
    ) -> None:
        self.cuts = cuts
        self.moves: list[_State] = []
        self.is_match = is_match
        self.is_match_at_end = is_match_at_end
        self.is_over = is_over

    def __missing__(self, char: str) -> _State:
        state = self.moves[bisect_right(self.cuts, ord(char))]
        if char.isascii():
            self[char] = state
        return state


def _find_states(positions: Positions) -> _State | None:
    """Return the first state of all that can be reached, or None if there are too many."""
    kinds = list(dict.fromkeys(positions.readers))
    index = {kind: number for number, kind in enumerate(kinds)}
    classes = [index[kind] for kind in positions.readers]
    states: dict[int, _State] = {}
    waiting: list[tuple[_State, int]] = []

    def state(reached: int) -> _State:
        if reached not in states:
            at_end = positions.at_edge(reached, positions.end)
            is_match = bool(reached & positions.last)
            states[reached] = _State(
                positions.cuts,
                is_match=is_match,
                is_match_at_end=bool(at_end & positions.last),
                is_over=is_match or (positions.is_anchored and not reached),
            )
            waiting.append((states[reached], reached))
        return states[reached]

    start = _State(
        positions.cuts, is_match=False, is_match_at_end=positions.is_match_of_nothing, is_over=False
    )
    waiting.append((start, positions.begun))
    work = 0
    while waiting:
        current, reached = waiting.pop()
        work += (1 + reached.bit_count()) * len(kinds)
        if len(states) > _MOST_STATES or work > _MOST_WORK:
            return None
        moves = [state(positions.step(reached, kind)) for kind in kinds]
        current.moves = [moves[number] for number in classes]
    return start


def _by_states(start: _State) -> Callable[[str], bool]:
    def matches(text: str) -> bool:
        state = start
        for char in text:
            if state.is_over:
                return state.is_match
            state = state[char]
        return state.is_match_at_end

    return matches


# --- bits ----------------------------------------------------------------------------------------


class _Readers(dict[str, int]):
    """The positions that read a character; ASCII is remembered."""

    __slots__ = ("positions",)

    def __init__(self, positions: Positions) -> None:
        self.positions = positions

    def __missing__(self, char: str) -> int:
        readers = self.positions.readers[bisect_right(self.positions.cuts, ord(char))]
        if char.isascii():
            self[char] = readers
        return readers


def _by_bits(positions: Positions, shifts: _Masks, groups: _Masks) -> Callable[[str], bool]:
    """Write the automaton as code: a loop over the operations would take longer than they do."""
    starting = [] if positions.is_anchored else [str(positions.first)]
    terms = [f"(reached & {mask}) {'<<' if shift > 0 else '>>'} {abs(shift)}" for shift, mask in shifts]
    lines = [
        "def matches(text):",
        f"    if not text: return {positions.is_match_of_nothing}",
        f"    reached = {positions.begun}",
        "    for char in text:",
        f"        following = {' | '.join(starting + terms) or 0}",
        *(f"        if reached & {before}: following |= {after}" for before, after in groups),
        "        reached = following & readers[char]",
        f"        if reached & {positions.last}: return True",
        *(["        if not reached: return False"] if positions.is_anchored else []),
        f"    return at_edge(reached, {positions.end}) & {positions.last} != 0",
    ]
    scope: dict[str, Any] = {"at_edge": positions.at_edge, "readers": _Readers(positions)}
    exec("\n".join(lines), scope)  # noqa: S102  # nothing but numbers of ours
    matches: Callable[[str], bool] = scope["matches"]
    return matches


def _operations(positions: Positions) -> tuple[_Masks, _Masks]:
    """Return the least work that finds all followers of a set.

    Returns:
        Shifts, each with the positions that it moves; and pairs of positions and what follows all of them.
    """
    before = [0] * len(positions.follow)
    for position, following in enumerate(positions.follow):
        for follower in bits(following):
            before[follower] |= 1 << position
    distances = {
        follower: frozenset(follower - position for position in bits(mask))
        for follower, mask in enumerate(before)
        if 0 < mask.bit_count() <= _MOST_SHIFTS
    }
    common = Counter(distance for those in distances.values() for distance in those).most_common(_MOST_SHIFTS)
    choices = []
    for count in range(len(common) + 1):
        chosen = frozenset(distance for distance, _ in common[:count])
        shifted = {follower for follower, those in distances.items() if those <= chosen}
        groups: defaultdict[int, int] = defaultdict(int)
        for follower, mask in enumerate(before):
            if mask and follower not in shifted:
                groups[mask] |= 1 << follower
        choices.append((count + len(groups), chosen, shifted, groups))
    _, chosen, shifted, groups = min(choices, key=lambda choice: choice[0])
    moved = Counter(dict.fromkeys(chosen, 0))
    for follower in shifted:
        for distance in distances[follower]:
            moved[distance] |= 1 << follower - distance
    return [(distance, mask) for distance, mask in moved.items() if mask], list(groups.items())
