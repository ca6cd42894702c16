"""A server's end of the queue: writer, listener and census, all in the server's event loop."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Protocol

from .census import Census
from .listener import Listener
from .outages import Outages
from .writer import Writer

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Mapping

    from .broker import Delivery
    from .process_id import Identity
    from .settings import QueueSettings
    from .traffic import Traffic

_FLUSH_SECONDS = 2.0
# Processes announce themselves at their next tick after the first beat of a newcomer.
_ACQUAINTED_TICKS = 2.0


class Follower(Protocol):
    """Receives what this process reads and writes on the queue."""

    def wrote(self, text: str) -> None:
        """Receive a text that this process has queued, unsigned."""

    def read(self, delivery: Delivery, message: dict[str, Any] | None) -> None:
        """Receive a delivery; the message is None if it is this process's own or was not processed."""


class Link:
    """The connection of one server to the others, from the start of its loop to its shutdown.

    Args:
        settings: The queue, and how to use it.
        identity: Names this process, and numbers its messages.
        take: Does what a message of another process asks for; must not wait.
        clients: Returns the number of clients of this process.
        left: Called with the id of a process that has ended.
        lost: Counts what is lost, by the reason.
        logger: Where outages are logged.
        traffic: Counts what goes over the queue.

    Attributes:
        outages: Whether the queue can be reached.
        writer: Writes what is put to it.
        write: Queues a text without waiting: `Writer.put`, or its replacement by `follow`.
    """

    def __init__(
        self,
        settings: QueueSettings,
        *,
        identity: Identity,
        take: Callable[[dict[str, Any]], None],
        clients: Callable[[], int],
        left: Callable[[str], None],
        lost: Counter[str],
        logger: Any,
        traffic: Traffic,
    ) -> None:
        rhythm = settings.rhythm
        self._traffic = traffic
        self.outages = Outages(settings.place, logger, lost=lost, settle=2.5 * rhythm.tick, traffic=traffic)
        self.writer = Writer(
            settings.open(),
            number=identity.number,
            seal=settings.codec.seal,
            outages=self.outages,
            rhythm=rhythm,
            traffic=traffic,
        )
        self.write: Callable[[str], None] = self.writer.put
        self._listener = Listener(
            settings.open(),
            codec=settings.codec,
            process=lambda: identity.name,
            take=self._take,
            tick=self._tick,
            outages=self.outages,
            rhythm=rhythm,
            traffic=traffic,
            on_own=self._note_own,
        )
        self._settings = settings
        self._identity = identity
        self._take_other = take
        self._clients = clients
        self._left = left
        self._census = Census(rhythm.death)
        self._beaten = 0.0
        self._sent = 0.0  # when the last beat was queued; `_beaten` may be set back
        self._writing = asyncio.get_running_loop().create_task(self.writer.run())

    @property
    def subscribed(self) -> asyncio.Event:
        """Set while nothing that others write can be missed."""
        return self._listener.subscribed

    @property
    def reached(self) -> bool:
        """Whether the process was subscribed at least once."""
        return self._listener.reached

    @property
    def processes(self) -> Mapping[str, int]:
        """The number of clients of each process that has sent something recently, this one included."""
        return {self._identity.name: self._clients(), **self._census.processes}

    async def listen(self) -> None:
        """Process what others write, until cancelled."""
        await self._listener.run()

    async def close(self) -> None:
        """Tell the others that this process ends, write what is queued for a moment at most, and disconnect."""
        self.put({"host_id": self._identity.name, "method": "bye"})
        try:
            await self.writer.end(self._writing, _FLUSH_SECONDS)
        finally:
            self.outages.close()

    @property
    def others(self) -> set[str]:
        """The other processes that have sent something recently."""
        return set(self._census.processes)

    @property
    def strangers(self) -> bool:
        """Whether processes listen that don't announce themselves, such as those of python-socketio."""
        listeners = self.writer.listeners
        return listeners is not None and listeners > len(self.processes)

    async def acquainted(self) -> None:
        """Wait until every process on the queue has had time to announce itself."""
        await asyncio.sleep(self._acquainted_at - time.monotonic())

    @property
    def is_acquainted(self) -> bool:
        """Whether every process on the queue has had time to announce itself."""
        return self.subscribed.is_set() and time.monotonic() > self._acquainted_at

    @property
    def _acquainted_at(self) -> float:
        return self._listener.since + _ACQUAINTED_TICKS * self._settings.rhythm.tick

    def follow(self, follower: Follower | None) -> None:
        """Let a follower receive whatever this process reads and writes; None ends that."""
        if follower is None:
            self.write = self.writer.put
            self._listener.follow(None)
            return

        def write(text: str) -> None:
            self.writer.put(text)
            follower.wrote(text)

        self.write = write
        self._listener.follow(follower.read)

    def put(self, message: dict[str, Any]) -> None:
        """Queue a message without waiting."""
        self.write(self._settings.codec.check(message))

    def _tick(self) -> None:
        """Announce this process to the others at intervals; in an outage, only one beat waits."""
        for name in self._census.bury():
            self._left(name)
        if time.monotonic() - self._beaten < self._settings.rhythm.beat or (
            self.writer.pending and not self.outages.connected
        ):
            return
        self._beaten = self._sent = time.monotonic()
        self.put({"host_id": self._identity.name, "method": "beat", "clients": self._clients()})

    def _note_own(self, body: bytes) -> None:
        """Note that a message of this process came back; a beat shows how long that takes."""
        self._traffic.own_at = now = time.monotonic()
        if self._settings.codec.asks(body, self._identity.name, "beat"):
            self._traffic.lag = now - self._sent

    def _take(self, message: dict[str, Any]) -> None:
        """Do what a message asks for.

        Raises:
            TypeError: It is malformed.
        """
        method = message.get("method")
        if method == "beat":
            sender, clients = message.get("host_id"), message.get("clients")
            if not isinstance(sender, str) or type(clients) is not int or clients < 0:
                raise TypeError
            if self._census.note(sender, clients):
                self._beaten = 0.0  # a newcomer, which does not know this process either
        elif method == "bye":
            name = str(message.get("host_id"))
            self._census.forget(name)
            self._left(name)
        else:
            self._take_other(message)
