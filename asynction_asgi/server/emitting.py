"""Emits, calls, rooms and sessions, under python-socketio's own names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .instead import check_recipients, refuse_keywords
from .sockets import Sockets
from .sync import SyncApp

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from contextlib import AbstractAsyncContextManager
    from typing import Never, Unpack

    from ..engine import Audience, Found, Room, Server
    from .asking import Asking
    from .emitter_options import EmitOptions
    from .sends import Sends


class Emitting:
    """Sends on behalf of the server; every emit is checked against the document first."""

    def __init__(self, server: Server, sending: Sends) -> None:
        self._server = server
        self._sending = sending

    @property
    def server(self) -> Server:
        """The wrapped ``socketio.AsyncServer``: the explicit way round validation."""
        return self._server

    @property
    def sync(self) -> SyncApp:
        """The same methods, blocking, for plain functions in worker threads."""
        return SyncApp(self)

    async def emit(
        self,
        event: str,
        data: Any = None,
        to: Audience | None = None,
        room: Audience | None = None,
        skip_sid: str | Collection[str] | None = None,
        namespace: str | None = None,
        callback: Callable[..., Any] | None = None,
        ignore_queue: bool = False,  # noqa: FBT001, FBT002  # python-socketio's own signature
        **misplaced: Never,
    ) -> None:
        """Emit an event to a client, a room, several rooms, or every client of a namespace.

        Args:
            event: A name that the document lets the server emit.
            data: The argument; a tuple is several arguments, and None is no argument.
            to: The sid or room addressed, or a list of rooms; an empty list addresses no client, and
                None all clients of the namespace.
            room: Alias of `to`.
            skip_sid: One sid, or several, to leave out.
            namespace: The concrete namespace, ``/`` without it.
            callback: Called with the arguments of the client's answer if they match the document. Only for a single client, by its sid as `to`; a list of one sid is several
                rooms. It is not called if the client has left.
            ignore_queue: Emit to the clients of this process only.
            misplaced: Parameters of other libraries; the error says what to write instead.

        Raises:
            UndeclaredEventError: The document has no such event; nothing was sent.
            PayloadValidationError: `data` doesn't match the document; nothing was sent.
            TypeError: A parameter is unknown, or `to` can't be a room; nothing was sent.
            ValueError: A callback is given, and `to` is not a single client; nothing was sent.
        """
        if misplaced:
            refuse_keywords("emit", misplaced)
        await self._sending.emit(
            self._server,
            event,
            data,
            to=to,
            room=room,
            skip_sid=skip_sid,
            namespace=namespace or "/",
            callback=callback,
            ignore_queue=ignore_queue,
        )

    async def send(self, data: Any, to: Audience | None = None, **options: Unpack[EmitOptions]) -> None:
        """Emit the event ``message``; takes and raises what `emit` does."""
        await self.emit("message", data, to, **options)

    async def call(
        self,
        event: str,
        data: Any = None,
        to: str | None = None,
        sid: str | None = None,
        namespace: str | None = None,
        timeout: float | None = 60,  # noqa: ASYNC109  # python-socketio's own parameter
        ignore_queue: bool = False,  # noqa: FBT001, FBT002  # python-socketio's own signature
    ) -> Any:
        """Emit to one client and wait for its answer.

        Args:
            event: A name that the document lets the server emit.
            data: The argument; a tuple is several arguments, and None is no argument.
            to: The client's sid.
            sid: Alias of `to`.
            namespace: The concrete namespace, ``/`` without it.
            timeout: Seconds to wait; None waits until the client answers or leaves.
            ignore_queue: Look for the client in this process only.

        Returns:
            None for an empty answer, the only argument, or a tuple of several.

        Raises:
            UndeclaredEventError: The document has no such event; nothing was sent.
            PayloadValidationError: `data` doesn't match the document; nothing was sent.
            AckValidationError: The client's answer doesn't match it, or can't be sent over the message queue.
            DisconnectedError: The client left, or is not connected.
            NoAnswerError: No answer came in time, or this was the oldest of more than
                `Limits.pending_acks` unanswered questions to the client; a TimeoutError.
            ValueError: Neither `to` nor `sid` is given.
            TypeError: `to` or `sid` is not a sid; nothing was sent.
        """
        check_recipients(event, to, sid)
        client = to or sid
        if client is None:
            raise ValueError("call() addresses one client: pass its sid as 'to'")
        if isinstance(client, list | tuple | set | frozenset):
            raise TypeError("call() addresses one client: pass its sid as 'to'; app.ask asks several clients")
        return await self._sending.call(
            self._server,
            event,
            data,
            to=client,
            namespace=namespace or "/",
            timeout=timeout,
            ignore_queue=ignore_queue,
        )

    def ask(
        self,
        event: str,
        data: Any = None,
        to: Audience | None = None,
        *,
        namespace: str | None = None,
        timeout: float = 60,
    ) -> Asking:
        """Ask the clients of a room, or of the namespace, and loop over their answers as they come.

        ``async for answer in app.ask(…)`` yields an `Answer` for each client that was asked, in every process.
        One that has left, or does not answer in time, has an answer with an error.

        Args:
            event: A name that the document lets the server emit.
            data: The argument; a tuple is several arguments, and None is no argument.
            to: A sid, a room, or a list of rooms; None is all clients of the namespace.
            namespace: The concrete namespace, ``/`` without it.
            timeout: Seconds that the clients have to answer.

        Raises:
            UndeclaredEventError: The document has no such event; nothing was sent.
            PayloadValidationError: `data` doesn't match the document; nothing was sent.
            TypeError: `to` can't be a room; nothing was sent.
            QueueError: In the loop: not every process has reported whom it asked; the other answers came.
        """
        check_recipients(event, to, None)
        return self._sending.ask(
            self._server, event, data, to=to, namespace=namespace or "/", timeout=timeout
        )

    def sockets(
        self, room: Audience | None = None, namespace: str | None = None, *, timeout: float = 2
    ) -> Sockets:
        """Address the clients of a room, or of the namespace, in every process on the message queue.

        Counts and lists lack those of processes of python-socketio, and of earlier versions, which don't answer.

        Args:
            room: A room, a sid, or a list of rooms; None is all clients of the namespace.
            namespace: The concrete namespace, ``/`` without it.
            timeout: Seconds that the other processes have to answer.

        Raises:
            TypeError: `room` can't be a room.
        """
        return Sockets(self._server, self._sending, room, namespace or "/", timeout)

    async def find(self, sid: str, namespace: str | None = None, *, timeout: float = 2) -> Found | None:  # noqa: ASYNC109  # as `sockets`
        """Find a client in any process on the message queue, or return None if it is in none.

        A client of this process is found without the others, in an outage of the queue too. Processes of
        python-socketio, and of earlier versions, don't answer; their clients are not found.

        Raises:
            QueueError: Not every process has answered within `timeout` seconds.
            TypeError: `sid` is not a sid.
        """
        if not isinstance(sid, str):
            raise TypeError(f"find() looks for one client: pass its sid, not {sid!r}")
        found = [client async for client in self.sockets(sid, namespace, timeout=timeout)]
        return next((client for client in found if client.id == sid), None)

    async def enter_room(self, sid: str, room: Room, namespace: str | None = None) -> None:
        """Put a client into a room.

        Raises:
            TypeError: `room` is not a str, an int, a UUID or an Enum of these.
            ValueError: The client is not connected, or the room is another client's id.
        """
        await self._server.enter_room(sid, room, namespace=namespace)

    async def leave_room(self, sid: str, room: Room, namespace: str | None = None) -> None:
        """Take a client out of a room."""
        await self._server.leave_room(sid, room, namespace=namespace)

    async def close_room(self, room: Room, namespace: str | None = None) -> None:
        """Take every client out of a room."""
        await self._server.close_room(room, namespace=namespace)

    def rooms(self, sid: str, namespace: str | None = None) -> list[str | int]:
        """Return the rooms of a client of this process, its own included; a UUID as its text.

        Raises:
            UnknownSocketError: There is a message queue, and the client is not in this process.
        """
        return list(self._server.rooms(sid, namespace=namespace))

    async def get_session(self, sid: str, namespace: str | None = None) -> dict[str, Any]:
        """Return a client's session; changes to it are kept only by `save_session`.

        Raises:
            UnknownSocketError: The client is not in this process; a KeyError.
        """
        return dict(await self._server.get_session(sid, namespace=namespace))

    async def save_session(self, sid: str, session: dict[str, Any], namespace: str | None = None) -> None:
        """Replace a client's session, which lasts as long as its connection; raises as `get_session` does."""
        await self._server.save_session(sid, session, namespace=namespace)

    def session(self, sid: str, namespace: str | None = None) -> AbstractAsyncContextManager[dict[str, Any]]:
        """Return a client's session as a context manager, which saves the changes made in its block."""
        manager: AbstractAsyncContextManager[dict[str, Any]] = self._server.session(sid, namespace=namespace)
        return manager

    async def disconnect(self, sid: str, namespace: str | None = None, ignore_queue: bool = False) -> None:  # noqa: FBT001, FBT002  # python-socketio's own signature
        """End a client's connection to a namespace; its disconnect handler runs.

        While the client's connect handler runs, this takes effect when the handler has ended: the client
        receives the answer to its CONNECT and what was emitted to it, and is disconnected.
        """
        await self._server.disconnect(sid, namespace=namespace, ignore_queue=ignore_queue)
