"""Run the fault suite on our server and on the bare one: ``python -m tests.wire.report``.

Prints a row per fault, and the share of faults that each server passes. Words given as arguments
choose the faults whose names contain one; ``-v`` adds what went wrong.
"""

# ruff: noqa: T201 - a script prints
from __future__ import annotations

import asyncio
import logging
import sys
from collections import Counter
from typing import TYPE_CHECKING

from .faults import judge
from .faults_stopping import STOPS, Stop, judge_stop
from .stages import bare, on_stage, ours
from .suite import FAULTS

if TYPE_CHECKING:
    from .faults import Fault
    from .stages import Factory


SERVERS: dict[str, Factory] = {"ours": ours, "bare": bare}


def verdict(fault: Fault | Stop, name: str) -> list[str]:
    """Judge a fault on a server of its own, so that no fault inherits another's damage."""
    if isinstance(fault, Stop):
        return asyncio.run(judge_stop(fault, name))
    with on_stage(SERVERS[name], **fault.options) as stage:
        return asyncio.run(judge(fault, stage))


def main(words: list[str], *, verbose: bool) -> None:
    """Print the table."""
    logging.lastResort = None
    everything: list[Fault | Stop] = [*FAULTS, *STOPS]
    chosen = [fault for fault in everything if not words or any(word in fault.id for word in words)]
    passed: Counter[tuple[str, str]] = Counter()
    for fault in chosen:
        problems = {name: verdict(fault, name) for name in SERVERS}
        for name, found in problems.items():
            passed[name, fault.kind] += not found
        print(
            f"{fault.id:<75}" + "  ".join(f"{name} {'-' if problems[name] else 'ok':<4}" for name in SERVERS),
            flush=True,
        )
        if verbose:
            for name, found in problems.items():
                for problem in found:
                    print(f"    {name}: {problem[:300]}", flush=True)
    print()
    for kind in [*dict.fromkeys(fault.kind for fault in chosen), "all"]:
        kinds = [fault.kind for fault in chosen if kind in {"all", fault.kind}]
        shares = (sum(passed[name, one] for one in set(kinds)) for name in SERVERS)
        print(
            f"| {kind} | {len(kinds)} | " + " | ".join(f"{share / len(kinds):.0%}" for share in shares) + " |"
        )


if __name__ == "__main__":
    arguments = sys.argv[1:]
    main([word for word in arguments if word != "-v"], verbose="-v" in arguments)
