"""Calls to clients of other processes that can't answer: they fail without waiting for their timeout."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
from typing import TYPE_CHECKING

import pytest
from redis.asyncio import Redis
from websockets.asyncio.client import connect

from asynction_asgi.engine.cluster.messages import sender_of
from tests.engine.stage import SECONDS, WebSocketClient, until

from .processes import acquainted, processes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from .processes import Process

# A call that waits for its timeout makes the test fail.
LONG = 1000.0
KINDS = pytest.mark.parametrize("kind", ["redis", "redis+stream"])


@contextlib.asynccontextmanager
async def silent_client(process: Process) -> AsyncIterator[WebSocketClient]:
    """Connect a client that does not answer."""
    async with connect(process.url, max_size=None, compression=None, proxy=None) as raw:
        client = WebSocketClient(raw)
        await client.receive()
        await client.join()
        yield client


@pytest.mark.parametrize(
    ("kind", "secret"),
    [("redis", None), ("redis+stream", "the secret of the tests")],
    ids=["unsigned", "signed"],
)
async def test_calls_that_no_client_can_answer(queue_url: str, kind: str, secret: str | None) -> None:
    """An unknown client, a process that stops, and one that is killed: each call fails; others are answered."""
    url = queue_url.replace("redis:", f"{kind}:")
    async with (
        processes(url, 3, secret=secret) as (one, stopped, killed),
        one.client() as here,
        stopped.client() as there,
        killed.client() as elsewhere,
        silent_client(stopped) as first,
        silent_client(killed) as second,
    ):
        await acquainted(here, there, elsewhere)
        assert (await here.ask("call", "nobody", LONG))[0] == "DisconnectedError"
        assert (await here.ask("call", elsewhere.sid, LONG))[0] == 1
        calls = [here.begin("call", client.sid, LONG) for client in (first, second)]
        poll = here.begin("poll", LONG)
        for client in (first, second, first, second):
            assert str(await client.receive()).endswith('["q",1]'), "it has the call"
        await elsewhere.until_state(lambda state: not state["pending"])  # and has told so
        stopped.signal(signal.SIGTERM)
        killed.signal(signal.SIGKILL)
        for call in calls:
            assert (await call)[0] == "DisconnectedError"
        assert sorted((await poll)[0]) == ["DisconnectedError"] * 2 + ["answer"] * 3
        assert await here.ask("count", 1.0) == 1, "the dead are not waited for"


async def test_others_on_the_channel_may_have_the_client(queue_url: str) -> None:
    """Beside a listener that tells nothing of itself, a call waits for its timeout: it may know the client."""
    async with (
        Redis.from_url(queue_url) as redis,
        processes(queue_url, 1) as [process],
        process.client() as client,
        redis.pubsub() as listener,
    ):
        await client.until_state(lambda state: state["connected"])
        await listener.subscribe(*await redis.pubsub_channels("test-*"))
        await until(lambda: listener.subscribed)
        assert (await client.ask("call", "nobody", 1.0))[0] == "TimeoutError"


async def test_every_message_begins_with_its_sender(queue_url: str) -> None:
    """Questions and answers begin as others do: their process passes over them, and never counts them as lost."""
    async with (
        Redis.from_url(queue_url, decode_responses=True) as redis,
        processes(queue_url, 2) as (one, two),
        one.client() as here,
        two.client() as there,
        redis.pubsub(ignore_subscribe_messages=True) as listener,
    ):
        await acquainted(here, there)
        await listener.subscribe(*await redis.pubsub_channels("test-*"))
        await here.ask("poll", LONG)
        await here.ask("call", there.sid, LONG)
        awaited = {"ask", "asked", "answer", "emit", "callback"}
        async with asyncio.timeout(SECONDS):
            async for message in listener.listen():
                body = json.loads(message["data"])
                assert next(iter(body.values())) == sender_of(body), body
                awaited.discard(body["method"])
                if not awaited:
                    break


@KINDS
async def test_a_process_that_stands_still_is_waited_for(queue_url: str, kind: str) -> None:
    """It may have the client: nothing fails before it goes on, or counts as dead."""
    url = queue_url.replace("redis:", f"{kind}:")
    async with (
        processes(url, rhythm={"death": 60.0}) as (one, two),
        one.client() as here,
        two.client() as there,
    ):
        await acquainted(here, there)
        two.signal(signal.SIGSTOP)
        call, nobody = here.begin("call", there.sid, LONG), here.begin("call", "nobody", LONG)
        short = "0 of 1 other processes answered within 0.5 seconds"
        assert await here.ask("count", 0.5) == short
        missing = "1 of 2 processes reported which clients they asked; the answers of the others are missing"
        assert await here.ask("poll", 3.0) == ["answer", missing]
        done, _ = await asyncio.wait([call, nobody], timeout=0.5)
        assert not done
        two.signal(signal.SIGCONT)
        assert (await call)[0] == 1
        assert (await nobody)[0] == "DisconnectedError"
        assert await here.ask("count", 30.0) == 2
