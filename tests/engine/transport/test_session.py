"""Engine.IO's transports: polling, WebSocket, upgrades, heartbeats and slow readers."""

from __future__ import annotations

import asyncio
import json
import time
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import aiohttp
import httpx
import pytest
import socketio
from engineio.payload import Payload

from asynction_asgi.engine import Limits, Watch
from asynction_asgi.engine.reports import Reports
from asynction_asgi.engine.transport.engineio_server import EngineServer
from tests.cases import each_case
from tests.protocols import LONG_WAY, SHORT_WAY

from ..stage import SECONDS, serve, until

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asynction_asgi.engine import Peer

pytestmark = pytest.mark.usefixtures("both_ways")
BOTH = pytest.mark.parametrize("ws", [LONG_WAY, SHORT_WAY], ids=["long way", "short way"])


@BOTH
@pytest.mark.parametrize("pinged", [False, True], ids=["before a ping", "before its pong"])
async def test_clients_outlive_a_pause_of_the_server(ws: str, *, pinged: bool) -> None:
    """A process that stood still for longer than the heartbeat allows gives its clients time to answer."""
    async with serve(ws=ws, ping_interval=0.3, ping_timeout=1.0) as stage, stage.websocket() as client:
        await client.join()
        [socket] = stage.server.eio.sockets.values()
        if pinged:
            await until(lambda: socket.last_ping is not None)
        else:
            while socket.last_ping is not None:  # as on a busy machine
                await client.ask('421["a",1]')
        time.sleep(1.5)  # noqa: ASYNC251  # the server's loop is to stand still
        await asyncio.sleep(0.02)
        assert await client.ask('421["a",1]') == [1]


async def test_the_ids_of_connections_name_their_process() -> None:
    """Those of Engine.IO begin with the route; sids, which people see, do not."""
    async with serve(route="b_2") as stage, stage.polling() as client:
        assert client.sid.startswith("b_2.")
        await client.post("40")
        assert "b_2" not in (await client.poll())[0]


@each_case("name", ["", "a.b", "a/b", "é", "a b", "a" * 33])
def test_a_route_that_needs_quotes_is_refused(name: str) -> None:
    """Where it is set, by an error that says what it may hold."""
    with pytest.raises(ValueError, match="letters, digits"):
        EngineServer(limits=Limits(), reports=Reports(Watch()), route=name)


async def test_polling_carries_all_packets() -> None:
    """Texts, several packets per request and attachments in base64 are answered in order."""
    async with serve() as stage, stage.polling() as client:
        assert (await client.post("40")).text == "ok"
        assert (await client.poll())[0].startswith('40{"sid"')
        binary = "b" + b64encode(b"\x00x").decode()
        assert (
            await client.post('421["a",1]', '451-2["b",{"_placeholder":true,"num":0}]', binary)
        ).text == "ok"
        packets: list[str] = []
        while len(packets) < 3:
            packets += await client.poll()
        assert packets == ["431[1]", '461-2[{"_placeholder":true,"num":0}]', binary]
        assert (await client.post("1")).text == "ok"
        await stage.emptied()
        assert stage.script.told[-1] == ("disconnect", "/", "client disconnect")


async def test_a_request_may_exceed_upstreams_packet_limit() -> None:
    """200 packets in one request are handled, and the answers arrive in portions that any client reads."""
    async with serve() as stage, stage.polling() as client:
        await client.post("40")
        await client.poll()
        await client.post(*(f'42{number}["a"]' for number in range(200)))
        packets: list[str] = []
        while len(packets) < 200:
            portion = await client.poll()
            assert len(portion) <= Payload.max_decode_packets
            packets += portion
        assert packets == [f"43{number}[]" for number in range(200)]


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff\xfe", b"40\x1e", b"4\x1e", b"b!!!", b"9", b"2probe", b'42["a"', b'd=42["a"]'],
    ids=repr,
)
async def test_an_invalid_payload_closes_the_session(body: bytes) -> None:
    """The response is 400, disconnect handlers run, and nothing stays stored."""
    async with serve() as stage, stage.polling() as client:
        await client.post("40")
        assert (await client.http.post(client.target, content=body)).status_code == 400
        await stage.emptied()
        assert stage.script.told[-1] == ("disconnect", "/", "parse error")
        assert (await client.get()).status_code == 400


async def test_overlapping_polls_close_the_session() -> None:
    """A second poll would share the stream of packets with the first, so the session is closed."""
    async with serve() as stage, stage.polling() as client:
        first = asyncio.ensure_future(client.get())
        await until(lambda: any(socket.outbox.poller for socket in stage.server.eio.sockets.values()))
        assert (await client.get()).status_code == 400
        assert (await first).text == "1"
        await stage.emptied()


