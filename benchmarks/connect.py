"""Server CPU per client that connects to ``/`` over WebSocket and leaves, against a bare `socketio.AsyncServer`.

``python -m benchmarks.connect [--rounds N] [VARIANT …]``

Unit: microseconds of the server process's CPU, from the HTTP request to the end of the connection.
Baseline: python-socketio's `AsyncServer` with defaults on uvicorn. Each round starts new processes, which
serve as many clients before as are measured.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .fresh import compare, cpu_when_quiet
from .load import Connection
from .report import arguments, heading

if TYPE_CHECKING:
    from .processes import ServerProcess

CLIENTS = 1500  # Node's compiler needs about so many before its figures are steady
AT_ONCE = 50


def seconds_per_connection(server: ServerProcess) -> float:
    """Return the server's CPU seconds per client, of `CLIENTS` of which `AT_ONCE` are connected at a time."""
    come_and_go(server)
    before = cpu_when_quiet(server)
    come_and_go(server)
    return (cpu_when_quiet(server) - before) / CLIENTS


def come_and_go(server: ServerProcess) -> None:
    """Connect clients one after another, and drop them in groups."""
    for _ in range(CLIENTS // AT_ONCE):
        for connection in [Connection(server) for _ in range(AT_ONCE)]:
            connection.close()


def main() -> None:
    """Run the benchmark from the command line."""
    options = arguments(".connect", __doc__, rounds=3, seconds=None).parse_args()
    heading("connect", "µs of server CPU per client that connects and leaves")
    compare("", options.variants, seconds_per_connection, rounds=options.rounds, scale=1e6)


if __name__ == "__main__":
    main()
