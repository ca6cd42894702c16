"""Messages on the queue while clients move to this process, which may have to be delivered to them."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from sys import getsizeof
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..peers.event_log import Entry
    from ..wire.frames import Frame

# Methods of messages that reach a client, or change its rooms or connection.
_METHODS = frozenset({"emit", "enter_room", "leave_room", "close_room", "disconnect", "move"})


@dataclass(slots=True, eq=False)
class Note:
    """One message.

    Attributes:
        size: In bytes, roughly.
        text: A message of this process; it is parsed only when a client needs it.
        message: The parsed message.
        sent: Its event and frames, once a client has received it.
    """

    size: int
    text: str | None = None
    message: dict[str, Any] | None = None
    sent: tuple[Entry, list[Frame]] | None = None


class Journal:
    """Messages in the order in which the clients of this process have received them.

    Args:
        read: Parses a text of this process.
        most: Maximum size of all notes in bytes; beyond it, the oldest are dropped.

    Attributes:
        end: The place of the next note; places are not reused.
    """

    def __init__(self, read: Callable[[str], dict[str, Any]], most: int) -> None:
        self._read = read
        self._most = most
        self._notes: deque[Note] = deque()
        self._bytes = 0
        self.end = 0

    @property
    def begin(self) -> int:
        """The place of the oldest note."""
        return self.end - len(self._notes)

    def wrote(self, text: str) -> None:
        """Note a message of this process."""
        self._add(Note(getsizeof(text), text=text))

    def took(self, message: dict[str, Any], size: int) -> None:
        """Note a message of another process, which took so many bytes on the queue."""
        if message.get("method") in _METHODS:
            self._add(Note(size, message=message))

    def _add(self, note: Note) -> None:
        self._notes.append(note)
        self._bytes += note.size
        self.end += 1
        while self._bytes > self._most:
            self._drop()

    def _drop(self) -> None:
        self._bytes -= self._notes.popleft().size

    def forget(self, place: int) -> None:
        """Drop the notes before a place."""
        while self.begin < place and self._notes:
            self._drop()

    def since(self, place: int, others: int) -> Iterator[tuple[Note, dict[str, Any]]]:
        """Yield notes and their messages: this process's from the first place on, those of others from the second."""
        for number, note in enumerate(self._notes, self.begin):
            if number < place or (number < others and note.text is None):
                continue
            if note.message is None and note.text is not None:
                note.message = self._read(note.text)
            if note.message is not None and note.message.get("method") in _METHODS:
                yield note, note.message
