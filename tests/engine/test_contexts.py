"""Handlers see the context variables of their connection's ASGI call on every transport."""

from __future__ import annotations

import asyncio
import contextlib
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import pytest

from asynction_asgi import AsynctionSocketIO, Limits
from tests.engine.stage import Script, Stage, serve_app, until
from tests.protocols import LONG_WAY, OWN, SHORT_WAY
from tests.server.documents import channel, document, message

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from asynction_asgi import Socket

ANY_ACK = {"x-ack": {"args": True}}
EVENTS = ("see", "see in a thread", "crash", "ask", "set", "hold", "kick", "flood")
SPEC = document(
    root=channel(
        receives=[
            *(message(name, **ANY_ACK) for name in EVENTS),
            message("slow", **ANY_ACK, **{"x-ordering": "serial"}),
        ],
        sends=[message("question", **ANY_ACK)],
    )
)
CALLS: ContextVar[str] = ContextVar("CALLS", default="nothing")
WAYS = pytest.mark.parametrize("ws", [LONG_WAY, SHORT_WAY, OWN], ids=["long way", "short way", "run"])


class Application:
    """Handlers that note the context they see, below a middleware that sets it."""

    def __init__(self, *, wrapped: bool = False) -> None:
        self.seen: list[tuple[str, str]] = []
        self.gate = asyncio.Event()
        self.wrapped = wrapped
        self.sockets: list[Socket] = []
        self.app = AsynctionSocketIO.from_spec(
            SPEC,
            handlers={
                "/": {
                    "connect": self.connect,
                    "disconnect": self.disconnect,
                    "error": self.error,
                    "see": self.see,
                    "see in a thread": self.see_in_a_thread,
                    "crash": self.crash,
                    "ask": self.ask,
                    "set": self.set,
                    "hold": self.slow,
                    "slow": self.slow,
                    "kick": self.kick,
                    "flood": self.flood,
                }
            },
            limits=Limits(handlers=2, queued_bytes=100_000, patience_seconds=0.01),
        )

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Set a variable that identifies the ASGI call: its transport, method and the client's name."""
        name = next((value.decode() for key, value in scope["headers"] if key == b"x-name"), "")
        CALLS.set(" ".join(filter(None, [scope["type"], scope.get("method", ""), name])))
        if self.wrapped:
            unwrapped = receive

            async def receive() -> Any:
                return await unwrapped()

        await self.app(scope, receive, send)

    def note(self, what: str) -> None:
        self.seen.append((what, CALLS.get()))

    async def connect(self, socket: Socket) -> None:
        self.note("connect")
        self.sockets.append(socket)
        CALLS.set("set by connect")

    async def disconnect(self, socket: Socket, reason: str) -> None:
        self.note("disconnect")

    async def error(self, _: Exception) -> str:
        self.note("error")
        return "failed"

    async def see(self, *_: Any) -> None:
        self.note("see")

    def see_in_a_thread(self, *_: Any) -> None:
        self.note("thread")

    async def crash(self, *_: Any) -> None:
        raise KeyError

    async def ask(self, socket: Socket, *_: Any) -> None:
        async def answered(*_: Any) -> None:
            self.note("callback")

        await socket.emit("question", callback=answered)

    async def set(self, *_: Any) -> None:
        self.note("set")
        CALLS.set("set by an event")

    async def slow(self, *_: Any) -> None:
        self.note("slow")
        CALLS.set("set by an event")
        await self.gate.wait()

    async def kick(self, *_: Any) -> None:
        """Disconnect the first client."""
        await self.sockets[0].disconnect()

    async def flood(self, *_: Any) -> None:
        """Send the first client more than its queue may hold."""
        while self.sockets[0].rooms:
            await self.app.emit("question", "x" * 50_000, to=self.sockets[0].id)


@contextlib.asynccontextmanager
async def served(ws: str, **options: Any) -> AsyncIterator[tuple[Stage, Application]]:
    application = Application(**options)
    async with serve_app(application, ws=ws) as url:
        yield Stage(url, application.app.server, Script()), application
        application.gate.set()
        await application.app.server.shutdown(1.0)


EVERY_KIND: tuple[tuple[str, str], ...] = (
    ("connect", ""),
    ("see", '421["see"]'),
    ("thread", '422["see in a thread"]'),
    ("error", '423["crash"]'),
    ("set", '424["set"]'),
    ("see", '425["see"]'),
)


