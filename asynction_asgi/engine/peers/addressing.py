"""Emits and rooms as applications call them: each name is checked where it is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import socketio

from ..hop import another_loop, run_in
from ..room_names import name_clients, name_entered, name_room, name_rooms

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Collection, Coroutine

    from ..room_names import Audience, Room


class AddressingServer(socketio.AsyncServer):  # type: ignore[misc]  # python-socketio is untyped
    """python-socketio's server, which takes anything for a room and then reaches no client by some of it.

    Each method runs in the server's event loop, wherever it is called.

    Attributes:
        loop: The event loop in which the server runs; None before it starts.
    """

    loop: asyncio.AbstractEventLoop | None = None

    async def emit(
        self,
        event: str,
        data: Any = None,
        to: Audience | None = None,
        room: Audience | None = None,
        skip_sid: str | Collection[str] | None = None,
        namespace: str | None = None,
        callback: Callable[..., Any] | None = None,
        ignore_queue: bool = False,  # noqa: FBT001, FBT002  # upstream's signature
    ) -> None:
        """Emit to a client, a room, several rooms, or every client of a namespace.

        Raises:
            TypeError: `to`, `room` or `skip_sid` is of a type that names no room or client; nothing was sent.
            UnencodableError: The data have no JSON form; nothing was sent.
        """
        target = room if to is None else to
        if target is not None:
            target = name_rooms(target)
            if target == []:
                return
        if skip_sid is not None:
            skip_sid = name_clients(skip_sid)
        emitting = super().emit(
            event,
            data,
            room=target,
            skip_sid=skip_sid,
            namespace=namespace,
            callback=callback,
            ignore_queue=ignore_queue,
        )
        loop = another_loop(self.loop)
        await (emitting if loop is None else run_in(loop, emitting))

    async def enter_room(self, sid: str, room: Room, namespace: str | None = None) -> None:
        """Put a client into a room.

        Raises:
            TypeError: `room` is of a type that names no room.
            ValueError: The client is unknown, or the room is another client's id.
        """
        await self.run_here(super().enter_room(sid, name_entered(room, sid), namespace=namespace))

    async def leave_room(self, sid: str, room: Room, namespace: str | None = None) -> None:
        """Take a client out of a room; raises as `enter_room` does for the room."""
        await self.run_here(super().leave_room(sid, name_room(room), namespace=namespace))

    async def close_room(self, room: Room, namespace: str | None = None) -> None:
        """Take every client out of a room; raises as `enter_room` does for the room."""
        await self.run_here(super().close_room(name_room(room), namespace=namespace))

    async def run_here(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Run a coroutine in the server's loop."""
        loop = another_loop(self.loop)
        return await (coroutine if loop is None else run_in(loop, coroutine))
