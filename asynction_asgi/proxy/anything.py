"""The document of a proxy that has none: every event passes, in namespaces of up to four segments."""

from __future__ import annotations

from typing import Any

_SEGMENTS = 4


def anything(path: str) -> dict[str, Any]:
    """Return a document that lets everything pass.

    Args:
        path: The path of Socket.IO.
    """
    event = {"name": "*", "x-ack": True}
    channel = {"publish": {"message": event}, "subscribe": {"message": event}}
    namespaces = {"/": channel}
    for count in range(1, _SEGMENTS + 1):
        names = [f"segment{number}" for number in range(1, count + 1)]
        address = "".join(f"/{{{name}}}" for name in names)
        namespaces[address] = {**channel, "parameters": {name: {} for name in names}}
    return {
        "asyncapi": "2.6.0",
        "info": {"title": "Any traffic", "version": "1.0.0"},
        "servers": {"here": {"url": path, "protocol": "ws"}},
        "channels": namespaces,
    }
