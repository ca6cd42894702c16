"""The clients of a room, wherever they are connected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..engine import name_entered, name_room, name_rooms
from .instead import refuse_more

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from typing import Never

    from ..engine import Audience, Found, Room, Server
    from .sends import Sends


class Sockets:
    """The clients of a room, or of a whole namespace, in every process on the message queue.

    It is an address, not a list: each method looks again who is there. ``async for`` yields a `Found` for each.

    `count` and ``async for`` raise `QueueError` if not every process answers in time; its text says how many did.
    """

    __slots__ = ("_namespace", "_room", "_sending", "_server", "_timeout")

    def __init__(
        self, server: Server, sending: Sends, room: Audience | None, namespace: str, timeout: float
    ) -> None:
        self._server = server
        self._sending = sending
        self._room = None if room is None else name_rooms(room)
        self._namespace = namespace
        self._timeout = timeout

    async def count(self) -> int:
        """Return how many clients there are."""
        clients = self._server.clients
        counting = clients.count(self._namespace, self._room, timeout=self._timeout)
        number: int = await self._server.run_here(counting)
        return number

    async def __aiter__(self) -> AsyncIterator[Found]:
        """Yield each client, as it was when its process answered."""
        finding = self._server.clients.find(self._namespace, self._room, timeout=self._timeout)
        for client in await self._server.run_here(finding):
            yield client

    async def join(self, room: Room) -> None:
        """Put them into a room.

        Raises:
            TypeError: `room` is not a str, an int, a UUID or an Enum of these.
            ValueError: `room` is a client's id.
        """
        await self._server.run_here(
            self._server.clients.move("join", self._namespace, self._room, name_entered(room))
        )

    async def leave(self, room: Room) -> None:
        """Take them out of a room; raises as `join` does."""
        await self._server.run_here(
            self._server.clients.move("leave", self._namespace, self._room, name_room(room))
        )

    async def disconnect(self) -> None:
        """End their connections to the namespace; returns when the disconnect handlers of this process have run."""
        await self._server.run_here(self._server.clients.move("disconnect", self._namespace, self._room))

    async def emit(self, event: str, data: Any = None, *further: Never) -> None:
        """Emit an event to them; raises as `AsynctionSocketIO.emit` does."""
        refuse_more("emit", event, further)
        await self._sending.emit(self._server, event, data, namespace=self._namespace, to=self._room)
