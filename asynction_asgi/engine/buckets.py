"""Supplies of events, by which all limits on how often something may happen are counted."""

from __future__ import annotations

import math
from time import monotonic

from ..errors import LimitError

_LONGEST = 86_400.0  # seconds that a client is asked to wait


class Bucket:
    """A supply of events that refills steadily; it is full at first.

    Args:
        per_second: How many events are added in a second.
        burst: How many it holds, at least 1.
    """

    __slots__ = ("_burst", "_left", "_per_second", "_seen")

    def __init__(self, per_second: float, burst: float) -> None:
        self._per_second = per_second
        self._burst = self._left = burst
        self._seen = monotonic()

    def wait(self) -> float:
        """Return after how many seconds an event may be taken, 0 if one may be taken now."""
        now = monotonic()
        # The order matters if the rate is infinite: NaN, for no time at all, is not the lesser one.
        self._left = min(self._burst, self._left + (now - self._seen) * self._per_second)
        self._seen = now
        return 0.0 if self._left >= 1 else (1 - self._left) / self._per_second

    def take(self) -> None:
        """Take an event, after `wait` has returned 0."""
        self._left -= 1

    def overdraw(self) -> None:
        """Take an event that has happened, even if there was none to take; later ones wait the longer."""
        self.wait()  # adds what has come since
        self.take()


def exceeded(limit: str, wait: float) -> LimitError:
    """Return the refusal of an event that came too early.

    Args:
        limit: Name and value of the rate, for the log.
        wait: Seconds after which the client may try again.
    """
    # Rounded up, or the client would come too early again.
    after = math.ceil(min(wait, _LONGEST) * 1000) / 1000
    return LimitError(limit, f"too many events; try again in {after:g} s", retry_after=after)
