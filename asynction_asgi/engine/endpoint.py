"""What the engine asks of the layer above: the whole interface between transport and contract.

The engine owns packets, transports, rooms, limits and order; an `Endpoint` decides what a
connection or an event means. The engine frames the answers: an ack id is answered exactly once,
a refusal without one travels as the event ``exception``, a refused CONNECT as CONNECT_ERROR.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeAlias, TypeVar

from .logs import fields_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from ..errors import RefusedError
    from ..spec.model import Ordering, Recovery
    from .room_names import Audience, Room

StateT = TypeVar("StateT")


Limiter: TypeAlias = "Callable[[Peer[Any], str], RefusedError | None]"


class Sender(Protocol):
    """What an endpoint may do to clients once they are there; nothing is checked against a contract."""

    async def emit(
        self,
        event: str,
        data: Any = None,
        to: Audience | None = None,
        room: Audience | None = None,
        skip_sid: str | Collection[str] | None = None,
        namespace: str | None = None,
        callback: Callable[..., Any] | None = None,
        ignore_queue: bool = False,  # noqa: FBT001, FBT002  # python-socketio's signature
    ) -> None:
        """Emit an event to a client, a room, several rooms, or every client of a namespace."""
        ...

    async def request(
        self,
        event: str,
        data: Any,
        *,
        to: str,
        namespace: str,
        timeout: float | None,  # noqa: ASYNC109  # python-socketio's parameter
        ignore_queue: bool = False,
    ) -> tuple[Any, ...]:
        """Emit to one client and return the arguments of its acknowledgement.

        Raises:
            TimeoutError: No answer came within `timeout` seconds.
            DisconnectedError: The client is not connected, or left before it answered.
        """
        ...

    def expel(self, sid: str, namespace: str, error: RefusedError) -> None:
        """Send a client of this process the reason as the event ``exception``, and disconnect it."""
        ...

    async def disconnect(self, sid: str, namespace: str | None = None, ignore_queue: bool = False) -> None:  # noqa: FBT001, FBT002  # python-socketio's signature
        """Disconnect a client from a namespace."""
        ...

    async def enter_room(self, sid: str, room: Room, namespace: str | None = None) -> None:
        """Put a client into a room.

        Raises:
            ValueError: The client is not connected.
        """
        ...

    async def leave_room(self, sid: str, room: Room, namespace: str | None = None) -> None:
        """Take a client out of a room."""
        ...

    def check_depth(self, arguments: Sequence[Any]) -> None:
        """Refuse arguments that nest deeper than clients may send.

        Raises:
            UndecodableError: They do; it must leave `Endpoint.event`, which closes the connection.
        """
        ...

    def rooms(self, sid: str, namespace: str | None = None) -> Sequence[str | int]:
        """Return the rooms of a client of this process, its own included."""
        ...

    async def get_session(self, sid: str, namespace: str | None = None) -> Any:
        """Return a client's session.

        Raises:
            KeyError: The client is not connected.
        """
        ...

    async def save_session(self, sid: str, session: Any, namespace: str | None = None) -> None:
        """Replace a client's session.

        Raises:
            KeyError: The client is not connected.
        """
        ...


class Peer(Generic[StateT]):
    """One client's connection to one namespace.

    Attributes:
        sid: Socket.IO's id of this connection, unique per namespace.
        shown_sid: The id that the client receives for it, `sid` unless `Endpoint.connect` sets another.
        eio_sid: Engine.IO's id of the transport beneath, shared by its namespaces.
        namespace: The concrete namespace, such as ``/rooms/7``.
        environ: The WSGI-style environ of the opening request; ``asgi.scope`` holds the scope.
        sender: How the endpoint reaches this client and others.
        state: Belongs to the endpoint, whose `check_connect` sets it first; None before, and when the client has left.
        ordered: Set by the endpoint where events have an ordering of their own; only then it is asked.
        recovered: Whether it continues an earlier connection; known when `Endpoint.connect` is called.
        limiter: Set by the endpoint where rates limit the client's events: called with the peer and the name of
            each event that arrives, it returns a refusal, or None to let the event pass.
        ends: Set by the endpoint: what learns how its events have ended; with None, nothing reads the clock.
    """

    __slots__ = (
        "eio_sid",
        "ends",
        "environ",
        "limiter",
        "namespace",
        "ordered",
        "recovered",
        "sender",
        "shown_sid",
        "sid",
        "state",
    )

    def __init__(
        self, *, sid: str, eio_sid: str, namespace: str, environ: Mapping[str, Any], sender: Sender
    ) -> None:
        self.sid = self.shown_sid = sid
        self.eio_sid = eio_sid
        self.namespace = namespace
        self.environ = environ
        self.sender = sender
        self.ordered = self.recovered = False
        self.limiter: Limiter | None = None
        self.ends: Ends[StateT] | None = None
        self.state: StateT = None  # type: ignore[assignment]  # the endpoint sets it before it reads it

    def fields(self, event: str | None = None) -> dict[str, Any]:
        """Return what a line of the log about this client has besides its text."""
        return fields_of(self.namespace, self.sid, self.environ, event)

    @property
    def recoverable(self) -> bool:
        """Whether the connection is gone and its client may come back to it."""
        return False


class Instead(list[Any]):
    """The answer of an error handler to an event that was not handled.

    Attributes:
        error: What was raised.
    """

    __slots__ = ("error",)

    def __init__(self, answer: Sequence[Any], error: BaseException) -> None:
        super().__init__(answer)
        self.error = error


class Ends(Protocol[StateT]):
    """Learns how the events of a peer have ended; must return at once, and must not raise."""

    @property
    def times(self) -> Mapping[str, list[float]] | None:
        """The list for each event to which its time in seconds is appended if it was handled.

        Only with None, `answered` is called for such events, too: it would cost several times as much.
        """
        ...

    def answered(
        self,
        peer: Peer[StateT],
        state: StateT,
        event: str,
        answer: Sequence[Any],
        ack: bool,  # noqa: FBT001  # all by place: it is called once per event
        seconds: float,
        /,
    ) -> None:
        """Receive an event whose answer can be sent.

        Args:
            peer: Who sent the event.
            state: That of the peer when the event came; the peer forgets it when its client leaves.
            event: The event's name.
            answer: What the endpoint has returned; an `Instead` if the event was not handled.
            ack: Whether the client asked for an acknowledgement.
            seconds: Time from the call of the endpoint to the answer.
        """
        ...

    def refused(self, state: StateT, event: str, error: RefusedError, seconds: float, /) -> None:
        """Receive an event that was refused, by the endpoint or because its answer can't be sent."""
        ...


