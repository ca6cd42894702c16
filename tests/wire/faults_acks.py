"""Faults in related packets: attachments, and calls with their acks."""

from __future__ import annotations

from .clients import decode, until
from .faults import PATIENCE, Table, World

PLACEHOLDER = '{"_placeholder":true,"num":0}'
attachments = Table("attachments")
for name, sent in {
    "text in place of an attachment": (f'451-["echo",{PLACEHOLDER}]', '42["echo"]'),
    "one too many": (f'451-["echo",{PLACEHOLDER}]', b"1", b"2"),
    "999,999,999 announced": (f'45999999999-["echo",{PLACEHOLDER}]', b"1"),
    "a count of 50 digits": (f'45{"9" * 50}-["echo",{PLACEHOLDER}]', b"1"),
    "no count": (f'45["echo",{PLACEHOLDER}]', b"1"),
    "a count that is not a number": (f'45x-["echo",{PLACEHOLDER}]', b"1"),
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
attachments.harmless("an unrequested acknowledgement", f"461-9[{PLACEHOLDER}]", b"1")
deep = "[" * 100_000 + PLACEHOLDER + "]" * 100_000
attachments.harmless("a placeholder nested 100,000 deep", f'451-["echo",{deep}]', b"1")
attachments.harmless("an empty attachment", f'451-["echo",{PLACEHOLDER}]', b"")


@attachments.fault("missing, then a reset")
async def _(world: World) -> None:
    client = await world.client()
    await client.send(f'452-["echo",{PLACEHOLDER}]', b"1")
    await client.vanish()
    await world.freed()


@attachments.fault("missing for ever", ping_interval=0.3, ping_timeout=PATIENCE)
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

    @attachments.fault(f"valid attachments are returned, {transport}")
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
    "an unrequested ack": '43999["x"]',
    "id 0": '430["x"]',
    "an id of 19 digits": '439999999999999999999["x"]',
}.items():
    acks.ignored(name, text)
acks.harmless("in a namespace that is not connected", '43/moods,1["x"]')
acks.harmless("in a namespace that does not exist", '43/nowhere,1["x"]')
acks.closes("an id of 400 digits", f'43{"9" * 400}["x"]')


async def _asked(world: World, question: int) -> str:
    """Send ``ask`` as a client, and return the ack id of the server's question."""
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


@acks.fault("a value that the contract does not allow")
async def _(world: World) -> None:
    client = await world.client()
    number = await _asked(world, 1)
    await client.send(f"43{number}[17]")
    answer = await client.answer(1)
    if world.stage.refusals:
        world.refused(answer, "invalid_ack")
    await world.works(client)


@acks.fault("an invalid value for a callback")
async def _(world: World) -> None:
    client = await world.client()
    await client.send('42["ask later"]')
    packet = await client.expect("42")
    await client.send(f"43{packet[: packet.index('[')]}[17]")
    await world.works(client)
    if world.stage.refusals:
        assert world.stage.seen("callback") == 0


@acks.fault("for another client's question")
async def _(world: World) -> None:
    thief = await world.client()
    client = await world.client()
    number = await _asked(world, 1)
    for foreign in (number, "0", "1", "2"):
        await thief.send(f'43{foreign}["stolen"]')
    await world.works(thief)
    await client.send(f'43{number}["mine"]')
    assert await client.answer(1) == ["mine"]


@acks.fault("id 0, then another client's callback")
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


@acks.fault("no answer")
async def _(world: World) -> None:
    client = await world.client()
    await _asked(world, 1)
    world.refused(await client.answer(1), "timeout")
    await world.works(client)
    await world.freed(but=("sockets", "environs", "memberships", "tasks"))


@acks.fault("no answer, as the client has left")
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


@acks.fault("the client uses an id twice")
async def _(world: World) -> None:
    client = await world.client()
    await client.send('427["echo",1]', '427["echo",2]')
    assert sorted([await client.answer(7), await client.answer(7)]) == [[1], [2]]
    await world.works(client)


ACKS = (attachments, acks)
