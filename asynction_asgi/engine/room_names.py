"""What may name a room, the same for those that join it and those that emit to it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import Enum
from typing import TypeAlias
from uuid import UUID

from .ids import is_id

# What rooms are kept by, and what travels over a message queue as it is.
RoomName: TypeAlias = str | int
Room: TypeAlias = str | int | UUID | Enum
Audience: TypeAlias = Room | Collection[Room]


class RoomCallbackError(ValueError):
    """A callback was given for what is not one client; nothing was sent."""


# Collections that are not several rooms; all but the first are refused.
_SINGLE = (str, bytes, bytearray, memoryview, Mapping)
_LARGEST = 1 << 63  # as JSON writers have it


def name_room(room: Room) -> RoomName:
    """Return what a room is kept by: its text or integer; a UUID's text, and an Enum's value.

    Raises:
        TypeError: The room is of another type.
        ValueError: It is an empty text, or an integer that JSON does not carry everywhere.
    """
    name = room.value if isinstance(room, Enum) else room
    if isinstance(name, UUID):
        return str(name)
    if isinstance(name, bool) or not isinstance(name, str | int):
        kind = type(name).__name__
        cure = "; decode it" if isinstance(name, bytes) else ""
        raise TypeError(f"a room is a str, an int, a UUID or an Enum of these, not {kind}{cure}")
    if name == "":
        raise ValueError("a room needs a name, not an empty text")
    if isinstance(name, int):
        if not -_LARGEST <= name < _LARGEST:
            raise ValueError("a room that is an integer has 64 bits at most; use its text")
        return int(name)
    return str(name)


def name_entered(room: Room, sid: str | None = None) -> RoomName:
    """Return what a room is kept by that a client is to enter.

    Args:
        room: The room.
        sid: The client, or None for several; a client may enter the room of its own id, in which it is already.

    Raises:
        TypeError: The room is of another type.
        ValueError: It is a client's id: another one in that room would receive what is for this client alone.
    """
    name = name_room(room)
    if name != sid and is_id(name):
        raise ValueError(f"{name!r} is a client's id, and no other client can enter the room of that name")
    return name


def name_rooms(rooms: Audience) -> RoomName | list[RoomName]:
    """Return what one or several rooms are kept by.

    Args:
        rooms: One room, or a collection of them, such as a list; an empty collection addresses no client.

    Raises:
        TypeError: A room is of a type that names none.
        ValueError: A room is an integer of more than 64 bits.
    """
    if type(rooms) is str and rooms:
        return rooms  # most are
    if isinstance(rooms, Collection) and not isinstance(rooms, _SINGLE):
        return [name_room(room) for room in rooms]
    if rooms == "":
        return []  # as an identifier that was looked up in vain
    return name_room(rooms)  # type: ignore[arg-type]  # it refuses the collections that remain


def name_clients(sids: str | Collection[str]) -> str | list[str]:
    """Return the ids of clients that an emit leaves out.

    Raises:
        TypeError: They are not one id or a collection of ids.
    """
    if isinstance(sids, str):
        return sids
    if not isinstance(sids, list | tuple | set | frozenset) or not all(isinstance(sid, str) for sid in sids):
        raise TypeError("skip_sid is a client's id, or a list of ids")
    return list(sids)
