"""The numbers of every process that writes to the queue."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from ...reasons import Dropped
from .messages import read_number, sender_of
from .window import Window

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .messages import QueueJson

_MOST = 10_000
# Seconds of silence after which a sender is forgotten; each run of a script has an ID of its own.
_FORGOTTEN_SECONDS = 600.0


class Senders:
    """Drops messages that arrived before, and reports those that never arrive.

    Args:
        codec: Counts what is dropped.
        lose: Receives the number of lost messages, and their sender.
    """

    def __init__(self, codec: QueueJson, *, lose: Callable[[int, str], None]) -> None:
        self._codec = codec
        self._lose = lose
        self._windows: dict[str, Window] = {}
        self._heard: dict[str, float] = {}

    def admit(self, message: Mapping[str, Any]) -> bool:
        """Return whether a message is new; messages without a number always are.

        Raises:
            ValueError: Its number is invalid, or it has no sender.
        """
        number = read_number(message)
        if number is None:
            return True
        sender = sender_of(message)
        if not isinstance(sender, str):
            raise ValueError("a number without a sender")  # noqa: TRY004  # what was read, not what was called
        window = self._windows.get(sender)
        if window is None:
            if message.get("again"):
                return False  # the others received it before this process listened
            window = self._windows[sender] = Window(number, earlier=False)
            self._bound()
        self._heard[sender] = time.monotonic()
        if window.admit(number):
            return True
        self._codec.dropped[Dropped.REPEATED.value] += 1  # usual after an outage, so not logged
        return False

    def settle(self) -> None:
        """Report missing messages, and forget senders that were silent for ten minutes."""
        forgotten = time.monotonic() - _FORGOTTEN_SECONDS
        for sender, window in list(self._windows.items()):
            if lost := window.settle():
                self._lose(lost, sender)
            if self._heard[sender] < forgotten:
                del self._windows[sender], self._heard[sender]

    def _bound(self) -> None:
        if len(self._windows) > _MOST:
            quiet = min(self._heard, key=self._heard.__getitem__)
            del self._windows[quiet]
            self._heard.pop(quiet, None)
