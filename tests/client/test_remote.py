"""The client against servers that break the protocol."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from asynction_asgi import AsynctionSocketIO
from asynction_asgi.client import remote_client
from asynction_asgi.client.remote import connect
from asynction_asgi.client.remote_client import Address, ClosedError, ConnectRefusedError
from asynction_asgi.client.remote_http import RedirectedError, UnreachableError, open_session, read_answer

from ..serving import serve

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping, Sequence

    from asynction_asgi import Socket

    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

pytestmark = pytest.mark.anyio

OPEN = "0" + json.dumps({"sid": "x", "upgrades": [], "pingInterval": 25000, "pingTimeout": 20000})
JOINED = '40{"sid":"y"}'
NESTED = "[" * 100_000 + "]" * 100_000


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def scripted(first: Sequence[str], then: Sequence[str], *, stays: bool = True) -> Callable[..., Any]:
    """Return a WebSocket server with scripted frames, answer to CONNECT, and end."""

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
    """Return a server that gives each request the same answer, and accepts no WebSocket."""

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
        (answering(500, b"{"), "Unexpected status code 500"),
        (scripted([], [], stays=False), "Unexpected status code|does not speak"),
    ],
    ids=["text", "empty", "another packet", "refusal", "broken refusal", "closed"],
)  # fmt: skip
async def test_another_kind_of_server_is_reported(app: Any, reason: str) -> None:
    """The error is in plain words, whatever the upstream client raises."""
    with serve(app, log_level="critical") as url, pytest.raises(UnreachableError, match=reason):
        async with connect(Address(url=url), seconds=5):
            pass


@pytest.mark.parametrize(
    ("then", "stays", "reason"),
    [
        ([JOINED], False, "the connection ended"),
        ([JOINED, "42[]"], True, "not a Socket.IO packet"),
        ([JOINED, "4?"], True, "not a Socket.IO packet"),
        ([JOINED, f'42["deep",{NESTED}]'], True, "not a Socket.IO packet"),
        ([JOINED, '42{"0":"x"}'], True, "not a Socket.IO packet"),
        ([JOINED, '42"text"'], True, "not a Socket.IO packet"),
        ([JOINED, "42[1]"], True, "not a Socket.IO packet"),
        ([JOINED, '430{"a":1}'], True, "not a Socket.IO packet"),
        ([JOINED, '44{"message":"no"}'], True, "refused the namespace that it had accepted"),
        ([JOINED, "?"], True, "the connection ended"),
        ([JOINED, "41"], True, "the server disconnected this client"),
        ([JOINED, "1"], True, "server disconnect"),
    ],
    ids=[
        "closed",
        "no event",
        "no packet",
        "nested",
        "object",
        "text",
        "number",
        "ack",
        "CONNECT_ERROR",
        "no frame",
        "DISCONNECT",
        "CLOSE",
    ],
)
async def test_a_disconnect_ends_every_wait(then: list[str], stays: bool, reason: str) -> None:
    """A wait for an ack or an event fails at once, and so does a later emit."""
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


async def test_events_before_a_disconnect_are_received() -> None:
    """Events are received in their order, and then the disconnect."""
    app = scripted([OPEN], [JOINED, '42["one",1]', '42["two"]'], stays=False)
    with serve(app) as url:
        async with connect(Address(url=url, transports=("websocket",)), seconds=5) as remote:
            received = [await remote.receive() for _ in range(2)]
            assert [(event.event, event.arguments) for event in received] == [("one", (1,)), ("two", ())]
            with pytest.raises(ClosedError):
                await remote.receive()


@pytest.mark.parametrize(
    ("answer", "error"),
    [('44{"message":"no"}', ConnectRefusedError), ("41", UnreachableError), ("1", UnreachableError)],
    ids=["CONNECT_ERROR", "DISCONNECT", "CLOSE"],
)
async def test_connect_is_answered_or_fails(answer: str, error: type[Exception]) -> None:
    """The wait for the answer to CONNECT ends if the answer can no longer come."""
    with serve(scripted([OPEN], [answer])) as url, pytest.raises(error):
        async with connect(Address(url=url, transports=("websocket",)), seconds=20):
            pass


async def test_leaving_a_silent_server_is_bounded() -> None:
    """Disconnecting ends in time, even if the server never answers the close."""
    with serve(scripted([OPEN], [JOINED])) as url:
        async with connect(Address(url=url, transports=("websocket",)), seconds=5) as remote:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(remote.call("x", []), 0.05)
            begun = time.monotonic()
        assert time.monotonic() - begun < 10


@pytest.mark.parametrize("transports", [("polling", "websocket"), ("websocket",), ("polling",)], ids="+".join)
async def test_leaving_is_for_good(transports: tuple[str, ...]) -> None:
    """The server learns of a disconnect over each transport, so that it keeps no session for the client to return."""
    document = {
        "asyncapi": "2.6.0",
        "info": {"title": "Left", "version": "1"},
        "channels": {
            "/": {"x-recovery": True, "publish": {"message": {"name": "say", "payload": {"type": "string"}}}}
        },
    }
    app = AsynctionSocketIO.from_spec(document, mock="missing")
    left: asyncio.Queue[tuple[str, bool]] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    @app.on("disconnect")
    async def disconnect(socket: Socket, reason: str) -> None:
        loop.call_soon_threadsafe(left.put_nowait, (reason, socket.recoverable))

    with serve(app) as url:
        async with connect(Address(url=url, transports=transports), seconds=20) as remote:
            await remote.emit("say", ["hello"])
        assert await asyncio.wait_for(left.get(), 20) == ("client disconnect", False)


@pytest.mark.parametrize(
    "answer",
    ['40/other,{"sid":"y"}', JOINED, '44/other,{"message":"no"}', '40/\x1b[31m,{"sid":"y"}'],
    ids=["other", "root", "refusal", "control characters"],
)
async def test_an_answer_for_another_namespace_is_reported(answer: str) -> None:
    """A CONNECT answer for another namespace ends the attempt with an explanation."""
    address = {"transports": ("websocket",), "namespace": "/chat"}
    with (
        serve(scripted([OPEN], [answer])) as url,
        pytest.raises(UnreachableError, match=r"answered for namespace '/\S*' in place of '/chat'"),
    ):
        async with connect(Address(url=url, **address), seconds=20):  # type: ignore[arg-type]  # two fields
            pass


async def test_packets_of_other_namespaces_are_ignored() -> None:
    """Events, acks and disconnects of another namespace do not affect this one."""
    packets = ['42/other,["theirs"]', '43/other,1["theirs"]', "41/other,", '42["ours"]', '431["ours"]']
    with serve(scripted([OPEN], [JOINED, *packets])) as url:
        async with connect(Address(url=url, transports=("websocket",)), seconds=20) as remote:
            assert (await remote.receive()).event == "ours"
            assert await remote.call("x", []) == ("ours",)


def flooding(events: int, *then: str) -> Callable[..., Any]:
    """Return a server that answers one event with many events and then the given frames."""
    return scripted([OPEN], [JOINED, *['42["noise","0123456789"]'] * events, *then])


async def test_a_call_keeps_no_events() -> None:
    """Events that no one receives are dropped, however many precede the acknowledgement."""
    with serve(flooding(5_000, '431["done"]')) as url:
        async with connect(Address(url=url, transports=("websocket",)), seconds=60, events=()) as remote:
            assert await remote.call("x", []) == ("done",)


async def test_a_flood_that_is_read_is_received_whole() -> None:
    """Events that are received as they come are never too many."""
    with serve(flooding(5_000)) as url:
        async with connect(Address(url=url, transports=("websocket",)), seconds=60) as remote:
            received = [(await remote.receive()).event for _ in range(5_000)]
    assert received == ["noise"] * 5_000


async def test_an_unread_flood_ends_the_connection() -> None:
    """The number of unread events is bounded, and the error says that there are too many."""
    with serve(flooding(5_000)) as url:
        async with connect(Address(url=url, transports=("websocket",)), seconds=60) as remote:
            with pytest.raises(ClosedError, match="faster than they are read: 1,000 wait") as ended:
                await remote.call("x", [])
            assert ended.value.final
            for _ in range(1_000):
                assert (await remote.receive()).event == "noise"
            with pytest.raises(ClosedError, match="faster"):
                await remote.receive()


async def test_a_server_that_never_reads_is_left() -> None:
    """The pongs queued for a server that reads nothing are bounded."""
    pings = "\x1e".join(["2"] * 16)
    polls = iter([OPEN, JOINED])

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["method"] == "GET":
            await respond(send, 200, next(polls, pings))
        elif scope["type"] == "http":
            while (await receive())["type"] != "http.disconnect":
                pass

    with serve(app, log_level="critical") as url:
        async with connect(Address(url=url, transports=("polling",)), seconds=60) as remote:
            with pytest.raises(ClosedError, match="the server does not read: 1,000 packets wait"):
                await remote.call("x", [])


async def test_an_event_of_endless_attachments_ends_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """The attachments of one event are bounded in number and size, as one message is."""
    monkeypatch.setattr(remote_client, "_MESSAGE_BYTES", 10_000)
    endless = "\x1e".join(["bAAAA"] * 16)
    polls = iter([OPEN, JOINED, '451000000-["x",{"_placeholder":true,"num":0}]'])

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await respond(send, 200, next(polls, endless) if scope["method"] == "GET" else "ok")

    with serve(app, log_level="critical") as url:
        async with connect(Address(url=url, transports=("polling",)), seconds=60) as remote:
            with pytest.raises(ClosedError, match="an event of more than 10,000 bytes"):
                await remote.receive()


async def test_an_endless_answer_is_cut_off() -> None:
    """The client reads the body of a polling request up to a limit."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await receive()
            gone = asyncio.ensure_future(receive())
            await send({"type": "http.response.start", "status": 200, "headers": []})
            while not gone.done():
                await send({"type": "http.response.body", "body": b"x" * 10_000, "more_body": True})
                await asyncio.sleep(0)

    with serve(app, log_level="critical") as url:
        async with open_session([], verify=True) as session, session.get(url) as response:
            with pytest.raises(UnreachableError, match="more than 50,000 bytes"):
                await read_answer(response, 50_000)


