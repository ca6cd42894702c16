"""Three processes on one Redis: messages that faults lose, double and reorder, delays, and the cost of an emit.

Every variant runs in the same order within each round, on its own broker, which the faults kill, pause
or make close its connections. A emits, a client of B listens, C has no clients. Units: messages of those
emitted, milliseconds from emit to receipt, and µs of CPU per emit in each process.
``python -m benchmarks.cluster [--variant NAME …] [--table cpu] [--count N] [--rate N] [--slow]``
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import signal
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from redis.asyncio import Redis
from websockets.asyncio.client import connect

from tests.queues import Broker, running_broker

from .processes import ServerProcess, UnavailableError, announced_port, node_modules, node_script
from .report import command_line

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterator

NODE_PACKAGES = (
    "socket.io@4",
    "redis@5",
    "@socket.io/redis-adapter@8",
    "@socket.io/redis-streams-adapter@0.3",
)
VARIANTS = {
    "ours, stream": ("ours", "redis+stream"),
    "ours, pub/sub": ("ours", "redis"),
    "python-socketio": ("bare", "redis"),
    "Node, streams": ("node", "stream"),
    "Node, pub/sub": ("node", "pubsub"),
}
QUIET_SECONDS, ANSWER_SECONDS = 4.0, 240.0
BACK_SECONDS, STOPPED_SECONDS = 1.0, 5.0
SLOW_SECONDS = 60.0


@dataclass(slots=True)
class Received:
    """What a client received.

    Attributes:
        numbers: The numbers in the order of their arrival.
        lags: Milliseconds from emit to receipt.
        last: The time of the last message, as of `time.monotonic`.
    """

    numbers: list[int] = field(default_factory=list)
    lags: list[float] = field(default_factory=list)
    last: float = 0.0

    def row(self, count: int) -> str:
        """Format losses, doubles, inversions and delays."""
        distinct = set(self.numbers)
        first = list(dict.fromkeys(self.numbers))
        inversions = sum(1 for number, following in itertools.pairwise(first) if following < number)
        lags = sorted(self.lags) or [float("nan")]
        p50, p99 = lags[len(lags) // 2], lags[int(len(lags) * 0.99)]
        doubles = len(self.numbers) - len(distinct)
        return f"{count - len(distinct):8}{doubles:8}{inversions:8}{p50:10.1f}{p99:10.0f}{lags[-1]:10.0f}"


class Client:
    """A raw client that records what it receives."""

    def __init__(self, raw: Any) -> None:
        self.received = Received()
        self._raw = raw
        self._answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    async def read(self) -> None:
        """Read until the connection ends."""
        async for message in self._raw:
            text = str(message)
            if text.startswith('42["n"'):
                body = json.loads(text[2:])[1]
                now = time.time()
                self.received.numbers.append(body["i"])
                self.received.lags.append((now - body["at"]) * 1000)
                self.received.last = time.monotonic()
            elif text.startswith("43"):
                self._answer.set_result(json.loads(text[text.index("[") :])[0])
            elif text == "2":
                await self._raw.send("3")

    async def flood(self, count: int, rate: float, size: int) -> float:
        """Let the client's server emit, and return the longest emit in seconds."""
        self._answer = asyncio.get_running_loop().create_future()
        await self._raw.send(f"421{json.dumps(['flood', count, rate, size])}")
        longest = await asyncio.wait_for(self._answer, ANSWER_SECONDS)
        return float(longest)

    async def quiet(self) -> None:
        """Wait until no message has arrived for some seconds."""
        self.received.last = time.monotonic()
        while time.monotonic() - self.received.last < QUIET_SECONDS:  # noqa: ASYNC110  # another task reads
            await asyncio.sleep(0.1)


@contextlib.asynccontextmanager
async def joined(server: ServerProcess) -> AsyncIterator[Client]:
    """Connect a client to the namespace "/"."""
    url = f"ws://127.0.0.1:{server.port}/socket.io/?EIO=4&transport=websocket"
    async with connect(url, max_size=None, compression=None, proxy=None, ping_interval=None) as raw:
        await raw.recv()
        await raw.send("40")
        await raw.recv()
        client = Client(raw)
        reading = asyncio.get_running_loop().create_task(client.read())
        yield client
        reading.cancel()
        await asyncio.wait([reading])


@contextlib.contextmanager
def started(variant: str, broker: Broker) -> Iterator[ServerProcess]:
    """Run a process of a variant.

    Raises:
        UnavailableError: The process did not start.
    """
    kind, how = VARIANTS[variant]
    environment = dict(os.environ)
    if kind == "node":
        environment["NODE_PATH"] = str(node_modules(NODE_PACKAGES, "cluster"))
        command = node_script("cluster.js", how, broker.url)
    else:
        url = broker.url.replace("redis:", f"{how}:")
        command = [sys.executable, "-m", "benchmarks.cluster_server", kind, url]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            port = announced_port(process)
            if port is None:
                raise UnavailableError("it did not start in time")
            yield ServerProcess(variant, process.pid, port)
        finally:
            process.kill()


@contextlib.asynccontextmanager
async def cluster(variant: str, broker: Broker) -> AsyncIterator[tuple[list[ServerProcess], Client, Client]]:
    """Run three processes with a client of the first and one of the second, once they are connected."""
    async with contextlib.AsyncExitStack() as stack:
        servers = [stack.enter_context(started(variant, broker)) for _ in range(3)]
        here = await stack.enter_async_context(joined(servers[0]))
        there = await stack.enter_async_context(joined(servers[1]))
        async with asyncio.timeout(20):
            while not there.received.numbers:
                await here.flood(1, 100.0, 20)
                await asyncio.sleep(0.1)
        await asyncio.sleep(1.0)
        there.received = Received()
        yield servers, here, there


