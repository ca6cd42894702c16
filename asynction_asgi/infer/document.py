"""What was seen, as an AsyncAPI document that `check --strict` accepts."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Literal

from ..spec.readers.assembly import RESERVED
from ..spec.text.yaml import dump_yaml
from .gather import SeenNamespace
from .shape import GUESS
from .templates import templates_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..errors import Direction
    from .gather import Seen, SeenEvent

__all__ = ["make_document"]

Version = Literal["3.0", "2.6"]

_DEFAULT_PATH = "/socket.io"
_NOTHING: tuple[Any, ...] = ({}, {"type": "object"})
_GUESS_LINE = re.compile(rf"{GUESS}: (\d+)$", re.MULTILINE)
_ACTIONS: Mapping[Direction, tuple[str, str]] = {
    "inbound": ("receive", "publish"),
    "outbound": ("send", "subscribe"),
}


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
    writer = _writers[version](guesses=guesses)
    body = {
        "asyncapi": f"{version}.0",
        "info": information,
        **writer.servers(seen.path or _DEFAULT_PATH),
        **writer.channels(namespaces),
    }
    return _GUESS_LINE.sub(lambda line: f"# guess: enum: {writer.guesses[int(line[1])]}", dump_yaml(body))


def _joined(seen: Seen) -> dict[str, SeenNamespace]:
    """Return what was seen by declared namespace, in order."""
    templates = templates_of(seen.namespaces)
    joined: dict[str, SeenNamespace] = {}
    for name, namespace in sorted(seen.namespaces.items()):
        joined.setdefault(templates.get(name, name), SeenNamespace()).merge(namespace)
    return dict(sorted(joined.items()))


class _Writer:
    """What the versions of AsyncAPI have in common.

    Attributes:
        guesses: The lists of texts that schemas name by their place here.
    """

    def __init__(self, *, guesses: bool) -> None:
        self._guess = self._keep if guesses else None
        self.guesses: list[str] = []

    def messages(self, namespace: SeenNamespace, direction: Direction) -> Iterator[dict[str, Any]]:
        """Yield the messages of one direction, by name."""
        for name, event in sorted(namespace.events[direction].items()):
            if name and name != "*" and name not in RESERVED:
                yield self._message(name, event)

    def _message(self, name: str, event: SeenEvent) -> dict[str, Any]:
        message = {"name": name, "payload": event.arguments.schema(guess=self._guess)}
        if event.answers.count:
            message["x-ack"] = {"args": event.answers.schema(guess=self._guess)}
        return {
            **message,
            "x-seen": {"messages": event.arguments.count, "connections": len(event.connections)},
        }

    def handshake(self, namespace: SeenNamespace) -> dict[str, Any]:
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


class _Writer2(_Writer):
    def servers(self, path: str) -> dict[str, Any]:
        return {} if path == _DEFAULT_PATH else {"servers": {"server": {"url": path, "protocol": "ws"}}}

    def channels(self, namespaces: Mapping[str, SeenNamespace]) -> dict[str, Any]:
        return {"channels": {name: self._channel(name, seen) for name, seen in namespaces.items()}}

    def _channel(self, name: str, namespace: SeenNamespace) -> dict[str, Any]:
        channel = self.handshake(namespace)
        if parameters := re.findall(r"\{(\w+)\}", name):
            channel["parameters"] = {parameter: {"schema": {"type": "string"}} for parameter in parameters}
        for direction, (_, operation) in _ACTIONS.items():
            if messages := list(self.messages(namespace, direction)):
                channel[operation] = {"message": {"oneOf": messages}}
        return channel


class _Writer3(_Writer):
    def servers(self, path: str) -> dict[str, Any]:
        if path == _DEFAULT_PATH:
            return {}
        return {"servers": {"server": {"host": "localhost", "pathname": path, "protocol": "ws"}}}

    def channels(self, namespaces: Mapping[str, SeenNamespace]) -> dict[str, Any]:
        channels: dict[str, Any] = {}
        operations: dict[str, Any] = {}
        for name, namespace in namespaces.items():
            key = _key(name, channels, default="root")
            messages: dict[str, Any] = {}
            channels[key] = {"address": name, **self.handshake(namespace), "messages": messages}
            if parameters := re.findall(r"\{(\w+)\}", name):
                channels[key]["parameters"] = {parameter: {} for parameter in parameters}
            for direction, (action, _) in _ACTIONS.items():
                taken = []
                for message in self.messages(namespace, direction):
                    place = _key(message["name"], messages, default="event")
                    messages[place] = message
                    taken.append({"$ref": f"#/channels/{key}/messages/{place}"})
                if taken:
                    channel = {"$ref": f"#/channels/{key}"}
                    operations[f"{action}_{key}"] = {"action": action, "channel": channel, "messages": taken}
        return {"channels": channels, "operations": operations}


def _key(name: str, taken: Mapping[str, Any], *, default: str) -> str:
    """Return a name that is fit for a key and a reference, and is not taken."""
    stem = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_") or default
    key, count = stem, 1
    while key in taken:
        count += 1
        key = f"{stem}_{count}"
    return key


_writers: Mapping[Version, type[_Writer2 | _Writer3]] = {"3.0": _Writer3, "2.6": _Writer2}
