"""One event or connection, from arrival to answer: the contract's side of the engine.

Inbound: declared? arguments valid? handler; ack valid? ack. Any exception goes to the error
handler; its answer, or the standard refusal, goes to the client. A CONNECT is refused by *any*
exception, and an error handler can't turn that into an acceptance.
"""

from __future__ import annotations

import asyncio
import functools
from typing import TYPE_CHECKING, Any

from ..engine import ConnectionRefusedError as RefusedByHandlerError
from ..engine import FiniteList
from ..engine.crashes import describe_crash, must_pass
from ..errors import (
    AckValidationError,
    DisconnectedError,
    HandshakeValidationError,
    NoAnswerError,
    PayloadValidationError,
    RefusedError,
    UndeclaredEventError,
    Violation,
    internal_error,
    new_ref,
    shorten,
)
from ..logs import get_logger
from ..spec.model.arguments import miscounted
from ..spec.schemas import Mismatch
from .beside import registered_beside
from .event_table import WILDCARD
from .failures import is_refusal, is_refusal_by_hand
from .misfits import advice_on
from .outbound import arguments_of
from .socket import Socket

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..engine.endpoint import Peer
    from ..spec.model import Ordering
    from ..spec.model.namespaces import Namespaces
    from .binding import BoundHandler
    from .connections import Connections
    from .emitting import Emitting
    from .event_table import NamespaceRoutes, Route, Routes
    from .observer import Observer
    from .security import SecurityRules
    from .validation import Validation, ViolationLog

__all__ = ["Dispatcher"]

logger = get_logger()


