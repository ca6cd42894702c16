"""A WebSocket that we have opened is, to clients and applications, what uvicorn's would be."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import random
import ssl
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI, WebSocket
from fastapi.responses import PlainTextResponse
from starlette.websockets import WebSocketDisconnect
from uvicorn.server import ServerState
from websockets.asyncio.client import connect, unix_connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from asynction_asgi import AsynctionSocketIO
from asynction_asgi.engine import create_server
from asynction_asgi.engine.transport.uvicorn import self_test
from asynction_asgi.engine.transport.uvicorn.offline import Line, Transport, frame
from asynction_asgi.engine.transport.uvicorn.own_websocket import OwnWebSocket
from asynction_asgi.engine.transport.uvicorn.shortcut import Shortcut
from asynction_asgi.engine.transport.uvicorn.uvicorn_holder import stand_before
from tests.protocols import OWN, OWN_HTTP, SHORT_WAY, http_beside

from ...stage import SECONDS, Script, Stage, serve_app, until
from . import frames
from .heads import HEAD, Outcome, run

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from websockets.asyncio.client import ClientConnection

DOCUMENT = {
    "asyncapi": "2.6.0",
    "info": {"title": "Metrics", "version": "1"},
    "channels": {
        "/": {"publish": {"message": {"name": "say", "payload": {"type": "string"}, "x-ack": True}}}
    },
}
BOTH = pytest.mark.parametrize("ws", [SHORT_WAY, OWN], ids=["uvicorn's", "ours"])


async def say(text: str) -> str:
    return text


class Site:
    """An application of FastAPI's, whose routes do what an application may do with a WebSocket."""

    def __init__(self) -> None:
        self.app = FastAPI()
        self.ends: list[Any] = []
        self.gate = asyncio.Event()
        self.asked = asyncio.Event()
        self.owners: set[str] = set()
        for path in ("echo", "close", "refuse", "deny", "crash", "silent", "slow", "flood", "wrong", "busy"):
            self.app.add_api_websocket_route(f"/{path}", getattr(self, path))

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.owners.add(type(getattr(receive, "__self__", None)).__name__)
        await self.app(scope, receive, send)

    async def echo(self, ws: WebSocket) -> None:
        await ws.accept(next(iter(ws.scope["subprotocols"]), None), [(b"x-more", b"1")])
        try:
            while True:
                event = await ws.receive()
                if event["type"] == "websocket.disconnect":
                    raise WebSocketDisconnect(event["code"], event.get("reason"))
                await ws.send({**event, "type": "websocket.send"})
        except WebSocketDisconnect as end:
            self.ends.append((end.code, end.reason or ""))

    async def busy(self, ws: WebSocket) -> None:
        await ws.accept()
        await self.gate.wait()
        try:
            await ws.send_text(await ws.receive_text())
            await ws.receive_text()
        except WebSocketDisconnect as end:
            self.ends.append(end.code)

    async def close(self, ws: WebSocket) -> None:
        await ws.accept()
        await ws.close(4001, "enough")
        await self.gate.wait()

    async def refuse(self, ws: WebSocket) -> None:
        await ws.close()

    async def deny(self, ws: WebSocket) -> None:
        await ws.send_denial_response(PlainTextResponse("not you", 401, {"x-why": "you"}))

    async def crash(self, ws: WebSocket) -> None:
        raise RuntimeError("bug")

    async def silent(self, ws: WebSocket) -> None:
        return

    async def slow(self, ws: WebSocket) -> None:
        self.asked.set()
        await self.gate.wait()
        await ws.accept()

    async def flood(self, ws: WebSocket) -> None:
        await ws.accept()
        try:
            for _ in range(400):
                await ws.send_bytes(bytes(100_000))
        except WebSocketDisconnect as end:
            self.ends.append(end.code)

    async def wrong(self, ws: WebSocket) -> None:
        with pytest.raises(RuntimeError, match=r"Expected ASGI message 'websocket\.accept'"):
            await ws._send({"type": "websocket.send", "text": "early"})
        with pytest.raises(RuntimeError, match="Invalid HTTP status code '99'"):
            await ws._send({"type": "websocket.http.response.start", "status": 99})
        await ws.accept()
        with pytest.raises(RuntimeError, match=r"websocket\.what"):
            await ws._send({"type": "websocket.what"})
        with pytest.raises(UnicodeEncodeError):
            await ws._send({"type": "websocket.send", "text": "\ud800"})
        await ws._send({"type": "websocket.close"})
        with pytest.raises(RuntimeError, match=r"after sending 'websocket\.close'"):
            await ws._send({"type": "websocket.send", "text": "late"})
        self.ends.append("checked")


