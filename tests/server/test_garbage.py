"""Objects of clients are freed by reference counting, without the garbage collector."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from websockets.exceptions import InvalidStatus

from asynction_asgi import AsynctionSocketIO, RefusedError
from tests.engine.stage import Script, Stage, serve_app, until
from tests.protocols import LONG_WAY, OWN, SHORT_WAY
from tests.server.documents import TEXT, channel, document, message

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    from asynction_asgi import Socket

    End = Callable[[Stage], Awaitable[None]]

ANY_ACK = {"x-ack": {"args": True}}
EVENTS = (
    "say",
    "refuse",
    "crash",
    "crash in a thread",
    "answer badly",
    "emit badly",
    "leave",
    "outlive",
    "ask",
)
NUMBERS = {"type": "array", "items": {"type": "integer"}}
SPEC = document(
    root=channel(
        receives=[*(message(name, TEXT, **ANY_ACK) for name in EVENTS), message("count", NUMBERS)],
        sends=[message("question", TEXT, **ANY_ACK)],
    ),
    guarded=channel(receives=[message("say", TEXT)], **{"x-security": [{"key": []}]}),
)
SPEC["components"] = {
    "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "x-authField": "token"}}
}
SPEC["channels"]["/"]["publish"]["message"]["oneOf"][4]["x-ack"] = {"args": TEXT}
QUICK = {"ping_interval": 0.3, "ping_timeout": 2.0}


class Application:
    """Handlers that end in all possible ways."""

    def __init__(self) -> None:
        self.stage: Stage

    async def connect(self, socket: Socket, auth: Any) -> None:
        await socket.join("hall")
        async with socket.session() as session:
            session["socket"] = socket
        if auth == {"crash": True}:
            raise KeyError("bug")
        if auth == {"refuse": True}:
            raise RefusedError("forbidden", "no")

    async def say(self, socket: Socket, value: Any) -> Any:
        await socket.emit("question", value, callback=lambda *_: None)
        return value

    async def refuse(self, _: Any) -> None:
        raise RefusedError("forbidden", "no")

    async def crash(self, socket: Socket, _: Any) -> None:
        raise KeyError(socket)

    def crash_in_a_thread(self, socket: Socket, _: Any) -> None:
        raise KeyError(socket)

    async def answer_badly(self, _: Any) -> Any:
        return "not an object"

    async def emit_badly(self, socket: Socket, _: Any) -> None:
        await socket.emit("question", 1)

    async def leave(self, socket: Socket, _: Any) -> None:
        await socket.disconnect()

    async def count(self, numbers: Any) -> None:
        raise AssertionError(numbers)

    async def outlive(self, socket: Socket, value: Any) -> None:
        await until(lambda: not self.stage.server.eio.sockets, "the client is gone")
        await socket.emit("question", value)

    async def ask(self, socket: Socket, value: Any) -> Any:
        return await socket.call("question", value)


def verify(key: str) -> dict[str, Any] | None:
    return {"sub": "somebody"} if key == "good" else None


@contextlib.asynccontextmanager
async def served(ws: str, **options: Any) -> AsyncIterator[Stage]:
    """Run the application in this event loop, so that its garbage belongs to this test."""
    handlers = Application()
    app = AsynctionSocketIO.from_spec(
        SPEC,
        handlers={
            "/": {name: getattr(handlers, name.replace(" ", "_")) for name in ("connect", "count", *EVENTS)},
            "/guarded": {"say": handlers.say},
        },
        security_handlers={"key": verify},
        **options,
    )
    async with serve_app(app, ws=ws) as url:
        handlers.stage = Stage(url, app.server, Script())
        yield handlers.stage
        await app.server.shutdown(1.0)


@pytest.fixture
def no_collector() -> Iterator[None]:
    """Switch the garbage collector off."""
    gc.disable()
    yield
    gc.enable()


@contextlib.contextmanager
def collected() -> Iterator[Counter[str]]:
    """Count, by class, the objects of the block that only the garbage collector frees."""
    leftovers: Counter[str] = Counter()
    gc.collect()
    gc.freeze()  # skip older objects
    try:
        yield leftovers
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        leftovers.update(f"{type(item).__module__}.{type(item).__name__}" for item in gc.garbage)
    finally:
        gc.set_debug(0)
        gc.garbage.clear()


# -- ends of a connection ------------------------------------------------------------------------


async def close(stage: Stage) -> None:
    """Emit an event, then close the WebSocket."""
    async with stage.client() as client:
        await client.send('421["say",{"text":"x"}]', '431[""]')
        await client.receive()
        await client.receive()


async def abort(stage: Stage) -> None:
    """Abort the connection while an event is handled."""
    async with stage.client() as client:
        await client.send('421["say",{"text":"x"}]')
        client.raw.transport.abort()


async def leave_and_come_back(stage: Stage) -> None:
    """Leave the namespace by DISCONNECT and join it again."""
    async with stage.client() as client:
        await client.send("41")
        await client.join()


async def engine_close(stage: Stage) -> None:
    """Close by Engine.IO's own packet."""
    async with stage.client() as client:
        await client.send("1")
        await client.closed()


