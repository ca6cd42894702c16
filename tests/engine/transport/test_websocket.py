"""The engine on ASGI servers that are slow, break, or omit the disconnect event."""

from __future__ import annotations

import asyncio
import logging
import ssl
from typing import Any

import pytest
from websockets.asyncio.client import connect

from asynction_asgi.engine import Limits, create_server
from asynction_asgi.engine.transport import websocket
from tests.protocols import LONG_WAY, OWN, SHORT_WAY

from ..stage import Script, Stage, WebSocketClient, serve, serve_app, until


class Awaited:
    """An awaitable with only ``__await__``, whose iterator has only ``__next__``."""

    def __init__(self, coroutine: Any) -> None:
        self._coroutine = coroutine

    def __await__(self) -> Any:
        return self

    def __iter__(self) -> Any:
        return self

    def __next__(self) -> Any:
        return self._coroutine.send(None)

    def __del__(self) -> None:
        self._coroutine.close()


class AsgiServer:
    """The server's side of one WebSocket, controlled by the test."""

    def __init__(self, app: Any, *, native: bool = False, sid: str | None = None) -> None:
        self.incoming: asyncio.Queue[dict[str, Any] | Exception] = asyncio.Queue()
        self.sent: list[dict[str, Any]] = []
        self.writable = asyncio.Event()
        self.writable.set()
        self.broken = self.receiving = False
        self.silent = False
        self.transport: Any = None
        self.incoming.put_nowait({"type": "websocket.connect"})
        scope = {
            "type": "websocket",
            "scheme": "ws",
            "path": "/socket.io/",
            "query_string": b"EIO=4&transport=websocket" + (f"&sid={sid}".encode() if sid else b""),
            "headers": [],
        }
        self.task = asyncio.ensure_future(
            app(scope, self.receive, self.send_natively if native else self.send)
        )

    async def receive(self) -> dict[str, Any]:
        self.receiving = True
        event = await self.incoming.get()
        self.receiving = False
        if isinstance(event, Exception):
            raise event
        return event

    async def send(self, event: dict[str, Any]) -> None:
        await self.writable.wait()
        if self.broken:
            raise RuntimeError("an error of the server")
        self.sent.append(event)
        if event["type"] == "websocket.close" and not self.silent:
            self.incoming.put_nowait({"type": "websocket.disconnect", "code": 1000})

    def send_natively(self, event: dict[str, Any]) -> Any:
        """Return an awaitable that is not a coroutine, as servers in other languages do."""
        return Awaited(self.send(event))

    def say(self, *texts: str) -> None:
        for text in texts:
            self.incoming.put_nowait({"type": "websocket.receive", "text": text})

    @property
    def texts(self) -> list[str]:
        return [event["text"] for event in self.sent if "text" in event]


async def connected(*, native: bool = False) -> tuple[AsgiServer, Stage]:
    script = Script()
    server = create_server(script)
    asgi = AsgiServer(server.app, native=native)
    asgi.say("40")
    await until(lambda: len(asgi.texts) == 2)
    return asgi, Stage("", server, script)


@pytest.mark.parametrize("native", [False, True], ids=["coroutine", "another awaitable"])
async def test_writes_wait_in_order_after_a_slow_write(*, native: bool) -> None:
    """While the server is busy, emits do not wait, and nothing is lost or reordered."""
    asgi, stage = await connected(native=native)
    asgi.writable.clear()
    for number in range(5):
        await stage.server.emit("n", number)
    assert len(asgi.texts) == 2
    asgi.writable.set()
    await until(lambda: len(asgi.texts) == 7)
    await stage.server.emit("n", 5)
    assert asgi.texts[2:] == [f'42["n",{number}]' for number in range(6)]
    asgi.incoming.put_nowait({"type": "websocket.disconnect", "code": 1001})
    await asgi.task
    await stage.emptied()


