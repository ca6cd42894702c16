"""How clients that were cut off come back: Socket.IO's connection state recovery.

A client shows a secret id of its session, ``pid``, and the offset of the last event that it received, as
members of the auth object. It gets back its sid, rooms and session, and the events behind that offset; or it
gets a new session, if anything would be missing. Another process may have kept them: then they move here.

Source: Socket.IO 4.6, "Connection state recovery"; the protocol is socket.io-client's.
"""

from __future__ import annotations

import asyncio
from contextvars import Context
from typing import TYPE_CHECKING, Any

from .members import Member, Phase
from .sessions import Kept, Session, key_of, new_pid
from .trails import Trail

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ...spec.model import Recovery
    from ..limits import Limits
    from .event_log import Log
    from .rooms import Rooms
    from .sessions import Claim, Elsewhere

# A session can go to another process while its client waits for it here.
_ROUNDS = 3


def _shorten(environ: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what the log needs of an environ; a client that comes back has a new one."""
    return {"asgi.scope": {"client": environ["asgi.scope"].get("client")}}


def _let_go(member: Member) -> None:
    """Drop what the client of an away member presents again, once no handler of the lost connection is running."""
    running = {task for task in member.connection.running.values() if not task.done()}

    def drop_unless_running() -> None:
        if not running and member.phase is Phase.AWAY:
            member.environ = _shorten(member.environ)
            member.endpoint.let_go(member)

    def end(task: asyncio.Task[None]) -> None:
        running.discard(task)
        drop_unless_running()

    for task in tuple(running):
        task.add_done_callback(end)
    drop_unless_running()


class Returning:
    """Keeps the sessions of clients that may come back.

    Args:
        rooms: Where members are found.
        limits: How many, and for how long a return waits for what the client left behind.
        log: Keeps the events that clients bring from other processes.

    Attributes:
        changed: When a client went away last, or the session of one that was away ended here; by the event loop's clock.
        elsewhere: Where clients come from whose session is not here; None if they start a new one.
    """

    def __init__(self, rooms: Rooms, limits: Limits, log: Log) -> None:
        self._rooms = rooms
        self._limits = limits
        self._log = log
        self._sessions: dict[str, Session] = {}
        self._away: dict[str, Session] = {}  # those that left first come first
        self._fetching: dict[Member, bool] = {}  # whether they were cut off in the meantime
        self.changed = 0.0
        self.elsewhere: Elsewhere | None = None

    def begin(self, member: Member, recovery: Recovery | None) -> None:
        """Keep what a new member is sent, if the document says so."""
        if recovery is not None:
            member.trail = self._trail(member, recovery)

    def _trail(self, member: Member, recovery: Recovery) -> Trail:
        # What is sent again waits in the outbox, which would overflow.
        return Trail(self._log, member.namespace, recovery, self._limits.queued_bytes // 2)

    def offer(self, member: Member) -> str | None:
        """Return the id that the client of a new member can come back with, or None without recovery."""
        if (trail := member.trail) is None:
            return None
        pid = new_pid()
        trail.key = key_of(pid)
        self._sessions[trail.key] = Session(member, trail)
        return pid

    # -- going away ------------------------------------------------------------------------

    def keep(self, member: Member) -> bool:
        """Let a member go away for the time being; return whether its client can come back."""
        session = None if member.trail is None else self._sessions.get(member.trail.key)
        if session is None:
            if member in self._fetching:
                self._fetching[member] = True
            return False
        loop = asyncio.get_running_loop()
        self.changed, session.ended = loop.time(), loop.create_future()
        seconds, trail = session.trail.seconds, session.trail
        session.timer = loop.call_later(seconds, self.end, trail, context=Context())  # not the request's
        member.phase, member.held = Phase.AWAY, None
        self._away[session.trail.key] = session
        if len(self._away) > self._limits.recovery_sessions:
            self.end(next(iter(self._away.values())).trail)
        return True

    @property
    def can_move(self) -> bool:
        """Whether there are sessions that other processes, if there are any, take over."""
        return self.elsewhere is not None and bool(self._sessions)

    @property
    def is_shared(self) -> bool:
        """Whether other processes take over sessions from this one."""
        return self.elsewhere is not None and self.elsewhere.reachable

    @property
    def away(self) -> int:
        """The number of clients that are away and may come back."""
        return len(self._away)

    def settle(self, member: Member) -> None:
        """Note that the disconnect handler of an away member has run, and drop soon what its client won't get back."""
        _let_go(member)
        session = None if member.trail is None else self._sessions.get(member.trail.key)
        if session is not None and session.ended is not None and not session.ended.done():
            session.ended.set_result(None)

    def end(self, trail: Trail) -> None:
        """Forget a session: its client starts a new session. An away member is forgotten too, unless a handler is running."""
        session = self._sessions.pop(trail.key, None)
        if session is None:
            return
        if self._away.pop(trail.key, None) is not None:
            self.changed = asyncio.get_running_loop().time()
        if session.timer is not None:
            session.timer.cancel()
        member, ended = session.member, session.ended
        if member.phase is not Phase.AWAY or ended is None:
            return
        if ended.done():
            self._rooms.basic_disconnect(member.sid, member.namespace)
        else:
            member.phase = Phase.LEAVING
            ended.set_result(None)

    def close(self) -> None:
        """Forget all sessions."""
        for session in list(self._sessions.values()):
            self.end(session.trail)

    # -- coming back -----------------------------------------------------------------------

    def find(
        self, key: str, namespace: str, offset: Any, is_same: Callable[[Member], bool]
    ) -> Session | None:
        """Return the session that a client wants back, or None if it can't have it.

        Args:
            key: Names the session.
            namespace: Where the client connects.
            offset: What it shows.
            is_same: Returns whether a member is of the same user.
        """
        session = self._sessions.get(key)
        if session is None or session.member.namespace != namespace:
            return None
        is_leaving = session.member.phase not in (Phase.CONNECTED, Phase.RETURNING, Phase.AWAY)
        if is_leaving or not session.trail.understands(offset) or not is_same(session.member):
            return None
        return session

    async def part(self, session: Session, cut: Callable[[Member], None]) -> None:
        """End the connection that a session has, if any, and wait for its handlers, but not for long.

        Args:
            session: Its client is back on another connection.
            cut: Ends the connection of a member.
        """
        if session.member.phase is not Phase.AWAY:
            cut(session.member)
        if session.member.phase is Phase.AWAY and session.ended is not None:
            await asyncio.wait([session.ended], timeout=self._limits.drain_seconds)

    async def restore(self, member: Member, claim: Claim, cut: Callable[[Member], None]) -> None:
        """Make a pending member what its client was before, if nothing would be missing.

        Args:
            member: Has passed the checks; `Member.recovered` is then set.
            claim: What its client shows.
            cut: Ends the connection of a member whose client is back before its loss was noticed.
        """
        if member.trail is None or not member.trail.understands(claim.offset):
            return
        key = key_of(claim.pid)
        for _ in range(_ROUNDS):
            if key in self._sessions:
                if await self._restore_here(member, key, claim.offset, cut) or self.elsewhere is None:
                    return
            elif self.elsewhere is not None and member.phase is Phase.PENDING:
                await self._fetch(self.elsewhere, member, key, claim.offset)
                if member.recovered or key not in self._sessions:
                    return
            else:
                return

    async def _fetch(self, elsewhere: Elsewhere, member: Member, key: str, offset: str | None) -> None:
        self._fetching[member] = False
        try:
            await elsewhere.fetch(member, key, offset)
        finally:
            del self._fetching[member]

    async def _restore_here(
        self, member: Member, key: str, offset: str | None, cut: Callable[[Member], None]
    ) -> bool:
        """Restore a session of this process; return False if it went to another one in the meantime."""
        endpoint = member.endpoint
        now = endpoint.user(member)

        def is_same(old: Member) -> bool:
            before = endpoint.user(old)
            return type(before) is type(now) and bool(before == now)

        session = self.find(key, member.namespace, offset, is_same)
        if session is None:
            return True
        old = session.member
        await self.part(session, cut)
        if self._sessions.get(key) is not session:
            return False
        if session.member is old:
            self._take(session, member, offset)
        return True

    def _take(self, session: Session, member: Member, offset: Any) -> None:
        trail = session.trail
        if not session.is_settled or member.phase is not Phase.PENDING:
            return
        trail.seek(offset)
        if not trail.is_whole:
            self.end(trail)
            return
        if session.timer is not None:
            session.timer.cancel()
        session.timer = session.ended = session.claimant = None
        del self._away[trail.key]
        trail.unmark()
        self._rooms.take_over(member, session.member)
        session.member, member.recovered = member, True

    # -- moving to another process, and from there ---------------------------------------------

    def pack(self, session: Session, offset: str | None) -> Kept | None:
        """Return what the client of a settled session gets back, or None if anything is missing.

        Raises:
            UndecodableError: Something that it has missed can't be read.
        """
        trail, member = session.trail, session.member
        trail.seek(offset)
        if not trail.is_whole:
            return None
        return Kept(
            sid=member.sid,
            shown_sid=member.shown_sid,
            rooms=list(member.rooms or ()),
            session=member.session,
            last_ack=member.last_ack,
            events=list(trail.events()),
        )

    def adopt(self, member: Member, key: str, kept: Kept, offset: str | None) -> bool:
        """Make a member what its client was in another process; return whether it can be that.

        Args:
            member: Waits for this in `restore`, and is connecting, or was cut off in the meantime.
            key: Names the session.
            kept: What the other process has given away.
            offset: What its client shows, maybe since the other process was asked.

        Raises:
            UnencodableError: One of the events has no form on the wire here; nothing has changed.
        """
        was_cut = self._fetching.get(member, False)
        recovery = member.endpoint.recovery(member.namespace)
        if not (member.phase is Phase.PENDING or was_cut) or recovery is None or key in self._sessions:
            return False
        trail = self._trail(member, recovery)
        trail.key = key
        for name, event, *arguments in kept.events:
            trail.add(self._log.record_moved(name, event, arguments, member.namespace, trail.form))
        trail.seek(offset)
        if not trail.is_whole or self._rooms.find(kept.sid, member.namespace) is not None:
            return False
        member.trail, member.held = trail, None
        member.session, member.last_ack = kept.session, kept.last_ack
        member.recovered, member.phase = True, Phase.RETURNING
        self._rooms.rename(member, kept.sid, kept.shown_sid, kept.rooms)
        self._sessions[key] = Session(member, trail)
        if was_cut:
            self.keep(member)
        return True
