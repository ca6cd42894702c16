"""Several processes on one message queue."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import signal
import socket
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from redis.asyncio import Redis
from socketio import AsyncRedisManager

from asynction_asgi.engine import Limits, UnencodableError, create_server, queue_of
from asynction_asgi.engine import TimeoutError as NoAnswerError
from asynction_asgi.engine.emitter import create_emitter
from asynction_asgi.errors import DisconnectedError, RefusedError
from asynction_asgi.errors import NoAnswerError as QuestionLostError
from tests.queues import running_broker

from ..stage import SECONDS, Script, Stage, serve, serve_app, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from asynction_asgi.engine.cluster.sender import QueueSender


@contextlib.asynccontextmanager
async def cluster(queue_url: str, count: int = 2, **options: Any) -> AsyncIterator[list[Stage]]:
    """Run servers that listen on a channel of their own."""
    channel = f"test-{id(asyncio.current_task())}"
    async with contextlib.AsyncExitStack() as stack:
        stages = []
        for _ in range(count):
            script = Script()
            server = create_server(script, message_queue=queue_url, channel=channel, **options)
            url = await stack.enter_async_context(serve_app(server.app))
            stack.push_async_callback(server.shutdown, 1.0)
            server.listen()
            stages.append(Stage(url, server, script))
        for stage in stages:
            async with asyncio.timeout(30):
                await stage.server.manager.link.subscribed.wait()
        yield stages


@contextlib.asynccontextmanager
async def raw_client(queue_url: str) -> AsyncIterator[Any]:
    """Open a connection with Redis's own client, next to the servers."""
    async with Redis.from_url(queue_url) as client:
        yield client


async def test_emits_reach_the_clients_of_every_server(queue_url: str) -> None:
    """Emits, rooms, skipped sids and bytes reach each client of every server once."""
    async with cluster(queue_url) as (first, second), first.client() as here, second.client() as there:
        await first.server.emit("n", (1, b"x"))
        for client in (here, there):
            assert await client.receive() == '451-["n",1,{"_placeholder":true,"num":0}]'
            assert await client.receive() == b"x"
        await second.server.enter_room(there.sid, "x")
        await first.server.emit("to the room", room="x")
        await first.server.emit("not there", skip_sid=there.sid)
        await first.server.emit("last", to=there.sid)
        assert [await there.receive(), await there.receive()] == ['42["to the room"]', '42["last"]']
        assert await here.receive() == '42["not there"]'


@pytest.mark.parametrize("secret", [None, "a secret of 16 bytes"])
async def test_payloads_do_not_pass_for_beats(queue_url: str, secret: str | None) -> None:
    """Only a beat of the process, whose head says so, measures how long messages take."""
    async with cluster(queue_url, 1, message_queue_secret=secret) as (stage,):
        manager = stage.server.manager
        await until(lambda: manager.traffic.lag, "a beat")
        manager.traffic.lag, before = -1.0, manager.traffic.read
        await stage.server.emit("n", {"method": "beat"})
        await until(lambda: manager.traffic.read > before, "the emit")
        assert manager.traffic.lag == -1.0


async def test_later_changes_to_a_payload_are_not_published(queue_url: str) -> None:
    """Other servers get the payload as emitted, although it changed while a slow reader delayed the emit."""
    limits = Limits(queued_bytes=4000, patience_seconds=60.0)
    async with (
        cluster(queue_url, limits=limits) as (first, second),
        first.client() as slow,
        second.client() as there,
    ):
        member = first.server.manager.find(slow.sid, "/")
        assert member is not None
        socket: Any = member.connection.socket
        write, socket.outbox.write = socket.outbox.write, lambda _: False  # its transport accepts nothing
        inner: dict[str, Any] = {"list": [1], "tuple": ([2],)}
        payload = {"inner": inner, "text": "x" * 1500}
        emit = asyncio.ensure_future(first.server.emit("n", payload))
        await until(lambda: socket.outbox.relieved is not None)
        inner["list"].append("added")
        inner["tuple"][0].append("added")
        inner["key"] = payload["key"] = "added"
        assert not emit.done()
        socket.outbox.write = write
        socket.flush()
        await emit
        text = await there.receive()
        assert isinstance(text, str)
        assert json.loads(text.removeprefix("42")) == [
            "n",
            {"inner": {"list": [1], "tuple": [[2]]}, "text": "x" * 1500},
        ]


