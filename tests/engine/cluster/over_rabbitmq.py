"""What the queue promises over AMQP, with a real RabbitMQ: ``nox -s amqp``.

pytest collects this file only by its name: a broker takes ten seconds of CPU to start, and up to a minute.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.rabbitmq import LARGEST_BYTES, RabbitMQ, running_rabbitmq

from .processes import acquainted, pair, processes

if TYPE_CHECKING:
    from collections.abc import Iterator

# While the broker is starting, which emits must outlast.
RHYTHM = {"outage": 300.0}


@pytest.fixture(scope="module")
def broker() -> Iterator[RabbitMQ]:
    """The broker of all tests."""
    with running_rabbitmq() as running:
        yield running


@pytest.mark.parametrize("secret", [None, "the secret of the tests"], ids=["unsigned", "signed"])
async def test_emits_arrive_once_and_in_order(broker: RabbitMQ, secret: str | None) -> None:
    """2,000 of one process reach the other as they were emitted, and so do those of 200 events back to back."""
    async with pair(broker.url, secret=secret) as (here, there):
        await here.ask("flood", 2000, 2000, 200)
        await there.received(2000)
        await asyncio.gather(*(here.begin("chain", number) for number in range(200)))
        await there.received(2200)
        assert there.numbers == [*range(2000), *range(200)]
        assert (await there.ask("state"))["lost"] == {}


async def test_concurrent_emits_all_arrive(broker: RabbitMQ) -> None:
    """Four bursts of 1,000, with few file descriptors."""
    async with pair(broker.url, files=128) as (here, there):
        for _ in range(4):
            await here.ask("burst", 1000)
        await there.received(4000)
        assert there.numbers == list(range(1000)) * 4
        assert (await there.ask("state"))["lost"] == {}


async def test_a_refused_message_holds_up_no_others(broker: RabbitMQ) -> None:
    """It is dropped, counted and logged with what the broker says."""
    async with processes(broker.url) as (first, second):
        async with first.client() as here, second.client() as there:
            await acquainted(here, there)
            too_large = here.begin("flood", 1, 1000, LARGEST_BYTES)
            await here.ask("flood", 20, 1000, 20)
            await too_large
            await there.received(20)
            assert there.numbers == [*range(20)]
            await here.until_state(lambda state: state["lost"] == {"refused": 1} and state["connected"])
        await asyncio.to_thread(first.end)
    assert "refuses a message of 1000" in first.log


async def test_clients_of_other_processes_are_called_and_counted(broker: RabbitMQ) -> None:
    """A call returns the client's answer, and one to nobody fails long before its timeout."""
    async with pair(broker.url) as (here, there):
        assert (await here.ask("call", there.sid, 30.0))[0] == 1
        assert await here.ask("count", 30.0) == 2
        result, seconds = await here.ask("call", "nobody", 60.0)
        assert (result, seconds < 30) == ("DisconnectedError", True)


async def test_a_broker_that_restarts_doubles_nothing_and_what_is_lost_is_counted(broker: RabbitMQ) -> None:
    """What is emitted meanwhile arrives once and in order, or the receiver counts it, and each side says so."""
    count = 3000
    async with processes(broker.url, rhythm=RHYTHM) as (first, second):
        async with first.client() as here, second.client() as there:
            for client in (here, there):
                await client.until_state(lambda state: len(state["processes"]) == 2)
            flood = here.begin("flood", count, 1000, 20)
            await there.received(count // 3)
            await asyncio.to_thread(broker.end)
            await flood
            for client in (here, there):
                await client.until_state(lambda state: not state["connected"])
            await asyncio.to_thread(broker.start)
            for client in (here, there):
                await client.until_state(lambda state: state["connected"])
            await here.ask("flood", 10, 1000, 20)
            await there.until_state(lambda _: there.numbers[-10:] == list(range(10)))
            numbers = there.numbers[:-10]
            assert numbers == sorted(set(numbers))
            state = await there.until_state(
                lambda state: state["lost"].get("missed", 0) >= count - len(numbers)
            )
            assert state["lost"].get("missed", 0) - (count - len(numbers)) <= 10, "beats are numbered as well"
        for process in (first, second):
            await asyncio.to_thread(process.end)
    for process in (first, second):
        assert process.log.count("can't be reached") == process.log.count("is back after") == 1
