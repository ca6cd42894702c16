"""Counters of a process's message queue, across connections and restarts of the link."""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass(slots=True)
class Traffic:
    """Counts of one process since it began.

    Attributes:
        written: Messages that the broker has confirmed.
        read: Messages that were read, the process's own included.
        outages: Outages that have ended.
        without: Seconds of all outages that have ended.
        own_at: When the last message of the process itself came back, by the monotonic clock; None before the first.
        lag: Seconds from the last beat of the process until it came back.
    """

    written: int = 0
    read: int = 0
    outages: int = 0
    without: float = 0.0
    own_at: float | None = None
    lag: float = 0.0

    @property
    def silence(self) -> float:
        """Seconds since the last message of the process itself came back; 0 before the first."""
        return 0.0 if self.own_at is None else time.monotonic() - self.own_at
