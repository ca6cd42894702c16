"""MessagePack and other packet classes carry only values that JSON could carry."""

from __future__ import annotations

import datetime as dt
import enum
import json
import sys
import uuid
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import msgpack
import pytest
import socketio
from socketio.msgpack_packet import MsgPackPacket

from asynction_asgi.engine import Limits, UnencodableError
from asynction_asgi.engine.wire.serializer import create_serializer
from tests.protocols import LONG_WAY, SHORT_WAY

from ..stage import WebSocketClient, serve, until

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asynction_asgi.engine import Peer


def packed(kind: Any = 2, data: Any = None, nsp: Any = "/", **more: Any) -> bytes:
    """Return a packet as socket.io-msgpack-parser writes it."""
    encoded: bytes = msgpack.packb({"type": kind, "data": data, "nsp": nsp, **more})
    return encoded


async def read(client: WebSocketClient) -> dict[str, Any]:
    """Return the client's next packet."""
    packet: dict[str, Any] = msgpack.unpackb(await client.receive(), strict_map_key=False)
    return packet


async def join(client: WebSocketClient, namespace: str = "/") -> None:
    await client.send(packed(0, nsp=namespace))
    answer = await read(client)
    assert (answer["type"], answer["nsp"]) == (0, namespace)


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


WRONG: dict[str, Any] = {
    "not a number": packed(data=["echo", float("nan")], id=1),
    "infinity": packed(data=["echo", {"x": [float("inf")]}], id=1),
    "a key that is a number in bytes": packed(data=["echo", {b"1": 1}], id=1),
    "an extension type": packed(data=["echo", msgpack.ExtType(5, b"x")], id=1),
    "a time": packed(data=["echo", msgpack.Timestamp(1)], id=1),
    "nested too deep": packed(data=["echo", nested(20)], id=1),
    "nested deeper than the library allows": b"\x83\xa4type\x02\xa3nsp\xa1/\xa4data\x92\xa4echo"
    + b"\x91" * 5000
    + b"\x01",
    "half a surrogate pair": b"\x83\xa4type\x02\xa3nsp\xa1/\xa4data\x92\xa4echo\xa3\xed\xa0\x80",
    "a namespace that is a list": packed(data=["echo"], nsp=["/"]),
    "a namespace without a slash": packed(0, nsp="*"),
    "a namespace that is an object": packed(data=["echo"], nsp={"a": 1}),
    "a type that is a fraction": packed(2.0, ["echo"]),
    "a type that is a boolean": packed(True, ["echo"]),
    "a type that is a list": packed([2], ["echo"]),
    "an id that is text": packed(data=["echo"], id="1"),
    "an id that is a fraction": packed(data=["echo"], id=1.5),
    "an id that is a boolean": packed(data=["echo"], id=True),
    "a negative id": packed(data=["echo"], id=-1),
    "an acknowledgement with an id that is a list": packed(3, ["x"], id=[1]),
    "an event in an object": packed(data={"0": "echo"}),
    "a name that is bytes": packed(data=[b"echo"]),
    "a name that is an object": packed(data=[{"a": 1}]),
    "a name that is null": packed(data=[None, "echo"]),
    "not an object": msgpack.packb([2, "echo"]),
    "two objects": packed(data=["echo"]) + packed(data=["echo"]),
    "a truncated object": packed(data=["echo"])[:-3],
    "an array of four thousand million": b"\x83\xa4type\x02\xa3nsp\xa1/\xa4data\xdd\xff\xff\xff\xff",
    "empty": b"",
    "text": '42["echo"]',
    "a CONNECT_ERROR": packed(4, {"message": "no"}),
    "auth that nests too deep": packed(0, {"a": nested(20)}, "/chat"),
    "auth that is text": packed(0, "text", "/chat"),
    "auth that is a list": packed(0, [{}], "/chat"),
    "auth with a time": packed(0, {"at": msgpack.Timestamp(1)}, "/chat"),
}


@pytest.mark.parametrize("packet", WRONG.values(), ids=WRONG.keys())
@pytest.mark.parametrize("ws", [LONG_WAY, SHORT_WAY], ids=["long way", "short way"])
async def test_a_value_outside_json_closes_the_connection(
    packet: Any, ws: str, caplog: pytest.LogCaptureFixture
) -> None:
    """No handler runs, other clients are unaffected, and nothing stays stored."""
    async with serve(serializer="msgpack", ws=ws, limits=Limits(json_depth=16)) as stage:
        async with stage.websocket() as bystander, stage.websocket() as client:
            await join(bystander)
            await join(client)
            await client.send(packet)
            await client.closed()
            assert ("echo",) not in [entry[:1] for entry in stage.script.told]
            assert [entry[2] for entry in stage.script.told if entry[0] == "connect"] == [None, None]
            await bystander.send(packed(data=["echo", b"x"], id=7))
            assert await read(bystander) == {"type": 3, "data": [b"x"], "id": 7, "nsp": "/"}
        await stage.emptied()
    assert not caplog.records


async def test_values_of_json_travel_both_ways() -> None:
    """Depth and digits up to the limits, bytes, acks and a namespace's query are accepted."""
    value = {"a": [1, -1.5, None, True, "ż", {"b": {}}], "long": 2**63, "bytes": b"\x00\xff"}
    async with (
        serve(serializer="msgpack", limits=Limits(json_depth=16)) as stage,
        stage.websocket() as client,
    ):
        await join(client)
        await client.send(packed(0, {"token": "x"}, "/chat?x=1"))
        assert (await read(client))["nsp"] == "/chat"
        await client.send(packed(data=["echo", value, nested(15)], nsp="/chat", id=0))
        assert (await read(client))["data"] == [value, nested(15)]
        assert stage.script.told[1] == ("connect", "/chat", {"token": "x"})
        sid = stage.script.peers[0].sid
        await stage.server.emit("ask", {"x": b"y"}, to=sid)
        assert (await read(client))["data"] == ["ask", {"x": b"y"}]


