"""Faults in packets: undecodable ones, meaningless ones, and ones that no contract allows."""

from __future__ import annotations

from .clients import decode, until
from .faults import Table, World

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
    "an ack id that is not a number": '42abc["echo"]',
    "an ack id without an event": "4217",
    "an ack id of 400 digits": f'42{"9" * 400}["echo"]',
    "an event that is an object": "42{}",
    "an event that is a string": '42"echo"',
    "an event that is null": "42null",
    "an empty event": "42",
    "an event without a name": "42[]",
    "a name that is null": "42[null]",
    "a name that is a list": '42[["echo"],1]',
    "a name that is an object": '42[{"echo":1},1]',
    "a name that is a boolean": "42[true]",
    "NaN": '42["echo",NaN]',
    "Infinity": '42["echo",{"x":Infinity}]',
    "minus Infinity": '42["echo",[-Infinity]]',
    "a valid JSON number that overflows": '42["shout",1e999]',
    "a control character in a string": '42["echo","\x01"]',
    "bytes in place of text": b"\x00\x01\x02",
    "an acknowledgement without an id": '43["x"]',
    "an acknowledgement that is an object": "431{}",
    "a CONNECT_ERROR from a client": '44{"message":"no"}',
    "auth that is not JSON": "40/moods,{mood",
    "auth that is a string": '40/moods,"secret"',
    "auth that is a list": "40/moods,[]",
    "auth that is a number": "40/moods,5",
    "auth that is null": "40/moods,null",
}
for name, packet in UNDECODABLE.items():
    undecodable.closes(name, packet)
for name, text in {
    "a name that is a number": "42[1]",
    "a DISCONNECT with a payload": "41/moods,{}",
    "an Engine.IO open packet": '0{"sid":"x"}',
    "an Engine.IO ping": "2",
    "an Engine.IO upgrade out of place": "5",
    "an Engine.IO noop": "6",
    "an unrequested pong": "3",
    "a namespace with a query": "40/moods?x=1,",
    "a namespace without a slash": "40moods,",
    "a namespace without a comma": "42/moods",
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
        lambda: client.ended is not None or any("4391" in str(packet) for packet in client.inbox), "an answer"
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
names.refuses("an event called *", "reserved_event", "*", 1)
names.refuses("an event called error", "unknown_event", "error", 1)
names.refuses("an event without characters", "unknown_event", "")
names.refuses("an event called __class__", "unknown_event", "__class__")

arguments = Table("wrong arguments")
arguments.refuses("a number for a string", "invalid_payload", "text", 1)
arguments.refuses("an object for a string", "invalid_payload", "text", {"a": 1})
arguments.refuses("null for a string", "invalid_payload", "text", None)
arguments.refuses("too few", "invalid_payload", "text")
arguments.refuses("too many", "invalid_payload", "text", "a", "b")


PACKETS = (undecodable, names, arguments)
