"""Blocking forms of what is addressed to many clients, for plain functions in worker threads."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
    from typing import Never

    from ..engine import Found, Room
    from .asking import Answer, Asking
    from .sockets import Sockets

    Wait = Callable[[Coroutine[Any, Any, Any]], Any]


class SyncSockets:
    """The clients of a room, or of a whole namespace, in every process; see `Sockets`."""

    __slots__ = ("_sockets", "_wait")

    def __init__(self, sockets: Sockets, wait: Wait) -> None:
        self._sockets = sockets
        self._wait = wait

    def count(self) -> int:
        """Return how many clients there are."""
        number: int = self._wait(self._sockets.count())
        return number

    def __iter__(self) -> Iterator[Found]:
        """Yield each client, as it was when its process answered."""
        yield from self._wait(_list(self._sockets))

    def join(self, room: Room) -> None:
        """Put them into a room."""
        self._wait(self._sockets.join(room))

    def leave(self, room: Room) -> None:
        """Take them out of a room."""
        self._wait(self._sockets.leave(room))

    def disconnect(self) -> None:
        """End their connections to the namespace."""
        self._wait(self._sockets.disconnect())

    def emit(self, event: str, data: Any = None, *further: Never) -> None:
        """Emit an event to them."""
        self._wait(self._sockets.emit(event, data, *further))


class SyncAsking:
    """The answers to a question, for a loop that holds a worker thread; see `Asking`."""

    __slots__ = ("_asking", "_wait")

    def __init__(self, asking: Asking, wait: Wait) -> None:
        self._asking = asking
        self._wait = wait

    @property
    def asked(self) -> int | None:
        """Number of clients that were asked; None until every process on the message queue has answered."""
        return self._asking.asked

    def __iter__(self) -> Iterator[Answer]:
        """Ask, and yield an answer for each client; a loop that ends early forgets the others."""
        answers = self._asking.__aiter__()
        try:
            while (answer := self._wait(_next(answers))) is not None:
                yield answer
        finally:
            with suppress(RuntimeError):  # an event loop that has ended has closed it
                self._wait(answers.aclose())


async def _list(sockets: Sockets) -> list[Found]:
    return [client async for client in sockets]


async def _next(answers: AsyncGenerator[Answer, None]) -> Answer | None:
    return await anext(answers, None)
