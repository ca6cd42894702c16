"""How a mock behaves."""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["MockSettings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MockSettings:
    """How a mock behaves.

    Attributes:
        seed: The same seed gives the same values; None gives others each time.
        interval: Seconds between two events to one client; 0 emits nothing by itself.
        jitter: Seconds that an interval may be longer or shorter.
        fail_rate: Part of the events, from 0 to 1, that is refused as ``unavailable``.
        security: Whether the document's security holds; its functions are imported then.
        locale: Of Faker's texts, such as ``de_DE``; None is Faker's default.
    """

    seed: int | None = None
    interval: float = 1.0
    jitter: float = 0.0
    fail_rate: float = 0.0
    security: bool = False
    locale: str | None = None

    def __post_init__(self) -> None:
        """Refuse what makes no sense.

        Raises:
            ValueError: a number is out of its range.
        """
        if not 0 <= self.fail_rate <= 1:
            raise ValueError("fail_rate must be between 0 and 1")
        if not (math.isfinite(self.interval) and self.interval >= 0):
            raise ValueError("interval must be a number of seconds, not negative")
        if not 0 <= self.jitter <= self.interval:
            raise ValueError("jitter must not be negative, nor more than interval")
