"""What came for a client and waits to be looked at, and who waits for it."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, TypeVar

from .errors import NothingReceivedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from .received import Received

__all__ = ["Arrivals"]

T = TypeVar("T")


class Arrivals:
    """Events in order of arrival, and what went wrong since the test last looked.

    Args:
        over: Makes the error to raise once nothing can come any more; None until then.
    """

    def __init__(self, over: Callable[[], Exception | None]) -> None:
        self._over = over
        self._events: deque[Received] = deque()
        self._troubles: list[Exception] = []
        self._waiting: list[asyncio.Future[None]] = []

    def put(self, event: Received) -> None:
        """Keep an event until somebody takes it."""
        self._events.append(event)
        self.tell()

    def take(self, name: str | None) -> Received | None:
        """The first event of that name, or of any."""
        for index, one in enumerate(self._events):
            if name in (None, one.name):
                del self._events[index]
                return one
        return None

    def put_trouble(self, error: Exception) -> None:
        """Keep an error until the test looks."""
        self._troubles.append(error)
        self.tell()

    def raise_trouble(self) -> None:
        """Raise the first error that is kept, once."""
        if self._troubles:
            raise self._troubles.pop(0)

    def tell(self) -> None:
        """Something has changed: let everybody who waits look again."""
        for one in self._waiting:
            if not one.done():
                one.set_result(None)

    async def until(self, find: Callable[[], T | None], seconds: float, what: str) -> T:
        """Wait until `find` finds something.

        Raises:
            NothingReceivedError: it did not within `seconds`.
            Exception: what was kept as trouble, or what tells that nothing can come any more.
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
            arrived = [(one.name, *one.arguments) for one in self._events]
            raise NothingReceivedError(what, seconds, arrived) from None

    async def _news(self) -> None:
        waiting = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        try:
            await waiting
        finally:
            self._waiting.remove(waiting)
