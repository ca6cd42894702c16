"""Clients that were cut off come back: socket.io-client, unmodified, on each transport and by both forms of offset."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from ..javascript.clients import running_clients
from ..serving import serve
from .clients import until
from .cutting import received_through_cuts
from .proxies import Proxy
from .recovering import FEW, Server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ..javascript.clients import Client, Clients

TRANSPORTS = {"polling": ["polling"], "websocket": ["websocket"], "upgrade": ["polling", "websocket"]}
each_transport = pytest.mark.parametrize("transports", TRANSPORTS.values(), ids=TRANSPORTS.keys())
each_form = pytest.mark.parametrize("form", ["argument", "event"])


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """One server for all of them."""
    server = Server()
    with serve(server.app) as server.url:
        yield server


@pytest.fixture(scope="module")
def proxy(server: Server) -> Iterator[Proxy]:
    """What breaks connections."""
    with Proxy(server.url).running() as proxy:
        yield proxy


@pytest.fixture(scope="module")
def clients(proxy: Proxy, node_modules: Path) -> Iterator[Clients]:
    """One process for all clients, which ends before the proxy."""
    with running_clients(node_modules) as clients:
        yield clients


async def connected(client: Client, times: int = 1) -> tuple[Any, ...]:
    """Wait until a client has connected so often; return the sid, and whether it has recovered."""
    await until(lambda: len(client.connects) >= times, "connected")
    return tuple(client.connects[times - 1])


async def received(client: Client, numbers: range, *more: Any) -> None:
    """Wait until a client has received as many events; they must be these, in order."""
    await until(lambda: len(client.events) >= len(numbers), f"{len(numbers)} events")
    assert [event[: 2 + len(more)] for event in client.events] == [["news", one, *more] for one in numbers]


@each_form
@each_transport
@pytest.mark.parametrize(
    ("before", "more"), [(3, ("a text",)), (0, ())], ids=["after texts", "before any event"]
)
async def test_a_client_that_was_cut_off_misses_nothing(
    server: Server,
    clients: Clients,
    proxy: Proxy,
    transports: list[str],
    form: str,
    before: int,
    more: tuple[str, ...],
) -> None:
    """It gets its sid, its room and what it missed, twice in a row."""
    namespace = f"/{form}"
    client = clients.open(proxy.url, namespace, transports=transports)
    sid, _ = await connected(client)
    await server.emit(range(before), namespace, *more)
    await received(client, range(before), *more)
    for drop in (1, 2):
        await server.settled(client, transports)
        proxy.cut()
        await server.left(sid, drop)
        await server.emit(range(before + 4 * drop - 4, before + 4 * drop), namespace, *more)
        assert await connected(client, drop + 1) == (sid, True)
        await received(client, range(before + 4 * drop), *more)
    await server.emit(range(before + 8, before + 9), namespace, *more)
    await received(client, range(before + 9), *more)
    assert server.told[sid][:2] == [False, (server.told[sid][1][0], True)]
    client.leave()
    await server.left(sid, 3)
    assert server.told[sid][-1] == ("client disconnect", False)


@each_form
@each_transport
async def test_a_client_returns_before_its_loss_was_noticed(
    server: Server, clients: Clients, proxy: Proxy, transports: list[str], form: str
) -> None:
    """Its old connection is closed first, as the disconnect handler sees; nothing is lost or doubled."""
    namespace = f"/{form}"
    client = clients.open(proxy.url, namespace, transports=transports)
    sid, _ = await connected(client)
    await server.emit(range(3), namespace)
    await received(client, range(3))
    await server.settled(client, transports)
    proxy.lose()
    await server.emit(range(3, 8), namespace)
    assert await connected(client, 2) == (sid, True)
    await server.emit(range(8, 10), namespace)
    await received(client, range(10))
    connected_at_first, (reason, recoverable), recovered = server.told[sid]
    assert (connected_at_first, recoverable, recovered) == (False, True, True)
    # A client of polling that is cut off says good-bye to the server, if it can.
    assert reason == "transport close" or (reason == "client disconnect" and transports == ["polling"])
    client.leave()
    await server.left(sid, 2)


@each_form
@each_transport
async def test_a_client_that_missed_too_much_is_told(
    server: Server, clients: Clients, proxy: Proxy, transports: list[str], form: str
) -> None:
    """Beyond the bound it gets a new session, and none of the events that it missed."""
    namespace = f"/few-{form}"
    client = clients.open(proxy.url, namespace, transports=transports)
    sid, _ = await connected(client)
    await server.emit(range(2), namespace)
    await received(client, range(2))
    await server.settled(client, transports)
    proxy.cut()
    await server.left(sid)
    await server.emit(range(100, 100 + FEW + 1), namespace)
    again, recovered = await connected(client, 2)
    assert (recovered, again == sid) == (False, False)
    await server.emit(range(2, 3), namespace)
    await received(client, range(3))
    client.leave()
    await server.left(again)


@pytest.mark.parametrize(
    ("form", "hold"), [("argument", 0.0), ("event", 0.05)], ids=["arguments", "events, slow handler"]
)
async def test_nothing_is_lost_or_doubled_through_random_cuts(
    node_modules: Path, form: str, hold: float
) -> None:
    """Some of them half-open; ``python -m benchmarks.recovery`` does the same for 6,000 events."""
    numbers, recoveries = await received_through_cuts(
        node_modules, form=form, events=300, per_second=300, cuts=6, hold=hold, chance=random.Random(7)
    )
    assert numbers == list(range(300))
    assert recoveries[:2] == [False, True]
    assert all(recoveries[1:])
