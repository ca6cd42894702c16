"""How a mock behaves."""

from __future__ import annotations

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
    """

    seed: int | None = None
    interval: float = 1.0
    jitter: float = 0.0
    fail_rate: float = 0.0
    security: bool = False

    def __post_init__(self) -> None:
        """Refuse what makes no sense.

        Raises:
            ValueError: a number is out of its range.
        """
        if not 0 <= self.fail_rate <= 1:
            raise ValueError("fail_rate must be between 0 and 1")
        if self.interval < 0 or not 0 <= self.jitter <= self.interval:
            raise ValueError("interval must not be negative, nor jitter more than interval")