class Endpoint(Protocol):
    """Implemented by the contract's dispatcher."""

    def admits(self, namespace: str) -> bool:
        """Return whether a client may try to connect to this namespace at all."""
        ...

    def check_registration(self, namespace: str, event: str | None) -> None:
        """Refuse a handler that is being registered beside the endpoint and would never be called.

        Args:
            namespace: Where it is registered; not the catch-all.
            event: Its event; None for a class of handlers.

        Raises:
            BindingError: The namespace belongs to the endpoint.
        """
        ...

    def ordering(self, peer: Peer[Any], event: str) -> Ordering | None:
        """How this event's handlers are ordered within one client; None is the server's default."""
        ...

    def depth(self, peer: Peer[Any], event: str) -> int | None:
        """Return how many levels the arguments that an event accepts nest at most, or None if they may nest deeper.

        Arguments with such a bound, if it is within the server's limit, are not checked by the server: before
        anything but their check sees arguments that were not accepted, `event` calls `Sender.check_depth`.
        """
        ...

    def recovery(self, namespace: str) -> Recovery | None:
        """Return what clients that were cut off get when they return to a namespace, or None."""
        ...

    def user(self, peer: Peer[Any]) -> Any:
        """Return the user of a peer, as `check_connect` found out, or None if it is not known."""
        ...

    async def check_connect(self, peer: Peer[Any], auth: Any) -> None:
        """Check who wants to connect; runs once, before it is known whether the peer has recovered.

        Raises:
            RefusedError: The client is refused with this body.
        """
        ...

    async def connect(self, peer: Peer[Any], auth: Any) -> None:
        """Accept by returning; runs once, after `check_connect`. Until then nothing reaches the client.

        Raises:
            RefusedError: The client is refused with this body.
        """
        ...

    async def event(self, peer: Peer[Any], event: str, arguments: list[Any], *, ack: bool) -> Sequence[Any]:
        """Handle one event of a connected client.

        Args:
            peer: The connected peer that sent it.
            event: Any string that is not a reserved name.
            arguments: The decoded list after the event's name.
            ack: Whether the client asked for an acknowledgement.

        Returns:
            The ack's arguments; a `FiniteList` is not searched for NaN and Infinity again. An `Instead` is
            what an error handler answers.

        Raises:
            RefusedError: The client receives the standard refusal.
        """
        ...

    async def disconnect(self, peer: Peer[Any], reason: str) -> None:
        """Handle the end of a peer whose `connect` returned; called once per peer. Must not raise."""
        ...

    def let_go(self, peer: Peer[Any]) -> None:
        """Drop what the client of a peer presents again when it comes back; it is away, and none of its handlers runs."""
        ...
