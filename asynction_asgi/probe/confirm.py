"""A suspect repeated on a connection of its own, blamed on the case that causes it, and made small."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..spec.containment.shrink import smaller_steps
from ..spec.instances.paths import found, replaced
from ..spec.schemas import Mismatch
from .bench import QUIET

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ..spec.instances.paths import Path
    from ..testing.cases import Case
    from .bench import Bench
    from .judge import Judgement, Suspect
    from .session import Exchange

    Check = Callable[[Sequence[Any]], object]

_RUNS, _SILENT_RUNS = 40, 12  # of smaller cases
_PATIENCE = 3 * QUIET  # in seconds; a server that stalls for a moment must not take back what it has shown
_LATE = frozenset(
    {"INVALID_EMIT", "UNDECLARED_EMIT", "CONNECTION_LOST"}
)  # may come after the acknowledgement
SILENT = frozenset({"NO_ANSWER", "NO_REFUSAL", "UNDECLARED_SILENCE"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeated:
    """A suspect that was shown again.

    Attributes:
        suspect: As it was shown.
        case: What shows it, or None if connecting and leaving does.
        exchange: What came back, or None.
    """

    suspect: Suspect
    case: Case | None
    exchange: Exchange | None = None


async def confirm(
    bench: Bench, suspect: Suspect, case: Case, earlier: Sequence[Case] = (), another: Case | None = None
) -> Repeated | None:
    """Repeat a suspect, or return None if it does not repeat.

    Args:
        bench: Sends it.
        suspect: What to look for.
        case: What seemed to cause it.
        earlier: The cases before it, which may have caused it as well, the last one first.
        another: A case of the same event that the server accepted, or None.

    Raises:
        ServerDownError: No connection can be opened.
    """
    quiet = _PATIENCE if suspect.code in _LATE else 0.0
    candidates = [case, *(earlier if quiet else ())]
    for candidate in candidates:
        exchange, judgement = await _alone(bench, candidate, quiet=quiet)
        shown = _shown(suspect, judgement, exactly=candidate is case)
        if shown is None:
            continue
        if suspect.needs_another and not await _is_accepted(bench, another):
            return None
        return Repeated(suspect=shown, case=candidate, exchange=exchange)
    if suspect.code in ("INVALID_EMIT", "UNDECLARED_EMIT"):
        arrivals, overheard = await bench.visit()
        for visited in bench.judge.judge_emits(arrivals, overheard):
            if visited.spot == suspect.spot:
                return Repeated(suspect=visited, case=None)
    return None


async def shrink(bench: Bench, repeated: Repeated, check: Check, *, is_over: Callable[[], bool]) -> Repeated:
    """Return the suspect as a smaller case shows it, or as it is if none does.

    Args:
        bench: Sends the cases.
        repeated: The suspect and what shows it.
        check: Of the event's arguments; raises `Mismatch`.
        is_over: Whether there is no time left.

    Raises:
        ServerDownError: No connection can be opened.
    """
    case, suspect = repeated.case, repeated.suspect
    if case is None:
        return repeated
    small = case
    wait = bench.impatience if suspect.code in SILENT else None
    quiet = bench.impatience if suspect.code in _LATE else 0.0
    candidates = iter(_candidates(small, check))
    left, more = _SILENT_RUNS if suspect.code in SILENT else _RUNS, True
    while more and left and not is_over():
        async with bench.alone(quiet=quiet) as session:
            while left and not is_over():
                candidate = next(candidates, None)
                if candidate is None:
                    more = False
                    break
                left -= 1
                exchange, overheard = await bench.repeat(session, candidate, seconds=wait, quiet=quiet)
                if _shown(suspect, bench.judge.judge(candidate, exchange, overheard)) is not None:
                    small = candidate
                    candidates = iter(_candidates(small, check))
                if exchange.ended is not None or bench.is_spent(session, candidate.event):
                    break
    if small is case:
        return repeated
    quiet = _PATIENCE if quiet else 0.0
    exchange, judgement = await _alone(bench, small, quiet=quiet)  # what was quick may have been too quick
    shown = _shown(suspect, judgement)
    return repeated if shown is None else Repeated(suspect=shown, case=small, exchange=exchange)


def _candidates(case: Case, check: Check) -> Iterator[Case]:
    """Yield cases a step smaller that meet the document, or miss it at the same place as the case does."""
    for path, inner, change in smaller_steps(list(case.arguments)):
        values = replaced(list(case.arguments), path, change(inner))
        try:
            check(values)
        except Mismatch as mismatch:
            base = None if case.base is None else _changed(list(case.base), path, inner, change)
            first = mismatch.violations[0]
            is_alike = (first.pointer, first.keyword) == (case.pointer, case.keyword)
            if base is not None and is_alike and _meets(base, check):
                yield replace(case, arguments=tuple(values), base=tuple(base), mismatch=mismatch)
        else:
            if case.is_valid:
                yield replace(case, arguments=tuple(values))


def _changed(base: list[Any], path: Path, inner: Any, change: Callable[[Any], Any]) -> list[Any]:
    """Make the change of a fault in the value that it was made of, unless that is where they differ."""
    try:
        there = found(base, path)
    except (LookupError, TypeError):
        return base
    # What is at the place of the fault is another value, and of another type.
    is_fault = there != inner and not isinstance(inner, dict | list)
    return base if is_fault or type(there) is not type(inner) else replaced(base, path, change(there))


def _meets(values: list[Any], check: Check) -> bool:
    try:
        check(values)
    except Mismatch:
        return False
    return True


async def _alone(bench: Bench, case: Case, *, quiet: float) -> tuple[Exchange, Judgement]:
    """Send a case on a new connection, with some quiet before and after it."""
    async with bench.alone(quiet=quiet) as session:
        exchange, overheard = await bench.repeat(session, case, quiet=quiet)
    return exchange, bench.judge.judge(case, exchange, overheard)


async def _is_accepted(bench: Bench, case: Case | None) -> bool:
    if case is None:
        return False
    _, judgement = await _alone(bench, case, quiet=0.0)
    return judgement.outcome == "accepted"


def _shown(suspect: Suspect, judgement: Judgement, *, exactly: bool = True) -> Suspect | None:
    """Return the suspect as a judgement has it; of another case, one that merely has the same code."""
    for shown in judgement.suspects:
        if shown.spot == suspect.spot:
            return shown
        if not exactly and shown.code == suspect.code == "CONNECTION_LOST":
            return shown
    return None