async def send_nonsense(stage: Stage) -> None:
    """Send an invalid packet, which closes the connection."""
    async with stage.client() as client:
        await client.send("4x")
        await client.closed()


async def send_too_deep(stage: Stage) -> None:
    """Send an event that nests too deep, to an event whose schema bounds the depth."""
    async with stage.client() as client:
        await client.send(f'42["count",{"[" * 200}{"]" * 200}]')
        await client.closed()


async def send_too_much(stage: Stage) -> None:
    """Send a too large message, which closes the connection."""
    async with stage.client() as client:
        await client.send("42" + "x" * 1_100_000)
        await client.closed()


async def leave_by_server(stage: Stage) -> None:
    """Let a handler disconnect the client."""
    async with stage.client() as client:
        await client.send('42["leave",{"text":"x"}]')
        assert await client.receive() == "41"


async def time_out(stage: Stage) -> None:
    """Answer no ping until the server closes the connection."""
    async with stage.client() as client:
        while await client.raw.recv() != "2":
            pass
        await client.closed()


async def join_nothing(stage: Stage) -> None:
    """Open a transport without joining a namespace."""
    async with stage.websocket():
        pass


# -- refusals of a connection --------------------------------------------------------------------


def refused(packet: str) -> End:
    """Return a scenario whose CONNECT is refused."""

    async def end(stage: Stage) -> None:
        async with stage.websocket() as client:
            await client.send(packet)
            assert (await client.receive()).startswith("44")

    return end


def admitted(packet: str) -> End:
    """Return a scenario whose CONNECT a security function admits."""

    async def end(stage: Stage) -> None:
        async with stage.websocket() as client:
            await client.send(packet)
            assert (await client.receive()).startswith("40")

    return end


# -- ends of an event ----------------------------------------------------------------------------


def answered(event: str, text: str = "x") -> End:
    """Return a scenario whose event is answered."""

    async def end(stage: Stage) -> None:
        async with stage.client() as client:
            await client.send(f'421["{event}",{{"text":"{text}"}}]')
            assert (await client.receive()).startswith("431")

    return end


async def outlive(stage: Stage) -> None:
    """Close while a handler runs that emits later."""
    async with stage.client() as client:
        await client.send('421["outlive",{"text":"x"}]')


async def owe_an_answer(stage: Stage) -> None:
    """Close instead of answering a call."""
    async with stage.client() as client:
        await client.send('421["ask",{"text":"x"}]')
        await client.receive()


# -- polling, and the upgrade --------------------------------------------------------------------


async def poll_and_close(stage: Stage) -> None:
    """Emit an event over polling, then close."""
    async with stage.polling() as client:
        await client.post("40")
        await client.poll()
        await client.post('421["say",{"text":"x"}]')
        await client.poll()
        await client.post("1")


