"""`Socket`: the server's end of one client's connection to one namespace, as handlers see it."""

from __future__ import annotations

from contextlib import asynccontextmanager, suppress
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from ..engine import name_rooms
from ..errors import DisconnectedError
from .instead import refuse_more
from .sends import Sends
from .sync import SyncSocket

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from types import SimpleNamespace
    from typing import Never

    from ..engine import Audience, Peer, Room
    from .emitting import Emitting


class SendsForApp(Sends, Protocol):
    """Sends on behalf of an application."""

    @property
    def app(self) -> Emitting:
        """The application."""
        ...


class Socket:
    """One client's connection to one namespace.

    Attributes:
        id: Socket.IO's id of this connection.
        namespace: The concrete namespace, such as ``/rooms/7``.
        params: Values of a dynamic namespace's parameters, by name.
        environ: The WSGI-style environ of the opening request; ``asgi.scope`` holds the scope.
        auth: What the client sent with its CONNECT, or None.
        user: Who the client is by the document's security, or None without security.
        token_info: What the security function returned, or None without security.
        app: The application, which emits to whole rooms.
        state: Where handlers keep what they know of this connection, as attributes.
    """

    __slots__ = ("_peer", "_sending", "auth", "params", "token_info", "user")

    def __init__(
        self, sending: SendsForApp, peer: Peer[Any], params: Mapping[str, Any], auth: Any = None
    ) -> None:
        self._sending = sending
        self._peer = peer
        self.params: Mapping[str, Any] = MappingProxyType(dict(params))
        self.auth = auth
        self.user: Any = None
        self.token_info: Mapping[str, Any] | None = None

    @property
    def id(self) -> str:
        """Socket.IO's id of this connection."""
        return self._peer.sid

    @property
    def namespace(self) -> str:
        """The concrete namespace."""
        return self._peer.namespace

    @property
    def environ(self) -> Mapping[str, Any]:
        """The environ of the opening request."""
        return self._peer.environ

    @property
    def app(self) -> Emitting:
        """The application that serves this connection."""
        return self._sending.app

    @property
    def state(self) -> SimpleNamespace:
        """What handlers keep of this connection, the same in each of them.

        Raises:
            DisconnectedError: The client has left.
        """
        if self._peer.state is None:
            raise DisconnectedError(self.id, self.namespace)
        kept: SimpleNamespace = self._peer.state.kept()
        return kept

    @property
    def sync(self) -> SyncSocket:
        """The methods that are awaited here, blocking, for plain functions in worker threads."""
        return SyncSocket(self)

    @property
    def recovered(self) -> bool:
        """Whether this continues an earlier connection: with its id, rooms and session, and nothing missed."""
        return self._peer.recovered

    @property
    def recoverable(self) -> bool:
        """Whether the client was cut off and may come back to this connection; for disconnect handlers."""
        return self._peer.recoverable

    @property
    def rooms(self) -> list[str | int]:
        """The rooms that this connection is in, its own included; none once the client has left."""
        try:
            return list(self._peer.sender.rooms(self.id, self.namespace))
        except KeyError:
            return []

    async def emit(
        self,
        event: str,
        data: Any = None,
        *further: Never,
        callback: Callable[..., Any] | None = None,
        **misplaced: Never,
    ) -> None:
        """Emit to this client.

        Raises:
            UndeclaredEventError: The document has no such event; nothing was sent.
            PayloadValidationError: `data` doesn't match the document; nothing was sent.
            TypeError: A parameter is unknown, or several arguments are not one tuple; nothing was sent.
        """
        if further or misplaced:
            refuse_more("emit", event, further, misplaced)
        await self._sending.emit(
            self._peer.sender, event, data, to=self.id, namespace=self.namespace, callback=callback
        )

    async def send(self, data: Any = None, *further: Never, **misplaced: Never) -> None:
        """Emit the event ``message`` to this client; raises as `emit` does."""
        await self.emit("message", data, *further, **misplaced)

    async def broadcast(self, event: str, data: Any = None, *further: Never, **misplaced: Never) -> None:
        """Emit to every other client of this namespace; raises as `emit` does."""
        if further or misplaced:
            refuse_more("broadcast", event, further, misplaced)
        await self._sending.emit(self._peer.sender, event, data, skip_sid=self.id, namespace=self.namespace)

    def to(self, room: Audience) -> Recipients:
        """Address the other clients of a room, or of several rooms.

        Raises:
            TypeError: `room` is not a str, an int, a UUID, an Enum of these, or several of them.
        """
        return Recipients(self._sending, self._peer, _names(room))

    async def call(
        self,
        event: str,
        data: Any = None,
        *further: Never,
        timeout: float | None = 60,  # noqa: ASYNC109  # python-socketio's own parameter
    ) -> Any:
        """Emit to this client and wait for its answer; see `AsynctionSocketIO.call`."""
        refuse_more("call", event, further)
        return await self._sending.call(
            self._peer.sender, event, data, to=self.id, namespace=self.namespace, timeout=timeout
        )

    async def join(self, room: Room) -> None:
        """Enter a room of this namespace.

        Raises:
            DisconnectedError: The client has left.
            TypeError: `room` is not a str, an int, a UUID or an Enum of these.
        """
        try:
            await self._peer.sender.enter_room(self.id, room, self.namespace)
        except ValueError:
            if self.rooms:
                raise
            raise DisconnectedError(self.id, self.namespace) from None

    async def leave(self, room: Room) -> None:
        """Leave a room of this namespace."""
        await self._peer.sender.leave_room(self.id, room, self.namespace)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[dict[str, Any]]:
        """Yield the session of this connection; changes are saved when the block ends.

        Raises:
            DisconnectedError: The client has left.
        """
        try:
            session = dict(await self._peer.sender.get_session(self.id, self.namespace))
        except KeyError:
            raise DisconnectedError(self.id, self.namespace) from None
        try:
            yield session
        finally:
            with suppress(KeyError):  # a session ends with its client
                await self._peer.sender.save_session(self.id, session, self.namespace)

    async def disconnect(self) -> None:
        """End this connection; its disconnect handler runs.

        While the client's connect handler runs, this takes effect when the handler has ended: the client
        receives the answer to its CONNECT and what was emitted to it, and is disconnected.
        """
        await self._peer.sender.disconnect(self.id, self.namespace)

    def seen_as(self, user: Any, token_info: Mapping[str, Any] | None) -> Socket:
        """Return the same connection with another user and token info, for an event with its own security."""
        seen = Socket(self._sending, self._peer, self.params, self.auth)
        seen.user, seen.token_info = user, token_info
        return seen

    def __repr__(self) -> str:
        return f"<Socket {self.id} of {self.namespace}>"


class Recipients:
    """The clients of some rooms, without the client that addresses them."""

    __slots__ = ("_peer", "_rooms", "_sending")

    def __init__(self, sending: SendsForApp, peer: Peer[Any], rooms: list[str | int]) -> None:
        self._sending = sending
        self._peer = peer
        self._rooms = rooms

    def to(self, room: Audience) -> Recipients:
        """Add the clients of other rooms; raises as `Socket.to` does."""
        return Recipients(self._sending, self._peer, [*self._rooms, *_names(room)])

    async def emit(self, event: str, data: Any = None, *further: Never, **misplaced: Never) -> None:
        """Emit to them; raises as `Socket.emit` does."""
        if further or misplaced:
            refuse_more("emit", event, further, misplaced)
        peer = self._peer
        await self._sending.emit(
            peer.sender, event, data, to=self._rooms, skip_sid=peer.sid, namespace=peer.namespace
        )

    async def send(self, data: Any = None, *further: Never, **misplaced: Never) -> None:
        """Emit the event ``message`` to them; raises as `Socket.emit` does."""
        await self.emit("message", data, *further, **misplaced)


def _names(room: Audience) -> list[str | int]:
    names = name_rooms(room)
    return names if isinstance(names, list) else [names]
