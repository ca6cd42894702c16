"""Patterns as automata: time linear in the text, whatever the pattern.

A deterministic automaton is built while it runs, one state per set of positions in the pattern, and
forgotten when it grows large. Backreferences, word boundaries and lookarounds have no place in it,
save lookaheads at the very start, each of which is an automaton of its own.

Source: the subset construction; Thompson, "Regular Expression Search Algorithm", 1968.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from .tree import Alternation, Assertion, Group, Item, Look, Repeat, Sequence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .tree import Pattern

__all__ = ["compile_automaton"]

_MOST_NODES = 4_000
_MOST_STATES = 500


class _Unsupported(Exception):  # noqa: N818 -- control flow
    pass


def compile_automaton(pattern: Pattern) -> Callable[[str], bool] | None:
    """Whether a text holds a match, in linear time; None for a pattern that has no automaton."""
    try:
        looks, rest = _leading_looks(pattern)
        wanted = [(look.sign == "?=", _Automaton(Sequence((Assertion("^"), look.body)))) for look in looks]
        main = _Automaton(rest)
    except _Unsupported:
        return None
    if not wanted:
        return main.matches
    return lambda text: main.matches(text) and all(one.matches(text) is holds for holds, one in wanted)


def _leading_looks(pattern: Pattern) -> tuple[list[Look], Pattern]:
    """Split ``^(?=…)(?!…)rest`` into its lookaheads and ``^rest``."""
    if not isinstance(pattern, Sequence) or not pattern.parts or pattern.parts[0] != Assertion("^"):
        return [], pattern
    looks: list[Look] = []
    for part in pattern.parts[1:]:
        if not (isinstance(part, Look) and part.sign in ("?=", "?!")):
            break
        looks.append(part)
    return looks, Sequence((pattern.parts[0], *pattern.parts[1 + len(looks) :]))


class _State:
    """A set of positions; `moves` are found as they are needed."""

    __slots__ = ("accepts", "accepts_at_end", "moves", "nodes")

    def __init__(self, nodes: frozenset[int], *, accepts: bool, accepts_at_end: bool) -> None:
        self.nodes = nodes
        self.accepts = accepts
        self.accepts_at_end = accepts_at_end
        self.moves: dict[int, _State] = {}


class _Automaton:
    def __init__(self, pattern: Pattern) -> None:
        # Per node: where it leads without a character, under which assertion, and on which set.
        self.free: list[list[int]] = []
        self.asserted: list[str] = []
        self.sets: list[Item | None] = []
        self.following: list[int] = []
        self.final = self.node()
        self.first = self.build(pattern, self.final)
        self.cuts = sorted(
            {cut for one in self.sets if one for low, high in one.ranges for cut in (low, high + 1)}
        )
        self.ascii = {chr(code): bisect_right(self.cuts, code) for code in range(128)}
        self.states: dict[frozenset[int], _State] = {}
        self.again = self.closure([self.first], at_start=False, at_end=False)
        self.start = self.state(self.closure([self.first], at_start=True, at_end=False), at_start=True)

    def node(
        self, item: Item | None = None, following: int = -1, *, free: Iterable[int] = (), asserted: str = ""
    ) -> int:
        if len(self.free) >= _MOST_NODES:
            raise _Unsupported
        self.free.append(list(free))
        self.asserted.append(asserted)
        self.sets.append(item)
        self.following.append(following)
        return len(self.free) - 1

    def build(self, pattern: Pattern, target: int) -> int:
        """Nodes that match `pattern` and go on to `target`; the first of them."""
        if isinstance(pattern, Item):
            return self.node(pattern, target)
        if isinstance(pattern, Assertion) and pattern.kind in "^$":
            return self.node(free=[target], asserted=pattern.kind)
        if isinstance(pattern, Group):
            return self.build(pattern.body, target)
        if isinstance(pattern, Sequence):
            for part in reversed(pattern.parts):
                target = self.build(part, target)
            return target
        if isinstance(pattern, Alternation):
            return self.node(free=[self.build(option, target) for option in pattern.options])
        if isinstance(pattern, Repeat):
            return self.repeat(pattern, target)
        raise _Unsupported

    def repeat(self, pattern: Repeat, target: int) -> int:
        if pattern.most is None:
            loop = self.node(free=[target])
            self.free[loop].append(self.build(pattern.body, loop))
            target = loop
        else:
            end = target
            for _ in range(pattern.most - pattern.least):
                target = self.node(free=[end, self.build(pattern.body, target)])
        for _ in range(pattern.least):
            target = self.build(pattern.body, target)
        return target

    def closure(self, nodes: Iterable[int], *, at_start: bool, at_end: bool) -> frozenset[int]:
        """Everything that is reached without a character."""
        found: set[int] = set()
        waiting = list(nodes)
        while waiting:
            node = waiting.pop()
            if node in found:
                continue
            found.add(node)
            asserted = self.asserted[node]
            if not asserted or (asserted == "^" and at_start) or (asserted == "$" and at_end):
                waiting += self.free[node]
        return frozenset(found)

    def state(self, nodes: frozenset[int], *, at_start: bool = False) -> _State:
        known = None if at_start else self.states.get(nodes)
        if known is None:
            at_end = self.final in self.closure(nodes, at_start=at_start, at_end=True)
            known = _State(nodes, accepts=self.final in nodes, accepts_at_end=at_end)
            if not at_start:
                if len(self.states) >= _MOST_STATES:
                    self.states.clear()
                    self.start.moves.clear()
                self.states[nodes] = known
        return known

    def move(self, state: _State, symbol: int) -> _State:
        code = self.cuts[symbol - 1] if symbol else -1
        reached = [
            self.following[node]
            for node in state.nodes
            if (item := self.sets[node]) and any(low <= code <= high for low, high in item.ranges)
        ]
        following = self.state(self.closure(reached, at_start=False, at_end=False) | self.again)
        state.moves[symbol] = following
        return following

    def matches(self, text: str) -> bool:
        state = self.start
        symbols, cuts = self.ascii, self.cuts
        for char in text:
            if state.accepts:
                return True
            symbol = symbols.get(char)
            if symbol is None:
                symbol = bisect_right(cuts, ord(char))
            following = state.moves.get(symbol)
            state = self.move(state, symbol) if following is None else following
        return state.accepts_at_end
