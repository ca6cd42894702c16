"""The chat's handlers: rules that its document can't express.

Shapes and lengths are checked before these run, so they contain only the rules of the room.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import RefusedError

if TYPE_CHECKING:
    from ..server import Socket

ROOM = "the room"


class Chat:
    """Names in the room, by connection; one instance serves all of the document's handlers."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    async def enter(self, socket: Socket, name: str) -> None:
        """Add a connection to the room, once."""
        if socket.id in self._names:
            raise RefusedError("forbidden", "you are in the chat already")
        self._names[socket.id] = name
        await socket.join(ROOM)
        await socket.emit("login", {"numUsers": len(self._names)})
        await socket.to(ROOM).emit("user joined", {"username": name, "numUsers": len(self._names)})

    async def say(self, socket: Socket, text: str) -> None:
        """Send a message to the other clients."""
        await socket.to(ROOM).emit("new message", {"username": self._name(socket), "message": text})

    async def typing(self, socket: Socket) -> None:
        """Show the other clients that a message is being typed."""
        await socket.to(ROOM).emit("typing", {"username": self._name(socket)})

    async def stop_typing(self, socket: Socket) -> None:
        """Show the other clients that typing has stopped."""
        await socket.to(ROOM).emit("stop typing", {"username": self._name(socket)})

    async def leave(self, socket: Socket) -> None:
        """Notify the other clients, if the connection had a name."""
        name = self._names.pop(socket.id, None)
        if name is not None:
            await socket.to(ROOM).emit("user left", {"username": name, "numUsers": len(self._names)})

    def _name(self, socket: Socket) -> str:
        try:
            return self._names[socket.id]
        except KeyError:
            raise RefusedError("forbidden", "choose a name first") from None
