"""The short way between uvicorn's transport and the engine, frame by frame."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING, Any

import pytest
from websockets.asyncio.client import connect
from websockets.frames import Frame, Opcode

from asynction_asgi.engine import Limits, create_server

from .stage import LONG_WAY, OWN, SECONDS, SHORT_WAY, Script, Stage, WebSocketClient, serve, serve_app, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

REQUEST = (
    "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


def text(body: str | bytes, *, fin: bool = True) -> bytes:
    """A masked text frame."""
    data = body.encode() if isinstance(body, str) else body
    return Frame(Opcode.TEXT, data, fin=fin).serialize(mask=True)


class Raw:
    """A WebSocket of which the test writes every byte."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def frame(self) -> tuple[int, bytes]:
        """The next frame: opcode with FIN, and payload."""
        async with asyncio.timeout(SECONDS):
            first, size = await self.reader.readexactly(2)
            if size == 126:
                size = int.from_bytes(await self.reader.readexactly(2))
            elif size == 127:
                size = int.from_bytes(await self.reader.readexactly(8))
            return first, await self.reader.readexactly(size)

    async def ended(self) -> int:
        """Read to the close frame; its code."""
        while True:
            first, body = await self.frame()
            if first == 0x88:
                return int.from_bytes(body[:2])


@contextlib.asynccontextmanager
async def raw(stage: Stage) -> AsyncIterator[Raw]:
    """A client that is connected to ``/``."""
    host, _, port = stage.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    client = Raw(reader, writer)
    await client.send(REQUEST.encode())
    assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
    await client.frame()
    await client.send(text("40"))
    assert (await client.frame())[1].startswith(b'40{"sid"')
    try:
        yield client
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def test_frames_in_any_pieces() -> None:
    """Byte by byte, several at once, across reads: the events are the same, in order."""
    async with serve(ws=SHORT_WAY) as stage, raw(stage) as client:
        long = "x" * 300
        huge = "y" * 70_000
        messages = ['420["a",1]', f'421["a","{long}"]', f'422["a","{huge}"]', '423["a"]']
        data = b"".join(text(message) for message in messages)
        for byte in data[:200]:
            await client.send(bytes([byte]))
            await asyncio.sleep(0)
        await client.send(data[200:40_000])
        await client.send(data[40_000:])
        answers = [(await client.frame())[1].decode() for _ in range(4)]
        assert answers == ["430[1]", f'431["{long}"]', f'432["{huge}"]', "433[]"]
        await client.send(text('424["a"]') + text('425["a"]') + text('426["a"]')[:5])
        assert [(await client.frame())[1] for _ in range(2)] == [b"434[]", b"435[]"]


async def test_what_is_not_a_whole_text_frame() -> None:
    """Fragments, control frames between them, and binary messages mean what they always do."""
    async with serve(ws=SHORT_WAY) as stage, raw(stage) as client:
        await client.send(
            text('421["a', fin=False)
            + Frame(Opcode.PING, b"hi").serialize(mask=True)
            + Frame(Opcode.CONT, b'",1]', fin=False).serialize(mask=True)
            + Frame(Opcode.CONT, b"").serialize(mask=True)
            + text('422["b"]')
        )
        assert await client.frame() == (0x8A, b"hi")
        assert await client.frame() == (0x81, b"431[1]")
        assert await client.frame() == (0x81, b"432[]")
        await client.send(
            text('451-3["a",{"_placeholder":true,"num":0}]')
            + Frame(Opcode.BINARY, b"\x00", fin=False).serialize(mask=True)
            + Frame(Opcode.CONT, b"\x01").serialize(mask=True)
        )
        assert await client.frame() == (0x81, b'461-3[{"_placeholder":true,"num":0}]')
        assert await client.frame() == (0x82, b"\x00\x01")
        assert stage.script.told[1] == ("a", 1)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (text(b"4\xff\xfe"), 1007),
        (text(b"42\xff", fin=False) + Frame(Opcode.CONT, b"").serialize(mask=True), 1007),
        (Frame(Opcode.TEXT, b"42[1]").serialize(mask=False), 1002),
        (b"\xf1\x80abcd", 1002),
        (b"\x83\x80abcd", 1002),
        (text("42[", fin=False) + text("1]"), 1002),
        (Frame(Opcode.CONT, b"1]").serialize(mask=True), 1002),
        (b"\x81\xff" + (1 << 40).to_bytes(8) + b"abcd", 1009),
        (text("4" + "x" * 2_000), 1009),
        (Frame(Opcode.CLOSE, b"\x03\xe8").serialize(mask=True), 1000),
    ],
    ids=[
        "not UTF-8",
        "fragments not UTF-8",
        "unmasked",
        "reserved bits",
        "unknown opcode",
        "interleaved",
        "continuation of nothing",
        "absurd length",
        "too large",
        "close",
    ],
)
async def test_what_breaks_the_protocol_ends_the_connection(
    data: bytes, code: int, caplog: pytest.LogCaptureFixture
) -> None:
    """With the code of RFC 6455, the peers told, nothing left and nothing logged."""
    async with serve(ws=SHORT_WAY, limits=Limits(packet_bytes=1000)) as stage:
        async with raw(stage) as client:
            await client.send(data + text('42["after"]'))
            assert await client.ended() == code
            await stage.emptied()
        assert [entry[0] for entry in stage.script.told] == ["connect", "disconnect"]
    assert not caplog.records