async def respond(send: Send, status: int, body: str = "", **headers: str) -> None:
    """Answer an HTTP request."""
    written = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": written})
    await send({"type": "http.response.body", "body": body.encode()})


class Elsewhere:
    """A server on another origin that must receive no request; it records those that it gets."""

    def __init__(self) -> None:
        self.reached: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            return
        self.reached.append(
            f"{scope['type']} {scope['path']}?{scope['query_string'].decode()} {scope['headers']}"
        )
        if scope["type"] == "http":
            await respond(send, 200, OPEN)


def redirecting(
    location: str, status: int, *, first: Sequence[str] = (), method: str = ""
) -> Callable[..., Any]:
    """Return a server that answers polls, while it has answers, and then redirects whatever it is asked.

    Args:
        location: Where to.
        status: Of the redirect.
        first: What it answers to the first polls.
        method: The one that is redirected from the beginning.
    """
    polls = iter(first)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            return
        if scope["type"] == "websocket":
            await receive()
            headers = [(b"location", location.encode())]
            await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
            await send({"type": "websocket.http.response.body", "body": b""})
            return
        answer = next(polls, None) if scope["method"] == "GET" else "ok"
        if answer is None or scope["method"] == method:
            await respond(send, status, location=location)
        else:
            await respond(send, 200, answer)

    return app


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("transport", ["polling", "websocket"])
async def test_no_redirect_is_followed(status: int, transport: str) -> None:
    """Headers, query and auth stay with the named server, and the error names the target."""
    elsewhere = Elsewhere()
    with serve(elsewhere) as origin:
        target = f"{origin.replace('://', '://user:secret@')}/socket.io/?token=secret#secret"
        with serve(redirecting(target, status)) as url:
            address = Address(
                url=f"{url}/?token=secret",
                headers=[("X-Key", "secret"), ("Cookie", "a=secret")],
                auth={"token": "secret"},
                transports=(transport,),
            )
            with pytest.raises(RedirectedError) as refused:
                async with connect(address, seconds=20):
                    pass
    assert elsewhere.reached == []
    assert f"redirects to {origin}/socket.io/ ({status}), which is not followed" in str(refused.value)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_no_redirect_is_followed_later(method: str) -> None:
    """A redirect of a later poll, of the auth object or of an event is not followed either."""
    elsewhere = Elsewhere()
    with serve(elsewhere) as origin:
        first = [OPEN, JOINED, "6", "6"] if method == "POST" else [OPEN, JOINED]
        app = redirecting(f"{origin}/socket.io/", 307, first=first, method=method if method == "POST" else "")
        with serve(app, log_level="critical") as url:
            address = Address(url=url, headers=[("X-Key", "secret")], auth={"a": 1}, transports=("polling",))
            with pytest.raises(
                (ClosedError, UnreachableError), match=rf"redirects to {origin}/socket\.io/ \(307\)"
            ):
                async with connect(address, seconds=20) as remote:
                    await remote.call("x", [1])
    assert elsewhere.reached == []


async def test_a_redirect_within_the_server_is_not_followed() -> None:
    """A redirect to a path is reported as a full address of the same server."""
    with (
        serve(redirecting("/login", 302)) as url,
        pytest.raises(RedirectedError, match=f"redirects to {url}/login"),
    ):
        async with connect(Address(url=url), seconds=20):
            pass
