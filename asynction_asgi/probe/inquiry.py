"""What is done about suspects: each new one is repeated, made small and reported; the others are counted."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from ..spec.model.arguments import compile_arguments
from .confirm import SILENT, confirm, shrink
from .report import Finding
from .session import Exchange

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ..spec.model import Spec
    from ..testing.cases import Case
    from .bench import Bench
    from .commands import Commands
    from .judge import Judgement, Suspect
    from .report import Report

_EQUAL = 3  # suspects of a keyword at a place, before its other cases are left out
_ATTEMPTS = 3  # to confirm what does not repeat
_EARLIER = 3  # cases that may have caused what arrives later, and as many events
# What is about an event as a whole until the server has shown that it knows better.
_BROAD = frozenset({"NO_ANSWER", "VALID_REFUSED", "CONNECTION_LOST", "NO_REFUSAL"})
# What says something of the case's own place and keyword, unlike what the server sends.
_ABOUT_CASE = frozenset({*_BROAD, "INVALID_ACCEPTED"})


class Inquiry:
    """Looks into suspects.

    Args:
        spec: The contract, as it is served.
        commands: Writes the lines that show findings.
        report: Receives the findings.
        is_over: Whether the time of the run is up.
    """

    def __init__(
        self, spec: Spec, *, commands: Commands, report: Report, is_over: Callable[[], bool]
    ) -> None:
        self._spec = spec
        self._commands = commands
        self._report = report
        self._is_over = is_over
        self._equal: Counter[tuple[str, str, str, str]] = Counter()
        self._attempts: Counter[tuple[str, ...]] = Counter()
        self._accepted: dict[tuple[str, str], Case] = {}
        self._last_accepted: dict[tuple[str, str], Case] = {}  # in order
        self._refused: set[tuple[str, str]] = set()
        self._pending: list[tuple[Suspect, Case]] = []

    def accepted(self, namespace: str) -> Mapping[str, Case]:
        """Return a case that the server accepted, for each event of a namespace that has one."""
        return {event: case for (name, event), case in self._accepted.items() if name == namespace}

    def is_needless(self, case: Case) -> bool:
        """Return whether enough cases of a keyword at a place have shown the same."""
        return bool(case.keyword) and self._equal[_spot(case)] >= _EQUAL

    def note(self, case: Case, judgement: Judgement) -> None:
        """Remember what a case says of its event, before its suspects are looked into."""
        key = case.namespace, case.event
        if judgement.outcome == "accepted" and case.is_valid:
            self._accepted.setdefault(key, case)
            self._last_accepted.pop(key, None)
            self._last_accepted[key] = case
        elif judgement.outcome == "refused" and not case.is_valid:
            self._refused.add(key)
        if any(suspect.code in _ABOUT_CASE for suspect in judgement.suspects):
            self._equal[_spot(case)] += 1

    async def look_into(
        self, bench: Bench, case: Case, judgement: Judgement, exchange: Exchange, recent: Sequence[Case]
    ) -> None:
        """Confirm each suspect that is new, make it small and report it.

        Args:
            bench: Repeats cases.
            case: What was sent.
            judgement: Holds the suspects.
            exchange: What came back.
            recent: The cases before it, the last one last.

        Raises:
            ServerDownError: No connection can be opened.
        """
        for suspect in judgement.suspects:
            key = suspect.namespace, suspect.event
            known_better = self._refused if suspect.code == "NO_REFUSAL" else self._accepted
            is_broad = suspect.code in _BROAD and key not in known_better
            known = self._report.known(suspect, of_event=is_broad)
            if known is not None and (known.is_confirmed or self._attempts[suspect.group] >= _ATTEMPTS):
                self._report.count_again(known, suspect)
            elif suspect.needs_another and key not in self._accepted:
                self._pending.append((suspect, case))
            else:
                await self._confirm(bench, suspect, case, exchange, recent)

    async def look_at_pending(self, bench: Bench) -> None:
        """Look again at refusals without a code: a server that accepts nothing may not be in the right state.

        Raises:
            ServerDownError: No connection can be opened.
        """
        pending, self._pending = self._pending, []
        for suspect, case in pending:
            is_here = suspect.namespace == bench.judge.name
            if not is_here or (suspect.namespace, suspect.event) not in self._accepted:
                self._pending.append((suspect, case))
            elif (known := self._report.known(suspect)) is not None:
                self._report.count_again(known, suspect)
            elif not self._is_over():
                await self._confirm(bench, suspect, case, Exchange(), ())

    def give_up(self) -> None:
        """Count the refusals without a code of events of which nothing was accepted, as made by state."""
        if self._pending:
            self._report.by_state["no code"] += len(self._pending)
        self._pending.clear()

    async def _confirm(
        self, bench: Bench, suspect: Suspect, case: Case, exchange: Exchange, recent: Sequence[Case]
    ) -> None:
        self._attempts[suspect.group] += 1
        earlier = self._earlier(case, recent)
        another = self._accepted.get((case.namespace, case.event))
        repeated = await confirm(bench, suspect, case, earlier, another)
        if repeated is None:
            if suspect.code in SILENT:
                self._report.slow += 1
            elif not suspect.needs_another:
                self._report.add(Finding(suspect=suspect, case=case, exchange=exchange, is_confirmed=False))
            return
        if repeated.case is not None and repeated.case.declared is not None:
            check = compile_arguments(repeated.case.declared.arguments, self._spec.bundle)
            repeated = await shrink(bench, repeated, check, is_over=self._is_over)
        known = self._report.known(repeated.suspect)
        if known is not None and known.is_confirmed:  # an earlier case's
            self._report.count_again(known, repeated.suspect)
            return
        self._report.add(
            Finding(
                suspect=repeated.suspect,
                case=repeated.case,
                exchange=repeated.exchange,
                command=self._commands.of(repeated),
            )
        )

    def _earlier(self, case: Case, recent: Sequence[Case]) -> list[Case]:
        """Return what may have caused what came with a case, the likeliest first.

        A server emits later on for what it accepted, behind which many refusals may have come meanwhile.
        """
        here = [
            other for other in reversed(recent) if other.namespace == case.namespace and other is not case
        ]
        latest = here[:_EARLIER]
        accepted = [
            other
            for (namespace, _), other in reversed(self._last_accepted.items())
            if namespace == case.namespace and other is not case and other not in latest
        ]
        return latest + accepted[:_EARLIER]


def _spot(case: Case) -> tuple[str, str, str, str]:
    return case.namespace, case.event, case.pointer, case.keyword
