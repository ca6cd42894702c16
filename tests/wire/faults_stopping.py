"""Servers that are stopped while clients are connected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from asynction_asgi.engine.peers.stopping import STOP_SECONDS

from .clients import Client, connect_packet
from .process import Running, running
from .sockets import ClosedError, RejectedError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

# A handler that hangs takes all of the server's seconds; the rest is for a busy machine.
BOUND = STOP_SECONDS + 15.0
KIND = "stopping"


@dataclass(frozen=True, slots=True)
class Stop:
    """A situation in which a server is stopped.

    Attributes:
        prepare: A function that creates the situation and returns the sid whose disconnect handler must run.
    """

    name: str
    prepare: Callable[[Running, list[Client]], Awaitable[str | None]]
    kind: str = KIND

    @property
    def id(self) -> str:
        """The name in reports."""
        return f"{self.kind}: {self.name}"


async def _connected(
    server: Running, clients: list[Client], transport: str = "websocket", **auth: Any
) -> Client:
    client = await Client.open(server.url, transport=transport)
    clients.append(client)
    return client


async def _websocket(server: Running, clients: list[Client]) -> str:
    return await (await _connected(server, clients)).connect()


async def _polling(server: Running, clients: list[Client]) -> str:
    return await (await _connected(server, clients, "polling")).connect()


async def _hanging(server: Running, clients: list[Client]) -> str:
    client = await _connected(server, clients)
    sid = await client.connect()
    await client.send('421["hang"]')
    await server.noted("hang")
    return sid


async def _pending(server: Running, clients: list[Client]) -> None:
    client = await _connected(server, clients)
    await client.send(connect_packet("/moods", {"mood": "hang"}))
    await server.noted("mood")


async def _not_reading(server: Running, clients: list[Client]) -> str:
    client = await _connected(server, clients)
    sid = await client.connect()
    await client.stop_reading()
    await client.send('42["burst",200,20000]', '42["hang"]')
    await server.noted("hang")
    return sid


STOPS = (
    Stop("with a WebSocket client", _websocket),
    Stop("with a polling client", _polling),
    Stop("while a handler hangs", _hanging),
    Stop("while a connect handler hangs", _pending),
    Stop("while a client does not read", _not_reading),
)


async def judge_stop(stop: Stop, name: str, **options: Any) -> list[str]:
    """Stop a server in its own process, and return what it did wrong; `options` are those of `running`."""
    problems: list[str] = []
    clients: list[Client] = []
    async with running(name, **options) as server:
        try:
            sid = await stop.prepare(server, clients)
            seconds = await server.stop()
        except (AssertionError, TimeoutError, ClosedError, RejectedError, OSError) as error:
            return [f"{type(error).__name__} {error}"]
        if seconds > BOUND:
            problems.append(f"took {seconds:.1f} s to stop")
        runs = sum(entry[0] == "disconnect" and entry[2] == sid for entry in server.diary)
        if sid is not None and runs != 1:
            problems.append(f"its disconnect handler ran {runs} times")
        problems += server.complaints
    for client in clients:
        await client.stop_reading()
    return problems
