"""Writes a process's messages to the broker: one task, one connection, one bounded queue."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import operator
import time
from collections import deque
from dataclasses import dataclass
from sys import getsizeof
from typing import TYPE_CHECKING

from ...errors import QueueError
from ...reasons import Lost
from ..crashes import must_pass
from ..logs import logger
from .broker import FullError
from .messages import EMPTY, describe_message, numbered
from .tail import Tail
from .traffic import Traffic
from .troubles import is_answer, timed_out

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .broker import Broker
    from .outages import Outages
    from .rhythm import Rhythm

MOST_MESSAGES, MOST_BYTES = 4096, 16 * 1024 * 1024
_BATCH_MESSAGES, _BATCH_BYTES = 200, 1024 * 1024
# So often a broker that takes other messages may refuse one before it is dropped.
_MOST_REFUSALS = 3
_GATHER_CHECK_SECONDS = 0.05


@dataclass(slots=True, eq=False)
class Item:
    """One message on its way.

    Attributes:
        text: The message, unsigned; numbered once `numbered` is True.
        answered: Resolves once the broker has answered; None if no sender waits for that.
        numbered: Whether it has its number.
        attempts: How many connections were given it, of which it is not known whether they carried it.
        given_up: Whether it must no longer be written.
        refusals: How often a connection failed at it alone that had worked before.
        size: The memory that the text takes, in bytes; set when it is queued.
    """

    text: str
    answered: asyncio.Future[None] | None = None
    numbered: bool = False
    attempts: int = 0
    given_up: bool = False
    refusals: int = 0
    size: int = 0


class Writer:
    """Keeps the order of `put`, across connections that fail.

    After a reconnection it first repeats the last messages that were answered, for a broker may have
    lost them with its memory; receivers drop by their numbers what they know.

    A batch at which a new connection fails is written message by message. The broker may refuse one of them
    for ever, such as for its size: where it takes others, that message is dropped.

    Args:
        broker: Where to.
        number: Returns the next number of a message.
        seal: Signs a text; called at the moment of writing, so repeats are signed again.
        outages: Receives failures to reach the broker, and what is dropped.
        rhythm: How long to wait for what.
        traffic: Counts what was written.
    """

    def __init__(
        self,
        broker: Broker,
        *,
        number: Callable[[], int],
        seal: Callable[[str], str],
        outages: Outages,
        rhythm: Rhythm,
        traffic: Traffic | None = None,
    ) -> None:
        self._traffic = traffic or Traffic()
        self._broker = broker
        self._next_number = number
        self._seal = seal
        self._outages = outages
        self._rhythm = rhythm
        self._waiting: deque[Item] = deque()
        self._flying: list[Item] = []
        self._bytes = 0
        self._tail = Tail()
        self._connected = False
        self._proven = False  # whether the broker took a message over this connection
        self._alone = 0  # so many messages are written one by one
        self._most = _BATCH_MESSAGES  # written together; one after a refusal, then twice as many each time
        self._listeners: int | None = None
        self._stalled: float | None = None
        self._wake: asyncio.Future[None] | None = None
        self._relieved: asyncio.Future[None] | None = None
        self._emptied: asyncio.Future[None] | None = None

    @property
    def pending(self) -> int:
        """How many messages the broker has not answered for."""
        return len(self._waiting) + len(self._flying)

    @property
    def listeners(self) -> int | None:
        """How many processes received the last message, or None where the broker does not tell."""
        return self._listeners

    @property
    def full(self) -> bool:
        """Whether those that emit should wait."""
        return self.pending >= MOST_MESSAGES or self._bytes >= MOST_BYTES

    def put(self, text: str) -> None:
        """Queue a message; never waits. In a long outage, the oldest one gives way."""
        item = Item(text)
        self._give_number(item)
        self._enqueue(item)
        while self.full and self._waiting and self._patience <= 0:
            self._bytes -= self._waiting.popleft().size
            self._outages.lose(Lost.OUTAGE)

    def put_answered(self, text: str) -> Item:
        """Queue a message whose sender waits for the broker's answer; it is numbered when it is written."""
        item = Item(text, asyncio.get_running_loop().create_future())
        self._enqueue(item)
        return item

    def _enqueue(self, item: Item) -> None:
        self._waiting.append(item)
        item.size = getsizeof(item.text)
        self._bytes += item.size
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    def _give_number(self, item: Item) -> None:
        item.text, item.numbered = numbered(item.text, self._next_number()), True

    @property
    def _patience(self) -> float:
        """Seconds that an emit may still wait."""
        if self._stalled is None:
            return self._rhythm.outage
        return self._stalled + self._rhythm.outage - time.monotonic()

    async def room(self) -> None:
        """Wait while too much is queued, but not beyond the patience with an outage."""
        while self.full and (patience := self._patience) > 0:
            if self._relieved is None:
                self._relieved = asyncio.get_running_loop().create_future()
            await asyncio.wait([self._relieved], timeout=patience)

    async def flush(self, seconds: float) -> bool:
        """Wait until everything is written, up to a number of seconds; return whether it is."""
        if self.pending:
            self._emptied = asyncio.get_running_loop().create_future()
            await asyncio.wait([self._emptied], timeout=seconds)
        return not self.pending

    async def end(self, running: asyncio.Task[None], seconds: float) -> None:
        """Write what is queued, end, and close the connection; if cancelled, close it without writing.

        Args:
            running: The task of `run`.
            seconds: How long to write at most.
        """
        try:
            await self.flush(seconds)
        finally:
            running.cancel()
            try:
                await asyncio.wait([running])
            finally:
                await self._broker.close()

    async def run(self) -> None:
        """Write what is queued, until cancelled.

        What fails besides the broker, such as a filter of the application's logger, is logged, and what was
        being written is written again.
        """
        while True:
            if not self._waiting:
                self._wake = asyncio.get_running_loop().create_future()
                await self._wake
            self._flying = self._next_batch()
            if not self._flying:
                continue
            try:
                await self._write()
            except BaseException as error:
                if must_pass(error, asyncio.current_task()):
                    raise
                logger.exception("writing to the message queue failed; it is tried again")
                self._take_back()
                if self._outages.connected:
                    self._outages.begin("writing", error)
                await self._broker.close()
                await asyncio.sleep(self._rhythm.retry)

    def _next_batch(self) -> list[Item]:
        batch: list[Item] = []
        size = 0
        most = 1 if self._alone else self._most
        while self._waiting and len(batch) < most and size < _BATCH_BYTES:
            item = self._waiting.popleft()
            if item.given_up:
                self._bytes -= item.size
                continue
            size += item.size
            batch.append(item)
        return batch

    async def _write(self) -> None:
        """Write what flies; on any error, put it back and let the next attempt try."""
        if self._stalled is None:
            self._stalled = time.monotonic()
        reconnected, given = not self._connected, False
        try:
            if reconnected:
                await self._reconnect()
            self._prepare()
            given = True
            received = await self._broker.write([self._seal(item.text) for item in self._flying])
        except FullError as error:
            self._settle(error.taken)
            self._most = 1  # a batch takes memory of the broker before any of its messages is appended
            self._outages.begin("writing", error)
            await asyncio.sleep(self._rhythm.retry)
            return
        except BaseException as error:
            flown, proven = self._flying, self._proven
            self._take_back()
            if must_pass(error, asyncio.current_task()):
                raise
            self._outages.begin("writing", error)
            if given and reconnected:
                self._alone = max(self._alone, len(flown))
            dropped = False
            if given and len(flown) == 1:
                flown[0].attempts -= is_answer(error)
                dropped = proven and not timed_out(error) and self._drop_refused(flown[0])
            await self._broker.close()
            await asyncio.sleep(self._rhythm.retry)
            if dropped:
                await self._write()  # nothing, so that it is known that the queue works again
            return
        if received is not None:
            self._listeners = received
        self._stalled = None
        self._most = min(2 * self._most, _BATCH_MESSAGES)
        self._outages.end("writing")
        self._settle([True] * len(self._flying))

    def _take_back(self) -> None:
        """Queue what flies again, in its place, for another connection."""
        self._waiting.extendleft(reversed(self._flying))
        self._flying, self._connected, self._proven = [], False, False

    def _prepare(self) -> None:
        for item in self._flying:
            if not item.numbered:
                self._give_number(item)
                self._bytes -= item.size
                item.size = getsizeof(item.text)
                self._bytes += item.size
            item.attempts += 1

    def _drop_refused(self, item: Item) -> bool:
        """Note that a working connection failed at a message alone; drop it if that was often enough."""
        item.refusals += 1
        if item.refusals < _MOST_REFUSALS:
            return False
        self._waiting.remove(item)
        self._bytes -= item.size
        self._alone = max(self._alone - 1, 0)
        why = self._outages.refuse(describe_message(item.text))
        if item.answered is not None and not item.answered.done():
            item.answered.set_exception(QueueError(f"nothing was emitted: {why}"))
        self._relieve()
        return True

    async def _reconnect(self) -> None:
        """Open a connection, wait for other listeners to be back, and repeat what the broker may have lost.

        Where messages are written alone, the broker shows that it takes others; a full one has shown that it
        has not lost its memory.
        """
        await self._gather(self._listeners or 0)
        first = self._tail.next_try() or ([EMPTY] if self._alone else [])
        if first:
            with contextlib.suppress(FullError):
                await self._broker.write([self._seal(text) for text in first])
                self._proven = True
            self._tail.note_answered()
        self._connected = True

    async def _gather(self, wanted: int) -> None:
        deadline = time.monotonic() + self._rhythm.gather
        while True:
            listeners = await self._broker.listeners()
            if listeners is None or listeners >= wanted or time.monotonic() > deadline:
                return
            await asyncio.sleep(_GATHER_CHECK_SECONDS)

    def _settle(self, taken: Sequence[bool]) -> None:
        """Note for each message that flies whether the broker took it; the others go on waiting."""
        flown, self._flying = self._flying, []
        refused = list(itertools.compress(flown, map(operator.not_, taken)))
        self._waiting.extendleft(reversed(refused))
        for item in refused:
            item.attempts -= 1
        if any(taken):
            self._stalled, self._proven = None, True
        for item in itertools.compress(flown, taken):
            self._answer(item)
        self._relieve()

    def _answer(self, item: Item) -> None:
        self._traffic.written += 1
        self._alone = max(self._alone - 1, 0)
        self._bytes -= item.size
        self._tail.remember(item.text, item.size)
        if item.answered is not None and not item.answered.done():
            item.answered.set_result(None)

    def _relieve(self) -> None:
        """Wake who waits for room, or for everything to be written."""
        if self._relieved is not None and not self.full:
            self._relieved.set_result(None)
            self._relieved = None
        if self._emptied is not None and not self._waiting:
            if not self._emptied.done():
                self._emptied.set_result(None)
            self._emptied = None
