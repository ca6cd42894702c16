"""Emitters in threads, short-lived event loops and forks, and applications called from other loops."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import subprocess
import sys
import textwrap
import threading
from collections import Counter
from typing import Any

import pytest
from redis.asyncio import Redis

from asynction_asgi import AsynctionSocketIO, BlockingEmitter, Emitter, PayloadValidationError, QueueError
from tests.clients import connected
from tests.queues import running_broker
from tests.server.documents import channel, document, message
from tests.serving import serve

SPEC = document(
    root=channel(
        receives=[
            message("plain", {"type": "integer"}, **{"x-ack": True}),
            message("ask", {"type": "string"}, **{"x-ack": {"args": {}}}),
        ],
        sends=[
            message("news", {"type": "string"}),
            message("question", {"type": "integer"}, **{"x-ack": {"args": {"type": "integer"}}}),
        ],
    )
)
KINDS = ["redis", "redis+stream"]
SCRIPT = """
    import asyncio, json, os, sys, threading
    from asynction_asgi import BlockingEmitter, Emitter

    spec, url = json.loads(sys.argv[1]), sys.argv[2]
    emitter = Emitter.from_spec(spec, message_queue=url)
    blocking = BlockingEmitter.from_spec(spec, message_queue=url)

    def burst(name):
        for number in range(25):
            blocking.emit("news", f"{name} {number}")

    for number in range(25):
        asyncio.run(emitter.emit("news", f"loop {number}"))
    threads = [threading.Thread(target=burst, args=(f"thread {n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    child = os.fork()
    if child == 0:
        burst("child")
        for number in range(25):
            asyncio.run(emitter.emit("news", f"child's loop {number}"))
        sys.exit()
    assert os.waitpid(child, 0)[1] == 0
    burst("parent")
    print("done")
"""
SENDERS = ["loop", *(f"thread {number}" for number in range(4)), "child", "child's loop", "parent"]


def url_of(queue_url: str, kind: str) -> str:
    return queue_url.replace("redis:", f"{kind}:")


def application(url: str | None, **options: Any) -> AsynctionSocketIO:
    """Return an application with plain functions as handlers, which run in threads."""
    app = AsynctionSocketIO.from_spec(SPEC, message_queue=url, **options)

    @app.on("plain")
    def plain(sid: str, number: int) -> None:
        for _ in range(number):
            asyncio.run(app.emit("news", threading.current_thread().name, to=sid))

    @app.on("ask")
    def ask(sid: str, what: str) -> Any:
        return asyncio.run(app.call("question", len(what), to=sid, timeout=10))

    return app


@pytest.mark.parametrize("kind", KINDS)
async def test_emits_of_loops_threads_and_forks_arrive_once(queue_url: str, kind: str) -> None:
    """Every emit arrives once, those of a sender in order, and the process exits without output."""
    url = url_of(queue_url, kind)
    with serve(application(url)) as server:
        async with connected(server) as client:
            command = [sys.executable, "-c", textwrap.dedent(SCRIPT), json.dumps(SPEC), url]
            completed = await asyncio.to_thread(
                subprocess.run, command, capture_output=True, text=True, timeout=60, check=False
            )
            assert (completed.returncode, completed.stdout, completed.stderr) == (0, "done\n", "")
            texts = [(await client.receive())[1] for _ in range(25 * len(SENDERS))]
    assert set(Counter(texts).values()) == {1}
    for sender in SENDERS:
        numbers = [int(text.rpartition(" ")[2]) for text in texts if text.rpartition(" ")[0] == sender]
        assert numbers == list(range(25)), sender


def test_a_blocking_emitter_validates(queue_url: str) -> None:
    """An invalid emit raises and is not queued."""
    emitter = BlockingEmitter.from_spec(SPEC, message_queue=queue_url)
    with pytest.raises(PayloadValidationError):
        emitter.emit("news", 1)
    emitter.emit("news", "x", to=[])
    emitter.close()


@pytest.mark.parametrize("kind", KINDS)
async def test_a_blocking_emitter_handles_rooms_and_disconnects(queue_url: str, kind: str) -> None:
    """Emits, room changes and disconnects take effect in the order of the calls."""
    url = url_of(queue_url, kind)
    emitter = BlockingEmitter.from_spec(SPEC, message_queue=url)

    def script(sid: str) -> None:
        emitter.enter_room(sid, "red")
        emitter.emit("news", "in the room", to="red")
        emitter.leave_room(sid, "red")
        emitter.emit("news", "not there", to="red")
        emitter.enter_room(sid, "blue")
        emitter.close_room("blue")
        emitter.emit("news", "nor there", to="blue")
        emitter.emit("news", "last", to=sid)
        emitter.disconnect(sid)
        emitter.close()

    with serve(application(url)) as server:
        async with connected(server) as client:
            await asyncio.to_thread(script, client.sid)
            assert [await client.receive() for _ in range(2)] == [("news", "in the room"), ("news", "last")]
            await client.wait_gone()


async def test_emitters_remove_nothing_that_servers_keep(queue_url: str) -> None:
    """What a server keeps for an hour survives emits of emitters, unless they were given a retention, too."""
    url, key = url_of(queue_url, "redis+stream"), "kept:stream"
    kept = AsynctionSocketIO.from_spec(SPEC, message_queue=url, channel="kept", message_queue_retention=3600)
    brief = Emitter.from_spec(SPEC, message_queue=url, channel="kept", message_queue_retention=600)
    emitter = Emitter.from_spec(SPEC, message_queue=url, channel="kept")
    async with Redis.from_url(queue_url) as client:
        before = int((await client.time())[0]) - 1200
        for number in range(1000):
            await client.xadd(key, {"d": "{}"}, id=f"{before * 1000 + number}-0")
        emitting: list[Emitter | AsynctionSocketIO] = [emitter, kept, emitter, emitter, kept, emitter]
        for number, sender in enumerate(emitting, 1):
            await sender.emit("news", "x")
            assert await client.xlen(key) == 1000 + number
        await brief.emit("news", "x")  # its only one, as of a worker that ends after each task
        assert await client.xlen(key) < 1000
    await emitter.close()
    await kept.aclose()
    await brief.close()


async def test_an_emitter_that_may_not_ask_for_the_time_trims_later() -> None:
    """It emits all the same, and the answer to its first emit tells what is too old."""
    with running_broker() as broker:
        address = broker.url.replace("redis://", "redis+stream://emitter:secret@")
        key = "socketio:stream"
        async with Redis.from_url(broker.url) as client:
            await client.acl_setuser(
                "emitter",
                enabled=True,
                passwords=["+secret"],
                keys=["*"],
                channels=["*"],
                commands=["+@all", "-time"],
            )
            before = int((await client.time())[0]) - 1200
            for number in range(1000):
                await client.xadd(key, {"d": "{}"}, id=f"{before * 1000 + number}-0")
            emitter = Emitter.from_spec(SPEC, message_queue=address, message_queue_retention=600)
            await emitter.emit("news", "x")
            assert await client.xlen(key) == 1001
            await emitter.emit("news", "x")
            assert await client.xlen(key) < 1000
        await emitter.close()


async def test_emitters_leave_a_full_broker_to_the_servers() -> None:
    """An emitter removes nothing from a full broker; its emit waits until a server has removed what is old."""
    with running_broker() as broker:
        url, key = url_of(broker.url, "redis+stream"), "socketio:stream"
        app = application(url, message_queue_retention=600)
        emitter = Emitter.from_spec(SPEC, message_queue=url, timeout=60)
        async with Redis.from_url(broker.url) as client:
            before = int((await client.time())[0]) - 1200
            for number in range(2000):
                await client.xadd(key, {"d": "x" * 1000}, id=f"{before * 1000 + number}-0")
            await client.config_set("maxmemory", (await client.info("memory"))["used_memory"] - 500_000)
            emit = asyncio.ensure_future(emitter.emit("news", "x"))
            while "errorstat_OOM" not in await client.info("errorstats"):  # noqa: ASYNC110  # the broker's
                await asyncio.sleep(0.01)
            assert (await client.xlen(key), emit.done()) == (2000, False)
            async with app.lifespan():
                await emit
            assert await client.xlen(key) < 100
        await emitter.close()


async def emits(emitter: Emitter) -> bool:
    """Return whether the broker confirms an event in time."""
    try:
        await emitter.emit("news", "x")
    except QueueError:
        return False
    return True


async def test_a_queue_error_says_what_was_emitted() -> None:
    """The error says that nothing was emitted, or that it is unknown if the broker did not confirm."""
    with running_broker() as broker:
        impatient, patient = (
            Emitter.from_spec(SPEC, message_queue=broker.url, timeout=seconds) for seconds in (0.5, 10)
        )
        try:
            async with asyncio.timeout(30):
                while not await emits(impatient):
                    pass
            broker.send_signal(signal.SIGSTOP)
            with pytest.raises(QueueError, match=r"^it can't be known whether this was emitted, as redis://"):
                await impatient.emit("news", "x")
            broker.end(signal.SIGKILL)
            with pytest.raises(QueueError, match=r"^nothing was emitted, as redis://.* can't be reached: "):
                await patient.emit("news", "x")
            broker.start()
            await patient.emit("news", "x")
        finally:
            await impatient.close()
            await patient.close()


@pytest.mark.parametrize("kind", KINDS)
async def test_a_refused_message_raises(kind: str) -> None:
    """The error says that nothing was emitted and how large it was, before the timeout; later emits work."""
    with running_broker(options=["--proto-max-bulk-len", "1mb"]) as broker:
        emitter = Emitter.from_spec(SPEC, message_queue=broker.url.replace("redis:", f"{kind}:"))
        try:
            with pytest.raises(
                QueueError,
                match=r"^nothing was emitted: .* refuses a message of 15\d{5} bytes \(event 'news' in",
            ):
                await emitter.emit("news", "x" * 1_500_000)
            await emitter.emit("news", "x")
        finally:
            await emitter.close()


@pytest.mark.parametrize(
    ("user", "words"),
    [
        ("ada:wrong", "refuses the user or password: invalid username-password pair"),
        ("bob:sesame", "denies its user a required permission: .* has no permissions"),
    ],
)
async def test_a_queue_that_refuses_its_user_says_so(user: str, words: str) -> None:
    """A broker that answers is not called unreachable."""
    with running_broker() as broker:
        async with Redis.from_url(broker.url) as client:
            await client.acl_setuser("ada", enabled=True, passwords=["+sesame"], categories=["+@all"])
            await client.acl_setuser("bob", enabled=True, passwords=["+sesame"], commands=["+ping"])
        url = broker.url.replace("redis://", f"redis+stream://{user}@")
        emitter = Emitter.from_spec(SPEC, message_queue=url, timeout=10)
        with pytest.raises(QueueError, match=rf"^nothing was emitted, as .*{words}"):
            await emitter.emit("news", "x")
        await emitter.close()


def test_a_retention_is_for_streams() -> None:
    """Emitters refuse one for pub/sub, and one that is not a time, as applications do."""
    with pytest.raises(ValueError, match="message_queue_retention is for streams"):
        Emitter.from_spec(SPEC, message_queue="redis://127.0.0.1:1", message_queue_retention=60)
    with pytest.raises(ValueError, match="message_queue_retention takes seconds above zero"):
        Emitter.from_spec(SPEC, message_queue="redis+stream://127.0.0.1:1", message_queue_retention=0)


@pytest.mark.parametrize("timeout", [None, "5", 0, -1, True])
@pytest.mark.parametrize("kind", [Emitter, BlockingEmitter])
def test_a_timeout_is_a_number_of_seconds(kind: Any, timeout: Any) -> None:
    """Anything else is an error where the emitter is made; an emit would wait for ever, or always fail."""
    with pytest.raises(ValueError, match="timeout takes seconds above zero, not"):
        kind.from_spec(SPEC, message_queue="redis://127.0.0.1:1", timeout=timeout)


@pytest.mark.parametrize(
    ("option", "hint"),
    [
        ("validaton", "; did you mean 'validation'?"),
        ("carrier", ""),
        ("options", ""),
        ("resource", "; the path is that of the document's server"),
    ],
)
@pytest.mark.parametrize("kind", [Emitter, BlockingEmitter])
def test_an_unknown_option_is_named(kind: Any, option: str, hint: str) -> None:
    """Emitters refuse an option that they don't have as applications do, with a similar name or a cure."""
    with pytest.raises(TypeError, match=rf"^unexpected option '{option}'{re.escape(hint)}"):
        kind.from_spec(SPEC, message_queue="redis://127.0.0.1:1", **{option: None})


@pytest.mark.parametrize("kind", KINDS)
async def test_an_emitter_that_nobody_closes_closes_itself(queue_url: str, kind: str) -> None:
    """Its connection ends with it, and nothing is logged by asyncio."""
    script = f"""
        import gc, json, sys, time
        from redis import Redis
        from asynction_asgi import BlockingEmitter
        broker = Redis.from_url({queue_url!r})
        for number in range(5):
            emitter = BlockingEmitter.from_spec(json.loads(sys.argv[1]), message_queue=sys.argv[2])
            before = {{client["id"] for client in broker.client_list()}}
            emitter.emit("news", "x")
            opened = {{client["id"] for client in broker.client_list()}} - before
            assert opened
            del emitter
            gc.collect()
            while opened & {{client["id"] for client in broker.client_list()}}:
                time.sleep(0.01)
        print("done")
    """
    command = [sys.executable, "-c", textwrap.dedent(script), json.dumps(SPEC), url_of(queue_url, kind)]
    completed = await asyncio.to_thread(
        subprocess.run, command, capture_output=True, text=True, timeout=60, check=False
    )
    assert (completed.returncode, completed.stdout, completed.stderr) == (0, "done\n", "")


@pytest.fixture(params=["alone", *KINDS])
def app(request: pytest.FixtureRequest, queue_url: str) -> AsynctionSocketIO:
    """An application with or without a queue."""
    return application(None if request.param == "alone" else url_of(queue_url, request.param))


async def test_an_application_called_from_another_loop(app: AsynctionSocketIO) -> None:
    """A plain handler runs in a thread, and its emits and calls run in the server's loop."""

    async def answer(number: int) -> int:
        return number + 1

    with serve(app) as server:
        async with connected(server, on={"question": answer}) as client:
            assert await client.call("plain", 20) is None
            assert all([(await client.receive())[0] == "news" for _ in range(20)])
            assert await client.call("ask", "abc") == 4
            await app.enter_room(client.sid, "red")  # the server runs in another thread
            assert "red" in app.rooms(client.sid)
            await app.emit("news", "to the room", to="red")
            assert await client.receive() == ("news", "to the room")
            await app.disconnect(client.sid)
            await client.wait_gone()


async def test_messages_reach_a_stream_whose_user_may_not_begin_transactions() -> None:
    """Many at once are appended in order, one by one."""
    with running_broker() as broker:
        address = broker.url.replace("redis://", "redis+stream://emitter:secret@")
        async with Redis.from_url(broker.url) as client:
            await client.acl_setuser(
                "emitter",
                enabled=True,
                passwords=["+secret"],
                keys=["*"],
                channels=["*"],
                commands=["+@all", "-multi", "-exec"],
            )
            emitter = Emitter.from_spec(SPEC, message_queue=address)
            await asyncio.gather(*(emitter.emit("news", str(number)) for number in range(300)))
            entries: Any = await client.xrange("socketio:stream")
            sent = [json.loads(fields[b"d"])["data"] for _, fields in entries]
            assert sent == [[str(number)] for number in range(300)]
        await emitter.close()