class Dispatcher:
    """Implements the engine's `Endpoint` by the routes of a document."""

    def __init__(
        self,
        *,
        emitting: Emitting,
        connections: Connections,
        namespaces: Namespaces,
        routes: Routes,
        security: SecurityRules,
        validation: Validation,
        violations: ViolationLog,
        observer: Observer | None = None,
    ) -> None:
        self._emitting = emitting
        self._connections = connections
        self._namespaces = namespaces
        self._routes = routes
        self._security = security
        self._inbound = validation.inbound
        self._outbound = validation.outbound
        self._violations = violations
        self._observer = observer

    def admits(self, namespace: str) -> bool:
        """Whether the document declares this namespace."""
        return self._namespaces.resolve(namespace) is not None

    def check_registration(self, namespace: str, event: str | None) -> None:
        """Refuse a handler for a declared namespace that is registered on the wrapped server.

        Raises:
            BindingError: The document declares the namespace, so that its own handlers are called alone.
        """
        resolved = self._namespaces.resolve(namespace)
        name = namespace if resolved is None else resolved.declared.name
        routes = self._routes.namespaces.get(name)
        if routes is not None:
            raise registered_beside(routes.declared, namespace, event)

    def ordering(self, peer: Peer, event: str) -> Ordering | None:
        """The ``x-ordering`` of the event, or of the wildcard that stands for it."""
        events = peer.state[0].events
        route = events.get(event) or events.get(WILDCARD)
        return None if route is None else route.event.ordering

    async def connect(self, peer: Peer, auth: Any) -> None:
        """Handshake, security, then the user's connect handler.

        Raises:
            RefusedError: any of them refused, or failed.
        """
        resolved = self._namespaces.resolve(peer.namespace)
        if resolved is None:
            raise RefusedError("forbidden", "Invalid namespace")
        routes = self._routes.namespaces[resolved.declared.name]
        socket = Socket(self._emitting, peer, resolved.params, auth)
        rules, guard = self._security.for_namespace(resolved.declared.name), None
        peer.state, peer.ordered = (routes, socket, guard), routes.ordered
        self._connections.add(socket)
        task = asyncio.current_task()
        ours = True  # until the handler runs, an error is a refusal of ours
        try:
            if self._inbound != "off":
                socket.auth = self._checked_handshake(routes, peer, auth)
            if rules is not None:
                guard = await rules.open(peer.environ["asgi.scope"], auth, socket)
                peer.state = (routes, socket, guard)
            handler = routes.lifecycle.get("connect")
            if handler is not None:
                ours = False
                accepted = await handler.invoke(socket, (auth,))
                ours = True
                if accepted is False:
                    raise RefusedError("forbidden", "connection refused")
        except BaseException as error:
            self._connections.remove(socket)
            if must_pass(error, task):
                raise
            if self._observer is not None:
                self._observer.refused(peer.namespace, None, error)
            # Whatever the error handler returns, a refusal stays one.
            answered = await self._tell(routes, socket, error)
            if isinstance(error, RefusedByHandlerError) or is_refusal(error, ours=ours):
                raise
            if is_refusal_by_hand(error):
                raise RefusedError("forbidden", "Connection refused by server") from None
            raise _crash(f"connect handler of {peer.namespace}", error, log=not answered) from None
        if guard is not None:
            guard.start(functools.partial(self._emitting.server.expel, peer.sid, peer.namespace))
        if self._observer is not None:
            self._observer.connected(peer.namespace, () if guard is None else guard.satisfied)

    async def event(self, peer: Peer, event: str, arguments: list[Any], *, ack: bool) -> Sequence[Any]:
        """Check, handle, check the answer.

        Raises:
            RefusedError: the event is not declared, doesn't match, or its handler refused or failed.
        """
        routes, socket, guard = peer.state
        route: Route | None = routes.events.get(event)
        if route is None and routes.named:
            route = routes.named.get(event)
        ours = True  # until the handler runs, an error is a refusal of ours
        try:
            handler, checked = self._resolve(routes, socket, route, event, arguments)
            if guard is not None:
                socket = await guard.admit(event, arguments)
            ours = False
            result = await handler.invoke(socket, checked)
            ours = True
            answer = self._answer(route or routes.events.get(WILDCARD), socket, result) if ack else ()
        except BaseException as error:
            if must_pass(error) or (isinstance(error, GeneratorExit) and not self._has(peer)):
                raise
            if self._observer is not None:
                self._observer.refused(socket.namespace, event, error)
            answer = await self._tell(routes, socket, error)
            if answer and ack:
                return answer
            raise _refusal_of(error, shorten(event), socket.namespace, ours=ours, log=not answer) from None
        if self._observer is not None:
            self._observer.handled(socket.namespace, event, () if guard is None else guard.satisfied, ack=ack)
        return answer

    async def disconnect(self, peer: Peer, reason: str) -> None:
        """Run the user's disconnect handler; its errors are logged, for nobody is left to answer."""
        routes, socket, guard = peer.state
        if guard is not None:
            guard.close()
        handler = routes.lifecycle.get("disconnect")
        task = asyncio.current_task()
        try:
            if handler is not None:
                await handler.invoke(socket, (reason,))
        except BaseException as error:
            if must_pass(error, task):
                raise
            await self._report(routes, socket, error, f"disconnect handler of {peer.namespace}")
        finally:
            self._connections.remove(socket)

    async def callback_failed(self, error: BaseException, event: str, socket: Socket | None) -> None:
        """A callback raised, or the client's answer doesn't match the document: nobody waits for it."""
        what = f"callback of {event!r}"
        if socket is not None:
            resolved = self._namespaces.resolve(socket.namespace)
            if resolved is not None:
                await self._report(self._routes.namespaces[resolved.declared.name], socket, error, what)
                return
        _crash(what, error)

    def _has(self, peer: Peer) -> bool:
        """Return whether the peer is still here; the task of a handler is garbage only if it is not."""
        return self._connections.get(peer.namespace, peer.sid) is not None

    def _resolve(
        self,
        routes: NamespaceRoutes,
        socket: Socket,
        route: Route | None,
        event: str,
        arguments: Sequence[Any],
    ) -> tuple[BoundHandler, Sequence[Any]]:
        """The handler and the arguments to call it with.

        Raises:
            UndeclaredEventError: the document has no such event, and no wildcard.
            PayloadValidationError: the arguments don't match it, or are more than the handler takes.
            RefusedError: nothing handles the event.
        """
        declared = route or routes.events.get(WILDCARD)
        handler = declared.handler if declared is not None else None
        if handler is None:
            handler = routes.spare_handler(declared)
            if handler is None:
                raise _unhandled(socket.namespace, event, declared)
        if self._inbound != "off":
            if declared is None or declared.check_arguments is None:
                self._unchecked(routes, socket, event, route)
            else:
                try:
                    arguments = declared.check_arguments(arguments)
                except Mismatch as mismatch:
                    self._mismatched(declared, socket, event, mismatch)
        if route is None or handler is not route.handler:
            arguments = (event, *arguments)
        if len(arguments) < handler.minimum or (
            handler.maximum is not None and len(arguments) > handler.maximum
        ):
            raise _miscounted(socket.namespace, event, handler, len(arguments))
        return handler, arguments

    def _unchecked(self, routes: NamespaceRoutes, socket: Socket, event: str, route: Route | None) -> None:
        """Count an event that the document does not declare; a catch-all's name is the peer's and not kept."""
        if self._inbound == "warn":
            name = WILDCARD if route is None else route.event.name
            self._violations.let_through(_undeclared(socket.namespace, event), routes.declared.name, name)

    def _mismatched(self, route: Route, socket: Socket, event: str, mismatch: Mismatch) -> None:
        """Arguments don't match; raises, or lets them through with a note."""
        error = PayloadValidationError(
            namespace=socket.namespace, event=event, direction="inbound", violations=mismatch.violations
        )
        try:
            if self._inbound == "enforce":
                raise error from None
            self._violations.let_through(error, route.namespace, route.event.name)
        finally:
            del error  # a frame that holds what it raises is garbage that only a search finds

    def _checked_handshake(self, routes: NamespaceRoutes, peer: Peer, auth: Any) -> Any:
        try:
            return routes.check_handshake(peer.namespace, peer.environ["asgi.scope"], auth)
        except HandshakeValidationError as error:
            if self._inbound == "enforce":
                raise
            self._violations.let_through(error, routes.declared.name, None)
            return auth

    def _answer(self, route: Route | None, socket: Socket, result: Any) -> Sequence[Any]:
        """The ack's arguments; without a declared ack there are none, whatever the handler returns."""
        answer = arguments_of(result)
        if self._outbound == "off" or route is None:
            return answer
        if route.check_ack is None:
            if not answer:
                return ()
            if self._outbound == "enforce":
                if not route.told_of_lost_answer:
                    route.told_of_lost_answer = True
                    what = (
                        "the handler of %r in %s returns a value, but no x-ack is declared: it is not sent;"
                        " declare x-ack: {args: <schema>}, or x-ack: true for any value"
                    )
                    logger.warning(what, route.event.name, socket.namespace)
                return ()
            error = self._ack_error(
                socket, route, (Violation(pointer="", keyword="x-ack", message="no ack is declared"),)
            )
            self._violations.let_through(error, route.namespace, route.event.name)
            return answer
        try:
            route.check_ack(answer)
        except Mismatch as mismatch:
            advice = advice_on(answer, mismatch.violations)
            error = self._ack_error(socket, route, mismatch.violations, advice)
            try:
                if self._outbound == "enforce":
                    raise error from None
                self._violations.let_through(error, route.namespace, route.event.name)
            finally:
                del error  # as above
            return answer
        return FiniteList(answer) if route.ack_is_finite else answer

    @staticmethod
    def _ack_error(
        socket: Socket, route: Route, violations: tuple[Violation, ...], advice: str = ""
    ) -> AckValidationError:
        return AckValidationError(
            namespace=socket.namespace,
            event=route.event.name,
            direction="outbound",
            violations=violations,
            advice=advice,
        )

    async def _report(self, routes: NamespaceRoutes, socket: Socket, error: BaseException, what: str) -> None:
        """Tell the error handler, or the log, of an error that nobody is left to be answered for."""
        try:
            answered = await self._tell(routes, socket, error)
        except RefusedError as refusal:
            _log_failure(refusal, what)
        else:
            _log_failure(error, what, answered=bool(answered))

    async def _tell(self, routes: NamespaceRoutes, socket: Socket, error: BaseException) -> list[Any]:
        """Run the error handler; its answer as arguments, empty where it has none."""
        handler = routes.lifecycle.get("error") or self._routes.default_error
        if handler is None:
            return []
        task = asyncio.current_task()
        try:
            return arguments_of(await handler.invoke(socket, (error,)))
        except RefusedError:
            raise
        except BaseException as handler_error:
            if must_pass(handler_error, task):
                raise
            if handler_error.__context__ is None and handler_error is not error:
                handler_error.__context__ = error  # a worker thread knows nothing of the first one
            raise _crash(f"error handler of {socket.namespace}", handler_error) from None


