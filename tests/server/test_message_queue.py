"""Several servers on a message queue, and a process that only emits, on a real Valkey or Redis."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import textwrap
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from asynction_asgi import (
    AsynctionSocketIO,
    Emitter,
    PayloadValidationError,
    QueueError,
    UndeclaredEventError,
)
from asynction_asgi.cli.actions.readiness import Readiness
from tests.clients import connected
from tests.engine.stage import until
from tests.forked import ForkedProcess
from tests.queues import Broker
from tests.server.documents import BYTES, TEXT, channel, document, message
from tests.serving import serve

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SPEC = document(
    root=channel(
        receives=[
            message("publish", TEXT, **{"x-ack": True}),
            message("ask", {"type": "string"}, **{"x-ack": True}),
            message("join", {"type": "string"}),
            message("drops", {"type": "array", "maxItems": 0}, **{"x-ack": True}),
        ],
        sends=[
            message("news", TEXT),
            message("picture", BYTES),
            message("question", TEXT, **{"x-ack": {"args": TEXT}}),
        ],
    )
)
PROCESS = """
    import asyncio, json, os, sys, uvicorn
    from asynction_asgi import AsynctionSocketIO

    app = AsynctionSocketIO.from_spec(
        json.loads(sys.argv[1]), message_queue=sys.argv[2], **json.loads(sys.argv[3])
    )

    @app.on("publish")
    async def publish(data):
        await app.emit("news", data)
        await app.emit("picture", b"\\x00\\xff")

    @app.on("ask")
    async def ask(client):
        return await app.call("question", {"text": "who"}, to=client, timeout=30)

    @app.on("drops")
    async def drops():
        return dict(app.server.manager.dropped)

    @app.on("join")
    async def join(socket, room):
        await socket.join(room)

    class Server(uvicorn.Server):
        async def startup(self, sockets=None):
            await super().startup(sockets)
            port = self.servers[0].sockets[0].getsockname()[1]
            os.write(1, f"{port}\\n".encode())  # in one write: forks share the pipe

    for _ in range(int(sys.argv[4])):
        if not os.fork():
            break
    Server(uvicorn.Config(app, port=0, log_level="warning")).run()
"""


@pytest.fixture(scope="module")
async def servers(queue_url: str) -> AsyncIterator[list[str]]:
    """Run two server processes of the same document on one queue."""
    async with processes_of(queue_url, {}, {}) as urls:
        yield urls


@contextlib.asynccontextmanager
async def processes_of(queue_url: str, *options: dict[str, Any], forks: int = 0) -> AsyncIterator[list[str]]:
    """Run a server process per set of options, each with its forks, and yield their URLs once connected."""
    command = ("-c", textwrap.dedent(PROCESS), json.dumps(SPEC), queue_url)
    processes = [
        ForkedProcess([*command, json.dumps(settings), str(forks)], stderr=False, start_new_session=True)
        for settings in options
    ]
    try:
        urls = []
        for process in processes:
            assert process.stdout is not None
            ports = [int(process.stdout.readline()) for _ in range(1 + forks)]
            urls += [f"http://127.0.0.1:{port}" for port in ports]
        await wait_until_connected(urls)
        yield urls
    finally:
        for process in processes:
            os.killpg(process.pid, signal.SIGTERM)
        await asyncio.gather(*(asyncio.to_thread(end, process) for process in processes))


def end(process: ForkedProcess) -> None:
    """Wait until a process and its forks have ended, and kill them if they don't."""
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(30)
        raise
    finally:
        assert process.stdout is not None
        process.stdout.close()


async def wait_until_connected(urls: list[str]) -> None:
    """Wait until emits of the first and the last server reach each other, as they subscribe after starting."""
    for here, there in (urls, reversed(urls)):
        async with connected(here) as publisher, connected(there) as reader:
            for number in range(100):
                await publisher.call("publish", {"text": str(number)})
                with contextlib.suppress(TimeoutError):
                    while await asyncio.wait_for(reader.events.get(), 0.1) != ("news", {"text": str(number)}):
                        pass
                    break
            else:
                raise AssertionError("nothing arrived through the queue")
            assert (await reader.receive())[0] == "picture"


