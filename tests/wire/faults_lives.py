"""Faults in a connection's life: connecting, vanishing, not reading."""

from __future__ import annotations

import asyncio
import json

from .clients import connect_packet, decode, until
from .faults import PATIENCE, Table, World
from .sockets import SECONDS, TEXT, frame

connects = Table("connect")
for mood in ("refuse", "false", "boom", "bad type", "cancelled", "greet, refuse"):

    @connects.fault(f"a handler's {mood}", handlers_fault=mood in {"boom", "bad type", "cancelled"})
    async def _(world: World, mood: str = mood) -> None:
        client = await world.client()
        await client.send(connect_packet("/moods", {"mood": mood}))
        answer = decode(await client.expect("44/moods,"))
        assert isinstance(answer["message"], str)
        assert "internal detail" not in json.dumps(answer)
        witness = await world.client("/moods")
        assert await witness.call("shout", 1, namespace="/moods") == []
        await witness.expect('42/moods,["news"')
        await world.works(client)
        assert world.stage.seen("mood", mood) == 1, "called more than once"
        assert world.stage.seen("disconnect") == 0


@connects.fault("an unknown namespace")
async def _(world: World) -> None:
    client = await world.client()
    await client.send("40/random,")
    assert decode(await client.expect("44/random,")) == {"message": "Invalid namespace"}
    await world.works(client)


@connects.fault("unknown namespaces, 2,000 of them")
async def _(world: World) -> None:
    client = await world.client()
    await client.send(*(f"40/random{number}," for number in range(2_000)))
    await world.harmless(client)
    client.inbox.clear()


@connects.fault("twice to the same namespace")
async def _(world: World) -> None:
    client = await world.client()
    await client.send("40")
    await world.harmless(client)
    assert world.stage.seen("connect", "/") == 2, "the handler ran twice"  # once for the bystander


@connects.fault("twice while the first is pending")
async def _(world: World) -> None:
    client = await world.client()
    await client.send(connect_packet("/moods", {"mood": "hang"}))
    await until(lambda: world.stage.seen("mood", "hang") == 1, "the first")
    await client.send(connect_packet("/moods", {"mood": "hang"}))
    await world.works(await world.client())
    world.stage.release()
    if client.ended is None:
        await client.expect("40/moods,")
        await world.works(client)
    assert world.stage.seen("mood", "hang") == 1, "the handler ran twice"


@connects.fault("an event before CONNECT")
async def _(world: World) -> None:
    client = await world.client(None)
    await client.send('421["echo"]')
    await client.closed()
    assert world.stage.seen("echo") == 0


@connects.fault("a DISCONNECT before CONNECT")
async def _(world: World) -> None:
    client = await world.client(None)
    await client.send("41")
    if client.ended is None:
        await until(lambda: client.ended is not None, "closed without a CONNECT")


@connects.fault("an event to a namespace that is not connected")
async def _(world: World) -> None:
    client = await world.client()
    await client.send('42/moods,1["echo"]')
    await world.harmless(client)
    assert world.stage.seen("mood echo") == 0


@connects.fault("no CONNECT")
async def _(world: World) -> None:
    client = await world.client(None)
    await client.closed()
    await world.freed()


@connects.fault("events while it is pending")
async def _(world: World) -> None:
    client = await world.client()
    await client.send(connect_packet("/moods", {"mood": "hang, refuse"}), '42/moods,1["echo"]')
    await until(lambda: world.stage.seen("mood") == 1 or client.ended is not None, "pending")
    await world.harmless(client)  # so that the event has come before the refusal
    client.inbox.clear()
    await world.works(world.bystander)
    world.stage.release()
    await until(lambda: client.ended is not None or bool(client.inbox), "refused")
    assert world.stage.seen("mood echo") == 0, "an event was handled before connect had accepted"


@connects.fault("a broadcast while it is pending")
async def _(world: World) -> None:
    client = await world.client()
    witness = await world.client("/moods")
    await client.send(connect_packet("/moods", {"mood": "hang"}))
    await until(lambda: world.stage.seen("mood", "hang") == 1, "pending")
    assert await witness.call("shout", "early", namespace="/moods") == []
    await witness.expect('42/moods,["news"')
    assert client.inbox == [], "received a broadcast before connect had accepted"
    world.stage.release()
    await client.expect("40/moods,")
    assert client.inbox == []
    await witness.call("shout", "late", namespace="/moods")
    await client.expect('42/moods,["news","late"]')


@connects.fault("a greeting comes after the answer")
async def _(world: World) -> None:
    client = await world.client()
    await client.send(connect_packet("/moods", {"mood": "greet"}))
    assert str(await client.next()).startswith("40/moods,")
    assert str(await client.next()).startswith('42/moods,["news"')


