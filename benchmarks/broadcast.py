"""Server CPU per recipient of a validated broadcast to 1,000 clients, against a bare `socketio.AsyncServer`.

Unit: microseconds of the server process's CPU per recipient. Baseline: python-socketio's
`AsyncServer` with defaults on uvicorn, which validates nothing. One client of each server requests
the next broadcast as soon as the last one was acknowledged. In every round a variant and the
baseline are loaded concurrently, and the clock is read when every recipient has received every byte.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from .contract import SIZES
from .load import Connection, broadcast_load, drive
from .processes import ServerProcess, all_running
from .report import Pair, arguments, heading, row
from .variants import BARE, VARIANTS

if TYPE_CHECKING:
    from collections.abc import Sequence

RECIPIENTS = 1000
WARM_SECONDS = 0.2
# Recipients read after each round, so all broadcasts of a round must fit their buffers, which hold
# about 400.
ROUND_SECONDS = 1.5
MOST_SECONDS = 3.0


def measure(variants: Sequence[str], *, rounds: int, seconds: float) -> None:
    """Run all pairs and print the table."""
    heading(f"validated broadcast to {RECIPIENTS:,} clients", "µs of server CPU per recipient")
    with all_running(BARE, variants) as (baseline, servers):
        loads = {}
        for server in (baseline, *servers):
            loads[server] = broadcast_load(server, [Connection(server) for _ in range(RECIPIENTS)])
            drive([loads[server]], WARM_SECONDS)
        pairs: dict[ServerProcess, list[Pair]] = {server: [] for server in servers}
        for _ in range(rounds):
            for server in servers:
                both = [loads[server], loads[baseline]]
                for load in both:
                    load.done, load.cpu = 0, 0.0
                drive(both, seconds)
                cost, bare = (load.cpu / load.done / RECIPIENTS for load in both)
                pairs[server].append(Pair(cost=cost, baseline=bare))
        every = [
            Pair(cost=pair.baseline, baseline=pair.baseline) for costs in pairs.values() for pair in costs
        ]
        row(f"{SIZES['flat']} B", VARIANTS[BARE].title, every, scale=1e6)
        for server in servers:
            row(f"{SIZES['flat']} B", VARIANTS[server.name].title, pairs[server], scale=1e6)


def main() -> None:
    """Run the benchmark from the command line."""
    options = arguments(".broadcast", __doc__, seconds=ROUND_SECONDS).parse_args()
    if options.seconds > MOST_SECONDS:
        sys.exit(
            f"recipients can't buffer more than {MOST_SECONDS:.0f} seconds of broadcasts; use fewer --seconds"
        )
    measure(options.variants, rounds=options.rounds, seconds=options.seconds)


if __name__ == "__main__":
    main()