@pytest.mark.parametrize("slow", [False, True], ids=["at once", "after a slow write"])
async def test_a_failed_send_closes_the_connection(*, slow: bool) -> None:
    """The server's exception is neither raised nor logged, and the disconnect handler runs."""
    asgi, stage = await connected()
    if slow:
        asgi.writable.clear()
    asgi.broken = True
    await stage.server.emit("n", 1)
    await stage.server.emit("n", 2)
    asgi.writable.set()
    await stage.emptied()
    assert stage.script.told[-1] == ("disconnect", "/", "transport close")
    asgi.incoming.put_nowait({"type": "websocket.disconnect", "code": 1006})
    await asgi.task


@pytest.mark.parametrize("ws", [LONG_WAY, SHORT_WAY, OWN], ids=["long way", "short way", "own"])
@pytest.mark.parametrize("drops", [False, True], ids=["closes", "drops"])
async def test_clients_over_tls_may_leave_in_any_way(
    ws: str,
    certificate: tuple[str, str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    *,
    drops: bool,
) -> None:
    """The disconnect handler runs, and nothing is logged, though a closed TLS transport answers no questions."""
    monkeypatch.setattr(websocket, "_LINGER_SECONDS", 0.0)
    caplog.set_level(logging.ERROR)
    script = Script()
    server = create_server(script)
    stage = Stage("", server, script)
    cert, key = certificate
    context = ssl.create_default_context(cafile=cert)
    async with serve_app(server.app, ws=ws, ssl_certfile=cert, ssl_keyfile=key) as url:
        place = f"{url.replace('http://127.0.0.1', 'wss://localhost')}/socket.io/?EIO=4&transport=websocket"
        async with connect(place, ssl=context, proxy=None, host="127.0.0.1", compression=None) as raw:
            client = WebSocketClient(raw)
            await client.receive()
            await client.join()
            if drops:
                raw.transport.abort()
            else:
                await raw.close()
            await stage.emptied()
    assert script.told[-1] == ("disconnect", "/", "transport close")
    assert not caplog.records


async def test_a_transport_that_raises_skips_no_disconnect_handler(caplog: pytest.LogCaptureFixture) -> None:
    """They run, and the client's state is freed; what the transport raises at the end is logged."""

    class Broken:
        def get_write_buffer_size(self) -> int:
            return 1 << 30

        def abort(self) -> None:
            raise RuntimeError("an error of the transport")

    asgi, stage = await connected()
    asgi.transport = Broken()
    await stage.server.eio.disconnect()
    assert stage.script.told[-1] == ("disconnect", "/", "server disconnect")
    assert "an error of the transport" in caplog.text
    await stage.emptied()
    asgi.incoming.put_nowait({"type": "websocket.disconnect", "code": 1006})
    await asgi.task


async def test_a_missing_disconnect_event_is_tolerated(monkeypatch: pytest.MonkeyPatch) -> None:
    """After our close the application returns even if the server sends no disconnect event."""
    monkeypatch.setattr(websocket, "_LINGER_SECONDS", 0.02)
    asgi, stage = await connected()
    asgi.silent = True
    await stage.server.eio.disconnect()
    await asyncio.wait_for(asgi.task, 5)
    assert asgi.sent[-1]["type"] == "websocket.close"
    await stage.emptied()


async def test_closing_does_not_wait_for_a_slow_server() -> None:
    """The client's state is freed while the last write still waits."""
    asgi, stage = await connected()
    asgi.writable.clear()
    await stage.server.emit("n", 1)
    await stage.server.eio.disconnect()
    await stage.emptied()
    asgi.incoming.put_nowait({"type": "websocket.disconnect", "code": 1006})
    await asgi.task
    assert len(asgi.texts) == 2


class Pausing:
    """A middleware whose ``send`` awaits something else first."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def send_later(event: Any) -> None:
            await asyncio.sleep(0)
            await send(event)

        await self._app(scope, receive, send_later)


@pytest.mark.parametrize("ws", [LONG_WAY, SHORT_WAY, OWN], ids=["long way", "short way", "own"])
async def test_close_frames_pass_a_middleware_that_awaits(ws: str) -> None:
    """The client learns why its connection ends: by an error of its own, or the end of the server."""
    script = Script()
    server = create_server(script)
    stage = Stage("", server, script)
    async with serve_app(Pausing(server.app), ws=ws) as stage.url:
        async with stage.client() as client:
            await client.send("9bad")
            assert await client.closed() == 1002
        async with stage.client() as client:
            await server.shutdown(1.0)
            assert await client.closed() == 1012
        await stage.emptied()


async def test_a_peer_that_does_not_read_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last write and the close behind it get a bounded time; then the transport is aborted, and the application ends."""
    monkeypatch.setattr(websocket, "_LINGER_SECONDS", 0.02)
    aborted: list[bool] = []

    class Transport:
        def get_write_buffer_size(self) -> int:
            return 0

        def abort(self) -> None:
            aborted.append(True)

    asgi, stage = await connected()
    asgi.transport = Transport()
    asgi.writable.clear()
    await stage.server.emit("n", 1)
    await stage.server.eio.disconnect()
    await stage.emptied()
    await asyncio.wait_for(asgi.task, 5)
    assert aborted
    assert len(asgi.texts) == 2


async def test_a_cancelled_application_runs_disconnect_handlers() -> None:
    """The disconnect handlers run, and then the cancellation propagates."""
    asgi, stage = await connected()
    asgi.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asgi.task
    await stage.emptied()
    assert stage.script.told[-1] == ("disconnect", "/", "transport close")


async def paused(gate: asyncio.Event) -> tuple[AsgiServer, Stage]:
    """Connect a client, of which nothing is read any more until the gate opens."""

    async def hang(*_: Any) -> Any:
        await gate.wait()
        return []

    script = Script()
    server = create_server(script, limits=Limits(handlers=1, backlog=1, drain_seconds=0.01))
    script.handlers["hang"] = hang
    asgi = AsgiServer(server.app)
    asgi.say("40")
    await until(lambda: script.peers)
    asgi.say('42["hang"]', '42["hang"]')
    await until(lambda: asgi.incoming.empty() and asgi.receiving)
    return asgi, Stage("", server, script)


async def test_a_paused_client_may_disconnect() -> None:
    """The message read ahead of a paused client may be its disconnect."""
    gate = asyncio.Event()
    asgi, stage = await paused(gate)
    asgi.incoming.put_nowait({"type": "websocket.disconnect", "code": 1006})
    await asgi.task
    await stage.emptied()
    gate.set()


async def test_nothing_is_read_after_a_paused_client_was_dropped() -> None:
    """What was read ahead for a client ends with it: the application leaves no task behind."""
    gate = asyncio.Event()
    before = asyncio.all_tasks()
    asgi, stage = await paused(gate)
    asgi.silent = True
    await stage.server.eio.disconnect()
    await asgi.task
    gate.set()
    await stage.emptied()
    await asyncio.sleep(0)
    assert asyncio.all_tasks() <= before


async def test_a_shutdown_ends_a_websocket_that_is_being_accepted() -> None:
    """A server or middleware may take its time to accept; the client is told then that it may come back."""
    script = Script()
    server = create_server(script)
    asgi = AsgiServer(server.app)
    asgi.writable.clear()
    await until(lambda: server.eio.sockets)
    await server.shutdown(1.0)
    asgi.writable.set()
    await asyncio.wait_for(asgi.task, 5)
    assert [event["type"] for event in asgi.sent] == ["websocket.accept", "websocket.close"]
    assert asgi.sent[-1]["code"] == 1012
    assert not server.eio.sockets


@pytest.mark.parametrize("upgrade", [False, True], ids=["first", "upgrade"])
async def test_a_receive_that_fails_ends_the_client(*, upgrade: bool) -> None:
    """The disconnect handlers run, rooms forget the client, and the server gets its error back."""
    async with serve() as stage, stage.polling() as client:
        if upgrade:
            await client.post("40")
        asgi = AsgiServer(stage.server.app, sid=client.sid if upgrade else None)
        asgi.say(*(["2probe", "5"] if upgrade else ["40"]), '421["n"]')
        await until(lambda: any(text.startswith("431") for text in asgi.texts))
        asgi.incoming.put_nowait(OSError("the connection is broken"))
        with pytest.raises(OSError, match="broken"):
            await asgi.task
        await until(lambda: stage.script.told[-1:] == [("disconnect", "/", "transport close")])
