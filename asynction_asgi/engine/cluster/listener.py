"""Reads what other processes wrote: one task that waits for nothing but the broker."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from ...reasons import Dropped
from ..crashes import must_pass
from ..logs import logger
from .relayed import UNREADABLE
from .senders import Senders

if TYPE_CHECKING:
    from collections.abc import Callable

    from .broker import Broker, Delivery
    from .messages import QueueJson
    from .outages import Outages
    from .rhythm import Rhythm
    from .traffic import Traffic

# After this many messages, other tasks get their turn.
_TURN = 200


class Listener:
    """Reads messages, drops duplicates, and notices messages that never arrive.

    Args:
        broker: The queue to read from.
        codec: Reads messages, and counts what it can't read.
        process: Returns the id of this process.
        take: Does what a message of another process asks for; must not wait.
        tick: Called once the process is subscribed, and about every `Rhythm.tick` seconds.
        outages: Receives failures to read, and what is lost.
        rhythm: How long silence is tolerated.
        traffic: Counts what is read.
        on_own: Receives messages of this process itself.

    Attributes:
        subscribed: Set while nothing can be missed.
        reached: Whether it was set at least once.
        since: When it was last set, by the monotonic clock.
        handle: Takes one delivery; replaced by `follow`.
    """

    def __init__(
        self,
        broker: Broker,
        *,
        codec: QueueJson,
        process: Callable[[], str],
        take: Callable[[dict[str, Any]], None],
        tick: Callable[[], None],
        outages: Outages,
        rhythm: Rhythm,
        traffic: Traffic,
        on_own: Callable[[bytes], None],
    ) -> None:
        self._traffic = traffic
        self._on_own = on_own
        self.subscribed = asyncio.Event()
        self.reached = False
        self.since = time.monotonic()
        self._broker = broker
        self._codec = codec
        self._process = process
        self._take = take
        self._tick = tick
        self._outages = outages
        self._rhythm = rhythm
        self._senders = Senders(codec, lose=self._lose)
        self._silent = 0.0
        self.handle: Callable[[Delivery], Any] = self._handle

    def follow(self, note: Callable[[Delivery, dict[str, Any] | None], None] | None) -> None:
        """Call a function with each delivery and its message; None ends that.

        The message is None if it is this process's own, a duplicate or unreadable.
        """
        if note is None:
            self.handle = self._handle
            return

        def handle(delivery: Delivery) -> None:
            note(delivery, self._handle(delivery))

        self.handle = handle

    async def run(self) -> None:
        """Read until cancelled; a connection that fails, or is silent for too long, is replaced."""
        while True:
            self._silent = 0.0
            reading = asyncio.get_running_loop().create_task(self._read_on())
            try:
                error = await self._watch(reading)
            finally:
                self.subscribed.clear()
                reading.cancel()
                try:
                    await asyncio.wait([reading])
                finally:
                    await self._broker.close()
            self._attempt(self._outages.begin, "reading", error)
            await asyncio.sleep(self._rhythm.retry)

    async def _watch(self, reading: asyncio.Task[None]) -> BaseException:
        """Wait until the connection must be replaced, and return why.

        Time in which the whole process was paused does not count as silence: its connection is full of messages.
        """
        last = time.monotonic()
        while True:
            await asyncio.wait([reading], timeout=self._rhythm.tick)
            if reading.done():
                return asyncio.CancelledError() if reading.cancelled() else reading.exception() or EOFError()
            self._attempt(self._senders.settle)
            self._attempt(self._tick)
            now = time.monotonic()
            self._silent += min(now - last, 2 * self._rhythm.tick)
            last = now
            if self._silent > self._rhythm.silence:
                return TimeoutError(f"nothing was received from it for {self._rhythm.silence:g} seconds")

    async def _read_on(self) -> None:
        taken = 0
        while True:
            deliveries = await self._broker.read()
            if not self.subscribed.is_set():
                self._silent = 0.0
                self.subscribed.set()
                self.reached, self.since = True, time.monotonic()
                self._outages.end("reading")
                self._attempt(self._tick)
            self._traffic.read += len(deliveries)
            for delivery in deliveries:
                try:
                    self.handle(delivery)
                except BaseException as error:
                    if must_pass(error, asyncio.current_task()):
                        raise
                    logger.exception("a message of the queue could not be taken")
                taken += 1
                if taken >= _TURN:
                    taken = 0
                    await asyncio.sleep(0)

    def _attempt(self, act: Callable[..., None], *arguments: Any) -> None:
        """Call a function, and log what it raises: a crashing log filter must not stop the reading."""
        try:
            act(*arguments)
        except BaseException as error:
            if must_pass(error, asyncio.current_task()):
                raise
            logger.exception("an error occurred while the message queue was read; reading goes on")

    def _handle(self, delivery: Delivery) -> dict[str, Any] | None:
        """Process a message of another process; return it, or None if it was not processed."""
        if self._codec.is_own(delivery.body, self._process()):
            self._silent = 0.0
            self._on_own(delivery.body)
            return None
        try:
            message: dict[str, Any] = self._codec.loads(delivery.body, now=delivery.taken)
        except ValueError:  # a ForgedError is one
            return None  # counted there
        try:
            if message and self._senders.admit(message):
                self._take(message)
                return message
        except UNREADABLE as error:
            self._codec.drop(Dropped.MALFORMED, detail=type(error).__name__)
        return None

    def _lose(self, number: int, sender: str) -> None:
        self._outages.lose(self._broker.missing, number, sender=sender)
