"""Traces over the message queue: emits of processes without a server, and what one process does for another."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry import trace
from opentelemetry.trace import SpanKind
from redis.asyncio import Redis

from asynction_asgi import AsynctionSocketIO, Emitter, PayloadValidationError, QueueError, Tracing
from tests.clients import connected
from tests.engine.stage import until
from tests.server.documents import TEXT, channel, document, message
from tests.serving import serve

from .recorder import Recorder, attributes, linked, span_id

if TYPE_CHECKING:
    from collections.abc import Iterator

SPEC = document(root=channel([message("say")], [message("told", TEXT)]))
HI = {"text": "hi"}


class World:
    """Two servers on a queue, of which only the first has clients."""

    def __init__(self, queue_url: str) -> None:
        self.recorder = Recorder()
        self.queue_url = queue_url
        options: dict[str, Any] = {"message_queue": queue_url, "tracing": self.tracing, "validation": "warn"}
        self.app, self.other = (AsynctionSocketIO.from_spec(SPEC, **options) for _ in range(2))
        self.url = ""

    @property
    def tracing(self) -> Tracing:
        return Tracing(provider=self.recorder.provider)

    def cause(self) -> Any:
        """Begin a span that is the current one in a block."""
        tracer = trace.get_tracer("tests", tracer_provider=self.recorder.provider)
        return tracer.start_as_current_span("cause")


@pytest.fixture(scope="module")
def running(queue_url: str) -> Iterator[World]:
    world = World(queue_url)
    with serve(world.app) as world.url, serve(world.other):
        yield world


@pytest.fixture
async def world(running: World) -> World:
    queue = running.other.queue
    assert queue is not None
    await until(
        lambda: len(queue.processes) == 2 and not any(queue.processes.values()), "both without clients"
    )
    running.recorder.exporter.clear()
    return running


@pytest.mark.parametrize("how", ["application", "room", "emitter"])
async def test_another_process_disconnects_a_client(world: World, how: str) -> None:
    """The span of the disconnect handler has a link to what caused it, beside that to the connection."""
    emitter = Emitter.from_spec(SPEC, message_queue=world.queue_url, tracing=world.tracing)
    async with connected(world.url) as client:
        with world.cause():
            if how == "application":
                await world.other.disconnect(client.sid)
            elif how == "room":
                await world.other.sockets(client.sid).disconnect()
            else:
                await emitter.disconnect(client.sid)
        await client.wait_gone()
    span = await world.recorder.only("process disconnect /")
    connecting, cause = await world.recorder.only("connect /"), await world.recorder.only("cause")
    assert linked(span) == [span_id(connecting), span_id(cause)]
    assert attributes(span)["asynction.reason"] == "server disconnect"
    await emitter.close()


async def test_a_handler_disconnects_a_client_of_its_process(world: World) -> None:
    """The link is there as well."""
    async with connected(world.url) as client:
        with world.cause():
            await world.app.disconnect(client.sid)
        await client.wait_gone()
    span, cause = await world.recorder.only("process disconnect /"), await world.recorder.only("cause")
    assert span_id(cause) in linked(span)


@pytest.mark.parametrize("named", [5, "x", [], {}, {"traceparent": 7}, {"traceparent": "00-1-1-01"}])
async def test_a_forged_trace_on_the_queue_changes_nothing(world: World, named: Any) -> None:
    """The message is taken, and there is no link."""
    async with connected(world.url) as client, Redis.from_url(world.queue_url) as redis:
        forged = {"method": "disconnect", "sid": client.sid, "namespace": "/", "host_id": "x", "trace": named}
        await redis.publish("socketio", json.dumps(forged))
        await client.wait_gone()
    span = await world.recorder.only("process disconnect /")
    assert linked(span) == [span_id(await world.recorder.only("connect /"))]


async def test_an_emitter_sends_in_a_span(world: World) -> None:
    """It belongs to that of its process, ends when the broker has answered, and names what failed."""
    emitter = Emitter.from_spec(SPEC, message_queue=world.queue_url, tracing=world.tracing)
    async with connected(world.url) as client:
        with world.cause():
            await emitter.emit("told", HI)
            with pytest.raises(PayloadValidationError):
                await emitter.emit("told", {"text": ""})
        assert await client.receive() == ("told", HI)
    sent, cause = await world.recorder.only("send told /"), await world.recorder.only("cause")
    assert sent.parent is not None
    assert (sent.kind, sent.parent.span_id) == (SpanKind.PRODUCER, span_id(cause))
    await emitter.close()
    world.recorder.exporter.clear()
    lost = Emitter.from_spec(SPEC, message_queue="redis://127.0.0.1:1", tracing=world.tracing, timeout=0.1)
    with pytest.raises(QueueError):
        await lost.emit("told", HI)
    failed = await world.recorder.only("send told /")
    assert (attributes(failed)["error.type"], failed.status.is_ok) == ("QueueError", False)
    await lost.close()


async def test_emits_to_clients_of_other_processes_have_one_span(world: World) -> None:
    """That of the process which emits; a process that hands it on has none."""
    async with connected(world.url) as client:
        with world.cause():
            await world.other.emit("told", HI)
        assert await client.receive() == ("told", HI)
        assert world.recorder.names.count("send told /") == 1
        assert "process told /" not in world.recorder.names
