"""What connections cost the server, against a bare `socketio.AsyncServer`: to come and go, idle, and all at once.

``python -m benchmarks.connect [--rounds N] [--clients N] [--storms N] [VARIANT …]``

- connect: microseconds of the server's CPU per client, from the HTTP request to the end of the connection, of
  clients that come one after another. Each round starts new processes, which serve as many clients before as
  are measured: Node's compiler needs about so many before its figures are steady.
- idle: KB of resident memory per connected client, after a garbage collection in the server.
- at once: microseconds of the server's CPU per client, if `--clients` connect at the same time and vanish
  together, and how many of them a second were connected. `--storms` such storms, one process; the first warms up.
- RSS: what the process holds after its start and after each storm, whose clients are gone by then, in MB.

Baseline: python-socketio's `AsyncServer` with defaults on uvicorn.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .fresh import compare, cpu_when_quiet
from .load import Connection, connect_at_once
from .memory import allow_many_files, bytes_per_connection
from .processes import UnavailableError, omit, running
from .report import Pair, arguments, heading, positive, row
from .variants import BARE, VARIANTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .processes import ServerProcess

COMING = 1500
TOGETHER = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Storm:
    """Many clients that connected at the same time and are gone again.

    Attributes:
        cpu: Seconds of the server's CPU per client, its end included.
        per_second: Clients that were connected per second of wall-clock time.
        rss: The server's resident memory afterwards, in bytes.
    """

    cpu: float
    per_second: float
    rss: int


def seconds_per_connection(server: ServerProcess) -> float:
    """Return the server's CPU seconds per client, of `COMING` of which `TOGETHER` are connected at a time."""
    come_and_go(server)
    before = cpu_when_quiet(server)
    come_and_go(server)
    return (cpu_when_quiet(server) - before) / COMING


def come_and_go(server: ServerProcess) -> None:
    """Connect clients one after another, and drop them in groups."""
    for _ in range(COMING // TOGETHER):
        for connection in [Connection(server) for _ in range(TOGETHER)]:
            connection.close()


def measure_storm(server: ServerProcess, clients: int) -> Storm:
    """Let clients connect all at once, and vanish."""
    before = cpu_when_quiet(server)
    began = time.monotonic()
    connections = connect_at_once(server, clients)
    seconds = time.monotonic() - began
    for connection in connections:
        connection.close()
    spent = cpu_when_quiet(server) - before
    return Storm(cpu=spent / clients, per_second=clients / seconds, rss=server.rss())


def measure_storms(variants: Sequence[str], clients: int, *, storms: int) -> None:
    """Send storms to the bare server and to each variant, and print both tables."""
    heading(
        "at once", f"µs of server CPU per client, of {clients:,} that connect at the same time and vanish"
    )
    started: dict[str, int] = {}
    measured: dict[str, list[Storm]] = {}
    for name in (BARE, *variants):
        try:
            with running(name) as server:
                started[name] = server.rss()
                measured[name] = [measure_storm(server, clients) for _ in range(storms)]
        except UnavailableError as reason:
            omit(name, reason, baseline=BARE)
    for name, found in measured.items():
        pairs = [
            Pair(cost=storm.cpu, baseline=bare.cpu)
            for storm, bare in zip(found[1:], measured[BARE][1:], strict=True)
        ]
        row("at once", VARIANTS[name].title, pairs, scale=1e6)
    print(f"\n{'':12}{'variant':44}{'a second':>10}  RSS in MB, at the start and after each storm")
    for name, found in measured.items():
        rate = statistics.median(storm.per_second for storm in found[1:])
        memory = " ".join(f"{rss / 1e6:6.1f}" for rss in (started[name], *(storm.rss for storm in found)))
        print(f"{'at once':12}{VARIANTS[name].title:44}{rate:10.0f}  {memory}", flush=True)


def main() -> None:
    """Run the benchmark from the command line."""
    parser = arguments(".connect", __doc__, rounds=3, seconds=None)
    parser.add_argument(
        "--clients", type=positive(int), default=5_000, help="that connect at once; 5000 by default"
    )
    parser.add_argument(
        "--storms", type=int, default=5, help="how often they do, the first time to warm up; 5 by default"
    )
    options = parser.parse_args()
    if options.storms < 2:
        parser.error("--storms must be 2 at least, as the first one warms up")
    allow_many_files()
    heading("connect", "µs of server CPU per client that connects and leaves")
    compare("connect", options.variants, seconds_per_connection, rounds=options.rounds, scale=1e6)
    heading("idle", "KB of resident memory per idle connection")
    compare("idle", options.variants, bytes_per_connection, rounds=options.rounds, scale=1e-3)
    measure_storms(options.variants, options.clients, storms=options.storms)


if __name__ == "__main__":
    main()
