"""The server under test: where it is, how it may be treated, and how long the run may take."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..client.remote_client import ClosedError, ConnectRefusedError
from ..client.remote_http import UnreachableError
from .before import LeadError, steps_of
from .session import Session

if TYPE_CHECKING:
    from ..client.remote_client import Address
    from .before import Step
    from .session import Answers

_PAUSES = (0.2, 1.0)  # seconds before another attempt to connect: a supervisor may start it again


class ServerDownError(Exception):
    """No new connection can be opened; says why."""


@dataclass(kw_only=True)
class Target:
    """A server, and what the run may do to it.

    Attributes:
        seconds: How long to wait for a connection, and for an answer before its absence is a finding.
        budget: How many seconds the run may take.
        rate: The most events per second, or None.
        is_alone: Whether there may be one connection at a time only.
        steps: What is emitted on every new connection.
    """

    seconds: float = 2.0
    budget: float = 60.0
    rate: float | None = None
    is_alone: bool = False
    steps: tuple[Step, ...] = ()

    def __post_init__(self) -> None:
        self._start = self._next = asyncio.get_running_loop().time()

    @property
    def elapsed(self) -> float:
        """Seconds since the run began."""
        return asyncio.get_running_loop().time() - self._start

    @property
    def is_over(self) -> bool:
        """Whether the time is up."""
        return self.elapsed >= self.budget

    async def pace(self) -> None:
        """Wait until another event may be sent."""
        if self.rate is not None:
            now = asyncio.get_running_loop().time()
            if self._next > now:
                await asyncio.sleep(self._next - now)
            self._next = max(self._next, now) + 1 / self.rate

    async def open(self, address: Address, answers: Answers) -> Session:
        """Connect and take the steps.

        Raises:
            UnreachableError: No server answers in time, or not in Socket.IO.
            ConnectRefusedError: The namespace refused the connection.
            ClosedError: The connection ended during the steps.
            LeadError: The server refused a step.
        """
        await self.pace()
        steps = steps_of(self.steps, address.namespace)
        return await Session.open(address, answers, seconds=self.seconds, steps=steps)

    async def reopen(self, address: Address, answers: Answers) -> Session:
        """Connect as before, with several attempts.

        Raises:
            ServerDownError: None succeeded.
        """
        reason = ""
        for pause in (0.0, *_PAUSES):
            await asyncio.sleep(pause)
            try:
                return await self.open(address, answers)
            except ConnectRefusedError as error:
                reason = f"it refuses the connection to {address.namespace!r}: {error}"
            except (UnreachableError, ClosedError, LeadError) as error:
                reason = str(error)
        raise ServerDownError(reason)
