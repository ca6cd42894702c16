"""Server CPU per event of a validated echo with ack, against a bare `socketio.AsyncServer`.

``python -m benchmarks.echo [--rounds N] [--seconds S] [--events flat nested list] [--baseline VARIANT] [VARIANT …]``

Unit: microseconds of the server process's CPU per event. Baseline: python-socketio's `AsyncServer`
with defaults on uvicorn (asyncio, h11 and the standard library's JSON), which validates nothing, or
another variant: ``--baseline ours ours-pydantic ours-msgspec --events nested`` shows what models of
1 KB cost in both directions, and ``--baseline bare-tuned`` compares with a bare server that has
uvloop, httptools and orjson, too. In every round each
variant and the baseline are loaded concurrently, by 20 clients each with one event in flight, and
compared; the figures are medians over the rounds, so that other activity of the machine affects both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .contract import PAYLOADS, SIZES
from .load import Connection, drive, echo_load
from .processes import ServerProcess, all_running
from .report import Pair, arguments, heading, row
from .variants import BARE, VARIANTS

if TYPE_CHECKING:
    from collections.abc import Sequence

CONNECTIONS = 20
WARM_SECONDS = 0.3


def measure(
    variants: Sequence[str], events: Sequence[str], *, baseline_name: str, rounds: int, seconds: float
) -> None:
    """Run all pairs and print the table."""
    heading("validated echo with ack", "µs of server CPU per event")
    with all_running(baseline_name, variants) as (baseline, servers):
        connections = {
            server: [Connection(server) for _ in range(CONNECTIONS)] for server in (baseline, *servers)
        }
        for event in events:
            group = f"{SIZES[event]} B"
            pairs: dict[ServerProcess, list[Pair]] = {server: [] for server in servers}
            for server, clients in connections.items():
                drive([echo_load(server, clients, event)], WARM_SECONDS)
            for _ in range(rounds):
                for server in servers:
                    ours = echo_load(server, connections[server], event)
                    bare = echo_load(baseline, connections[baseline], event)
                    drive([ours, bare], seconds)
                    pairs[server].append(Pair(cost=ours.cpu / ours.done, baseline=bare.cpu / bare.done))
            every = [
                Pair(cost=pair.baseline, baseline=pair.baseline) for costs in pairs.values() for pair in costs
            ]
            row(group, VARIANTS[baseline_name].title, every, scale=1e6)
            for server in servers:
                row(group, VARIANTS[server.name].title, pairs[server], scale=1e6)


def main() -> None:
    """Run the benchmark from the command line."""
    parser = arguments(".echo", __doc__)
    parser.add_argument("--events", nargs="+", choices=list(PAYLOADS), default=list(PAYLOADS))
    parser.add_argument("--baseline", choices=list(VARIANTS), default=BARE)
    options = parser.parse_args()
    measure(
        options.variants,
        options.events,
        baseline_name=options.baseline,
        rounds=options.rounds,
        seconds=options.seconds,
    )


if __name__ == "__main__":
    main()
