"""An event as a test receives it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__tracebackhide__ = True  # pytest reads it: a failure ends in the line of the test


@dataclass(frozen=True, slots=True)
class Received:
    """An event that the server sent.

    Attributes:
        name: The event's name.
        arguments: The event's arguments in wire order, with bytes in place.
        acknowledge: Sends the acknowledgement, or None if the server does not ask for one.
    """

    name: str
    arguments: tuple[Any, ...]
    acknowledge: Callable[[Sequence[Any], bool], None] | None = field(default=None, repr=False)

    @property
    def data(self) -> Any:
        """None for an event without arguments, the argument if it has one, a tuple if it has more."""
        return data_of(self.arguments)

    async def ack(self, *answer: Any, unchecked: bool = False) -> None:
        """Acknowledge the event.

        Args:
            answer: The acknowledgement's arguments, in wire order.
            unchecked: Send an answer that the document forbids, to see how the server treats it.

        Raises:
            AckValidationError: `answer` does not match the document; nothing was sent.
            DisconnectedError: The connection has ended.
            ValueError: The server asks for no acknowledgement.
        """
        if self.acknowledge is None:
            raise ValueError(f"the server asks for no acknowledgement of {self.name!r}")
        self.acknowledge(answer, unchecked)


def data_of(arguments: Sequence[Any]) -> Any:
    """Return wire arguments as one value: None, the argument if there is one, a tuple if there are more."""
    if not arguments:
        return None
    return arguments[0] if len(arguments) == 1 else tuple(arguments)