async def every_kind(send: Callable[..., Any], receive: Callable[[], Any]) -> None:
    """Run each kind of handler once for a client that is already connected."""
    for _, packet in EVERY_KIND[1:]:
        await send(packet)
        assert (await receive()).startswith(f"43{packet[2]}")
    await send('426["ask"]')
    answers = {await receive(), await receive()}
    assert '421["question"]' in answers, answers
    await send("431[]")


@WAYS
@pytest.mark.parametrize("wrapped", [False, True], ids=["bare", "wrapped receive"])
async def test_handlers_see_what_a_middleware_set_over_websocket(ws: str, wrapped: bool) -> None:
    """All handlers and callbacks, and plain functions, run in the context of the WebSocket's call."""
    async with served(ws, wrapped=wrapped) as (stage, application):
        async with stage.client() as client:
            await every_kind(client.send, client.receive)
            await until(lambda: application.seen[-1][0] == "callback", "the callback")
        await stage.emptied()
    kinds = [*(kind for kind, _ in EVERY_KIND), "callback", "disconnect"]
    assert application.seen == [(kind, "websocket") for kind in kinds]


async def test_handlers_see_what_a_middleware_set_over_polling() -> None:
    """Handlers run in the context of the request with their packet, disconnect in that of the first."""
    async with served(SHORT_WAY) as (stage, application):
        async with stage.polling() as client:
            packets: list[str] = []

            async def receive() -> str:
                while not packets:
                    packets.extend(await client.poll())
                return packets.pop(0)

            await client.post("40")
            await receive()
            await every_kind(client.post, receive)
            await until(lambda: application.seen[-1][0] == "callback", "the callback")
            await client.post("1")
        await stage.emptied()
    kinds = [*(kind for kind, _ in EVERY_KIND), "callback"]
    assert application.seen == [*((kind, "http POST") for kind in kinds), ("disconnect", "http GET")]


@WAYS
async def test_an_upgrade_changes_the_context(ws: str) -> None:
    """After an upgrade, all handlers including disconnect run in the context of the WebSocket's call."""
    async with served(ws) as (stage, application):
        async with stage.polling() as polling:
            await polling.post("40")
            await polling.poll()
            async with stage.websocket(f"&sid={polling.sid}") as client:
                await client.send("2probe")
                assert await client.receive() == "3probe"
                await client.send("5", '421["see"]')
                assert await client.receive() == "431[]"
        await stage.emptied()
    assert application.seen == [("connect", "http POST"), ("see", "websocket"), ("disconnect", "websocket")]


@WAYS
@pytest.mark.parametrize(
    "events", [["slow", "slow"], ["hold", "hold", "see"]], ids=["serial", "beyond the limit"]
)
async def test_an_event_that_waited_sees_its_own_connection(ws: str, events: list[str]) -> None:
    """A waiting event does not see what the earlier handler set, in serial order or at the handler limit."""
    async with served(ws) as (stage, application), stage.client() as client:
        *first, last = events
        await client.send(*(f'42["{event}"]' for event in first), f'421["{last}"]')
        await until(lambda: len(application.seen) == len(events), "connected, and the first have begun")
        application.gate.set()
        assert await client.receive() == "431[]"
        assert [seen for _, seen in application.seen] == ["websocket"] * (len(events) + 1)


@WAYS
async def test_early_events_do_not_see_what_connect_set(ws: str) -> None:
    """Events that arrive before the connect handler has decided run in a context of their own."""
    async with served(ws) as (stage, application), stage.websocket() as client:
        await client.send("40", '421["see"]')
        while (await client.receive()) != "431[]":
            pass
        assert application.seen == [("connect", "websocket"), ("see", "websocket")]


@WAYS
@pytest.mark.parametrize("event", ["kick", "flood"])
async def test_a_client_closed_by_another_keeps_its_context(ws: str, event: str) -> None:
    """A disconnect handler runs in its connection's context, even if another client caused it."""
    async with (
        served(ws) as (stage, application),
        stage.websocket(additional_headers={"x-name": "first"}) as first,
        stage.websocket(additional_headers={"x-name": "second"}) as second,
    ):
        await first.join()
        await second.join()
        if event == "flood":
            first.raw.transport.pause_reading()
        await second.send(f'42["{event}"]')
        await until(lambda: application.seen[-1][0] == "disconnect", "disconnected")
        assert application.seen[-1] == ("disconnect", "websocket first")
