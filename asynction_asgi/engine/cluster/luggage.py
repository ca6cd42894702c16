"""The form of sessions on the queue."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from ..peers.sessions import Kept
from ..room_names import name_room
from .relayed import read_data


def name_user(user: Any, key: str) -> str | None:
    """Return a digest that is equal for equal users, or None if a user has no JSON form.

    Args:
        user: As `Endpoint.user` returns it.
        key: The key of a session.
    """
    kind = type(user)
    try:
        text = json.dumps(user, sort_keys=True, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return None
    return hashlib.sha256(f"{key} {kind.__module__}.{kind.__qualname__} {text}".encode()).hexdigest()


def members_of(kept: Kept) -> dict[str, Any]:
    """Return the members of a message that restores a client's session, without its events."""
    return {
        "sid": kept.sid,
        "shown_sid": kept.shown_sid,
        "rooms": kept.rooms,
        "session": kept.session,
        "last_ack": kept.last_ack,
    }


def read_kept(message: dict[str, Any]) -> Kept:
    """Return the session that a message restores.

    Raises:
        TypeError, ValueError, LookupError: The message is malformed.
    """
    sid, shown_sid, last_ack = message["sid"], message["shown_sid"], message["last_ack"]
    if not isinstance(sid, str) or not isinstance(shown_sid, str) or type(last_ack) is not int:
        raise TypeError
    events = read_data(message)
    for offset, event, *_ in events:
        if not isinstance(offset, str) or not isinstance(event, str):
            raise TypeError
    return Kept(
        sid=sid,
        shown_sid=shown_sid,
        rooms=[name_room(room) for room in message["rooms"]],
        session=message["session"],
        last_ack=last_ack,
        events=events,
    )