async def test_all_kinds_of_buffers_travel_over_the_queue(queue_url: str) -> None:
    """Bytes, a bytearray and a memoryview arrive as they do without a queue."""
    async with cluster(queue_url) as (first, second), second.client() as there:
        for buffer in (b"x", bytearray(b"x"), memoryview(b"x")):
            await first.server.emit("n", {"a": [buffer]})
            assert await there.receive() == '451-["n",{"a":[{"_placeholder":true,"num":0}]}]'
            assert await there.receive() == b"x"


async def test_a_payload_that_contains_itself_is_refused(queue_url: str) -> None:
    """A payload that contains itself raises, as it has no JSON form."""
    async with cluster(queue_url, 1) as (stage,):
        payload: list[Any] = []
        payload.append(payload)
        with pytest.raises(UnencodableError):
            await stage.server.emit("n", payload)


async def test_rooms_and_disconnects_reach_another_servers_clients(queue_url: str) -> None:
    """Room changes and disconnects are carried out by the server that has the client."""
    async with cluster(queue_url) as (first, second), second.client() as client:
        await first.server.enter_room(client.sid, "x")
        await until(lambda: "x" in second.server.rooms(client.sid))
        await first.server.leave_room(client.sid, "x")
        await until(lambda: "x" not in second.server.rooms(client.sid))
        await second.server.enter_room(client.sid, "y")
        await first.server.close_room("y")
        await until(lambda: "y" not in second.server.rooms(client.sid))
        await first.server.disconnect(client.sid)
        assert await client.receive() == "41"
        await until(lambda: second.script.told[-1] == ("disconnect", "/", "server disconnect"))


async def test_a_call_reaches_another_servers_client(queue_url: str) -> None:
    """The answer returns over the queue, and a missing answer ends in a timeout."""
    async with cluster(queue_url) as (first, second), second.client() as client:
        task = asyncio.ensure_future(first.server.call("q", 1, to=client.sid, timeout=SECONDS))
        assert await client.receive() == '421["q",1]'
        await client.send('431["a",2]')
        assert await task == ("a", 2)
        with pytest.raises(NoAnswerError):
            await first.server.call("q", to=client.sid, timeout=0.05)
        assert first.holdings["callbacks"] == 0
        answers: asyncio.Queue[Any] = asyncio.Queue()
        await first.server.emit("q", to=client.sid, callback=lambda *answer: answers.put_nowait(answer))
        assert await client.receive() == '422["q"]'
        assert await client.receive() == '423["q"]'
        await client.send("432[0]", "433[1]", "433[2]")
        assert await answers.get() == (1,)
        await until(lambda: first.holdings["callbacks"] == 0)
        assert answers.empty()


async def test_an_emitter_reaches_every_client(queue_url: str) -> None:
    """An emitter without a server reaches clients, and refuses values without a JSON form."""
    async with cluster(queue_url, 1) as (stage,), stage.client() as client:
        emitter = create_emitter(queue_url, channel=stage.server.manager.channel)
        try:
            await emit(emitter, {"a": b"x"})
            assert await client.receive() == '451-["n",{"a":{"_placeholder":true,"num":0}}]'
            assert await client.receive() == b"x"
            for invalid in (float("nan"), {1, 2}):
                with pytest.raises(UnencodableError):
                    await emit(emitter, invalid)
        finally:
            await asyncio.wrap_future(emitter.close())


async def emit(emitter: QueueSender, data: Any) -> None:
    """Emit "n" to every client of the namespace "/"."""
    await asyncio.wrap_future(emitter.emit("n", data, namespace="/", room=None, skip_sid=None))


def has_dropped(manager: Any, count: int) -> bool:
    return bool(manager.dropped.total() == count)


