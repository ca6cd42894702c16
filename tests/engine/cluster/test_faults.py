"""What becomes of messages where the broker, a connection or a process fails; all of them real."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from redis.asyncio import Redis

from tests.queues import Broker, running_broker

from .processes import acquainted, pair, processes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from .processes import Client

SECRET = "the secret of the tests"
KINDS = ["redis", "redis+stream"]


@pytest.fixture
def broker(request: pytest.FixtureRequest) -> Iterator[Broker]:
    """A broker of the test's own, which it may kill."""
    kind = request.node.callspec.params.get("kind", "") if hasattr(request.node, "callspec") else ""
    with running_broker(valkey="valkey" in kind) as running:
        yield running


def url_of(broker: Broker, kind: str) -> str:
    return broker.url.replace("redis:", f"{kind}:")


async def flooded(here: Client, there: Client, count: int, per_second: float) -> asyncio.Future[Any]:
    """Begin to emit numbers; returns once half of them have arrived."""
    flood = here.begin("flood", count, per_second, 20)
    await there.received(count // 3)
    return flood


@pytest.mark.parametrize("secret", [None, SECRET], ids=["unsigned", "signed"])
@pytest.mark.parametrize("kind", [*KINDS, "valkey+stream"])
async def test_a_broker_that_is_killed_and_comes_back_empty(
    broker: Broker, kind: str, secret: str | None
) -> None:
    """Nothing is lost, doubled or out of order: the writer repeats what the broker may have forgotten."""
    async with pair(url_of(broker, kind), secret=secret) as (here, there):
        flood = await flooded(here, there, 1500, 1000)
        broker.end(signal.SIGKILL)
        await asyncio.sleep(0.5)  # how long it is away
        broker.start()
        await flood
        await there.received(1500)
        assert there.numbers == list(range(1500))
        assert (await there.ask("state"))["lost"] == {}


@pytest.mark.parametrize("kind", KINDS)
async def test_a_broker_that_stands_still(broker: Broker, kind: str) -> None:
    """For longer than the writer waits: what was written twice arrives once, in order."""
    async with pair(url_of(broker, kind), rhythm={"write": 1.0}) as (here, there):
        flood = await flooded(here, there, 1500, 1000)
        broker.send_signal(signal.SIGSTOP)
        await asyncio.sleep(2.5)
        broker.send_signal(signal.SIGCONT)
        (longest,) = await flood
        await there.received(1500)
        assert there.numbers == list(range(1500))
        assert longest < 5.5


async def test_connections_that_the_broker_ends_over_a_stream(broker: Broker) -> None:
    """Readers go on behind what they handled."""
    async with pair(url_of(broker, "redis+stream")) as (here, there), Redis.from_url(broker.url) as client:
        flood = await flooded(here, there, 1500, 1000)
        for _ in range(3):
            await client.client_kill_filter(_type="normal", skipme=True)
            await asyncio.sleep(0.2)
        await flood
        await there.received(1500)
        assert there.numbers == list(range(1500))


async def test_connections_that_the_broker_ends_over_pub_sub(broker: Broker) -> None:
    """What could not be heard is counted, exactly, and told in one line."""
    async with processes(broker.url) as (one, two):
        async with one.client() as here, two.client() as there, Redis.from_url(broker.url) as client:
            await acquainted(here, there)
            flood = await flooded(here, there, 3000, 1500)
            await client.client_kill_filter(_type="pubsub", skipme=True)
            await flood
            await there.received(2000)
            await asyncio.wait_for(_heard(there, 2999), 30)
            await there.until_state(lambda state: state["lost"].get("missed", 0) >= 3000 - len(there.numbers))
            lost = (await there.ask("state"))["lost"]["missed"]
            assert there.numbers == sorted(set(there.numbers))
            assert 0 <= len(there.numbers) + lost - 3000 <= 2, "beats have numbers as well"
        await asyncio.to_thread(two.end)
    assert two.log.count("can't be reached") == two.log.count("is heard again") == 1


class Line:
    """What leads to a broker, and can freeze what is open; keepalives are answered."""

    def __init__(self, url: str) -> None:
        self._broker = urlsplit(url)
        self._server: asyncio.Server | None = None
        self._frozen: set[asyncio.Task[Any]] = set()
        self._copying: set[asyncio.Task[Any]] = set()
        self._writers: list[asyncio.StreamWriter] = []

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[str]:
        """Let connections through; yields the address."""
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        try:
            yield f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        finally:
            self._server.close()
            for task in self._copying:
                task.cancel()
            for writer in self._writers:
                writer.transport.abort()
            await self._server.wait_closed()

    async def freeze(self) -> None:
        """Carry nothing more over the connections that are open, and leave them open."""
        for task in self._copying:
            task.cancel()
        await asyncio.wait(self._copying)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(self._broker.hostname, self._broker.port)
        self._writers += [writer, far_writer]
        for source, target in ((reader, far_writer), (far_reader, writer)):
            self._copying.add(asyncio.get_running_loop().create_task(_copy(source, target)))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while some := await reader.read(65536):
            writer.write(some)
    writer.close()


@pytest.mark.parametrize("kind", KINDS)
async def test_connections_that_carry_nothing_more(broker: Broker, kind: str) -> None:
    """They are replaced, though nothing says that they are dead; over a stream, nothing is lost."""
    line = Line(broker.url)
    async with line.open() as address:
        url = url_of(broker, kind)
        async with pair(url, urls={1: f"{kind}://{address}"}, rhythm={"write": 1.0}) as (here, there):
            await here.ask("flood", 10, 100, 20)
            await there.received(10)
            await line.freeze()
            await here.ask("flood", 200, 25, 20)  # eight seconds
            await asyncio.wait_for(_heard(there, 199), 30)
            assert there.numbers[10:] == sorted(set(there.numbers[10:]))
            if kind == "redis+stream":
                assert there.numbers == [*range(10), *range(200)]
            else:
                assert (await there.ask("state"))["lost"]["missed"] >= 210 - len(there.numbers)


async def _heard(client: Client, number: int) -> None:
    while not client.numbers or client.numbers[-1] != number:  # noqa: ASYNC110  # the client reads in another task
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("secret", [None, SECRET], ids=["unsigned", "signed"])
@pytest.mark.parametrize("kind", KINDS)
async def test_a_process_that_stands_still(queue_url: str, kind: str, secret: str | None) -> None:
    """It reads later what came meanwhile."""
    url = queue_url.replace("redis:", f"{kind}:")
    async with processes(url, secret=secret) as (one, two), one.client() as here, two.client() as there:
        await acquainted(here, there)
        flood = await flooded(here, there, 900, 300)
        two.signal(signal.SIGSTOP)
        await asyncio.sleep(4.5)  # longer than the watchdog's silence
        two.signal(signal.SIGCONT)
        await flood
        await there.received(900)
        assert there.numbers == list(range(900))


@pytest.mark.parametrize("kind", KINDS)
async def test_a_process_that_is_killed(queue_url: str, kind: str) -> None:
    """The others go on among themselves, and find out that it is gone."""
    url = queue_url.replace("redis:", f"{kind}:")
    async with processes(url, 3) as (one, two, three), one.client() as here, two.client() as there:
        async with three.client() as victim:
            await acquainted(here, there, victim)
            flood = await flooded(here, there, 600, 600)
            three.signal(signal.SIGKILL)
        await flood
        await there.received(600)
        assert there.numbers == list(range(600))
        await here.until_state(lambda state: len(state["processes"]) == 2)


@pytest.mark.parametrize("kind", KINDS)
async def test_clients_that_do_not_read_hold_up_no_others(queue_url: str, kind: str) -> None:
    """Those of the same process get everything, in order, while eight others block."""
    url = queue_url.replace("redis:", f"{kind}:")
    async with processes(url) as (one, two), contextlib.AsyncExitStack() as stack:
        here = await stack.enter_async_context(one.client())
        there = await stack.enter_async_context(two.client())
        for _ in range(8):
            await stack.enter_async_context(two.deaf_client())
        await acquainted(here, there)
        await here.ask("flood", 3000, 1500, 4000)
        await there.received(3000)
        assert there.numbers == list(range(3000))
        assert (await there.ask("state"))["lost"] == {}


async def test_a_slow_disconnect_handler_holds_up_nothing(queue_url: str) -> None:
    """A client that another process disconnects is told at once, and messages go on while its handler runs."""
    async with (
        processes(queue_url, environ={"SLOW_DISCONNECT": "8"}) as (one, two),
        one.client() as here,
        two.client() as there,
        two.client() as leaving,
    ):
        await acquainted(here, there)
        await here.ask("drop", leaving.sid)
        await here.ask("flood", 50, 1000, 20)
        await there.received(50)
        assert there.numbers == list(range(50))
        assert leaving.gone
        assert leaving.numbers == [], "what was emitted later did not reach it"


@pytest.mark.parametrize("kind", KINDS)
async def test_events_back_to_back_keep_their_order(queue_url: str, kind: str) -> None:
    """Each is broadcast by a handler of its own."""
    url = queue_url.replace("redis:", f"{kind}:")
    async with pair(url) as (here, there):
        await asyncio.gather(*(here.begin("chain", number) for number in range(200)))
        await there.received(200)
        assert there.numbers == list(range(200))


@pytest.mark.parametrize("secret", [None, SECRET], ids=["unsigned", "signed"])
@pytest.mark.parametrize("kind", KINDS)
async def test_bursts_need_no_connections(broker: Broker, kind: str, secret: str | None) -> None:
    """A thousand emits at a time, four times, with few descriptors: all arrive, over three connections at most."""
    async with (
        Redis.from_url(broker.url) as client,
        pair(url_of(broker, kind), secret=secret, files=128) as (here, there),
    ):
        for _ in range(4):
            await here.ask("burst", 1000)
        assert len(await client.client_list()) - 1 <= 2 * 3
        await there.received(4000)
        assert there.numbers == list(range(1000)) * 4


async def test_an_outage_that_lasts_drops_the_oldest(broker: Broker) -> None:
    """Emits go on, local clients are served, and what was dropped is counted on both sides."""
    async with pair(broker.url, rhythm={"outage": 1.0}) as (here, there):
        broker.end(signal.SIGKILL)
        answers = [await here.ask("flood", 3000, 10_000, 20) for _ in range(2)]
        state = await here.ask("state")
        assert state["pending"] <= 4096
        assert not state["connected"]
        dropped = state["lost"]["outage"]
        assert 6000 + 4 >= dropped + state["pending"] >= 6000
        assert max(answers) < 5.5
        broker.start()
        await asyncio.wait_for(_heard(there, 2999), 30)
        await there.until_state(lambda state: state["lost"] == {"missed": dropped})