def _refusal_of(error: BaseException, event: str, namespace: str, *, ours: bool, log: bool) -> BaseException:
    """Return what the engine answers with for an event that failed.

    Args:
        error: Why it failed.
        event: Its name, for the log.
        namespace: The concrete namespace.
        ours: Whether the handler was not running when it failed.
        log: Whether a crash is logged; the error handler may have dealt with it.
    """
    if is_refusal(error, ours=ours):
        if isinstance(error, AckValidationError):
            error.ref = new_ref()
            logger.error("ack not sent [ref %s]: %s", error.ref, error)
        return error
    if isinstance(error, NoAnswerError | DisconnectedError):  # a client's doing, and no crash
        logger.warning("handler of %r in %s: %s", event, namespace, error)
        silent = isinstance(error, NoAnswerError)
        return RefusedError("timeout" if silent else "unavailable", "a client did not answer")
    if isinstance(error, AckValidationError) and error.direction == "inbound":  # likewise
        logger.warning("handler of %r in %s: %s", event, namespace, error)
        return RefusedError("invalid_ack", "a client's answer does not match the document")
    return _crash(f"handler of {event!r} in {namespace}", error, log=log)


def _log_failure(error: BaseException, what: str, *, answered: bool = False) -> None:
    if isinstance(error, AckValidationError) and error.direction == "inbound":  # a client's doing
        logger.warning("%s: %s", what, error)
    elif not answered:
        _crash(what, error)


def _crash(what: str, error: BaseException, *, log: bool = True) -> RefusedError:
    return internal_error(f"{what} {describe_crash(error)}", error, logger if log else None)


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
