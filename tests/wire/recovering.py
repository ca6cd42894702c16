"""An application whose clients may come back, and what its handlers saw."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from asynction_asgi import AsynctionSocketIO, Socket

from ..server.documents import channel, document, message
from .clients import until

if TYPE_CHECKING:
    from ..javascript.clients import Client

FEW = 5


class Server:
    """An application with a namespace for each form of offset: ``/argument``, ``/event``, and ``/few-…``.

    Attributes:
        told: What its handlers saw, by sid.
        hold: Seconds that the connect handler takes.
        url: Where it is served.
    """

    def __init__(self) -> None:
        self.told: dict[str, list[Any]] = {}
        self.hold = 0.0
        recoveries: dict[str, Any] = {
            "argument": {"seconds": 60, "events": 10_000},
            "event": {"seconds": 60, "events": 10_000, "offset": "event"},
            "few-argument": {"events": FEW},
            "few-event": {"events": FEW, "offset": "event"},
        }
        channels = {
            name: channel([message("hello")], [message("news")], **{"x-recovery": recovery})
            for name, recovery in recoveries.items()
        }
        on: dict[str, Any] = {"connect": self._connect, "disconnect": self._disconnect, "hello": self._hello}
        self.app = AsynctionSocketIO.from_spec(
            document(**channels),
            handlers={f"/{name}": on for name in channels},
            ping_interval=0.2,
            ping_timeout=20,
        )
        self.url = ""

    async def _connect(self, socket: Socket) -> None:
        self.told.setdefault(socket.id, []).append(socket.recovered)
        await asyncio.sleep(self.hold)
        if not socket.recovered:
            await socket.join("all")

    async def _disconnect(self, socket: Socket, reason: str) -> None:
        self.told[socket.id].append((reason, socket.recoverable))

    async def _hello(self) -> None: ...

    async def emit(self, numbers: range, namespace: str, *more: Any) -> None:
        """Emit numbers to the clients of a namespace."""
        for number in numbers:
            await self.app.emit("news", (number, *more), to="all", namespace=namespace)

    async def settled(self, client: Client, transports: list[str]) -> None:
        """Wait until a client is on its last transport, and the server would notice its loss at once."""
        if len(transports) > 1:
            upgrades = len(client.connects)
            await until(lambda: client.happened.count(("upgrade", "websocket")) >= upgrades, "upgraded")
        elif transports == ["polling"]:
            sockets = self.app.server.eio.sockets
            await until(lambda: all(socket.outbox.poller for socket in list(sockets.values())), "polled")

    async def left(self, sid: str, times: int = 1) -> None:
        """Wait until the disconnect handler of a client has run so often."""
        await until(lambda: sum(isinstance(one, tuple) for one in self.told[sid]) >= times, "left")
