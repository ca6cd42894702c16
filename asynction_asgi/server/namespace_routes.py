"""One namespace of the table that dispatch reads: each event with its checks and its handler."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..spec.model import Event
from ..spec.model.arguments import are_finite, compile_arguments, deepest
from ..spec.model.by_event import WILDCARD, find
from ..spec.model.handshake import compile_handshake
from .binding import bind_event_handler

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..spec.model import Namespace, Spec
    from .bound_handler import BoundHandler


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One event that clients may emit; the handler may come after start-up, by ``@app.on``.

    Attributes:
        check_arguments: None if the document does not declare the event.
        depth: How many levels arguments that passed `check_arguments` nest at most; None if that is not bounded.
        ack_is_finite: Whether an answer that passed `check_ack` is certain to hold no NaN and no Infinity.
        stand_in: What handles the event as long as it has no handler.
    """

    namespace: str
    event: Event
    check_arguments: Callable[[Sequence[Any]], Sequence[Any]] | None
    depth: int | None
    check_ack: Callable[[Sequence[Any]], Sequence[Any]] | None
    ack_is_finite: bool
    handler: BoundHandler | None = None
    stand_in: BoundHandler | None = None


class NamespaceRoutes:
    """What one declared namespace does with connections and events.

    Attributes:
        events: Declared events, by name.
        named: Undeclared events that code handles by name, if the validation lets them through.
    """

    def __init__(self, declared: Namespace, spec: Spec) -> None:
        self.declared = declared
        self.check_handshake = compile_handshake(declared, spec)
        self.events: dict[str, Route] = {
            name: Route(
                namespace=declared.name,
                event=event,
                check_arguments=compile_arguments(event.arguments, spec.bundle),
                depth=deepest(event.arguments, spec.bundle),
                check_ack=compile_arguments(event.ack, spec.bundle) if event.ack is not None else None,
                ack_is_finite=event.ack is not None and are_finite(event.ack, spec.bundle),
                handler=bind_event_handler(_renewed) if event.is_answered_by_itself else None,
            )
            for name, event in declared.receives.items()
        }
        self.named: dict[str, Route] = {}
        self.ordered = any(route.event.ordering is not None for route in self.events.values())
        self.lifecycle: dict[str, BoundHandler] = {}

    @property
    def wildcard(self) -> Route | None:
        """The route of events that have none of their own, or None."""
        return self.events.get(WILDCARD)

    @property
    def params(self) -> tuple[str, ...]:
        """Names of the address's parameters, which handlers may ask for."""
        return tuple(parameter.name for parameter in self.declared.parameters)

    def find(self, event: str) -> Route | None:
        """Return the route by which an event is handled: its own, else the wildcard's, or None."""
        return self.named.get(event) or find(self.events, event)

    def route_of_name(self, event: str) -> Route:
        """Return a route for an event that is not declared by its name: the wildcard's, or an unchecked one."""
        if self.wildcard is not None:
            return replace(self.wildcard, handler=None, stand_in=None)
        return Route(
            namespace=self.declared.name,
            event=Event(name=event, node=self.declared.node),
            check_arguments=None,
            depth=None,
            check_ack=None,
            ack_is_finite=False,
        )

    def spare_handler(self, route: Route | None) -> BoundHandler | None:
        """Return what handles an event without its own handler: the catch-all, else a stand-in, or None."""
        return self.lifecycle.get(WILDCARD) or (route.stand_in if route is not None else None)


async def _renewed(*_: Any) -> None:
    """Handle re-authentication, which has already succeeded when the handler runs."""
