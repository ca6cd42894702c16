"""The servers under test: one set of handlers, behind the bare server or behind ours."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import socketio

from asynction_asgi import AsynctionSocketIO
from asynction_asgi.engine import Limits

from ..serving import serve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Handler = Any
# uvicorn's option ``ws``: its own choice, and what `asynction-asgi run` gives it.
PROTOCOL_CLASSES = {"uvicorn": "auto", "ours": "asynction_asgi.engine.protocol:WebSocketProtocol"}
DEFAULTS: Mapping[str, Any] = {"ping_interval": 2.0, "ping_timeout": 2.0, "max_http_buffer_size": 1_000_000}


class Gate:
    """Where handlers wait until the test, in another thread, lets them go on."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Event] = set()

    async def wait(self) -> None:
        """Called by a handler."""
        event = asyncio.Event()
        self._waiting.add(event)
        try:
            await event.wait()
        finally:
            self._waiting.discard(event)

    def open(self, loop: asyncio.AbstractEventLoop) -> None:
        """Let everybody go who waits now."""
        for event in list(self._waiting):
            loop.call_soon_threadsafe(event.set)


@dataclass
class Stage:
    """A server, what its handlers did, and what it logged.

    Attributes:
        refusals: Whether it promises the standard refusal, or only some answer.
        held: Counts what the server inside holds.
        io: What handlers emit through.
        server: The python-socketio server inside.
        diary: What handlers saw, in order.
    """

    refusals: bool
    held: Callable[[Any], dict[str, int]]
    app: Any = None
    io: Any = None
    server: Any = None
    url: str = ""
    loop: asyncio.AbstractEventLoop | None = None
    gate: Gate = field(default_factory=Gate)
    diary: list[tuple[Any, ...]] = field(default_factory=list)
    records: list[logging.LogRecord] = field(default_factory=list)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """The ASGI application, which notes the loop it runs in."""
        self.loop = asyncio.get_running_loop()
        await self.app(scope, receive, send)

    def note(self, *what: Any) -> None:
        """Called by handlers."""
        self.diary.append(what)

    def seen(self, *what: Any) -> int:
        """How often handlers noted something that starts so."""
        return sum(entry[: len(what)] == what for entry in self.diary)

    def release(self) -> None:
        """Let every waiting handler go on."""
        if self.loop is not None and not self.loop.is_closed():
            self.gate.open(self.loop)

    @property
    def is_empty(self) -> bool:
        """Whether it holds nothing for any client."""
        return not any(count for kind, count in self.holdings().items() if kind != "tasks")

    def holdings(self) -> dict[str, int]:
        """What the server holds on behalf of its clients, by kind."""
        assert self.loop is not None
        return {
            "sockets": len(self.server.eio.sockets),
            "environs": len(self.server.environ),
            **self.held(self.server),
            "tasks": len(asyncio.all_tasks(self.loop)),
        }


def _held_by_bare(server: Any) -> dict[str, int]:
    manager = server.manager
    rooms = [room for rooms in list(manager.rooms.values()) for room in list(rooms.values())]
    return {
        "memberships": sum(map(len, rooms)),
        "callbacks": len(manager.callbacks),
        "leaving": sum(map(len, manager.pending_disconnect.values())),
        "attachments": len(server._binary_packet),
    }


def _held_by_ours(server: Any) -> dict[str, int]:
    manager = server.manager
    rooms = [room for rooms in list(manager.rooms.values()) for room in list(rooms.values())]
    members = [member for members in list(manager.members.values()) for member in list(members.values())]
    sockets = [socket for socket in list(server.eio.sockets.values()) if hasattr(socket, "connection")]
    return {
        "memberships": len(members) + sum(map(len, rooms)),
        "callbacks": sum(len(member.callbacks or ()) for member in members) + len(manager.relayed),
        "leaving": len(server._tasks),
        "attachments": sum(socket.connection.partial is not None for socket in sockets),
    }


class Factory(Protocol):
    """Makes a stage; options are those of `socketio.AsyncServer`."""

    def __call__(self, **options: Any) -> Stage: ...


