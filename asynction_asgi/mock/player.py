"""Plays a script to clients, by handlers and by tasks that emit."""

from __future__ import annotations

import asyncio
import random
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from ..errors import RefusedError
from ..logs import Throttle, get_logger

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from .scripts import Emitted, Script
    from .settings import MockSettings

    Handler = Callable[..., Any]


logger = get_logger()


class Client(Protocol):
    """The connection that a handler receives."""

    @property
    def id(self) -> str:
        """The connection's Socket.IO id."""

    @property
    def rooms(self) -> Collection[str]:
        """The rooms of the connection, its own included; empty once it has disconnected."""

    async def emit(self, event: str, data: Any = None, *, callback: Callable[..., Any] | None = None) -> None:
        """Emit to this client; `callback` receives its answer if that matches the document."""


class Player:
    """Plays the script of one namespace to its clients, each by tasks of its own."""

    def __init__(self, script: Script, settings: MockSettings) -> None:
        self._script = script
        self._settings = settings
        self._random = random.Random(settings.seed)  # noqa: S311  # a mock's choices, no secrets
        self._tasks: dict[str, set[asyncio.Task[None]]] = {}
        self._throttle = Throttle()

    def answers(self) -> dict[str, Handler]:
        """Return the handlers of the script's events, by event."""
        return {name: self._answer(name) for name in self._script.acks}

    def handlers(self) -> dict[str, Handler]:
        """Return `answers`, and the connect and disconnect handlers, which start and stop emitting."""
        return {**self.answers(), "connect": self._enter, "disconnect": self._leave}

    def _answer(self, name: str) -> Handler:
        pool, after = self._script.acks[name], self._script.after[name]

        async def answer(socket: Client, *_: Any) -> Any:
            if self._settings.fail_rate and self._random.random() < self._settings.fail_rate:
                raise RefusedError("unavailable", "refused by the mock's fail_rate")
            for event in after:
                await self._emit(socket, self._script.emits[event])
            return None if pool is None else await pool.take()

        return answer

    async def _enter(self, socket: Client) -> None:
        emits = self._script.emits.values()
        usual = [event for event in emits if event.interval is None and event.weight]
        streams = [([event], event.interval) for event in emits if event.interval]
        if usual and self._settings.interval:
            streams.append((usual, self._settings.interval))
        for stream in streams:
            task = asyncio.create_task(self._stream(socket, *stream))
            self._tasks.setdefault(socket.id, set()).add(task)
            task.add_done_callback(partial(self._ended, socket.id))

    def _ended(self, sid: str, task: asyncio.Task[None]) -> None:
        """Forget a task, also that of a client that was refused, which no disconnect handler is called for."""
        tasks = self._tasks.get(sid, set())
        tasks.discard(task)
        if not tasks:
            self._tasks.pop(sid, None)

    async def _leave(self, socket: Client) -> None:
        for task in self._tasks.pop(socket.id, ()):
            task.cancel()

    async def _stream(self, socket: Client, events: Sequence[Emitted], interval: float) -> None:
        weights = [event.weight or 1 for event in events]
        jitter = min(self._settings.jitter, interval)
        while True:
            await asyncio.sleep(interval + self._random.uniform(-jitter, jitter))
            if not socket.rooms:  # it has disconnected, and a user's disconnect handler replaced `_leave`
                return
            event = self._random.choices(events, weights)[0]
            try:
                await self._emit(socket, event)
            except Exception:
                if (unsaid := self._throttle.admits(event.name)) is not None:
                    logger.exception("the mock can't emit %r%s", event.name, unsaid)

    async def _emit(self, socket: Client, event: Emitted) -> None:
        await socket.emit(event.name, await event.pool.take(), callback=_ignore if event.asks else None)


def _ignore(*answer: Any) -> None:
    """Accept a client's answer; one that does not match the document was logged before."""
