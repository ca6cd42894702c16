"""State of one client: its transport, and its peer in each namespace."""

from __future__ import annotations

import asyncio
import contextvars
import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from ..buckets import Bucket, exceeded
from ..endpoint import Peer
from ..wire.frames import Burst

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Callable, Iterable, Mapping

    from ...errors import RefusedError
    from ..endpoint import Endpoint, Limiter, Sender
    from ..limits import Limits
    from ..ports import Transport
    from ..wire.frames import Frame
    from ..wire.packets import Packet
    from .event_log import Entry
    from .trails import Trail


class Arrival(NamedTuple):
    """An event that waits for its turn.

    Attributes:
        size: On the wire, in bytes.
        context: What its handler will run in; for this event alone.
    """

    ack_id: int | None
    payload: list[Any]
    size: int
    context: contextvars.Context


@dataclass(slots=True)
class Partial:
    """A binary packet and those of its attachments that came so far."""

    packet: Packet
    attachments: list[bytes]
    size: int


class Phase(enum.Enum):
    """Where a peer stands; rooms and broadcasts reach it from its acceptance to its end."""

    PENDING = "its connect handler is running"
    RETURNING = "its connect handler is running, and what it missed is kept for it"
    CONNECTED = "connected"
    AWAY = "its connection is gone, and what it misses is kept for it"
    LEAVING = "its disconnect handler is running"
    GONE = "forgotten"


# By name, because Python 3.11 takes its time to look members of an Enum up.
_PENDING, _RETURNING, _CONNECTED, _AWAY = Phase.PENDING, Phase.RETURNING, Phase.CONNECTED, Phase.AWAY


class Member(Peer[Any]):
    """A peer with what delivers to it and what waits for it.

    Attributes:
        admit: What refuses events that come too often, or None if nothing limits them.
        connection: The transport beneath.
        endpoint: Who decides for this namespace.
        phase: Where it stands.
        rooms: The rooms that it entered, its own id and the namespace aside.
        callbacks: Waiters for an acknowledgement, by ack id. Ids are never reused.
        last_ack: The last ack id given out.
        held: Frames that wait for the CONNECT answer.
        early: Events that arrived before the CONNECT answer, in order.
        lane: Events that wait behind a serial handler; None while none runs.
        connecting: The task of its connect handler.
        dismissed: Whether the application disconnected it before that ended.
        reason: Why it left.
        session: What `Server.session` keeps.
        trail: What the client may not have received; None in a namespace without recovery.
    """

    __slots__ = (
        "admit",
        "callbacks",
        "connecting",
        "connection",
        "dismissed",
        "early",
        "endpoint",
        "held",
        "lane",
        "last_ack",
        "phase",
        "reason",
        "rooms",
        "session",
        "trail",
    )

    def __init__(
        self,
        *,
        sid: str,
        namespace: str,
        environ: Mapping[str, Any],
        connection: Connection,
        endpoint: Endpoint,
        sender: Sender,
    ) -> None:
        super().__init__(
            sid=sid, eio_sid=connection.socket.sid, namespace=namespace, environ=environ, sender=sender
        )
        self.admit = connection.admit
        self.connection = connection
        self.endpoint = endpoint
        self.phase = _PENDING
        self.rooms: set[Any] | None = None
        self.callbacks: dict[int, Callable[..., Any]] | None = None
        self.last_ack = 0
        self.held: list[Frame] | None = None
        self.early: deque[Arrival] | None = None
        self.lane: deque[Arrival] | None = None
        self.connecting: asyncio.Task[None] | None = None
        self.dismissed = False
        self.reason = ""
        self.session: Any = {}
        self.trail: Trail | None = None

    @property
    def recoverable(self) -> bool:
        """Whether its client may come back and find it as it is."""
        return self.phase is _AWAY

    def collect(self, entry: Entry, frames: list[Frame]) -> None:
        """Send an event that has an offset, and keep it until the client has confirmed it."""
        trail, phase = self.trail, self.phase
        if trail is None:
            return
        if phase is _CONNECTED:
            trail.add(entry)
            if self.held is not None:
                self.held += frames
            elif type(frames) is Burst:
                self.connection.socket.outbox.deliver_together(frames)
            else:
                self.connection.socket.outbox.deliver(frames)
        elif phase is _PENDING:
            trail.add(entry)
            self.deliver(frames)
        elif phase is _AWAY or phase is _RETURNING:
            trail.add(entry)  # it is sent when the client has come back

    def deliver(self, frames: list[Frame]) -> None:
        """Send now, or after the answer to CONNECT."""
        if self.held is not None:
            self.held += frames
        elif self.phase is _CONNECTED:
            self.connection.socket.outbox.deliver(frames)
        elif self.phase is _PENDING or self.phase is _RETURNING:
            self.held = list(frames)

    def release(self) -> None:
        """Send what was held."""
        held, self.held = self.held, None
        if held:
            self.deliver(held)

    def limit(self) -> None:
        """Limit its events from now on as its endpoint says, besides the limit of its connection."""
        first, second = self.connection.admit, self.limiter
        if first is None or second is None:
            self.admit = first or second
        else:
            self.admit = lambda peer, event: first(peer, event) or second(peer, event)

    def take_early(self) -> Iterable[Arrival]:
        """Return what arrived before the connect handler decided, which waits no more."""
        early, self.early = self.early or (), None
        for arrival in early:
            self.connection.discount(arrival)
        return early

    def expect_ack(self, callback: Callable[..., Any], most: int) -> Callable[..., Any] | None:
        """Let `callback` wait for a new ack id, `last_ack`; beyond `most`, returns the oldest in its place.

        The oldest gives way, not the newest: callbacks have no timeout, so a client that once left
        `most` unanswered could never be asked again. Only questions to this very client compete.
        """
        displaced = None
        if self.callbacks is None:
            self.callbacks = {}
        elif len(self.callbacks) >= most:
            displaced = self.callbacks.pop(next(iter(self.callbacks)))
        self.connection.made_room(urgent=True)  # the answer can't come while nothing is read
        self.last_ack += 1
        self.callbacks[self.last_ack] = callback
        return displaced

    def forget_ack(self, callback: Callable[..., Any]) -> None:
        """Let `callback` wait for its acknowledgement no more."""
        callbacks = self.callbacks or {}
        for ack_id in [ack_id for ack_id, waiting in callbacks.items() if waiting is callback]:
            del callbacks[ack_id]


