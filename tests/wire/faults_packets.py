"""Faults in frames and packets: what can't be decoded, and what decodes to nonsense."""

from __future__ import annotations

import asyncio

from .clients import decode, until
from .faults import Table, World
from .sockets import BINARY, CLOSE, PING, TEXT, frame

undecodable = Table("undecodable packet")
UNDECODABLE: dict[str, str | bytes] = {
    "an unknown Engine.IO type": "9",
    "an empty Engine.IO packet": "",
    "no Engine.IO type": "abc",
    "an empty Socket.IO packet": "4",
    "an unknown Socket.IO type": "47",
    "no Socket.IO type": "4abc",
    "truncated JSON": '42["echo",',
    "garbage after JSON": '42["echo"]x',
    "two JSON values": '42["echo"]["echo"]',
    "not JSON": "42echo",
    "an ack id that is no number": '42abc["echo"]',
    "an ack id without an event": "4217",
    "an ack id of 400 digits": f'42{"9" * 400}["echo"]',
    "an event that is an object": "42{}",
    "an event that is a string": '42"echo"',
    "an event that is null": "42null",
    "an event without anything": "42",
    "an event without a name": "42[]",
    "a name that is null": "42[null]",
    "a name that is a list": '42[["echo"],1]',
    "a name that is an object": '42[{"echo":1},1]',
    "a name that is a boolean": "42[true]",
    "NaN": '42["echo",NaN]',
    "Infinity": '42["echo",{"x":Infinity}]',
    "minus Infinity": '42["echo",[-Infinity]]',
    "a number of JSON's own that overflows": '42["shout",1e999]',
    "a control character in a string": '42["echo","\x01"]',
    "bytes where text is due": b"\x00\x01\x02",
    "an acknowledgement without an id": '43["x"]',
    "an acknowledgement that is an object": "431{}",
    "a CONNECT_ERROR from a client": '44{"message":"no"}',
    "auth that is not JSON": "40/moods,{mood",
}
for name, packet in UNDECODABLE.items():
    undecodable.closes(name, packet)
for name, text in {
    "a name that is a number": "42[1]",
    "auth that is a string": '40/moods,"secret"',
    "auth that is a list": "40/moods,[]",
    "a DISCONNECT with a payload": "41/moods,{}",
    "a CONNECT with an ack id": "40/moods,1",
    "an Engine.IO open packet": '0{"sid":"x"}',
    "an Engine.IO ping": "2",
    "an Engine.IO upgrade out of place": "5",
    "an Engine.IO noop": "6",
    "a pong nobody asked for": "3",
    "a namespace with a query": "40/moods?x=1,",
    "a namespace without a slash": "40moods,",
    "a namespace without end": "42/moods",
    "a namespace of 100,000 characters": "40/" + "n" * 100_000 + ",",
    "a namespace of control characters": "40/\x00\x1f,",
    "nesting of 100,000 levels": '42["echo",' + "[" * 100_000 + "]" * 100_000 + "]",
    "nesting of 2,000 levels": '42["echo",' + "[" * 2_000 + "]" * 2_000 + "]",
    "objects nested 5,000 deep": '42["echo",' + '{"a":' * 5_000 + "1" + "}" * 5_000 + "]",
    "an integer of 5,000 digits": f'42["echo",{"9" * 5_000}]',
    "a fraction of 900,000 digits": f'42["echo",0.{"3" * 900_000}]',
    "an exponent of 900,000 digits": f'42["echo",1e-{"9" * 900_000}]',
    "150,000 escapes": '42["echo","' + "\\u0041" * 150_000 + '"]',
    "900,000 spaces": '42["echo",' + " " * 900_000 + "1]",
    "100,000 keys": '42["echo",{' + ",".join(f'"{key}":0' for key in range(100_000)) + "}]",
    "auth nested 100,000 deep": "40/moods," + '{"a":' * 100_000 + "1" + "}" * 100_000,
    "an acknowledgement nested 100,000 deep": "431" + "[" * 100_000 + "]" * 100_000,
    "brackets in strings around real ones": '42["echo",' + '["]",' * 20_000 + "0" + ',"["]' * 20_000 + "]",
    "a duplicate key": '42["echo",{"a":1,"a":2}]',
    "a lone surrogate": r'42["echo","\ud800"]',
    "100,000 arguments": f'42["echo"{",1" * 100_000}]',
}.items():
    undecodable.harmless(name, text)


