"""What a comparison finds: changes, each with its level, its places and the value that shows it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from ..spec.text.document import Node

Level = Literal["breaking", "unknown", "info", "compatible"]
LEVELS: tuple[Level, ...] = ("breaking", "unknown", "info", "compatible")

_NUMBER = re.compile(r"[0-9]{1,999}")  # Python reads no longer ones


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something stands in a document.

    Attributes:
        file: As the author would name it, or None for a document given as a mapping.
        pointer: JSON Pointer (RFC 6901); ``""`` is the whole document.
        line: 1-based, or None where there is no text.
        column: 1-based, or None where there is no text.
        source: The line of text.
    """

    file: str | None
    pointer: str
    line: int | None = None
    column: int | None = None
    source: str | None = None

    def __str__(self) -> str:
        if self.line is None:
            return f"{self.file or 'document'}{self.pointer and f'#{self.pointer}'}"
        return f"{self.file or 'document'}:{self.line}:{self.column}"


def place_of(node: Node, *, key: bool = False) -> Place:
    """Return the place of a value; with `key`, that of the key that it stands under."""
    line, column, source = node.document.place(node.pointer, key=key)
    return Place(file=node.document.name, pointer=node.pointer, line=line, column=column, source=source)


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """What one contract accepts and the other refuses.

    Attributes:
        value: A list of arguments, an auth object, a query, headers, or the name of a namespace.
        command: A line for a shell that shows it, with ``URL`` for the server; ``""`` if there is none.
    """

    value: Any
    command: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference between two contracts.

    Attributes:
        level: ``breaking`` for somebody who keeps to what is declared; ``unknown``, neither proved to be
            harmless nor shown to break; ``info``, breaks nobody who keeps to what is declared;
            ``compatible``, proved.
        code: A stable upper-case word.
        message: One sentence.
        namespace: The namespace in the old contract, else in the new one; None for what concerns all.
        event: The event's name, or None.
        part: ``arguments``, ``ack``, ``auth``, ``query``, ``headers``, ``parameters``, ``security`` or ``""``.
        witness: What shows a breaking change, or None if no value can.
        old: The place in the old document, or None if it is new.
        new: The place in the new document, or None if it is gone.
    """

    level: Level
    code: str
    message: str
    namespace: str | None = None
    event: str | None = None
    part: str = ""
    witness: Witness | None = None
    old: Place | None = None
    new: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What was found about two contracts.

    Attributes:
        changes: In the order of the old document, then of the new one; the compatible ones too.
        old_version: ``info.version`` of the old document.
        new_version: ``info.version`` of the new document.
    """

    changes: tuple[Change, ...] = field(default=())
    old_version: str = ""
    new_version: str = ""

    def of_level(self, level: Level) -> tuple[Change, ...]:
        """Return the changes of one level."""
        return tuple(change for change in self.changes if change.level == level)

    @property
    def is_bumped(self) -> bool:
        """Whether the version rose so far that changes may break: by its first number, or the second after 0."""
        old, new = _numbers(self.old_version), _numbers(self.new_version)
        if not old or not new:
            return False
        count = 2 if old[0] == new[0] == 0 else 1
        return (*new, 0)[:count] > (*old, 0)[:count]


def _numbers(version: str) -> tuple[int, ...]:
    match = re.match(r"\s*v?([0-9.]*)", version)
    return tuple(int(number) for number in _NUMBER.findall(match[1])) if match else ()
