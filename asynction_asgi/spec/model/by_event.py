"""What there is for each event of a namespace, found by any name that an event may have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

WILDCARD = "*"  # the name of the event that stands for all that are not declared

V = TypeVar("V")


def find(declared: Mapping[str, V], event: str) -> V | None:
    """Return the value of an event, else that of the wildcard, or None."""
    value = declared.get(event)
    return declared.get(WILDCARD) if value is None else value


class ByEvent(dict[str, V], Generic[V]):
    """Values by event for many look-ups: as `find`, and without a wildcard all others have one value, too.

    Args:
        declared: The values of the declared events, the wildcard among them.
        others: The value of all others if there is no wildcard.
    """

    def __init__(self, declared: Mapping[str, V], others: V) -> None:
        super().__init__(declared)
        self._others = declared.get(WILDCARD, others)

    def __missing__(self, event: str) -> V:
        return self._others
