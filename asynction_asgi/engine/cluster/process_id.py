"""A name for each process on a message queue."""

from __future__ import annotations

import asyncio
import os
import secrets


class Identity:
    """A random process ID that stays unique across forks.

    Servers fork: an application that was imported before (gunicorn's ``--preload``, ``multiprocessing``)
    exists in each worker, and workers of one name take each other's messages for their own.
    """

    def __init__(self) -> None:
        self._process: int | None = None
        self._name = ""
        self._last = 0

    @property
    def name(self) -> str:
        """32 hexadecimal digits, the same for as long as this process lives."""
        process = os.getpid()
        if process != self._process:
            self._process, self._name, self._last = process, secrets.token_hex(16), 0
        return self._name

    @property
    def last(self) -> int:
        """The last number that was given to a message of this process, or 0."""
        return self._last if self.name else 0

    def number(self) -> int:
        """Return the next number of a message; each is given once, from 1 on."""
        self._last = self.last + 1
        return self._last


class Identified:
    """A client manager of upstream's whose `host_id` belongs to the process that uses it."""

    reaches_others = True
    thread: asyncio.Task[None] | None = None  # upstream sets it when it begins to listen
    _identity: Identity

    @property
    def host_id(self) -> str:
        """How this process knows its own messages again."""
        return self._identity.name

    @host_id.setter
    def host_id(self, given: str) -> None:
        del given  # upstream's, made where the manager was, which may be before a fork
        self._identity = Identity()

    async def stop_listening(self, seconds: float) -> None:
        """Take no more messages of the queue; waits so long for the end of what takes them."""
        if self.thread is not None:
            self.thread.cancel()
            await asyncio.wait([self.thread], timeout=seconds)
