"""Messages that a broker may have lost although it had confirmed them."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from .messages import repeated

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST_MESSAGES, _MOST_BYTES = 500, 4 * 1024 * 1024
# The broker may refuse a message that it accepted before.
_MOST_TRIES = 3


class Tail:
    """The last messages that the broker has confirmed, to be repeated once after a connection fails.

    They are repeated again only after the broker has confirmed a new one, so that connections which fail one
    after the other don't fill the broker with repetitions.
    """

    def __init__(self) -> None:
        self._texts: deque[tuple[str, int]] = deque()
        self._bytes = 0
        self._tries = 0

    def remember(self, text: str, size: int) -> None:
        """Add a confirmed message, and its size in bytes."""
        self._tries = _MOST_TRIES
        self._texts.append((text, size))
        self._bytes += size
        while len(self._texts) > _MOST_MESSAGES or self._bytes > _MOST_BYTES:
            self._bytes -= self._texts.popleft()[1]

    def next_try(self) -> Sequence[str]:
        """Return the messages to repeat, marked as such; none once they are confirmed, or after three tries."""
        if not self._tries:
            return ()
        self._tries -= 1
        return [repeated(text) for text, _ in self._texts]

    def note_answered(self) -> None:
        """Note that the broker has confirmed the repetition."""
        self._tries = 0