async def test_malformed_messages_are_dropped(queue_url: str, caplog: pytest.LogCaptureFixture) -> None:
    """Each malformed message is counted and logged once per kind, and the next valid one is delivered."""
    async with (
        raw_client(queue_url) as raw,
        cluster(queue_url, 1) as (stage,),
        stage.client() as client,
        stage.client() as bystander,
    ):
        manager = stage.server.manager
        event = {"method": "emit", "event": "n", "data": [1], "namespace": "/"}
        callback = {"method": "callback", "host_id": manager.host_id, "sid": "x", "id": 1, "args": []}
        inside = {"sid": client.sid, "namespace": "/"}
        malformed: list[Any] = [
            5,
            [],
            "method",
            {"method": "emit"},
            {**event, "event": 5},
            {**event, "namespace": []},
            {**event, "room": json.loads("[" * 500 + "]" * 500)},
            {**event, "callback": 5},
            {**event, "callback": ["x", "/"]},
            {**event, "callback": [["x"], "/", 1]},
            {**event, "callback": ["x", {}, 1]},
            {**event, "callback": ["x", "/", "1"]},
            {**event, "data": {}, "binary": True},
            {**event, "data": [[{"_placeholder": True, "num": 3}], "eA=="], "binary": True},
            {**callback, "args": 5},
            {**callback, "sid": {}},
            {**callback, "id": []},
            {"method": "disconnect", "sid": {}, "namespace": "/"},
            {"method": "disconnect", "sid": "x", "namespace": [5]},
            {"method": "enter_room", **inside, "room": []},
            {"method": "enter_room", **inside, "room": bystander.sid},
            {"method": "leave_room", **inside, "room": {}},
            {"method": "leave_room", **inside, "room": None},
            {"method": "close_room", "namespace": "/"},
            {"method": "close_room", "namespace": "/", "room": None},
            {"method": "close_room", "namespace": "/", "room": client.sid},
            {"method": "close_room", "namespace": {}, "room": "x"},
            {"method": "find"},
            {"method": "find", "host_id": "x", "id": 1, "namespace": "/", "room": {}},
            {"method": "find", "host_id": "x", "namespace": "/"},
            {"method": "move", "host_id": "x", "namespace": "/", "move": "kick"},
            {"method": "move", "host_id": "x", "namespace": "/", "move": "join"},
            {"method": "ask", "host_id": "x", "id": "1", "namespace": "/", "event": "n", "data": [1]},
            {"method": "ask", "host_id": "x", "id": 1, "namespace": "/", "event": 5, "data": [1]},
            {"method": "ask", "host_id": "x", "id": 1, "namespace": "/", "event": "n"},
            {"method": "taken", "host_id": manager.host_id, "id": 1},
            {"method": "taken", "host_id": manager.host_id, "sender": "x", "id": []},
            {"method": "found", "host_id": manager.host_id, "sender": 5, "id": 1},
        ]
        # Answers that no question awaits are ignored.
        for method in ("found", "asked", "answer", "taken"):
            forged = {"method": method, "host_id": manager.host_id, "sender": "x", "id": 1}
            await raw.publish(manager.channel, json.dumps(forged))
        for number, message in enumerate(malformed):
            await raw.publish(manager.channel, json.dumps(message))
            await until(partial(has_dropped, manager, number + 1), str(message)[:80])
        for text in ("nonsense", "NaN", '{"method":"callback","host_id":1}', '{"method":"x"}', "{}"):
            await raw.publish(manager.channel, text)
        emitter = create_emitter(queue_url, channel=manager.channel)
        await emit(emitter, 1)
        assert await client.receive() == '42["n",1]'
        await asyncio.wrap_future(emitter.close())
        assert manager.dropped == {"malformed": len(malformed), "not JSON": 2}
    assert [record.getMessage() for record in caplog.records] == [
        "a message of the queue was dropped: malformed: no object",
        "a message of the queue was dropped: not JSON",
    ]
    assert not any(record.exc_info for record in caplog.records)