async def test_overlapping_posts_close_the_session() -> None:
    """A second POST is refused while the first waits behind hanging handlers."""

    async def hang(peer: Peer[Any], *_: Any) -> Sequence[Any]:
        await gate.wait()
        return []

    gate = asyncio.Event()
    async with serve(limits=Limits(handlers=1, backlog=1)) as stage, stage.polling() as client:
        stage.script.handlers["hang"] = hang
        await client.post("40")
        first = asyncio.ensure_future(client.post('42["hang"]', '42["hang"]', '42["hang"]'))
        await until(lambda: any(socket.paused for socket in stage.server.eio.sockets.values()))
        assert (await client.post('42["a"]')).status_code == 400
        gate.set()
        await first
        await stage.emptied()


async def test_an_aborted_poll_closes_the_session() -> None:
    """An aborted poll closes the session without waiting for the heartbeat."""
    async with serve() as stage, stage.polling() as client:
        await client.post("40")
        await client.poll()
        with pytest.raises(httpx.TimeoutException):
            await client.http.get(client.target, timeout=0.05)
        await stage.emptied()
        assert stage.script.told[-1] == ("disconnect", "/", "transport close")


@BOTH
async def test_an_upgrade_loses_and_reorders_nothing(ws: str) -> None:
    """Packets sent before, during and after the upgrade arrive once and in order."""
    async with serve(ws=ws) as stage, stage.polling() as client:
        await client.post("40")
        await client.poll()
        sid = client.target.rpartition("=")[2]
        await stage.server.emit("n", 0)
        assert await client.poll() == ['42["n",0]']
        held = asyncio.ensure_future(client.poll())
        await until(lambda: stage.server.eio.sockets[sid].outbox.poller is not None)
        async with stage.websocket(f"&sid={sid}") as upgraded:
            await upgraded.send("2probe")
            assert await upgraded.receive() == "3probe"
            assert await held == ["6"]
            for number in range(1, 4):
                await stage.server.emit("n", number)
            assert await client.poll() == ["6"]
            async with stage.websocket(f"&sid={sid}") as second:
                await second.closed()
            await upgraded.send("5")
            await until(lambda: stage.server.eio.sockets[sid].upgraded)
            await stage.server.emit("n", 4)
            numbers_received = [json.loads((await upgraded.receive())[2:])[1] for _ in range(4)]
            assert numbers_received == [1, 2, 3, 4]
            assert (await client.get()).status_code == 400
            assert (await client.post('42["a"]')).status_code == 400
            assert await upgraded.ask('421["a",1]') == [1]
        await stage.emptied()


@pytest.mark.parametrize("messages", [["nonsense"], ["2"], ["2probe", "4x"], ["2probe"], []], ids=str)
async def test_a_failed_upgrade_returns_to_polling(messages: list[str]) -> None:
    """After invalid packets, silence or a broken connection, queued packets arrive by polling."""
    is_silent = messages in ([], ["2probe"])
    limits = Limits(upgrade_seconds=0.05 if is_silent else SECONDS)
    async with serve(limits=limits) as stage, stage.polling() as client:
        await client.post("40")
        await client.poll()
        sid = client.target.rpartition("=")[2]
        async with stage.websocket(f"&sid={sid}") as upgrade:
            await upgrade.send(*messages)
            await stage.server.emit("n", 1)
            await upgrade.closed()
        packets = await client.poll()
        while packets == ["6"]:
            packets = await client.poll()
        assert packets == ['42["n",1]']
        assert (await client.post('421["a"]')).text == "ok"


async def test_python_clients_use_every_transport() -> None:
    """python-socketio's client works by polling, by WebSocket and with an upgrade."""
    async with serve() as stage, aiohttp.ClientSession() as session:
        for transports in (["polling"], ["websocket"], None):
            client = socketio.AsyncClient(reconnection=False, http_session=session)
            await client.connect(stage.url, transports=transports)
            assert await client.call("echo", ("a", b"b"), timeout=SECONDS) == ("a", b"b")
            assert client.transport() == ("polling" if transports == ["polling"] else "websocket")
            await client.disconnect()
        await stage.emptied()


