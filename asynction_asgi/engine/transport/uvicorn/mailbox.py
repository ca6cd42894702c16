"""Events that wait for their receiver, as a queue in a few bytes."""

from __future__ import annotations

import asyncio
from typing import Any


class Mailbox:
    """A queue of ASGI events; `asyncio.Queue` takes 2 KB per connection, as it prepares for many items."""

    __slots__ = ("_events", "_getters")

    def __init__(self, *events: dict[str, Any]) -> None:
        self._events = list(events)
        self._getters: list[asyncio.Future[None]] = []

    def __bool__(self) -> bool:
        """Return whether an event waits."""
        return bool(self._events)

    def put(self, event: dict[str, Any]) -> None:
        """Add an event."""
        self._events.append(event)
        self._wake()

    async def get(self) -> dict[str, Any]:
        """Wait for the next event and remove it."""
        while not self._events:
            getter = asyncio.get_running_loop().create_future()
            self._getters.append(getter)
            try:
                await getter
            except asyncio.CancelledError:
                if getter in self._getters:
                    self._getters.remove(getter)
                elif self._events:
                    self._wake()  # it was chosen for an event that it does not take
                raise
        return self._events.pop(0)

    def take(self, kind: str) -> list[dict[str, Any]]:
        """Remove the events of a type, and return them in order."""
        taken = [event for event in self._events if event["type"] == kind]
        self._events = [event for event in self._events if event["type"] != kind]
        return taken

    def _wake(self) -> None:
        while self._getters:
            getter = self._getters.pop(0)
            if not getter.done():
                getter.set_result(None)
                return
