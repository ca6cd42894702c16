"""Rates that a server has to enforce: events are sent faster than one of them allows, until one is refused."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..reasons import Code

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..spec.model import Namespace, Rate
    from ..testing.cases import Case
    from .bench import Bench

_MOST = 60  # events that are sent for one rate


@dataclass(frozen=True, slots=True, kw_only=True)
class RateTrial:
    """A rate, and an event that the server has accepted, by which to exceed it.

    Attributes:
        rate: The rate.
        case: The event.
        what: Names what has the rate.
    """

    rate: Rate
    case: Case
    what: str


def trials_of(declared: Namespace, accepted: Mapping[str, Case]) -> Iterator[RateTrial]:
    """Yield the rates of a namespace that can be exceeded by few events.

    Args:
        declared: The namespace.
        accepted: For each event of which the server has accepted a case, that case.
    """
    for name, event in declared.receives.items():
        if name in accepted and event.rate is not None and event.rate.burst < _MOST:
            yield RateTrial(rate=event.rate, case=accepted[name], what=repr(name))
    if declared.rate is not None and declared.rate.burst < _MOST:
        free = (case for name, case in accepted.items() if declared.receives[name].rate is None)
        case = next(free, None)
        if case is not None:
            yield RateTrial(rate=declared.rate, case=case, what="the channel")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a trial has shown; both attributes are empty if it has shown nothing.

    Attributes:
        is_refused: Whether an event was refused as it has to be.
        problem: How far the rate was exceeded, as the beginning of a sentence.
    """

    is_refused: bool = False
    problem: str = ""


async def exceed(bench: Bench, trial: RateTrial) -> Verdict:
    """Send events one after the other until one is refused, or has to be.

    Raises:
        ServerDownError: No connection can be opened.
    """
    rate, loop = trial.rate, asyncio.get_running_loop()
    async with bench.alone() as session:
        began = loop.time()
        for count in range(1, _MOST + 1):
            exchange, _ = await bench.repeat(session, trial.case, quiet=0.0, keeps_rates=False)
            judgement = bench.judge.judge(trial.case, exchange)
            if judgement.outcome != "accepted" or exchange.answer is None:
                return Verdict(is_refused=judgement.code == Code.RATE_LIMITED)
            seconds = loop.time() - began
            # The supply may have been full, and was refilled meanwhile; one event more is too many.
            if count > rate.burst + seconds * rate.limit / rate.per + 1:
                return Verdict(problem=f"{count} events were accepted in {seconds:.2f} s")
    return Verdict()
