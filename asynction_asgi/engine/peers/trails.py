"""What was sent to clients of late, so that those that were cut off get what they missed.

Each event of a namespace with recovery has an offset, by which a client says what it has received. An
event is encoded once, and each client's trail refers to it until the client has confirmed it.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict, deque
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from ...spec.model import OFFSET_EVENT
from ..wire import packets

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...spec.model import Recovery
    from ..wire.frames import Frame
    from ..wire.serializer import Serializer

    Encode = Callable[..., list[Frame]]


_LONGEST_OFFSET = 64


class Entry:
    """One event, as it was sent to one client or to many.

    Attributes:
        offset: Names it; unique among all processes.
        frames: What is sent; empty once the log had to forget it.
        size: Of the frames, in bytes.
        tail: The event's own last argument if that is a string, which clients take for an offset.
    """

    __slots__ = ("__weakref__", "_log", "frames", "offset", "size", "tail")

    def __init__(self, log: Log, offset: str, frames: list[Frame], size: int, tail: str | None) -> None:
        self._log = log
        self.offset = offset
        self.frames = frames
        self.size = size
        self.tail = tail

    def __del__(self) -> None:
        self._log.drop(self)


class Log:
    """Numbers events, and keeps them as long as a trail refers to them, within a bound.

    Args:
        serializer: The server's wire format.
        most: Size of all that is kept, in bytes; beyond it the oldest events are forgotten.

    Attributes:
        bytes: Size of what is kept.
    """

    def __init__(self, serializer: Serializer, most: int) -> None:
        self._serializer = serializer
        self._most = most
        self._process = secrets.token_urlsafe(6)
        self._last = 0
        self._kept: OrderedDict[int, list[Frame]] = OrderedDict()  # by their ids
        # Those of other processes: one that many clients missed comes with each of them.
        self._moved: WeakValueDictionary[str, Entry] = WeakValueDictionary()
        self.bytes = 0

    def record(self, event: str, arguments: list[Any], namespace: str, form: str) -> Entry:
        """Return an event with an offset of its own, in the form that the document asks for.

        Raises:
            UnencodableError: The arguments have no form on the wire.
        """
        self._last += 1
        return self._keep(f"{self._process}.{self._last:08x}", event, arguments, namespace, form)

    def record_moved(self, offset: str, event: str, arguments: list[Any], namespace: str, form: str) -> Entry:
        """Return an event as another process has recorded it, again if it was forgotten; raises what `record` does."""
        entry = self._moved.get(offset)
        if entry is None or not entry.frames:
            entry = self._moved[offset] = self._keep(offset, event, arguments, namespace, form)
        return entry

    def read(self, entry: Entry, form: str) -> list[Any]:
        """Return the name and the arguments of an event that was recorded in this form.

        Raises:
            UndecodableError: The server would not take such an event from a client.
        """
        first, *others = entry.frames
        packet = self._serializer.decode(first.body if first.binary else first.body.decode())
        attachments = [frame.body for frame in others[: packet.attachments]]
        event: list[Any] = (
            packets.attach(packet.payload, attachments) if packet.attachments else packet.payload
        )
        return event[:-1] if form == "argument" else event

    def _keep(self, offset: str, event: str, arguments: list[Any], namespace: str, form: str) -> Entry:
        frames = with_offset(self._serializer.encode, [event, *arguments], namespace, offset, form)
        size = sum([len(frame.body) for frame in frames])
        self._kept[id(frames)] = frames
        self.bytes += size
        while self.bytes > self._most and len(self._kept) > 1:
            _, forgotten = self._kept.popitem(last=False)
            self.bytes -= sum([len(frame.body) for frame in forgotten])
            forgotten.clear()  # also for the entry, whose list it is
        tail = arguments[-1] if arguments and form == "event" else None
        return Entry(self, offset, frames, size, tail if isinstance(tail, str) else None)

    def drop(self, entry: Entry) -> None:
        """Release an entry that no trail refers to any more."""
        if self._kept.pop(id(entry.frames), None) is not None:
            self.bytes -= entry.size


def with_offset(encode: Encode, payload: list[Any], namespace: str, offset: str, form: str) -> list[Frame]:
    """Return the frames of an event, and of its offset.

    Args:
        encode: Make the frames of one packet.
        payload: The event's name and arguments.
        namespace: Where it is sent.
        offset: Which one.
        form: ``argument`` or ``event``, as `Recovery.offset` explains.
    """
    if form == "argument":
        return encode(packets.EVENT, [*payload, offset], namespace)
    return [
        *encode(packets.EVENT, payload, namespace),
        *encode(packets.EVENT, [OFFSET_EVENT, offset], namespace),
    ]


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
        recovery: What the document says of its namespace.
        most_bytes: An upper bound besides that of `recovery`.

    Attributes:
        form: How the client learns offsets, `Recovery.offset`.
        seconds: For how long the client may be away.
        key: Names the client's session; empty until it was offered to the client.
        last: The offset of the newest event.
        entries: The events.
    """

    __slots__ = (
        "_before",
        "_bytes",
        "_confirmed",
        "_events",
        "_first",
        "_marked",
        "_size",
        "entries",
        "form",
        "key",
        "last",
        "seconds",
    )

    def __init__(self, recovery: Recovery, most_bytes: int) -> None:
        self.form = recovery.offset
        self.seconds = recovery.seconds
        self.key = self.last = self._before = ""
        self.entries: deque[Entry] = deque()
        self._events = recovery.events
        self._bytes = min(recovery.bytes, most_bytes)
        self._size = 0
        # Places in the sequence of all that was added: of the first entry, and where the client's next one is.
        self._first = self._confirmed = self._marked = 0

    def add(self, entry: Entry) -> None:
        """Keep an event; the oldest give way if there are too many."""
        self.entries.append(entry)
        self._size += entry.size
        while self._size > self._bytes or len(self.entries) > self._events:
            self._drop_first()
        self.last = entry.offset

    def _drop_first(self) -> None:
        dropped = self.entries.popleft()
        self._size -= dropped.size
        self._before = dropped.offset
        self._first += 1

    def mark(self) -> None:
        """Remember that all entries were written to the client, and a ping after them."""
        self._marked = self._first + len(self.entries)

    def unmark(self) -> None:
        """Forget a ping that will not be answered: the client has another connection."""
        self._marked = 0

    def confirm(self) -> None:
        """Drop what was written before the ping that the client has answered."""
        self._confirmed = max(self._confirmed, self._marked)
        while self._first < self._confirmed:
            self._drop_first()

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
        received = [place for place, entry in enumerate(self.entries, 1) if entry.offset == offset]
        if not received and offset is not None:
            # The connection broke between an event and its offset; of several, only the first is safe.
            received = [place for place, entry in enumerate(self.entries, 1) if entry.tail == offset][:1]
        for _ in range(received[0] if received else 0):
            self._drop_first()
        if received or offset == self._before:
            self._confirmed = self._first

    @property
    def is_whole(self) -> bool:
        """Whether nothing is missing between what the client has received and what is kept."""
        return self._first <= self._confirmed and all(entry.frames for entry in self.entries)
