"""Handlers that pass the events of clients on to the upstream server, and its events to the clients."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from ..client.refusals import refusal_of
from ..client.remote_client import ClosedError, ConnectRefusedError
from ..client.remote_http import UnreachableError
from ..engine import ConnectionRefusedError as RefusedByHandlerError
from ..engine import UnencodableError
from ..errors import RefusedError, ValidationError
from ..logs import Throttle, get_logger
from ..spec.model.by_event import WILDCARD
from .client_link import ClientLink
from .client_record import ClientRecord

if TYPE_CHECKING:
    from collections.abc import Hashable

    from ..client.remote_client import Arrival
    from ..server import AsynctionSocketIO, Socket
    from ..spec.model import Namespace
    from .behind import Behind
    from .recorder import Recorder

logger = get_logger("proxy")


class Relay:
    """Stands between an application's clients and the upstream server.

    Args:
        app: The application, whose events have no handlers yet.
        behind: The upstream server.
        recorder: Records what passes, or None.
    """

    def __init__(self, app: AsynctionSocketIO, behind: Behind, recorder: Recorder | None) -> None:
        self._app = app
        self._behind = behind
        self._recorder = recorder
        self._links: dict[tuple[str, str], ClientLink] = {}
        self._log = Throttle()

    def attach(self, declared: Namespace, *, undeclared: bool) -> None:
        """Handle the events of a namespace.

        Args:
            declared: The namespace.
            undeclared: Whether undeclared events pass.
        """
        name = declared.name
        for event in declared.receives:
            if event != WILDCARD:
                self._app.on(event, partial(self._pass, event), namespace=name)
        if undeclared or WILDCARD in declared.receives:
            self._app.on(WILDCARD, self._pass_any, namespace=name)
        self._app.on("connect", self._connect, namespace=name)
        self._app.on("disconnect", self._disconnect, namespace=name)

    async def handle_error(self, error: BaseException) -> None:
        """Say in an error about an acknowledgement that the upstream server sent it; answers nothing."""
        self._blame(error)

    def _blame(self, error: BaseException) -> None:
        if isinstance(error, ValidationError) and error.direction == "outbound":
            error.advice = f"the upstream server, {self._behind}, sent it"

    async def _connect(self, socket: Socket, auth: Any) -> None:
        scope = socket.environ["asgi.scope"]
        link = ClientLink(
            partial(self._deliver, socket),
            partial(self._part, socket),
            ClientRecord(self._recorder, socket, auth, most_unanswered=self._app.server.limits.pending_acks),
            seconds=self._behind.seconds,
        )
        try:
            sid = await link.open(self._behind.address(socket.namespace, scope, auth))
        except ConnectRefusedError as error:
            raise _refused(error.answer) from None
        except (UnreachableError, ClosedError) as error:
            self._warn("unreachable", f"no connection to the upstream server, {self._behind}: {error}")
            # Clients connect again by themselves after a transport has closed, not after a refusal.
            await self._close_transport(socket)
            raise RefusedError("unavailable", "the upstream server can't be reached") from None
        member = self._app.server.manager.find(socket.id, socket.namespace)
        if member is not None:
            member.shown_sid = sid  # clients tell it to one another, and the upstream server knows no other
        self._links[socket.namespace, socket.id] = link

    async def _disconnect(self, socket: Socket) -> None:
        link = self._links.pop((socket.namespace, socket.id), None)
        if link is not None:
            await link.close()

    async def _pass_any(self, socket: Socket, event: str, *arguments: Any, wants_ack: bool) -> Any:
        return await self._pass(event, socket, *arguments, wants_ack=wants_ack)

    async def _pass(self, event: str, socket: Socket, *arguments: Any, wants_ack: bool) -> Any:
        link = self._links.get((socket.namespace, socket.id))
        if link is None:
            raise RefusedError("unavailable", "the connection to the upstream server has ended")
        return await link.relay(event, arguments, wants_ack=wants_ack)

    async def _deliver(self, socket: Socket, arrival: Arrival, answered: Any) -> bool:
        """Emit to a client what the upstream server emitted; return whether the document allows it."""
        try:
            if refusal_of(arrival) is None:
                await socket.emit(arrival.event, arrival.arguments, callback=answered)
            else:  # no document declares the standard refusal
                await self._app.server.emit(
                    arrival.event,
                    arrival.arguments,
                    to=socket.id,
                    namespace=socket.namespace,
                    callback=answered,
                )
        except ValidationError as error:
            self._blame(error)
            self._warn(("dropped", arrival.event), f"dropped an event: {error}")
        except UnencodableError as error:
            self._warn(
                ("dropped", arrival.event),
                f"dropped {arrival.event!r} of the upstream server, {self._behind}: {error}",
            )
        else:
            return True
        return False

    async def _part(self, socket: Socket, error: ClosedError) -> None:
        """End a client's connection as the upstream server ended its own."""
        if error.final:
            await self._app.disconnect(socket.id, socket.namespace)
            return
        self._warn("lost", f"a connection to the upstream server, {self._behind}, was lost: {error}")
        await self._close_transport(socket)

    async def _close_transport(self, socket: Socket) -> None:
        server = self._app.server
        eio_sid = server.manager.eio_sid_from_sid(socket.id, socket.namespace)
        if eio_sid is not None:
            await server.eio.disconnect(eio_sid)

    def _warn(self, key: Hashable, text: str) -> None:
        if (unsaid := self._log.admits(key)) is not None:
            logger.warning("%s%s", text, unsaid)


def _refused(answer: Any) -> RefusedByHandlerError:
    """Return what makes the server answer a CONNECT as the upstream server did."""
    error = RefusedByHandlerError()
    if answer is not None:
        error.error_args = answer
    return error
