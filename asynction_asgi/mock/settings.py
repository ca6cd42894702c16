"""How a mock behaves."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class MockSettings:
    """How a mock behaves.

    Attributes:
        seed: Equal seeds give equal values; None gives different ones each time.
        interval: Seconds between two events to one client; 0 emits only after received events.
        jitter: Seconds by which an interval may be longer or shorter.
        fail_rate: The share of events, from 0 to 1, that is refused as ``unavailable``.
        security: Whether to enforce the document's security, whose functions are then imported.
        locale: The locale of Faker's texts, such as ``de_DE``; None is Faker's default.
    """

    seed: int | None = None
    interval: float = 1.0
    jitter: float = 0.0
    fail_rate: float = 0.0
    security: bool = False
    locale: str | None = None

    def __post_init__(self) -> None:
        """Check the numbers.

        Raises:
            ValueError: A number is out of range.
        """
        if not 0 <= self.fail_rate <= 1:
            raise ValueError("fail_rate must be between 0 and 1")
        if not (math.isfinite(self.interval) and self.interval >= 0):
            raise ValueError("interval must be a number of seconds, not negative")
        if not 0 <= self.jitter <= self.interval:
            raise ValueError("jitter must not be negative, nor more than interval")
