"""Verdicts: a proof, else the search for a value, else nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from .declared import keeps_to_declared
from .obligation import Obligation
from .prove import Prover
from .same import Sameness
from .search import NOTHING, Search
from .shrink import shrink
from .universe import Universe

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..schemas.definitions import Definitions, Schema

    Accepts = Callable[[Any], bool]

_STEPS = 20_000
_TRIES = 5_000

Outcome = Literal["same", "contained", "typed", "closed", "refuted", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is known of two schemas.

    Attributes:
        outcome: ``same``, keyword by keyword; ``contained``, by a proof; ``refuted``, by a value. ``typed``:
            contained but for members that the inner schema does not declare and the outer one does;
            ``closed``: but for other members that the inner one does not declare, shown by a value.
            ``unknown``: neither a proof nor a value was found.
        has_witness: Whether there is a value that the one accepts and the other refuses.
        witness: The value.
        obligations: What was left to prove.
    """

    outcome: Outcome
    has_witness: bool = False
    witness: Any = None
    obligations: tuple[Obligation, ...] = ()


class Containment:
    """Compares schemas of two sets of definitions.

    Args:
        inner: Definitions of the schemas whose values are looked at.
        outer: Definitions of the schemas that should accept them.
        effort: Multiplies the steps of a proof and the tries of a search.
        seed: The same search for the same number.
    """

    def __init__(self, inner: Definitions, outer: Definitions, *, effort: float = 1, seed: int = 0) -> None:
        self._universe = Universe(inner, outer)
        self._same = Sameness(self._universe)
        self._steps = int(_STEPS * effort)
        self._tries = int(_TRIES * effort)
        self._seed = seed

    def is_same(self, inner: Schema, outer: Schema) -> bool:
        """Return whether two schemas say the same; False where they are nested too deep to tell."""
        try:
            return self._same.of(self._universe.keep(inner), self._universe.adopt(outer))
        except RecursionError:
            self._same = Sameness(self._universe)
            return False

    def is_contained(self, inner: Schema, outer: Schema) -> bool:
        """Return whether it is proved that the outer schema accepts what the inner one does."""
        inner = self._universe.keep(inner)
        try:
            return not self._prove(inner, self._universe.adopt(outer), reads_closed=False)
        except RecursionError:
            self._same = Sameness(self._universe)
            return False

    def decide(self, inner: Schema, outer: Schema, accepts: Accepts, refuses: Accepts) -> Verdict:
        """Return what can be found out about two schemas.

        Args:
            inner: Of the inner definitions.
            outer: Of the outer definitions.
            accepts: Whether the inner contract accepts a value.
            refuses: Whether the outer contract refuses it.
        """
        try:
            return self._decide(self._universe.keep(inner), self._universe.adopt(outer), accepts, refuses)
        except RecursionError:  # references lead on further than Python recurses
            self._same = Sameness(self._universe)
            return Verdict(outcome="unknown", obligations=(Obligation(keyword=""),))

    def _decide(self, inner: Schema, outer: Schema, accepts: Accepts, refuses: Accepts) -> Verdict:
        if self._same.of(inner, outer):
            return Verdict(outcome="same")

        def shows(value: Any) -> bool:
            return accepts(value) and refuses(value)

        def shows_by_declared(value: Any) -> bool:
            return shows(value) and keeps_to_declared(value, [inner], self._universe)

        left = self._prove(inner, outer, reads_closed=True)
        if left:
            return self._search(inner, outer, left, shows_by_declared, "refuted")
        left = self._prove(inner, outer, reads_closed=False)
        if not left:
            return Verdict(outcome="contained")
        if all(obligation.undeclared == "name" for obligation in left):
            found = self._search(inner, outer, left, shows, "typed")
            return found if found.has_witness else Verdict(outcome="typed", obligations=left)
        others = tuple(obligation for obligation in left if obligation.undeclared != "name")
        return self._search(inner, outer, others, shows, "closed")

    def accepts(self, inner: Schema, value: Any) -> bool:
        """Return whether an inner schema accepts a value."""
        return self._universe.accepts(self._universe.keep(inner), value)

    def sample(self, inner: Schema) -> tuple[Any] | None:
        """Return a plain value that an inner schema accepts, or None if none was found."""
        search = Search(self._universe, self._universe.keep(inner), True, tries=self._tries, seed=self._seed)
        value = search.run((), lambda value: self._universe.accepts(inner, value))
        return None if value is NOTHING else (value,)

    def _prove(self, inner: Schema, outer: Schema, *, reads_closed: bool) -> tuple[Obligation, ...]:
        prover = Prover(self._universe, self._same, steps=self._steps, reads_closed=reads_closed)
        return prover.prove([inner], outer, 0)

    def _search(
        self, inner: Schema, outer: Schema, left: Sequence[Obligation], shows: Accepts, outcome: Outcome
    ) -> Verdict:
        obligations = tuple(left)
        search = Search(self._universe, inner, outer, tries=self._tries, seed=self._seed)
        witness = search.run(obligations, shows)
        if witness is NOTHING:
            return Verdict(outcome="unknown", obligations=obligations)
        return Verdict(
            outcome=outcome, has_witness=True, witness=shrink(witness, shows), obligations=obligations
        )
