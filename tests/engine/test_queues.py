"""Several processes behind one message queue."""

from __future__ import annotations

import asyncio
import builtins
import contextlib
from typing import TYPE_CHECKING, Any

import pytest

from asynction_asgi.engine import TimeoutError as NoAnswerError
from asynction_asgi.engine import UnencodableError, create_emitter, create_server
from asynction_asgi.engine.queues import StrictJson, create_manager

from .stage import Script, Stage, serve_app, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@contextlib.asynccontextmanager
async def cluster(queue_url: str, count: int = 2) -> AsyncIterator[list[Stage]]:
    """Servers that listen on one channel of their own."""
    channel = f"test-{id(asyncio.current_task())}"
    async with contextlib.AsyncExitStack() as stack:
        stages = []
        for _ in range(count):
            script = Script()
            server = create_server(script, message_queue=queue_url, channel=channel)
            url = await stack.enter_async_context(serve_app(server.app))
            stack.push_async_callback(server.shutdown, 1.0)
            server.listen()
            stages.append(Stage(url, server, script))
        await until_subscribed(stages[0], channel, count)
        yield stages


async def until_subscribed(stage: Stage, channel: str, count: int) -> None:
    """Redis forgets what is published before somebody listens."""
    async with asyncio.timeout(5):
        while True:
            client = stage.server.manager.redis
            if client is not None and (await client.pubsub_numsub(channel))[0][1] == count:
                return
            await asyncio.sleep(0.01)


async def test_emits_reach_the_clients_of_every_server(queue_url: str) -> None:
    """Rooms and skipped ids too, bytes included; each client once, also on the server that emits."""
    async with cluster(queue_url) as (one, two), one.client() as here, two.client() as there:
        await one.server.emit("n", (1, b"x"))
        for client in (here, there):
            assert await client.receive() == '451-["n",1,{"_placeholder":true,"num":0}]'
            assert await client.receive() == b"x"
        await two.server.enter_room(there.sid, "x")
        await one.server.emit("to the room", room="x")
        await one.server.emit("not there", skip_sid=there.sid)
        await one.server.emit("last", to=there.sid)
        assert [await there.receive(), await there.receive()] == ['42["to the room"]', '42["last"]']
        assert await here.receive() == '42["not there"]'


async def test_rooms_and_disconnects_of_another_servers_clients(queue_url: str) -> None:
    """They travel to the server that has the client."""
    async with cluster(queue_url) as (one, two), two.client() as client:
        await one.server.enter_room(client.sid, "x")
        await until(lambda: "x" in two.server.rooms(client.sid))
        await one.server.leave_room(client.sid, "x")
        await until(lambda: "x" not in two.server.rooms(client.sid))
        await two.server.enter_room(client.sid, "y")
        await one.server.close_room("y")
        await until(lambda: "y" not in two.server.rooms(client.sid))
        await one.server.disconnect(client.sid)
        assert await client.receive() == "41"
        await until(lambda: two.script.told[-1] == ("disconnect", "/", "server disconnect"))


async def test_calls_to_another_servers_client(queue_url: str) -> None:
    """The answer comes back over the queue; one that does not come leaves nobody waiting."""
    async with cluster(queue_url) as (one, two), two.client() as client:
        task = asyncio.ensure_future(one.server.call("q", 1, to=client.sid, timeout=5))
        assert await client.receive() == '421["q",1]'
        await client.send('431["a",2]')
        assert await task == ("a", 2)
        with pytest.raises(NoAnswerError):
            await one.server.call("q", to=client.sid, timeout=0.05)
        assert one.holdings["callbacks"] == 0
        answers: asyncio.Queue[Any] = asyncio.Queue()
        await one.server.emit("q", to=client.sid, callback=lambda *answer: answers.put_nowait(answer))
        assert await client.receive() == '422["q"]'
        assert await client.receive() == '423["q"]'
        await client.send("432[0]", "433[1]", "433[2]")
        assert await answers.get() == (1,)
        await until(lambda: one.holdings["callbacks"] == 0)
        assert answers.empty()


async def test_an_emitter_of_another_process(queue_url: str) -> None:
    """It serves nobody and reaches everybody; what has no JSON form is refused before it is sent."""
    async with cluster(queue_url, 1) as (stage,), stage.client() as client:
        emitter = create_emitter(queue_url, channel=stage.server.manager.channel)
        try:
            await emitter.emit("n", {"a": b"x"}, namespace="/")
            assert await client.receive() == '451-["n",{"a":{"_placeholder":true,"num":0}}]'
            assert await client.receive() == b"x"
            for wrong in (float("nan"), {1, 2}):
                with pytest.raises(UnencodableError):
                    await emitter.emit("n", wrong, namespace="/")
            with pytest.raises(RuntimeError):
                await emitter.emit("n", None, to=client.sid, callback=print)
        finally:
            await emitter.close()


async def test_what_others_publish_cannot_harm(queue_url: str, caplog: pytest.LogCaptureFixture) -> None:
    """Nonsense on the channel is passed over, and the next message is heard."""
    async with cluster(queue_url, 1) as (stage,), stage.client() as client:
        manager = stage.server.manager
        for message in (
            "nonsense",
            "5",
            "[]",
            '"method"',
            "NaN",
            '{"method":"emit"}',
            '{"method":"callback","host_id":1}',
        ):
            await manager.redis.publish(manager.channel, message)
        emitter = create_emitter(queue_url, channel=manager.channel)
        await emitter.emit("n", 1, namespace="/")
        assert await client.receive() == '42["n",1]'
        await emitter.close()


@pytest.mark.parametrize(
    ("url", "words"),
    [("kafka://x", "'kafka'"), ("localhost:6379", "localhost"), ("", "no scheme")],
)
def test_a_queue_of_another_kind_is_refused(url: str, words: str) -> None:
    """With the list of what there is."""
    with pytest.raises(ValueError, match=words) as refused:
        create_manager(url)
    assert "redis://" in str(refused.value)


@pytest.mark.parametrize(
    ("url", "extra"), [("redis://", "redis"), ("valkeys://", "valkey"), ("amqp://", "amqp")]
)
def test_a_missing_package_names_its_extra(url: str, extra: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says what to install."""
    real = builtins.__import__

    def without(name: str, *arguments: Any, **options: Any) -> Any:
        if name in ("redis", "valkey", "aio_pika"):
            raise ModuleNotFoundError(name)
        return real(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ModuleNotFoundError, match=rf"asynction-asgi\[{extra}\]"):
        create_emitter(url)


def test_what_travels_over_the_queue_is_strict() -> None:
    """No NaN out or in, no bytes outside a packet, no text that is not UTF-8."""
    codec = StrictJson()
    assert codec.loads(codec.dumps({"a": [1, None]}).encode()) == {"a": [1, None]}
    for wrong in (float("inf"), b"x"):
        with pytest.raises(UnencodableError):
            codec.dumps(wrong)
    for text in ("NaN", b"\xff"):
        with pytest.raises(ValueError, match="not"):
            codec.loads(text)
