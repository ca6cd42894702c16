"""Round-trip time of a validated echo on one idle connection, against a bare `socketio.AsyncServer`.

Unit: microseconds from the write of an event to the read of its ack, median of a round. Baseline:
python-socketio's `AsyncServer` with defaults on uvicorn. One event at a time; the servers take turns
within a round. Only this figure includes the time of the network and the load generator.
"""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

from .contract import PAYLOADS, SIZES
from .load import Connection, LoadError, client_frame, event_text
from .processes import all_running
from .report import Pair, arguments, heading, row
from .variants import BARE, VARIANTS

if TYPE_CHECKING:
    from collections.abc import Sequence

EVENT = "flat"


def median_seconds(connection: Connection, seconds: float) -> float:
    """Return the median of all round trips within `seconds`, after one whose answer is checked."""
    answer, _ = connection.ask(EVENT, PAYLOADS[EVENT])
    if answer != [PAYLOADS[EVENT]]:
        raise LoadError(f"{EVENT!r} was answered with {str(answer)[:200]}")
    frame = client_frame(event_text(EVENT, PAYLOADS[EVENT]))
    times: list[float] = []
    until = time.perf_counter() + seconds
    while (start := time.perf_counter()) < until or not times:
        connection.sock.sendall(frame)
        connection.read_frame()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def measure(variants: Sequence[str], *, rounds: int, seconds: float) -> None:
    """Measure all servers and print the table."""
    heading("latency of a validated echo", "µs per round trip, one idle connection, p50")
    with all_running(BARE, variants) as (baseline, others):
        connections = {server.name: Connection(server) for server in (baseline, *others)}
        medians = [
            {name: median_seconds(connection, seconds) for name, connection in connections.items()}
            for _ in range(rounds)
        ]
    for name in connections:
        pairs = [Pair(cost=costs[name], baseline=costs[baseline.name]) for costs in medians]
        row(f"{SIZES[EVENT]} B", VARIANTS[name].title, pairs, scale=1e6)


def main() -> None:
    """Run the benchmark from the command line."""
    options = arguments(".latency", __doc__, seconds=0.3).parse_args()
    measure(options.variants, rounds=options.rounds, seconds=options.seconds)


if __name__ == "__main__":
    main()
