"""What one client may not have received yet, so that it gets it if it was cut off."""

from __future__ import annotations

from collections import deque
from operator import itemgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...spec.model import Recovery
    from ..wire.frames import Burst
    from .event_log import Entry, Log

_LONGEST_OFFSET = 64
# A trail exceeds its number of events by this part before the excess is dropped, all of it together.
_SPARE = 16
_SIZE = itemgetter(2)


def _has_utf8(text: str) -> bool:
    """Return whether a text can travel; JSON can write half a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


class Trail:
    """The events that one client may not have received yet, oldest first.

    Args:
        log: Keeps the events.
        namespace: Of the client.
        recovery: What the document says of its namespace.
        most_bytes: An upper bound besides that of `recovery`.

    Attributes:
        form: How the client learns offsets, `Recovery.offset`.
        seconds: For how long the client may be away.
        key: Names the client's session; empty until it was offered to the client.
        entries: The events, for a while with some beyond the bound; `is_whole` knows only those within it.
    """

    __slots__ = (
        "_before",
        "_bytes",
        "_confirmed",
        "_events",
        "_first",
        "_log",
        "_marked",
        "_most",
        "_namespace",
        "_size",
        "entries",
        "form",
        "key",
        "seconds",
    )

    def __init__(self, log: Log, namespace: str, recovery: Recovery, most_bytes: int) -> None:
        self.form = recovery.offset
        self.seconds = recovery.seconds
        self.key = self._before = ""
        self.entries: deque[Entry] = deque()
        self._log = log
        self._namespace = namespace
        self._events = recovery.events
        self._most = recovery.events + recovery.events // _SPARE
        self._bytes = min(recovery.bytes, most_bytes)
        self._size = 0
        # Places in the sequence of all that was added: of the first entry, and where the client's next one is.
        self._first = self._confirmed = self._marked = 0

    def __del__(self) -> None:
        self._drop(len(self.entries))

    @property
    def last(self) -> str:
        """The offset of the newest event."""
        return self.entries[-1][1] if self.entries else self._before

    def add(self, entry: Entry) -> None:
        """Keep an event; the oldest give way if there are too many."""
        entries = self.entries
        entries.append(entry)
        self._size = size = self._size + entry[2]
        if size > self._bytes or len(entries) > self._most:
            self._trim()

    def _trim(self) -> None:
        self._drop(max(0, len(self.entries) - self._events))
        while self._size > self._bytes:
            self._drop(1)

    def _drop(self, count: int) -> None:
        """Drop the oldest events."""
        if not count:
            return
        popleft = self.entries.popleft
        dropped = [popleft() for _ in range(count)]
        self._first += count
        self._before = dropped[-1][1]
        self._size -= sum(map(_SIZE, dropped))
        self._log.drop([entry[0] for entry in dropped if entry[3] is None])

    def mark(self) -> None:
        """Remember that all entries were written to the client, and a ping after them."""
        self._marked = self._first + len(self.entries)

    def unmark(self) -> None:
        """Forget a ping that will not be answered: the client has another connection."""
        self._marked = 0

    def confirm(self) -> None:
        """Drop what was written before the ping that the client has answered."""
        self._confirmed = max(self._confirmed, self._marked)
        self._drop(max(0, self._confirmed - self._first))

    def understands(self, offset: Any) -> bool:
        """Return whether a client may show this as its offset: a string, or None if it received none."""
        if isinstance(offset, str):  # of any length, where it may be an argument of the application's
            return (self.form == "event" or len(offset) <= _LONGEST_OFFSET) and _has_utf8(offset)
        return offset is None

    def seek(self, offset: str | None) -> None:
        """Drop what the client says that it has received.

        Args:
            offset: Of the last event that the client has received, by its own account. One that is not here
                any more says nothing: the client has confirmed that event, or it is of an earlier session.
        """
        received = [place for place, entry in enumerate(self.entries, 1) if entry[1] == offset]
        if not received and offset is not None:
            # The connection broke between an event and its offset; of several, only the first is safe.
            received = [place for place, entry in enumerate(self.entries, 1) if entry[4] == offset][:1]
        self._drop(received[0] if received else 0)
        if received or offset == self._before:
            self._confirmed = self._first

    @property
    def is_whole(self) -> bool:
        """Whether nothing is missing between what the client has received and what is kept."""
        if self._first > self._confirmed or len(self.entries) > self._events:
            return False
        return all(entry[0] > self._log.forgotten for entry in self.entries)

    def frames(self) -> Iterator[Burst]:
        """Yield what is sent of each event, if nothing is missing."""
        for entry in self.entries:
            yield self._log.frames(entry, self._namespace, self.form)

    def events(self) -> Iterator[list[Any]]:
        """Yield of each event the offset, the name and the arguments, if nothing is missing.

        Raises:
            UndecodableError: The server would not take such an event from a client.
        """
        for entry in self.entries:
            yield [entry[1], *self._log.read(entry, self.form)]