class Connection:
    """One Engine.IO transport as the Socket.IO layer sees it.

    Attributes:
        socket: The transport.
        context: The context variables of the ASGI call that opened it, or upgraded it to WebSocket.
        members: By namespace, pending and connected peers.
        left: Namespaces that it was in, so that packets which crossed a disconnect are forgiven.
        partial: A binary packet whose attachments are not all there.
        parting: Peers that left, until their disconnect handlers have run.
        running: Tasks of event handlers.
        draining: Whether the backlog is being served right now.
        backlog: Events that wait for one of them to end.
        waiting: How many events wait, in the backlog, in lanes and for a connect handler.
        held_bytes: How large these events were on the wire, and those whose handlers run.
        refusals: CONNECTs that were refused.
        admit: What refuses events of any namespace that come too often, or None without that limit.
        closed: Set once nothing more is taken from the client.
    """

    __slots__ = (
        "admit",
        "backlog",
        "closed",
        "context",
        "draining",
        "held_bytes",
        "left",
        "limits",
        "loop",
        "members",
        "partial",
        "parting",
        "refusals",
        "room",
        "running",
        "serial",
        "socket",
        "timer",
        "waiting",
    )

    def __init__(self, socket: Transport, limits: Limits) -> None:
        self.socket = socket
        self.limits = limits
        self.loop = asyncio.get_running_loop()
        self.context = contextvars.copy_context()
        self.members: dict[str, Member] = {}
        self.left: set[str] | None = None
        self.partial: Partial | None = None
        self.parting = 0
        self.draining = False
        self.running: dict[int, asyncio.Task[None]] = {}
        self.serial = 0
        self.backlog: deque[tuple[Member, Arrival]] | None = None
        self.waiting = self.held_bytes = 0
        self.room: asyncio.Future[None] | None = None
        self.timer: asyncio.TimerHandle | None = None
        self.closed = False
        self.refusals = 0
        self.admit = _limiter(limits)

    @property
    def full(self) -> bool:
        """Whether there is no place for another event; beside a single handler there always is."""
        limits = self.limits
        if self.waiting >= limits.backlog:
            return True
        return self.held_bytes >= limits.backlog_bytes and (self.waiting > 0 or len(self.running) > 1)

    @property
    def awaits_acks(self) -> bool:
        """Whether a handler may be waiting for this client, whose input must then go on."""
        return any(member.callbacks for member in self.members.values())

    def stop_timer(self) -> None:
        """Let nothing close the connection for having no namespace."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

    def remember_left(self, namespace: str) -> None:
        """Forgive later packets for `namespace`, within bounds."""
        if self.left is None or len(self.left) >= 2 * self.limits.namespaces:
            self.left = set()
        self.left.add(namespace)

    def mark(self) -> None:
        """Note that a ping follows what was sent until now."""
        for member in self.members.values():
            if member.trail is not None and member.phase is _CONNECTED and member.held is None:
                member.trail.mark()

    def confirm(self) -> None:
        """Note that the client has answered the ping."""
        for member in self.members.values():
            if member.trail is not None and member.phase is _CONNECTED:
                member.trail.confirm()

    def count(self, arrival: Arrival) -> None:
        """Count an event that begins to wait."""
        self.waiting += 1
        self.held_bytes += arrival.size

    def discount(self, arrival: Arrival) -> None:
        """Count an event no more that waited, and whose handler does not start now."""
        self.waiting -= 1
        self.held_bytes -= arrival.size
        self.made_room()

    def has_room_behind(self, size: int) -> bool:
        """Return whether there is place for others behind an event of so many bytes, so that its client goes on."""
        limits = self.limits
        return self.waiting + 1 < limits.backlog and self.held_bytes + size < limits.backlog_bytes

    def drop_backlog(self) -> None:
        """Drop the events that wait for a handler to end."""
        while self.backlog:
            self.discount(self.backlog.popleft()[1])

    def made_room(self, *, urgent: bool = False) -> None:
        """Wake the reader if it waits for the backlog to shrink, and it has or the matter is urgent."""
        if self.room is not None and (urgent or self.closed or not self.full):
            if not self.room.done():
                self.room.set_result(None)
            self.room = None


def _limiter(limits: Limits) -> Limiter | None:
    """Return what counts the events of one connection against `Limits.events_per_second`, or None."""
    rate = limits.events_per_second
    if rate is None:
        return None
    bucket, limit = Bucket(rate, max(rate, 1.0)), limits.name("events_per_second")

    def admit(_: Peer[Any], __: str) -> RefusedError | None:
        if wait := bucket.wait():
            return exceeded(limit, wait)
        bucket.take()
        return None

    return admit
