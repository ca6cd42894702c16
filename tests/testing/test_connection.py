"""The test client against servers that break the protocol, hang or raise."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from asynction_asgi import AsynctionSocketIO, load_spec
from asynction_asgi.client.refusals import refusal_in
from asynction_asgi.engine.wire.codec import UndecodableError
from asynction_asgi.testing import ConnectError, LifespanError, NothingReceivedError, TestServer
from asynction_asgi.testing import client as client_module
from asynction_asgi.testing import server as server_module
from tests.testing.contracts import SPEC, app, nothing

if TYPE_CHECKING:
    from asynction_asgi import Socket

OPEN, CONNECTED = '0{"sid":"x"}', '40{"sid":"1"}'


def scripted(
    *frames: str | bytes, received: list[Any] | None = None, then: BaseException | None = None
) -> TestServer:
    """Return a server that sends `frames`, and then raises or collects the client's texts."""

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "websocket"  # no lifespan, as ASGI allows
        await send({"type": "websocket.accept"})
        for frame in frames:
            key = "text" if isinstance(frame, str) else "bytes"
            await send({"type": "websocket.send", key: frame})
        if then is not None:
            raise then
        while (message := await receive())["type"] != "websocket.disconnect":
            if received is not None:
                received.append(message.get("text"))
        await send({"type": "websocket.send", "text": "2"})  # the client has already left

    return TestServer(serve, path="/socket.io", spec=load_spec(SPEC))


@pytest.mark.parametrize(
    "frames",
    [
        pytest.param(["4"], id="no packet"),
        pytest.param(["42{}"], id="no event"),
        pytest.param(["49"], id="unknown packet"),
        pytest.param([b"1"], id="attachment without a packet"),
        pytest.param(
            ['451-["file",{"_placeholder":true,"num":0}]', "42[]"], id="packet before its attachment"
        ),
        pytest.param(['451-["file"]', b"1"], id="attachment without a placeholder"),
    ],
)
async def test_an_invalid_packet_fails_the_test(frames: list[str | bytes]) -> None:
    """An invalid packet raises once, at the next step, and ends the connection."""
    async with scripted(OPEN, CONNECTED, *frames) as server:
        connection = server.connect()
        with pytest.raises(UndecodableError) as caught:
            await connection.__aenter__()
    assert caught.value.__notes__ == ["the server sent an invalid Socket.IO packet"]


async def test_meaningless_packets_are_ignored() -> None:
    """A NOOP and a late acknowledgement are ignored, and a PING is answered."""
    messages: list[Any] = []
    frames = (OPEN, "6", "2", CONNECTED, "437[1]", '451-["file",{"_placeholder":true,"num":0}]', b"1")
    async with scripted(*frames, received=messages) as server, server.connect() as client:
        assert await client.receive("file") == b"1"
        await client.expect_nothing(within=0.01)
    assert messages == [None, "40", "3", "41"]  # the first message is the handshake


async def test_an_application_error_is_raised_in_the_test() -> None:
    """An exception of the application is raised while the test waits, or at the end."""
    async with scripted(OPEN, CONNECTED, then=LookupError("bug")) as server:
        with pytest.raises(LookupError, match="bug"):
            async with server.connect():
                pass


async def test_a_disconnect_handler_that_hangs_fails_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """The wait for the handler times out, after a disconnect and after a lost connection."""
    monkeypatch.setattr(client_module, "WAIT_SECONDS", 0.05)
    hanging: set[str] = set()

    async def disconnect(_: Socket, reason: str) -> None:
        hanging.add(reason)
        await asyncio.Event().wait()

    for way in ("drop", "disconnect"):
        server = TestServer(app(disconnect=disconnect))
        await server.__aenter__()
        client = await server.connect().__aenter__()
        await getattr(client, way)()
        with pytest.raises(NothingReceivedError, match="the end of the server's work"):
            client.raise_trouble()
    assert hanging == {"transport close", "client disconnect"}


@pytest.mark.parametrize("phase", ["startup", "shutdown"])
async def test_a_lifespan_that_hangs_fails_the_test(phase: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The start-up and the shutdown each have a time limit."""
    monkeypatch.setattr(server_module, "_LIFESPAN_SECONDS", 0.05)

    async def hang(_: Any, receive: Any, send: Any) -> None:
        while (await receive())["type"] != f"lifespan.{phase}":
            await send({"type": "lifespan.startup.complete"})
        await asyncio.Event().wait()

    with pytest.raises(LifespanError, match=f"the {phase} was not complete within 0.05 s"):
        async with TestServer(hang, path="/", spec=load_spec(SPEC)):
            assert phase == "shutdown"


async def test_a_lifespan_that_raises_fails_the_test() -> None:
    """An exception after a complete start-up is reported as a failed shutdown."""

    async def end(_: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        raise LookupError("bug")

    with pytest.raises(LifespanError, match="the shutdown failed: bug") as caught:
        async with TestServer(end, path="/", spec=load_spec(SPEC)):
            pass
    assert isinstance(caught.value.__cause__, LookupError)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("no", id="text"),
        pytest.param({"error": "no"}, id="error that is a text"),
        pytest.param({"error": {"code": 1, "message": "no"}}, id="code that is a number"),
        pytest.param({"error": {"code": "no", "message": "no", "details": [{"why": 1}]}}, id="other details"),
    ],
)
def test_similar_answers_are_not_refusals(value: Any) -> None:
    """An answer that only resembles the standard refusal is returned as an answer."""
    assert refusal_in(value) is None


@pytest.mark.parametrize(("answer", "text"), [('44"full"', "full"), ("44", "refused")])
async def test_a_connection_refused_with_a_text_or_nothing(answer: str, text: str) -> None:
    """A refusal of CONNECT may hold a text or nothing, as other servers send it."""
    async with scripted(OPEN, answer) as server:
        with pytest.raises(ConnectError, match=text) as refused:
            await server.connect().__aenter__()
    assert (refused.value.code, refused.value.data) == ("refused", None)


async def test_events_of_an_undeclared_namespace_fail() -> None:
    """If the wrapped server admits an undeclared namespace, each checked event in it raises."""
    served = AsynctionSocketIO.from_spec(
        {**SPEC, "channels": {"/x": SPEC["channels"]["/"]}}, handlers={"/x": {"*": nothing}}
    )
    served.server.on("hello", nothing, namespace="/other")
    async with TestServer(served) as server, server.connect("/other") as client:
        with pytest.raises(Exception, match="declares no namespace"):
            await client.call("hello")
        assert await client.call("hello", unchecked=True) is None
