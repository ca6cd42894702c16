"""Events that may be sent again are kept within a bound, and forgotten at a cost that does not grow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asynction_asgi.engine.limits import Limits
from asynction_asgi.engine.peers.event_log import Log
from asynction_asgi.engine.wire.serializer import create_serializer

if TYPE_CHECKING:
    from collections.abc import Iterable


class Counted(Log):
    """Counts the events that it is told to release."""

    released = 0

    def drop(self, numbers: Iterable[int]) -> None:
        """Count them."""
        listed = list(numbers)
        self.released += len(listed)
        super().drop(listed)


def recorded(log: Log) -> int:
    """Record an event of one client, and return its number."""
    entry, _ = log.record("news", ["x" * 100], "/", "argument", trails=1)
    return entry[0]


def test_what_was_released_long_ago_is_not_forgotten_again() -> None:
    """After many events that no trail refers to any more, the bound releases only those that are kept."""
    log = Counted(create_serializer("default", None, Limits()), 10_000)
    for _ in range(10_000):
        log.drop([recorded(log)])
    assert (log.bytes, log.forgotten) == (0, 0)
    log.released = 0
    numbers = [recorded(log)]
    while not log.forgotten:
        numbers.append(recorded(log))
    assert 0 < log.released < len(numbers)
    assert log.bytes <= 10_000
    assert log.forgotten == numbers[log.released - 1]


def test_forgetting_leaves_room_for_a_number_of_events() -> None:
    """So that not every event after the first has to look for the oldest."""
    log = Counted(create_serializer("default", None, Limits()), 100_000)
    rounds = set()
    for _ in range(5_000):
        recorded(log)
        rounds.add(log.forgotten)
    assert 5_000 / len(rounds) > 10
    assert log.bytes <= 100_000
