"""A connection on which cases are sent, and all that came back for each."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..client.remote import connect
from ..client.remote_client import ClosedError, FloodError
from .before import lead

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..client.remote import Remote
    from ..client.remote_client import Address, Arrival
    from .before import Step

    Answers = Callable[[str], Sequence[Any]]

_LOOK = 0.02  # seconds between two looks at what has arrived


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What came back for an event.

    Attributes:
        answer: The acknowledgement's arguments, or None if none came in time.
        arrivals: The events that the server sent meanwhile.
        ended: Why the connection ended, or None.
        seconds: How long the acknowledgement took.
    """

    answer: tuple[Any, ...] | None = None
    arrivals: tuple[Arrival, ...] = ()
    ended: str | None = None
    seconds: float = 0.0


class Session:
    """A connection to a namespace, which acknowledges what the server asks to have acknowledged.

    Args:
        remote: The connection.
        answers: Returns the answer to an event of the server's, by its name.
        closing: Closes the connection.
    """

    def __init__(self, remote: Remote, answers: Answers, closing: contextlib.AsyncExitStack) -> None:
        self._remote = remote
        self._answers = answers
        self._closing = closing

    @classmethod
    async def open(
        cls, address: Address, answers: Answers, *, seconds: float, steps: Sequence[Step] = ()
    ) -> Session:
        """Connect, and take steps to where events make sense.

        Raises:
            UnreachableError: No server answers in time, or not in Socket.IO.
            ConnectRefusedError: The namespace refused the connection.
            ClosedError: The connection ended during the steps.
            LeadError: The server refused a step.
        """
        async with contextlib.AsyncExitStack() as stack:
            remote = await stack.enter_async_context(connect(address, seconds=seconds))
            await lead(remote, steps)
            return cls(remote, answers, stack.pop_all())
        raise AssertionError  # the stack lets every exception pass

    def why_ended(self) -> str | None:
        """Return why the connection ended, or None while it is open.

        Raises:
            FloodError: The server sent more events than were read.
        """
        ended = self._remote.ended
        if isinstance(ended, FloodError):
            raise ended
        return None if ended is None else str(ended)

    async def exchange(
        self,
        event: str,
        arguments: Sequence[Any],
        *,
        seconds: float,
        until: Callable[[Arrival], object] = lambda _: None,
        quiet: float = 0.0,
    ) -> Exchange:
        """Send an event, and return what came back.

        Args:
            event: Its name.
            arguments: In wire order.
            seconds: How long to wait for the acknowledgement.
            until: Whether an event of the server's answers in place of the acknowledgement.
            quiet: Seconds to wait for more events after that.

        Raises:
            FloodError: The server sent more events than were read.
        """
        loop = asyncio.get_running_loop()
        start = loop.time()
        call = asyncio.ensure_future(self._remote.call(event, arguments))
        arrivals: list[Arrival] = []
        try:
            while not call.done() and not any(map(until, arrivals)):
                left = start + seconds - loop.time()
                if left <= 0:
                    break
                await asyncio.wait({call}, timeout=min(_LOOK, left))
                arrivals += await self.take()
            took = loop.time() - start
            if quiet:
                await asyncio.sleep(quiet)
            arrivals += await self.take()
            answer = call.result() if call.done() else None
        except ClosedError:
            answer, took = None, loop.time() - start
            arrivals += await self.take()
        finally:
            call.cancel()
        return Exchange(answer=answer, arrivals=tuple(arrivals), ended=self.why_ended(), seconds=took)

    async def send_text(self, packet: str) -> None:
        """Send a packet as it is written on the wire; a connection that has ended drops it."""
        with contextlib.suppress(ClosedError):
            await self._remote.send_text(packet)

    async def take(self) -> list[Arrival]:
        """Return the events that have arrived, after acknowledging those that ask for it."""
        arrivals = self._remote.take()
        for arrival in arrivals:
            if arrival.ack_id is not None:
                with contextlib.suppress(ClosedError):
                    await self._remote.acknowledge(arrival, self._answers(arrival.event))
        return arrivals

    async def close(self) -> None:
        """Close the connection, in bounded time."""
        await self._closing.aclose()
