"""A stream of Redis or Valkey, which keeps messages for processes that can't read at the moment."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from ...reasons import Lost
from .broker import Delivery, FullError
from .redis_client import close_client, errors_in, is_full

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .redis_client import RedisClients

_FIELD = b"d"
_MOST_READ = 500
_BLOCK_SECONDS = 2.0
# How much longer an XREAD may take; after that, the connection counts as broken.
_OVERDUE_SECONDS = 5.0
# For servers before 6.2, which can't trim by age.
_MOST_KEPT = 100_000


class Stream:
    """One end of a stream; every process reads all of it.

    A reader continues after the last entry that it handled, however often it loses its connection.

    Args:
        clients: Makes connections.
        channel: The channel's name, from which the key is made.
        seconds: How long the broker may take to confirm a batch.
        retention: For how many seconds entries are kept; None removes none, for a process that does not
            know how long the readers need them.
    """

    missing = Lost.RETENTION

    def __init__(
        self, clients: RedisClients, channel: str, *, seconds: float, retention: float | None
    ) -> None:
        self._clients = clients
        self._key = f"{channel}:stream"
        self._seconds = seconds
        self._retention = retention
        self._trims_by_age = True
        self._newest_ms: int | None = None  # by the broker's clock, as ours may be minutes ahead
        self._client: Any = None
        self._reading = False
        self._handled: bytes | None = None
        self._given: bytes | None = None

    async def write(self, batch: Sequence[str]) -> int | None:
        """Append messages in one round trip; the first also removes entries older than the retention.

        Raises:
            FullError: The broker has no memory for some of them. Entries older than the retention were removed
                separately, as a full broker refuses a command that appends before it trims. Without a retention,
                this is left to the servers, which write beats.
        """
        answers = await self._append(batch)
        refusals = errors_in(answers)
        for error in refusals:
            if not is_full(error):
                if "syntax" in str(error).lower():
                    self._trims_by_age = False
                raise error
        taken = [not isinstance(answer, Exception) for answer in answers]
        if ids := list(itertools.compress(answers, taken)):
            self._newest_ms = _order(ids[-1])[0]
        if refusals:
            if self._retention is not None:
                await self._trim_now(self._retention)
            raise FullError(str(refusals[0]), taken)
        return None

    async def _append(self, batch: Sequence[str]) -> list[Any]:
        """Append messages, and return the broker's answer for each: an ID or an error.

        Several messages are appended all or none. The memory that a batch takes in the broker shrinks while it is
        read, so a full broker would accept messages that follow refused ones. If the user may not use transactions,
        the messages are appended without one.
        """
        # Without redis-py's own transaction, whose errors quote the messages.
        pipeline = self._writing().pipeline(transaction=False)
        trim = await self._trim()
        several = len(batch) > 1
        if several:
            pipeline.execute_command("MULTI")
        for text in batch:
            pipeline.xadd(self._key, {_FIELD: text}, **trim)
            trim = {}
        if several:
            pipeline.execute_command("EXEC")
        answers: list[Any] = await pipeline.execute(raise_on_error=False)
        if not several:
            return answers
        begun, *queued, appended = answers
        if isinstance(begun, Exception):
            return queued
        if isinstance(appended, Exception):
            return [*errors_in(queued), appended][:1] * len(batch)
        return list(appended)

    async def _trim_now(self, retention: float) -> None:
        """Trim exactly, by the broker's clock: there may be no new entry that shows its time."""
        if not self._trims_by_age:
            await self._writing().xtrim(self._key, maxlen=_MOST_KEPT, approximate=False)
            return
        seconds, _ = await self._writing().time()
        oldest = max(int((seconds - retention) * 1000), 0)
        await self._writing().xtrim(self._key, minid=oldest, approximate=False)

    async def _trim(self) -> dict[str, Any]:
        if self._retention is None:
            return {}
        if not self._trims_by_age:
            return {"maxlen": _MOST_KEPT, "approximate": True}
        if self._newest_ms is None:  # the first batch, which may be the only one of this process
            self._newest_ms = await self._ask_time()
        if self._newest_ms is None:
            return {}
        return {"minid": max(self._newest_ms - int(self._retention * 1000), 0), "approximate": True}

    async def _ask_time(self) -> int | None:
        """Return the broker's time in milliseconds, or None if this user may not ask; entries show it later."""
        (time,) = await self._writing().pipeline(transaction=False).time().execute(raise_on_error=False)
        return None if isinstance(time, Exception) else int(time[0]) * 1000

    async def read(self) -> Sequence[Delivery]:
        """Wait for the next entries, for two seconds at most."""
        if not self._reading:
            await self._begin()
            return ()
        self._handled = self._given or self._handled
        answer = await self._client.xread(
            {self._key: self._handled}, count=_MOST_READ, block=int(_BLOCK_SECONDS * 1000)
        )
        entries = _entries(answer)
        if not entries:
            return ()
        self._given = entries[-1][0]
        return [Delivery(fields.get(_FIELD, b""), _seconds(entry)) for entry, fields in entries if fields]

    async def _begin(self) -> None:
        """Begin after the last entry, or continue after the last one that was handled.

        A broker that comes back without its data begins a new stream. Its IDs may be lower if its clock was set
        back; all its entries are new.
        """
        self._client = self._clients.connect(seconds=_BLOCK_SECONDS + _OVERDUE_SECONDS)
        newest = await self._client.xrevrange(self._key, count=1)
        last = newest[0][0] if newest else b"0-0"
        if self._handled is None:
            self._handled = last
        elif _order(last) < _order(self._handled):
            self._handled = b"0-0"
        self._given = None
        self._reading = True

    async def listeners(self) -> int | None:
        """Return None: a stream keeps messages for processes that do not listen at the moment."""
        await self._writing().ping()
        return None

    def _writing(self) -> Any:
        if self._client is None:
            self._client = self._clients.connect(seconds=self._seconds)
        return self._client

    async def close(self) -> None:
        """Close the connection; the next reading continues after the last handled entry."""
        client, self._client = self._client, None
        self._reading = False
        if client is not None:
            await close_client(client)


def _entries(answer: Any) -> list[tuple[bytes, dict[bytes, bytes]]]:
    """Return the entries of the only stream in an answer to XREAD, whatever the protocol's version."""
    if not answer:
        return []
    ((_, entries),) = answer.items() if isinstance(answer, dict) else answer
    if entries and isinstance(entries[0], list) and entries[0] and isinstance(entries[0][0], list | tuple):
        (entries,) = entries  # the third version nests them once more
    return list(entries)


def _order(entry: bytes) -> tuple[int, int]:
    milliseconds, _, number = entry.partition(b"-")
    return int(milliseconds), int(number)


def _seconds(entry: bytes) -> float:
    return _order(entry)[0] / 1000
