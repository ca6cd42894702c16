"""Faults in WebSocket frames, below the level of packets."""

from __future__ import annotations

import asyncio

from .clients import until
from .faults import PATIENCE, Table, World
from .sockets import BINARY, CLOSE, PING, TEXT, frame

frames = Table("broken frame")
for name, data in {
    "invalid UTF-8": frame(TEXT, b'42["echo","\xff\xfe"]'),
    "UTF-8 of a surrogate": frame(TEXT, b'42["echo","\xed\xa0\x80"]'),
    "a frame that is not masked": frame(TEXT, b'42["echo"]', mask=False),
    "a reserved opcode": frame(0x3, b"x"),
    "a continuation without a start": frame(0x0, b"x"),
    "a reserved bit": bytes([0xF1, 0x80, 0, 0, 0, 0]),
    "a ping of 200 bytes": frame(PING, b"x" * 200),
    "a ping in fragments": frame(PING, b"x", fin=False),
    "a frame of 2 to the 62 bytes": frame(TEXT, b"4", length=1 << 62),
    "text and bytes in one message": frame(TEXT, b"42", fin=False) + frame(BINARY, b"x"),
    "a text message over the limit": frame(TEXT, b'42["echo","' + b"x" * 1_100_000 + b'"]'),
    "a binary message over the limit": frame(BINARY, b"x" * 1_100_000),
}.items():

    @frames.fault(name)
    async def _(world: World, data: bytes = data) -> None:
        client = await world.client()
        await client.socket.raw(data)
        await client.closed()
        await world.freed()


@frames.fault("half a frame, then nothing more", ping_interval=0.2, ping_timeout=PATIENCE)
async def _(world: World) -> None:
    client = await world.client(answers_pings=False)
    await client.socket.raw(frame(TEXT, b'42["echo"]')[:-4])
    await client.closed()
    await world.freed()


@frames.fault("half a frame, then a reset")
async def _(world: World) -> None:
    client = await world.client()
    await client.socket.raw(frame(TEXT, b'42["echo"]')[:-4])
    await client.vanish()
    await world.freed()


@frames.fault("an event in fragments is whole")
async def _(world: World) -> None:
    client = await world.client()
    for part in (frame(TEXT, b'4281["ec', fin=False), frame(0x0, b'ho",', fin=False), frame(0x0, b"1]")):
        await client.socket.raw(part)
    assert await client.answer(81) == [1]


@frames.fault("an event byte by byte is whole")
async def _(world: World) -> None:
    client = await world.client()
    for byte in frame(TEXT, b'4281["echo",1]') * 2:
        await client.socket.raw(bytes([byte]))
        await asyncio.sleep(0)
    assert await client.answer(81) == [1]
    assert await client.answer(81) == [1]


@frames.fault("many events in one segment are all handled, cut anywhere")
async def _(world: World) -> None:
    client = await world.client()
    events = (f'42{number}["echo","{"x" * number}"]'.encode() for number in range(0, 400, 7))
    data = b"".join(frame(TEXT, event) for event in events)
    for start in range(0, len(data), 1_000):
        await client.socket.raw(data[start : start + 1_000])
    for number in range(0, 400, 7):
        assert await client.answer(number) == ["x" * number]


@frames.fault("control frames between fragments and events")
async def _(world: World) -> None:
    client = await world.client()
    ping = frame(PING, b"there?")
    parts = (frame(TEXT, b'4281["ec', fin=False), frame(0x0, b'ho",1]'), frame(TEXT, b'4282["echo",2]'))
    await client.socket.raw(ping + ping.join(parts) + ping)
    assert await client.answer(81) == [1]
    assert await client.answer(82) == [2]


@frames.fault("a length of eight bytes where one byte suffices")
async def _(world: World) -> None:
    client = await world.client()
    plain = frame(TEXT, b'4281["echo"]')
    await client.socket.raw(plain[:1] + b"\xff" + len(b'4281["echo"]').to_bytes(8, "big") + plain[2:])
    await until(lambda: client.ended is not None or bool(client.inbox), "closed or answered")


@frames.fault("an event after a close frame is not handled")
async def _(world: World) -> None:
    client = await world.client()
    await client.socket.raw(frame(CLOSE, b"\x03\xe8") + frame(TEXT, b'42["echo"]'))
    await client.closed()
    await world.freed()
    assert world.stage.seen("echo") == 0


@frames.fault("an event and a reset at once")
async def _(world: World) -> None:
    client = await world.client()
    await client.socket.raw(frame(TEXT, b'421["hang"]') + frame(TEXT, b'422["hang"]'))
    await until(lambda: world.stage.seen("hang") == 2, "both handlers")
    await client.vanish()
    await world.freed(but=("tasks",))


FRAMES = (frames,)
