"""What is kept for clients that may come back, and how they say that they do."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from .members import Member, Phase

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Sequence

    from .trails import Trail

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
    if (
        not isinstance(pid, str)
        or len(pid) != _PID_LENGTH
        or not pid.startswith(_PREFIX)
        or not pid.isascii()
    ):
        return None, auth
    rest = {name: value for name, value in auth.items() if name not in ("pid", "offset")}
    return Claim(pid, auth.get("offset")), rest or None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What a client gets back, on its way to another process.

    Attributes:
        sid: Its id; `shown_sid` as of `Peer`.
        rooms: The rooms that it is in.
        session: What `Server.session` keeps.
        last_ack: The last ack id given out.
        events: What it has missed: of each event the offset, the name, and the arguments.
    """

    sid: str
    shown_sid: str
    rooms: Sequence[str | int]
    session: Any
    last_ack: int
    events: Sequence[Sequence[Any]]


class Elsewhere(Protocol):
    """The processes that clients may come back from and to."""

    @property
    def reachable(self) -> bool:
        """Whether there are any, as far as is known."""

    async def fetch(self, member: Member, key: str, offset: str | None) -> None:
        """Call `Returning.adopt` if another process gives a client's session away; the wait is bounded."""


@dataclass(slots=True, eq=False)
class Session:
    """One client's stay in a namespace, over all of its connections.

    Attributes:
        member: What it is at present.
        trail: What the client may have missed.
        ended: Resolves once no handler of an away member is running; None while it is there.
        timer: Ends the session of a client that does not return.
        claimant: The latest process that waits for the session, and the number of its claim; None if none does.
    """

    member: Member
    trail: Trail
    ended: asyncio.Future[None] | None = None
    timer: asyncio.TimerHandle | None = None
    claimant: tuple[str, int] | None = None

    @property
    def is_settled(self) -> bool:
        """Whether its client is away, and no handler of it is running."""
        return self.member.phase is Phase.AWAY and self.ended is not None and self.ended.done()


def new_pid() -> str:
    """Return a new secret id of a session."""
    return _PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)


def key_of(pid: str) -> str:
    """Return what names a session without telling its secret id."""
    return hashlib.sha256(pid.encode()).hexdigest()