async def test_an_emit_reaches_clients_of_other_processes(servers: list[str]) -> None:
    """JSON and binary events cross the queue, and an invalid event is not queued."""
    async with connected(servers[0]) as publisher, connected(servers[1]) as reader:
        assert await publisher.call("publish", {"text": "hi"}) is None
        assert await reader.receive() == ("news", {"text": "hi"})
        assert await reader.receive() == ("picture", b"\x00\xff")
        refused = await publisher.call("publish", {"text": ""})
        assert refused["error"]["code"] == "invalid_payload"


async def test_a_call_to_another_process_is_validated(servers: list[str]) -> None:
    """The caller receives the other process's client's answer, or the error if it is invalid."""
    answers = iter([{"text": "me"}, {"text": ""}])

    async def answering(_: Any) -> Any:
        return next(answers)

    async with connected(servers[0]) as asker, connected(servers[1], on={"question": answering}) as answerer:
        assert await asker.call("ask", answerer.sid) == {"text": "me"}
        assert (await asker.call("ask", answerer.sid))["error"]["code"] == "invalid_ack"


async def test_an_emitter_without_handlers_emits_validated(servers: list[str], queue_url: str) -> None:
    """An emitter's events reach rooms and all clients, and an invalid event raises and is not queued."""
    emitter = Emitter.from_spec(SPEC, message_queue=queue_url)
    async with connected(servers[0]) as first, connected(servers[1]) as second:
        await first.call("join", "red")
        await emitter.emit("news", {"text": "all"})
        for client in (first, second):
            assert await client.receive() == ("news", {"text": "all"})
        with pytest.raises(PayloadValidationError):
            await emitter.emit("news", {"text": ""})
        with pytest.raises(UndeclaredEventError):
            await emitter.emit("publish", {"text": "x"})
        await emitter.emit("news", {"text": "red"}, to="red")
        await emitter.emit("news", {"text": "end"})
        assert [(await first.receive())[1]["text"] for _ in range(2)] == ["red", "end"]
        assert [(await second.receive())[1]["text"] for _ in range(1)] == ["end"]
    await emitter.close()


async def test_an_application_reports_its_queue(queue_url: str) -> None:
    """`app.queue` shows the connection and the known processes, and is None without a queue."""
    assert AsynctionSocketIO.from_spec(SPEC).queue is None
    app, other = (
        AsynctionSocketIO.from_spec(SPEC, message_queue=queue_url, channel="fares", validation="warn")
        for _ in range(2)
    )
    queue = app.queue
    assert queue is not None
    assert (queue.connected, queue.pending, queue.processes) == (False, 0, {})
    assert repr(queue) == f"<Queue {queue_url}: not connected, 0 pending>"
    with serve(app) as url, serve(other):
        async with connected(url):
            for _ in range(2000):
                if list(queue.processes.values()) == [1, 0] and queue.connected:
                    break
                await asyncio.sleep(0.01)
            assert list(queue.processes.values()) == [1, 0]
            assert queue.connected
            assert (queue.lost, queue.dropped) == ({}, {})
    assert not queue.connected


async def test_probes_learn_once_that_the_queue_was_reached() -> None:
    """Not ready while it was never reached; a later outage changes nothing, unless one asks for that."""
    broker = Broker()
    app = AsynctionSocketIO.from_spec(SPEC, message_queue=broker.url, validation="warn")
    queue = app.queue
    assert queue is not None
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(serve(Readiness(app, "/ready"), lifespan="on"))
        http = stack.enter_context(httpx.Client(base_url=url, trust_env=False))
        assert (http.get("/ready").status_code, app.ready) == (503, False)
        stack.callback(broker.end)
        broker.start()
        await until(lambda: app.ready)
        assert http.get("/ready").status_code == 200
        broker.end()
        await until(lambda: not queue.connected)
        assert (http.get("/ready").status_code, app.ready) == (200, True)
        app.server.manager.need_queue()  # as --ready-needs-queue does
        assert (http.get("/ready").status_code, app.ready) == (503, False)
        broker.start()
        await until(lambda: app.ready)


OLD, NEW = "the old secret of the queue", "the new secret of the queue"