def at(url: str, path: str, **options: Any) -> Any:
    """Return a client of a route."""
    return connect(f"{url.replace('http', 'ws')}/{path}", compression=None, proxy=None, **options)


async def received(ws: ClientConnection) -> Any:
    async with asyncio.timeout(SECONDS):
        return await ws.recv()


@BOTH
async def test_a_route_of_fastapi_serves_messages(ws: str) -> None:
    """Text and bytes of any size come in order, also many in one read and in fragments."""
    site = Site()
    async with serve_app(site, ws=ws) as url, at(url, "echo", subprotocols=["a", "b"]) as client:
        assert client.subprotocol == "a"
        assert client.response.headers["x-more"] == "1"
        messages = ["", "é", "x" * 126, b"", b"\xff", "y" * 70_000, *map(str, range(50))]
        for message in messages:
            await client.send(message)
        await client.send(["in ", "three ", "parts"])
        assert [await received(client) for _ in messages] == messages
        assert await received(client) == "in three parts"
        pong = await client.ping(b"there?")
        async with asyncio.timeout(SECONDS):
            await pong
        await client.close(4002, "bye")
        await until(lambda: site.ends, "the end")
    assert site.ends == [(4002, "bye")]
    assert site.owners == {"OwnWebSocket" if ws == OWN else "WebSocketsSansIOProtocol"}


@BOTH
async def test_an_application_may_close(ws: str) -> None:
    """The client gets code and reason, and the connection ends although the application still runs."""
    site = Site()
    async with serve_app(site, ws=ws) as url:
        async with at(url, "close") as client:
            with pytest.raises(ConnectionClosed):
                await received(client)
            assert (client.close_code, client.close_reason) == (4001, "enough")
        site.gate.set()