async def poll_no_more(stage: Stage) -> None:
    """Emit an event over polling, then stop polling."""
    async with stage.polling() as client:
        await client.post("40")
        await client.poll()
    await stage.emptied()


async def give_a_poll_up(stage: Stage) -> None:
    """Abort an open poll."""
    async with stage.polling() as client:
        await client.post("40")
        await client.poll()
        poll = asyncio.ensure_future(client.get())
        await until(
            lambda: any(socket.outbox.poller for socket in stage.server.eio.sockets.values()), "a poll"
        )
        poll.cancel()
        await asyncio.wait([poll])


async def upgrade(stage: Stage) -> None:
    """Upgrade, emit an event and close."""
    async with stage.polling() as polling:
        await polling.post("40")
        await polling.poll()
        async with stage.websocket(f"&sid={polling.sid}") as client:
            await client.send("2probe")
            assert await client.receive() == "3probe"
            await client.send("5", '421["refuse",{"text":"x"}]')
            assert (await client.receive()).startswith("431")


async def upgrade_in_vain(stage: Stage) -> None:
    """Begin an upgrade, close the WebSocket, and close the session over polling."""
    async with stage.polling() as polling:
        await polling.post("40")
        await polling.poll()
        async with stage.websocket(f"&sid={polling.sid}") as client:
            await client.send("2probe")
            assert await client.receive() == "3probe"
        await polling.post("1")


async def refuse_the_transport(stage: Stage) -> None:
    """Let a handler of python-engineio's refuse the connection itself."""
    engine = stage.server.eio
    own = engine.handlers["connect"]
    engine.on("connect", lambda *_: False)
    try:
        with pytest.raises(InvalidStatus):
            async with stage.websocket():
                pass
    finally:
        engine.handlers["connect"] = own


ENDS: dict[str, End] = {
    "refused by the transport": refuse_the_transport,
    "close": close,
    "abort": abort,
    "packet 41": leave_and_come_back,
    "Engine.IO's close": engine_close,
    "undecodable": send_nonsense,
    "too deep": send_too_deep,
    "too large": send_too_much,
    "by the server": leave_by_server,
    "ping timeout": time_out,
    "no namespace": join_nothing,
    "refused by the handler": refused('40{"refuse":true}'),
    "crash of the connect handler": refused('40{"crash":true}'),
    "unknown namespace": refused("40/nowhere,"),
    "refused by security": refused('40/guarded,{"token":"bad"}'),
    "admitted by security": admitted('40/guarded,{"token":"good"}'),
    "invalid event": answered("say", ""),
    "unknown event": answered("shout"),
    "refused event": answered("refuse"),
    "crash": answered("crash"),
    "crash in a thread": answered("crash in a thread"),
    "bad answer": answered("answer badly"),
    "bad emit": answered("emit badly"),
    "outlived": outlive,
    "unanswered call": owe_an_answer,
    "polling, closed": poll_and_close,
    "polling, timeout": poll_no_more,
    "polling, aborted": give_a_poll_up,
    "upgraded": upgrade,
    "not upgraded": upgrade_in_vain,
}


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("ws", [LONG_WAY, SHORT_WAY, OWN], ids=["long way", "short way", "run"])
async def test_reference_counting_frees_every_client(ws: str) -> None:
    """However a connection or event ends, no object of this package stays in a reference cycle."""
    async with served(ws) as patient, served(ws, **QUICK) as quick:
        tasks = len(asyncio.all_tasks())
        for name, end in ENDS.items():
            stage = quick if "timeout" in name else patient
            await end(stage)  # create objects that are created only once
            await stage.emptied()
            with collected() as leftovers:
                await end(stage)
                await stage.emptied()
                await until(lambda: len(asyncio.all_tasks()) <= tasks, "every task has ended")
            assert not [kind for kind in leftovers if "asynction" in kind], (name, leftovers)
