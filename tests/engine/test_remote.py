"""The client, against servers that do what none should."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from asynction_asgi.engine.remote import Address, ClosedError, ConnectRefusedError, UnreachableError, connect

from ..serving import serve

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

pytestmark = pytest.mark.anyio

OPEN = "0" + json.dumps({"sid": "x", "upgrades": [], "pingInterval": 25000, "pingTimeout": 20000})
JOINED = '40{"sid":"y"}'
NESTED = "[" * 100_000 + "]" * 100_000


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def scripted(first: Sequence[str], then: Sequence[str], *, stays: bool = True) -> Callable[..., Any]:
    """A server over WebSocket: some frames, what answers CONNECT, and an end or none."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "websocket":
            return
        await receive()
        await send({"type": "websocket.accept"})
        for frame in first:
            await send({"type": "websocket.send", "text": frame})
        if then:
            await receive()
        for frame in then:
            await send({"type": "websocket.send", "text": frame})
        while stays and (await receive())["type"] != "websocket.disconnect":
            pass
        if not stays:
            await send({"type": "websocket.close"})

    return app


def answering(status: int, body: bytes) -> Callable[..., Any]:
    """A server that answers every request alike, and takes no WebSocket."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close"})
        elif scope["type"] == "http":
            headers = [(b"content-type", b"application/json")]
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": body})

    return app


@pytest.mark.parametrize(
    ("app", "reason"),
    [
        (answering(200, b"hello"), "Unexpected response"),
        (answering(200, b""), "does not speak Socket.IO"),
        (answering(200, b'4{"no": "open"}'), "OPEN packet not returned"),
        (answering(400, b'{"code": 5, "message": "Unsupported protocol version"}'), "400.*: Unsupported protocol"),
        (answering(500, b"{"), "does not speak Socket.IO"),
        (scripted([], [], stays=False), "Unexpected status code|does not speak"),
    ],
    ids=["text", "empty", "another packet", "refusal", "broken refusal", "closed"],
)  # fmt: skip
async def test_what_is_no_socket_io_server_is_told(app: Any, reason: str) -> None:
    """In words, whatever upstream's client raises for it."""
    with serve(app, log_level="critical") as url, pytest.raises(UnreachableError, match=reason):
        async with connect(Address(url=url), seconds=5):
            pass


@pytest.mark.parametrize(
    ("then", "stays", "reason"),
    [
        ([JOINED], False, "the connection ended"),
        ([JOINED, "42[]"], True, "no Socket.IO packet"),
        ([JOINED, "4?"], True, "no Socket.IO packet"),
        ([JOINED, f'42["deep",{NESTED}]'], True, "no Socket.IO packet"),
        ([JOINED, "?"], True, "the connection ended"),
        ([JOINED, "41"], True, "the server disconnected this client"),
        ([JOINED, "1"], True, "server disconnect"),
    ],
    ids=["closed", "no event", "no packet", "nested", "no frame", "DISCONNECT", "CLOSE"],
)
async def test_an_end_is_an_end_of_every_wait(then: list[str], stays: bool, reason: str) -> None:
    """Who waits for an acknowledgement or an event is told at once, and so is who emits afterwards."""
    address = {"transports": ("websocket",)}
    with serve(scripted([OPEN], then, stays=stays), log_level="critical") as url:
        begun = time.monotonic()
        async with connect(Address(url=url, **address), seconds=10) as remote:  # type: ignore[arg-type]  # one field
            with pytest.raises(ClosedError, match=reason):
                await remote.call("x", [1])
            with pytest.raises(ClosedError, match=reason):
                await remote.receive()
            with pytest.raises(ClosedError, match=reason):
                await remote.emit("x", [])
        assert time.monotonic() - begun < 9


async def test_events_before_an_end_are_received() -> None:
    """In their order, and then the end."""
    app = scripted([OPEN], [JOINED, '42["one",1]', '42["two"]'], stays=False)
    with serve(app) as url:
        async with connect(Address(url=url, transports=("websocket",)), seconds=5) as remote:
            received = [await remote.receive() for _ in range(2)]
            assert [(one.event, one.arguments) for one in received] == [("one", (1,)), ("two", ())]
            with pytest.raises(ClosedError):
                await remote.receive()


@pytest.mark.parametrize(
    ("answer", "error"),
    [('44{"message":"no"}', ConnectRefusedError), ("41", UnreachableError), ("1", UnreachableError)],
    ids=["CONNECT_ERROR", "DISCONNECT", "CLOSE"],
)
async def test_connect_is_answered_or_fails(answer: str, error: type[Exception]) -> None:
    """No waiting for an answer that can't come any more."""
    with serve(scripted([OPEN], [answer])) as url, pytest.raises(error):
        async with connect(Address(url=url, transports=("websocket",)), seconds=20):
            pass


async def test_leaving_a_silent_server_is_bounded() -> None:
    """A server that never answers the good-bye holds nobody."""
    with serve(scripted([OPEN], [JOINED])) as url:
        async with connect(Address(url=url, transports=("websocket",)), seconds=5) as remote:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(remote.call("x", []), 0.05)
            begun = time.monotonic()
        assert time.monotonic() - begun < 10