@BOTH
@pytest.mark.parametrize(
    ("path", "status", "body"),
    [("refuse", 403, b""), ("deny", 401, b"not you"), ("silent", 500, b"Internal Server Error")],
)
async def test_an_application_may_refuse(
    ws: str, path: str, status: int, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """The status, headers and body of a refusal reach the client; silence is an error of the server's."""
    async with serve_app(Site(), ws=ws) as url:
        with pytest.raises(InvalidStatus) as refusal:
            async with at(url, path):
                pass
    response = refusal.value.response
    assert (response.status_code, response.body) == (status, body)
    assert response.headers.get("x-why") == ("you" if path == "deny" else None)
    assert response.headers["connection"] == "close"
    errors = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    is_incomplete = path == "silent" or (path == "deny" and ws != OWN)  # uvicorn takes a refusal for silence
    assert errors == ["ASGI callable returned without completing handshake."] * is_incomplete


@BOTH
async def test_a_crash_is_answered_and_logged(ws: str, caplog: pytest.LogCaptureFixture) -> None:
    """A bug before the answer gives 500, and its traceback is logged."""
    async with serve_app(Site(), ws=ws) as url:
        with pytest.raises(InvalidStatus) as refusal:
            async with at(url, "crash"):
                pass
    assert refusal.value.response.status_code == 500
    (record,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert record.getMessage() == "Exception in ASGI application\n"


@BOTH
async def test_wrong_events_raise_where_they_are_sent(ws: str) -> None:
    """An event that can't be sent raises in the application, and the connection goes on."""
    site = Site()
    async with serve_app(site, ws=ws) as url, at(url, "wrong") as client:
        with pytest.raises(ConnectionClosed):
            await received(client)
        assert client.close_code == 1000
    assert site.ends == ["checked"]


@BOTH
async def test_a_slow_reader_makes_the_application_wait(ws: str) -> None:
    """What is sent to a client that reads nothing is bounded, and its end ends the application's wait."""
    site = Site()
    async with serve_app(site, ws=ws) as url:
        async with at(url, "flood", max_queue=1) as client:
            await received(client)
            client.transport.abort()
        await until(lambda: site.ends, "the end")
    assert site.ends == [1006]


@BOTH
async def test_a_message_may_not_be_too_large(ws: str) -> None:
    """A message over uvicorn's limit ends the connection with 1009, and the application learns why."""
    site = Site()
    async with serve_app(site, ws=ws, ws_max_size=1000) as url, at(url, "echo") as client:
        await client.send("x" * 1000)
        assert await received(client) == "x" * 1000
        await client.send("x" * 1001)
        with pytest.raises(ConnectionClosed):
            await received(client)
        assert client.close_code == 1009
        await until(lambda: site.ends, "the end")
    assert site.ends[0][0] == 1009


@BOTH
@pytest.mark.parametrize(
    ("patience", "answers"), [(20.0, True), (None, False), (0.05, False)], ids=["alive", "patient", "dead"]
)
async def test_uvicorns_pings_find_dead_clients(ws: str, patience: float | None, *, answers: bool) -> None:
    """A route without a heartbeat has uvicorn's, which ends a connection whose client does not answer."""
    site = Site()
    async with serve_app(site, ws=ws, ws_ping_interval=0.01, ws_ping_timeout=patience) as url:
        host, _, port = url.removeprefix("http://").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(HEAD.replace(b"/chat/socket.io/", b"/echo"))
        await reader.readuntil(b"\r\n\r\n")
        async with asyncio.timeout(SECONDS):
            for _ in range(1 if patience == 0.05 else 3):
                first, size = await reader.readexactly(2)
                body = await reader.readexactly(size)
                assert first == 0x89
                if answers:
                    writer.write(bytes((0x8A, 0x80 | size)) + bytes(4) + body)
            if patience == 0.05:
                assert (await reader.read())[2:4] == (1011).to_bytes(2)
        writer.close()
        await writer.wait_closed()
        await until(lambda: site.ends, "the end")


@contextlib.asynccontextmanager
async def pinged(path: str, *, patience: float) -> AsyncIterator[tuple[Site, asyncio.StreamWriter, bytes]]:
    """Yield a WebSocket that was pinged, with the frame that answers; the block makes the server send a text."""
    site = Site()
    async with serve_app(site, ws=OWN, ws_ping_interval=0.01, ws_ping_timeout=patience) as url:
        host, _, port = url.removeprefix("http://").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(HEAD.replace(b"/chat/socket.io/", path.encode()))
        await reader.readuntil(b"\r\n\r\n")
        async with asyncio.timeout(SECONDS):
            _, size = await reader.readexactly(2)
            yield site, writer, frame(0x8A, await reader.readexactly(size))
            while (first := (await reader.readexactly(2))[0]) == 0x89:
                await reader.readexactly(4)
            assert first == 0x81
        writer.close()
        await writer.wait_closed()
        await until(lambda: site.ends, "the end")


async def test_a_client_is_not_dead_whose_pong_waits_behind_a_message() -> None:
    """While a route has not taken a message, what follows in the same read waits; that is not the client's fault."""
    async with pinged("/busy", patience=0.5) as (site, writer, pong):
        writer.write(frame(0x81, b"word") + pong)
        await asyncio.sleep(1.2)  # longer than the wait for a pong
        site.gate.set()


async def test_a_client_outlives_a_pause_of_the_process() -> None:
    """A process that stood still after a ping waits once more for the pong, as the client may have stood still, too."""
    async with pinged("/echo", patience=1.0) as (_, writer, pong):
        time.sleep(1.5)  # noqa: ASYNC251  # the server's loop is to stand still
        await asyncio.sleep(0.02)
        writer.write(pong + frame(0x81, b"word"))


@BOTH
async def test_a_server_that_stops_says_so(ws: str) -> None:
    """Open WebSockets are closed with 1012, and one that is not answered yet gets 500."""
    site = Site()
    closed = []
    async with serve_app(site, ws=ws) as url:
        client = await at(url, "echo")
        opening = asyncio.create_task(at(url, "slow").__aenter__())
        await site.asked.wait()

        async def wait() -> None:
            with pytest.raises(ConnectionClosed):
                await received(client)
            closed.append(client.close_code)
            with pytest.raises(InvalidStatus) as refusal:
                await opening
            closed.append(refusal.value.response.status_code)
            site.gate.set()

        waiting = asyncio.create_task(wait())
    await waiting
    assert closed == [1012, 500]


class Writes(Transport):
    """Records each write by itself."""

    def __init__(self, protocol: asyncio.BaseProtocol) -> None:
        super().__init__(protocol)
        self.writes: list[bytes] = []

    def write(self, data: Any) -> None:
        super().write(data)
        self.writes.append(bytes(data))


@pytest.mark.parametrize("wrapped", [(), ("receive",), ("send",)], ids=["plain", "receive", "send"])
async def test_the_first_packet_comes_with_the_acceptance(wrapped: tuple[str, ...]) -> None:
    """A client gets the 101 and OPEN by one write; behind what wraps its ASGI callables, by two, in this order."""
    engine = create_server(Script())

    async def app(scope: Any, receive: Any, send: Any) -> None:
        async def other_receive() -> Any:
            return await receive()

        async def other_send(message: Any) -> None:
            await send(message)

        heard = other_receive if "receive" in wrapped else receive
        await engine.app(scope, heard, other_send if "send" in wrapped else send)

    config = uvicorn.Config(app, http=OWN_HTTP, ws=OWN, log_config=None, ws_per_message_deflate=False)
    config.load()
    state = ServerState()
    protocol: Any = config.http_protocol_class(config, state, {}, asyncio.get_running_loop())  # type: ignore[call-arg]  # as uvicorn makes it
    transport = Writes(protocol)
    protocol.connection_made(transport)
    protocol.data_received(HEAD.replace(b"Origin: http://example.org\r\n", b""))
    await until(lambda: b'0{"sid"' in transport.sent)
    head, _, rest = transport.sent.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 ")
    assert rest[2:].startswith(b'0{"sid"')
    assert len(transport.writes) == (2 if wrapped else 1)
    current: Any = transport.get_protocol()
    current.connection_lost(None)
    await until(lambda: not state.tasks)
    await engine.shutdown()


@BOTH
async def test_tls_and_unix_sockets(
    ws: str, certificate: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over TLS the scheme is wss, and over a Unix socket there is no client's address."""
    scopes: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        scopes.append(scope)
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close"})

    cert, key = certificate
    async with serve_app(app, ws=ws, ssl_certfile=cert, ssl_keyfile=key) as url:
        context = ssl.create_default_context(cafile=cert)
        place = url.replace("http://127.0.0.1", "wss://localhost")
        async with connect(place, ssl=context, proxy=None, host="127.0.0.1") as client:
            await client.wait_closed()
    options: dict[str, Any] = {"log_config": None, "lifespan": "off", "ws_per_message_deflate": False}
    monkeypatch.chdir(tmp_path)  # a socket's path may have about 100 characters
    config = uvicorn.Config(app, uds="socket", ws=ws, http=http_beside(ws), **options)
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    async with unix_connect("socket", "ws://x/") as client:
        await client.wait_closed()
    await server.shutdown()
    secure, local = scopes
    assert secure["scheme"] == "wss"
    assert (local["scheme"], local["client"], local["server"]) == ("ws", None, ("socket", None))


@BOTH
async def test_requests_share_the_port(ws: str) -> None:
    """Requests over a kept connection are answered as ever, beside WebSockets."""
    site = Site()
    async with (
        serve_app(site, ws=ws) as url,
        at(url, "echo") as client,
        httpx.AsyncClient(base_url=url, trust_env=False) as http,
    ):
        for _ in range(2):
            assert (await http.get("/openapi.json")).status_code == 200
        await client.send("still here")
        assert await received(client) == "still here"


async def test_metrics_count_the_same() -> None:
    """Connections, events and bytes are counted as over uvicorn's class."""
    counts = []
    for ws in (SHORT_WAY, OWN):
        app = AsynctionSocketIO.from_spec(DOCUMENT, handlers={"/": {"say": say}}, metrics=True)
        async with serve_app(app, ws=ws) as url:
            stage = Stage(url, app.server, Script())
            async with stage.client() as client:
                assert await client.ask('421["say","x"]') == ["x"]
            async with stage.websocket() as client:
                await client.send("no packet")
                assert await client.closed() == 1002
            async with stage.websocket() as client:
                await client.raw.close(1009)  # for its own reason, not for a message of ours
            await stage.emptied()
            await app.server.shutdown(1.0)
        assert app.metrics is not None
        samples = [sample for sample in app.metrics.sample() if "seconds" not in sample.family.name]
        counts.append({(s.family.name, *s.labels.values()): s.value for s in samples})
    assert counts[0] == counts[1]
    assert any(value for key, value in counts[0].items() if "received_bytes" in key[0])


@pytest.mark.parametrize("seed", range(4))
async def test_frames_have_the_same_effect(seed: int) -> None:
    """Random frames, many of them broken, get the same answers, and the application the same events."""
    chance = random.Random(seed)
    for _ in range(40):
        chunks = [HEAD, *frames.stream(chance)]
        ours, theirs = [await run(http, chunks, ws=OWN, ws_max_size=1000) for http in (OWN_HTTP, "auto")]
        assert _shown(ours) == _shown(theirs), chunks


def _shown(outcome: Outcome) -> tuple[Any, ...]:
    head, _, rest = outcome.sent.partition(b"\r\n\r\n")
    events = [{key: value for key, value in event.items() if key != "reason"} for event in outcome.events]
    return head, frames.read(rest), events


async def test_a_client_that_is_gone_is_not_taken_over() -> None:
    """If the transport is lost before the engine takes over, nothing stays among the connections to shut down."""
    line = Line()
    await line.open()
    line.transport.get_protocol().connection_lost(None)
    assert stand_before(line.protocol, line.receiver, rest=self_test.run.__code__) is None
    assert not line.connections
    state = ServerState()
    transport: Any = Transport(asyncio.Protocol())
    connection = OwnWebSocket(transport, {}, b"", line.protocol.config, state)
    connection.shortcut = Shortcut(connection, contextvars.copy_context())
    connection.shortcut.connection_lost(None)
    assert connection.engage(line.receiver) is None
    assert not state.connections


@BOTH
async def test_a_transport_may_deliver_while_the_application_runs(ws: str) -> None:
    """TLS of asyncio hands on what it has read within a call of close, which the application makes."""
    events: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        protocol = receive.__self__.transport.get_protocol()
        protocol.data_received(frame(0x81, b"word"))
        events.append(await receive())

    async with (
        serve_app(app, ws=ws) as url,
        connect(url.replace("http", "ws"), proxy=None) as client,
    ):
        await client.wait_closed()
    assert events == [{"type": "websocket.receive", "text": "word"}]


@BOTH
async def test_text_in_the_headers_of_a_refusal_is_answered_by_500(ws: str) -> None:
    """A refusal whose headers are not bytes is a bug of the application, and the client is answered."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.http.response.start", "status": 401, "headers": [("x", "y")]})
        await send({"type": "websocket.http.response.body", "body": b""})

    async with serve_app(app, ws=ws) as url:
        with pytest.raises(InvalidStatus) as refused:
            await connect(url.replace("http", "ws"), proxy=None)
    assert refused.value.response.status_code == 500
