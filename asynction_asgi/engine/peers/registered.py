"""Handlers registered on the wrapped server itself: python-socketio's way, beside the contract."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from socketio import AsyncNamespace

from ...errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ...spec.model import Ordering
    from ..endpoint import Peer
    from ..ports import Application


class RegisteredHandlers:
    """An `Endpoint` over ``server.on``, ``server.register_namespace`` and ``server.instrument``."""

    def __init__(self, server: Application) -> None:
        self._server = server

    def admits(self, namespace: str) -> bool:
        """Return whether a handler is registered for the namespace, or the option ``namespaces`` names it."""
        server = self._server
        return (
            namespace in server.handlers
            or namespace in server.namespace_handlers
            or server.namespaces == "*"
            or namespace in server.namespaces
        )

    def check_registration(self, namespace: str, event: str | None) -> None:
        """Refuse a namespace that no client can connect to.

        Raises:
            ValueError: The namespace is not a name, or is the catch-all and every namespace has an owner.
        """
        del event
        if namespace != "*" and not namespace.startswith("/"):
            raise ValueError(f"namespace {namespace!r} must begin with '/'")
        if namespace == "*" and not self._server.namespaces:
            raise ValueError(
                "namespace '*' stands for those that the document does not declare, and none is served:"
                " name them by the option namespaces"
            )

    def ordering(self, peer: Peer[Any], event: str) -> Ordering | None:
        """Return the server's default; no peer of this endpoint is `ordered`."""
        del peer, event
        return None  # the declared answer, not the lack of one

    def depth(self, peer: Peer[Any], event: str) -> None:
        """Return None: handlers that are registered here take anything."""
        del peer, event

    def recovery(self, namespace: str) -> None:
        """Return None: recovery is a promise of the document."""
        del namespace

    def user(self, peer: Peer[Any]) -> None:
        """Return None: nothing is known of any peer."""
        del peer

    async def check_connect(self, peer: Peer[Any], auth: Any) -> None:
        """Admit all: the connect handler decides."""
        del peer, auth

    async def connect(self, peer: Peer[Any], auth: Any) -> None:
        """Call the connect handler; an empty auth is None, as upstream tests its truth.

        Raises:
            RefusedError: The handler returned False.
            ConnectionRefusedError: python-socketio's, from the handler.
        """
        accepted = await self._server._trigger_event(  # noqa: SLF001  # upstream's seam, our subclass
            "connect", peer.namespace, peer.sid, peer.environ, auth or None
        )
        if accepted is False:
            raise RefusedError("forbidden", "Connection rejected by server")

    async def event(self, peer: Peer[Any], event: str, arguments: list[Any], *, ack: bool) -> Sequence[Any]:
        """Call the event's handler; a tuple is several ack arguments, and None is no argument.

        Raises:
            RefusedError: No handler is registered for the event.
        """
        del ack  # what the handler returns is the same either way
        server = self._server
        answer = await server._trigger_event(event, peer.namespace, peer.sid, *arguments)  # noqa: SLF001  # as above
        if answer is server.not_handled:
            raise RefusedError("unknown_event", "the server has no such event")
        return [] if answer is None else answer if isinstance(answer, tuple) else [answer]

    async def disconnect(self, peer: Peer[Any], reason: str) -> None:
        """Call the disconnect handler."""
        await self._server._trigger_event("disconnect", peer.namespace, peer.sid, reason)  # noqa: SLF001  # as above

    def let_go(self, peer: Peer[Any]) -> None:
        """Do nothing: no peer of this endpoint comes back."""
        del peer

    async def trigger(self, event: str, namespace: str, arguments: tuple[Any, ...]) -> Any:
        """Call a handler once; connect and disconnect without their last argument if they don't take it.

        Upstream calls those a second time on any TypeError, one from within the handler included.

        Returns:
            The handler's answer, or ``Server.not_handled``.
        """
        server = self._server
        handler, arguments = server._get_event_handler(event, namespace, arguments)  # noqa: SLF001  # as above
        if handler is not None:
            return await _called(handler, _fitted(handler, event, arguments))
        owner, arguments = server._get_namespace_handler(namespace, arguments)  # noqa: SLF001  # as above
        if owner is None:
            return server.not_handled
        handler = getattr(owner, f"on_{event}", None)
        if handler is not None:
            arguments = _fitted(handler, event, arguments)
        if type(owner).trigger_event is not AsyncNamespace.trigger_event:
            return await owner.trigger_event(event, *arguments)
        return None if handler is None else await _called(handler, arguments)


def _fitted(handler: Callable[..., Any], event: str, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """Leave out the auth, or the reason, if an older handler does not take it."""
    if event not in ("connect", "disconnect"):
        return arguments
    try:
        inspect.signature(handler).bind(*arguments)
    except TypeError:
        return arguments[:-1]
    except ValueError:
        pass  # it has no signature to look at
    return arguments


async def _called(handler: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    answer = handler(*arguments)
    return await answer if inspect.isawaitable(answer) else answer
