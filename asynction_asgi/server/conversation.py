"""What the dispatcher keeps of one connection."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .namespace_routes import NamespaceRoutes
    from .providing.scopes import Scope
    from .rates import Tally
    from .security.guard import Guard
    from .socket import Socket
    from .tracing.connection_trace import ConnectionTrace


@dataclass(slots=True)
class Conversation:
    """What the dispatcher keeps of one connection, as the state of its peer.

    Attributes:
        routes: Those of its namespace.
        socket: What handlers receive.
        guard: Decides about its events, or None without security.
        state: What handlers keep of it, or None as long as no handler asks for it.
        scope: What was provided to its handlers, or None as long as nothing was.
        trace: Its spans, or None without tracing.
        tally: How `Rates` counts its events, or None as long as none was counted.
    """

    routes: NamespaceRoutes
    socket: Socket
    guard: Guard | None = None
    state: SimpleNamespace | None = None
    scope: Scope | None = None
    trace: ConnectionTrace | None = None
    tally: Tally | None = None

    def kept(self) -> SimpleNamespace:
        """Return what handlers keep of the connection."""
        if self.state is None:
            self.state = SimpleNamespace()
        return self.state