async def test_polling_follows_the_same_rules() -> None:
    """A packet in base64 over polling is checked like a packet over WebSocket."""
    async with serve(serializer="msgpack") as stage, stage.polling() as client:
        await client.post("b" + b64encode(packed(0)).decode())
        await until(lambda: stage.script.peers)
        answer = await client.post("b" + b64encode(WRONG["a time"]).decode())
        assert answer.status_code == 400
        await stage.emptied()


class Colour(enum.Enum):
    RED = "red"


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        {"a": float("inf")},
        {1, 2},
        object(),
        dt.datetime.now(dt.UTC),
        {("a",): 1},
        {b"a": 1},
        10**400,
        [msgpack.ExtType(1, b"x")],
        msgpack.Timestamp(1),
        nested(600),
        "\ud800",
    ],
    ids=[
        "nan",
        "infinity",
        "set",
        "object",
        "time",
        "key",
        "bytes-key",
        "long",
        "ext",
        "timestamp",
        "deep",
        "surrogate",
    ],
)
async def test_a_server_sends_only_values_of_json(value: Any) -> None:
    """The emit raises and nothing is sent, and a handler's answer becomes `internal_error`."""

    async def give(_: Peer[Any]) -> Sequence[Any]:
        return [value]

    async with serve(serializer="msgpack") as stage, stage.websocket() as client:
        await join(client)
        with pytest.raises(UnencodableError):
            await stage.server.emit("news", value)
        stage.script.handlers["give"] = give
        await client.send(packed(data=["give"], id=1))
        assert (await read(client))["data"][0]["error"]["code"] == "internal_error"


async def test_a_circular_value_is_refused() -> None:
    """A circular value raises, however many paths lead through it."""
    circle: dict[str, Any] = {}
    circle["one"] = circle["two"] = circle
    async with serve(serializer="msgpack") as stage, stage.websocket() as client:
        await join(client)
        with pytest.raises(UnencodableError):
            await stage.server.emit("news", circle)


def test_python_values_are_encoded_alike_in_both_formats() -> None:
    """Enumerations, UUIDs, tuples and scalar keys are written the same in JSON and MessagePack."""
    value = {
        "colour": Colour.RED,
        "id": uuid.UUID(int=1),
        "pair": (1, 2),
        7: "seven",
        1.5: "more",
        None: "none",
        True: "yes",
    }
    [frame] = create_serializer("msgpack", None, Limits()).encode(2, ["n", value], namespace="/", ack_id=None)
    [text] = create_serializer("default", None, Limits()).encode(2, ["n", value], namespace="/", ack_id=None)
    assert msgpack.unpackb(frame.body)["data"] == json.loads(text.body[2:])
    [frame] = create_serializer("msgpack", None, Limits()).encode(
        2, ["n", bytearray(b"x"), memoryview(b"y")], namespace="/", ack_id=None
    )
    assert msgpack.unpackb(frame.body)["data"] == ["n", b"x", b"y"]


async def test_configured_extension_types_are_accepted() -> None:
    """Types that the author configured on `MsgPackPacket` pass, and all other rules still apply."""

    def unpack(code: int, data: bytes) -> Any:
        return complex(data.decode()) if code == 1 else msgpack.ExtType(code, data)

    def pack(value: Any) -> Any:
        return msgpack.ExtType(1, str(value).encode())

    serializer = MsgPackPacket.configure(dumps_default=pack, ext_hook=unpack)
    async with serve(serializer=serializer) as stage, stage.websocket() as client:
        await join(client)
        await client.send(packed(data=["echo", msgpack.ExtType(1, b"1+2j")], id=1))
        assert (await read(client))["data"] == [msgpack.ExtType(1, b"(1+2j)")]
        assert stage.script.told[-1] == ("echo", 1 + 2j)
        await client.send(WRONG["not a number"])
        await client.closed()


class Loose(socketio.packet.Packet):  # type: ignore[misc]  # python-socketio is untyped
    """A packet class that limits neither numbers nor texts."""

    class json:  # noqa: N801  # upstream's name
        dumps = staticmethod(json.dumps)

        @staticmethod
        def loads(text: str) -> Any:
            return json.loads(text, parse_int=lambda digits: int(digits[:4000]))


@pytest.mark.parametrize(
    "text",
    ['42["echo",NaN]', f'42["echo",{"9" * 500}]', r'42["echo","\ud800"]', r'42["echo",{"\ud800":1}]'],
    ids=["nan", "long", "surrogate", "surrogate in a key"],
)
async def test_every_packet_class_is_checked(text: str) -> None:
    """A packet class that reads text is checked as well."""
    async with serve(serializer=Loose) as stage:
        async with stage.client() as client:
            assert await client.ask('421["echo",1,"ż",{"ż":2}]') == [1, "ż", {"ż": 2}]
            await client.send(text)
            await client.closed()
        await stage.emptied()


def test_a_missing_msgpack_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error at start-up names the extra to install."""
    monkeypatch.delitem(sys.modules, "socketio.msgpack_packet", raising=False)
    monkeypatch.setitem(sys.modules, "msgpack", None)
    with pytest.raises(ModuleNotFoundError, match=r"asynction-asgi\[msgpack\]"):
        create_serializer("msgpack", None, Limits())
