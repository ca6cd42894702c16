"""The interface of brokers: four coroutines, the same for each kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...reasons import Lost

# To open a connection, and for a subscription to be confirmed.
CONNECT_SECONDS = 3.0


class Delivery(NamedTuple):
    """A message as it was read.

    Attributes:
        body: The bytes that a process wrote.
        taken: When the broker received it, in seconds since 1970; None if the broker does not say.
    """

    body: bytes
    taken: float | None = None


class FullError(Exception):
    """The broker has no memory for some messages of a batch. The connection stays usable.

    Attributes:
        taken: For each message of the batch, in order, whether the broker accepted it.
    """

    def __init__(self, why: str, taken: Sequence[bool]) -> None:
        super().__init__(why)
        self.taken = taken


class Broker(Protocol):
    """One end of a channel that every process of a cluster writes to and reads from.

    The writer has one, and the listener another; each connects when it is used. Any exception other than
    `FullError` means that the connection is broken: call `close`, and the next call opens another.

    Attributes:
        missing: The reason under which missing messages are counted.
    """

    missing: Lost

    async def write(self, batch: Sequence[str]) -> int | None:
        """Write messages in order, and wait until the broker has confirmed each.

        Returns:
            How many processes listen, or None if the broker does not say.

        Raises:
            FullError: The broker has no memory for some of them.
        """

    async def read(self) -> Sequence[Delivery]:
        """Wait for the next messages; a call means that the previous ones have been handled.

        The first call on a new connection returns no messages, as soon as it is subscribed.
        """

    async def listeners(self) -> int | None:
        """Open the connection for writing if necessary, and return how many processes listen.

        None means that messages are kept for processes that do not listen, or that the broker does not say.
        """

    async def close(self) -> None:
        """Close the connection, if there is one; the wait is bounded, and nothing is raised."""
