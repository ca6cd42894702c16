"""What a run has found and counted so far."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ..testing.coverage import CONNECT, Item, Tally, items_of

if TYPE_CHECKING:
    from ..client.remote_client import Arrival
    from ..spec.model import Spec
    from ..testing.cases import Case
    from .judge import Judgement, Suspect
    from .session import Exchange


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A fault of the server's, shown by a small case.

    Attributes:
        suspect: What it is.
        case: What was sent, or None for a connection that should have been refused.
        exchange: What came back for it, or None.
        before: The events that were sent last, of a server that no longer answers.
        command: A line for a shell that shows it, or ``""``.
        is_confirmed: Whether it was repeated on a connection of its own.
        count: How many cases showed it.
        pointers: Other places at which cases showed it, which were not repeated.
    """

    suspect: Suspect
    case: Case | None = None
    exchange: Exchange | None = None
    before: tuple[Case, ...] = ()
    command: str = ""
    is_confirmed: bool = True
    count: int = 1
    pointers: tuple[str, ...] = ()


@dataclass(kw_only=True)
class Report:
    """The findings of a run, and what it did.

    Attributes:
        seed: Of the values.
        planned: How many cases there are.
        sent: How many events were sent, those that repeat a case included.
        received: How many events the server sent.
        skipped: How many cases were left out, since three like them showed the same.
        limited: How many cases were left out, since a rate of the document lets them pass much later.
        untested: Why a namespace was not tested, by its name.
        by_state: How many valid events were refused with a code of the server's own, by the code.
        slow: How many answers came so late that they were waited for a second time.
        unobservable: How many faulty events were neither refused nor had to be acknowledged.
        tried: How many cases there were of an event and keyword, by namespace, event and keyword.
        stopped: Why the run ended early, or None.
        seconds: How long it took.
        tally: What of the contract was exercised.
    """

    seed: int
    planned: int = 0
    sent: int = 0
    received: int = 0
    skipped: int = 0
    slow: int = 0
    limited: int = 0
    unobservable: int = 0
    seconds: float = 0.0
    stopped: str | None = None
    untested: dict[str, str] = field(default_factory=dict)
    by_state: Counter[str] = field(default_factory=Counter)
    tried: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    tally: Tally = field(default_factory=Tally)
    _findings: dict[tuple[str, ...], Finding] = field(default_factory=dict)

    @classmethod
    def of(cls, spec: Spec, seed: int) -> Report:
        """Return an empty report about a contract."""
        return cls(seed=seed, tally=Tally(items_of(spec)))

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was confirmed, in the order in which it was found."""
        return tuple(finding for finding in self._findings.values() if finding.is_confirmed)

    @property
    def flaky(self) -> tuple[Finding, ...]:
        """What did not repeat."""
        return tuple(finding for finding in self._findings.values() if not finding.is_confirmed)

    def known(self, suspect: Suspect, *, of_event: bool = False) -> Finding | None:
        """Return the finding of a suspect's group, or None.

        Args:
            suspect: What was found again.
            of_event: Whether any keyword of the event will do.
        """
        if not of_event:
            return self._findings.get(suspect.group)
        alike = (finding for group, finding in self._findings.items() if group[:3] == suspect.group[:3])
        return next(alike, None)

    def add(self, finding: Finding) -> None:
        """Add a finding, in place of one of its group that did not repeat."""
        self._findings[finding.suspect.group] = finding

    def count_again(self, finding: Finding, suspect: Suspect) -> None:
        """Count another case that shows a known finding."""
        known = {finding.suspect.pointer, *finding.pointers}
        is_new = suspect.code == "INVALID_ACCEPTED" and suspect.pointer not in known
        more = (suspect.pointer,) if is_new and suspect.pointer else ()
        self._findings[finding.suspect.group] = replace(
            finding, count=finding.count + 1, pointers=(*finding.pointers, *more)
        )

    def count_case(self, case: Case, exchange: Exchange, judgement: Judgement) -> None:
        """Count a case and what came of it."""
        self.tried[case.namespace, case.event, case.keyword] += 1
        if case.is_valid:
            if judgement.outcome == "state":
                self.by_state[judgement.code or "no code"] += 1
            elif judgement.outcome == "accepted":
                self._exercise(case.namespace, case.event, "received")
                if exchange.answer is not None:
                    self._exercise(case.namespace, case.event, "acknowledged")
        elif judgement.outcome == "unobservable" and not judgement.suspects:
            self.unobservable += 1
        elif judgement.outcome == "refused":
            self._exercise(case.namespace, case.event, "refused")

    def count_refused(self, namespace: str, event: str) -> None:
        """Count that an event was refused because it came too often."""
        self._exercise(namespace, event, "refused")

    def count_connection(self, namespace: str, aspect: str) -> None:
        """Count that a namespace has ``accepted`` or ``refused`` a connection."""
        self._exercise(namespace, CONNECT, aspect)

    def count_arrivals(self, namespace: str, arrivals: tuple[Arrival, ...]) -> None:
        """Count what the server sent, and what it asked to have acknowledged."""
        self.received += len(arrivals)
        for arrival in arrivals:
            self._exercise(namespace, arrival.event, "sent")
            if arrival.ack_id is not None:
                self._exercise(namespace, arrival.event, "answered")

    def as_json(self) -> dict[str, Any]:
        """Return what was counted."""
        exercised = self.tally.exercised
        return {
            "seed": self.seed,
            "seconds": round(self.seconds, 3),
            "stopped": self.stopped,
            "untested": self.untested,
            "cases": {
                "planned": self.planned,
                "sent": sum(self.tried.values()),
                "skipped": self.skipped,
                "slow": self.slow,
                "limited": self.limited,
                "unobservable": self.unobservable,
                "refused_by_state": dict(self.by_state),
            },
            "events": self.sent,
            "keywords": len(self.tried),
            "exercised": [list(item) for item in self.tally.items if item in exercised],
            "not_exercised": [list(item) for item in self.tally.items if item not in exercised],
        }

    def _exercise(self, namespace: str, name: str, aspect: str) -> None:
        item = Item(namespace, name, aspect)
        if item in self.tally.items:
            self.tally.exercised.add(item)
