"""Memory per idle WebSocket connection, and the cost of a disconnect, against a bare `socketio.AsyncServer`.

Units: bytes of resident memory per connection, after a garbage collection in the server;
microseconds of the server process's CPU per client that vanishes while others stay connected.
Baseline: python-socketio's `AsyncServer` with defaults on uvicorn. Each round starts new processes.
"""

from __future__ import annotations

import resource
from typing import TYPE_CHECKING

from .fresh import compare, cpu_when_quiet
from .load import Connection
from .report import arguments, heading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .processes import ServerProcess

# The first connections include one-time allocations.
WARM_CONNECTIONS = 200
IDLE_CONNECTIONS = 2000
VANISHING = 200
STAYING = (1000, 5000)


def allow_many_files() -> None:
    """Let this process have as many sockets as the system allows."""
    most_files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most_files))


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
    before = cpu_when_quiet(server)
    for connection in vanish:
        connection.close()
    spent = cpu_when_quiet(server) - before
    for connection in stay:
        connection.close()
    return spent / VANISHING


def measure(variants: Sequence[str], *, rounds: int) -> None:
    """Measure all variants and print both tables."""
    heading("memory", "KB of resident memory per idle connection")
    compare("idle", variants, bytes_per_connection, rounds=rounds, scale=1e-3)
    heading("disconnect", "µs of server CPU per client that vanishes")
    for staying in STAYING:

        def cost(server: ServerProcess, staying: int = staying) -> float:
            return seconds_per_disconnect(server, staying)

        compare(f"of {staying:,}", variants, cost, rounds=rounds, scale=1e6)


def main() -> None:
    """Run the benchmark from the command line."""
    options = arguments(".memory", __doc__, rounds=3, seconds=None).parse_args()
    allow_many_files()
    measure(options.variants, rounds=options.rounds)


if __name__ == "__main__":
    main()
