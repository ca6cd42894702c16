"""Events that `asynction-asgi run` answers in a second with several workers, compared with one.

``python -m benchmarks.workers [--workers N …] [--rounds N] [--seconds S]``

Unit: validated echoes with ack a second, of 98 bytes, from 64 clients that each have one in flight. Baseline: one
worker in the same round. All are on a message queue, as several workers must be. The clients run in a process for
each CPU, on the same CPUs as the servers: on two of them, two workers can't be twice as fast. Each worker is a
process, so the CPU of an event is as in `echo`.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from tests.ports import free_port
from tests.queues import queue_server

from .apps import ours
from .load import Connection, drive, echo_load
from .processes import START_SECONDS, ServerProcess
from .report import command_line, positive
from .variants import VARIANTS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.synchronize import Barrier

EVENT = "flat"
CLIENTS = 64
WARM_SECONDS = 0.5
_QUEUE = "BENCHMARK_QUEUE"


def __getattr__(name: str) -> Any:
    """Return the application that each worker imports as ``benchmarks.workers:app``."""
    if name != "app":
        raise AttributeError(name)
    return ours(VARIANTS["ours-run"], transports=["websocket"], message_queue=os.environ[_QUEUE])


@contextlib.contextmanager
def running(workers: int, queue: str) -> Iterator[ServerProcess]:
    """Serve with so many workers within a block, which begins when all of them accept clients."""
    port = free_port()
    command = [sys.executable, "-m", "asynction_asgi", "run", "benchmarks.workers:app"]
    options = ["--workers", str(workers), "--port", str(port), "--no-access-log"]
    with (
        tempfile.TemporaryFile("w+") as log,
        subprocess.Popen(
            [*command, *options],
            cwd=Path(__file__).resolve().parent.parent,
            env={**os.environ, _QUEUE: queue},
            stderr=log,
        ) as process,
    ):
        try:
            _wait(process, log, "Uvicorn running" if workers == 1 else f"All {workers} workers accept")
            yield ServerProcess(f"{workers} workers", process.pid, port)
        finally:
            process.terminate()


def _wait(process: subprocess.Popen[bytes], log: IO[str], line: str) -> None:
    """Wait until the server has logged that it accepts clients; exit if it does not."""
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        log.seek(0)
        if line in log.read():
            return
        time.sleep(0.1)
    log.seek(0)
    sys.exit(f"the server did not start:\n{log.read()}")


def throughput(server: ServerProcess, seconds: float) -> float:
    """Return the events that all clients together had answered in a second.

    Raises:
        Exception: What a client raised first.
    """
    count = min(os.cpu_count() or 1, CLIENTS)
    context = multiprocessing.get_context("fork")
    barrier, results = context.Barrier(count), context.SimpleQueue()
    loaders = [
        context.Process(target=_load, args=(server, clients, seconds, barrier, results.put))
        for clients in shares(CLIENTS, count)
    ]
    for loader in loaders:
        loader.start()
    found: list[float | Exception] = [results.get() for _ in loaders]
    for loader in loaders:
        loader.join()
    for failure in (result for result in found if isinstance(result, Exception)):
        raise failure
    return sum(rate for rate in found if not isinstance(rate, Exception))


def shares(clients: int, loaders: int) -> list[int]:
    """Return how many clients each loader has, as even as whole numbers can be."""
    fewest, remainder = divmod(clients, loaders)
    return [fewest + (number < remainder) for number in range(loaders)]


def _load(server: ServerProcess, clients: int, seconds: float, barrier: Barrier, report: Any) -> None:
    try:
        load = echo_load(server, [Connection(server) for _ in range(clients)], EVENT)
        drive([load], WARM_SECONDS)
        barrier.wait()
        warm, began = load.done, time.monotonic()
        drive([load], seconds)
        report((load.done - warm) / (time.monotonic() - began))
    except Exception as error:  # noqa: BLE001  # the parent raises it
        report(error)  # before the others are released, which then report a broken barrier
        barrier.abort()


def main() -> None:
    """Run the benchmark from the command line."""
    parser = command_line(".workers", __doc__)
    parser.add_argument("--workers", type=positive(int), nargs="+", default=[2])
    parser.add_argument("--rounds", type=positive(int), default=5)
    parser.add_argument("--seconds", type=positive(float), default=2.0)
    options = parser.parse_args()
    numbers = [1, *(number for number in options.workers if number != 1)]
    found: dict[int, list[float]] = {number: [] for number in numbers}
    with contextlib.ExitStack() as stack:
        queue = stack.enter_context(queue_server())
        servers = {number: stack.enter_context(running(number, queue)) for number in numbers}
        for _ in range(options.rounds):
            for number, server in servers.items():
                found[number].append(throughput(server, options.seconds))
    print(f"{'workers':>8}{'a second':>12}{'ratio':>8}")
    for number, rates in found.items():
        ratio = statistics.median(rate / one for rate, one in zip(rates, found[1], strict=True))
        print(f"{number:8}{statistics.median(rates):12,.0f}{ratio:8.2f}")


if __name__ == "__main__":
    main()