async def test_processes_sign_their_messages(queue_url: str) -> None:
    """Secrets are replaced while servers run, and messages without a known secret reach no client."""
    options = {"channel": "signed"}
    signed: list[dict[str, Any]] = [
        {**options, "message_queue_secret": [OLD, NEW]},
        {**options, "message_queue_secret": [NEW, OLD]},
    ]
    async with (
        processes_of(queue_url, *signed) as urls,
        connected(urls[0]) as first,
        connected(urls[1]) as second,
    ):
        for publisher in (first, second):
            await publisher.call("publish", {"text": "hi"})
            for reader in (first, second):
                assert await reader.receive() == ("news", {"text": "hi"})
                assert await reader.receive() == ("picture", b"\x00\xff")
        for secret, words in ((None, "unsigned"), ("an unknown secret of 16", "forged"), (NEW, "signed")):
            emitter = Emitter.from_spec(
                SPEC, message_queue=queue_url, message_queue_secret=secret, channel="signed"
            )
            await emitter.emit("news", {"text": words})
            await emitter.close()
        for reader in (first, second):
            assert await reader.receive() == ("news", {"text": "signed"})
            assert await reader.call("drops") == {"unsigned": 1, "wrong signature": 1}


async def test_forked_processes_reach_each_other(queue_url: str) -> None:
    """After a fork each process has its own ID and its own message numbers."""
    options = {"channel": "forked", "message_queue_secret": NEW}
    async with (
        processes_of(queue_url, options, forks=1) as urls,
        connected(urls[0]) as first,
        connected(urls[1]) as second,
    ):
        for publisher in (first, second):
            await publisher.call("publish", {"text": "hi"})
            for reader in (first, second):
                assert await reader.receive() == ("news", {"text": "hi"})
                assert await reader.receive() == ("picture", b"\x00\xff")
        for reader in (first, second):
            assert await reader.call("drops") == {}


async def test_emits_of_others_are_validated_on_request(queue_url: str) -> None:
    """A server with `message_queue_validation` checks emits from the queue, another server does not."""
    options = {"channel": "checked"}
    checked: list[dict[str, Any]] = [options, {**options, "message_queue_validation": True}]
    async with (
        processes_of(queue_url, *checked) as urls,
        connected(urls[0]) as trusting,
        connected(urls[1]) as checking,
    ):
        lax = Emitter.from_spec(SPEC, message_queue=queue_url, channel="checked", validation=False)
        await lax.emit("news", {"text": ""})
        await lax.emit("undeclared", 1)
        await lax.emit("news", {"text": "news"}, namespace="/undeclared")
        await lax.emit("picture", b"x")
        await lax.close()
        assert await trusting.receive() == ("news", {"text": ""})
        assert await trusting.receive() == ("undeclared", 1)
        for reader in (trusting, checking):
            assert await reader.receive() == ("picture", b"x")
        assert await checking.call("drops") == {"not allowed by the document": 3}
        assert await trusting.call("drops") == {}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"message_queue_secret": OLD}, "need message_queue"),
        ({"message_queue_validation": True}, "need message_queue"),
        ({"message_queue": "redis://", "message_queue_secret": "short"}, "16 bytes"),
        ({"message_queue": "redis://", "message_queue_secret": []}, "16 bytes"),
    ],
    ids=["secret alone", "validation alone", "short", "none"],
)
def test_invalid_queue_options_are_refused(options: Any, words: str) -> None:
    """Invalid options raise when the application is created."""
    with pytest.raises(ValueError, match=words):
        AsynctionSocketIO.from_spec(SPEC, **options)


@pytest.mark.parametrize("scheme", ["redis", "valkey", "amqp"])
async def test_an_emitter_without_its_queue_raises(scheme: str) -> None:
    """An emit without a reachable queue raises an error that names the queue but no password."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{unused.getsockname()[1]}"
        emitter = Emitter.from_spec(SPEC, message_queue=f"{scheme}://ada:sesame@{place}", timeout=0.5)
        with pytest.raises(
            QueueError, match=rf"^nothing was emitted, as {scheme}://{place} can't be reached: (?!.*sesame)"
        ):
            await emitter.emit("news", {"text": "hi"})
        await emitter.close()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        pytest.param("kafka://127.0.0.1", "redis", id="unsupported"),
        pytest.param("nonsense", "redis", id="no scheme"),
    ],
)
def test_an_unusable_queue_is_refused(url: str, words: str) -> None:
    """The error names the usable kinds."""
    with pytest.raises(ValueError, match=words):
        AsynctionSocketIO.from_spec(SPEC, message_queue=url)
