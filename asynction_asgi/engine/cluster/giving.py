"""Sessions of this process whose clients came back to another one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from ...logs import Throttle
from ..logs import logger
from ..wire.codec import UndecodableError, UnencodableError
from .luggage import members_of, name_user
from .relayed import name_namespace, read_number

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable

    from ..peers.members import Member
    from ..peers.returning import Returning
    from ..peers.sessions import Session
    from ..tasks import Tasks
    from .claims import Claims
    from .everywhere import OnQueue
    from .process_id import Identity


class Giving:
    """Answers the claims of other processes.

    The answer has the state of the session at the moment when the claim was read: by the order of the queue,
    the other process knows what to add.

    Args:
        rooms: This process's access to the others.
        identity: Names this process, and numbers its messages.
        returning: Its sessions.
        claims: The sessions that this process has asked for.
        cut: Ends the connection of a member whose client came back elsewhere.
        tasks: Runs the waits for handlers.
        moved: Counts what becomes of sessions.
    """

    def __init__(
        self,
        rooms: OnQueue,
        identity: Identity,
        returning: Returning,
        claims: Claims,
        *,
        cut: Callable[[Member], None],
        tasks: Tasks,
        moved: Counter[str],
    ) -> None:
        self._rooms = rooms
        self._identity = identity
        self._returning = returning
        self._claims = claims
        self._cut = cut
        self._tasks = tasks
        self._moved = moved
        self._unheld: dict[tuple[str, int], asyncio.TimerHandle] = {}
        self._unsaid = Throttle()

    def take(self, message: dict[str, Any]) -> None:
        """Hand over a session, or announce that it will be ready soon.

        Claims of another user are answered as if the session did not exist.

        Raises:
            TypeError, LookupError: The message is malformed.
        """
        host, number, key, offset = (
            message["host_id"],
            read_number(message),
            message["key"],
            message["offset"],
        )
        user, namespace = message["user"], name_namespace(message)
        if host == self._identity.name:
            return
        if not isinstance(host, str) or not isinstance(key, str):
            raise TypeError

        def is_same(member: Member) -> bool:
            return bool(name_user(member.endpoint.user(member), key) == user)

        def find() -> Session | None:
            return self._returning.find(key, namespace, offset, is_same)

        session, claimant = find(), (host, number)
        if message["ready"] is not None:
            holder, earlier = message["ready"]
            if holder != self._identity.name:
                return
            if session is not None and session.is_settled and session.claimant == (host, earlier):
                self._give(session, offset, host, number)
            else:
                self._rooms.answer("adopt", host, number, lost="superseded")
            return
        coming = self._claims.coming(key, user)
        if session is not None and session.is_settled:
            self._give(session, offset, host, number)
        elif session is not None or coming is not None:
            self._rooms.answer("held", host, number, ready=False)
            self._tasks.spawn(self._prepare(find, coming, claimant))
        else:
            self._deny_later(find, claimant)

    async def _prepare(
        self,
        find: Callable[[], Session | None],
        coming: asyncio.Future[None] | None,
        claimant: tuple[str, int],
    ) -> None:
        """Request another claim once the session is here and none of its handlers is running.

        Only the latest of several claims counts: the client has left the connections of the others.
        """
        if coming is not None:
            await asyncio.wait([coming])
        session = find()
        if session is None:  # but its client may have another connection here by now, whose claim goes on
            self._deny_later(find, claimant)
            return
        session.claimant = claimant
        await self._returning.part(session, self._cut)
        if session is not find() or session.claimant != claimant:
            self._rooms.answer("adopt", *claimant, lost="superseded")
        elif session.is_settled:
            self._rooms.answer("held", *claimant, ready=True)
        else:
            self._rooms.answer("adopt", *claimant, lost="busy")

    def forget(self, message: dict[str, Any]) -> None:
        """Forget a claim that another process has decided: this one no longer denies it.

        Other answers, that a process holds the session or does not, change nothing here.

        Raises:
            TypeError, LookupError: The answer is malformed.
        """
        timer = self._unheld.pop((message["host_id"], read_number(message)), None)
        if timer is not None:
            timer.cancel()

    def _deny_later(self, find: Callable[[], Session | None], claimant: tuple[str, int]) -> None:
        seconds = self._rooms.settings.rhythm.unheld
        self._unheld[claimant] = asyncio.get_running_loop().call_later(seconds, self._deny, find, claimant)

    def _deny(self, find: Callable[[], Session | None], claimant: tuple[str, int]) -> None:
        """Deny having a session; if it has arrived since the claim was read, request another claim.

        For a claimant that no longer waits, nothing is done: the client may be connected here.
        """
        del self._unheld[claimant]
        if find() is None:
            self._rooms.answer("unheld", *claimant)
        else:
            self._rooms.answer("adopt", *claimant, lost="superseded")

    def _give(self, session: Session, offset: str | None, host: str, number: int) -> None:
        link = self._rooms.link
        if link is None:
            return
        if not link.outages.is_quiet:  # this process may have read what the other one has not, or not yet
            self._rooms.answer("adopt", host, number, lost="outage")
            return
        text, lost = self._pack(session, offset, host, number)
        self._returning.end(session.trail)
        if text is None:
            self._rooms.answer("adopt", host, number, lost=lost)
        else:
            self._moved["given"] += 1
            link.write(text)

    def _pack(self, session: Session, offset: str | None, host: str, number: int) -> tuple[str | None, str]:
        """Return the message that gives a session away; None if that is impossible, and the reason."""
        codec, own = self._rooms.settings.codec, self._identity
        head: dict[str, Any] = {
            "sender": own.name,
            "method": "adopt",
            "host_id": host,
            "id": number,
            "last": own.last,
        }
        try:
            kept = self._returning.pack(session, offset)
            if kept is None:
                return None, "incomplete"
            if codec.returns(kept.session):
                return codec.emit(list(kept.events), **head, **members_of(kept)), ""
        except (UndecodableError, UnencodableError):
            return None, "incomplete"
        if (unsaid := self._unsaid.admits(None)) is not None:
            logger.warning(
                "a session of %s was not handed over to another process: it holds more than JSON; save only"
                " dicts with str keys, lists, str, numbers, bool and None%s",
                session.member.namespace,
                unsaid,
            )
        return None, "not JSON"
