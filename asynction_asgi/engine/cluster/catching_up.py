"""Messages that passed on the queue while a client moved to this process, applied to this client alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..peers.rooms import list_arguments
from ..room_names import name_room
from .relayed import emitted, name_namespace, read_room

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..peers.event_log import Log
    from ..peers.members import Member
    from ..peers.rooms import Rooms
    from .everywhere import OnQueue
    from .journal import Note


class CatchingUp:
    """Applies to one client the messages that were already applied to the others.

    Args:
        queue: This process's access to the others.
        rooms: The clients of this process.
        log: Records events.
        dismiss: Disconnects a client that is not connected yet, or is away.
    """

    def __init__(self, queue: OnQueue, rooms: Rooms, log: Log, dismiss: Callable[[str, str], Any]) -> None:
        self._queue = queue
        self._rooms = rooms
        self._log = log
        self._dismiss = dismiss

    def apply(self, member: Member, note: Note, message: dict[str, Any]) -> None:
        """Apply a message to one client.

        Raises:
            TypeError, ValueError, LookupError: The message is malformed.
            RefusedError: The document does not allow the event.
        """
        method, sid, namespace = message["method"], member.sid, member.namespace
        if name_namespace(message) != namespace:
            return
        room = read_room(message)
        if method == "emit":
            skipped = message.get("skip_sid")
            is_skipped = sid in skipped if isinstance(skipped, list) else sid == skipped
            if message.get("callback") is None and self._rooms.reaches(member, room) and not is_skipped:
                self._deliver(member, note, message)
        elif method == "move":
            if self._rooms.reaches(member, room):
                self._move(member, message["move"], message.get("target"))
        elif method == "close_room" or message["sid"] == sid:
            move = {"enter_room": "join", "disconnect": "disconnect"}.get(method, "leave")
            self._move(member, move, room)

    def _deliver(self, member: Member, note: Note, message: dict[str, Any]) -> None:
        if note.sent is None:
            event, data, namespace = emitted(message)
            if self._queue.check is not None and note.text is None:
                self._queue.check(event, data, namespace)
            form = "argument" if member.trail is None else member.trail.form
            note.sent = self._log.record(event, list_arguments(data), namespace, form)
        member.collect(*note.sent)

    def _move(self, member: Member, move: str, target: Any) -> None:
        if move == "disconnect":
            self._dismiss(member.sid, member.namespace)
        elif move == "join":
            self._rooms.basic_enter_room(member.sid, member.namespace, name_room(target))
        else:
            self._rooms.basic_leave_room(member.sid, member.namespace, name_room(target))