@undecodable.fault("a lone surrogate in a broadcast")
async def _(world: World) -> None:
    client = await world.client()
    await client.send(r'4291["shout","\ud800"]')
    await until(
        lambda: client.ended is not None or any("4391" in str(one) for one in client.inbox), "an answer"
    )
    if client.ended is None and await client.answer(91) == []:
        for receiver in (client, world.bystander):
            assert decode(await receiver.expect("42")) == ["news", "\ud800"]


@undecodable.fault("an integer of more than 64 bits is not rounded")
async def _(world: World) -> None:
    client = await world.client()
    await client.send(f'4295["echo",{2**64 + 1}]')
    await until(lambda: client.ended is not None or bool(client.inbox), "an answer")
    if client.ended is None and "error" not in str(client.inbox):
        assert await client.answer(95) == [2**64 + 1]


frames = Table("broken frame")
for name, data in {
    "UTF-8 that is none": frame(TEXT, b'42["echo","\xff\xfe"]'),
    "UTF-8 of a surrogate": frame(TEXT, b'42["echo","\xed\xa0\x80"]'),
    "a frame that is not masked": frame(TEXT, b'42["echo"]', mask=False),
    "a reserved opcode": frame(0x3, b"x"),
    "a continuation of nothing": frame(0x0, b"x"),
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


@frames.fault("half a frame, then nothing more", ping_interval=0.2, ping_timeout=0.2)
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


@frames.fault("a length of eight bytes where one will do")
async def _(world: World) -> None:
    client = await world.client()
    plain = frame(TEXT, b'4281["echo"]')
    await client.socket.raw(plain[:1] + b"\xff" + len(b'4281["echo"]').to_bytes(8, "big") + plain[2:])
    await until(lambda: client.ended is not None or bool(client.inbox), "closed or answered")


@frames.fault("an event behind a close frame is not handled")
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


names = Table("reserved name")
for name in ("connect", "disconnect", "connect_error", "disconnecting", "newListener", "removeListener"):

    @names.fault(name)
    async def _(world: World, name: str = name) -> None:
        client = await world.client()
        diary = len(world.stage.diary)
        await client.send(f'4255["{name}",{{"REMOTE_ADDR":"forged"}},{{"mood":"forged"}}]')
        if world.stage.refusals:
            world.refused(await client.answer(55), "reserved_event")
        else:
            await world.harmless(client)
        noted = world.stage.diary[diary:]
        assert {entry[0] for entry in noted} <= {"echo"}, "a client ran a lifecycle handler"


names.refuses("an undeclared event", "unknown_event", "no such event", 1)
names.refuses("an event called *", "unknown_event", "*", 1)
names.refuses("an event called error", "unknown_event", "error", 1)
names.refuses("an event without characters", "unknown_event", "")
names.refuses("an event called __class__", "unknown_event", "__class__")

arguments = Table("wrong arguments")
arguments.refuses("a number for a string", "invalid_payload", "text", 1)
arguments.refuses("an object for a string", "invalid_payload", "text", {"a": 1})
arguments.refuses("null for a string", "invalid_payload", "text", None)
arguments.refuses("too few", "invalid_payload", "text")
arguments.refuses("too many", "invalid_payload", "text", "a", "b")

PLACEHOLDER = '{"_placeholder":true,"num":0}'
attachments = Table("attachments")
for name, sent in {
    "text where one is due": (f'451-["echo",{PLACEHOLDER}]', '42["echo"]'),
    "one too many": (f'451-["echo",{PLACEHOLDER}]', b"1", b"2"),
    "999,999,999 announced": (f'45999999999-["echo",{PLACEHOLDER}]', b"1"),
    "as many as a number of 50 digits": (f'45{"9" * 50}-["echo",{PLACEHOLDER}]', b"1"),
    "no count": (f'45["echo",{PLACEHOLDER}]', b"1"),
    "a count that is no number": (f'45x-["echo",{PLACEHOLDER}]', b"1"),
    "a negative count": (f'45-1-["echo",{PLACEHOLDER}]', b"1"),
    "a placeholder out of range": ('451-["echo",{"_placeholder":true,"num":7}]', b"1"),
    "a negative placeholder": ('451-["echo",{"_placeholder":true,"num":-1}]', b"1"),
    "a placeholder that is text": ('451-["echo",{"_placeholder":true,"num":"0"}]', b"1"),
    "a placeholder that is null": ('451-["echo",{"_placeholder":true,"num":null}]', b"1"),
    "a placeholder without a number": ('451-["echo",{"_placeholder":true}]', b"1"),
    "for a namespace that is not connected": (f'451-/moods,["echo",{PLACEHOLDER}]', b"1", b"2"),
    "for an event that is an object": ("451-{}", b"1"),
    "for an event without a name": (f"451-[{PLACEHOLDER}]", b"1"),
}.items():
    attachments.closes(name, *sent)
attachments.harmless("none announced, none sent", f'450-["echo",{PLACEHOLDER}]')
attachments.harmless("a placeholder in a text packet", f'42["echo",{PLACEHOLDER}]')
attachments.harmless("one placeholder used twice", f'451-["echo",{PLACEHOLDER},{PLACEHOLDER}]', b"1")
attachments.harmless("one announced, no placeholder", '451-["echo"]', b"1")
attachments.harmless("an acknowledgement nobody asked for", f"461-9[{PLACEHOLDER}]", b"1")
deep = "[" * 100_000 + PLACEHOLDER + "]" * 100_000
attachments.harmless("one nested 100,000 deep", f'451-["echo",{deep}]', b"1")
attachments.harmless("an empty one", f'451-["echo",{PLACEHOLDER}]', b"")


@attachments.fault("missing, then a reset")
async def _(world: World) -> None:
    client = await world.client()
    await client.send(f'452-["echo",{PLACEHOLDER}]', b"1")
    await client.vanish()
    await world.freed()


@attachments.fault("missing for ever", ping_interval=0.3, ping_timeout=0.3)
async def _(world: World) -> None:
    client = await world.client()
    await client.send(f'452-["echo",{PLACEHOLDER}]', b"1")
    await client.close()
    await world.freed()


@attachments.fault("missing when the namespace is left")
async def _(world: World) -> None:
    client = await world.client()
    await client.connect("/moods")
    await client.send(f'451-/moods,["echo",{PLACEHOLDER}]', "41/moods,")
    await world.harmless(client)


for transport in ("websocket", "polling"):

    @attachments.fault(f"right ones come back, {transport}")
    async def _(world: World, transport: str = transport) -> None:
        client = await world.client(transport=transport)
        await client.send(
            '452-9["echo",{"_placeholder":true,"num":1},[{"_placeholder":true,"num":0}]]', b"\x00", b"\xff"
        )
        assert decode(await client.expect("462-9")) == [
            {"_placeholder": True, "num": 0},
            [{"_placeholder": True, "num": 1}],
        ]
        assert [await client.next(), await client.next()] == [b"\xff", b"\x00"]


acks = Table("acknowledgements")
for name, text in {
    "one nobody asked for": '43999["x"]',
    "id 0": '430["x"]',
    "an id of 19 digits": '439999999999999999999["x"]',
}.items():
    acks.ignored(name, text)
acks.harmless("in a namespace that is not connected", '43/moods,1["x"]')
acks.harmless("in a namespace that does not exist", '43/nowhere,1["x"]')
acks.closes("an id of 400 digits", f'43{"9" * 400}["x"]')


async def _asked(world: World, question: int) -> str:
    """A client sends ``ask``; the result is the id under which the server asks back."""
    client = world.clients[-1]
    await client.send(f'42{question}["ask","why?"]')
    packet = await client.expect("42")
    return packet[: packet.index("[")]


@acks.fault("twice for one question")
async def _(world: World) -> None:
    client = await world.client()
    number = await _asked(world, 1)
    await client.send(f'43{number}["first"]', f'43{number}["second"]')
    assert await client.answer(1) == ["first"]
    await world.works(client)


@acks.fault("of the wrong shape")
async def _(world: World) -> None:
    client = await world.client()
    number = await _asked(world, 1)
    await client.send(f"43{number}{{}}")
    await world.harmless(client)


@acks.fault("that the contract does not allow")
async def _(world: World) -> None:
    client = await world.client()
    number = await _asked(world, 1)
    await client.send(f"43{number}[17]")
    answer = await client.answer(1)
    if world.stage.refusals:
        world.refused(answer, "invalid_ack")
    await world.works(client)


@acks.fault("that a callback must not get")
async def _(world: World) -> None:
    client = await world.client()
    await client.send('42["ask later"]')
    packet = await client.expect("42")
    await client.send(f"43{packet[: packet.index('[')]}[17]")
    await world.works(client)
    if world.stage.refusals:
        assert world.stage.seen("callback") == 0


@acks.fault("to the question of somebody else")
async def _(world: World) -> None:
    thief = await world.client()
    client = await world.client()
    number = await _asked(world, 1)
    for wrong in (number, "0", "1", "2"):
        await thief.send(f'43{wrong}["stolen"]')
    await world.works(thief)
    await client.send(f'43{number}["mine"]')
    assert await client.answer(1) == ["mine"]


@acks.fault("id 0, then somebody else's callback")
async def _(world: World) -> None:
    thief = await world.client()
    await thief.send('430["x"]')
    await world.works(thief)
    client = await world.client()
    number = await _asked(world, 1)
    await client.send(f'43{number}["mine"]')
    assert await client.answer(1) == ["mine"]
    await client.send('42["ask later"]')
    packet = await client.expect("42")
    await client.send(f'43{packet[: packet.index("[")]}["mine too"]')
    await until(lambda: any(entry[0] == "callback" for entry in world.stage.diary), "the callback")


@acks.fault("none at all")
async def _(world: World) -> None:
    client = await world.client()
    await _asked(world, 1)
    world.refused(await client.answer(1), "timeout")
    await world.works(client)
    await world.freed(but=("sockets", "environs", "memberships", "tasks"))


@acks.fault("none, because the client has left")
async def _(world: World) -> None:
    client = await world.client()
    await _asked(world, 1)
    await client.vanish()
    await world.freed()


@acks.fault("the client asks for id 0")
async def _(world: World) -> None:
    client = await world.client()
    await client.send('420["echo",1]')
    assert await client.answer(0) == [1]


@acks.fault("the client asks for an id of 19 digits")
async def _(world: World) -> None:
    client = await world.client()
    await client.send('429999999999999999999["echo",1]')
    await until(lambda: client.ended is not None or bool(client.inbox), "answered or closed")
    if client.ended is None:
        assert await client.answer("9999999999999999999") == [1]


@acks.fault("the client asks twice with one id")
async def _(world: World) -> None:
    client = await world.client()
    await client.send('427["echo",1]', '427["echo",2]')
    assert sorted([await client.answer(7), await client.answer(7)]) == [[1], [2]]
    await world.works(client)


PACKETS = (undecodable, frames, names, arguments, attachments, acks)
