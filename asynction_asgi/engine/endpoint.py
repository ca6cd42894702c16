"""What the engine asks of the layer above: the whole interface between transport and contract.

The engine owns packets, transports, rooms, limits and order; an `Endpoint` decides what a
connection or an event means. The engine frames the answers: an ack id is answered exactly once,
a refusal without one travels as the event ``exception``, a refused CONNECT as CONNECT_ERROR.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..spec.model import Ordering


class Peer:
    """One client's connection to one namespace.

    Attributes:
        sid: Socket.IO's id of this connection, unique per namespace.
        eio_sid: Engine.IO's id of the transport beneath, shared by its namespaces.
        namespace: The concrete namespace, such as ``/rooms/7``.
        environ: The WSGI-style environ of the opening request; ``asgi.scope`` holds the scope.
        state: Belongs to the endpoint, which keeps there what it knows of this connection.
        ordered: Set by the endpoint where events have an ordering of their own; only then it is asked.
    """

    __slots__ = ("eio_sid", "environ", "namespace", "ordered", "sid", "state")

    def __init__(self, *, sid: str, eio_sid: str, namespace: str, environ: Mapping[str, Any]) -> None:
        self.sid = sid
        self.eio_sid = eio_sid
        self.namespace = namespace
        self.environ = environ
        self.state: Any = None
        self.ordered = False


class Endpoint(Protocol):
    """Implemented by the contract's dispatcher."""

    def admits(self, namespace: str) -> bool:
        """Whether a client may try to connect to this namespace at all."""
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

    def ordering(self, peer: Peer, event: str) -> Ordering | None:
        """How this event's handlers are ordered within one client; None is the server's default."""
        ...

    async def connect(self, peer: Peer, auth: Any) -> None:
        """Accept by returning; runs once. Until then nothing reaches the client.

        Raises:
            RefusedError: the client is refused with this body.
        """
        ...

    async def event(self, peer: Peer, event: str, arguments: list[Any], *, ack: bool) -> Sequence[Any]:
        """Handle one event of a connected client.

        Args:
            peer: Who sent it; connected, by the engine's word.
            event: Any string that is not a reserved name.
            arguments: The decoded list after the event's name.
            ack: Whether the client asked for an acknowledgement.

        Returns:
            The ack's arguments; a `FiniteList` is not searched for NaN and Infinity again.

        Raises:
            RefusedError: answered as the standard refusal.
        """
        ...

    async def disconnect(self, peer: Peer, reason: str) -> None:
        """Told once for every peer whose `connect` returned. Must not raise."""
        ...
