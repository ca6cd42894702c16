"""One event as a test receives it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Received", "data_of"]


@dataclass(frozen=True, slots=True)
class Received:
    """An event that the server sent.

    Attributes:
        name: Its name.
        arguments: What it carries, in wire order; bytes in their place.
        acknowledge: Sends the acknowledgement; None where the server asks for none.
    """

    name: str
    arguments: tuple[Any, ...]
    acknowledge: Callable[[Sequence[Any], bool], None] | None = field(default=None, repr=False)

    @property
    def data(self) -> Any:
        """None where it carries nothing, the argument if it is one, a tuple if there are more."""
        return data_of(self.arguments)

    async def ack(self, *answer: Any, unchecked: bool = False) -> None:
        """Acknowledge it by hand.

        Args:
            answer: The acknowledgement's arguments, in wire order.
            unchecked: Send what the document forbids, to see what the server makes of it.

        Raises:
            AckValidationError: `answer` doesn't match the document; nothing was sent.
            DisconnectedError: the connection is over.
            ValueError: the server asks for no acknowledgement.
        """
        if self.acknowledge is None:
            raise ValueError(f"the server asks for no acknowledgement of {self.name!r}")
        self.acknowledge(answer, unchecked)


def data_of(arguments: Sequence[Any]) -> Any:
    """Wire arguments as one value: None for none, the argument if it is one, a tuple if there are more."""
    if not arguments:
        return None
    return arguments[0] if len(arguments) == 1 else tuple(arguments)
