"""Events through connections that break at random, as one client of socket.io-client receives them."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from ..javascript.clients import running_clients
from ..serving import serve
from .clients import until
from .proxies import Proxy
from .recovering import Server

if TYPE_CHECKING:
    import random
    from pathlib import Path

# Of the cuts: those that the server does not notice.
_HALF_OPEN = 3


async def received_through_cuts(
    node_modules: Path,
    *,
    form: str,
    events: int,
    per_second: float,
    cuts: int,
    hold: float,
    chance: random.Random,
) -> tuple[list[int], list[bool]]:
    """Emit numbers at a rate while the connection breaks, and wait until the client has received the last one.

    Args:
        node_modules: Where socket.io-client is.
        form: How offsets travel, ``argument`` or ``event``.
        events: How many numbers.
        per_second: How many of them in a second.
        cuts: How often the connection breaks; every third time the server does not notice.
        hold: Seconds that the connect handler takes.
        chance: Chooses when.

    Returns:
        The numbers that came, in order, and of each connection whether the client had recovered. One that
        starts a new session misses what it was not there for.
    """
    server, namespace = Server(), f"/{form}"
    with serve(server.app) as url, Proxy(url).running() as proxy, running_clients(node_modules) as clients:
        client = clients.open(proxy.url, namespace, transports=["websocket"])
        await until(lambda: bool(client.connects), "connected")
        server.hold = hold
        moments = sorted(chance.uniform(0, 1) for _ in range(cuts))

        async def cut() -> None:
            begin = time.monotonic()
            for number, moment in enumerate(moments):
                await asyncio.sleep(max(0.0, begin + moment * events / per_second - time.monotonic()))
                await asyncio.to_thread(proxy.lose if number % _HALF_OPEN == _HALF_OPEN - 1 else proxy.cut)

        cutting = asyncio.ensure_future(cut())
        begin = time.monotonic()
        for number in range(events):
            await asyncio.sleep(max(0.0, begin + number / per_second - time.monotonic()))
            await server.emit(range(number, number + 1), namespace)
        await cutting
        await until(lambda: bool(client.events) and client.events[-1][1] == events - 1, "the last event")
        client.leave()
        return [event[1] for event in client.events], [recovered for _, recovered in client.connects]
