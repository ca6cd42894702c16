"""Callbacks of emits that went through a message queue, and wait for an answer that comes over it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...reasons import Unanswered

if TYPE_CHECKING:
    from collections.abc import Callable

# Rooms and clients whose answers are awaited; some may never have been there.
_MOST = 10_000


class RelayedCallbacks:
    """Callbacks by the room or client that was emitted to, and an id.

    Args:
        lose: Drops a callback whose client gives no answer.

    Attributes:
        ended: Is called with the id of each callback that no longer waits.
    """

    def __init__(self, lose: Callable[[Callable[..., Any], Unanswered], None]) -> None:
        self.ended: Callable[[Any], None] | None = None
        self._lose = lose
        self._waiting: dict[Any, dict[int, Callable[..., Any]]] = {}
        self._last = 0

    def __len__(self) -> int:
        """Return the number of rooms and clients whose answers are awaited."""
        return len(self._waiting)

    def add(self, room: Any, callback: Callable[..., Any], most: int) -> int:
        """Wait for an answer, with at most so many others from the same client; return the id of the callback."""
        self._last += 1
        if len(self._waiting) >= _MOST:  # unknown peers need nothing
            oldest = next(iter(self._waiting))
            for ack_id in list(self._waiting[oldest]):
                self.lose(oldest, ack_id, Unanswered.DISPLACED)
        waiting = self._waiting.get(room, {})
        if len(waiting) >= most:
            self.lose(room, next(iter(waiting)), Unanswered.DISPLACED)
        self._waiting.setdefault(room, waiting)[self._last] = callback
        return self._last

    def lose(self, room: Any, ack_id: Any, why: Unanswered) -> None:
        """Forget a callback whose only client will not answer."""
        callback = self.take(room, ack_id)
        if callback is not None:
            self._lose(callback, why)

    def take(self, room: Any, ack_id: Any) -> Callable[..., Any] | None:
        """Forget a callback, and return it, or None."""
        if self.ended is not None:
            self.ended(ack_id)
        waiting = self._waiting.get(room, {})
        callback = waiting.pop(ack_id, None)
        if not waiting:
            self._waiting.pop(room, None)
        return callback

    def forget(self, room: Any, callback: Callable[..., Any]) -> None:
        """Stop waiting for an answer."""
        waiting = self._waiting.get(room, {})
        for ack_id in [key for key, value in waiting.items() if value is callback]:
            self.take(room, ack_id)
