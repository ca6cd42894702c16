"""A name for each process on a message queue."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass

from .per_process import PerProcess


@dataclass(slots=True)
class _Own:
    name: str
    last: int = 0


class Identity:
    """A random process ID that stays unique across forks.

    Servers fork: an application that was imported before (gunicorn's ``--preload``, ``multiprocessing``)
    exists in each worker, and workers with the same name would take each other's messages for their own.
    """

    def __init__(self) -> None:
        self._own: PerProcess[_Own] = PerProcess()

    @property
    def name(self) -> str:
        """32 hexadecimal digits, the same for as long as this process lives, in every thread."""
        return (self._own.value or self._begin()).name

    @property
    def last(self) -> int:
        """The last number that was given to a message of this process, or 0."""
        return (self._own.value or self._begin()).last

    def number(self) -> int:
        """Return the next number of a message; each is given once, from 1 on. One thread at a time may call this."""
        own = self._own.value or self._begin()
        own.last += 1
        return own.last

    def _begin(self) -> _Own:
        """Return the name and number of this process, the same for threads that are first at the same time."""
        with self._own.lock:
            if self._own.value is None:
                self._own.value = _Own(secrets.token_hex(16))
            return self._own.value


class Identified:
    """A client manager of python-socketio whose `host_id` belongs to the process that uses it."""

    reaches_others = True
    thread: asyncio.Task[None] | None = None  # upstream sets it when it begins to listen
    _identity: Identity

    @property
    def host_id(self) -> str:
        """The ID by which this process recognises its own messages."""
        return self._identity.name

    @host_id.setter
    def host_id(self, given: str) -> None:
        del given  # python-socketio's, made with the manager, possibly before a fork
        self._identity = Identity()

    async def stop_listening(self, seconds: float) -> None:
        """Stop reading the queue, and wait up to this many seconds until that has ended."""
        if self.thread is not None:
            self.thread.cancel()
            await asyncio.wait([self.thread], timeout=seconds)
