"""How clients that were cut off come back: Socket.IO's connection state recovery.

A client shows a secret id of its session, ``pid``, and the offset of the last event that it received, as
members of the auth object. It gets back its sid, rooms and session, and the events behind that offset; or it
gets a new session, if anything would be missing.

Source: Socket.IO 4.6, "Connection state recovery"; the protocol is socket.io-client's.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from .members import Member, Phase
from .trails import Trail

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...spec.model import Recovery
    from ..limits import Limits
    from .rooms import Rooms

_PREFIX = "r1"
_RANDOM_BYTES = 18
_PID_LENGTH = len(_PREFIX) + _RANDOM_BYTES * 4 // 3


class Claim(NamedTuple):
    """What a client shows that wants its session back."""

    pid: str
    offset: Any


def split_auth(auth: Any) -> tuple[Claim | None, Any]:
    """Return what an auth object claims, or None, and the rest of it, which is the application's."""
    pid = auth.get("pid") if isinstance(auth, dict) else None
    if not isinstance(pid, str) or len(pid) != _PID_LENGTH or not pid.startswith(_PREFIX):
        return None, auth
    rest = {name: value for name, value in auth.items() if name not in ("pid", "offset")}
    return Claim(pid, auth.get("offset")), rest or None


@dataclass(slots=True, eq=False)
class _Session:
    """One client's stay in a namespace, over all of its connections.

    Attributes:
        member: What it is at present.
        trail: What the client may have missed.
        ended: Resolves once no handler of an away member is running; None while it is there.
        timer: Ends the session of a client that does not return.
    """

    member: Member
    trail: Trail
    ended: asyncio.Future[None] | None = None
    timer: asyncio.TimerHandle | None = None


class Returning:
    """Keeps the sessions of clients that may come back.

    Args:
        rooms: Where members are found.
        limits: How many, and for how long a return waits for what the client left behind.
    """

    def __init__(self, rooms: Rooms, limits: Limits) -> None:
        self._rooms = rooms
        self._limits = limits
        self._sessions: dict[str, _Session] = {}
        self._away: dict[str, _Session] = {}  # those that left first come first

    def begin(self, member: Member, recovery: Recovery | None) -> None:
        """Keep what a new member is sent, if the document says so."""
        if recovery is not None:  # what is sent again waits in the outbox, which would overflow
            member.trail = Trail(recovery, self._limits.queued_bytes // 2)

    def offer(self, member: Member) -> str | None:
        """Return the id that the client of a new member can come back with, or None without recovery."""
        if (trail := member.trail) is None:
            return None
        pid = _PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)
        trail.key = _key(pid)
        self._sessions[trail.key] = _Session(member, trail)
        return pid

    # -- going away ------------------------------------------------------------------------

    def keep(self, member: Member) -> bool:
        """Let a member go away for the time being; return whether its client can come back."""
        session = None if member.trail is None else self._sessions.get(member.trail.key)
        if session is None:
            return False
        loop = asyncio.get_running_loop()
        session.ended = loop.create_future()
        session.timer = loop.call_later(session.trail.seconds, self.end, session.trail)
        member.phase, member.held = Phase.AWAY, None
        self._away[session.trail.key] = session
        if len(self._away) > self._limits.recovery_sessions:
            self.end(next(iter(self._away.values())).trail)
        return True

    def settle(self, member: Member) -> None:
        """Note that no handler of an away member is running any more."""
        session = None if member.trail is None else self._sessions.get(member.trail.key)
        if session is not None and session.ended is not None and not session.ended.done():
            session.ended.set_result(None)

    def end(self, trail: Trail) -> None:
        """Forget a session: its client starts a new session. An away member is forgotten too, unless a handler is running."""
        session = self._sessions.pop(trail.key, None)
        if session is None:
            return
        self._away.pop(trail.key, None)
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

    async def restore(self, member: Member, claim: Claim, cut: Callable[[Member], None]) -> None:
        """Make a pending member what its client was before, if nothing would be missing.

        Args:
            member: Has passed the checks; `Member.recovered` is then set.
            claim: What its client shows.
            cut: Ends the connection of a member whose client is back before its loss was noticed.
        """
        session = None if member.trail is None else self._sessions.get(_key(claim.pid))
        if session is None or session.member.namespace != member.namespace:
            return
        if not session.trail.understands(claim.offset):
            return
        old, endpoint = session.member, member.endpoint
        if old.phase not in (Phase.CONNECTED, Phase.RETURNING, Phase.AWAY):
            return  # it is leaving for good
        before, now = endpoint.user(old), endpoint.user(member)
        if type(before) is not type(now) or before != now:
            return
        if old.phase in (Phase.CONNECTED, Phase.RETURNING):
            cut(old)
        if old.phase is not Phase.AWAY or session.ended is None:
            return
        await asyncio.wait([session.ended], timeout=self._limits.drain_seconds)
        if self._sessions.get(session.trail.key) is session and session.member is old:
            self._take(session, member, claim.offset)

    def _take(self, session: _Session, member: Member, offset: Any) -> None:
        trail = session.trail
        if session.ended is None or not session.ended.done() or member.phase is not Phase.PENDING:
            return
        trail.seek(offset)
        if not trail.is_whole:
            self.end(trail)
            return
        if session.timer is not None:
            session.timer.cancel()
        session.timer = session.ended = None
        del self._away[trail.key]
        trail.unmark()
        self._rooms.take_over(member, session.member)
        session.member, member.recovered = member, True


def _key(pid: str) -> str:
    return hashlib.sha256(pid.encode()).hexdigest()
