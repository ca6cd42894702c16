"""Plays a script to clients: the handlers, and tasks that emit."""

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

__all__ = ["Player"]


class Client(Protocol):
    """What a handler is given of a connection."""

    @property
    def id(self) -> str:
        """Socket.IO's id of it."""

    @property
    def rooms(self) -> Collection[str]:
        """The rooms that it is in, its own included; none once it has left."""

    async def emit(self, event: str, data: Any = None, *, callback: Callable[..., Any] | None = None) -> None:
        """Emit to this client; `callback` gets its answer, once that is found to match."""


class Player:
    """Plays the script of one namespace to its clients, each by tasks of its own."""

    def __init__(self, script: Script, settings: MockSettings) -> None:
        self._script = script
        self._settings = settings
        self._random = random.Random(settings.seed)  # noqa: S311 -- a mock's choices, no secrets
        self._tasks: dict[str, list[asyncio.Task[None]]] = {}

    def answers(self) -> dict[str, Handler]:
        """Handlers of the events of the script."""
        return {name: self._answer(name) for name in self._script.acks}

    def handlers(self) -> dict[str, Handler]:
        """Those, and handlers of the connection, which emit by themselves."""
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
        usual = [one for one in self._script.emits.values() if one.interval is None and one.weight]
        streams = [([one], one.interval) for one in self._script.emits.values() if one.interval]
        if usual and self._settings.interval:
            streams.append((usual, self._settings.interval))
        self._tasks[socket.id] = [asyncio.create_task(self._stream(socket, *one)) for one in streams]

    async def _leave(self, socket: Client) -> None:
        for task in self._tasks.pop(socket.id, ()):
            task.cancel()

    async def _stream(self, socket: Client, events: Sequence[Emitted], interval: float) -> None:
        weights = [one.weight or 1 for one in events]
        jitter = min(self._settings.jitter, interval)
        while True:
            await asyncio.sleep(interval + self._random.uniform(-jitter, jitter))
            if not socket.rooms:  # it has left, and another handler than ours was told
                return
            await self._emit(socket, self._random.choices(events, weights)[0])

    async def _emit(self, socket: Client, event: Emitted) -> None:
        await socket.emit(event.name, await event.pool.take(), callback=_heard if event.asks else None)


def _heard(*answer: Any) -> None:
    """Take the answer of a client; one that misses the document is logged before it gets here."""
