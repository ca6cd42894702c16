"""Messages survive, or are counted as lost, when a real broker, connection or process fails."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections import Counter
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from redis.asyncio import Redis

from tests.engine.stage import until
from tests.queues import Broker, running_broker

from .processes import RHYTHM, acquainted, pair, processes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from .processes import Client

SECRET = "the secret of the tests"
KINDS = ["redis", "redis+stream"]


@pytest.fixture
def broker(request: pytest.FixtureRequest) -> Iterator[Broker]:
    """A broker for this test alone, which may kill it."""
    kind = request.node.callspec.params.get("kind", "") if hasattr(request.node, "callspec") else ""
    with running_broker(valkey="valkey" in kind) as running:
        yield running


def url_of(broker: Broker, kind: str) -> str:
    return broker.url.replace("redis:", f"{kind}:")


async def flooded(here: Client, there: Client, count: int, per_second: float) -> asyncio.Future[Any]:
    """Begin to emit numbers, and return once a third of them have arrived."""
    flood = here.begin("flood", count, per_second, 20)
    await there.received(count // 3)
    return flood


@pytest.mark.parametrize("secret", [None, SECRET], ids=["unsigned", "signed"])
@pytest.mark.parametrize("kind", [*KINDS, "valkey+stream"])
async def test_a_broker_that_restarts_empty_loses_nothing(
    broker: Broker, kind: str, secret: str | None
) -> None:
    """Every message arrives once and in order, as the writer repeats what the broker may have lost."""
    async with pair(url_of(broker, kind), secret=secret) as (here, there):
        flood = await flooded(here, there, 1500, 1000)
        broker.end(signal.SIGKILL)
        await asyncio.sleep(0.5)  # the length of the outage
        broker.start()
        await flood
        await there.received(1500)
        assert there.numbers == list(range(1500))
        assert (await there.ask("state"))["lost"] == {}


@pytest.mark.parametrize("kind", KINDS)
async def test_a_paused_broker_loses_nothing(broker: Broker, kind: str) -> None:
    """If the broker pauses longer than the write timeout, each message still arrives once and in order."""
    async with pair(url_of(broker, kind), rhythm={"write": 1.0}) as (here, there):
        flood = await flooded(here, there, 1500, 1000)
        broker.send_signal(signal.SIGSTOP)
        await asyncio.sleep(2.5)
        broker.send_signal(signal.SIGCONT)
        (longest,) = await flood
        await there.received(1500)
        assert there.numbers == list(range(1500))
        assert longest < 20


async def test_streams_survive_connections_that_the_broker_closes(broker: Broker) -> None:
    """Readers resume after the last message that they handled."""
    async with pair(url_of(broker, "redis+stream")) as (here, there), Redis.from_url(broker.url) as client:
        flood = await flooded(here, there, 1500, 1000)
        for _ in range(3):
            await client.client_kill_filter(_type="normal", skipme=True)
            await asyncio.sleep(0.2)
        await flood
        await there.received(1500)
        assert there.numbers == list(range(1500))


async def test_pub_sub_counts_messages_lost_with_a_connection(broker: Broker) -> None:
    """Missed messages are counted exactly, and the outage takes two lines in the log."""
    line = Line(broker.url)
    async with (
        line.open() as address,
        processes(broker.url, urls={1: f"redis://{address}"}) as (first, second),
    ):
        async with first.client() as here, first.client() as near, second.client() as there:
            await acquainted(here, there)
            flood = await flooded(here, there, 3000, 1000)
            began = time.monotonic()
            with line.cut():
                await there.until_state(lambda state: not state["connected"])
                known = near.numbers[-1]
                await near.until_state(lambda state: near.numbers[-1] - state["pending"] > known)
            await there.until_state(lambda state: bool(state["connected"]))
            beats = 2 + (time.monotonic() - began) // RHYTHM["beat"]
            await flood
            await asyncio.wait_for(_received(there, 2999), 30)
            await there.until_state(lambda state: state["lost"].get("missed", 0) >= 3000 - len(there.numbers))
            lost = (await there.ask("state"))["lost"]["missed"]
            assert there.numbers == sorted(set(there.numbers))
            assert 0 <= len(there.numbers) + lost - 3000 <= beats, "beats are numbered as well"
        await asyncio.to_thread(second.end)
    assert second.log.count("can't be reached") == second.log.count("is back after") == 1


class Line:
    """A proxy to a broker that can freeze open connections, whose keepalives are still answered, or cut them."""

    def __init__(self, url: str) -> None:
        self._broker = urlsplit(url)
        self._server: asyncio.Server | None = None
        self._frozen: set[asyncio.Task[Any]] = set()
        self._copying: set[asyncio.Task[Any]] = set()
        self._writers: list[asyncio.StreamWriter] = []
        self._is_cut = False

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[str]:
        """Accept connections, and yield the address."""
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
        """Stop carrying data over the open connections, without closing them."""
        for task in self._copying:
            task.cancel()
        await asyncio.wait(self._copying)

    @contextlib.contextmanager
    def cut(self) -> Iterator[None]:
        """Close the open connections, and every new one until the block ends."""
        self._is_cut = True
        for writer in self._writers:
            writer.transport.abort()
        yield
        self._is_cut = False

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            writer.transport.abort()
            return
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
async def test_frozen_connections_are_replaced(broker: Broker, kind: str) -> None:
    """A connection that silently carries no data is replaced, and over a stream nothing is lost."""
    line = Line(broker.url)
    async with line.open() as address:
        url = url_of(broker, kind)
        async with pair(url, urls={1: f"{kind}://{address}"}, rhythm={"write": 1.0}) as (here, there):
            await here.ask("flood", 10, 100, 20)
            await there.received(10)
            await line.freeze()
            await here.ask("flood", 200, 25, 20)  # eight seconds
            await asyncio.wait_for(_received(there, 199), 30)
            assert there.numbers[10:] == sorted(set(there.numbers[10:]))
            if kind == "redis+stream":
                assert there.numbers == [*range(10), *range(200)]
            else:
                assert (await there.ask("state"))["lost"]["missed"] >= 210 - len(there.numbers)


async def _received(client: Client, number: int) -> None:
    while not client.numbers or client.numbers[-1] != number:  # noqa: ASYNC110  # the client reads in another task
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("secret", [None, SECRET], ids=["unsigned", "signed"])
@pytest.mark.parametrize("kind", KINDS)
async def test_a_paused_process_catches_up(queue_url: str, kind: str, secret: str | None) -> None:
    """A paused process later reads the messages sent meanwhile."""
    url = queue_url.replace("redis:", f"{kind}:")
    async with (
        processes(url, secret=secret) as (first, second),
        first.client() as here,
        second.client() as there,
    ):
        await acquainted(here, there)
        flood = await flooded(here, there, 900, 300)
        second.signal(signal.SIGSTOP)
        await asyncio.sleep(4.5)  # longer than the watchdog's silence
        second.signal(signal.SIGCONT)
        await flood
        await there.received(900)
        assert there.numbers == list(range(900))


@pytest.mark.parametrize("kind", KINDS)
async def test_a_killed_process_is_forgotten(queue_url: str, kind: str) -> None:
    """The other processes keep exchanging messages, and remove the killed one from their list."""
    url = queue_url.replace("redis:", f"{kind}:")
    async with processes(url, 3) as (first, second, third), first.client() as here, second.client() as there:
        async with third.client() as victim:
            await acquainted(here, there, victim)
            flood = await flooded(here, there, 600, 600)
            third.signal(signal.SIGKILL)
        await flood
        await there.received(600)
        assert there.numbers == list(range(600))
        await here.until_state(lambda state: len(state["processes"]) == 2)


@pytest.mark.parametrize("kind", KINDS)
async def test_stalled_clients_do_not_delay_others(queue_url: str, kind: str) -> None:
    """A client gets every message in order while eight clients of the same process do not read."""
    url = queue_url.replace("redis:", f"{kind}:")
    async with processes(url) as (first, second), contextlib.AsyncExitStack() as stack:
        here = await stack.enter_async_context(first.client())
        there = await stack.enter_async_context(second.client())
        for _ in range(8):
            await stack.enter_async_context(second.deaf_client())
        await acquainted(here, there)
        await here.ask("flood", 3000, 1500, 4000)
        await there.received(3000)
        assert there.numbers == list(range(3000))
        assert (await there.ask("state"))["lost"] == {}


async def test_a_slow_disconnect_handler_delays_nothing(queue_url: str) -> None:
    """A client disconnected from another process leaves at once, and messages flow while its handler runs."""
    async with (
        processes(queue_url, environ={"SLOW_DISCONNECT": "8"}) as (first, second),
        first.client() as here,
        second.client() as there,
        second.client() as leaving,
    ):
        await acquainted(here, there)
        await here.ask("drop", leaving.sid)
        await here.ask("flood", 50, 1000, 20)
        await there.received(50)
        assert there.numbers == list(range(50))
        await until(lambda: leaving.gone)
        assert leaving.numbers == [], "later emits must not reach it"


@pytest.mark.parametrize("kind", KINDS)
async def test_events_back_to_back_keep_their_order(queue_url: str, kind: str) -> None:
    """Broadcasts keep the order of the events whose handlers send them."""
    url = queue_url.replace("redis:", f"{kind}:")
    async with pair(url) as (here, there):
        await asyncio.gather(*(here.begin("chain", number) for number in range(200)))
        await there.received(200)
        assert there.numbers == list(range(200))


@pytest.mark.parametrize("secret", [None, SECRET], ids=["unsigned", "signed"])
@pytest.mark.parametrize("kind", KINDS)
async def test_bursts_open_no_extra_connections(broker: Broker, kind: str, secret: str | None) -> None:
    """Four bursts of a thousand emits arrive over three connections per process, with few descriptors."""
    async with (
        Redis.from_url(broker.url) as client,
        pair(url_of(broker, kind), secret=secret, files=128) as (here, there),
    ):
        for _ in range(4):
            await here.ask("burst", 1000)
        assert len(await client.client_list()) - 1 <= 2 * 3
        await there.received(4000)
        assert there.numbers == list(range(1000)) * 4


async def test_a_full_broker_loses_nothing_that_is_read_in_time(broker: Broker) -> None:
    """Messages wait until older ones have left the stream by themselves, and the log says what to do."""
    async with processes(url_of(broker, "redis+stream"), retention=5.0) as (first, second):
        async with first.client() as here, second.client() as there, Redis.from_url(broker.url) as client:
            await acquainted(here, there)
            used = (await client.info("memory"))["used_memory"]
            await client.config_set("maxmemory", used + 2_000_000)
            await here.ask("flood", 1200, 10_000, 2000)
            await there.received(1200)
            assert there.numbers == list(range(1200))
            state = await here.until_state(lambda state: bool(state["connected"]))
            assert state["lost"] == {}
        await asyncio.to_thread(first.end)
    (line,) = (line for line in first.log.splitlines() if "refuses messages (" in line)
    assert "'maxmemory'): " in line
    assert "Free memory, or shorten message_queue_retention" in line


@pytest.mark.parametrize("kind", KINDS)
async def test_a_refused_message_holds_up_no_others(kind: str) -> None:
    """It is dropped, counted by both sides and logged; the last messages are not repeated each time."""
    with running_broker(options=["--proto-max-bulk-len", "1mb"]) as broker:
        async with processes(url_of(broker, kind)) as (first, second):
            async with first.client() as here, second.client() as there, Redis.from_url(broker.url) as client:
                await acquainted(here, there)
                await here.ask("flood", 20, 1000, 20)
                too_large = here.begin("flood", 1, 1000, 1_500_000)
                await here.ask("flood", 20, 1000, 20)
                await too_large
                await there.received(40)
                assert there.numbers == [*range(20)] * 2
                await here.until_state(lambda state: state["lost"] == {"refused": 1} and state["connected"])
                missing = "missed" if kind == "redis" else "retention"
                await there.until_state(lambda state: state["lost"] == {missing: 1})
                for key in await client.keys("*:stream"):
                    entries: Any = await client.xrange(key)
                    repeated = Counter(body for _, entry in entries if b'"again"' in (body := entry[b"d"]))
                    assert repeated
                    assert max(repeated.values()) <= 2
            await asyncio.to_thread(first.end)
    (line,) = (line for line in first.log.splitlines() if "refuses a message of 1500" in line)
    assert "bytes (event 'n' in '/'): " in line
    assert "send less in one event, or raise the broker's limit" in line


async def test_a_long_outage_drops_the_oldest_messages(broker: Broker) -> None:
    """Emits continue, local clients are served, and both sides count the dropped messages."""
    async with pair(broker.url, rhythm={"outage": 1.0}) as (here, there):
        broker.end(signal.SIGKILL)
        answers = [await here.ask("flood", 3000, 10_000, 20) for _ in range(2)]
        state = await here.ask("state")
        assert state["pending"] <= 4096
        assert not state["connected"]
        dropped = state["lost"]["outage"]
        assert 6000 + 4 >= dropped + state["pending"] >= 6000
        assert max(answers) < 20
        broker.start()
        await asyncio.wait_for(_received(there, 2999), 30)
        await there.until_state(lambda state: state["lost"] == {"missed": dropped})