async def test_forged_message_numbers_are_dropped(queue_url: str) -> None:
    """Invalid numbers are malformed; messages without numbers are accepted, as from python-socketio."""
    async with (
        raw_client(queue_url) as raw,
        cluster(queue_url, 1) as (stage,),
        stage.client() as client,
    ):
        manager = stage.server.manager
        event = {"method": "emit", "event": "n", "data": [1], "namespace": "/", "host_id": "x"}
        wrong: list[Any] = [-1, 0, 1 << 60, "5", 1.5, True, []]
        for number in wrong:
            await raw.publish(manager.channel, json.dumps({**event, "n": number}))
        await raw.publish(manager.channel, json.dumps({**event, "host_id": 5, "n": 1}))
        for beat in ({"clients": -1}, {"clients": "x"}, {"clients": 1, "host_id": []}):
            await raw.publish(manager.channel, json.dumps({"method": "beat", "host_id": "x", **beat}))
        await until(lambda: manager.dropped == {"malformed": 11}, str(manager.dropped))
        for _ in range(2):
            await raw.publish(manager.channel, json.dumps(event))
        for number in (4, 4, 3, 5):
            await raw.publish(manager.channel, json.dumps({**event, "data": [number], "n": number}))
        received = [await client.receive() for _ in range(4)]
        assert received == ['42["n",1]', '42["n",1]', '42["n",4]', '42["n",5]']
        assert manager.dropped == {"malformed": 11, "repeated": 2}


async def test_an_invalid_stream_entry_is_dropped(queue_url: str) -> None:
    """A stream entry without a valid message is counted, and the next one is delivered."""
    async with (
        raw_client(queue_url) as raw,
        cluster(queue_url.replace("redis:", "redis+stream:"), 1) as (stage,),
        stage.client() as client,
    ):
        manager = stage.server.manager
        await raw.xadd(f"{manager.channel}:stream", {"other": "x"})
        await raw.xadd(f"{manager.channel}:stream", {"d": "[]"})
        emitter = create_emitter(queue_url.replace("redis:", "redis+stream:"), channel=manager.channel)
        await emit(emitter, 1)
        await asyncio.wrap_future(emitter.close())
        assert await client.receive() == '42["n",1]'
        assert manager.dropped == {"not JSON": 1, "malformed": 1}


async def test_a_stream_keeps_messages_for_the_retention_time(queue_url: str) -> None:
    """Messages older than the retention time are removed when new ones are written."""
    url = queue_url.replace("redis:", "redis+stream:")
    async with raw_client(queue_url) as raw, cluster(url, 1, message_queue_retention=0.2) as (stage,):
        key = f"{stage.server.manager.channel}:stream"
        await raw.config_set("stream-node-max-entries", 1)
        await stage.server.emit("n", "old")
        async with asyncio.timeout(20):
            while any(b'"old"' in fields[b"d"] for _, fields in await raw.xrange(key)):  # the broker's
                await asyncio.sleep(0.05)
                await stage.server.emit("n", "new")
        await raw.config_set("stream-node-max-entries", 100)


class Earlier(AsyncRedisManager):  # type: ignore[misc]  # python-socketio is untyped
    """Upstream's manager, with its replaced connections kept so that the test can close them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.opened: list[Any] = []

    def _redis_connect(self) -> None:
        super()._redis_connect()
        self.opened += [self.pubsub, self.redis]

    async def close_all(self) -> None:
        for opened in self.opened:
            await opened.aclose()


async def test_processes_of_earlier_versions_share_a_queue(
    queue_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A process with python-socketio's manager, as in 0.1.0, shares clients with this version.

    This allows processes to be replaced one after the other.
    """
    channel = f"upgrade-{id(caplog)}"
    async with contextlib.AsyncExitStack() as stack:
        old_manager = Earlier(queue_url, channel=channel)
        stack.push_async_callback(old_manager.close_all)
        stages = []
        for options in (
            {"client_manager": old_manager},
            {"message_queue": queue_url, "channel": channel},
        ):
            script = Script()
            server = create_server(script, **options)
            url = await stack.enter_async_context(serve_app(server.app))
            stack.push_async_callback(server.shutdown, 1.0)
            server.listen()
            stages.append(Stage(url, server, script))
        old, new = stages
        client = await stack.enter_async_context(raw_client(queue_url))
        async with asyncio.timeout(20):
            while (await client.pubsub_numsub(channel))[0][1] < 2:  # noqa: ASYNC110  # the broker's
                await asyncio.sleep(0.01)
        at_old = await stack.enter_async_context(old.client())
        at_new = await stack.enter_async_context(new.client())
        for here, there in ((old, at_new), (new, at_old)):
            for number in range(20):
                await here.server.emit("n", (number, b"x"), to=there.sid)
            for number in range(20):
                assert await there.receive() == f'451-["n",{number},{{"_placeholder":true,"num":0}}]'
                assert await there.receive() == b"x"
            call = asyncio.ensure_future(here.server.call("q", 1, to=there.sid, timeout=SECONDS))
            assert await there.receive() == '421["q",1]'
            await there.send('431["a",2]')
            assert await call == ("a", 2)
            await here.server.enter_room(there.sid, "x")
            await here.server.emit("room", to="x")
            assert await there.receive() == '42["room"]'
            await here.server.leave_room(there.sid, "x")
            await here.server.disconnect(there.sid)
            assert await there.receive() == "41"
        assert new.server.manager.dropped == {}
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_invalid_requests_of_the_application_raise(queue_url: str) -> None:
    """Invalid calls of the application itself raise, and only other processes' messages are dropped."""
    async with cluster(queue_url, 1) as (stage,), stage.client() as client:
        with pytest.raises(ValueError, match="sid room"):
            await stage.server.close_room(client.sid)
        with pytest.raises(UnencodableError):
            await stage.server.emit("n", {1, 2})
        assert stage.server.manager.dropped == {}


