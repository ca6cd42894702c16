"""What there is for each event of a namespace, found by any name that an event may have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["WILDCARD", "ByEvent"]

WILDCARD = "*"  # the name of the event that stands for all that are not declared

V = TypeVar("V")


class ByEvent(dict[str, V], Generic[V]):
    """Values by event, where any undeclared name has the wildcard's value, or that of all others.

    Args:
        declared: The values of the declared events, the wildcard among them.
        others: The value of all others if there is no wildcard.
    """

    def __init__(self, declared: Mapping[str, V], others: V) -> None:
        super().__init__(declared)
        self._others = declared.get(WILDCARD, others)

    def __missing__(self, event: str) -> V:
        return self._others
