"""Writes messages to the queue for processes without a permanent event loop."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import os
import weakref
from collections import Counter
from concurrent.futures import Future
from typing import TYPE_CHECKING

from ...errors import QueueError
from ..logs import logger
from ..option_values import check_values
from .outages import Outages
from .per_process import PerProcess, keep_for_ever
from .private_loop import private_loop
from .process_id import Identity
from .writer import Writer

if TYPE_CHECKING:
    from .settings import QueueSettings
    from .writer import Item

# How long the broker may take to confirm one message.
ANSWER_SECONDS = 10.0
_EXIT_SECONDS = 2.0
_couriers: weakref.WeakSet[Courier] = weakref.WeakSet()
_closing: set[Future[None]] = set()


class Courier:
    """Writes messages from any thread, any event loop and any fork, in the order of `send`.

    Args:
        settings: Which queue.
        timeout: Seconds within which the broker must confirm a message; after that, sending has failed.

    Raises:
        ValueError: `timeout` is not a number above zero.
    """

    def __init__(self, settings: QueueSettings, *, timeout: float = ANSWER_SECONDS) -> None:
        check_values({"timeout": timeout})
        self._settings = settings
        self._timeout = timeout
        self._identity = Identity()
        self._desk: PerProcess[_Desk] = PerProcess()
        self._leaving: weakref.finalize[..., Courier] | None = None
        _couriers.add(self)

    @property
    def name(self) -> str:
        """The sender ID of this process."""
        return self._identity.name

    def send(self, text: str) -> Future[None]:
        """Write a message.

        Returns:
            A future that resolves once the broker has confirmed the message. It raises `QueueError`, whose text
            says that nothing was written, or that this is unknown.
        """
        answer: Future[None] = Future()
        with self._desk.lock:
            desk = self._desk.value
            if desk is None:
                desk = self._desk.value = _Desk(self._settings, self._identity)
                # In case the application never calls `close`; at the end of the process, `_close_all` does.
                self._leaving = weakref.finalize(self, _abandon, desk, os.getpid())
                self._leaving.atexit = False
            desk.loop.call_soon_threadsafe(desk.take, text, self._timeout, answer)
        return answer

    def close(self) -> Future[None]:
        """Write what is queued, for two seconds at most, and disconnect; a later `send` connects again."""
        with self._desk.lock:
            desk, self._desk.value = self._desk.value, None
            if desk is not None and self._leaving is not None:
                self._leaving.detach()
        if desk is None:
            closed: Future[None] = Future()
            closed.set_result(None)
            return closed
        return asyncio.run_coroutine_threadsafe(desk.close(), desk.loop)


class _Desk:
    """The part of a courier that lives in the private loop of one process."""

    def __init__(self, settings: QueueSettings, identity: Identity) -> None:
        self.loop = private_loop()
        self._settings = settings
        self._identity = identity
        self._outages = Outages(
            settings.place, logger, lost=Counter(), settle=settings.rhythm.tick, parts=("writing",)
        )
        self._writer: Writer | None = None
        self._writing: asyncio.Task[None] | None = None

    def take(self, text: str, timeout: float, answer: Future[None]) -> None:
        if self._writer is None:
            settings = self._settings
            self._writer = Writer(
                settings.open(),
                number=self._identity.number,
                seal=settings.codec.seal,
                outages=self._outages,
                rhythm=settings.rhythm,
            )
            self._writing = self.loop.create_task(self._writer.run())
        item = self._writer.put_answered(text)
        timer = self.loop.call_later(timeout, self._give_up, item)

        def tell(answered: asyncio.Future[None]) -> None:
            timer.cancel()
            if not answer.set_running_or_notify_cancel():
                return
            error = answered.exception()
            if error is None:
                answer.set_result(None)
            else:
                answer.set_exception(error)

        if item.answered is not None:
            item.answered.add_done_callback(tell)

    def _give_up(self, item: Item) -> None:
        if item.answered is None or item.answered.done():
            return
        place, outages = self._settings.place, self._outages
        if item.attempts:
            text = f"it can't be known whether this was emitted, as {place} did not answer in time"
        else:
            item.given_up = True
            state, why = outages.state or "can't be reached", outages.last_error or "it does not answer"
            text = f"nothing was emitted, as {place} {state}: {why}"
        item.answered.set_exception(QueueError(text))

    async def close(self) -> None:
        if self._writer is None or self._writing is None:
            return
        try:
            await self._writer.end(self._writing, _EXIT_SECONDS)
        finally:
            self._outages.close()


def _abandon(desk: _Desk, process: int) -> None:
    """Close the connection of a discarded courier; a fork, which shares it, only keeps it."""
    if process == os.getpid():
        closing = asyncio.run_coroutine_threadsafe(desk.close(), desk.loop)
        _closing.add(closing)
        closing.add_done_callback(_closing.discard)
    else:
        keep_for_ever(desk)


@atexit.register
def _close_all() -> None:
    """Write what is still queued, for a moment at most; the daemon thread ends with the process."""
    for closing in [*_closing, *[courier.close() for courier in list(_couriers)]]:
        with contextlib.suppress(Exception):
            closing.result(2 * _EXIT_SECONDS)