async def test_fragments_are_no_way_around_the_limit() -> None:
    """Uvicorn's bound holds for a message, in however many frames it comes."""
    server = create_server(Script())
    stage = Stage("", server, Script())
    async with serve_app(server.app, ws=SHORT_WAY, ws_max_size=1000) as stage.url:
        async with raw(stage) as client:
            pieces = [
                text("4", fin=False),
                *[Frame(Opcode.CONT, b"x" * 400, fin=False).serialize(mask=True)] * 3,
            ]
            await client.send(b"".join(pieces))
            assert await client.ended() == 1009
        await stage.emptied()


async def test_a_connection_that_breaks_in_the_middle_of_a_frame() -> None:
    """Nothing of the half frame is delivered, nothing is left."""
    async with serve(ws=SHORT_WAY) as stage:
        async with raw(stage) as client:
            await client.send(text('42["half"]')[:6])
            client.writer.transport.abort()
            await stage.emptied()
        assert [entry[0] for entry in stage.script.told] == ["connect", "disconnect"]


async def test_input_is_paused_in_the_middle_of_a_read() -> None:
    """What came in the same bytes as the event that fills the backlog waits with the others."""
    gate = asyncio.Event()

    async def wait(peer: Any, number: int) -> Any:
        await gate.wait()
        return [number]

    async with serve(ws=SHORT_WAY, limits=Limits(handlers=1, backlog=1)) as stage, raw(stage) as client:
        stage.script.handlers["wait"] = wait
        await client.send(b"".join(text(f'42{number}["wait",{number}]') for number in range(6)))
        await until(lambda: any(socket.paused for socket in stage.server.eio.sockets.values()))
        last = text('426["wait",6]')
        await client.send(last[:4])
        gate.set()
        await client.send(last[4:])
        answers = [(await client.frame())[1] for _ in range(7)]
        assert answers == [f"43{number}[{number}]".encode() for number in range(7)]


@pytest.mark.parametrize("wrapped", [False, True], ids=["as it is", "wrapped"])
async def test_whoever_wraps_receive_sees_every_message(*, wrapped: bool) -> None:
    """The short way is taken only where nothing between the server and the engine looks at messages."""
    server = create_server(Script())
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        async def watched() -> Any:
            event = await receive()
            seen.append(event.get("text"))
            return event

        await server.app(scope, watched if wrapped else receive, send)

    async with serve_app(app, ws=SHORT_WAY) as url:
        stage = Stage(url, server, Script())
        async with stage.client() as client:
            assert await client.ask('421["a",1]') == [1]
        await stage.emptied()
    assert ('421["a",1]' in seen) is wrapped


