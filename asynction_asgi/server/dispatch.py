"""One event or connection, from arrival to answer: the contract's side of the engine.

Inbound: declared? arguments valid? handler; ack valid? ack. Any exception goes to the error
handler; its answer, or the standard refusal, goes to the client. A CONNECT is refused by *any*
exception, and an error handler can't turn that into an acceptance.
"""

from __future__ import annotations

import asyncio
import functools
from typing import TYPE_CHECKING, Any, NoReturn

from ..engine import Instead
from ..engine.crashes import must_pass
from ..errors import RefusedError, UndeclaredNamespaceError
from ..reasons import Code
from .acks import Acks
from .around import perform
from .beside import registered_beside
from .calls import Call
from .connections import Connections
from .conversation import Conversation
from .ends import Handled, combine
from .failures import Failures, refusal_of_check, refusal_of_connect_handler
from .inbound import Inbound
from .providing.scopes import Closing, Scope
from .providing.values import CallValues, SocketValues
from .rates import Rates
from .sending import Sending
from .socket import Socket

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ..engine import Ends, Peer
    from ..spec.model import Ordering, Recovery
    from .bound_handler import BoundHandler
    from .contract import Contract
    from .emitting import Emitting
    from .namespace_routes import NamespaceRoutes, Route


class Dispatcher:
    """Implements the engine's `Endpoint` by a contract.

    Args:
        contract: Says what is allowed, and who handles it.
        app: What handlers receive as their application.
        traced: Learns how events have ended, after all others; None without tracing.

    Attributes:
        connections: The clients of this process.
        ends: What learns how the events of each namespace have ended, or None; from the start on.
        sending: Sends to them what matches the contract.
    """

    def __init__(self, contract: Contract, app: Emitting, *, traced: Ends[Conversation] | None) -> None:
        self._namespaces = contract.namespaces
        self._routes = contract.routes
        self._attachment = contract.attachment
        self._outcomes = contract.outcomes
        self._inbound = Inbound(contract)
        self._acks = Acks(contract)
        self._failures = Failures(contract)
        found = {name: Rates.of(routes.declared) for name, routes in contract.routes.namespaces.items()}
        self._rates = {name: rates for name, rates in found.items() if rates is not None}
        self.connections = Connections()
        self._app = app
        self._app_scope = self._new_app_scope()
        self.sending = Sending(contract.outbound, self._failures, self.connections, app)
        self._traced = traced
        self.ends: Mapping[NamespaceRoutes, Ends[Conversation] | None] = {}

    def start(self, times: Mapping[NamespaceRoutes, Ends[Conversation]]) -> None:
        """Begin to report how events end, now that all observers are known.

        Args:
            times: What measures the events of each namespace; empty without metrics.
        """
        handled = None if self._outcomes.handled is None else Handled(self._outcomes.handled)
        self.ends = {
            routes: combine([ends for ends in (handled, times.get(routes), self._traced) if ends is not None])
            for routes in self._routes.namespaces.values()
        }

    async def close(self) -> None:
        """Close what was provided to the application, as soon as no connection uses it."""
        scope, self._app_scope = self._app_scope, self._new_app_scope()
        await scope.end()

    def _new_app_scope(self) -> Scope:
        made = self._attachment.providers.made
        return Scope("app", {"app": self._app}.__getitem__, None, made)

    def _open_scope(self, conversation: Conversation, handler: BoundHandler, call: Call) -> None:
        """Open the scope of a call whose handler needs something."""
        if not handler.needs:
            return
        if conversation.scope is None:
            values = SocketValues(conversation.socket)
            conversation.scope = Scope("connection", values, self._app_scope)
        call.scope = Scope("event", CallValues(call), conversation.scope)

    def admits(self, namespace: str) -> bool:
        """Return whether the document declares this namespace."""
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

    def ordering(self, peer: Peer[Conversation], event: str) -> Ordering | None:
        """Return the ``x-ordering`` of an event, or of the wildcard that stands for it."""
        route = peer.state.routes.find(event)
        return None if route is None else route.event.ordering

    def depth(self, peer: Peer[Conversation], event: str) -> int | None:
        """Return how many levels the arguments that an event accepts nest at most, or None."""
        return self._inbound.depth(peer.state.routes, event)

    def recovery(self, namespace: str) -> Recovery | None:
        """Return what the document says of a namespace by ``x-recovery``."""
        resolved = self._namespaces.resolve(namespace)
        return None if resolved is None else resolved.declared.recovery

    def user(self, peer: Peer[Conversation]) -> Any:
        """Return who a peer is at present, by the document's security."""
        return peer.state.socket.user

    async def check_connect(self, peer: Peer[Conversation], auth: Any) -> None:
        """Check the handshake and the security.

        Raises:
            RefusedError: One of them refused, or failed.
        """
        resolved = self._namespaces.resolve(peer.namespace)
        if resolved is None:
            raise UndeclaredNamespaceError
        routes = self._routes.namespaces[resolved.declared.name]
        socket = Socket(self.sending, peer, resolved.params, auth)
        conversation = peer.state = Conversation(routes, socket)
        peer.ordered = routes.ordered
        peer.ends = self.ends[routes]
        if (rates := self._rates.get(routes.declared.name)) is not None:
            peer.limiter = rates.admit
        rules = self._attachment.security.for_namespace(routes.declared.name)
        scope = peer.environ["asgi.scope"]
        task = asyncio.current_task()
        try:
            socket.auth = self._inbound.check_handshake(routes, peer.namespace, scope, auth)
            if rules is not None:
                conversation.guard = await rules.open(scope, auth, socket)
        except BaseException as error:  # noqa: BLE001  # raised again there
            call = Call("connect", socket, "connect", (auth,))
            await self._refuse(peer, conversation, call, error, task, refusal_of_check)

    async def connect(self, peer: Peer[Conversation], auth: Any) -> None:
        """Run the user's connect handler.

        Raises:
            RefusedError: It refused, or failed.
        """
        conversation = peer.state  # the peer forgets it when the client has left, which no handler waits for
        routes, socket, guard = conversation.routes, conversation.socket, conversation.guard
        self.connections.add(socket)
        handler = routes.lifecycle.get("connect")
        if handler is not None:
            task = asyncio.current_task()
            call = Call("connect", socket, "connect", (auth,))
            self._open_scope(conversation, handler, call)
            try:
                async with Closing(call.scope):
                    if await perform(handler, call) is False:
                        raise RefusedError("forbidden", "connection refused")
            except BaseException as error:  # noqa: BLE001  # raised again there
                await self._refuse(peer, conversation, call, error, task, refusal_of_connect_handler)
        if guard is not None:
            guard.start(functools.partial(self._expire, peer))
        if self._outcomes.connected is not None:
            self._outcomes.connected(peer, () if guard is None else guard.satisfied)

    def _expire(self, peer: Peer[Conversation], error: RefusedError) -> None:
        """Disconnect a client whose credential has expired."""
        if self._outcomes.expired is not None:
            self._outcomes.expired(peer)
        peer.sender.expel(peer.sid, peer.namespace, error)

    async def _refuse(
        self,
        peer: Peer[Conversation],
        conversation: Conversation,
        call: Call,
        error: BaseException,
        task: asyncio.Task[Any] | None,
        refusal_of: Callable[..., BaseException],
    ) -> NoReturn:
        """Refuse a connection; whatever the error handler returns, a refusal stays one."""
        self.connections.remove(call.socket)
        refusal: BaseException | None = None
        try:
            if conversation.scope is not None:
                await conversation.scope.end(error)
            if must_pass(error, task):
                raise error
            try:
                answered = await self._failures.tell(conversation.routes, call, error)
            except RefusedError as raised:
                refusal = raised
            else:
                refusal = refusal_of(error, call, log=not answered)
            self._tell_refused(peer, None, error, refusal)
            raise refusal from None
        finally:
            del error, refusal  # a frame that holds what it raises is garbage that only the collector finds

    async def event(
        self, peer: Peer[Conversation], event: str, arguments: list[Any], *, ack: bool
    ) -> Sequence[Any]:
        """Check an event, run its handler, and check the answer.

        Raises:
            RefusedError: The event is not declared, doesn't match, or its handler refused or failed.
            UndecodableError: The arguments nest too deep.
        """
        conversation = peer.state
        routes, socket, guard = conversation.routes, conversation.socket, conversation.guard
        try:
            declared, handler, checked = self._inbound.resolve(routes, socket.namespace, event, arguments)
            if guard is not None:
                socket = await guard.admit(event, arguments)
        except BaseException as error:
            if self._must_pass(error, peer):
                raise
            if (
                self._inbound.depth(routes, event) is not None
            ):  # left to the schema, which may have refused it
                peer.sender.check_depth(arguments)
            call = Call("event", socket, event, arguments, wants_ack=ack)
            return await self._answer(peer, conversation, call, error, refusal_of_check)
        if handler.perform is not None:
            call = Call("event", socket, event, checked[1:] if handler.named else checked, wants_ack=ack)
            return await self._perform(peer, conversation, declared, handler, call)
        try:
            result = await handler.invoke(socket, checked, ack)
        except BaseException as error:
            if self._must_pass(error, peer):
                raise
            call = Call("event", socket, event, arguments, wants_ack=ack)
            return await self._answer(peer, conversation, call, error, self._failures.refusal_of_handler)
        try:
            answer = self._acks.check(declared, socket.namespace, result, handler.writes) if ack else ()
        except Exception as error:  # noqa: BLE001  # the answer may be anything
            call = Call("event", socket, event, arguments, wants_ack=ack)
            return await self._answer(peer, conversation, call, error, refusal_of_check)
        return answer

    async def _perform(
        self,
        peer: Peer[Conversation],
        conversation: Conversation,
        declared: Route | None,
        handler: BoundHandler,
        call: Call,
    ) -> Sequence[Any]:
        """Run a handler that has hooks, and check the answer."""
        refusal_of: Callable[..., BaseException] = self._failures.refusal_of_handler
        self._open_scope(conversation, handler, call)
        answer: Sequence[Any] = ()
        try:
            async with Closing(call.scope):
                result = await perform(handler, call)
                if call.wants_ack:
                    refusal_of = refusal_of_check
                    answer = self._acks.check(declared, call.namespace, result, handler.writes)
                    refusal_of = self._failures.refusal_of_handler
        except BaseException as error:
            if self._must_pass(error, peer):
                raise
            return await self._answer(peer, conversation, call, error, refusal_of)
        return answer

    async def _answer(
        self,
        peer: Peer[Conversation],
        conversation: Conversation,
        call: Call,
        error: BaseException,
        refusal_of: Callable[..., BaseException],
    ) -> Sequence[Any]:
        """Return the error handler's answer as the ack, or raise the refusal."""
        refusal: BaseException | None = None
        try:
            try:
                answer = await self._failures.tell(conversation.routes, call, error)
            except RefusedError as raised:
                refusal = raised
            else:
                if answer and call.wants_ack:
                    self._tell_refused(peer, call.event, error, None)
                    return Instead(answer, error)
                refusal = refusal_of(error, call, log=not answer)
            self._tell_refused(peer, call.event, error, refusal)
            raise refusal from None
        finally:
            del error, refusal  # a frame that holds what it raises is garbage that only the collector finds

    def _tell_refused(
        self,
        peer: Peer[Conversation],
        event: str | None,
        error: BaseException,
        refusal: BaseException | None,
    ) -> None:
        """Report a refusal, or with None that the error handler answered in its place."""
        if self._outcomes.refused is None:
            return
        if isinstance(refusal, RefusedError):
            code, ref = refusal.code, refusal.ref
        else:  # or the one by which python-socketio's handlers refuse connections
            code, ref = Code.OTHER if refusal is None else Code.FORBIDDEN, None
        self._outcomes.refused(peer, event, error, code=code, ref=ref)

    async def disconnect(self, peer: Peer[Conversation], reason: str) -> None:
        """Run the user's disconnect handler, and report its errors: there is no client left to answer."""
        conversation = peer.state
        if self._outcomes.disconnected is not None:
            self._outcomes.disconnected(peer, reason)
        if conversation.guard is not None:
            conversation.guard.close()
        handler = conversation.routes.lifecycle.get("disconnect")
        try:
            if handler is not None:
                await self._tell(conversation, handler, reason)
        finally:
            self.connections.remove(conversation.socket)
            if conversation.scope is not None:
                await conversation.scope.end()

    def let_go(self, peer: Peer[Conversation]) -> None:
        """Drop the auth, which the client presents again when it comes back; user and token info stay."""
        peer.state.socket.auth = None

    async def _tell(self, conversation: Conversation, handler: BoundHandler, reason: str) -> None:
        task = asyncio.current_task()
        call = Call("disconnect", conversation.socket, "disconnect", (reason,))
        try:
            self._open_scope(conversation, handler, call)
            async with Closing(call.scope):
                await perform(handler, call)
        except BaseException as error:
            if must_pass(error, task):
                raise
            await self._failures.report(conversation.routes, call, error)

    def _must_pass(self, error: BaseException, peer: Peer[Conversation]) -> bool:
        """Return whether an error ends the task, which is garbage only if the peer is gone."""
        if must_pass(error):
            return True
        return isinstance(error, GeneratorExit) and self.connections.get(peer.namespace, peer.sid) is None
