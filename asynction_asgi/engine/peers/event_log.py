"""The events that clients may have to get again: numbered, and kept within a bound."""

from __future__ import annotations

import secrets
from itertools import count, repeat
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from ...spec.model import OFFSET_EVENT
from ..wire.frames import OVERHEAD, Burst, Frame
from ..wire.packets import EVENT, attach

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ..wire.serializer import Serializer

    Encode = Callable[..., list[Frame]]
    # What a trail holds of an event: its number, its offset, the size in bytes of all that is sent, the share in it
    # (None: the trail has it for itself), and the tail, which is the event's own last argument if clients would take
    # that for an offset. A plain tuple: Python's garbage collector passes over those of numbers and strings.
    Entry = tuple[int, str, int, "Share | None", str | None]

# This part of the bound is free after the oldest events were forgotten.
_RESERVE = 16
_TAILS = tuple(f"{number:02x}" for number in range(256))


class Share:
    """An event that several trails refer to; the log drops it after the last of them.

    Attributes:
        number: The event's.
        size: Of all that is sent, in bytes.
        tail: As in `Entry`.
    """

    __slots__ = ("__weakref__", "_log", "number", "size", "tail")

    def __init__(self, log: Log, number: int, size: int, tail: str | None) -> None:
        self._log = log
        self.number = number
        self.size = size
        self.tail = tail

    def __del__(self) -> None:
        self._log.drop((self.number,))


class _Frames:
    """The frames of an event; its length is their size in bytes, without the overhead of one of them."""

    __slots__ = ("_size", "frames")

    def __init__(self, frames: list[Frame]) -> None:
        self.frames = frames
        self._size = sum([len(frame.body) for frame in frames]) + (len(frames) - 1) * OVERHEAD

    def __len__(self) -> int:
        return self._size


class Log:
    """Numbers events, and keeps them as long as a trail refers to them, within a bound.

    Args:
        serializer: The server's wire format.
        most: Size of all that is kept, in bytes; beyond it the oldest events are forgotten.

    Attributes:
        bytes: Size of what is kept, with that of the objects which hold it.
        forgotten: The number of the newest event that was forgotten; so were all before it.
    """

    def __init__(self, serializer: Serializer, most: int) -> None:
        self._serializer = serializer
        self._encode = serializer.encode
        self._most = most
        self._offsets = _offsets()
        self._last = 0
        # By number: the text of an event that is one text frame, or the frames of any other, without its offset's.
        self._kept: dict[int, bytes | _Frames] = {}
        # Those of other processes: one that many clients missed comes with each of them.
        self._moved: WeakValueDictionary[str, Share] = WeakValueDictionary()
        self.bytes = self.forgotten = 0

    def record(
        self,
        event: str,
        arguments: list[Any],
        namespace: str,
        form: str,
        trails: int = 0,
        offset: str | None = None,
    ) -> tuple[Entry, list[Frame]]:
        """Keep an event.

        Args:
            event: Its name.
            arguments: Its arguments.
            namespace: Where it is sent.
            form: ``argument`` or ``event``, as `Recovery.offset` explains.
            trails: How many trails the entry is added to: 1 is exactly one, and 0 any number.
            offset: What another process has named it; None for a new offset, unique among all processes.

        Returns:
            What trails hold, and what is sent.

        Raises:
            UnencodableError: The arguments have no form on the wire; nothing is kept.
        """
        if offset is None:
            offset = next(self._offsets)
        tail = None
        if form == "argument":
            frames = self._encode(EVENT, [event, *arguments, offset], namespace)
        else:
            frames = self._encode(EVENT, [event, *arguments], namespace)
            if arguments and isinstance(arguments[-1], str):
                tail = arguments[-1]
        kept: bytes | _Frames = frames[0].body
        if len(frames) > 1 or frames[0].binary:
            kept = _Frames(frames)
            frames = Burst(frames)
        size = len(kept) + OVERHEAD
        number = self._last = self._last + 1
        self._kept[number] = kept
        self.bytes = total = self.bytes + size
        if total > self._most:
            self._forget()
        if form == "event":
            frames = with_offset_event(self._encode, frames, namespace, offset)
            size += len(frames[-1].body) + OVERHEAD
        share = None if trails == 1 else Share(self, number, size, tail)
        return (number, offset, size, share, tail), frames

    def record_moved(self, offset: str, event: str, arguments: list[Any], namespace: str, form: str) -> Entry:
        """Keep an event as another process has recorded it, again if it was forgotten; raises what `record` does."""
        share = self._moved.get(offset)
        if share is not None and share.number > self.forgotten:
            return share.number, offset, share.size, share, share.tail
        entry, _ = self.record(event, arguments, namespace, form, offset=offset)
        if entry[3] is not None:
            self._moved[offset] = entry[3]
        return entry

    def drop(self, numbers: Iterable[int]) -> None:
        """Release events that no trail refers to any more."""
        freed = [kept for kept in map(self._kept.pop, numbers, repeat(None)) if kept is not None]
        self.bytes -= sum(map(len, freed)) + len(freed) * OVERHEAD

    def _forget(self) -> None:
        """Forget the oldest events, with a reserve: each time costs a look at all that was released before them."""
        excess = self.bytes - self._most + self._most // _RESERVE
        numbers = []
        for number, kept in self._kept.items():
            if excess <= 0:
                break
            excess -= len(kept) + OVERHEAD
            numbers.append(number)
        self.forgotten = numbers[-1]
        self.drop(numbers)

    def frames(self, entry: Entry, namespace: str, form: str) -> Burst:
        """Return what is sent of an event that was recorded in this form, and is not forgotten."""
        number, offset, *_ = entry
        frames = self._frames(number)
        if form == "event":
            return with_offset_event(self._encode, frames, namespace, offset)
        return Burst(frames)

    def read(self, entry: Entry, form: str) -> list[Any]:
        """Return the name and the arguments of an event that was recorded in this form, and is not forgotten.

        Raises:
            UndecodableError: The server would not take such an event from a client.
        """
        first, *others = self._frames(entry[0])
        packet = self._serializer.decode(first.body if first.binary else first.body.decode())
        event: list[Any] = packet.payload
        if packet.attachments:
            event = attach(packet.payload, [frame.body for frame in others])
        return event[:-1] if form == "argument" else event

    def _frames(self, number: int) -> list[Frame]:
        kept = self._kept[number]
        return [Frame(kept)] if isinstance(kept, bytes) else kept.frames


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
        return encode(EVENT, [*payload, offset], namespace)
    return with_offset_event(encode, encode(EVENT, payload, namespace), namespace, offset)


def with_offset_event(encode: Encode, frames: list[Frame], namespace: str, offset: str) -> Burst:
    """Return the frames of an event, and of the event that carries its offset."""
    return Burst([*frames, *encode(EVENT, [OFFSET_EVENT, offset], namespace)])


def _offsets() -> Iterator[str]:
    """Yield offsets that no other process has; only every 256th is formatted, which takes its time."""
    process = secrets.token_urlsafe(6)
    for high in count():
        head = f"{process}.{high:06x}"
        for tail in _TAILS[not high :]:  # they begin at 1
            yield head + tail