def handlers(stage: Stage) -> dict[str, dict[str, Handler]]:
    """What both servers do, by namespace and event; the contract below declares it."""

    async def connect(sid: str, environ: Any, auth: Any = None) -> None:
        stage.note("connect", "/", sid)

    async def disconnect(sid: str, reason: str) -> None:
        stage.note("disconnect", "/", sid, reason)

    async def echo(sid: str, *args: Any) -> Any:
        stage.note("echo", sid)
        return args

    async def text(sid: str, words: str) -> str:
        return words.upper()

    async def shout(sid: str, *args: Any) -> None:
        await stage.io.emit("news", args)

    async def burst(sid: str, count: int, size: int) -> None:
        for number in range(count):
            await stage.io.emit("news", (number, "x" * size))

    async def boom(sid: str) -> None:
        raise RuntimeError("internal detail")

    async def bad_type(sid: str) -> None:
        raise TypeError("internal detail")

    async def cancelled(sid: str) -> None:
        raise asyncio.CancelledError

    async def hang(sid: str) -> str:
        stage.note("hang", sid)
        await stage.gate.wait()
        return "done"

    def block(sid: str) -> str:
        stage.note("block", sid)
        time.sleep(0.4)
        return "done"

    def plain_boom(sid: str) -> None:
        raise RuntimeError("internal detail")

    async def give(sid: str, what: str) -> Any:
        return UNSENDABLE[what]()

    async def tell(sid: str, what: str) -> None:
        await stage.io.emit("news", UNSENDABLE[what]())

    async def ask(sid: str, question: Any) -> Any:
        answer = await stage.io.call("question", question, to=sid, timeout=0.5)
        stage.note("answer", sid, answer)
        return answer

    async def ask_later(sid: str) -> None:
        def answered(*args: Any) -> None:
            stage.note("callback", sid, *args)

        await stage.io.emit("question", "later", to=sid, callback=answered)

    async def join(sid: str, room: str) -> None:
        await stage.io.enter_room(sid, room)

    async def kick(sid: str) -> None:
        await stage.io.disconnect(sid)

    async def mood_connect(sid: str, environ: Any, auth: Any = None) -> Any:
        mood = auth.get("mood") if isinstance(auth, dict) else None
        stage.note("mood", mood, sid)
        if mood in {"hang", "hang, refuse"}:
            await stage.gate.wait()
        if mood in {"greet", "greet, refuse"}:
            await stage.io.emit("news", "hello", to=sid, namespace="/moods")
        if mood == "refuse":
            raise socketio.exceptions.ConnectionRefusedError("not today")
        if mood in {"hang, refuse", "greet, refuse"}:
            raise ConnectionRefusedError
        if mood == "false":
            return False
        if mood == "boom":
            raise RuntimeError("internal detail")
        if mood == "bad type":
            raise TypeError("internal detail")
        if mood == "cancelled":
            raise asyncio.CancelledError
        stage.note("accepted", sid)
        return None

    async def mood_disconnect(sid: str, reason: str) -> None:
        stage.note("disconnect", "/moods", sid, reason)
        if stage.seen("mood", "bad leaver", sid):
            raise RuntimeError("internal detail")

    async def mood_echo(sid: str, *args: Any) -> Any:
        stage.note("mood echo", sid)
        return args

    async def mood_shout(sid: str, *args: Any) -> None:
        await stage.io.emit("news", args, namespace="/moods")

    return {
        "/": {
            "connect": connect,
            "disconnect": disconnect,
            "echo": echo,
            "text": text,
            "shout": shout,
            "burst": burst,
            "boom": boom,
            "bad type": bad_type,
            "cancelled": cancelled,
            "hang": hang,
            "block": block,
            "plain boom": plain_boom,
            "give": give,
            "tell": tell,
            "ask": ask,
            "ask later": ask_later,
            "join": join,
            "kick": kick,
        },
        "/moods": {
            "connect": mood_connect,
            "disconnect": mood_disconnect,
            "echo": mood_echo,
            "shout": mood_shout,
        },
    }


