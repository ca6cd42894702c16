"""Faults during the upgrade from polling to WebSocket."""

from __future__ import annotations

import asyncio

from .clients import SEPARATOR, Client, Polling
from .faults import Table, World
from .sockets import SECONDS, WebSocket, request, turned_away

upgrades = Table("upgrade")


async def _upgrading(world: World) -> tuple[Client, WebSocket]:
    """Return a polling client and the WebSocket to which it is about to upgrade."""
    client = await world.client(transport="polling")
    target = client.polling.target.replace("polling", "websocket")
    return client, await WebSocket.open(world.stage.url, target)


async def _probe(socket: WebSocket) -> None:
    await socket.send("2probe")
    async with asyncio.timeout(SECONDS):
        assert await socket.receive() == "3probe"


PROBES: dict[str, list[str | bytes]] = {
    "an invalid probe": ["2nonsense"],
    "a message in place of the probe": ['42["echo"]'],
    "bytes in place of the probe": [b"\x00"],
    "an unknown packet in place of the probe": ["x"],
    "an empty message in place of the probe": [""],
}
for name, sent in PROBES.items():

    @upgrades.fault(name)
    async def _(world: World, sent: list[str | bytes] = sent) -> None:
        client, socket = await _upgrading(world)
        for packet in sent:
            await socket.send(packet)
        await socket.ended()
        await world.harmless(client)


for name, then in {
    "aborted after the probe": None,
    "nonsense after the probe": "x",
    "a second probe": "2probe",
    "a message before the upgrade is complete": '42["echo"]',
}.items():

    @upgrades.fault(name)
    async def _(world: World, then: str | None = then) -> None:
        client, socket = await _upgrading(world)
        await _probe(socket)
        if then is None:
            socket.reset()
        else:
            await socket.send(then)
            await socket.hang_up()
        await world.harmless(client)


@upgrades.fault("stalled after the probe: polling continues")
async def _(world: World) -> None:
    client, socket = await _upgrading(world)
    await _probe(socket)
    await world.works(client)
    socket.reset()


@upgrades.fault("nothing is lost or reordered")
async def _(world: World) -> None:
    polling = await Polling.open(world.stage.url)
    await polling.send("40")
    received = [await polling.receive()]
    for number in range(10):
        await polling.send(f'42{number}["echo",{number}]')
    received += polling.waiting
    poll = await polling.waiting_poll()  # like a client: a single poll until the upgrade
    socket = await WebSocket.open(world.stage.url, polling.target.replace("polling", "websocket"))
    await _probe(socket)
    received += (await poll).body.split(SEPARATOR)
    for number in range(10, 15):
        await polling.send(f'42{number}["echo",{number}]')
    await socket.send("5")
    await socket.send('4215["echo",15]')
    async with asyncio.timeout(SECONDS):
        while received[-1] != "4315[15]":
            received.append(await socket.receive())
    assert [packet for packet in received if str(packet).startswith("43")] == [
        f"43{n}[{n}]" for n in range(16)
    ]
    await socket.send("1")
    await socket.hang_up()


@upgrades.fault("without a probe")
async def _(world: World) -> None:
    client, socket = await _upgrading(world)
    await socket.send("5")
    await socket.ended()
    await world.harmless(client)


@upgrades.fault("twice")
async def _(world: World) -> None:
    client, socket = await _upgrading(world)
    await _probe(socket)
    await client.stop_reading()
    await socket.send("5")
    await socket.send('421["echo",1]')
    async with asyncio.timeout(SECONDS):
        while await socket.receive() != "431[1]":
            pass
    await turned_away(world.stage.url, client.polling.target.replace("polling", "websocket"))
    assert (await request(world.stage.url, client.polling.target)).status == 400
    assert (await client.polling.post('42["echo"]')).status == 400
    await socket.send('422["echo",2]')
    async with asyncio.timeout(SECONDS):
        while await socket.receive() != "432[2]":
            pass
    await socket.send("1")
    await socket.hang_up()


@upgrades.fault("two at the same time")
async def _(world: World) -> None:
    client, socket = await _upgrading(world)
    await _probe(socket)
    await turned_away(world.stage.url, client.polling.target.replace("polling", "websocket"), says="2probe")
    socket.reset()
    await world.harmless(client)


UPGRADES = (upgrades,)
