"""Engine.IO's transports: polling, WebSocket, the upgrade between, the heartbeat, slow readers."""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import aiohttp
import httpx
import pytest
import socketio
from engineio.payload import Payload

from asynction_asgi.engine import Limits

from ..stage import LONG_WAY, SECONDS, SHORT_WAY, serve, until

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asynction_asgi.engine import Peer

BOTH = pytest.mark.parametrize("ws", [LONG_WAY, SHORT_WAY], ids=["long way", "short way"])


async def test_polling_carries_everything() -> None:
    """Text, several packets in one request, attachments as base64, and answers in order."""
    async with serve() as stage, stage.polling() as client:
        assert (await client.post("40")).text == "ok"
        assert (await client.poll())[0].startswith('40{"sid"')
        binary = "b" + b64encode(b"\x00x").decode()
        assert (
            await client.post('421["a",1]', '451-2["b",{"_placeholder":true,"num":0}]', binary)
        ).text == "ok"
        got: list[str] = []
        while len(got) < 3:
            got += await client.poll()
        assert got == ["431[1]", '461-2[{"_placeholder":true,"num":0}]', binary]
        assert (await client.post("1")).text == "ok"
        await stage.emptied()
        assert stage.script.told[-1] == ("disconnect", "/", "client disconnect")


async def test_more_packets_than_upstream_takes_or_gives() -> None:
    """200 packets in one request are all handled; their answers come in portions that any client reads."""
    async with serve() as stage, stage.polling() as client:
        await client.post("40")
        await client.poll()
        await client.post(*(f'42{number}["a"]' for number in range(200)))
        got: list[str] = []
        while len(got) < 200:
            portion = await client.poll()
            assert len(portion) <= Payload.max_decode_packets
            got += portion
        assert got == [f"43{number}[]" for number in range(200)]


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff\xfe", b"40\x1e", b"4\x1e", b"b!!!", b"9", b"2probe", b'42["a"', b'd=42["a"]'],
    ids=repr,
)
async def test_a_payload_that_is_none_closes_the_session(body: bytes) -> None:
    """With 400, its peers told, and no trace of it left."""
    async with serve() as stage, stage.polling() as client:
        await client.post("40")
        assert (await client.http.post(client.target, content=body)).status_code == 400
        await stage.emptied()
        assert stage.script.told[-1] == ("disconnect", "/", "parse error")
        assert (await client.get()).status_code == 400


async def test_overlapping_requests_close_the_session() -> None:
    """Two polls would share one stream of packets; two posts would race for their order."""
    async with serve() as stage, stage.polling() as client:
        first = asyncio.ensure_future(client.get())
        await until(lambda: any(socket.outbox.poller for socket in stage.server.eio.sockets.values()))
        assert (await client.get()).status_code == 400
        assert (await first).text == "1"
        await stage.emptied()


async def test_overlapping_posts_close_the_session() -> None:
    """While one waits for its turn behind hanging handlers, another is refused."""

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


async def test_a_poll_that_is_given_up_closes_the_session() -> None:
    """The client is gone; nobody waits for the heartbeat to find out."""
    async with serve() as stage, stage.polling() as client:
        await client.post("40")
        await client.poll()
        with pytest.raises(httpx.TimeoutException):
            await client.http.get(client.target, timeout=0.05)
        await stage.emptied()
        assert stage.script.told[-1] == ("disconnect", "/", "transport close")


@BOTH
async def test_an_upgrade_loses_and_reorders_nothing(ws: str) -> None:
    """Packets sent before, while and after the transports change arrive once, in order."""
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
            got = [json.loads((await upgraded.receive())[2:])[1] for _ in range(4)]
            assert got == [1, 2, 3, 4]
            assert (await client.get()).status_code == 400
            assert (await client.post('42["a"]')).status_code == 400
            assert await upgraded.ask('421["a",1]') == [1]
        await stage.emptied()


@pytest.mark.parametrize("messages", [["nonsense"], ["2"], ["2probe", "4x"], ["2probe"], []], ids=str)
async def test_a_failed_upgrade_goes_back_to_polling(messages: list[str]) -> None:
    """Wrong words, silence or a connection that breaks: what was queued comes by polling."""
    async with serve(limits=Limits(upgrade_seconds=0.05)) as stage, stage.polling() as client:
        await client.post("40")
        await client.poll()
        sid = client.target.rpartition("=")[2]
        async with stage.websocket(f"&sid={sid}") as upgrade:
            await upgrade.send(*messages)
            await stage.server.emit("n", 1)
            await upgrade.closed()
        got = await client.poll()
        while got == ["6"]:
            got = await client.poll()
        assert got == ['42["n",1]']
        assert (await client.post('421["a"]')).text == "ok"


async def test_python_clients_over_every_transport() -> None:
    """python-socketio's own client, by polling, by WebSocket and with an upgrade."""
    async with serve() as stage, aiohttp.ClientSession() as session:
        for transports in (["polling"], ["websocket"], None):
            client = socketio.AsyncClient(reconnection=False, http_session=session)
            await client.connect(stage.url, transports=transports)
            assert await client.call("echo", ("a", b"b"), timeout=SECONDS) == ("a", b"b")
            assert client.transport() == ("polling" if transports == ["polling"] else "websocket")
            await client.disconnect()
        await stage.emptied()


@BOTH
async def test_the_heartbeat(ws: str) -> None:
    """Who answers stays, who does not is dropped in time, and a pong that nobody asked for is nothing."""
    # Long enough for a client that answers on a busy machine.
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
            got: list[str] = []
            while "2" not in got:
                got += await client.poll()
        await stage.emptied()


@BOTH
async def test_a_reader_that_is_too_slow_is_dropped(ws: str, caplog: pytest.LogCaptureFixture) -> None:
    """What waits for it is bounded, the others get everything, and the log says why, once."""
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


async def numbers(client: Any, count: int) -> list[int]:
    return [json.loads((await client.receive())[2:])[1] for _ in range(count)]


@BOTH
async def test_a_reader_that_comes_back_gets_what_waited(ws: str) -> None:
    """A pause is bridged by the queue; an emit to that client alone waits for it meanwhile."""
    limits = Limits(queued_bytes=40_000_000, patience_seconds=0.2)
    async with serve(ws=ws, limits=limits) as stage, stage.client() as client:
        client.raw.transport.pause_reading()
        for number in range(200):
            await stage.server.emit("n", (number, "x" * 50_000), to=client.sid)
        client.raw.transport.resume_reading()
        assert await numbers(client, 200) == list(range(200))
        socket = next(iter(stage.server.eio.sockets.values()))
        assert (len(socket.outbox.frames), socket.outbox.queued) == (0, 0)


async def test_a_message_beyond_the_size_is_refused() -> None:
    """A character counts as the bytes that it is; the connection is closed with 1009."""
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


async def test_raw_engine_io() -> None:
    """Whoever registers for Engine.IO's own messages gets them, text and bytes, on both transports."""
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


async def test_closing_transports_by_hand() -> None:
    """Engine.IO's own disconnect, of one and of all."""
    async with serve() as stage, stage.client() as one, stage.client() as two, stage.client() as three:
        engine = stage.server.eio
        await engine.disconnect(one.opened["sid"])
        await engine.disconnect("nobody")
        await one.closed()
        assert await two.ask('421["a",1]') == [1]
        await engine.disconnect()
        await two.closed()
        await three.closed()
        await stage.emptied()
