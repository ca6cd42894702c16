"""What clients send, checked against the document before a handler runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import HandshakeValidationError, PayloadValidationError, RefusedError, UndeclaredEventError
from ..spec.model.arguments import miscounted
from ..spec.model.by_event import WILDCARD
from ..spec.schemas import Mismatch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .bound_handler import BoundHandler
    from .contract import Contract
    from .namespace_routes import NamespaceRoutes, Route


class Inbound:
    """Checks handshakes and events of clients, as strictly as the contract's validation says."""

    def __init__(self, contract: Contract) -> None:
        self._enforcement = contract.validation.inbound
        self._violations = contract.violations

    def check_handshake(
        self, routes: NamespaceRoutes, namespace: str, scope: Mapping[str, Any], auth: Any
    ) -> Any:
        """Check query, headers and auth of a CONNECT, and return the auth as its schema sees it.

        Raises:
            HandshakeValidationError: They don't match the document.
        """
        if self._enforcement == "off":
            return auth
        try:
            return routes.check_handshake(namespace, scope, auth)
        except HandshakeValidationError as error:
            if self._enforcement == "enforce":
                raise
            self._violations.let_through(error, routes.declared.name, None)
            return auth

    def depth(self, routes: NamespaceRoutes, event: str) -> int | None:
        """Return how many levels the arguments that an event accepts nest at most, or None if that is not bounded."""
        if self._enforcement != "enforce":
            return None
        route = routes.find(event)
        return None if route is None else route.depth

    def resolve(
        self, routes: NamespaceRoutes, namespace: str, event: str, arguments: Sequence[Any]
    ) -> tuple[Route | None, BoundHandler, Sequence[Any]]:
        """Find the handler of an event and check the arguments.

        Args:
            routes: Those of the namespace.
            namespace: Its concrete name.
            event: The event's name.
            arguments: As they came.

        Returns:
            What the document declares of the event, by name or by the wildcard, or None; its handler; and
            the arguments to call the handler with.

        Raises:
            UndeclaredEventError: The document has no such event, and no wildcard.
            PayloadValidationError: The arguments don't match it, or are more than the handler takes.
            RefusedError: The event has no handler.
        """
        route = routes.events.get(event)
        if route is None and routes.named:
            route = routes.named.get(event)
        declared = route or routes.wildcard
        handler = declared.handler if declared is not None else None
        if handler is None:
            handler = routes.spare_handler(declared)
            if handler is None:
                raise _unhandled(namespace, event, declared)
        if self._enforcement != "off":
            if declared is None or declared.check_arguments is None:
                self._let_undeclared_through(routes, namespace, event, route)
            else:
                try:
                    arguments = declared.check_arguments(arguments)
                except Mismatch as mismatch:
                    self._mismatched(declared, namespace, event, mismatch)
        if handler.named:
            arguments = (event, *arguments)
        if len(arguments) < handler.minimum or (
            handler.maximum is not None and len(arguments) > handler.maximum
        ):
            raise _miscounted(namespace, event, handler, len(arguments))
        return declared, handler, arguments

    def _let_undeclared_through(
        self, routes: NamespaceRoutes, namespace: str, event: str, route: Route | None
    ) -> None:
        """Count an event that the document does not declare.

        The name of an event that reaches a catch-all is the peer's, and not kept.
        """
        if self._enforcement == "warn":
            name = WILDCARD if route is None else route.event.name
            self._violations.let_through(_undeclared(namespace, event), routes.declared.name, name)

    def _mismatched(self, route: Route, namespace: str, event: str, mismatch: Mismatch) -> None:
        """Refuse arguments that don't match, or count them."""
        error = PayloadValidationError(
            namespace=namespace, event=event, direction="inbound", violations=mismatch.violations
        )
        try:
            if self._enforcement == "enforce":
                raise error from None
            self._violations.let_through(error, route.namespace, route.event.name)
        finally:
            del error  # a frame that holds what it raises is garbage that only the collector finds


def _unhandled(namespace: str, event: str, declared: Route | None) -> RefusedError:
    if declared is not None:
        return RefusedError("unavailable", "nothing handles this event")
    return _undeclared(namespace, event)


def _undeclared(namespace: str, event: str) -> UndeclaredEventError:
    return UndeclaredEventError(
        namespace=namespace,
        event=event,
        direction="inbound",
        message="the document lets no client emit this event",
    )


def _miscounted(namespace: str, event: str, handler: BoundHandler, count: int) -> PayloadValidationError:
    violation = miscounted(handler.minimum, handler.maximum, count)
    return PayloadValidationError(
        namespace=namespace, event=event, direction="inbound", violations=(violation,)
    )
