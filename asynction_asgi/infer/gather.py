"""What records hold, gathered by namespace, direction and event."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from ..spec.schemas.formats import FORMATS
from ..traffic import Connected, Happened, Head
from .lists import Lists
from .shape import Shape

if TYPE_CHECKING:
    from ..errors import Direction
    from ..traffic import Line

# Codes of refusals that say of an event that it is not of the contract.
_INVALID = ("invalid_payload", "unknown_event", "reserved_event")
# What an address of AsyncAPI reads as a query, a fragment or a parameter.
_NOT_LITERAL = re.compile(r"[?#{}]|:[A-Za-z]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")


class SeenEvent:
    """One event in one direction.

    Attributes:
        arguments: Its lists of arguments.
        answers: Those of its acknowledgements, refusals left out.
        connections: Hashes of the connections that had it.
    """

    def __init__(self) -> None:
        self.arguments, self.answers = Lists(), Lists()
        self.connections: set[int] = set()

    def merge(self, other: SeenEvent) -> None:
        """Add what was seen of the event in another namespace."""
        self.arguments.merge(other.arguments)
        self.answers.merge(other.answers)
        self.connections |= other.connections


class SeenNamespace:
    """One namespace.

    Attributes:
        events: By direction and name.
        auth: The auth objects of accepted connections.
        query: Names of query parameters, by how many connections had them.
        headers: Names of headers with credentials, likewise.
        connections: How many connections were accepted.
    """

    def __init__(self) -> None:
        self.events: dict[Direction, dict[str, SeenEvent]] = {"inbound": {}, "outbound": {}}
        self.auth = Shape()
        self.query: Counter[str] = Counter()
        self.headers: Counter[str] = Counter()
        self.connections = 0

    def event(self, direction: Direction, name: str) -> SeenEvent:
        """Return what was seen of an event, to be added to."""
        events = self.events[direction]
        if name not in events:
            events[name] = SeenEvent()
        return events[name]

    def merge(self, other: SeenNamespace) -> None:
        """Add what was seen in another namespace."""
        for direction, events in other.events.items():
            for name, event in events.items():
                self.event(direction, name).merge(event)
        self.auth.merge(other.auth)
        self.query += other.query
        self.headers += other.headers
        self.connections += other.connections


class Seen:
    """Everything that records hold.

    Attributes:
        namespaces: By concrete name.
        path: The Engine.IO path of the first record.
        messages: How many events were gathered.
        refused: How many were left out, since the server had refused them as invalid.
        left_out: Names that no document can declare, by how many lines were left out for them.
    """

    def __init__(self) -> None:
        self.namespaces: dict[str, SeenNamespace] = {}
        self.path: str | None = None
        self.messages = 0
        self.refused = 0
        self.left_out: Counter[str] = Counter()

    def add(self, line: Line) -> None:
        """Add a line of a record."""
        if isinstance(line, Head):
            self.path = self.path or line.path
        elif (name := _undeclarable(line)) is not None:
            self.left_out[name] += 1
        elif isinstance(line, Connected):
            if not line.refused:
                self._add_connection(line)
        elif line.direction == "inbound" and line.refused in _INVALID:
            self.refused += 1
        elif line.direction == "inbound" or line.refused is None:  # else it is the standard ``exception``
            self._add_event(line)

    def _add_connection(self, line: Connected) -> None:
        namespace = self._namespace(line.namespace)
        namespace.connections += 1
        namespace.auth.add({} if line.auth is None else line.auth)  # as the check of a contract sees it
        namespace.query.update(line.query)
        namespace.headers.update(line.headers)

    def _add_event(self, line: Happened) -> None:
        self.messages += 1
        event = self._namespace(line.namespace).event(line.direction, line.event)
        event.arguments.add(line.args)
        if line.ack is not None:
            event.answers.add(line.ack)
        event.connections.add(hash(line.connection))

    def _namespace(self, name: str) -> SeenNamespace:
        if name not in self.namespaces:
            self.namespaces[name] = SeenNamespace()
        return self.namespaces[name]


def _undeclarable(line: Connected | Happened) -> str | None:
    """Return a name in a line that no document can declare, or None."""
    if not _is_address(line.namespace):
        return line.namespace
    names = [*line.query, *line.headers] if isinstance(line, Connected) else [line.event]
    held: list[Any] = [line.auth] if isinstance(line, Connected) else [line.args, line.ack]
    while held:
        value = held.pop()
        if isinstance(value, dict):
            names += value
            held += value.values()
        elif isinstance(value, list | tuple):
            held += value
    return next((name for name in names if _SURROGATE.search(name)), None)


def _is_address(namespace: str) -> bool:
    """Return whether an address of AsyncAPI stands for a namespace to the letter."""
    return (
        namespace.startswith("/")
        and not _NOT_LITERAL.search(namespace)
        and not _SURROGATE.search(namespace)
        and FORMATS["uri-template"](namespace)
    )