@connects.fault("aborted while it is pending")
async def _(world: World) -> None:
    client = await world.client()
    await client.send(connect_packet("/moods", {"mood": "hang"}))
    await until(lambda: world.stage.seen("mood", "hang") == 1, "pending")
    await client.vanish()
    world.stage.release()
    await world.freed()
    disconnected, accepted = world.stage.seen("disconnect", "/moods"), world.stage.seen("accepted")
    assert disconnected == accepted, "disconnect runs for exactly the accepted clients"


@connects.fault("DISCONNECT while it is pending")
async def _(world: World) -> None:
    client = await world.client()
    await client.send(connect_packet("/moods", {"mood": "hang"}))
    await until(lambda: world.stage.seen("mood", "hang") == 1, "pending")
    await client.send("41/moods,")
    await world.works(world.bystander)
    world.stage.release()
    await world.freed(but=("sockets", "environs", "memberships", "tasks"))


@connects.fault("again after DISCONNECT")
async def _(world: World) -> None:
    client = await world.client()
    sids = []
    for _ in range(3):
        sids.append(await client.connect("/moods"))
        await client.send("41/moods,")
    assert len(set(sids)) == 3
    await world.works(client)


@connects.fault("500 times, each followed by DISCONNECT")
async def _(world: World) -> None:
    client = await world.client()
    both = frame(TEXT, b"40/moods,") + frame(TEXT, b"41/moods,")
    await client.socket.raw(both * 500)  # at once, as connects are limited while others are being left
    await world.harmless(client)
    client.inbox.clear()
    await until(
        lambda: world.stage.seen("disconnect", "/moods") == world.stage.seen("accepted"),
        "disconnect ran for each",
    )


@connects.fault("an event after DISCONNECT")
async def _(world: World) -> None:
    client = await world.client()
    await client.connect("/moods")
    await client.send("41/moods,", '42/moods,1["echo"]')
    await world.harmless(client)
    assert world.stage.seen("mood echo") == 0


lives = Table("client")


@lives.fault("vanishes with a reset")
async def _(world: World) -> None:
    client = await world.client()
    await client.connect("/moods")
    await client.send('42["join","room"]')
    await world.works(client)
    await client.vanish()
    await world.freed()
    await until(lambda: world.stage.seen("disconnect") == 2, "both handlers")


@lives.fault("closes without a close frame")
async def _(world: World) -> None:
    client = await world.client()
    await client.stop_reading()
    await client.socket.hang_up()
    await world.freed()


@lives.fault("stalls on a WebSocket", ping_interval=0.3, ping_timeout=PATIENCE)
async def _(world: World) -> None:
    client = await world.client(None, answers_pings=False)
    sid = await client.connect()
    await client.closed()
    await world.freed()
    await until(lambda: world.stage.seen("disconnect", "/", sid, "ping timeout") == 1, "the reason")


@lives.fault("stalls on polling", ping_interval=0.3, ping_timeout=PATIENCE)
async def _(world: World) -> None:
    client = await world.client(transport="polling", answers_pings=False)
    await client.closed()
    await world.freed()


@lives.fault("goes on sending, but answers no ping", ping_interval=0.3, ping_timeout=PATIENCE)
async def _(world: World) -> None:
    client = await world.client(answers_pings=False)
    async with asyncio.timeout(SECONDS):
        while client.ended is None:
            await client.send('42["echo"]')
            await asyncio.sleep(0.05)  # the pace of a client, not a wait
    await world.freed()


for transport in ("websocket", "polling"):

    @lives.fault(f"does not read, {transport}", ping_interval=0.5, ping_timeout=PATIENCE)
    async def _(world: World, transport: str = transport) -> None:
        slow = await world.client(transport=transport)
        await slow.stop_reading()
        busy = await world.client()
        await busy.send('42["burst",300,50000]')
        for number in range(300):
            assert decode(await busy.expect("42"))[1] == number
            await world.bystander.expect("42")
        await until(lambda: world.held().get("sockets", 0) <= 1, "the slow client is dropped")
        if transport == "websocket":
            await slow.torn()


@lives.fault("opens 200 connections and no namespace")
async def _(world: World) -> None:
    clients = [await world.client(None) for _ in range(200)]
    await world.works(world.bystander)
    await clients[0].closed()
    for client in clients:
        await client.vanish()
    await world.freed()


@lives.fault("floods with 5,000 events")
async def _(world: World) -> None:
    client = await world.client()
    flood = asyncio.ensure_future(client.send(*(['42["echo",1]'] * 5_000), '42999["echo","last"]'))
    await world.works(world.bystander)
    assert '43999["last"]' not in client.inbox, "the bystander waited for the whole flood"
    await flood
    await world.harmless(client)
    client.inbox.clear()


LIVES = (connects, lives)