SECRET, NEXT = "the secret of the tests", "the next secret of them"


async def test_only_signed_messages_are_accepted(queue_url: str, caplog: pytest.LogCaptureFixture) -> None:
    """Altered, repeated and unsigned messages reach no client; they are counted and logged at intervals."""
    async with (
        raw_client(queue_url) as raw,
        cluster(queue_url, message_queue_secret=SECRET) as (first, second),
        second.client() as client,
    ):
        manager = second.server.manager
        listener = raw.pubsub(ignore_subscribe_messages=True)
        await listener.subscribe(manager.channel)
        await first.server.emit("n", "signed", to=client.sid)
        assert await client.receive() == '42["n","signed"]'
        sealed = b""
        while b'"signed"' not in sealed:  # the servers' beats are signed, too
            sealed = (await anext(listener.listen()))["data"]
        forged = {"method": "emit", "event": "n", "data": ["forged"], "namespace": "/", "host_id": "x"}
        for message in (
            sealed,
            sealed.replace(b"signed", b"forged"),
            json.dumps(forged),
            json.dumps({"method": "disconnect", "sid": client.sid, "namespace": "/"}),
            json.dumps({"method": "enter_room", "sid": client.sid, "namespace": "/", "room": "x"}),
        ):
            await raw.publish(manager.channel, message)
        await first.server.emit("n", "last")
        assert await client.receive() == '42["n","last"]'
        assert manager.dropped == {"repeated": 1, "wrong signature": 1, "unsigned": 3}
        assert second.server.rooms(client.sid) == [client.sid]
        await listener.aclose()
    lines = [record.getMessage() for record in caplog.records]
    assert sorted(set(lines)) == [
        "a message of the queue was dropped: repeated",
        "a message of the queue was dropped: unsigned",
        "a message of the queue was dropped: wrong signature",
    ]
    assert lines.count("a message of the queue was dropped: unsigned") == 2, (
        "once per server, however many came"
    )
    assert len(lines) == 4, "a server skips messages that claim to be its own"


async def test_calls_and_emitters_are_signed_too(queue_url: str) -> None:
    """An answer returns over the queue, and an emitter needs the secret as well."""
    async with (
        cluster(queue_url, message_queue_secret=[SECRET, NEXT]) as (first, second),
        second.client() as client,
    ):
        task = asyncio.ensure_future(first.server.call("q", 1, to=client.sid, timeout=SECONDS))
        assert await client.receive() == '421["q",1]'
        await client.send('431["a"]')
        assert await task == "a"
        for secret in (None, "an unknown secret of 16", NEXT):
            emitter = create_emitter(
                queue_url, channel=first.server.manager.channel, message_queue_secret=secret
            )
            await emit(emitter, secret)
            await asyncio.wrap_future(emitter.close())
        assert await client.receive() == f'42["n","{NEXT}"]'
        assert second.server.manager.dropped == {"unsigned": 1, "wrong signature": 1}


