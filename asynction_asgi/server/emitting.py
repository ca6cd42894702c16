"""Everything that goes out: emits, calls, rooms and sessions, under python-socketio's own names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .instead import check_recipients, refuse_keywords

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from contextlib import AbstractAsyncContextManager
    from typing import Never

    from ..engine import Audience, Room, Server
    from .connections import Connections
    from .sending import Sending
    from .socket import Socket


class Emitting:
    """Sends on behalf of the server; every emit is checked against the document first."""

    def __init__(self, server: Server, sending: Sending, connections: Connections) -> None:
        self._server = server
        self._sending = sending
        self._connections = connections

    @property
    def server(self) -> Server:
        """The wrapped ``socketio.AsyncServer``: the explicit way round validation."""
        return self._server

    def socket(self, sid: str, namespace: str | None = None) -> Socket | None:
        """The connection with this sid in this process; None when there is none."""
        return self._connections.get(namespace or "/", sid)

    async def emit(
        self,
        event: str,
        data: Any = None,
        to: Audience | None = None,
        room: Audience | None = None,
        skip_sid: str | Collection[str] | None = None,
        namespace: str | None = None,
        callback: Callable[..., Any] | None = None,
        ignore_queue: bool = False,  # noqa: FBT001, FBT002 - python-socketio's own signature
        **misplaced: Never,
    ) -> None:
        """Emit an event to a client, a room, several rooms, or everybody in the namespace.

        Args:
            event: A name that the document lets the server emit.
            data: One argument; a tuple is many, None is none.
            to: The sid or room addressed, or a list of rooms, nobody if it is empty; everybody
                without it.
            room: Alias of `to`.
            skip_sid: One sid, or several, to leave out.
            namespace: The concrete namespace, ``/`` without it.
            callback: Called with the arguments of the client's answer, once they are found to match
                the document. Only for a single client, by its sid as `to`; a list of one sid is several
                rooms. It is not called if the client has left.
            ignore_queue: Reach the clients of this process alone.
            misplaced: Parameters of other libraries, refused with what to write instead.

        Raises:
            UndeclaredEventError: the document has no such event; nothing was sent.
            PayloadValidationError: `data` doesn't match the document; nothing was sent.
            TypeError: a parameter is not known, or `to` can't be a room; nothing was sent.
            ValueError: a callback is given for a room, several, or everybody; nothing was sent.
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

    async def send(self, data: Any, to: Audience | None = None, **options: Any) -> None:
        """Emit the event ``message``; takes and raises what `emit` does."""
        await self.emit("message", data, to, **options)

    async def call(
        self,
        event: str,
        data: Any = None,
        to: str | None = None,
        sid: str | None = None,
        namespace: str | None = None,
        timeout: float | None = 60,  # noqa: ASYNC109 - python-socketio's own parameter
        ignore_queue: bool = False,  # noqa: FBT001, FBT002 - python-socketio's own signature
    ) -> Any:
        """Emit to one client and wait for its answer.

        Args:
            event: A name that the document lets the server emit.
            data: One argument; a tuple is many, None is none.
            to: The client's sid.
            sid: Alias of `to`.
            namespace: The concrete namespace, ``/`` without it.
            timeout: Seconds to wait; None waits until the client answers or leaves.
            ignore_queue: Look for the client in this process alone.

        Returns:
            None for an empty answer, the argument if it is one, a tuple if there are more.

        Raises:
            UndeclaredEventError: the document has no such event; nothing was sent.
            PayloadValidationError: `data` doesn't match the document; nothing was sent.
            AckValidationError: the client's answer doesn't match it.
            DisconnectedError: the client left, or is not connected.
            NoAnswerError: no answer came in time, or more than `Limits.pending_acks` were awaited from the
                client and this one longest; a TimeoutError.
            ValueError: neither `to` nor `sid` says whom to call.
            TypeError: they can't be a sid; nothing was sent.
        """
        check_recipients(event, to, sid)
        client = to or sid
        if client is None:
            raise ValueError("call() addresses one client: pass its sid as 'to'")
        return await self._sending.call(
            self._server,
            event,
            data,
            to=client,
            namespace=namespace or "/",
            timeout=timeout,
            ignore_queue=ignore_queue,
        )

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
        """The rooms that a client of this process is in, its own included; a UUID as its text."""
        return list(self._server.rooms(sid, namespace=namespace))

    async def get_session(self, sid: str, namespace: str | None = None) -> dict[str, Any]:
        """A client's session; changes to it are kept only by `save_session`."""
        return dict(await self._server.get_session(sid, namespace=namespace))

    async def save_session(self, sid: str, session: dict[str, Any], namespace: str | None = None) -> None:
        """Keep a client's session for as long as it is connected."""
        await self._server.save_session(sid, session, namespace=namespace)

    def session(self, sid: str, namespace: str | None = None) -> AbstractAsyncContextManager[dict[str, Any]]:
        """A client's session as a context manager that keeps the changes made in its block."""
        manager: AbstractAsyncContextManager[dict[str, Any]] = self._server.session(sid, namespace=namespace)
        return manager

    async def disconnect(self, sid: str, namespace: str | None = None, ignore_queue: bool = False) -> None:  # noqa: FBT001, FBT002 - python-socketio's own signature
        """End a client's connection to a namespace; its disconnect handler runs.

        From within a connect handler, or while it runs, this takes effect when the handler has ended: the
        client is told that it is connected, gets what was emitted to it, and is disconnected.
        """
        await self._server.disconnect(sid, namespace=namespace, ignore_queue=ignore_queue)
