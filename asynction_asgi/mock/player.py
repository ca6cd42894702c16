"""Plays a script to clients, by handlers and by tasks that emit."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Any, Protocol

from ..errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from .scripts import Emitted, Script
    from .settings import MockSettings

    Handler = Callable[..., Any]


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
        self._tasks: dict[str, list[asyncio.Task[None]]] = {}

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
                raise RefusedError("unavailable", "the mock refuses a part of all events")
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
        self._tasks[socket.id] = [asyncio.create_task(self._stream(socket, *stream)) for stream in streams]

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
            await self._emit(socket, self._random.choices(events, weights)[0])

    async def _emit(self, socket: Client, event: Emitted) -> None:
        await socket.emit(event.name, await event.pool.take(), callback=_ignore if event.asks else None)


def _ignore(*answer: Any) -> None:
    """Accept a client's answer; one that does not match the document was logged before."""
