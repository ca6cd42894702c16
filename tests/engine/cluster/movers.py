"""Clients that are cut off at random moments and come back to processes at random."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING, Any

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.engine.stage import SECONDS, payload

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence

    from websockets.asyncio.client import ClientConnection

    from .node import Step

# How long a client stays at one process, at most; some don't stay until they are connected.
_STAY_SECONDS = 0.08
# Of the connections that break, those that the process does not notice.
_HALF_OPEN = 0.3
ROOMS = ("a", "b")


def plan(name: str, chance: random.Random, clients: int, length: int) -> list[Step]:
    """Return what a process emits, and how it moves clients into a room of its own and out of it, at random."""
    steps: list[Step] = []
    for _ in range(length):
        kind = chance.randrange(10)
        if kind < 1:
            steps.append((chance.choice(["enter", "leave"]), chance.randrange(clients)))
        else:
            targets = [None, *ROOMS, name, chance.randrange(clients)]
            steps.append(("emit", chance.choice(targets)))
    return steps


def expected(name: str, steps: Sequence[Step], client: int, rooms: Sequence[str]) -> list[int]:
    """Return the numbers that a client has to receive of a process that takes these steps."""
    numbers, is_inside = [], False
    for number, (method, target) in enumerate(steps):
        if method != "emit":
            if target == client:
                is_inside = method == "enter"
        elif target is None or target in rooms or target == client or (target == name and is_inside):
            numbers.append(number)
    return numbers


class Mover:
    """One client over all its connections; it keeps pid and offset as socket.io-client does.

    Attributes:
        sid: Its id.
        received: The numbers that came, by the process that emitted them.
        sessions: How many sessions it has had.
        stays: How many connections.
    """

    def __init__(self, urls: Sequence[str], rooms: Sequence[str], chance: random.Random) -> None:
        self.sid = ""
        self.received: dict[str, list[int]] = {}
        self.sessions = self.stays = 0
        self.rooms = rooms
        self._urls = urls
        self._chance = chance
        self._shown: dict[str, Any] = {}
        self._open: list[ClientConnection] = []
        self._asked = 0

    async def begin(self) -> None:
        """Connect for the first time, and enter the rooms."""
        async with connect(self._chance.choice(self._urls), compression=None, proxy=None) as raw:
            await self._join(raw)
            for number, room in enumerate(self.rooms):
                await raw.send(f'42{number}["join","{room}"]')
                while not str(await raw.recv()).startswith("43"):
                    pass
            raw.transport.abort()

    async def move(self, is_over: Callable[[], bool]) -> None:
        """Come back again and again."""
        while not is_over():
            with contextlib.suppress(TimeoutError, ConnectionClosed):
                async with asyncio.timeout(self._chance.uniform(0, _STAY_SECONDS)):
                    await self._stay(lambda: False)

    async def stay(self, count: int) -> None:
        """Come back until this many numbers are there, or for long enough that what is missing is lost."""

        def is_complete() -> bool:
            return sum(map(len, self.received.values())) >= count

        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SECONDS):
                while not is_complete():
                    with contextlib.suppress(ConnectionClosed):  # for an older connection
                        await self._stay(is_complete)

    async def close(self) -> None:
        """Close the connections that half-open ones are."""
        for raw in self._open:
            raw.transport.abort()

    async def _stay(self, is_complete: Callable[[], bool]) -> None:
        raw = await connect(self._chance.choice(self._urls), compression=None, proxy=None)
        self.stays += 1
        try:
            await self._join(raw)
            while not is_complete():
                self._take(str(await raw.recv()))
        finally:
            if self._chance.random() < _HALF_OPEN:
                self._open.append(raw)
            else:
                raw.transport.abort()

    async def _join(self, raw: ClientConnection) -> None:
        await raw.recv()
        await raw.send("40" + json.dumps(self._shown))
        while not (answer := str(await raw.recv())).startswith("40"):
            pass
        body = payload(answer)
        if body["pid"] != self._shown.get("pid"):
            self.sessions += 1
            self._shown = {"pid": body["pid"]}
        self.sid = body["sid"]

    def _take(self, packet: str) -> None:
        if packet.startswith("42"):
            _, name, number, offset = payload(packet)
            self.received.setdefault(name, []).append(number)
            self._shown["offset"] = offset
