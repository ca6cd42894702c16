"""Two servers behind nginx, restarted one after the other while JavaScript clients send and receive.

Each client sends events, the next one when the last was answered; a script emits 20 numbers a second to all.
Prints, per row: connections refused, events lost and handled twice, numbers that clients received twice and in the wrong
order, numbers that clients missed while they were away (the median client, and all together), seconds away (median
and longest), and how many clients came back in the busiest second. Needs node, npm and nginx.
``python -m benchmarks.rolling [--clients N] [--drain SECONDS …] [--rate N] [--recovery]``
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
from pathlib import Path

from tests.cli.rolling import Outcome, roll
from tests.queues import queue_server

from .processes import node_modules


def main() -> None:
    """Run one restart for each time of draining."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--drain", type=float, nargs="+", default=[0.0, 5.0])
    parser.add_argument("--rate", type=float, default=1.0, help="events a second of each client")
    parser.add_argument("--recovery", action="store_true", help="let clients ask for what they missed")
    options = parser.parse_args()
    modules = node_modules(["socket.io-client@4"], "rolling")
    print(f"{options.clients} clients, {options.rate:g} events a second of each, socket.io-client 4")
    columns = ("drain", "refused", "lost", "twice", "received twice", "disordered", "missed", "away", "peak")
    print("".join(f"{column:>16}" for column in columns))
    for drain in options.drain:
        with queue_server() as url, tempfile.TemporaryDirectory() as folder:
            outcome = asyncio.run(
                roll(
                    Path(folder),
                    url,
                    modules,
                    clients=options.clients,
                    drain=drain,
                    rate=options.rate,
                    recovery=options.recovery,
                )
            )
        print("".join(f"{cell:>16}" for cell in _row(drain, outcome)), flush=True)


def _row(drain: float, outcome: Outcome) -> tuple[str, ...]:
    away = outcome.away
    return (
        f"{drain:g} s",
        str(outcome.total("refused")),
        f"{outcome.lost} of {outcome.total('answered')}",
        str(outcome.doubled),
        str(outcome.total("doubled")),
        str(outcome.total("disordered")),
        f"{statistics.median(client['missed'] for client in outcome.clients):g}, {outcome.total('missed')}",
        f"{statistics.median(away):.1f}, {away[-1]:.1f} s",
        f"{outcome.peak} in 1 s",
    )


if __name__ == "__main__":
    main()
