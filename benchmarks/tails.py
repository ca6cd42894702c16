"""Round-trip times of small events, alone and beside a client that floods, against a bare `socketio.AsyncServer`.

``python -m benchmarks.tails [--rounds N] [--seconds S] [VARIANT …]``

Unit: milliseconds from the write of an event to the read of its ack. Twenty clients send 400 events a second
together, whether or not earlier ones were answered. The flooding client is a process of its own that always has
64 events in flight, so the server is never idle. The servers take turns within a round; the figures are medians
of the percentiles of each round. Baseline: python-socketio's `AsyncServer` with defaults on uvicorn, under the
same load. What else runs on the machine is in these figures.
"""

from __future__ import annotations

import itertools
import multiprocessing
import select
import statistics
import time
from collections import defaultdict, deque
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .load import Connection, LoadError, echo_load
from .processes import all_running
from .report import Pair, arguments, heading, row
from .variants import BARE, VARIANTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .load import Load
    from .processes import ServerProcess

EVENT = "flat"
PROBES, EVENTS_PER_SECOND = 20, 400
IN_FLIGHT = 64
PERCENTILES = ("p50", "p99", "p99.9")
ANSWER_SECONDS = 10.0
_BUFFER = bytearray(1 << 18)


def flood(server: ServerProcess) -> None:
    """Keep events in flight until the process is ended."""
    load = echo_load(server, [Connection(server)], EVENT)
    sock, rest = load.connections[0].sock, 0
    sock.sendall(load.frame * IN_FLIGHT)
    while received := sock.recv_into(_BUFFER):
        answers, rest = divmod(rest + received, load.expected)
        sock.sendall(load.frame * answers)


@contextmanager
def flooded(server: ServerProcess) -> Iterator[None]:
    """Flood a server within a block."""
    process = multiprocessing.get_context("fork").Process(target=flood, args=(server,))
    process.start()
    try:
        yield
    finally:
        process.kill()
        process.join()


def probe(load: Load, seconds: float) -> list[float]:
    """Send events at a steady rate, and return how long each took, in seconds.

    Raises:
        LoadError: An answer is late by `ANSWER_SECONDS`.
    """
    sent: dict[int, deque[float]] = {}
    partial = dict.fromkeys((connection.fileno for connection in load.connections), 0)
    socks = {connection.fileno: connection.sock for connection in load.connections}
    times: list[float] = []
    start, number, total = time.perf_counter(), 0, int(seconds * EVENTS_PER_SECOND)
    with select.epoll() as epoll:
        for fileno in socks:
            sent[fileno] = deque()
            epoll.register(fileno, select.EPOLLIN)
        while len(times) < total:
            now = time.perf_counter()
            due = start + number / EVENTS_PER_SECOND
            if number < total and due <= now:
                connection = load.connections[number % PROBES]
                sent[connection.fileno].append(now)
                connection.sock.sendall(load.frame)
                number += 1
                continue
            if now > start + seconds + ANSWER_SECONDS:
                raise LoadError(f"{load.server.name}: {total - len(times)} answers did not come")
            for fileno, _ in epoll.poll(due - now if number < total else ANSWER_SECONDS):
                received = socks[fileno].recv_into(_BUFFER)
                answers, partial[fileno] = divmod(partial[fileno] + received, load.expected)
                read = time.perf_counter()
                times += [read - sent[fileno].popleft() for _ in range(answers)]
    return times


def percentiles(times: Sequence[float]) -> tuple[float, ...]:
    """Return those that `PERCENTILES` names."""
    cuts = statistics.quantiles(times, n=1000, method="inclusive")
    return cuts[499], cuts[989], cuts[998]


def measure(variants: Sequence[str], *, rounds: int, seconds: float) -> None:
    """Measure all servers, and print a row for each, each percentile, without and with the flood."""
    found: dict[tuple[bool, str], list[tuple[float, ...]]] = defaultdict(list)
    with all_running(BARE, variants) as (baseline, others):
        servers = [baseline, *others]
        loads = [echo_load(server, [Connection(server) for _ in range(PROBES)], EVENT) for server in servers]
        for _ in range(rounds):
            for load in loads:
                found[False, load.server.name].append(percentiles(probe(load, seconds)))
                with flooded(load.server):
                    found[True, load.server.name].append(percentiles(probe(load, seconds)))
    heading("tails", "ms per round trip")
    for flooding, place in itertools.product((False, True), range(len(PERCENTILES))):
        for server in servers:
            pairs = [
                Pair(cost=costs[place], baseline=bare[place])
                for costs, bare in zip(
                    found[flooding, server.name], found[flooding, baseline.name], strict=True
                )
            ]
            group = f"{'flood' if flooding else 'alone'} {PERCENTILES[place]}"
            row(group, VARIANTS[server.name].title, pairs, scale=1e3)


def main() -> None:
    """Run the benchmark from the command line."""
    options = arguments(".tails", __doc__, rounds=5, seconds=2.0).parse_args()
    measure(options.variants, rounds=options.rounds, seconds=options.seconds)


if __name__ == "__main__":
    main()