async def kill(broker: Broker) -> None:
    """Kill the broker, and restart it empty."""
    await asyncio.to_thread(broker.end, signal.SIGKILL)
    await asyncio.sleep(BACK_SECONDS)
    await asyncio.to_thread(broker.start)


async def stop(broker: Broker) -> None:
    """Pause the broker."""
    broker.send_signal(signal.SIGSTOP)
    await asyncio.sleep(STOPPED_SECONDS)
    broker.send_signal(signal.SIGCONT)


async def cut(broker: Broker) -> None:
    """Close every connection of the broker, three times."""
    for _ in range(3):
        async with Redis.from_url(broker.url) as client:
            for kind in ("normal", "pubsub"):
                await client.client_kill_filter(_type=kind, skipme=True)
        await asyncio.sleep(0.5)


async def away(broker: Broker) -> None:
    """Stop the broker for a minute."""
    await asyncio.to_thread(broker.end, signal.SIGKILL)
    await asyncio.sleep(SLOW_SECONDS)
    await asyncio.to_thread(broker.start)


async def none(_: Broker) -> None:
    """Cause no fault."""


FAULTS: dict[str, Callable[[Broker], Coroutine[Any, Any, None]]] = {
    "no fault": none,
    f"broker killed, empty and back after {BACK_SECONDS:g} s": kill,
    f"broker stopped for {STOPPED_SECONDS:g} s": stop,
    "connections ended by the broker, three times": cut,
}


async def faulted(variant: str, fault: str, *, count: int, rate: float) -> str:
    """Run a variant with a fault, and return its row."""
    act = away if fault == "broker away for a minute" else FAULTS[fault]
    if act is away:
        count = int(rate * (SLOW_SECONDS + 15))
    with running_broker() as broker:
        async with cluster(variant, broker) as (_, here, there):
            flood = asyncio.ensure_future(here.flood(count, rate, 20))
            await asyncio.sleep(count / rate / 4)
            await act(broker)
            try:
                longest = await flood
            except TimeoutError:
                longest = float("nan")
            await there.quiet()
            return f"{there.received.row(count)}{longest:10.2f}"


async def costs(variant: str, *, count: int, size: int) -> list[float]:
    """Return µs of CPU per emit at A, B and C; the client sends one request and reads one answer."""
    with running_broker() as broker:
        async with cluster(variant, broker) as (servers, here, there):
            before = [server.cpu() for server in servers]
            await here.flood(count, 4000.0, size)
            async with asyncio.timeout(30):
                while len(there.received.numbers) < count:  # noqa: ASYNC110  # as above
                    await asyncio.sleep(0.02)
            return [(server.cpu() - old) / count * 1e6 for server, old in zip(servers, before, strict=True)]


async def show_faults(variants: list[str], *, count: int, rate: float, slow: bool) -> None:
    """Print the effect of each fault on each variant."""
    print(f"\nFaults: of {count} emits at {rate:g}/s; lag in ms; the longest emit in s")
    columns = f"{'lost':>8}{'doubled':>8}{'swapped':>8}{'p50':>10}{'p99':>10}{'max':>10}{'emit':>10}"
    print(f"{'':48}{'variant':18}{columns}")
    for fault in [*FAULTS, *(["broker away for a minute"] if slow else [])]:
        for variant in list(variants):
            try:
                line = await faulted(variant, fault, count=count, rate=rate)
            except UnavailableError as reason:
                variants.remove(variant)
                print(f"omitted: {variant}: {reason}", file=sys.stderr)
            except TimeoutError:
                print(f"{fault:48}{variant:18} timed out", flush=True)
            else:
                print(f"{fault:48}{variant:18}{line}", flush=True)


async def show_costs(variants: list[str], *, rounds: int) -> None:
    """Print the cost of an emit in each process of each variant."""
    print(f"\nCPU: µs per emit of 200 bytes; median of {rounds} rounds, each of every variant")
    print(f"{'':18}{'A emits':>10}{'B, a client':>14}{'C, no client':>12}")
    figures: dict[str, list[list[float]]] = {variant: [] for variant in variants}
    for _ in range(rounds):
        for variant in list(figures):
            try:
                figures[variant].append(await costs(variant, count=2000, size=150))
            except UnavailableError as reason:
                del figures[variant]
                print(f"omitted: {variant}: {reason}", file=sys.stderr)
            except TimeoutError:
                print(f"{variant}: a round timed out", file=sys.stderr)
    for variant, rows in figures.items():
        if rows:
            a, b, c = (statistics.median(column) for column in zip(*rows, strict=True))
            print(f"{variant:18}{a:10.0f}{b:14.0f}{c:12.0f}", flush=True)


def main() -> None:
    """Print the tables."""
    parser = command_line(".cluster", __doc__)
    parser.add_argument(
        "--variant", action="append", choices=list(VARIANTS), help="a variant to run; may be repeated"
    )
    parser.add_argument("--table", choices=["faults", "cpu"], help="print only this table")
    parser.add_argument("--count", type=int, default=5000, help="emits per row")
    parser.add_argument("--rate", type=float, default=1000.0, help="emits per second")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of the CPU table")
    parser.add_argument("--slow", action="store_true", help="include an outage of a minute")
    options = parser.parse_args()
    variants = options.variant or list(VARIANTS)
    if options.table != "faults":
        asyncio.run(show_costs(variants, rounds=options.rounds))
    if options.table != "cpu":
        asyncio.run(show_faults(variants, count=options.count, rate=options.rate, slow=options.slow))


if __name__ == "__main__":
    main()
