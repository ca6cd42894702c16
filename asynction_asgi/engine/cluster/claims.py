"""Clients that came back to this process while their sessions are in other processes.

A claim asks all processes for a session. All of them read the queue in the same order: what was read before the
claim, the process that has the session has kept for the client; what is read after it, this process keeps.
Messages that either of the two writes reach its own clients before they are on the queue. So the answer says
how many messages of its process the client has, and this process adds what it has written since the claim.
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

# Per session: the limit for a client that reconnects again and again, faster than its claims are answered.
_MOST_ASKS = 8
# Per claim, if other processes claim the session for connections that the client may have left. Each repetition is
# queued up to twice, so that all claims of one connection are still awaited.
_MOST_REPEATS = 3
# Reasons for a lost session that other processes may give.
_REASONS = frozenset({"incomplete", "not JSON", "outage", "busy"})


@dataclass(slots=True, eq=False)
class _Ask:
    """A claim that was put on the queue.

    Attributes:
        claim: The claim.
        number: Identifies it among those of this process.
        wrote: The place in the journal from which the client needs what this process has written.
        read: The same for what this process has read; None until it has read this message itself.
    """

    claim: _Claim
    number: int
    wrote: int
    read: int | None = None


@dataclass(slots=True, eq=False)
class _Claim:
    """A session that this process waits for.

    Attributes:
        key: Identifies the session.
        offset: The offset that the client sent.
        user: Identifies the user.
        member: The client, on its latest connection to this process.
        done: Resolves when the session is here or will not come, or the client has another connection.
        outages: How many outages had begun.
        asks: Its latest messages on the queue; each may still be answered, but only the last may be denied.
        begun: The last of these that asked all processes.
        silent: The processes that have not yet denied having it; None if not all processes are known.
        holders: The processes that have said that they have it, and not yet that it is gone.
        repeats: How often this claim was queued again because another process had a later one.
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
        queue: This process's access to the others.
        rooms: Its clients.
        returning: Its sessions.
        log: Records the events that clients missed on their way.
        dismiss: Disconnects a client that is not connected yet, or is away.
        most: Maximum number of claims at the same time.
        most_bytes: Maximum size of the messages that are kept meanwhile, in bytes.
        patience: Seconds for which the process that has a session may wait for its handlers.
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
        """Ask for a session, and wait until it is here, is known not to come, or the time is over."""
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
        """Return a new claim, or that of the client's previous connection, or None if it is refused."""
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
        """Return a future that resolves when a session may be here that another process claimed later, or None."""
        claim = self._claims.get(key)
        if claim is None or claim.user != user or claim.begun is None or claim.begun.read is None:
            return None
        return claim.done

    def _ask(self, claim: _Claim, *, ready: tuple[str, int] | None = None) -> None:
        """Put a claim on the queue.

        Args:
            claim: The claim.
            ready: The process that waits for this message, and the number of the claim that it answered.
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
        """The place in the journal from which a claim may need the notes."""
        return next((ask.wrote for ask in self._asks.values()), self._journal.end)

    # -- what passes on the queue ------------------------------------------------------------

    def wrote(self, text: str) -> None:
        """Note what this process has written."""
        self._journal.wrote(text)

    def read(self, delivery: Delivery, message: dict[str, Any] | None) -> None:
        """Note a delivery, and the places of this process's own claims among the others."""
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
            # Otherwise the holder will read a later claim that asks all. If it were asked here and no longer had the
            # session, its answer would end the claim, while another process hands over the session for the later one.
            return
        if not claim.holders:
            self._wait(claim, self._patience + self._seconds)
        claim.holders.add(holder)

    def miss(self, message: dict[str, Any]) -> None:
        """Note that a process does not have a session; raises the errors of `hold`."""
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
            if not claim.holders:  # others may have it, but are not waited for longer than for any claim
                self._wait(claim, self._seconds)

    def take(self, message: dict[str, Any]) -> None:
        """Take over a session, if the client will miss nothing.

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
        """Ask again if another process has asked later, as the session may be on its way there.

        It cannot be known for sure which connection of a client is the latest.
        """
        if claim.repeats == _MOST_REPEATS or claim.member.phase is not Phase.PENDING:
            self._end(claim, "busy")
            return
        claim.repeats += 1
        self._wait(claim, self._seconds)
        self._ask(claim)

    def _find(self, message: dict[str, Any]) -> _Ask | None:
        """Return the claim that a message answers, or None if it is no longer awaited."""
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
