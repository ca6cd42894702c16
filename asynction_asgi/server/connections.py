"""The connections of this process, by namespace and sid."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .socket import Socket


class Connections:
    """Every client from the start of its connect handler to the end of its disconnect handler."""

    def __init__(self) -> None:
        self._sockets: dict[tuple[str, str], Socket] = {}

    def add(self, socket: Socket) -> None:
        """Add a client that is connecting."""
        self._sockets[socket.namespace, socket.id] = socket

    def get(self, namespace: str, sid: str) -> Socket | None:
        """Return the connection, or None if it is not in this process."""
        return self._sockets.get((namespace, sid))

    def remove(self, socket: Socket) -> None:
        """Remove a client that was refused or has left."""
        self._sockets.pop((socket.namespace, socket.id), None)
