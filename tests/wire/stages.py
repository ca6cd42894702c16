"""The servers under test: the same handlers on python-socketio's server or on ours."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import socketio

from asynction_asgi import AsynctionSocketIO
from asynction_asgi.engine import Limits
from asynction_asgi.engine.transport.direct import find_engine, register

from ..protocols import LONG_WAY, OWN, http_beside
from ..serving import serve
from .scenery import RECEIVED, contract, handlers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from asynction_asgi.engine.transport.direct import Engine

# Values of uvicorn's option ``ws``: that of `run`, its own choice, and a class that the engine does not know.
PROTOCOL_CLASSES = {"run": OWN, "uvicorn": "auto", "another": LONG_WAY}
DEFAULTS: Mapping[str, Any] = {"ping_interval": 5.0, "ping_timeout": 40.0, "max_http_buffer_size": 1_000_000}


class Gate:
    """A gate at which handlers wait until the test opens it from another thread."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Event] = set()

    async def wait(self) -> None:
        """Wait, in a handler, until the test opens the gate."""
        event = asyncio.Event()
        self._waiting.add(event)
        try:
            await event.wait()
        finally:
            self._waiting.discard(event)

    def open(self, loop: asyncio.AbstractEventLoop) -> None:
        """Release all handlers that wait now."""
        for event in list(self._waiting):
            loop.call_soon_threadsafe(event.set)


@dataclass
class Stage:
    """A server, the notes of its handlers, and its log.

    Attributes:
        refusals: Whether the server promises the standard refusal, or just an answer.
        held: A function that counts what the inner server stores.
        io: The object through which handlers emit.
        server: The inner python-socketio server.
        diary: The notes of the handlers in order.
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
        """Serve as the ASGI application, and store its event loop."""
        self.loop = asyncio.get_running_loop()
        await self.app(scope, receive, send)

    def note(self, *what: Any) -> None:
        """Record a handler's call."""
        self.diary.append(what)

    def seen(self, *what: Any) -> int:
        """Return how many notes start with these values."""
        return sum(entry[: len(what)] == what for entry in self.diary)

    def release(self) -> None:
        """Release every waiting handler."""
        if self.loop is not None and not self.loop.is_closed():
            self.gate.open(self.loop)

    @property
    def is_empty(self) -> bool:
        """Whether the server stores nothing for any client."""
        return not any(count for kind, count in self.holdings().items() if kind != "tasks")

    def holdings(self) -> dict[str, int]:
        """Return what the server stores for its clients, by kind."""
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
    # The server runs in another thread, which may let a connection go between two looks at it.
    connections = [getattr(socket, "connection", None) for socket in list(server.eio.sockets.values())]
    return {
        "memberships": len(members) + sum(map(len, rooms)),
        "callbacks": sum(len(member.callbacks or ()) for member in members) + len(manager.relayed),
        "leaving": len(server.tasks.running),
        "attachments": sum(
            connection is not None and connection.partial is not None for connection in connections
        ),
    }


class Factory(Protocol):
    """A function that creates a stage with options of `socketio.AsyncServer`."""

    def __call__(self, **options: Any) -> Stage: ...


def bare(**options: Any) -> Stage:
    """Return python-socketio's own server with its own defaults."""
    stage = Stage(refusals=False, held=_held_by_bare)
    server = socketio.AsyncServer(async_mode="asgi", namespaces=list(RECEIVED), **{**DEFAULTS, **options})
    for namespace, events in handlers(stage).items():
        for event, handler in events.items():
            server.on(event, handler, namespace=namespace)
    stage.io = stage.server = server
    stage.app = socketio.ASGIApp(server)
    return stage


def ours(*, connect_seconds: float = 2.0, **options: Any) -> Stage:
    """Return our server with the same handlers and the contract.

    Clients have less time to join a namespace than the shortest heartbeat of the faults gives them.
    """
    stage = Stage(refusals=True, held=_held_by_ours)
    limits = Limits(connect_seconds=connect_seconds, body_seconds=1.0, upgrade_seconds=1.0, drain_seconds=0.5)
    app = AsynctionSocketIO.from_spec(
        contract(), handlers=handlers(stage), limits=limits, **{**DEFAULTS, **options}
    )
    stage.io = stage.app = app
    stage.server = app.server
    return stage


class _Notebook(logging.Handler):
    """A log handler that keeps records of every logger and thread."""

    def __init__(self, records: list[logging.LogRecord]) -> None:
        super().__init__(logging.WARNING)
        self.records = records

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


def _engine_at(stage: Stage, path: str, root: str) -> Engine | None:
    """Return what the server may ask without ASGI, once the stage knows the event loop."""
    return None if stage.loop is None else find_engine(stage.app, path, root)


register(Stage.__call__, _engine_at)


@contextlib.contextmanager
def on_stage(factory: Factory, *, ws: str = "auto", **options: Any) -> Iterator[Stage]:
    """Serve a stage over loopback until the block ends, and collect its log.

    `ws` is uvicorn's option of that name.
    """
    stage = factory(**options)
    notebook = _Notebook(stage.records)
    logging.getLogger().addHandler(notebook)
    try:
        with serve(stage, ws=ws, http=http_beside(ws), ws_per_message_deflate=False) as stage.url:
            gc.freeze()  # each fault collects the garbage that it left, and searches no more than that
            yield stage
            stage.release()
    finally:
        gc.collect()
        logging.getLogger().removeHandler(notebook)