def _circle() -> Any:
    circle: list[Any] = []
    circle.append(circle)
    return circle


def _deep() -> Any:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    return deep


UNSENDABLE: Mapping[str, Callable[[], Any]] = {
    "object": object,
    "set": lambda: {1, 2},
    "not a number": lambda: float("nan"),
    "infinity": lambda: {"x": float("inf")},
    "circle": _circle,
    "deep": _deep,
    "key": lambda: {("a", "b"): 1},
    "surrogate": lambda: "\ud800",
}

_ANY: Mapping[str, Any] = {"x-ack": True}
_STRING = {"type": "string"}
_COUNT = {"type": "integer", "minimum": 0}
_NONE = {"type": "array", "maxItems": 0}
RECEIVED: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "/": {
        "echo": _ANY,
        "text": {"payload": _STRING, "x-ack": _STRING},
        "shout": _ANY,
        "burst": {
            "payload": {"type": "array", "items": [_COUNT, _COUNT], "minItems": 2, "additionalItems": False}
        },
        "boom": {"payload": _NONE, "x-ack": True},
        "bad type": {"payload": _NONE},
        "cancelled": {"payload": _NONE},
        "hang": {"payload": _NONE, "x-ack": _STRING},
        "block": {"payload": _NONE, "x-ack": _STRING},
        "plain boom": {"payload": _NONE},
        "give": {"payload": _STRING, "x-ack": True},
        "tell": {"payload": _STRING},
        "ask": {"payload": True, "x-ack": True},
        "ask later": {"payload": _NONE},
        "join": {"payload": _STRING},
        "kick": {"payload": _NONE},
    },
    "/moods": {"echo": _ANY, "shout": _ANY},
}
SENT: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "/": {"news": {}, "question": {"x-ack": _STRING}},
    "/moods": {"news": {}},
}


def _operation(messages: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {"message": {"oneOf": [{"name": name, **message} for name, message in messages.items()]}}


def contract() -> dict[str, Any]:
    """The AsyncAPI document of the handlers above."""
    return {
        "asyncapi": "2.6.0",
        "info": {"title": "Faults", "version": "1.0.0"},
        "channels": {
            namespace: {"publish": _operation(received), "subscribe": _operation(SENT[namespace])}
            for namespace, received in RECEIVED.items()
        },
    }


def bare(**options: Any) -> Stage:
    """python-socketio's own server with its own defaults."""
    stage = Stage(refusals=False, held=_held_by_bare)
    server = socketio.AsyncServer(async_mode="asgi", namespaces=list(RECEIVED), **{**DEFAULTS, **options})
    for namespace, events in handlers(stage).items():
        for event, handler in events.items():
            server.on(event, handler, namespace=namespace)
    stage.io = stage.server = server
    stage.app = socketio.ASGIApp(server)
    return stage


def ours(**options: Any) -> Stage:
    """The same handlers behind the contract."""
    stage = Stage(refusals=True, held=_held_by_ours)
    limits = Limits(connect_seconds=1.0, body_seconds=1.0, upgrade_seconds=1.0, drain_seconds=0.5)
    app = AsynctionSocketIO.from_spec(
        contract(), handlers=handlers(stage), limits=limits, **{**DEFAULTS, **options}
    )
    stage.io = stage.app = app
    stage.server = app.server
    return stage


class _Notebook(logging.Handler):
    """Keeps records of every logger, in whichever thread they are made."""

    def __init__(self, records: list[logging.LogRecord]) -> None:
        super().__init__(logging.WARNING)
        self.records = records

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@contextlib.contextmanager
def on_stage(factory: Factory, *, ws: str = "auto", **options: Any) -> Iterator[Stage]:
    """Serve a stage over loopback until the block ends, gathering what it logs.

    `ws` is uvicorn's option of that name.
    """
    stage = factory(**options)
    notebook = _Notebook(stage.records)
    logging.getLogger().addHandler(notebook)
    try:
        with serve(stage, ws=ws, ws_per_message_deflate=False) as stage.url:
            yield stage
            stage.release()
    finally:
        gc.collect()
        logging.getLogger().removeHandler(notebook)
