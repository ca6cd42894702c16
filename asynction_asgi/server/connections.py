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
        """A client is at the door."""
        self._sockets[socket.namespace, socket.id] = socket

    def get(self, namespace: str, sid: str) -> Socket | None:
        """The connection, or None when it is not, or no longer, in this process."""
        return self._sockets.get((namespace, sid))

    def remove(self, socket: Socket) -> None:
        """A client was refused or is gone."""
        self._sockets.pop((socket.namespace, socket.id), None)
