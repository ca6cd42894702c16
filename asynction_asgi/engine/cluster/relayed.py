"""Checks of messages from a queue against the forms that python-socketio's managers and ours write."""

from __future__ import annotations

from base64 import b64decode
from typing import TYPE_CHECKING, Any

from ...reasons import Unanswered
from ..room_names import name_room, name_rooms
from ..wire.packets import attach

if TYPE_CHECKING:
    from collections.abc import Sequence

# Raised for a malformed message.
UNREADABLE = (TypeError, ValueError, LookupError, AttributeError, RecursionError)
# JSON has no infinity, and timers of an event loop do not accept arbitrarily large numbers.
LONGEST_SECONDS = 1e9
# Why a client does not answer, as messages name it; any other word counts as ``displaced``.
_LOST = {why.value: why for why in Unanswered}


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


def read_answer(message: dict[str, Any]) -> Sequence[Any] | Unanswered:
    """Return the arguments of a client's answer, or why none will come.

    Raises:
        TypeError, ValueError, LookupError: The message is malformed.
    """
    read_number(message)
    if isinstance(message["sid"], list | dict):
        raise TypeError
    if (lost := message.get("lost")) is not None:
        return _LOST.get(lost, Unanswered.DISPLACED)
    if "data" in message:
        data = read_data(message)
        return data if isinstance(data, tuple) else (data,)
    arguments = message["args"]
    if not isinstance(arguments, list):
        raise TypeError
    return arguments


def emitted(message: dict[str, Any]) -> tuple[str, Any, str]:
    """Return the event, data and namespace of an emit, as python-socketio reads them.

    Raises:
        TypeError, ValueError, LookupError: The message is malformed.
    """
    event, namespace = message["event"], message["namespace"]
    if not isinstance(event, str) or not isinstance(namespace, str):
        raise TypeError
    return event, read_data(message), namespace


def read_data(message: dict[str, Any]) -> Any:
    """Return the data of a message as it was emitted; several arguments, or none, are a tuple.

    Raises:
        TypeError, ValueError, LookupError: The message is malformed.
    """
    data = message["data"]
    if message.get("binary"):
        data = attach(data[0], [b64decode(text, validate=True) for text in data[1:]])
    if not isinstance(data, list):
        raise TypeError
    return data[0] if len(data) == 1 else tuple(data)


def name_namespace(message: dict[str, Any]) -> str:
    """Return the namespace that a message is about.

    Raises:
        TypeError: The message names no namespace.
    """
    namespace = message.get("namespace", "/")
    if not isinstance(namespace, str):
        raise TypeError
    return namespace


def read_number(message: dict[str, Any]) -> int:
    """Return the number of a question; raises TypeError or LookupError if it has none."""
    number = message["id"]
    if type(number) is not int:
        raise TypeError
    return number


def read_room(message: dict[str, Any]) -> Any:
    """Return the room that a message is about, None being all clients.

    Raises:
        TypeError, ValueError: It is not a room.
    """
    room = message.get("room")
    return None if room is None else name_rooms(room)


def read_timeout(message: dict[str, Any]) -> float | None:
    """Return for how many seconds a question can be answered; None if an older process did not say.

    Raises:
        TypeError: It is not a number.
    """
    seconds = message.get("timeout")
    if seconds is not None and type(seconds) not in (int, float):
        raise TypeError
    return None if seconds is None else min(seconds, LONGEST_SECONDS)


def read_clients(message: dict[str, Any]) -> Any:
    """Return the number of clients that a process has found, or their sids and rooms.

    Raises:
        TypeError, ValueError: The message is malformed.
    """
    count = message.get("count")
    if count is not None:
        if type(count) is not int or count < 0:
            raise TypeError
        return count
    clients = message["clients"]
    for sid, rooms in clients:
        if not isinstance(sid, str) or not isinstance(rooms, list):
            raise TypeError
        for room in rooms:
            name_room(room)
    return clients


def read_sids(message: dict[str, Any]) -> list[str]:
    """Return the clients that a process has asked; raises TypeError or LookupError if they are not given."""
    sids = message["sids"]
    if not isinstance(sids, list) or not all(isinstance(sid, str) for sid in sids):
        raise TypeError
    return sids
