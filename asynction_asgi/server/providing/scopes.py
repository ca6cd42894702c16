"""The values that providers have made, as long as an event, a connection or an application lasts."""

from __future__ import annotations

import asyncio
import inspect
from contextlib import suppress
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ...engine.crashes import must_pass
from ...logs import get_logger

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
    from types import TracebackType

    from ..threads import ThreadCall
    from .provide import ScopeName
    from .sources import Cell, Source


logger = get_logger()
_NOTHING: Mapping[Any, Any] = MappingProxyType({})
_ENDING: set[asyncio.Task[None]] = set()  # the event loop keeps no task alive


class Scope:
    """The values of one event, connection or application.

    It holds the scope that lasts longer until its own generators are closed.

    Args:
        name: How long it lasts.
        values: Known by name: of a connection those of its socket, of an event those of its call, too.
        outer: The scope of the next longer duration, or None for that of an application.
        made: What was made before.
    """

    __slots__ = (
        "_call",
        "_ended",
        "_error",
        "_generators",
        "_holds_outer",
        "_locks",
        "_made",
        "_outer",
        "_users",
        "_values",
        "name",
    )

    def __init__(
        self,
        name: ScopeName,
        values: Callable[[str], Any],
        outer: Scope | None,
        made: Mapping[Source, Any] = _NOTHING,
    ) -> None:
        self.name = name
        self._values = values
        self._outer = outer
        self._made: dict[Source, Any] = dict(made)
        self._generators: list[AsyncGenerator[Any, None]] = []
        self._locks: dict[Source, asyncio.Lock] | None = {} if name != "event" else None
        self._users = 0
        self._ended = False
        self._error: BaseException | None = None
        self._call: ThreadCall | None = None
        self._holds_outer = False
        self._hold_outer()

    async def fill(self, needs: Sequence[tuple[str, Cell]]) -> dict[str, Any]:
        """Return values by name; those of this scope are made if they are not there yet."""
        return {name: await self.get(cell.source) for name, cell in needs}

    async def get(self, source: Source) -> Any:
        """Return the value of a provider; it is made in the scope in which it lasts."""
        if source.scope != self.name and self._outer is not None:
            return await self._outer.get(source)
        if source in self._made:
            return self._made[source]
        if self._locks is None:
            return await self._make(source)
        lock = self._locks.get(source)
        if lock is None:
            lock = self._locks[source] = asyncio.Lock()
        # Two events at once share what one of them makes. No provider needs itself, so none waits for its own lock.
        async with lock:
            return await self._make(source)

    async def _make(self, source: Source) -> Any:
        if source in self._made:
            return self._made[source]
        named = {}
        for name, cell in source.needs:
            named[name] = self._values(name) if cell is None else await self.get(cell.source)
        value = source.function(**named)
        if source.is_generator:
            generator, value = value, await anext(value)
            self._generators.append(generator)
        elif inspect.isawaitable(value):
            value = await value
        self._made[source] = value
        return value

    def hold(self) -> None:
        """Keep what was made until `release`: a handler may run on when its client has left."""
        self._users += 1
        self._hold_outer()

    async def release(self) -> None:
        """Let go of what `hold` kept; what has ended meanwhile is closed by the last to let go."""
        self._users -= 1
        if self._ended:
            await self.end(self._error)

    def _hold_outer(self) -> None:
        if self._outer is not None and not self._holds_outer:
            self._holds_outer = True
            self._outer.hold()

    def outlast(self, call: ThreadCall) -> None:
        """Stay open until a thread has ended, which may be after its caller was cancelled."""
        self._call = call

    async def end(self, error: BaseException | None = None) -> None:
        """Close the generators as soon as no handler uses them; what one raises is logged."""
        self._ended, self._error = True, error
        if self._users:
            return
        self._error = None
        try:
            await self._close(error)
        except BaseException as failure:
            if must_pass(failure):
                raise
            logger.exception("closing what was provided for one %s", self.name)

    async def close(self, error: BaseException | None = None) -> None:
        """Close the generators, the last first; an error is raised in each of them.

        What one raises is raised in those before it, and in the end here; `error` itself is not. If a
        thread still uses them, they are closed when it has ended, and what they raise is logged.
        """
        call, self._call = self._call, None
        if call is None or call.work.done():
            await self._close(error)
        else:
            call.work.add_done_callback(partial(self._end_later, error))

    def _end_later(self, error: BaseException | None, work: asyncio.Future[Any]) -> None:
        ending = work.get_loop().create_task(self.end(error))
        _ENDING.add(ending)
        ending.add_done_callback(_ENDING.discard)

    async def _close(self, error: BaseException | None) -> None:
        original, failure = error, error
        try:
            while self._generators:
                failure = await _close(self._generators.pop(), failure)
            self._made.clear()
            if failure is not None and failure is not original:
                raise failure
        finally:
            del error, original, failure  # a frame that holds what it raises is collected late
            if self._outer is not None and self._holds_outer:
                self._holds_outer = False
                await self._outer.release()


async def _close(generator: AsyncGenerator[Any, None], error: BaseException | None) -> BaseException | None:
    """Let a generator end, and return the error that those before it receive."""
    try:
        if error is None:
            await anext(generator)
        else:
            await generator.athrow(error)
    except StopAsyncIteration:
        return error
    except BaseException as failure:  # noqa: BLE001  # raised again, where all are closed
        return failure
    try:
        with suppress(Exception):
            await generator.aclose()
    except BaseException as failure:  # noqa: BLE001  # as above: the others are closed first
        return failure
    return RuntimeError(f"{generator!r} yields a second value; a provider yields one")


class Closing:
    """An asynchronous context manager that closes a scope, or nothing, with the error of its block."""

    __slots__ = ("_scope",)

    def __init__(self, scope: Scope | None) -> None:
        self._scope = scope

    async def __aenter__(self) -> None:
        """Begin the block."""

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the scope; what a provider raises takes the place of the error."""
        if self._scope is not None:
            await self._scope.close(error)
