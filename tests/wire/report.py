"""Run the fault suite on our server and on python-socketio's: ``python -m tests.wire.report``.

It prints a row per fault, and the share of faults that each server passes as a table for the documentation.
Arguments select the faults whose names contain one of them; ``-v`` adds what went wrong.
"""

# ruff: noqa: T201  # a script prints
from __future__ import annotations

import asyncio
import logging
import multiprocessing
import sys
from collections import Counter
from typing import TYPE_CHECKING

from .faults import Fault, judge
from .faults_stopping import STOPS, Stop, judge_stop
from .stages import bare, on_stage, ours
from .suite import FAULTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .stages import Factory

SERVERS: dict[str, Factory] = {"ours": ours, "bare": bare}
EVERYTHING: tuple[Fault | Stop, ...] = (*FAULTS, *STOPS)
# Most of the time is spent waiting for answers that do not come.
WORKERS = 8
# Seconds for each step of a fault; the bare server fails many of them by not answering.
LIMIT = 8.0


def verdict(task: tuple[int, str]) -> list[str]:
    """Judge a fault on its own server, so that no fault is affected by another's damage."""
    logging.lastResort = None
    number, name = task
    fault = EVERYTHING[number]
    if isinstance(fault, Stop):
        return asyncio.run(judge_stop(fault, name))
    try:
        with on_stage(SERVERS[name], **fault.options) as stage:
            return asyncio.run(judge(fault, stage, limit=LIMIT))
    except RuntimeError as error:  # the server did not stop
        return [str(error)]


def main(words: list[str], *, verbose: bool) -> None:
    """Judge the selected faults and print the table."""
    chosen = [
        number
        for number, fault in enumerate(EVERYTHING)
        if not words or any(word in fault.id for word in words)
    ]
    tasks = [(number, name) for number in chosen for name in SERVERS]
    passed: Counter[tuple[str, str]] = Counter()
    # Not forked: a worker starts threads, which a fork loses together with what a hanging server holds.
    with multiprocessing.get_context("spawn").Pool(WORKERS, maxtasksperchild=20) as pool:
        for (number, name), problems in zip(tasks, pool.imap(verdict, tasks), strict=True):
            fault = EVERYTHING[number]
            passed[name, fault.kind] += not problems
            print(f"{fault.id:<85}{name:<6}{'-' if problems else 'ok'}", flush=True)
            for problem in problems if verbose else ():
                print(f"    {problem[:300]}", flush=True)
    kinds = Counter(EVERYTHING[number].kind for number in chosen)
    print("\n" + "\n".join(table(kinds, passed)))


def table(kinds: Mapping[str, int], passed: Mapping[tuple[str, str], int]) -> Iterator[str]:
    """Yield the documentation's table: the number of faults per class, and how many each server passes."""
    yield "| Class of fault | Faults | Bare | Ours |"
    yield "|---|---|---|---|"
    for kind, count in kinds.items():
        yield _row(kind, count, *(passed.get((name, kind), 0) for name in ("bare", "ours")))
    sums = (sum(passed.get((name, kind), 0) for kind in kinds) for name in ("bare", "ours"))
    yield _row("all", sum(kinds.values()), *sums)


def _row(kind: str, count: int, *passed: int) -> str:
    shares = (
        f"{number} ({100 * number // max(count, 1)} %)" for number in passed
    )  # rounded down, so that 100 % means all
    return f"| {kind} | {count} | {' | '.join(shares)} |"


if __name__ == "__main__":
    arguments = sys.argv[1:]
    main([word for word in arguments if word != "-v"], verbose="-v" in arguments)
