"""A first document of AsyncAPI 3.0 or 2.6, from namespaces and their messages."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from .spec.model import DEFAULT_PATH
from .spec.model.templates import PARAMETER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .errors import Direction

Version = Literal["3.0", "2.6"]

_ACTIONS: Mapping[Direction, tuple[str, str]] = {
    "inbound": ("receive", "publish"),
    "outbound": ("send", "subscribe"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftNamespace:
    """One namespace.

    Attributes:
        fields: Of its channel.
        messages: By direction; Message Objects with a name.
    """

    fields: Mapping[str, Any] = field(default_factory=dict)
    messages: Mapping[Direction, Sequence[Mapping[str, Any]]]


def draft_document(
    namespaces: Mapping[str, DraftNamespace],
    *,
    version: Version,
    info: Mapping[str, Any],
    path: str,
    schemas: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return a document that declares these namespaces, as plain values.

    Args:
        namespaces: By name, which may be a template such as ``/rooms/{room}``.
        version: Of AsyncAPI.
        info: The Info Object.
        path: Of Engine.IO.
        schemas: That messages refer to, by name, as ``#/components/schemas/NAME``.
    """
    servers, channels = _writers[version]
    components = {"components": {"schemas": schemas}} if schemas else {}
    return {"asyncapi": f"{version}.0", "info": info, **servers(path), **channels(namespaces), **components}


def argument_list(schemas: Sequence[Any], *, least: int, rest: Any = False) -> dict[str, Any]:
    """Return the schema of a list of arguments.

    Args:
        schemas: Of the first arguments, in order.
        least: How many of them have to be there.
        rest: The schema of all that follow, or False if none may follow.
    """
    if schemas:
        return {"type": "array", "items": list(schemas), "minItems": least, "additionalItems": rest}
    if rest is False:
        return {"type": "array", "maxItems": 0}
    return {"type": "array", "prefixItems": [], "items": rest}


def _servers2(path: str) -> dict[str, Any]:
    return {} if path == DEFAULT_PATH else {"servers": {"server": {"url": path, "protocol": "ws"}}}


def _servers3(path: str) -> dict[str, Any]:
    if path == DEFAULT_PATH:
        return {}
    return {"servers": {"server": {"host": "localhost", "pathname": path, "protocol": "ws"}}}


def _channels2(namespaces: Mapping[str, DraftNamespace]) -> dict[str, Any]:
    return {"channels": {name: _channel2(name, namespace) for name, namespace in namespaces.items()}}


def _channel2(name: str, namespace: DraftNamespace) -> dict[str, Any]:
    channel = dict(namespace.fields)
    if parameters := PARAMETER.findall(name):
        channel["parameters"] = {parameter: {"schema": {"type": "string"}} for parameter in parameters}
    for direction, (_, operation) in _ACTIONS.items():
        if messages := namespace.messages.get(direction):
            channel[operation] = {"message": {"oneOf": list(messages)}}
    return channel


def _channels3(namespaces: Mapping[str, DraftNamespace]) -> dict[str, Any]:
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    for name, namespace in namespaces.items():
        key = _key(name, channels, default="root")
        messages: dict[str, Any] = {}
        channels[key] = {"address": name, **namespace.fields, "messages": messages}
        if parameters := PARAMETER.findall(name):
            channels[key]["parameters"] = {parameter: {} for parameter in parameters}
        for direction, (action, _) in _ACTIONS.items():
            taken = []
            for message in namespace.messages.get(direction, ()):
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


_writers = {"3.0": (_servers3, _channels3), "2.6": (_servers2, _channels2)}
