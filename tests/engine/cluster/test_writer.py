"""How and when messages are written if connections fail, tested with a scripted broker."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import logging
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from asynction_asgi.engine.cluster import writer as writer_module
from asynction_asgi.engine.cluster.broker import FullError
from asynction_asgi.engine.cluster.outages import Outages
from asynction_asgi.engine.cluster.rhythm import Rhythm
from asynction_asgi.engine.cluster.writer import Writer
from asynction_asgi.errors import QueueError
from asynction_asgi.reasons import Lost
from tests.engine.stage import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

RHYTHM = Rhythm(retry=0.0, gather=0.2, outage=0.3)


class ScriptedBroker:
    """A broker that records batches, and fails on demand."""

    missing = Lost.MISSED

    def __init__(self) -> None:
        self.batches: list[list[dict[str, Any]]] = []
        self.failing = False
        self.breaks_after = False  # accepts a batch without confirming it
        self.refuses: Callable[[dict[str, Any]], bool] = lambda _: False  # messages that break the connection
        self.memory: int | None = None  # how many messages it has room for
        self.listening: list[int | None] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.entered = asyncio.Event()
        self.release = asyncio.Event()  # a cancelled write ends
        self.release.set()
        self.closed = 0

    @property
    def numbers(self) -> list[list[int]]:
        return [[message["n"] for message in batch] for batch in self.batches]

    async def write(self, batch: Sequence[str]) -> int | None:
        self.entered.set()
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            await self.release.wait()
            raise
        if self.failing:
            raise ConnectionError("away")
        if any(self.refuses(json.loads(text)) for text in batch):
            raise ConnectionError("too large")
        if self.memory is not None:
            batch, whole = batch[: self.memory], batch
            self.memory -= len(batch)
        self.batches.append([json.loads(text) for text in batch])
        if self.memory is not None and len(batch) < len(whole):
            raise FullError("full", [True] * len(batch) + [False] * (len(whole) - len(batch)))
        if self.breaks_after:
            self.breaks_after = False
            raise ConnectionError("lost after the write")
        return 2

    async def read(self) -> Sequence[Any]:
        raise NotImplementedError

    async def listeners(self) -> int | None:
        if self.failing:
            raise ConnectionError("away")
        return self.listening.pop(0) if self.listening else 2

    async def close(self) -> None:
        self.closed += 1


def create_writer(broker: ScriptedBroker, lost: Counter[str]) -> tuple[Writer, Outages]:
    outages = Outages("redis://x", logging.getLogger("asynction_asgi.engine"), lost=lost, settle=0.0)
    numbers = itertools.count(1)
    return Writer(broker, number=lambda: next(numbers), seal=str, outages=outages, rhythm=RHYTHM), outages


@contextlib.asynccontextmanager
async def writing() -> AsyncIterator[tuple[Writer, ScriptedBroker, Counter[str]]]:
    """Run a writer on a scripted broker."""
    broker, lost = ScriptedBroker(), Counter[str]()
    writer, outages = create_writer(broker, lost)
    task = asyncio.get_running_loop().create_task(writer.run())
    try:
        yield writer, broker, lost
    finally:
        await writer.end(task, 0.0)
        outages.close()


def is_too_large(message: dict[str, Any]) -> bool:
    return message.get("method") == "too large"


def put(writer: Writer, count: int) -> None:
    for _ in range(count):
        writer.put('{"method":"m"}')


async def test_waiting_messages_are_written_together() -> None:
    """Waiting messages are written in order, in batches of at most 200."""
    async with writing() as (writer, broker, _):
        put(writer, 450)
        await until(lambda: writer.pending == 0)
        assert [len(batch) for batch in broker.numbers] == [200, 200, 50]
        assert list(itertools.chain(*broker.numbers)) == list(range(1, 451))


async def test_an_unconfirmed_batch_is_written_again() -> None:
    """It is written after the last confirmed messages, which are repeated and marked so."""
    async with writing() as (writer, broker, lost):
        put(writer, 3)
        await until(lambda: writer.pending == 0)
        broker.breaks_after = True
        put(writer, 2)
        await until(lambda: writer.pending == 0)
        assert broker.numbers == [[1, 2, 3], [4, 5], [1, 2, 3], [4, 5]]
        assert [["again" in message for message in batch] for batch in broker.batches][2:] == [
            [True] * 3,
            [False] * 2,
        ]
        assert broker.closed == 1
        assert not lost


async def test_a_reconnected_writer_waits_for_listeners() -> None:
    """After a reconnection the writer waits for listeners, as pub/sub loses messages without any."""
    async with writing() as (writer, broker, _):
        put(writer, 1)
        await until(lambda: writer.pending == 0)
        broker.failing = True
        put(writer, 1)
        await until(lambda: broker.closed > 0)
        broker.listening = [0, 0, 1, 2]
        broker.failing = False
        await until(lambda: writer.pending == 0)
        assert broker.listening == []
        assert broker.numbers == [[1], [1], [2]]


async def test_an_emit_waits_while_too_much_is_queued(monkeypatch: pytest.MonkeyPatch) -> None:
    """An emit waits until the broker has confirmed enough messages."""
    monkeypatch.setattr(writer_module, "MOST_MESSAGES", 10)
    async with writing() as (writer, broker, _):
        broker.gate.clear()
        put(writer, 9)
        await writer.room()
        put(writer, 1)
        waiting = asyncio.ensure_future(writer.room())
        await asyncio.sleep(0)
        assert not waiting.done()
        broker.gate.set()
        await waiting
        assert writer.pending < 10


async def test_a_long_outage_drops_the_oldest_message(monkeypatch: pytest.MonkeyPatch) -> None:
    """An emit waits at most the outage timeout, counted from the beginning of the outage."""
    monkeypatch.setattr(writer_module, "MOST_MESSAGES", 10)
    async with writing() as (writer, broker, lost):
        broker.failing = True
        put(writer, 10)
        async with asyncio.timeout(10):
            await writer.room()
        put(writer, 5)
        assert writer.pending <= 10
        assert lost == {"outage": 15 - writer.pending}
        broker.failing = False
        await until(lambda: writer.pending == 0)
        written = list(itertools.chain(*broker.numbers))
        assert written == list(range(16 - len(written), 16))


async def test_what_waits_and_what_is_repeated_is_limited_in_bytes() -> None:
    """Characters of four bytes count as such: of messages of 1.2 MB, the last three are repeated."""
    text = f'{{"method":"{"😀" * 300_000}"}}'
    async with writing() as (writer, broker, _):
        broker.gate.clear()
        for _ in range(13):
            writer.put(text)
        assert not writer.full
        writer.put(text)
        assert writer.full, "14 messages have 16.8 MB"
        broker.gate.set()
        await until(lambda: writer.pending == 0)
        assert not writer.full
        broker.breaks_after = True
        put(writer, 1)
        await until(lambda: writer.pending == 0)
        assert [message["n"] for message in itertools.chain(*broker.batches) if "again" in message] == [
            *range(12, 15)
        ]


async def test_an_abandoned_message_is_never_written() -> None:
    """An abandoned message leaves no gap in the numbers, as it has none yet."""
    async with writing() as (writer, broker, _):
        broker.failing = True
        put(writer, 1)
        abandoned = writer.put_answered('{"method":"m"}')
        answered = writer.put_answered('{"method":"last"}')
        abandoned.given_up = True
        broker.failing = False
        assert answered.answered is not None
        await answered.answered
        written = list(itertools.chain(*broker.batches))
        assert [(message["method"], message["n"]) for message in written] == [("m", 1), ("last", 2)]
        assert writer.pending == 0
        assert await writer.flush(1.0)


async def test_a_message_that_breaks_connections_is_dropped() -> None:
    """Its batch is written message by message; those before and behind it arrive in order, and only once."""
    async with writing() as (writer, broker, lost):
        put(writer, 3)
        await until(lambda: writer.pending == 0)
        broker.refuses = is_too_large
        put(writer, 2)
        writer.put('{"method":"too large"}')
        put(writer, 2)
        await until(lambda: writer.pending == 0)
        assert lost == {"refused": 1}
        again = [[message["n"] for message in batch if "again" in message] for batch in broker.batches]
        assert [numbers for numbers in again if numbers] == [[1, 2, 3], [1, 2, 3, 4, 5]]
        new = [
            message["n"]
            for batch in broker.batches
            for message in batch
            if message and "again" not in message
        ]
        assert new == [1, 2, 3, 4, 5, 7, 8]


async def test_the_sender_of_a_refused_message_gets_an_error() -> None:
    """It is told at once, without anything written before, and the writer reconnects without a message."""
    async with writing() as (writer, broker, lost):
        broker.refuses = is_too_large
        item = writer.put_answered('{"method":"too large"}')
        assert item.answered is not None
        with pytest.raises(
            QueueError, match=r"^nothing was emitted: .* refuses a message of 28 bytes \('too large'\)"
        ):
            await item.answered
        assert await writer.flush(1.0)
        await until(lambda: broker.closed == 4)
        assert lost == {"refused": 1}


async def test_a_broker_that_refuses_everything_loses_nothing() -> None:
    """Nothing is dropped while the broker takes no other message either."""
    async with writing() as (writer, broker, lost):
        broker.refuses = lambda _: True
        put(writer, 1)
        await until(lambda: writer.pending == 0 or broker.closed > 20)
        assert writer.pending == 1
        broker.refuses = lambda _: False
        await until(lambda: writer.pending == 0)
        assert not lost


async def test_a_full_broker_is_waited_for() -> None:
    """What it took is not written again, nothing is repeated, and the connection stays open."""
    async with writing() as (writer, broker, lost):
        broker.memory = 2
        put(writer, 5)
        await until(lambda: [] in broker.numbers)
        assert writer.pending == 3
        broker.memory = None
        await until(lambda: writer.pending == 0)
        assert [numbers for numbers in broker.numbers if numbers] == [[1, 2], [3], [4, 5]]
        assert (broker.closed, lost) == (0, {})


async def test_a_crash_of_a_logger_does_not_stop_writing(caplog: pytest.LogCaptureFixture) -> None:
    """The line about an outage crashes, and what was queued is written once the broker is back."""

    def crash(record: logging.LogRecord) -> bool:
        if "can't be reached" in record.getMessage():
            raise LookupError("a bug in a filter")
        return True

    logger = logging.getLogger("asynction_asgi.engine")
    logger.addFilter(crash)
    try:
        async with writing() as (writer, broker, lost):
            broker.failing = True
            put(writer, 3)
            await until(lambda: "a bug in a filter" in caplog.text)
            broker.failing = False
            await until(lambda: writer.pending == 0)
            assert list(itertools.chain(*broker.numbers)) == [1, 2, 3]
            assert not lost
    finally:
        logger.removeFilter(crash)


@pytest.mark.parametrize("seconds", [60.0, 0.0], ids=["while writing", "while ending"])
async def test_a_cancelled_end_still_disconnects(seconds: float) -> None:
    """Whoever cancels the end gets CancelledError, the task is over and the connection closed."""
    broker = ScriptedBroker()
    writer, _ = create_writer(broker, Counter())
    running = asyncio.get_running_loop().create_task(writer.run())
    broker.gate.clear()
    put(writer, 1)
    await broker.entered.wait()
    if not seconds:
        broker.release.clear()
    ending = asyncio.get_running_loop().create_task(writer.end(running, seconds))
    await asyncio.sleep(0)  # it begins
    await until(lambda: seconds or running.cancelling())
    ending.cancel()
    await asyncio.wait([ending])
    broker.release.set()
    await asyncio.wait([running])
    assert (ending.cancelled(), running.cancelled(), broker.closed) == (True, True, 1)
