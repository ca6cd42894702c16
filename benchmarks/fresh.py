"""Costs that are measured in new processes, those of all variants in turn."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from .processes import ServerProcess, UnavailableError, omit, running
from .report import Pair, row
from .variants import BARE, VARIANTS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

QUIET_SECONDS = 0.3
SETTLE_SECONDS = 60.0


def compare(
    group: str,
    variants: Sequence[str],
    cost: Callable[[ServerProcess], float],
    *,
    rounds: int,
    scale: float,
) -> None:
    """Measure variants and the bare server, and print a row for each.

    Args:
        group: The first column.
        variants: Their names.
        cost: Loads a server, and returns what it cost.
        rounds: In each of them every variant has one new process.
        scale: From the unit of `cost` to the one that is printed.
    """
    costs_by_name: dict[str, list[float]] = {name: [] for name in (BARE, *variants)}
    for _ in range(rounds):
        for name in list(costs_by_name):
            try:
                with running(name) as server:
                    costs_by_name[name].append(cost(server))
            except UnavailableError as reason:
                omit(name, reason, baseline=BARE)
                del costs_by_name[name]
    for name, costs in costs_by_name.items():
        pairs = [
            Pair(cost=cost, baseline=bare) for cost, bare in zip(costs, costs_by_name[BARE], strict=True)
        ]
        row(group, VARIANTS[name].title, pairs, scale=scale)


def cpu_when_quiet(server: ServerProcess) -> float:
    """Return the server's CPU clock in seconds once it has stopped advancing."""
    deadline = time.monotonic() + SETTLE_SECONDS
    last = server.cpu()
    while time.monotonic() < deadline:
        time.sleep(QUIET_SECONDS)
        now = server.cpu()
        if now - last < QUIET_SECONDS / 100:
            return now
        last = now
    raise TimeoutError(f"{server.name} does not become idle")
