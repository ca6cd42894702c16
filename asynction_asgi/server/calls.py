"""`Call`: one use of a handler, as hooks and error handlers see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from ..errors import new_ref

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .providing.scopes import Scope
    from .socket import Socket

CallKind = Literal["event", "connect", "disconnect", "callback"]


class Call:
    """One event, connection or disconnect that is being handled.

    Attributes:
        kind: ``event``, ``connect``, ``disconnect``, or ``callback`` of an emit.
        event: The event's name; that of the kind for a connection and its end.
        socket: The connection.
        arguments: Those of the event, as the document accepted them; the auth of a connection, and the
            reason of a disconnect.
        wants_ack: Whether the client waits for an answer.
        scope: What is provided to the handler, or None if it needs nothing.
    """

    __slots__ = ("_ref", "arguments", "event", "kind", "scope", "socket", "wants_ack")

    def __init__(
        self,
        kind: CallKind,
        socket: Socket,
        event: str,
        arguments: Sequence[Any],
        *,
        wants_ack: bool = False,
    ) -> None:
        self.kind: CallKind = kind
        self.socket = socket
        self.event = event
        self.arguments = arguments
        self.wants_ack = wants_ack
        self.scope: Scope | None = None
        self._ref: str | None = None

    @property
    def namespace(self) -> str:
        """The concrete namespace."""
        return self.socket.namespace

    @property
    def ref(self) -> str:
        """What finds this call in the log; the refusal of a crash carries it, too."""
        if self._ref is None:
            self._ref = new_ref()
        return self._ref

    def __repr__(self) -> str:
        return f"<Call {self.kind} {self.event!r} of {self.socket!r}>"
