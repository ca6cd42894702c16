"""Several servers behind one message queue, and a process that only emits; on a real Valkey or Redis."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING, Any

import pytest

from asynction_asgi import (
    AsynctionSocketIO,
    Emitter,
    PayloadValidationError,
    QueueError,
    UndeclaredEventError,
)
from tests.clients import connected
from tests.server.documents import BYTES, TEXT, channel, document, message

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SPEC = document(
    root=channel(
        receives=[
            message("publish", TEXT, **{"x-ack": True}),
            message("ask", {"type": "string"}, **{"x-ack": True}),
            message("join", {"type": "string"}),
        ],
        sends=[
            message("news", TEXT),
            message("picture", BYTES),
            message("question", TEXT, **{"x-ack": {"args": TEXT}}),
        ],
    )
)
PROCESS = """
    import asyncio, json, sys, uvicorn
    from asynction_asgi import AsynctionSocketIO

    app = AsynctionSocketIO.from_spec(json.loads(sys.argv[1]), message_queue=sys.argv[2])

    @app.on("publish")
    async def publish(data):
        await app.emit("news", data)
        await app.emit("picture", b"\\x00\\xff")

    @app.on("ask")
    async def ask(client):
        return await app.call("question", {"text": "who"}, to=client, timeout=5)

    @app.on("join")
    async def join(socket, room):
        await socket.join(room)

    class Server(uvicorn.Server):
        async def startup(self, sockets=None):
            await super().startup(sockets)
            print(self.servers[0].sockets[0].getsockname()[1], flush=True)

    Server(uvicorn.Config(app, port=0, log_level="warning")).run()
"""


@pytest.fixture(scope="module")
async def servers(queue_url: str) -> AsyncIterator[list[str]]:
    """Two server processes of one document, on one queue."""
    command = [sys.executable, "-c", textwrap.dedent(PROCESS), json.dumps(SPEC), queue_url]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    try:
        urls = []
        for process in processes:
            assert process.stdout is not None
            urls.append(f"http://127.0.0.1:{int(process.stdout.readline())}")
        await hear_each_other(urls)
        yield urls
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(10)
            assert process.stdout is not None
            process.stdout.close()


async def hear_each_other(urls: list[str]) -> None:
    """Wait until what one server emits arrives at the other: they begin to listen after they started."""
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


async def test_an_emit_in_one_process_reaches_the_clients_of_another(servers: list[str]) -> None:
    """JSON and binary cross the queue; what misses the document never enters it."""
    async with connected(servers[0]) as publisher, connected(servers[1]) as reader:
        assert await publisher.call("publish", {"text": "hi"}) is None
        assert await reader.receive() == ("news", {"text": "hi"})
        assert await reader.receive() == ("picture", b"\x00\xff")
        refused = await publisher.call("publish", {"text": ""})
        assert refused["error"]["code"] == "invalid_payload"


async def test_a_call_crosses_processes_and_its_answer_is_validated(servers: list[str]) -> None:
    """A client of the other process answers; the caller gets the answer, or the error."""
    answers = iter([{"text": "me"}, {"text": ""}])

    async def answering(_: Any) -> Any:
        return next(answers)

    async with connected(servers[0]) as asker, connected(servers[1], on={"question": answering}) as answerer:
        assert await asker.call("ask", answerer.sid) == {"text": "me"}
        assert (await asker.call("ask", answerer.sid))["error"]["code"] == "invalid_ack"


async def test_an_emitter_without_handlers_emits_validated(servers: list[str], queue_url: str) -> None:
    """Another process reaches rooms and everybody; a wrong payload raises there and goes nowhere."""
    emitter = Emitter.from_spec(SPEC, message_queue=queue_url)
    async with connected(servers[0]) as one, connected(servers[1]) as two:
        await one.call("join", "red")
        await emitter.emit("news", {"text": "all"})
        for client in (one, two):
            assert await client.receive() == ("news", {"text": "all"})
        with pytest.raises(PayloadValidationError):
            await emitter.emit("news", {"text": ""})
        with pytest.raises(UndeclaredEventError):
            await emitter.emit("publish", {"text": "x"})
        await emitter.emit("news", {"text": "red"}, to="red")
        await emitter.emit("news", {"text": "end"})
        assert [(await one.receive())[1]["text"] for _ in range(2)] == ["red", "end"]
        assert [(await two.receive())[1]["text"] for _ in range(1)] == ["end"]
    await emitter.close()


async def test_an_emitter_whose_queue_is_gone_raises() -> None:
    """Nobody could have heard it, so it is no success."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        emitter = Emitter.from_spec(SPEC, message_queue=f"redis://127.0.0.1:{nobody.getsockname()[1]}")
        with pytest.raises(QueueError):
            await emitter.emit("news", {"text": "hi"})
        await emitter.close()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        pytest.param("kafka://127.0.0.1", "redis", id="unsupported"),
        pytest.param("nonsense", "redis", id="no scheme"),
    ],
)
def test_an_unusable_queue_is_told_at_once(url: str, words: str) -> None:
    """The error names what can be used."""
    with pytest.raises(ValueError, match=words):
        AsynctionSocketIO.from_spec(SPEC, message_queue=url)
