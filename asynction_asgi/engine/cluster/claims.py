"""Clients that have come back to this process, and whose sessions other processes have.

A claim asks all of them for a session. The queue has one order for all: up to the claim, the process that has
the session has kept for the client what it read, and from the claim on this one does. What either of the two
writes itself reaches its own clients before it is on the queue, so the answer says how many messages of its
process the client has, and what this process has written since the claim is added here.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...errors import RefusedError
from ...reasons import Dropped
from ..peers.members import Phase
from .catching_up import CatchingUp
from .journal import Journal
from .luggage import name_user, read_kept
from .messages import sender_of
from .relayed import UNREADABLE, read_number

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable

    from ..peers.event_log import Log
    from ..peers.members import Member
    from ..peers.returning import Returning
    from ..peers.rooms import Rooms
    from .broker import Delivery
    from .everywhere import OnQueue

# Of one session: a client that connects again and again, faster than it is answered, gets no more.
_MOST_ASKS = 8
# Of one claim, where other processes claim the session for connections that the client may have left. Each is put on
# the queue up to twice, so all that one connection asks is still awaited.
_MOST_REPEATS = 3
# Why a session was lost, as other processes may say it.
_REASONS = frozenset({"incomplete", "not JSON", "outage", "busy"})


@dataclass(slots=True, eq=False)
class _Ask:
    """A claim, as it was put on the queue.

    Attributes:
        claim: For what.
        number: Names it among those of this process.
        wrote: The place in the journal from which on the client needs what this process has written.
        read: The same of what it has read; None until the message itself was.
    """

    claim: _Claim
    number: int
    wrote: int
    read: int | None = None


@dataclass(slots=True, eq=False)
class _Claim:
    """A session that is on its way, maybe.

    Attributes:
        key: Names it.
        offset: What its client shows.
        user: Names the user.
        member: Its client, on its latest connection to this process.
        done: Resolves when the session is here, or will not come, or the client has another connection.
        outages: How many outages had begun.
        asks: How it was put on the queue, of late; each may still be answered, but only the last one may be
            denied.
        begun: The last of these that asked all processes.
        silent: The processes that have not said yet that they don't have it; None if not all of them are known.
        holders: The processes that have said that they have it, and not yet that it is gone.
        repeats: How often another process had a later claim, and this one was put on the queue again.
        timer: Ends the wait.
    """

    key: str
    offset: str | None
    user: str
    member: Member
    done: asyncio.Future[None]
    outages: int
    asks: list[_Ask] = field(default_factory=list)
    begun: _Ask | None = None
    silent: set[str] | None = None
    holders: set[str] = field(default_factory=set)
    repeats: int = 0
    timer: asyncio.TimerHandle | None = None


class Claims:
    """The sessions that this process has asked for.

    Args:
        queue: How this process reaches the others.
        rooms: Its clients.
        returning: Its sessions.
        log: Records the events that clients missed on their way.
        dismiss: Disconnects a client that is not connected yet, or is away.
        most: The most claims at the same time.
        most_bytes: The most that is kept of the queue meanwhile.
        patience: Seconds for which the process that has a session may wait for handlers.
        moved: Counts what becomes of sessions.
    """

    def __init__(
        self,
        queue: OnQueue,
        rooms: Rooms,
        returning: Returning,
        *,
        log: Log,
        dismiss: Callable[[str, str], Any],
        most: int,
        most_bytes: int,
        patience: float,
        moved: Counter[str],
    ) -> None:
        self._queue = queue
        self._returning = returning
        self._catching_up = CatchingUp(queue, rooms, log, dismiss)
        self._most = most
        self._seconds = queue.settings.rhythm.claim
        self._patience = patience
        self._moved = moved
        self._journal = Journal(queue.settings.codec.read, most_bytes)
        self._numbers = itertools.count(1)
        self._claims: dict[str, _Claim] = {}
        self._asks: dict[int, _Ask] = {}

    @property
    def reachable(self) -> bool:
        """Whether there are other processes, as far as is known."""
        link = self._queue.link
        return link is not None and bool(link.others)

    async def fetch(self, member: Member, key: str, offset: str | None) -> None:
        """Ask for a session; returns when it is here, or is known not to come, or was waited for long enough."""
        link = self._queue.link
        if link is None or (link.is_acquainted and not self.reachable):
            return
        user = name_user(member.endpoint.user(member), key)
        if user is None:
            self._moved["not JSON"] += 1
        elif not link.subscribed.is_set() or not link.outages.is_quiet:
            self._moved["outage"] += 1
        elif (claim := self._begin(member, key, offset, user, link.outages.begun)) is None:
            self._moved["busy"] += 1
        else:
            done = claim.done
            try:
                self._ask(claim)
                await done
            finally:
                if claim.done is done:
                    self._forget(claim)

    def _begin(self, member: Member, key: str, offset: str | None, user: str, outages: int) -> _Claim | None:
        """Return a new claim, or the one that the client has already left another connection for."""
        done = asyncio.get_running_loop().create_future()
        claim = self._claims.get(key)
        if claim is None:
            if len(self._claims) >= self._most:
                return None
            claim = self._claims[key] = _Claim(key, offset, user, member, done, outages)
        elif claim.user != user:
            return None
        else:
            if not claim.done.done():
                claim.done.set_result(None)
            claim.offset, claim.member, claim.done = offset, member, done
        claim.repeats = 0
        self._wait(claim, self._seconds)
        return claim

    def _wait(self, claim: _Claim, seconds: float) -> None:
        if claim.timer is not None:
            claim.timer.cancel()
        claim.timer = asyncio.get_running_loop().call_later(seconds, self._end, claim, "unanswered")

    def coming(self, key: str, user: object) -> asyncio.Future[None] | None:
        """Return what resolves when a session may be here that another process has claimed later, or None."""
        claim = self._claims.get(key)
        if claim is None or claim.user != user or claim.begun is None or claim.begun.read is None:
            return None
        return claim.done

    def _ask(self, claim: _Claim, *, ready: tuple[str, int] | None = None) -> None:
        """Put a claim on the queue.

        Args:
            claim: What is claimed.
            ready: The process that waits for this, and the number of the claim that it has answered.
        """
        link = self._queue.link
        if link is None:
            return
        number = next(self._numbers)
        link.put(
            {
                "host_id": self._queue.host_id,
                "method": "claim",
                "id": number,
                "namespace": claim.member.namespace,
                "key": claim.key,
                "offset": claim.offset,
                "user": claim.user,
                "ready": ready,
            }
        )
        link.follow(self)
        ask = self._asks[number] = _Ask(claim, number, wrote=self._journal.end)
        claim.asks.append(ask)
        if len(claim.asks) > _MOST_ASKS:
            del self._asks[claim.asks.pop(0).number]
            self._journal.forget(self._oldest)
        if ready is None:
            claim.begun = ask
            claim.holders.clear()
            claim.silent = link.others if link.is_acquainted else None
        else:
            claim.silent = {ready[0]}

    def _end(self, claim: _Claim, outcome: str) -> None:
        if not claim.done.done():
            self._moved[outcome] += 1
            claim.done.set_result(None)

    def _forget(self, claim: _Claim) -> None:
        if claim.timer is not None:
            claim.timer.cancel()
        if not claim.done.done():  # cancelled, and another process may wait for it
            claim.done.set_result(None)
        del self._claims[claim.key]
        for ask in claim.asks:
            del self._asks[ask.number]
        self._journal.forget(self._oldest)
        if not self._asks and self._queue.link is not None:
            self._queue.link.follow(None)

    @property
    def _oldest(self) -> int:
        """The place in the journal from which on a claim may need it."""
        return next((ask.wrote for ask in self._asks.values()), self._journal.end)

    # -- what passes on the queue ------------------------------------------------------------

    def wrote(self, text: str) -> None:
        """Note what this process has written."""
        self._journal.wrote(text)

    def read(self, delivery: Delivery, message: dict[str, Any] | None) -> None:
        """Note what came, and where this process's own claims are in it."""
        codec, own = self._queue.settings.codec, self._queue.host_id
        if message is not None:
            self._journal.took(message, len(delivery.body))
        elif codec.asks(delivery.body, own, "claim"):
            with contextlib.suppress(ValueError):
                ask = self._asks.get(codec.loads(delivery.body, now=delivery.taken).get("id"))
                if ask is not None and ask.read is None:
                    ask.read = self._journal.end

    # -- answers of other processes ------------------------------------------------------------

    def hold(self, message: dict[str, Any]) -> None:
        """Wait longer for a session that another process has, or ask for it again if it is ready.

        Raises:
            TypeError, LookupError: The message is malformed.
        """
        ask = self._find(message)
        if ask is None:
            return
        claim, holder = ask.claim, message["sender"]
        if not isinstance(holder, str):
            raise TypeError
        if message["ready"] is True:
            if ask is claim.begun:
                self._ask(claim, ready=(holder, ask.number))
            # Else the holder reads a later claim that asks all. If it were asked here and no longer had the session,
            # its answer would end the claim, while another process gives the session away for the later one.
            return
        if not claim.holders:
            self._wait(claim, self._patience + self._seconds)
        claim.holders.add(holder)

    def miss(self, message: dict[str, Any]) -> None:
        """Note that a process does not have a session; raises what `hold` does."""
        ask = self._find(message)
        if ask is not None and ask is ask.claim.asks[-1]:
            self._miss(ask.claim, message["sender"])

    def leave(self, process: str) -> None:
        """Note that a process has ended."""
        for claim in self._claims.values():
            self._miss(claim, process)

    def _miss(self, claim: _Claim, process: str) -> None:
        if claim.silent is not None:
            claim.silent.discard(process)
            if not claim.silent:
                self._end(claim, "unanswered")
                return
        if process in claim.holders:
            claim.holders.discard(process)
            if not claim.holders:  # others may have it, but no longer than for any claim
                self._wait(claim, self._seconds)

    def take(self, message: dict[str, Any]) -> None:
        """Take over a session, if nothing would be missing.

        Raises:
            TypeError, ValueError, LookupError: The message is malformed.
            RefusedError: The document does not allow one of its events.
        """
        ask = self._find(message)
        if ask is None:
            self._queue.settings.codec.drop(Dropped.UNASKED)
            return
        lost = message.get("lost")
        if lost is None:
            outcome = "incomplete"
            try:
                outcome = self._adopt(ask, message)
            finally:
                self._end(ask.claim, outcome)
        elif ask is not ask.claim.asks[-1]:
            return
        elif lost == "superseded":
            self._repeat(ask.claim)
        else:
            self._end(ask.claim, lost if lost in _REASONS else "incomplete")

    def _repeat(self, claim: _Claim) -> None:
        """Ask again where another process has asked later, for the session may be on its way there.

        Which connection of a client is the latest can't be told for sure.
        """
        if claim.repeats == _MOST_REPEATS or claim.member.phase is not Phase.PENDING:
            self._end(claim, "busy")
            return
        claim.repeats += 1
        self._wait(claim, self._seconds)
        self._ask(claim)

    def _find(self, message: dict[str, Any]) -> _Ask | None:
        """Return what a message answers, or None if nothing is awaited any more."""
        ask = self._asks.get(read_number(message))
        return None if ask is None or ask.claim.done.done() else ask

    def _adopt(self, ask: _Ask, message: dict[str, Any]) -> str:
        """Take over a session, and return what has become of it."""
        link, claim = self._queue.link, ask.claim
        member = claim.member
        if link is None or ask.read is None or link.outages.begun != claim.outages:
            return "outage"
        if self._journal.begin > ask.wrote:
            return "incomplete"
        last, kept = message["last"], read_kept(message)
        if type(last) is not int:
            raise TypeError
        if self._queue.check is not None:
            for _, event, *arguments in kept.events:
                data = arguments[0] if len(arguments) == 1 else tuple(arguments)
                self._queue.check(event, data, member.namespace)
        if not self._returning.adopt(member, claim.key, kept, claim.offset):
            return "incomplete"
        holder = sender_of(message)
        for note, passed in self._journal.since(ask.wrote, ask.read):
            if sender_of(passed) != holder or passed.get("n", 0) > last:
                with contextlib.suppress(RefusedError, *UNREADABLE):
                    self._catching_up.apply(member, note, passed)
        return "taken"
