"""Faults that target the server's memory, its log, or the data that it passes on."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from typing import Any

from .clients import PATH, connect_packet, until
from .faults import PATIENCE, Table, World
from .sockets import BINARY, PING, SECONDS, TEXT, ClosedError, Connection, frame, request, turned_away

poison = Table("poison for others")
PLACEHOLDER = '{"_placeholder":true,"num":0}'
for name, lure in {
    "almost a placeholder": '{"_placeholder":1,"num":7}',
    "a placeholder in words": '{"_placeholder":"yes","num":-1}',
}.items():

    @poison.fault(name)
    async def _(world: World, lure: str = lure) -> None:
        client = await world.client()
        await client.send(f'451-["shout",{PLACEHOLDER},{lure}]', b"x")
        await until(lambda: client.ended is not None or bool(client.inbox), "any sign of refusal")
        assert world.bystander.inbox == [], "it was passed on"


@poison.fault("a placeholder of its own beside the server's bytes", handlers_fault=True)
async def _(world: World) -> None:
    client = await world.client()
    await client.send('425["picture",{"_placeholder":true,"num":5}]')
    world.refused(await client.answer(5), "internal_error")
    assert world.bystander.inbox == [], "it was passed on"
    assert await client.call("picture", "caption") == []
    for receiver in (client, world.bystander):
        await receiver.expect('451-["news","caption",')
        assert await receiver.next() == b"picture"


hoards = Table("memory")


@hoards.fault("auth of 900,000 bytes, accepted and stored")
async def _(world: World) -> None:
    client = await world.client()
    await client.send(connect_packet("/moods", {"mood": "x" * 900_000}))
    await until(lambda: client.ended is not None or bool(client.inbox), "refused")
    assert world.stage.seen("accepted") == 0
    if client.ended is None:
        await client.expect("44/moods,")
        await world.works(client)


@hoards.fault("auth of 900,000 bytes to a namespace of 90,000 characters")
async def _(world: World) -> None:
    client = await world.client()
    await client.send(f'40/{"n" * 90_000},"{"x" * 800_000}"')
    await until(lambda: client.ended is not None or bool(client.inbox), "refused")
    assert len(str(client.inbox)) < 2_000, "it is sent back"
    client.inbox.clear()
    await world.harmless(client)


@hoards.fault("CONNECT to unknown namespaces, for ever")
async def _(world: World) -> None:
    client = await world.client(None)
    async with asyncio.timeout(SECONDS):
        number = 0
        while client.ended is None:
            number += 1
            await client.send(f"40/random{number},")
            await asyncio.sleep(0.1)  # the pace of a client, not a wait
    await world.freed()


@hoards.fault("pings without reading the pongs, and unrequested pongs", ping_interval=1.0, ping_timeout=6.0)
async def _(world: World) -> None:
    client = await world.client(receives=4096)
    await client.stop_reading()
    flood = frame(PING, b"x" * 125) * 8_000
    transports = [item for item in gc.get_objects() if hasattr(type(item), "get_write_buffer_size")]
    for _ in range(11):
        await client.send("3")
        await client.socket.raw(flood)
    await client.send('42["hang"]')
    await until(lambda: world.stage.seen("hang") == 1 or "sockets" not in world.held(), "all were read")
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(SECONDS):
            while any(int(transport.get_write_buffer_size()) > 4_500_000 for transport in transports):
                await client.send("3")
                await asyncio.sleep(0.05)  # the pace of a client, not a wait
    assert all(int(transport.get_write_buffer_size()) <= 4_500_000 for transport in transports), (
        "pongs pile up"
    )
    await world.works(world.bystander)
    await client.vanish()
    world.stage.release()
    await world.freed()


for name, opening in {
    "text": frame(TEXT, b"4" * 99, length=9_000_000),
    "bytes": frame(BINARY, b"", length=9_000_000),
}.items():

    @hoards.fault(f"a message of 9 MB, announced in {name}")
    async def _(world: World, opening: bytes = opening) -> None:
        client = await world.client()
        await client.socket.raw(opening + b"x" * 1_500_000)
        await world.works(world.bystander)
        await client.vanish()
        await world.freed()


@hoards.fault("a message of 9 MB in fragments")
async def _(world: World) -> None:
    client = await world.client()
    await client.socket.raw(frame(TEXT, b"4", fin=False))
    for _ in range(18):
        await client.socket.raw(frame(0x0, b"x" * 500_000, fin=False))
    await client.socket.raw(frame(0x0, b"x"))
    await client.closed()
    await world.freed()


@hoards.fault(
    "events for a hanging handler over polling, then gone", ping_interval=0.3, ping_timeout=PATIENCE
)
async def _(world: World) -> None:
    client = await world.client(transport="polling")
    await client.stop_reading()
    flood = asyncio.ensure_future(client.polling.post("\x1e".join(['42["hang"]'] * 400)))
    await until(lambda: world.stage.seen("hang") > 0, "hanging")
    flood.cancel()
    await asyncio.wait([flood])
    await until(lambda: not world.held(but=("tasks",)).get("sockets"), "the loss is noticed")
    world.stage.release()
    await world.freed()


heads = Table("head of a request")
# Sessions opened here end by their heartbeat.
QUICK: dict[str, Any] = {"ping_interval": 0.5, "ping_timeout": PATIENCE}
for name, headers in {
    "a foreign origin that is not ASCII": {
        "Origin": "http://ą.example",
        "Access-Control-Request-Headers": "ą",
    },
    "the own origin, and not ASCII": {
        "Host": "ą",
        "Origin": "http://ą",
        "Access-Control-Request-Headers": "ą",
    },
    "a cookie that is not UTF-8": {"Cookie": "a=\udcff; b=\udcfe"},
    "an invalid forwarded host": {
        "X-Forwarded-Host": ",,,",
        "X-Forwarded-Proto": "x,y",
        "Origin": "x://,",
    },
    "4,000 headers": {f"X-{number}": "x" for number in range(4_000)},
    "a header of 60,000 bytes": {"X-Long": "x" * 60_000},
    "a header of 1,000,000 bytes": {"X-Long": "x" * 1_000_000},
}.items():

    @heads.fault(name, **QUICK)
    async def _(world: World, headers: dict[str, str] = headers) -> None:
        for method in ("OPTIONS", "GET"):
            lines = {"Host": "localhost", "Connection": "close", **headers}
            head = f"{method} {PATH}?EIO=4&transport=polling HTTP/1.1\r\n" + "".join(
                f"{key}: {value}\r\n" for key, value in lines.items()
            )
            connection = await Connection.dial(world.stage.url)
            await connection.raw((head + "\r\n").encode(errors="surrogateescape"))
            async with asyncio.timeout(SECONDS):
                try:
                    answer = await connection.response()
                except ClosedError:
                    continue
                finally:
                    await connection.hang_up()
            assert answer.status < 500, answer
        await world.works(world.bystander)


for name, query in {
    "a query of 1,000 names": "&" + "&".join(f"a{number}=1" for number in range(1_000)),
    "a session named twice": "&sid=nobody&sid=somebody",
    "an empty session": "&sid=",
    "a transport named twice": "&transport=websocket",
}.items():

    @heads.fault(name, **QUICK)
    async def _(world: World, query: str = query) -> None:
        target = f"{PATH}?EIO=4&transport=polling{query}"
        answer = await request(world.stage.url, target)
        assert answer.status < 500, answer
        await turned_away(world.stage.url, target)
        await world.works(world.bystander)


MEMORY = (poison, hoards, heads)
