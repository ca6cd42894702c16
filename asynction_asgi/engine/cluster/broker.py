"""What the queue asks of a broker: four coroutines, the same for each kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...reasons import Lost

# To open a connection, and for a subscription to be confirmed.
CONNECT_SECONDS = 3.0


class Delivery(NamedTuple):
    """A message as it came.

    Attributes:
        body: What a process wrote.
        taken: When the broker took it, in seconds since 1970; None where brokers of the kind don't say.
    """

    body: bytes
    taken: float | None = None


class FullError(Exception):
    """The broker has no memory for some messages of a batch. Its connection goes on to work.

    Attributes:
        taken: For each message of the batch, in its order, whether the broker took it.
    """

    def __init__(self, why: str, taken: Sequence[bool]) -> None:
        super().__init__(why)
        self.taken = taken


class Broker(Protocol):
    """One end of a channel that every process of a cluster writes to and reads from.

    The writer has one, and the listener another; each opens a connection when it needs one. Any exception
    but `FullError` means that the connection is broken: `close` it, and the next call opens another.

    Attributes:
        missing: The reason under which a message that never came is counted.
    """

    missing: Lost

    async def write(self, batch: Sequence[str]) -> int | None:
        """Write messages in order, and wait until the broker has answered for each.

        Returns:
            How many processes listen, or None where the broker does not tell.

        Raises:
            FullError: The broker has no memory for some of them.
        """

    async def read(self) -> Sequence[Delivery]:
        """Wait for the next messages; the last ones count as handled then.

        The first call behind a new connection returns none, as soon as nothing can be missed any more.
        """

    async def listeners(self) -> int | None:
        """Open the connection for writing if there is none, and return how many processes listen.

        None means that what no process reads at the moment is kept for it, or that the broker does not tell.
        """

    async def close(self) -> None:
        """Close the connection, if there is one; waits for a moment at most, and never raises."""
