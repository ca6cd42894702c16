"""What was seen, as an AsyncAPI document that `check --strict` accepts, less the names that none can declare."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from ..drafts import DraftNamespace, draft_document
from ..spec.model import DEFAULT_PATH
from ..spec.model.by_event import WILDCARD
from ..spec.readers.assembly import RESERVED
from ..spec.text.yaml import dump_yaml
from .gather import SeenNamespace
from .shape import GUESS
from .templates import templates_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..drafts import Version
    from ..errors import Direction
    from .gather import Seen, SeenEvent

_NOTHING: tuple[Any, ...] = ({}, {"type": "object"})
_GUESS_LINE = re.compile(rf"{GUESS}: (\d+)$", re.MULTILINE)


def make_document(
    seen: Seen, *, version: Version = "3.0", title: str = "Inferred", guesses: bool = False
) -> str:
    """Return the YAML of a document that declares what was seen; the same for the same records.

    Args:
        seen: What the records hold.
        version: Of AsyncAPI.
        title: Of the document.
        guesses: Whether to write as comments what texts seem to be enumerated.
    """
    namespaces = _joined(seen)
    connections = sum(namespace.connections for namespace in namespaces.values())
    information = {
        "title": title,
        "version": "0.1.0",
        "description": (
            f"Inferred from {seen.messages} events of {connections} connections. Lengths, limits, patterns and closed"
            " objects can't be seen in traffic."
        ),
    }
    writer = _Writer(guesses=guesses)
    drafts = {name: writer.namespace(namespace) for name, namespace in namespaces.items()}
    body = draft_document(drafts, version=version, info=information, path=seen.path or DEFAULT_PATH)
    return _GUESS_LINE.sub(lambda line: f"# guess: enum: {writer.guesses[int(line[1])]}", dump_yaml(body))


def _joined(seen: Seen) -> dict[str, SeenNamespace]:
    """Return what was seen by declared namespace, in order."""
    templates = templates_of(seen.namespaces)
    joined: dict[str, SeenNamespace] = {}
    for name, namespace in sorted(seen.namespaces.items()):
        joined.setdefault(templates.get(name, name), SeenNamespace()).merge(namespace)
    return dict(sorted(joined.items()))


class _Writer:
    """Writes namespaces, and keeps the guesses.

    Attributes:
        guesses: The lists of texts that schemas name by their place here.
    """

    def __init__(self, *, guesses: bool) -> None:
        self._guess = self._keep if guesses else None
        self.guesses: list[str] = []

    def namespace(self, namespace: SeenNamespace) -> DraftNamespace:
        """Return the channel and the messages of a namespace."""
        directions: tuple[Direction, ...] = ("inbound", "outbound")
        return DraftNamespace(
            fields=self._handshake(namespace),
            messages={direction: list(self._messages(namespace, direction)) for direction in directions},
        )

    def _messages(self, namespace: SeenNamespace, direction: Direction) -> Iterator[dict[str, Any]]:
        """Yield the messages of one direction, by name."""
        for name, event in sorted(namespace.events[direction].items()):
            if name and name != WILDCARD and name not in RESERVED:
                yield self._message(name, event)

    def _message(self, name: str, event: SeenEvent) -> dict[str, Any]:
        message = {"name": name, "payload": event.arguments.schema(guess=self._guess)}
        if event.answers.count:
            message["x-ack"] = {"args": event.answers.schema(guess=self._guess)}
        return {
            **message,
            "x-seen": {"messages": event.arguments.count, "connections": len(event.connections)},
        }

    def _handshake(self, namespace: SeenNamespace) -> dict[str, Any]:
        """Return the fields of a channel about its connections."""
        fields: dict[str, Any] = {}
        if namespace.headers:
            headers = " and ".join(sorted(namespace.headers))
            fields["description"] = f"Clients presented {headers}; declare security if it is required."
        if namespace.query:
            query = {name: {"type": "string"} for name in sorted(namespace.query)}
            fields["bindings"] = {"ws": {"query": {"type": "object", "properties": query}}}
        auth = namespace.auth.schema(guess=None)
        return fields if auth in _NOTHING else {**fields, "x-auth": auth}

    def _keep(self, words: list[str]) -> int:
        """Keep a guess, and return its place."""
        self.guesses.append(json.dumps(words))
        return len(self.guesses) - 1
