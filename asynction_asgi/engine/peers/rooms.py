"""The client manager: who is in which namespace and room.

It keeps python-socketio's interface, and what upstream leaves open: a packet for many is encoded
once and costs no task per recipient; peers whose connect handler has not accepted are invisible;
ack ids and callbacks don't share a dictionary; and a reverse index makes a disconnect cost the same
however many others are connected.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from socketio.async_manager import AsyncManager

from ...logs import Throttle
from ...reasons import Unanswered
from ..ids import is_id
from ..logs import logger
from ..room_names import RoomCallbackError
from ..wire import packets
from .answers import Answer
from .members import Member, Phase
from .relayed_callbacks import RelayedCallbacks
from .surveys import Question

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

# By name, because Python 3.11 takes its time to look members of an Enum up. These take part in rooms.
_CONNECTED, _AWAY, _RETURNING = Phase.CONNECTED, Phase.AWAY, Phase.RETURNING
_REACHED = (_CONNECTED, _AWAY, _RETURNING)


class Rooms(AsyncManager):  # type: ignore[misc]  # python-socketio is untyped
    """python-socketio's manager with members in place of dictionaries of ids.

    Attributes:
        members: By namespace and sid, every peer that is not yet forgotten.
        rooms: By namespace and room, the members in it; the room None is the namespace.
        has_queue: Whether it reaches other processes through a message queue of ours.
        reaches_others: Whether it reaches other processes, by whatever queue.
        relayed: Callbacks of emits that went through a message queue.
    """

    has_queue = False
    reaches_others = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.begin()

    def begin(self) -> None:
        """Set up what upstream's managers don't have."""
        self.members: dict[str, dict[str, Member]] = {}
        self.rooms: dict[str, dict[Any, dict[str, Member]]] = {}
        self.relayed = RelayedCallbacks(self.lose)
        self._displaced = Throttle()

    @property
    def reached(self) -> bool:
        """Whether the process was on its message queue once; without one, True."""
        return True

    def need_queue(self) -> None:
        """Let `reached` be False during each outage of the message queue; without one, nothing changes."""

    async def wait_subscribed(self) -> None:
        """Wait until this process receives what others emit; without a message queue of ours, not at all."""

    async def stop_listening(self, seconds: float) -> None:
        """Take no more messages of a queue, of whatever kind; without one, there are none.

        Args:
            seconds: For how long the end of what takes them is waited for.
        """

    def stop_seeking(self) -> None:
        """Ask no other process for clients any more; without a message queue of ours, none is asked."""

    async def close(self) -> None:
        """Close connections to a message queue; without one, there are none."""

    # -- membership ------------------------------------------------------------------------

    def add(self, member: Member) -> None:
        """Register a peer before its connect handler runs."""
        self.members.setdefault(member.namespace, {})[member.sid] = member
        self.rooms.setdefault(member.namespace, {}).setdefault(None, {})[member.sid] = member

    def find(self, sid: Any, namespace: str) -> Member | None:
        """Return the member of this process with an id, in whatever phase, or None."""
        return self.members.get(namespace, {}).get(sid)

    def basic_disconnect(self, sid: str, namespace: str, **kwargs: Any) -> None:
        """Forget a peer, its rooms and its callbacks."""
        del kwargs  # upstream's ignore_queue
        members = self.members.get(namespace, {})
        member = members.pop(sid, None)
        if member is None:
            return
        for room in [*(member.rooms or ()), None]:
            self.basic_leave_room(sid, namespace, room)
        _release(member)
        if not members:
            del self.members[namespace]

    def take_over(self, member: Member, old: Member) -> None:
        """Put a client that came back in the place of the member that it was, under the same id.

        Args:
            member: Its new member; pending, and in no room.
            old: Is left behind.
        """
        members, rooms = self.members[member.namespace], self.rooms[member.namespace]
        del members[member.sid], rooms[None][member.sid]
        member.sid, member.shown_sid = old.sid, old.shown_sid
        member.rooms, member.session, member.last_ack = old.rooms, old.session, old.last_ack
        member.trail, member.phase = old.trail, Phase.RETURNING
        for room in [*(old.rooms or ()), None]:
            rooms[room][member.sid] = member
        members[member.sid] = member
        old.rooms = None
        _release(old)

    def rename(self, member: Member, sid: str, shown_sid: str, rooms: Iterable[Any]) -> None:
        """Give a member that is in no room the id and the rooms that its client had in another process."""
        members, joined = self.members[member.namespace], self.rooms[member.namespace][None]
        del members[member.sid], joined[member.sid]
        member.sid, member.shown_sid = sid, shown_sid
        members[sid] = joined[sid] = member
        for room in rooms:
            if not self.is_sid_room(member.namespace, room):
                self.basic_enter_room(sid, member.namespace, room)

    def is_connected(self, sid: Any, namespace: str) -> bool:
        """Return whether the peer takes part: not pending, not leaving."""
        member = self.find(sid, namespace)
        return member is not None and member.phase is Phase.CONNECTED

    def is_pre_connected(self, sid: Any, namespace: str) -> bool:
        """Return whether the peer's connect handler is still running."""
        member = self.find(sid, namespace)
        return member is not None and member.phase in (Phase.PENDING, Phase.RETURNING)

    def sid_from_eio_sid(self, eio_sid: str, namespace: str) -> str | None:
        """Return a peer's id in `namespace` over a transport, or None."""
        socket = self.server.eio.sockets.get(eio_sid)
        member = None if socket is None else socket.connection.members.get(namespace)
        return None if member is None else member.sid

    def eio_sid_from_sid(self, sid: Any, namespace: str) -> str | None:
        """Return the id of the transport below a peer."""
        member = self.find(sid, namespace)
        return None if member is None else member.eio_sid

    def pre_disconnect(self, sid: str, namespace: str) -> str | None:
        """Take a peer out of every broadcast while its disconnect handler runs."""
        member = self.find(sid, namespace)
        if member is None:
            return None
        member.phase = Phase.LEAVING
        return member.eio_sid

    # -- rooms -----------------------------------------------------------------------------

    def is_sid_room(self, namespace: str, room: Any) -> bool:
        """Return whether `room` is the id of a peer, of any process; those rooms can't be entered by others."""
        return is_id(room) or (isinstance(room, str) and room in self.members.get(namespace, {}))

    def basic_enter_room(self, sid: str, namespace: str, room: Any, eio_sid: str | None = None) -> None:
        """Put a peer into a room.

        Raises:
            ValueError: The peer is unknown, or the room is another peer's id.
        """
        del eio_sid  # the member knows it
        member = self.find(sid, namespace)
        if member is None:
            raise ValueError(f"client {sid} is not connected to {namespace}")
        if room is None or room == sid:
            return
        if self.is_sid_room(namespace, room):
            raise ValueError("cannot enter a sid room")
        self.rooms[namespace].setdefault(room, {})[sid] = member
        if member.rooms is None:
            member.rooms = set()
        member.rooms.add(room)

    def basic_leave_room(self, sid: str, namespace: str, room: Any) -> None:
        """Take a peer out of a room; unknown ones are ignored."""
        rooms = self.rooms.get(namespace, {})
        member = rooms.get(room, {}).pop(sid, None)
        if member is None:
            return
        if member.rooms is not None:
            member.rooms.discard(room)
        if not rooms[room]:
            del rooms[room]
            if not rooms:
                del self.rooms[namespace]

    def basic_close_room(self, room: Any, namespace: str) -> None:
        """Take all peers out of a room.

        Raises:
            ValueError: The room is a peer's id.
        """
        if self.is_sid_room(namespace, room):
            raise ValueError("cannot close a sid room")
        for sid in list(self.rooms.get(namespace, {}).get(room, ())):
            self.basic_leave_room(sid, namespace, room)

    def get_rooms(self, sid: str, namespace: str) -> list[Any]:
        """Return the rooms of a peer, its own id first."""
        member = self.find(sid, namespace)
        return [] if member is None else [sid, *(member.rooms or ())]

    def get_namespaces(self) -> list[str]:
        """Return the namespaces that have members."""
        return list(self.rooms)

    def get_participants(self, namespace: str, room: Any) -> Iterator[tuple[str, str]]:
        """Return the connected peers of one or several rooms, as pairs of their two ids."""
        for member in self.connected(namespace, room):
            yield member.sid, member.eio_sid

    def connected(self, namespace: str, room: Any) -> list[Member]:
        """Return the connected peers of one or several rooms, None being all."""
        return [member for member in self._recipients(namespace, room) if member.phase is _CONNECTED]

    def kept(self, namespace: str, room: Any) -> list[Member]:
        """Return the peers of rooms as `connected` does, and those that are away or about to come back."""
        return [member for member in self._recipients(namespace, room) if member.phase in _REACHED]

    def reaches(self, member: Member, room: Any) -> bool:
        """Return whether a member is in a room, or in one of several, None being all."""
        if room is None or room == member.sid:
            return True
        rooms = room if isinstance(room, list) else [room]
        return any(name == member.sid or name in (member.rooms or ()) for name in rooms)

    def _recipients(self, namespace: str, room: Any) -> Iterable[Member]:
        if isinstance(room, str):
            member = self.find(room, namespace)
            if member is not None:
                return (member,)
        elif room is not None and hasattr(room, "__len__") and not isinstance(room, bytes):
            return {
                member.sid: member for name in room for member in self._recipients(namespace, name)
            }.values()
        # Pending peers are in the namespace and maybe in rooms, and receive nothing from either.
        return [
            member
            for member in self.rooms.get(namespace, {}).get(room, {}).values()
            if member.phase in _REACHED
        ]

    # -- sending ---------------------------------------------------------------------------

    async def emit(
        self,
        event: str,
        data: Any,
        namespace: str,
        room: Any = None,
        skip_sid: Any = None,
        callback: Callable[..., Any] | None = None,
        to: Any = None,
        **kwargs: Any,
    ) -> None:
        """Send an event to one peer, a room or a namespace; encodes it once.

        Waits for clients that read more slowly than they are sent to, but not for long.

        Raises:
            RoomCallbackError: A callback is given without a client's id; nothing was sent.
            UnencodableError: The data have no JSON form; nothing was sent.
        """
        del kwargs  # upstream's ignore_queue
        if callback is not None:
            self.check_callback(namespace, to or room)
        await relieve(self.deliver(event, data, namespace, to or room, skip_sid=skip_sid, callback=callback))

    def deliver(
        self,
        event: str,
        data: Any,
        namespace: str,
        target: Any = None,
        *,
        skip_sid: Any = None,
        callback: Callable[..., Any] | None = None,
    ) -> Sequence[Member]:
        """Send an event to the clients of this process without waiting for any, and return those.

        Raises:
            UnencodableError: The data have no JSON form; nothing was sent.
        """
        if namespace not in self.members:
            return ()
        arguments = list_arguments(data)
        skipped = skip_sid if isinstance(skip_sid, (list, tuple, set, frozenset)) else (skip_sid,)
        recipients = [member for member in self._recipients(namespace, target) if member.sid not in skipped]
        if callback is not None:
            for member in recipients:
                if member.phase is _AWAY:
                    self.lose(callback, Unanswered.GONE)
                    continue
                # Encode first: a callback of a packet that can't be sent would wait for ever.
                frames = self.server.encode(
                    packets.EVENT, [event, *arguments], namespace, member.last_ack + 1
                )
                displaced = member.expect_ack(callback, self.server.limits.pending_acks)
                member.deliver(frames)
                if displaced is not None:
                    self.lose(displaced, Unanswered.DISPLACED)
        elif recipients and (trail := recipients[0].trail) is not None:
            trails = len(recipients) if recipients[0].phase in _REACHED else 0
            entry, frames = self.server.log.record(event, arguments, namespace, trail.form, trails)
            for member in recipients:
                member.collect(entry, frames)
        else:
            frames = self.server.encode(packets.EVENT, [event, *arguments], namespace)
            for member in recipients:
                member.deliver(frames)
        if (delivered := self.server.delivered) is not None:
            delivered(namespace, len(recipients))
        return recipients

    def check_callback(self, namespace: str, target: Any) -> None:
        """Refuse a callback that would run once for each member of a room, without saying whose answer it has.

        The id of a client that has left passes: that is not the caller's mistake. So does, for it looks the
        same, a room without members in this process.

        Raises:
            RoomCallbackError: `target` is not a client's id.
        """
        if not isinstance(target, str) or target in self.rooms.get(namespace, {}):
            what = (
                "all clients" if target is None else "several rooms" if isinstance(target, list) else "a room"
            )
            raise RoomCallbackError(
                f"callback= takes the answer of one client: pass its sid as 'to', not {what}; ask() asks many"
            )

    def lose(self, callback: Callable[..., Any], why: Unanswered) -> None:
        """Drop a callback whose client gives no answer."""
        if isinstance(callback, Answer | Question):
            callback.lose(why)
        elif why is Unanswered.DISPLACED and (unsaid := self._displaced.admits(None)) is not None:
            logger.warning(
                "a callback was forgotten: its client leaves more than pending_acks unanswered%s", unsaid
            )

    # -- callbacks over a message queue, as upstream's queue managers call them ------------

    def _generate_ack_id(self, sid: Any, callback: Callable[..., Any]) -> int:
        """Return an id for a room; `trigger_callback` receives the answer."""
        return self.relayed.add(sid, callback, self.server.limits.pending_acks)

    async def trigger_callback(self, sid: Any, id: int, data: Any) -> None:  # noqa: A002  # upstream's name
        """Pass on an answer that came over the queue; ignore it if no callback waits for it."""
        callback = self.relayed.take(sid, id)
        if callback is not None:
            self.server.calls.spawn_callback(callback, data)


def list_arguments(data: Any) -> list[Any]:
    """Return the arguments of an event, of which a tuple is several, and None none."""
    return list(data) if isinstance(data, tuple) else [] if data is None else [data]


def _release(member: Member) -> None:
    """Let go of what a member holds that has left its rooms."""
    member.phase = Phase.GONE
    member.callbacks = member.held = member.early = member.trail = None
    member.state = member.session = None  # what the endpoint and handlers keep there leads back to it


async def relieve(recipients: Sequence[Member]) -> None:
    """Wait for clients that read more slowly than they are sent to, but not for long."""
    outboxes = {member.connection.socket.outbox for member in recipients}
    waits = [outbox.relief() for outbox in outboxes if outbox.frames and outbox.congested]
    if waits:  # all at the same time: many that don't read cost no more than one
        await asyncio.gather(*waits)
