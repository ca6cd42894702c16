"""The connections to one namespace: one that sends, one that only listens, and new ones to repeat a case on."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from typing import TYPE_CHECKING

from ..client.remote_client import ClosedError, ConnectRefusedError, FloodError
from ..client.remote_http import UnreachableError
from .before import LeadError, steps_of
from .session import Exchange

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from ..client.remote_client import Address, Arrival
    from ..testing.cases import Case
    from .judge import Judge
    from .report import Report
    from .session import Answers, Session
    from .supply import Supply
    from .target import Target

QUIET = 0.1  # seconds in which what belongs to an event arrives
_PATIENCE = 0.5  # seconds to wait for an answer
_SILENCES = 2  # answers of an event that did not come, before less is waited for the next
_IMPATIENCE = 0.05
_SMOOTH = 8  # answers over which their time is averaged
_SLOWER = 5  # times as slow as answers usually are
_LONGEST = 1.0  # seconds to wait for a rate of the document
_FLOOD, _CHATTER = 1_000, 100  # events that a server may send, altogether and for each that it gets


class Bench:
    """Sends cases to a namespace.

    Args:
        target: The server.
        address: Of the namespace, with what a client presents there.
        judge: Of the namespace.
        answers: Returns the answer to an event of the server's.
        supply: What the rates of the namespace leave to the run.
        report: Counts what is sent and what arrives.
    """

    def __init__(
        self,
        target: Target,
        address: Address,
        judge: Judge,
        answers: Answers,
        supply: Supply,
        report: Report,
    ) -> None:
        self.judge = judge
        self.target = target
        self.address = address
        self._answers = answers
        self._report = report
        self._main: Session | None = None
        self._observer: Session | None = None
        self._supply = supply
        self._silences: Counter[str] = Counter()
        self._usual = 0.0

    async def start(self) -> None:
        """Open the connections.

        Raises:
            UnreachableError: No server answers in time, or not in Socket.IO.
            ConnectRefusedError: The namespace refused the connection.
            ClosedError: The connection ended during the steps.
            LeadError: The server refused a step.
        """
        self._main = await self._open()
        if not self.target.is_alone:
            try:
                await self._open_another()
            except BaseException:  # an interrupt, too
                await self.close()
                raise

    async def _open_another(self) -> None:
        """Open the connection that sends, beside one that only listens if the server admits two."""
        # A server may admit one connection only, of which the last one must be the one that sends.
        self._observer, self._main = self._main, None
        try:
            self._main = await self._open()
        except (UnreachableError, ConnectRefusedError, ClosedError, LeadError):
            if self._observer is not None:
                await self._observer.close()
            self._observer = None
            self._main = await self._open()

    def why_ended(self) -> str | None:
        """Return why the connection that sends has ended, or None.

        Raises:
            FloodError: The server sent more events than were read.
        """
        return None if self._main is None else self._main.why_ended()

    def why_others_ended(self) -> str | None:
        """Return why the connection that only listens has ended, or None.

        Raises:
            FloodError: The server sent more events than were read.
        """
        return None if self._observer is None else self._observer.why_ended()

    async def may_send(self, event: str) -> bool:
        """Return whether the rates of the document let an event pass soon; a new connection may be opened for it."""
        wait = self._supply.wait(self._main, event)
        if wait > QUIET and self._supply.renews(event) and not self.target.is_alone:
            await self.drop()
            return True
        return wait <= _LONGEST

    def is_spent(self, session: Session, event: str) -> bool:
        """Return whether another connection would let an event pass sooner."""
        return self._supply.renews(event) and self._supply.wait(session, event) > 0

    async def send(self, case: Case) -> tuple[Exchange, tuple[Arrival, ...]]:
        """Send a case, and return what came back for it and what the other client received.

        Raises:
            FloodError: Far too many events have come.
            ServerDownError: The connection had ended, and no other can be opened.
        """
        if self._main is None or self._main.why_ended() is not None:
            await self.drop()
            self._main = await self._reopen()
        exchange = await self._exchange(self._main, case, seconds=self.patience(case))
        if exchange.ended is not None:
            await self.drop()
        elif exchange.answer is None and not any(
            self.judge.is_answer(arrival, case.event) for arrival in exchange.arrivals
        ):
            self._silences[case.event] += 1
        return exchange, await self.overheard()

    async def repeat(
        self,
        session: Session,
        case: Case,
        *,
        seconds: float | None = None,
        quiet: float,
        keeps_rates: bool = True,
    ) -> tuple[Exchange, tuple[Arrival, ...]]:
        """Send a case on a connection of its own, and return what came back and what others received.

        Args:
            session: The connection.
            case: The case.
            seconds: How long to wait for the answer.
            quiet: Seconds to wait for more events after that.
            keeps_rates: Whether to wait until the rates of the document let the case pass.
        """
        await self.overheard()
        seconds = seconds or self.target.seconds
        exchange = await self._exchange(session, case, seconds=seconds, quiet=quiet, keeps_rates=keeps_rates)
        return exchange, await self.overheard()

    def patience(self, case: Case) -> float:
        """Return how many seconds to wait for the answer to a case."""
        if self._silences[case.event] >= _SILENCES:
            return self.impatience
        return min(self.target.seconds, max(_PATIENCE, _SLOWER * self._usual))

    @property
    def impatience(self) -> float:
        """How many seconds to wait for an answer that probably doesn't come."""
        return min(_PATIENCE, self.target.seconds, max(_IMPATIENCE, _SLOWER * self._usual))

    async def overheard(self) -> tuple[Arrival, ...]:
        """Take what the connection that only listens has received."""
        if self._observer is None:
            return ()
        arrivals = tuple(await self._observer.take())
        self._report.count_arrivals(self.judge.name, arrivals)
        return arrivals

    async def await_late(self) -> tuple[Exchange, tuple[Arrival, ...]]:
        """Wait for what the server sends late, and return what came to the connection that sends and to the other.

        Raises:
            FloodError: The server sent more events than were read.
        """
        await asyncio.sleep(QUIET)
        if self._main is None:
            return Exchange(), await self.overheard()
        arrivals = tuple(await self._main.take())
        self._report.count_arrivals(self.judge.name, arrivals)
        return Exchange(arrivals=arrivals), await self.overheard()

    async def visit(self) -> tuple[tuple[Arrival, ...], tuple[Arrival, ...]]:
        """Connect and leave again; return what came on that connection and what others received.

        Raises:
            ServerDownError: The connection can't be opened.
        """
        await self.overheard()
        session = await self._reopen()
        try:
            await asyncio.sleep(QUIET)
            arrivals = tuple(await session.take())
        finally:
            await session.close()
        await asyncio.sleep(QUIET)
        self._report.count_arrivals(self.judge.name, arrivals)
        return arrivals, await self.overheard()

    @contextlib.asynccontextmanager
    async def alone(self, *, quiet: float = QUIET) -> AsyncIterator[Session]:
        """Yield a new connection, on which nothing was sent but the steps.

        Args:
            quiet: Seconds after which what arrived is dropped, since it belongs to the connection.

        Raises:
            ServerDownError: It can't be opened.
        """
        if self.target.is_alone:
            await self.drop()
        session = await self._reopen()
        try:
            if quiet:
                await asyncio.sleep(quiet)
                await session.take()
            yield session
        finally:
            await session.close()

    async def drop(self) -> None:
        """Close the connection that sends; the next case opens another."""
        if self._main is not None:
            await self._main.close()
            self._main = None

    async def close(self) -> None:
        """Close all connections."""
        await self.drop()
        if self._observer is not None:
            await self._observer.close()
            self._observer = None

    async def _open(self) -> Session:
        return self._led(await self.target.open(self.address, self._answers))

    async def _reopen(self) -> Session:
        return self._led(await self.target.reopen(self.address, self._answers))

    def _led(self, session: Session) -> Session:
        """Return a new connection, whose steps count as events."""
        for step in steps_of(self.target.steps, self.address.namespace):
            self._supply.take(session, step.event)
        return session

    async def _exchange(
        self, session: Session, case: Case, *, seconds: float, quiet: float = 0.0, keeps_rates: bool = True
    ) -> Exchange:
        await self.target.pace()
        if keeps_rates and (wait := self._supply.wait(session, case.event)):
            await asyncio.sleep(min(wait, _LONGEST))
        self._supply.take(session, case.event)
        exchange = await session.exchange(
            case.event,
            case.arguments,
            seconds=seconds,
            until=lambda arrival: self.judge.is_answer(arrival, case.event),
            quiet=quiet,
        )
        if exchange.answer is not None:
            self._usual += (exchange.seconds - self._usual) / _SMOOTH
        report = self._report
        report.sent += 1
        report.count_arrivals(self.judge.name, exchange.arrivals)
        if report.received > _FLOOD + _CHATTER * report.sent:
            raise FloodError(f"{report.received:,} events came for {report.sent:,} that were sent")
        return exchange
