"""Events that a test client has not taken yet, and the steps of the test that wait for them."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, TypeVar

from .errors import NothingReceivedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from .received import Received

__tracebackhide__ = True  # pytest reads it: a failure ends in the line of the test

T = TypeVar("T")


class Arrivals:
    """Events in order of arrival, and errors since the test last looked.

    Args:
        over: Returns the error to raise once no event can come any more, or None until then.
    """

    def __init__(self, over: Callable[[], Exception | None]) -> None:
        self._over = over
        self._events: deque[Received] = deque()
        self._troubles: list[Exception] = []
        self._waiting: list[asyncio.Future[None]] = []

    def put(self, event: Received) -> None:
        """Keep an event until it is taken."""
        self._events.append(event)
        self.tell()

    def take(self, name: str | None) -> Received | None:
        """Take and return the first event of a name, or of any; None if there is none."""
        for index, event in enumerate(self._events):
            if name in (None, event.name):
                del self._events[index]
                return event
        return None

    def put_trouble(self, error: Exception) -> None:
        """Keep an error until `raise_trouble` raises it."""
        self._troubles.append(error)
        self.tell()

    def raise_trouble(self) -> None:
        """Raise the first error that is kept, and forget it."""
        if self._troubles:
            raise self._troubles.pop(0)

    def tell(self) -> None:
        """Wake all waiting steps, so that they look again."""
        for future in self._waiting:
            if not future.done():
                future.set_result(None)

    async def until(self, find: Callable[[], T | None], seconds: float, what: str) -> T:
        """Wait until `find` returns something, and return that.

        Raises:
            NothingReceivedError: `find` returned None for `seconds`.
            Exception: The error that was kept, or the one of `over`.
        """
        try:
            async with asyncio.timeout(seconds):
                while True:
                    self.raise_trouble()
                    found = find()
                    if found is not None:
                        return found
                    over = self._over()
                    if over is not None:
                        raise over
                    await self._news()
        except TimeoutError:
            arrived = [(event.name, *event.arguments) for event in self._events]
            raise NothingReceivedError(what, seconds, arrived) from None

    async def _news(self) -> None:
        waiting = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        try:
            await waiting
        finally:
            self._waiting.remove(waiting)
