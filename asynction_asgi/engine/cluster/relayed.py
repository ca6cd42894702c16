"""Whether what came over a queue is of the form that upstream's managers and ours give it."""

from __future__ import annotations

from base64 import b64decode
from typing import Any

from ..room_names import name_rooms
from ..wire.packets import attach


def check_names(message: dict[str, Any]) -> None:
    """Refuse an emit whose event, room or callback is malformed, before it is sent or answered.

    Raises:
        TypeError, ValueError, LookupError: The message is malformed.
    """
    if not isinstance(message["event"], str):
        raise TypeError
    room = message.get("room")
    if room is not None:
        name_rooms(room)
    if message.get("callback") is not None:
        asker, namespace, ack_id = message["callback"]
        if isinstance(asker, list | dict) or not isinstance(namespace, str) or type(ack_id) is not int:
            raise TypeError


def is_callback(message: dict[str, Any]) -> bool:
    """Return whether this is an answer to a callback, or says that none will come."""
    answered = isinstance(message.get("args"), list) or message.get("lost") is not None
    return answered and type(message.get("id")) is int and not isinstance(message.get("sid"), list | dict)


def emitted(message: dict[str, Any]) -> tuple[str, Any, str]:
    """Event, data and namespace of an emit, as upstream will read them.

    Raises:
        TypeError, ValueError, LookupError: The message is malformed.
    """
    event, data, namespace = message["event"], message["data"], message["namespace"]
    if message.get("binary"):
        data = attach(data[0], [b64decode(text, validate=True) for text in data[1:]])
    if not isinstance(event, str) or not isinstance(namespace, str) or not isinstance(data, list):
        raise TypeError
    return event, data[0] if len(data) == 1 else tuple(data), namespace


def name_namespace(message: dict[str, Any]) -> str:
    """Return the namespace that a message is about.

    Raises:
        TypeError: The message names no namespace.
    """
    namespace = message.get("namespace", "/")
    if not isinstance(namespace, str):
        raise TypeError
    return namespace