async def test_compression() -> None:
    """A client that negotiated it sends and gets compressed messages, text and binary, and leaves nothing."""
    server = create_server(Script())
    stage = Stage("", server, Script())
    async with serve_app(server.app, ws=SHORT_WAY, ws_per_message_deflate=True) as url:
        async with connect(
            url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket", proxy=None
        ) as ws:
            assert ws.protocol.extensions
            client = WebSocketClient(ws)
            await client.receive()
            await client.join()
            assert await client.ask(json.dumps(["a", "x" * 5000]).join(["421", ""])) == ["x" * 5000]
            await ws.send('451-2["a",{"_placeholder":true,"num":0}]')
            await ws.send(b"z" * 5000)
            assert await client.receive() == '461-2[{"_placeholder":true,"num":0}]'
            assert await ws.recv() == b"z" * 5000
        await stage.emptied()


@pytest.mark.parametrize("ws", [LONG_WAY, SHORT_WAY], ids=["long way", "short way"])
async def test_a_compression_bomb_is_not_unpacked(ws: str) -> None:
    """A hundred kilobytes that would be a hundred megabytes; and less, which is still too large."""
    server = create_server(Script())
    stage = Stage("", server, Script())
    async with serve_app(server.app, ws=ws, ws_per_message_deflate=True) as url:
        target = url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket"
        for size in (100_000_000, 2_000_000):
            async with connect(target, proxy=None) as socket:
                client = WebSocketClient(socket)
                await client.receive()
                await client.join()
                await client.send('42["a","' + "x" * size + '"]')
                assert await client.closed() == 1009
        await stage.emptied()


HEADS = {
    "a query of 10,000 bytes": REQUEST.replace("EIO=4", "EIO=4&x=" + "x" * 10_000),
    "a cookie of 10,000 bytes": REQUEST.replace("Host: x", f"Host: x\r\nCookie: {'x' * 10_000}"),
    "300 headers": REQUEST.replace("Host: x", "Host: x" + "\r\nX-One: more" * 300),
}


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS.keys())
async def test_a_handshake_that_can_not_be_read_is_answered(
    head: str, caplog: pytest.LogCaptureFixture
) -> None:
    """HTTP's parser takes it and that of WebSocket does not: the client waits for nothing, nor does a stop."""
    server = create_server(Script())
    async with serve_app(server.app, ws=OWN) as url:
        host, _, port = url.removeprefix("http://").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(head.encode())
        async with asyncio.timeout(SECONDS):
            answer = await reader.read()
        assert answer.startswith(b"HTTP/1.1 400 ")
        writer.close()
        await writer.wait_closed()
    assert not caplog.records


async def test_pings_of_who_does_not_read_are_not_answered() -> None:
    """The answers would wait in memory, as many as it likes to ask for; events are still taken."""
    async with serve(ws=SHORT_WAY) as stage, raw(stage) as client:
        [socket] = stage.server.eio.sockets.values()
        await until(lambda: socket.websocket is not None)
        ping = Frame(Opcode.PING, b"x" * 125).serialize(mask=True)
        assert socket.websocket is not None
        for _ in range(20):
            await client.send(ping * 8000)
        await client.send(text('42["last"]'))
        await until(lambda: ("last",) in stage.script.told)
        assert socket.websocket.buffered < 2_000_000


@pytest.mark.parametrize("fragments", [False, True], ids=["whole", "fragments"])
async def test_a_message_over_the_limit_is_not_gathered(fragments: bool) -> None:
    """It is refused once it is known to be too large, and not once all of it is there."""
    limits = Limits(packet_bytes=100_000)
    async with serve(ws=SHORT_WAY, limits=limits) as stage, raw(stage) as client:
        if fragments:
            await client.send(text("4" * 90_000, fin=False))
            for _ in range(3):
                await client.send(Frame(Opcode.CONT, b"x" * 90_000, fin=False).serialize(mask=True))
        else:
            await client.send(text("4" * 200_000)[:150_000])
        assert await client.ended() == 1009
        await until(lambda: ("disconnect", "/", "transport error") in stage.script.told)


async def test_other_applications_are_served_as_before() -> None:
    """An ASGI application that knows nothing of the engine gets uvicorn's own behaviour."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        while (event := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": event["text"] + "!"})

    async with (
        serve_app(app, ws=SHORT_WAY) as url,
        connect(url.replace("http", "ws"), compression=None, proxy=None) as ws,
    ):
        for word in ("one", "two" * 1000):
            await ws.send(word)
            assert await ws.recv() == word + "!"
