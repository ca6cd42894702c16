"""The mock: `AsynctionSocketIO` as it is, with handlers that play a script."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..errors import RefusedError
from ..server import AsynctionSocketIO
from ..spec import Spec, load_spec
from ..spec.instances import Choices
from ..spec.served import served_spec
from .pools import write_scripts
from .settings import MockSettings

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Unpack

    from ..server import Options, Socket
    from ..server.sources import Source
    from .pools import Emitted, Script

__all__ = ["MockAsynctionSocketIO"]


class MockAsynctionSocketIO:
    """Makes servers that answer and emit what a document declares, without its handlers."""

    @classmethod
    def from_spec(
        cls,
        spec_path: Source,
        *,
        server_name: str | None = None,
        settings: MockSettings | None = None,
        **options: Unpack[Options],
    ) -> AsynctionSocketIO:
        """Make the mock of a document: the real server, whose every refusal holds.

        Everything that it will say is made here, not per event. Handlers named in the document are
        not imported; those given in `options` take the place of the mock's.

        Raises:
            SpecError: the document can't be loaded or served, a schema admits no value, or an
                ``x-mock`` doesn't fit.
        """
        settings = settings or MockSettings()
        spec = spec_path if isinstance(spec_path, Spec) else load_spec(spec_path, server_name=server_name)
        spec = _without_handlers(spec, security=settings.security)
        served = served_spec(spec)
        scripts = write_scripts(served, Choices.seeded(settings.seed))
        others: dict[str, Any] = {**options}
        given = others.pop("handlers", None) or {}
        handlers = {name: _Player(one, settings).handlers() for name, one in scripts.items()}
        for name, own in given.items():
            handlers[name] = {**handlers.get(name, {}), **own}
        return AsynctionSocketIO(spec, handlers=handlers, **others)


def _without_handlers(spec: Spec, *, security: bool) -> Spec:
    namespaces = {}
    for name, one in spec.namespaces.items():
        receives = {
            key: replace(event, handler=None, security=event.security if security else None)
            for key, event in one.receives.items()
        }
        kept = one.security if security else None
        namespaces[name] = replace(one, receives=receives, handlers={}, security=kept)
    if security:
        return replace(spec, namespaces=namespaces)
    return replace(spec, namespaces=namespaces, schemes={}, security=None)


class _Player:
    """Plays the script of one namespace to its clients, each by a task of its own."""

    def __init__(self, script: Script, settings: MockSettings) -> None:
        self._script = script
        self._settings = settings
        self._random = random.Random(settings.seed)  # noqa: S311 -- a mock's choices, no secrets
        self._tasks: dict[str, list[asyncio.Task[None]]] = {}

    def handlers(self) -> dict[str, Callable[..., Any] | str]:
        """Handlers of all events and of the connection."""
        events: dict[str, Callable[..., Any] | str] = {name: self._answer(name) for name in self._script.acks}
        return {**events, "connect": self._enter, "disconnect": self._leave}

    def _answer(self, name: str) -> Callable[..., Any]:
        acks, after = self._script.acks[name], self._script.after[name]

        async def answer(socket: Socket, *_: Any) -> Any:
            if self._settings.fail_rate and self._random.random() < self._settings.fail_rate:
                raise RefusedError("unavailable", "the mock refuses a part of all events")
            for event in after:
                await self._emit(socket, self._script.emits[event])
            return self._random.choice(acks) if acks else None

        return answer

    async def _enter(self, socket: Socket) -> None:
        usual = [one for one in self._script.emits.values() if one.interval is None and one.weight]
        streams = [([one], one.interval) for one in self._script.emits.values() if one.interval]
        if usual and self._settings.interval:
            streams.append((usual, self._settings.interval))
        self._tasks[socket.id] = [asyncio.create_task(self._stream(socket, *one)) for one in streams]

    async def _leave(self, socket: Socket) -> None:
        for task in self._tasks.pop(socket.id, ()):
            task.cancel()

    async def _stream(self, socket: Socket, events: list[Emitted], interval: float) -> None:
        weights = [one.weight for one in events]
        jitter = min(self._settings.jitter, interval)
        while True:
            await asyncio.sleep(interval + self._random.uniform(-jitter, jitter))
            await self._emit(socket, self._random.choices(events, weights)[0] if any(weights) else events[0])

    async def _emit(self, socket: Socket, event: Emitted) -> None:
        await socket.emit(event.name, self._random.choice(event.pool))
