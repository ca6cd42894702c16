"""Handlers registered on the wrapped server itself: python-socketio's way, beside the contract."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from ..errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..spec.model import Ordering
    from .endpoint import Peer
    from .server import Server


class RegisteredHandlers:
    """An `Endpoint` over ``server.on``, ``server.register_namespace`` and ``server.instrument``."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def admits(self, namespace: str) -> bool:
        """As upstream decides: somebody registered for it, or the option ``namespaces`` names it."""
        server = self._server
        return (
            namespace in server.handlers
            or namespace in server.namespace_handlers
            or server.namespaces == "*"
            or namespace in server.namespaces
        )

    def ordering(self, peer: Peer, event: str) -> Ordering | None:
        """The server's default; no peer of this endpoint is `ordered`."""
        del peer, event
        return None  # the declared answer, not the lack of one

    async def connect(self, peer: Peer, auth: Any) -> None:
        """Call the connect handler, once, with as many arguments as it takes.

        Raises:
            RefusedError: it returned False.
            ConnectionRefusedError: python-socketio's, from the handler.
        """
        arguments = [peer.sid, peer.environ]
        if auth is not None or self._takes_auth(peer, auth):
            arguments.append(auth)
        if await self._server._trigger_event("connect", peer.namespace, *arguments) is False:  # noqa: SLF001  # upstream's seam, our subclass
            raise RefusedError("forbidden", "Connection rejected by server")

    def _takes_auth(self, peer: Peer, auth: Any) -> bool:
        server = self._server
        arguments = (peer.sid, peer.environ, auth)
        handler, arguments = server._get_event_handler("connect", peer.namespace, arguments)  # noqa: SLF001  # as above
        if handler is None:
            handler, arguments = server._get_namespace_handler(peer.namespace, arguments)  # noqa: SLF001  # as above
            handler = getattr(handler, "on_connect", None)
        if handler is None:
            return True
        try:
            inspect.signature(handler).bind(*arguments)
        except TypeError:
            return False
        except ValueError:
            return True  # no signature to look at
        return True

    async def event(self, peer: Peer, event: str, arguments: list[Any], *, ack: bool) -> Sequence[Any]:
        """Call the event's handler; a tuple is several ack arguments, None is none.

        Raises:
            RefusedError: nobody registered for the event.
        """
        del ack  # what the handler returns is the same either way
        server = self._server
        answer = await server._trigger_event(event, peer.namespace, peer.sid, *arguments)  # noqa: SLF001  # as above
        if answer is server.not_handled:
            raise RefusedError("unknown_event", "the server has no such event")
        return [] if answer is None else answer if isinstance(answer, tuple) else [answer]

    async def disconnect(self, peer: Peer, reason: str) -> None:
        """Call the disconnect handler."""
        await self._server._trigger_event("disconnect", peer.namespace, peer.sid, reason)  # noqa: SLF001  # as above
