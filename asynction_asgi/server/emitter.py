"""`Emitter`: validated emits from a process without a server, such as a worker or a script."""

from __future__ import annotations

from asyncio import wrap_future
from typing import TYPE_CHECKING, Any

from .queue_emitter import QueueEmitter

if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Never, Unpack

    from ..engine import Audience, Room
    from .emitter_options import QueueEmitOptions


class Emitter(QueueEmitter):
    """Emits through a message queue to the clients of every server that listens on it.

    It needs no handlers, and imports none. It works from any event loop and thread, and after a fork: the
    connection belongs to a thread of its own.
    """

    async def emit(
        self,
        event: str,
        data: Any = None,
        to: Audience | None = None,
        room: Audience | None = None,
        skip_sid: str | Collection[str] | None = None,
        namespace: str | None = None,
        **misplaced: Never,
    ) -> None:
        """Emit to a client, a room, several rooms, or every client of a namespace, on any server.

        Returns when the broker has answered.

        Raises:
            UndeclaredEventError: The document has no such event; nothing was sent.
            PayloadValidationError: `data` doesn't match the document; nothing was sent.
            QueueError: The broker did not answer in time; the message says whether nothing was sent.
            TypeError: A parameter is not known, or is of a type that names no room or client; nothing was sent.
        """
        await wrap_future(self._emits.emit(event, data, to, room, skip_sid, namespace, misplaced))

    async def send(self, data: Any, to: Audience | None = None, **options: Unpack[QueueEmitOptions]) -> None:
        """Emit the event ``message``; takes and raises what `emit` does."""
        await self.emit("message", data, to, **options)

    async def enter_room(self, sid: str, room: Room, namespace: str | None = None) -> None:
        """Put a client into a room, on whichever server it is."""
        await wrap_future(self._emits.enter_room(sid, room, namespace))

    async def leave_room(self, sid: str, room: Room, namespace: str | None = None) -> None:
        """Take a client out of a room, on whichever server it is."""
        await wrap_future(self._emits.leave_room(sid, room, namespace))

    async def close_room(self, room: Room, namespace: str | None = None) -> None:
        """Take every client out of a room, on every server."""
        await wrap_future(self._emits.close_room(room, namespace))

    async def disconnect(self, sid: str, namespace: str | None = None) -> None:
        """End a client's connection, on whichever server it is."""
        await wrap_future(self._emits.disconnect(sid, namespace))

    async def close(self) -> None:
        """Close the connection to the queue; a later emit opens it again."""
        await wrap_future(self._emits.close())