async def test_an_open_packet_belongs_to_its_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its terms are those of the transport and of the moment, and any text can be a sid."""
    async with serve() as stage:
        ids = iter(['a"b\\', "ż", "third"])
        monkeypatch.setattr(stage.server.eio, "generate_id", lambda: next(ids))
        async with stage.polling() as polling, stage.websocket() as websocket:
            assert (polling.opened["sid"], polling.opened["upgrades"]) == ('a"b\\', ["websocket"])
            assert (websocket.opened["sid"], websocket.opened["upgrades"]) == ("ż", [])
        stage.server.eio.ping_interval = 7
        async with stage.websocket() as websocket:
            assert (websocket.opened["sid"], websocket.opened["pingInterval"]) == ("third", 7_000)


@BOTH
async def test_the_heartbeat_drops_silent_clients(ws: str) -> None:
    """A client that answers pings stays, a silent one is dropped, and unexpected pongs are ignored."""
    # Long enough for an answer on a busy machine.
    async with serve(ws=ws, ping_interval=0.1, ping_timeout=2.0) as stage:
        async with stage.websocket() as mute:
            assert (mute.opened["pingInterval"], mute.opened["pingTimeout"]) == (100, 2000)
            await mute.send("3", "40")
            await mute.closed()
            await until(lambda: ("disconnect", "/", "ping timeout") in stage.script.told)
        async with stage.client() as client:
            beats = 0
            while beats < 4:
                if await client.raw.recv() == "2":
                    beats += 1
                    await client.send("3", "3")
            assert await client.ask('421["a",1]') == [1]
        async with stage.polling() as client:
            await client.post("40")
            packets: list[str] = []
            while "2" not in packets:
                packets += await client.poll()
        await stage.emptied()


@BOTH
async def test_a_slow_reader_is_dropped(ws: str, caplog: pytest.LogCaptureFixture) -> None:
    """The queue of a slow reader is limited, other clients get every event, and the reason is logged once."""
    limits = Limits(queued_bytes=200_000, patience_seconds=0.05)
    async with serve(ws=ws, limits=limits) as stage, stage.client() as client, stage.websocket() as slow:
        await slow.join()
        slow.raw.transport.pause_reading()
        reading = asyncio.ensure_future(numbers(client, 200))
        for number in range(200):
            await stage.server.emit("n", (number, "x" * 50_000))
            await asyncio.sleep(0)
        assert await reading == list(range(200))
        await until(lambda: stage.holdings["members"] == 1)
        assert ("disconnect", "/", "transport error") in stage.script.told
        slow.raw.transport.abort()
    assert ["reads too slowly" in record.getMessage() for record in caplog.records] == [True]


async def test_small_packets_that_wait_count_with_what_holds_them() -> None:
    """A client that fetches none of its answers is dropped, though their text is a tenth of the limit."""
    limits = Limits(queued_bytes=50_000, patience_seconds=0.01)
    async with serve(limits=limits) as stage, stage.polling() as client:
        await client.post("40")
        await client.poll()
        [socket] = stage.server.eio.sockets.values()
        for start in range(1, 1000, 100):
            await client.post(*(f'42{number}["a"]' for number in range(start, start + 100)))
            if socket.closing:
                break
        await stage.emptied()
        assert 300 < stage.script.told.count(("a",)) < 500
        assert ("disconnect", "/", "transport error") in stage.script.told


async def numbers(client: Any, count: int) -> list[int]:
    return [json.loads((await client.receive())[2:])[1] for _ in range(count)]


@BOTH
async def test_a_paused_reader_loses_nothing(ws: str) -> None:
    """The queue bridges a pause, and an emit to the paused client alone waits for it."""
    limits = Limits(queued_bytes=40_000_000, patience_seconds=0.2)
    async with serve(ws=ws, limits=limits) as stage, stage.client() as client:
        client.raw.transport.pause_reading()
        for number in range(200):
            await stage.server.emit("n", (number, "x" * 50_000), to=client.sid)
        client.raw.transport.resume_reading()
        assert await numbers(client, 200) == list(range(200))
        socket = next(iter(stage.server.eio.sockets.values()))
        assert (socket.outbox.frames, socket.outbox.queued) == (None, 0)


async def test_a_too_large_message_is_refused() -> None:
    """The size counts bytes, not characters, and the connection is closed with 1009."""
    async with serve(max_http_buffer_size=100) as stage:
        for message in ("4" + "x" * 100, "4" + "ż" * 60, b"x" * 101):
            async with stage.client() as client:
                await client.send(message)
                assert await client.closed() == 1009
        async with stage.client() as client:
            text = f'421["{"x" * 93}"]'
            assert len(text) == 100
            assert await client.ask(text) == []
        await stage.emptied()


async def test_raw_engine_io_messages_are_delivered() -> None:
    """A handler registered for Engine.IO messages gets text and bytes on both transports."""
    async with serve() as stage:
        engine = stage.server.eio

        async def echo(sid: str, data: str | bytes) -> None:
            await engine.send(sid, data)

        engine.on("message", echo)
        async with stage.websocket() as client:
            await client.send("4hello", b"\x01")
            assert [await client.receive(), await client.receive()] == ["4hello", b"\x01"]
        async with stage.polling() as polling:
            await polling.post("4hello")
            assert await polling.poll() == ["4hello"]


async def test_engine_io_disconnect_closes_transports() -> None:
    """Engine.IO's `disconnect` closes one transport or all of them."""
    async with serve() as stage, stage.client() as first, stage.client() as second, stage.client() as third:
        engine = stage.server.eio
        await engine.disconnect(first.opened["sid"])
        await engine.disconnect("nobody")
        await first.closed()
        assert await second.ask('421["a",1]') == [1]
        await engine.disconnect()
        await second.closed()
        await third.closed()
        await stage.emptied()
