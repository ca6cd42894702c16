"""Memory per idle WebSocket connection, and the cost of a disconnect, against a bare `socketio.AsyncServer`.

Units: bytes of resident memory per connection, after a garbage collection in the server;
microseconds of the server process's CPU per client that vanishes while others stay connected.
Baseline: python-socketio's `AsyncServer` with defaults on uvicorn. Each round starts new processes.
"""

from __future__ import annotations

import resource
import time
from typing import TYPE_CHECKING

from .load import Connection
from .processes import ServerProcess, UnavailableError, running
from .report import Pair, arguments, heading, row
from .variants import BARE, VARIANTS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# The first connections include one-time allocations.
WARM_CONNECTIONS = 200
IDLE_CONNECTIONS = 2000
VANISHING = 200
STAYING = (1000, 5000)
QUIET_SECONDS = 0.3
SETTLE_SECONDS = 60.0


def bytes_per_connection(server: ServerProcess) -> float:
    """Return the resident bytes that an idle client adds to a server that has served some."""
    first, *_ = kept = [Connection(server) for _ in range(WARM_CONNECTIONS)]
    first.collect_garbage()
    before = server.rss()
    kept += [Connection(server) for _ in range(IDLE_CONNECTIONS)]
    first.collect_garbage()
    grown = server.rss() - before
    for connection in kept:
        connection.close()
    return grown / IDLE_CONNECTIONS


def seconds_per_disconnect(server: ServerProcess, staying: int) -> float:
    """Return the server's CPU seconds per vanishing client while `staying` others are connected."""
    stay = [Connection(server) for _ in range(staying)]
    vanish = [Connection(server) for _ in range(VANISHING)]
    stay[0].collect_garbage()
    before = _cpu_when_quiet(server)
    for connection in vanish:
        connection.close()
    spent = _cpu_when_quiet(server) - before
    for connection in stay:
        connection.close()
    return spent / VANISHING


def _cpu_when_quiet(server: ServerProcess) -> float:
    """Return the server's CPU clock once it has stopped advancing."""
    deadline = time.monotonic() + SETTLE_SECONDS
    last = server.cpu()
    while time.monotonic() < deadline:
        time.sleep(QUIET_SECONDS)
        now = server.cpu()
        if now - last < QUIET_SECONDS / 100:
            return now
        last = now
    raise TimeoutError(f"{server.name} does not become idle")


def measure(variants: Sequence[str], *, rounds: int) -> None:
    """Measure all variants and print both tables."""
    heading("memory", "KB of resident memory per idle connection")
    _table("idle", variants, bytes_per_connection, rounds=rounds, scale=1e-3)
    heading("disconnect", "µs of server CPU per client that vanishes")
    for staying in STAYING:

        def cost(server: ServerProcess, staying: int = staying) -> float:
            return seconds_per_disconnect(server, staying)

        _table(f"of {staying:,}", variants, cost, rounds=rounds, scale=1e6)


def _table(
    group: str,
    variants: Sequence[str],
    cost: Callable[[ServerProcess], float],
    *,
    rounds: int,
    scale: float,
) -> None:
    costs_by_name: dict[str, list[float]] = {name: [] for name in (BARE, *variants)}
    for _ in range(rounds):
        for name in list(costs_by_name):
            try:
                with running(name) as server:
                    costs_by_name[name].append(cost(server))
            except UnavailableError as reason:
                del costs_by_name[name]
                print(f"omitted: {name}: {reason}")
    for name, costs in costs_by_name.items():
        pairs = [
            Pair(cost=cost, baseline=bare) for cost, bare in zip(costs, costs_by_name[BARE], strict=True)
        ]
        row(group, VARIANTS[name].title, pairs, scale=scale)


def main() -> None:
    """Run the benchmark from the command line."""
    options = arguments(".memory", __doc__, rounds=3).parse_args()
    most_files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most_files))
    measure(options.variants, rounds=options.rounds)


if __name__ == "__main__":
    main()
