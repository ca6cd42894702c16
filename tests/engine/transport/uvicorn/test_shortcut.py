"""The shortcut between uvicorn's transport and the engine, tested frame by frame."""

from __future__ import annotations

import asyncio
import contextlib
import json
import zlib
from typing import TYPE_CHECKING, Any

import pytest
from socketio.packet import Packet
from websockets.asyncio.client import connect
from websockets.frames import Frame, Opcode

from asynction_asgi.engine import Limits, create_server
from asynction_asgi.engine.transport import websocket
from tests.protocols import LONG_WAY, OWN, OWN_HTTP, SHORT_WAY

from ...stage import SECONDS, Script, Stage, WebSocketClient, serve, serve_app, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

REQUEST = (
    "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


def text(body: str | bytes, *, fin: bool = True) -> bytes:
    """Return a masked text frame."""
    data = body.encode() if isinstance(body, str) else body
    return Frame(Opcode.TEXT, data, fin=fin).serialize(mask=True)


class Raw:
    """A WebSocket whose every byte the test writes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def frame(self) -> tuple[int, bytes]:
        """Return the next frame: opcode with FIN, and payload."""
        async with asyncio.timeout(SECONDS):
            first, size = await self.reader.readexactly(2)
            if size == 126:
                size = int.from_bytes(await self.reader.readexactly(2))
            elif size == 127:
                size = int.from_bytes(await self.reader.readexactly(8))
            return first, await self.reader.readexactly(size)

    async def ended(self) -> int:
        """Read up to the close frame, and return its code."""
        while True:
            first, body = await self.frame()
            if first == 0x88:
                return int.from_bytes(body[:2])


@contextlib.asynccontextmanager
async def handshaken(stage: Stage, request: str = REQUEST) -> AsyncIterator[Raw]:
    """Yield a client with an open WebSocket."""
    host, _, port = stage.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    client = Raw(reader, writer)
    try:
        await client.send(request.encode())
        assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
        yield client
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@contextlib.asynccontextmanager
async def raw(stage: Stage) -> AsyncIterator[Raw]:
    """Yield a client connected to the namespace ``/``."""
    async with handshaken(stage) as client:
        await client.frame()
        await client.send(text("40"))
        assert (await client.frame())[1].startswith(b'40{"sid"')
        yield client


@contextlib.asynccontextmanager
async def upgrading(stage: Stage, rest: bytes) -> AsyncIterator[Raw]:
    """Yield a polling client that sends `rest` in the same bytes as the last packet of its upgrade."""
    async with stage.polling() as polling:
        await polling.post("40")
        await polling.poll()
        _, _, sid = polling.target.partition("&sid=")
    async with handshaken(stage, REQUEST.replace("=websocket", f"=websocket&sid={sid}")) as client:
        await client.send(text("2probe"))
        assert await client.frame() == (0x81, b"3probe")
        await client.send(text("5") + rest)
        yield client


async def test_frames_may_be_split_anywhere() -> None:
    """Events are read in order from single bytes, several frames at once, and frames across reads."""
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


@pytest.mark.parametrize(
    ("ws", "pings"), [(LONG_WAY, True), (SHORT_WAY, False)], ids=["long way", "short way"]
)
async def test_a_connection_has_one_heartbeat(ws: str, *, pings: bool) -> None:
    """uvicorn's, which ends a connection whose input is paused, is off where Engine.IO's goes on."""
    server = create_server(Script())
    async with (
        serve_app(server.app, ws=ws, ws_ping_interval=0.01) as url,
        handshaken(Stage(url, server, Script())) as client,
    ):

        async def count_pings(start: bytes) -> int:
            count = 0
            while not (frame := await client.frame())[1].startswith(start):
                if frame[0] == 0x89:
                    count += 1
                    await client.send(Frame(Opcode.PONG, frame[1]).serialize(mask=True))
            return count

        await client.send(text("40"))
        await count_pings(b"40")  # those from before the engine had the connection
        counts = []
        for _ in range(20):
            await asyncio.sleep(0.005)
            await client.send(text('420["a",1]'))
            counts.append(await count_pings(b"430"))
        assert any(counts) == pings
        await server.shutdown(1.0)


async def test_fragments_and_other_frames_are_handled() -> None:
    """Fragments, control frames between them and binary messages are handled as without the shortcut."""
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
        "continuation without a start",
        "absurd length",
        "too large",
        "close",
    ],
)
async def test_protocol_errors_close_the_connection(
    data: bytes, code: int, caplog: pytest.LogCaptureFixture
) -> None:
    """The code follows RFC 6455, disconnect handlers run, and only too large messages are logged."""
    async with serve(ws=SHORT_WAY, limits=Limits(packet_bytes=1000)) as stage:
        async with raw(stage) as client:
            await client.send(data + text('42["after"]'))
            assert await client.ended() == code
            await stage.emptied()
        assert [entry[0] for entry in stage.script.told] == ["connect", "disconnect"]
    lines = [record.getMessage() for record in caplog.records]
    assert ["larger than Limits.packet_bytes, 1000 bytes" in line for line in lines] == [True] * (
        code == 1009
    )


async def test_fragments_do_not_bypass_the_limit() -> None:
    """Uvicorn's size limit applies to a message in any number of frames."""
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


async def test_a_connection_may_break_within_a_frame() -> None:
    """A half-received frame is not delivered, and nothing stays stored."""
    async with serve(ws=SHORT_WAY) as stage:
        async with raw(stage) as client:
            await client.send(text('42["half"]')[:6])
            client.writer.transport.abort()
            await stage.emptied()
        assert [entry[0] for entry in stage.script.told] == ["connect", "disconnect"]


async def test_reading_pauses_within_a_chunk() -> None:
    """Events in the same bytes as the one that fills the backlog wait with the others."""
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


@pytest.mark.parametrize("cut", [1, 2, 3, 6, 7, 300], ids="{} bytes".format)
async def test_half_a_frame_may_follow_an_upgrade(cut: int) -> None:
    """A frame in the same bytes as the upgrade packet may be cut anywhere and is completed later."""
    async with serve(ws=SHORT_WAY) as stage:
        long = text(f'421["a","{"x" * 500}"]')
        async with upgrading(stage, text('420["a",1]') + long[:cut]) as client:
            assert await client.frame() == (0x81, b"430[1]")
            await client.send(long[cut:] + text('422["a"]'))
            assert (await client.frame())[1] == f'431["{"x" * 500}"]'.encode()
            assert await client.frame() == (0x81, b"432[]")


async def test_half_a_message_may_follow_an_upgrade() -> None:
    """The remaining fragments of a message may arrive after the upgrade."""
    async with serve(ws=SHORT_WAY) as stage, upgrading(stage, text('420["a"', fin=False)) as client:
        await until(lambda: all(socket.upgraded for socket in stage.server.eio.sockets.values()))
        await client.send(Frame(Opcode.CONT, b",1", fin=False).serialize(mask=True))
        await client.send(Frame(Opcode.CONT, b"]").serialize(mask=True) + text('421["a"]'))
        assert await client.frame() == (0x81, b"430[1]")
        assert await client.frame() == (0x81, b"431[]")


async def test_many_events_may_follow_an_upgrade() -> None:
    """More events than the backlog holds are all handled in order."""

    async def wait(peer: Any, number: int) -> Any:
        await asyncio.sleep(0)
        return [number]

    async with serve(ws=SHORT_WAY, limits=Limits(handlers=1, backlog=1)) as stage:
        stage.script.handlers["wait"] = wait
        events = b"".join(text(f'42{number}["wait",{number}]') for number in range(50))
        async with upgrading(stage, events) as client:
            answers = [(await client.frame())[1] for _ in range(50)]
            assert answers == [f"43{number}[{number}]".encode() for number in range(50)]


async def test_many_compressed_events_may_arrive_at_once() -> None:
    """More events than the backlog holds are all handled in order."""

    async def wait(peer: Any, number: int) -> Any:
        await asyncio.sleep(0)
        return [number]

    script = Script()
    script.handlers["wait"] = wait
    server = create_server(script, limits=Limits(handlers=1, backlog=1))
    async with serve_app(server.app, ws=SHORT_WAY, ws_per_message_deflate=True) as url:
        async with connect(
            url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket", proxy=None
        ) as ws:
            client = WebSocketClient(ws)
            await client.receive()
            await client.join()
            await asyncio.gather(*(ws.send(f'42{number}["wait",{number}]') for number in range(50)))
            answers = [await client.receive() for _ in range(50)]
            assert answers == [f"43{number}[{number}]" for number in range(50)]
        await Stage(url, server, script).emptied()


async def test_many_tiny_frames_do_not_block_the_loop() -> None:
    """Other tasks run between the many tiny frames of a single read."""
    async with serve(ws=SHORT_WAY, limits=Limits(handlers=10_000)) as stage, raw(stage) as client:
        loop, log = asyncio.get_running_loop(), stage.script.told

        def turn() -> None:
            if log[-1] != ("turn",):
                log.append(("turn",))
            if ("last",) not in log:
                loop.call_soon(turn)

        turn()
        await client.send(text('42["a"]') * 5000 + text('42["last"]'))
        await until(lambda: ("last",) in log)
        assert log.count(("a",)) == 5000
        assert log.count(("turn",)) > 5


@pytest.mark.parametrize("size", [150_000, 300_000], ids=["in parts", "at once"])
async def test_too_large_messages_end_in_a_closing_handshake(size: int) -> None:
    """The connection ends after the client's close frame, which follows the rest of the too large message."""
    limits = Limits(packet_bytes=100_000)
    async with serve(ws=SHORT_WAY, limits=limits) as stage, raw(stage) as client:
        data = text("4" * 290_000)
        await client.send(data[:size])
        assert await client.ended() == 1009
        await client.send(data[size:] + text('42["after"]'))
        await client.send(Frame(Opcode.CLOSE, b"\x03\xf1").serialize(mask=True))
        async with asyncio.timeout(SECONDS):
            assert await client.reader.read() == b""
        await stage.emptied()
        assert [entry[0] for entry in stage.script.told] == ["connect", "disconnect"]


@pytest.mark.parametrize("by_client", [False, True], ids=["by the server", "by the client"])
async def test_a_client_that_stops_reading_is_aborted(
    by_client: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A closed connection with unread bytes does not stay open for ever."""
    monkeypatch.setattr(websocket, "_LINGER_SECONDS", 0.05)
    monkeypatch.setattr(websocket, "_FLUSH_SECONDS", 0.05)
    async with serve(ws=SHORT_WAY) as stage, raw(stage) as client:
        [socket] = stage.server.eio.sockets.values()
        await until(lambda: socket.websocket is not None)
        websocket_of_client = socket.websocket
        assert websocket_of_client is not None
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]  # a socket's transport can
        while not websocket_of_client.buffered:
            await stage.server.emit("a", "x" * 100_000)
            await asyncio.sleep(0)
        if by_client:
            await client.send(Frame(Opcode.CLOSE, b"\x03\xe8").serialize(mask=True))
        else:
            socket.drop("over")
        await stage.emptied()
        await until(lambda: not websocket_of_client.buffered)


async def test_a_client_may_leave_while_uvicorn_stops() -> None:
    """Uvicorn sends no second close frame, which would fail and leave other clients without theirs."""
    async with serve(ws=SHORT_WAY) as stage, raw(stage) as client:
        [socket] = stage.server.eio.sockets.values()
        await until(lambda: socket.websocket is not None)
        shortcut: Any = getattr(socket.outbox.write, "__self__", None)
        shortcut.data_received(Frame(Opcode.CLOSE, b"\x03\xe8").serialize(mask=True))
        shortcut._holder.shutdown()
        assert await client.ended() == 1000


async def test_a_failing_packet_class_closes_the_connection(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Its exception is logged once by our logger, and the client is closed with 1011."""

    class Failing(Packet):  # type: ignore[misc]  # python-socketio is untyped
        def decode(self, encoded_packet: str) -> int:
            if "bad" in encoded_packet:
                raise ZeroDivisionError
            return int(super().decode(encoded_packet))

    async with serve(ws=SHORT_WAY, serializer=Failing) as stage, raw(stage) as client:
        await client.send(text('42["bad"]'))
        assert await client.ended() == 1011
        await stage.emptied()
    [record] = caplog.records
    assert record.name == "asynction_asgi.engine"


@pytest.mark.parametrize("wrapped", [False, True], ids=["unwrapped", "wrapped"])
async def test_a_wrapped_receive_sees_every_message(*, wrapped: bool) -> None:
    """The shortcut is used only if no middleware between server and engine wraps `receive`."""
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


async def test_compressed_messages_travel_both_ways() -> None:
    """A client with compression exchanges compressed text and binary messages, and nothing stays stored."""
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
    """A message is refused if its unpacked size is too large, whether 2 or 100 megabytes."""
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


COMPRESSED = REQUEST.replace("\r\n\r\n", "\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n")
PING = Frame(Opcode.PING, b"hi").serialize(mask=True)


class Deflater:
    """An encoder of one connection's compressed frames."""

    def __init__(self) -> None:
        self._compress = zlib.compressobj(wbits=-12)

    def frame(self, body: bytes, opcode: Opcode = Opcode.TEXT, *, fin: bool = True) -> bytes:
        data = self._compress.compress(body) + self._compress.flush(zlib.Z_SYNC_FLUSH)
        return self.raw(data[:-4] if fin else data, opcode, fin=fin)

    def raw(self, data: bytes, opcode: Opcode = Opcode.TEXT, *, fin: bool = True) -> bytes:
        frame = bytearray(Frame(opcode, data, fin=fin).serialize(mask=True))
        frame[0] |= 0x40 if opcode is not Opcode.CONT else 0  # RFC 7692, 6: RSV1 in the first frame
        return bytes(frame)


@contextlib.asynccontextmanager
async def compressed(ws: str, **limits: Any) -> AsyncIterator[tuple[Stage, Raw, Deflater]]:
    """Yield a client connected to ``/`` that sends compressed messages to stock uvicorn."""
    script = Script()
    server = create_server(script, limits=Limits(**limits))
    async with serve_app(server.app, ws=ws, ws_per_message_deflate=True) as url:
        stage = Stage(url, server, script)
        async with handshaken(stage, COMPRESSED) as client:
            deflate = Deflater()
            await client.frame()
            await client.send(deflate.frame(b"40"))
            await client.frame()
            yield stage, client, deflate
        await stage.emptied()


@pytest.mark.parametrize("ws", [SHORT_WAY, OWN, LONG_WAY], ids=["stock", "ours", "subclass"])
@pytest.mark.parametrize("fragments", [False, True], ids=["whole", "fragments"])
async def test_messages_are_unpacked_up_to_our_limit(
    ws: str, fragments: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """A message of a few hundred bytes is refused once it unpacks to more than `packet_bytes`."""
    async with compressed(ws, packet_bytes=100_000) as (_, client, deflate):
        if fragments:
            await client.send(deflate.frame(b"4" + b"x" * 90_000, fin=False))
            await client.send(deflate.frame(b"x" * 90_000, Opcode.CONT, fin=False))
        else:
            await client.send(deflate.frame(b"4" + b"x" * 190_000))
        assert await client.ended() == 1009
    (record,) = caplog.records
    assert "larger than Limits.packet_bytes, 100000 bytes" in record.getMessage()


async def test_nothing_is_unpacked_after_a_refusal() -> None:
    """Invalid data after a refusal is not unpacked and raises nothing; control frames are still handled."""
    async with compressed(SHORT_WAY) as (stage, client, deflate):
        garbage = deflate.raw(b"\xff\xff garbage")
        await client.send(deflate.frame(b"no packet") + garbage)
        assert await client.ended() == 1002
        await client.send(garbage + garbage[:3])
        await client.send(garbage[3:] + garbage + PING)
        assert await client.frame() == (0x8A, b"hi")
        await client.send(garbage + Frame(Opcode.CLOSE, b"\x03\xea").serialize(mask=True))
        async with asyncio.timeout(SECONDS):
            assert await client.reader.read() == b""
        await stage.emptied()
        assert [entry[0] for entry in stage.script.told] == ["connect", "disconnect"]


async def test_the_number_of_fragments_is_limited() -> None:
    """Too many fragments, even empty ones, close the connection, as each takes memory."""
    async with compressed(SHORT_WAY) as (stage, client, deflate):
        empty = Frame(Opcode.CONT, b"", fin=False).serialize(mask=True)
        await client.send(deflate.frame(b"42", fin=False) + empty * 1000)
        await client.send(deflate.frame(b'["a",1]', Opcode.CONT))
        await until(lambda: ("a", 1) in stage.script.told)
        await client.send(deflate.frame(b"42", fin=False) + empty * 1100)
        assert await client.ended() == 1009


async def test_too_large_fragments_are_refused_by_their_header() -> None:
    """Received fragments and the announced size of the next frame share one limit."""
    async with serve(ws=SHORT_WAY, limits=Limits(packet_bytes=1000)) as stage, raw(stage) as client:
        for _ in range(2):  # the limit is per message
            await client.send(text('42["' + "x" * 700, fin=False) + PING)
            assert await client.frame() == (0x8A, b"hi")
            await client.send(Frame(Opcode.CONT, b"x" * 250 + b'"]').serialize(mask=True))
        await until(lambda: len(stage.script.told) == 3)
        await client.send(text('42["' + "x" * 700, fin=False))
        await client.send(Frame(Opcode.CONT, b"x" * 400).serialize(mask=True)[:10])
        assert await client.ended() == 1009


async def test_unpacking_large_messages_does_not_block_the_loop() -> None:
    """Other tasks run between messages that unpack from few bytes to many."""
    async with compressed(SHORT_WAY) as (stage, client, deflate):
        loop, log = asyncio.get_running_loop(), stage.script.told

        def turn() -> None:
            if log[-1] != ("turn",):
                log.append(("turn",))
            if ("last",) not in log:
                loop.call_soon(turn)

        turn()
        body = b'42["a"' + b" " * 100_000 + b"]"
        await client.send(b"".join(deflate.frame(body) for _ in range(20)) + deflate.frame(b'42["last"]'))
        await until(lambda: ("last",) in log)
        assert log.count(("a",)) == 20
        assert log.count(("turn",)) > 15


@pytest.mark.parametrize(
    ("options", "announced", "warned"),
    [
        ({}, 16 * 1024 * 1024, True),
        ({"ws_max_size": 40_000_000}, 40_000_000, False),
        ({"ws_max_size": 20_000}, 20_000, True),
    ],
    ids=["default", "raised", "lowered"],
)
@pytest.mark.parametrize("ws", [SHORT_WAY, LONG_WAY], ids=["short way", "long way"])
async def test_the_smaller_limit_is_announced(
    ws: str, options: Any, announced: int, warned: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """Both transports announce it, and the log says once that uvicorn's is smaller and how to raise it."""
    server = create_server(Script(), limits=Limits(packet_bytes=40_000_000))
    async with serve_app(server.app, ws=ws, **options) as url:
        stage = Stage(url, server, Script())
        async with stage.websocket() as client, stage.polling() as polling:
            assert client.opened["maxPayload"] == announced
            assert polling.opened["maxPayload"] == announced
        lines = [record.getMessage() for record in caplog.records]
        advice = (
            "less than Limits.packet_bytes, 40000000 bytes: the smaller limit is announced to clients. Raise"
            " the server's limit (uvicorn: --ws-max-size"
        )
        assert [advice in line for line in lines] == [True] * warned


async def test_a_raised_limit_is_applied() -> None:
    """If both limits allow it, a message larger than uvicorn's default is handled."""
    server = create_server(Script(), limits=Limits(packet_bytes=20_000_000))
    async with (
        serve_app(server.app, ws=SHORT_WAY, ws_max_size=20_000_000) as url,
        Stage(url, server, Script()).client() as client,
    ):
        await client.send(f'421["{"x" * 17_000_000}"]')
        assert await client.receive() == "431[]"


async def test_the_log_names_uvicorns_own_limit(caplog: pytest.LogCaptureFixture) -> None:
    """A message above uvicorn's limit is logged with the name of uvicorn's option."""
    script = Script()
    server = create_server(script)
    async with serve_app(server.app, ws=SHORT_WAY, ws_max_size=5000) as url:
        stage = Stage(url, server, script)
        async with raw(stage) as client:
            await client.send(text("4" * 6000))
            assert await client.ended() == 1009
        await stage.emptied()
    assert "larger than uvicorn's --ws-max-size, 5000 bytes" in caplog.records[-1].getMessage()


HEADS = {
    "a query of 10,000 bytes": REQUEST.replace("EIO=4", "EIO=4&x=" + "x" * 10_000),
    "a cookie of 10,000 bytes": REQUEST.replace("Host: x", f"Host: x\r\nCookie: {'x' * 10_000}"),
    "300 headers": REQUEST.replace("Host: x", "Host: x" + "\r\nX-One: more" * 300),
}


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS.keys())
async def test_an_unreadable_handshake_is_answered(head: str, caplog: pytest.LogCaptureFixture) -> None:
    """A handshake that only the HTTP parser accepts is answered with 400, so that nothing waits for it."""
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


@pytest.mark.parametrize("http", [OWN_HTTP, "auto"], ids=["opened by us", "opened by uvicorn"])
async def test_malformed_frames_before_the_handshake_are_refused(
    http: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Malformed frames that arrive before the application accepts the handshake close the connection."""
    started, gate, server = asyncio.Event(), asyncio.Event(), create_server(Script())

    async def app(scope: Any, receive: Any, send: Any) -> None:
        started.set()
        await gate.wait()
        await server.app(scope, receive, send)

    async with serve_app(app, ws=OWN, http=http) as url:
        host, _, port = url.removeprefix("http://").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(REQUEST.encode())
        await started.wait()  # uvicorn drops bytes that arrive with the request
        writer.write(b"\x83\x80abcd")
        async with asyncio.timeout(SECONDS):
            assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
        writer.close()
        await writer.wait_closed()
        gate.set()
        await Stage(url, server, Script()).emptied()
    assert not caplog.records


async def test_pings_of_a_stalled_client_are_not_answered() -> None:
    """Pongs are omitted, as they would pile up in memory, and events are still handled."""
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
async def test_a_too_large_message_is_not_collected(fragments: bool) -> None:
    """A message is refused as soon as its size is known to be too large."""
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


async def test_other_applications_keep_uvicorns_behaviour() -> None:
    """An ASGI application without the engine gets uvicorn's own behaviour."""

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
