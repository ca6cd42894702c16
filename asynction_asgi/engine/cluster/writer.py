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
# How often a broker that accepts other messages may refuse one before it is dropped.
_MOST_REFUSALS = 3
_GATHER_CHECK_SECONDS = 0.05


@dataclass(slots=True, eq=False)
class Item:
    """One message to be written.

    Attributes:
        text: The message, unsigned; numbered once `numbered` is True.
        answered: Resolves once the broker has confirmed the message; None if no sender waits for that.
        numbered: Whether it has its number.
        attempts: How many connections it was written to without knowing whether the broker received it.
        given_up: Whether it must not be written any more.
        refusals: How often a working connection failed when this message was written alone.
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
    """Writes messages in the order of `put`, across connections that fail.

    After a reconnection it first repeats the last confirmed messages, because a broker may have lost them
    with its memory; receivers drop duplicates by their numbers.

    If a new connection fails at a batch, its messages are written one by one. A message that the broker
    keeps refusing while it accepts others, such as for its size, is dropped.

    Args:
        broker: The queue to write to.
        number: Returns the next number of a message.
        seal: Signs a text; called at the moment of writing, so repeats are signed again.
        outages: Receives failures to reach the broker, and what is dropped.
        rhythm: Timeouts and intervals.
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
        self._proven = False  # whether the broker accepted a message over this connection
        self._alone = 0  # how many messages to write one by one
        self._most = _BATCH_MESSAGES  # messages in a batch: 1 after a refusal, then doubled each time
        self._listeners: int | None = None
        self._stalled: float | None = None
        self._wake: asyncio.Future[None] | None = None
        self._relieved: asyncio.Future[None] | None = None
        self._emptied: asyncio.Future[None] | None = None

    @property
    def pending(self) -> int:
        """Number of messages that the broker has not confirmed."""
        return len(self._waiting) + len(self._flying)

    @property
    def listeners(self) -> int | None:
        """Number of processes that received the last message, or None if the broker does not say."""
        return self._listeners

    @property
    def full(self) -> bool:
        """Whether emits should wait."""
        return self.pending >= MOST_MESSAGES or self._bytes >= MOST_BYTES

    def put(self, text: str) -> None:
        """Queue a message without waiting; in a long outage, drop the oldest one."""
        item = Item(text)
        self._give_number(item)
        self._enqueue(item)
        while self.full and self._waiting and self._patience <= 0:
            self._bytes -= self._waiting.popleft().size
            self._outages.lose(Lost.OUTAGE)

    def put_answered(self, text: str) -> Item:
        """Queue a message whose sender waits until it is confirmed; it is numbered when it is written."""
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
        """Wait while too much is queued, but no longer than `Rhythm.outage` allows."""
        while self.full and (patience := self._patience) > 0:
            if self._relieved is None:
                self._relieved = asyncio.get_running_loop().create_future()
            await asyncio.wait([self._relieved], timeout=patience)

    async def flush(self, seconds: float) -> bool:
        """Wait up to this many seconds until everything is written, and return whether it is."""
        if self.pending:
            self._emptied = asyncio.get_running_loop().create_future()
            await asyncio.wait([self._emptied], timeout=seconds)
        return not self.pending

    async def end(self, running: asyncio.Task[None], seconds: float) -> None:
        """Write what is queued, and close the connection; if cancelled, close it without writing.

        Args:
            running: The task of `run`, which is ended.
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

        If something other than the broker fails, such as a log filter of the application, the error is logged
        and the current batch is written again.
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
        """Write the current batch; after an error, queue it again for the next attempt."""
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
            self._most = 1  # the broker needs memory for a whole batch before it appends any message
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
                await self._write()  # without messages, to find out whether the queue works again
            return
        if received is not None:
            self._listeners = received
        self._stalled = None
        self._most = min(2 * self._most, _BATCH_MESSAGES)
        self._outages.end("writing")
        self._settle([True] * len(self._flying))

    def _take_back(self) -> None:
        """Put the current batch back to the front of the queue, for another connection."""
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
        """Count a refusal of a message that was written alone; after the third, drop it and return True."""
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
        """Open a connection, wait until other listeners are back, and repeat what the broker may have lost.

        While messages are written one by one, an empty message shows whether the broker accepts others. A
        broker that is full has not lost its memory.
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
        """Note which messages of the batch the broker accepted, and queue the others again."""
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
        """Wake callers that wait for room or for a flush."""
        if self._relieved is not None and not self.full:
            self._relieved.set_result(None)
            self._relieved = None
        if self._emptied is not None and not self._waiting:
            if not self._emptied.done():
                self._emptied.set_result(None)
            self._emptied = None
