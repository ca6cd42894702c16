"""Common clients: JavaScript's socket.io-client, and all of python-socketio's."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
import socketio

from .clients import until
from .stages import PROTOCOL_CLASSES, on_stage, ours

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .stages import Stage

TRANSPORTS = {"polling": ["polling"], "websocket": ["websocket"], "upgrade": ["polling", "websocket"]}
SECONDS = 30.0
HEARTBEAT = {"ping_interval": 1.0, "ping_timeout": 10.0}
each_transport = pytest.mark.parametrize("transports", TRANSPORTS.values(), ids=TRANSPORTS.keys())


@pytest.fixture(scope="module", params=list(PROTOCOL_CLASSES.values()), ids=list(PROTOCOL_CLASSES))
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    """A server for all tests of this module."""
    with on_stage(ours, ws=request.param, **HEARTBEAT) as stage:
        yield stage


async def all_gone(stage: Stage) -> None:
    """Wait until the server has no clients.

    python-socketio's clients sometimes do not send their DISCONNECT over polling: their write loop ends
    as soon as they begin to close, even while it is still busy with earlier packets.
    """
    seconds = HEARTBEAT["ping_interval"] + HEARTBEAT["ping_timeout"] + SECONDS
    await until(lambda: not stage.server.eio.sockets, "all gone", seconds)


@each_transport
@pytest.mark.parametrize("version", [3, 4])
async def test_a_javascript_client_can_use_every_feature(
    stage: Stage, run_js: Callable[..., list[Any]], version: int, transports: list[str]
) -> None:
    """Order across an upgrade, binary, acks both ways, refusals, namespaces and disconnects work."""
    package = "socket.io-client" if version == 4 else "socket.io-client-3"
    script = ("every_feature.cjs", package, stage.url, json.dumps(transports))
    assert await asyncio.to_thread(run_js, *script) == [
        {"ordered": True},
        {"transport": transports[-1]},
        {"echo": [1, "zwei \N{SNOWMAN}", {"a": [True, None]}, {"bytes": [0, 255]}]},
        {"refused": "invalid_payload"},
        {"unknown": "unknown_event"},
        {"exception": ["invalid_payload", "text"]},
        {"asked": ["why!"]},
        {"greeted": ["hello"]},
        {"again": ["again"]},
        {"namespace": "/nowhere", "mood": "any", "message": "Invalid namespace"},
        {"namespace": "/moods", "mood": "refuse", "message": "not today"},
        {
            "namespace": "/moods",
            "mood": "boom",
            "message": "the server failed to handle this",
            "code": "internal_error",
        },
        {"news": [{"bytes": [1, 2, 3]}]},
        {"kicked": "io server disconnect"},
    ]
    await all_gone(stage)


async def test_a_javascript_client_of_version_2_is_refused(
    stage: Stage, run_js: Callable[..., list[Any]], caplog: pytest.LogCaptureFixture
) -> None:
    """A client of Engine.IO 3 is refused at once, and the log says once which clients are supported."""
    for transport in ("polling", "websocket"):
        answers = await asyncio.to_thread(run_js, "version_2.cjs", stage.url, json.dumps([transport]))
        assert answers == ["refused"]
        await all_gone(stage)
    (line,) = [message for message in caplog.messages if "Engine.IO 3" in message]
    assert "socket.io-client 3 or 4" in line


@each_transport
async def test_the_asynchronous_client_is_served(stage: Stage, transports: list[str]) -> None:
    """python-socketio's AsyncClient works, and its packets keep their order across an upgrade."""
    news: asyncio.Queue[Any] = asyncio.Queue()
    async with socketio.AsyncSimpleClient() as speaker:
        await speaker.connect(stage.url, transports=transports)
        client = socketio.AsyncClient(reconnection=False)
        client.on("news", news.put)
        client.on("question", lambda question: f"{question}!")
        await client.connect(
            stage.url, namespaces=["/", "/moods"], transports=transports, auth={"mood": "fine"}
        )
        try:
            answers = await asyncio.gather(*(client.call("echo", number) for number in range(50)))
            assert answers == list(range(50))
            assert await client.call("echo", (b"\x00\xff", {"a": None})) == (b"\x00\xff", {"a": None})
            assert await client.call("echo", "there", namespace="/moods") == "there"
            assert await client.call("ask", "why") == "why!"
            assert (await client.call("text", 1))["error"]["code"] == "invalid_payload"
            await speaker.emit("shout", b"\x01")
            assert await asyncio.wait_for(news.get(), SECONDS) == b"\x01"
            assert client.transport() == transports[-1]
        finally:
            await client.disconnect()
    await all_gone(stage)


@each_transport
async def test_the_synchronous_client_is_served(stage: Stage, transports: list[str]) -> None:
    """python-socketio's Client, which uses threads, works."""

    def use() -> None:
        client = socketio.Client(reconnection=False)
        client.connect(stage.url, transports=transports)
        try:
            assert client.call("echo", ("a", b"\x00"), timeout=SECONDS) == ("a", b"\x00")
            assert client.call("text", 1, timeout=SECONDS)["error"]["code"] == "invalid_payload"
            assert client.transport() == transports[-1]
        finally:
            client.disconnect()
            client.wait()

    await asyncio.to_thread(use)
    await all_gone(stage)


@each_transport
async def test_the_simple_clients_are_served(stage: Stage, transports: list[str]) -> None:
    """Both of python-socketio's simple clients receive events."""

    def use() -> list[Any]:
        with socketio.SimpleClient() as client:
            client.connect(stage.url, transports=transports)
            client.emit("shout", "loud")
            received: list[Any] = client.receive(timeout=SECONDS)
            return received

    async with socketio.AsyncSimpleClient() as client:
        await client.connect(stage.url, transports=transports)
        assert await asyncio.to_thread(use) == ["news", "loud"]
        assert await client.receive(timeout=SECONDS) == ["news", "loud"]
        assert await client.call("echo", {"a": 1}, timeout=SECONDS) == {"a": 1}
    await all_gone(stage)


async def test_a_refusal_reaches_the_client_with_its_reason(stage: Stage) -> None:
    """A refused CONNECT raises in python-socketio's client, and the reason is its error."""
    client = socketio.AsyncClient(reconnection=False)
    errors: list[Any] = []
    client.on("connect_error", errors.append, namespace="/moods")
    with pytest.raises(socketio.exceptions.ConnectionError):
        await client.connect(stage.url, namespaces=["/moods"], auth={"mood": "refuse"})
    assert [error["message"] for error in errors] == ["not today"]
    await all_gone(stage)