async def test_a_process_without_a_secret_skips_signed_messages(
    queue_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The log says that the process has no secret."""
    async with cluster(queue_url, 1) as (stage,), stage.client() as client:
        channel = stage.server.manager.channel
        for secret in (SECRET, None):
            emitter = create_emitter(queue_url, channel=channel, message_queue_secret=secret)
            await emit(emitter, None)
            await asyncio.wrap_future(emitter.close())
        assert await client.receive() == '42["n"]'
    assert [record.getMessage() for record in caplog.records] == [
        "a message of the queue was dropped: signed: this process has no message_queue_secret"
    ]


def refuse_forged(event: str, data: Any, namespace: str) -> None:
    if data == "forged" or isinstance(data, tuple):
        raise RefusedError("invalid_payload", f"{event} in {namespace}")


async def test_relayed_emits_are_checked_on_receipt(queue_url: str, caplog: pytest.LogCaptureFixture) -> None:
    """Only emits of other processes are checked, and unreadable ones are dropped."""
    async with (
        raw_client(queue_url) as raw,
        cluster(queue_url, check_relayed=refuse_forged) as (first, second),
        second.client() as client,
    ):
        manager = second.server.manager
        await first.server.emit("n", "forged")
        await first.server.emit("n", ("a", "b"))
        for message in (
            {"event": 5, "data": [1], "namespace": "/"},
            {"event": "n", "data": {}, "namespace": "/"},
            {"event": "n", "data": [1], "namespace": []},
            {"event": "n", "data": [["x"], "?"], "binary": True, "namespace": "/"},
            {"event": "n", "data": [], "binary": True, "namespace": "/"},
            {"data": [1]},
        ):
            await raw.publish(manager.channel, json.dumps({"method": "emit", **message}))
        await first.server.emit("n", b"fine")
        assert await client.receive() == '451-["n",{"_placeholder":true,"num":0}]'
        assert await client.receive() == b"fine"
        assert manager.dropped == {"not allowed by the document": 2, "malformed": 6}
        await second.server.emit("n", "forged")
        assert await client.receive() == '42["n","forged"]', "its own emits were checked by the caller"
    assert "n in /" in caplog.text


async def test_callbacks_over_the_queue_need_a_single_client(
    queue_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A callback for a room raises, or is dropped by the process that knows the room; nothing is emitted."""
    async with cluster(queue_url) as (first, second), first.client() as here, second.client() as there:
        await first.server.enter_room(here.sid, "x")
        await second.server.enter_room(there.sid, "y")
        for target in (None, "x", 7, [there.sid]):
            with pytest.raises(ValueError, match="pass its sid"):
                await first.server.emit("q", to=target, callback=print)
        assert first.holdings["callbacks"] == 0
        await first.server.emit("q", to="y", callback=print)  # this process knows no such room
        await until(lambda: second.server.manager.dropped == {"callback for a room": 1})
        with pytest.raises(DisconnectedError):
            await first.server.request("q", None, to="y", namespace="/", timeout=30)
        await first.server.emit("last")
        assert [await here.receive(), await there.receive()] == ['42["last"]', '42["last"]']
    assert [record.getMessage() for record in caplog.records] == [
        "a message of the queue was dropped: callback for a room"
    ]


@pytest.mark.parametrize("kind", ["plain", "coroutine"])
async def test_a_cancelled_callback_does_not_stop_the_queue(
    queue_url: str, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The cancelled callback is logged, and the process keeps receiving messages."""

    def plain(*_: Any) -> None:
        raise asyncio.CancelledError

    async def coroutine(*_: Any) -> None:
        raise asyncio.CancelledError

    callback = {"plain": plain, "coroutine": coroutine}[kind]
    async with cluster(queue_url) as (first, second), first.client() as here, second.client() as there:
        await first.server.emit("q", to=there.sid, callback=callback)
        assert await there.receive() == '421["q"]'
        await there.send("431[]")
        await until(lambda: [record for record in caplog.records if "callback" in record.getMessage()])
        await second.server.emit("last", to=here.sid)
        assert await here.receive() == '42["last"]'


async def test_unanswerable_calls_over_the_queue_fail_at_once(queue_url: str) -> None:
    """The calling process is notified at once if the client leaves or newer calls displace the call."""
    async with (
        cluster(queue_url, limits=Limits(pending_acks=2)) as (first, second),
        second.client() as client,
    ):

        async def ask(stage: Stage, number: int) -> asyncio.Future[Any]:
            call = asyncio.ensure_future(
                stage.server.request("q", number, to=client.sid, namespace="/", timeout=None)
            )
            assert await client.receive() == f'42{number + 1}["q",{number}]'
            return call

        calls = [await ask(first, number) for number in range(3)]
        with pytest.raises(QuestionLostError, match="pending_acks"):
            await calls[0]
        from_second = await ask(second, 3)
        with pytest.raises(QuestionLostError):
            await calls[1]
        await first.server.emit("q", 4, to=client.sid, callback=print)
        with pytest.raises(QuestionLostError):
            await calls[2]
        assert await client.receive() == '425["q",4]'
        await client.raw.close()
        with pytest.raises(DisconnectedError):
            await from_second
        await until(lambda: first.holdings["callbacks"] == 0, "the callback is removed, too")


async def test_callbacks_for_unknown_clients_are_limited(
    queue_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest callback is displaced, as no process can report that a client does not exist."""
    monkeypatch.setattr("asynction_asgi.engine.peers.relayed_callbacks._MOST", 3)
    async with cluster(queue_url, 1) as (stage,):
        lost = asyncio.ensure_future(stage.server.request("q", 1, to="x", namespace="/", timeout=None))
        await until(lambda: stage.holdings["callbacks"] == 1)
        for number in range(3):
            await stage.server.emit("q", to=f"nobody {number}", callback=print)
        with pytest.raises(QuestionLostError):
            await lost
        assert stage.holdings["callbacks"] == 3


@pytest.mark.parametrize("scheme", ["redis", "valkey", "amqp"])
async def test_an_unreachable_queue_is_logged_once(scheme: str, caplog: pytest.LogCaptureFixture) -> None:
    """The line names the queue without its password and says what to do; local clients are still served.

    The seconds of the outage count until the server has ended, and don't fall then.
    """

    def ours() -> list[logging.LogRecord]:
        return [record for record in caplog.records if record.name.startswith("asynction_asgi")]

    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{unused.getsockname()[1]}"
        url = f"{scheme}://ada:sesame@{place}/"
        async with serve(message_queue=url) as stage, stage.websocket() as client:
            stage.server.listen()
            await client.send("40")
            assert (await client.receive()).startswith("40")
            await until(ours, "the line about the queue")
            for number in range(3):
                await stage.server.emit("news", number)
                assert json.loads((await client.receive())[2:]) == ["news", number]
            queue = queue_of(stage.server.manager)
            assert queue is not None
            without, outages = queue.without, queue.traffic.outages
            assert without > 0
    assert queue.without >= without
    assert (outages, queue.traffic.outages) == (0, 1)
    (record,) = ours()
    message = record.getMessage()
    assert (record.name, record.levelname, record.exc_info) == ("asynction_asgi.engine", "ERROR", None)
    assert message.startswith(f"the message queue {scheme}://{place}/ can't be reached (")
    assert "correct message_queue" in message
    assert "ada" not in message
    assert "sesame" not in message


class Line:
    """A proxy to a queue that can be cut and mended."""

    def __init__(self, url: str) -> None:
        self._queue = urlsplit(url)
        self._port = 0
        self._server: asyncio.Server | None = None
        self._writers: list[asyncio.StreamWriter] = []

    async def mend(self) -> str:
        """Accept connections, and return the queue's URL, always the same."""
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]
        return f"redis://127.0.0.1:{self._port}"

    async def cut(self) -> None:
        """Close all connections, and refuse new ones."""
        assert self._server is not None
        self._server.close()
        for writer in self._writers:
            writer.close()
        await self._server.wait_closed()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(self._queue.hostname, self._queue.port)
        self._writers += [writer, far_writer]
        await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while some := await reader.read(65536):
            writer.write(some)
    writer.close()


async def test_a_call_in_an_outage_does_not_hold_up_the_end(caplog: pytest.LogCaptureFixture) -> None:
    """The search for its client ends with the handlers; it is none that did not end in time."""
    with running_broker() as broker:
        async with cluster(broker.url) as (first, _):
            await until(lambda: len(first.server.manager.link.processes) == 2)
            broker.end()
            running = len(first.server.tasks.running)
            await first.server.emit("question", to="nobody", callback=print)
            await until(lambda: len(first.server.tasks.running) > running, "the search")
    assert "did not end in time" not in caplog.text


async def test_a_returning_queue_is_read_again(queue_url: str, caplog: pytest.LogCaptureFixture) -> None:
    """Each server reconnects and logs it, and clients stay connected meanwhile."""

    def returned() -> list[logging.LogRecord]:
        return [record for record in caplog.records if "is back after" in record.getMessage()]

    line = Line(queue_url)
    url = await line.mend()
    async with cluster(url) as (first, second), first.client() as here, second.client() as there:
        await line.cut()
        await until(lambda: "can't be reached" in caplog.text, "the line about the queue")
        await line.mend()
        await until(lambda: len(returned()) == 2, "both servers")
        await first.server.emit("news", 1)
        for client in (here, there):
            assert await client.receive() == '42["news",1]'
        await line.cut()
    assert returned()[0].getMessage().startswith(f"the message queue {url} is back after ")


@contextlib.contextmanager
def crashing_logger(words: str) -> Iterator[tuple[logging.Logger, list[str]]]:
    """Yield a logger with a filter that crashes at these words, and the lines at which it has."""
    logger, crashes = logging.getLogger("tests.crashing"), []

    def crash(record: logging.LogRecord) -> bool:
        if words in record.getMessage():
            crashes.append(record.getMessage())
            raise LookupError("a bug in a filter")
        return True

    logger.addFilter(crash)
    try:
        yield logger, crashes
    finally:
        logger.removeFilter(crash)


async def test_a_crashing_log_filter_does_not_stop_reading(
    queue_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The line about a lost message crashes a filter of the application, and later messages arrive."""
    emit = {"method": "emit", "event": "n", "namespace": "/", "host_id": "another"}
    with crashing_logger("never came") as (logger, crashes):
        async with cluster(queue_url, 1, logger=logger) as (stage,), stage.client() as client:
            manager = stage.server.manager
            async with raw_client(queue_url) as raw:
                for number in (1, 3):
                    await raw.publish(manager.channel, json.dumps({**emit, "data": [number], "n": number}))
                    assert await client.receive() == f'42["n",{number}]'
                await until(lambda: crashes)
                await raw.publish(manager.channel, json.dumps({**emit, "data": [4], "n": 4}))
            assert await client.receive() == '42["n",4]'
            assert manager.link.outages.begun == 0, "a new connection would have missed messages"
            assert manager.lost == {"missed": 1}
    assert "an error occurred while the message queue was read; reading goes on" in caplog.text
    assert "a bug in a filter" in caplog.text


async def test_a_crashing_log_filter_does_not_end_an_outage_for_good(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The line about an outage crashes a filter in both directions, and messages arrive after it."""
    with crashing_logger("can't be reached") as (logger, crashes), running_broker() as broker:
        async with cluster(broker.url, logger=logger) as (first, second), second.client() as client:
            broker.end()
            await first.server.emit("n", 1)
            await until(lambda: len(crashes) == 2, "an outage of each server")
            broker.start()
            links = [stage.server.manager.link for stage in (first, second)]
            await until(lambda: all(link.outages.connected for link in links))
            await first.server.emit("n", 2)
            while (packet := await client.receive()) != '42["n",2]':
                assert packet == '42["n",1]'
    assert "a bug in a filter" in caplog.text


async def test_a_cancelled_close_ends_the_writer() -> None:
    """Whoever cancels it while the broker does not answer gets CancelledError, and no task goes on."""

    def is_written() -> bool:
        return any("Writer.run" in repr(task) for task in asyncio.all_tasks())

    with running_broker() as broker:
        async with cluster(broker.url, 1) as (stage,):
            broker.send_signal(signal.SIGSTOP)
            await stage.server.emit("n")
            assert is_written()
            closing = asyncio.get_running_loop().create_task(stage.server.manager.close())
            await asyncio.sleep(0)  # it begins
            closing.cancel()
            await asyncio.wait([closing])
            assert closing.cancelled()
            assert not is_written()
            broker.send_signal(signal.SIGCONT)
