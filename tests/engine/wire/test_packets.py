"""The text of Socket.IO packets by the rules of protocol 5."""

from __future__ import annotations

from typing import Any

import pytest
import socketio.packet
from engineio import packet as eio

from asynction_asgi.engine.wire import packets
from asynction_asgi.engine.wire.codec import UndecodableError, UnencodableError, choose_codec, plain_codec
from asynction_asgi.engine.wire.frames import Frame
from asynction_asgi.engine.wire.packets import (
    Packet,
    attach,
    check_packet,
    decode_packet,
    encode_packet,
    engine_frame,
)
from tests.cases import each_case

CODEC = choose_codec(None, depth=32)


@each_case(
    ("text", "packet"),
    [
        ("0", Packet(0, "/", None, None)),
        ("0/chat,", Packet(0, "/chat", None, None)),
        ("0/chat", Packet(0, "/chat", None, None)),
        ("0/chat?token=1,", Packet(0, "/chat", None, None)),
        ('0{"token":"x"}', Packet(0, "/", None, {"token": "x"})),
        ('0/chat,{"token":"x"}', Packet(0, "/chat", None, {"token": "x"})),
        ("1", Packet(1, "/", None, None)),
        ("1/chat,", Packet(1, "/chat", None, None)),
        ('2["a"]', Packet(2, "/", None, ["a"])),
        ('20["a",1]', Packet(2, "/", 0, ["a", 1])),
        ('2/chat,12["a",{"b":[]}]', Packet(2, "/chat", 12, ["a", {"b": []}])),
        ('2/ch[at],12["a"]', Packet(2, "/ch[at]", 12, ["a"])),
        ("31[]", Packet(3, "/", 1, [])),
        ('3/chat,456["x"]', Packet(3, "/chat", 456, ["x"])),
        (
            '51-["a",{"_placeholder":true,"num":0}]',
            Packet(5, "/", None, ["a", {"_placeholder": True, "num": 0}], 1),
        ),
        ('52-/chat,7["a"]', Packet(5, "/chat", 7, ["a"], 2)),
        ("61-/chat,456[{}]", Packet(6, "/chat", 456, [{}], 1)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_packets_are_read(text: str, packet: Packet) -> None:
    """Every form of the protocol's grammar is read, with and without its optional parts."""
    assert decode_packet("4" + text, CODEC, max_attachments=3) == packet


@each_case(
    "text",
    [
        "",
        "x",
        "7",
        "9",
        "-",
        "2",
        "2{}",
        "2[]",
        "2[1]",
        '2["a"',
        '2["a"]x',
        '2abc["a"]',
        '2-1["a"]',
        '2["a",NaN]',
        '2٣["a"]',
        '2123456789012345678901["a"]',
        "21",
        "3[]",
        "3",
        "31",
        "31{}",
        "3x[]",
        '1"x"',
        "1/chat,[]",
        "4{}",
        '5["a"]',
        '50-["a"]',
        '54-["a"]',
        '5-["a"]',
        '5x-["a"]',
        '599999-["a"]',
        "51-",
        "61-[]",
        "0{",
        "0nope",
        '0"text"',
        "0[1,2]",
        "05",
        "0null",
        "0true",
        '0/chat,"text"',
        "0/chat,null",
    ],
)
def test_an_invalid_packet_is_refused(text: str) -> None:
    """A packet that violates the grammar raises."""
    with pytest.raises(UndecodableError):
        decode_packet("4" + text, CODEC, max_attachments=3)


def hole(number: Any) -> dict[str, Any]:
    return {"_placeholder": True, "num": number}


def test_attachments_replace_their_placeholders() -> None:
    """Placeholders may be in any order, and similar-looking data stays unchanged."""
    payload = ["e", {"b": hole(1)}, [hole(0)], {"_placeholder": False, "num": 0}]
    assert attach(payload, [b"x", b"y"]) == ["e", {"b": b"y"}, [b"x"], {"_placeholder": False, "num": 0}]


@each_case(
    "payload",
    [
        ["e"],
        ["e", hole(0)],
        ["e", hole(0), hole(0)],
        ["e", hole(0), hole(2)],
        ["e", hole(0), hole(-1)],
        ["e", hole(0), hole("1")],
        ["e", hole(0), hole(1.0)],
        ["e", hole(0), hole(True)],
        ["e", hole(0), hole(None)],
    ],
)
def test_every_attachment_has_exactly_one_placeholder(payload: Any) -> None:
    """A missing, repeated, out-of-range or mistyped placeholder raises."""
    with pytest.raises(UndecodableError):
        attach(payload, [b"x", b"y"])


@each_case(
    ("arguments", "bodies"),
    [
        ({"kind": packets.CONNECT, "payload": {"sid": "x"}}, [b'40{"sid":"x"}']),
        ({"kind": packets.DISCONNECT, "payload": None, "namespace": "/chat"}, [b"41/chat,"]),
        ({"kind": packets.EVENT, "payload": ["a", "ż"]}, ['42["a","ż"]'.encode()]),
        ({"kind": packets.EVENT, "payload": ["a"], "namespace": "/chat", "ack_id": 0}, [b'42/chat,0["a"]']),
        ({"kind": packets.ACK, "payload": [], "ack_id": 7}, [b"437[]"]),
        (
            {"kind": packets.EVENT, "payload": ["a", b"x"], "ack_id": 1, "namespace": "/chat"},
            [b'451-/chat,1["a",{"_placeholder":true,"num":0}]', b"x"],
        ),
        (
            {"kind": packets.ACK, "payload": [b""], "ack_id": 3},
            [b'461-3[{"_placeholder":true,"num":0}]', b""],
        ),
    ],
    ids=["connect", "disconnect", "event", "with an ack id", "ack", "binary event", "binary ack"],
)
def test_packets_are_written(arguments: dict[str, Any], bodies: list[bytes]) -> None:
    """Packets are written in the protocol's form, after Engine.IO's type."""
    kind, payload = arguments.pop("kind"), arguments.pop("payload")
    frames = encode_packet(kind, payload, CODEC, **arguments)
    assert [frame.body for frame in frames] == bodies
    assert [frame.binary for frame in frames] == [False] + [True] * (len(bodies) - 1)


def test_upstream_reads_our_text() -> None:
    """python-socketio's packet class reads our packets."""
    text = encode_packet(packets.EVENT, ["a", {"b": [1]}], CODEC, namespace="/chat", ack_id=5)[
        0
    ].body.decode()
    read = socketio.packet.Packet(encoded_packet=text[1:])
    assert (read.packet_type, read.namespace, read.id, read.data) == (2, "/chat", 5, ["a", {"b": [1]}])


def test_the_packet_class_works_in_upstreams_code() -> None:
    """Packets that python-socketio builds itself follow the same rules."""
    strict = packets.packet_class(CODEC, max_attachments=2)
    assert strict(packets.EVENT, ["a", 1], namespace="/chat", id=4).encode() == '2/chat,4["a",1]'
    text, attachment = strict(packets.EVENT, ["a", b"x"]).encode()
    assert (text, attachment) == ('51-["a",{"_placeholder":true,"num":0}]', b"x")
    read = strict(encoded_packet=text)
    assert read.add_attachment(b"x")
    assert read.data == ["a", b"x"]
    with pytest.raises(UndecodableError):
        strict(encoded_packet='2["a",NaN]')
    with pytest.raises(UnencodableError):
        strict(packets.EVENT, ["a", float("nan")]).encode()


@each_case(
    ("packet", "good"),
    [
        (Packet(packets.CONNECT, "/", None, None), True),
        (Packet(packets.CONNECT, "/", None, {"token": "x"}), True),
        (Packet(packets.CONNECT, "/", None, "text"), False),
        (Packet(packets.CONNECT, "/", None, ["x"]), False),
        (Packet(packets.CONNECT, "/", None, b"x"), False),
        (Packet(packets.DISCONNECT, "/", None, None), True),
        (Packet(packets.EVENT, "/", None, ["a"]), True),
        (Packet(packets.BINARY_EVENT, "/", None, ["a"], 2), True),
        (Packet(packets.BINARY_EVENT, "/", None, ["a"], 4), False),
        (Packet(packets.EVENT, "/", None, []), False),
        (Packet(packets.EVENT, "/", None, [1]), False),
        (Packet(packets.EVENT, "*", None, ["a"]), False),
        (Packet(packets.EVENT, "/", None, {"a": 1}), False),
        (Packet(packets.ACK, "/", 1, []), True),
        (Packet(packets.ACK, "/", None, []), False),
        (Packet(packets.CONNECT_ERROR, "/", None, None), False),
        (Packet(99, "/", None, None), False),
    ],
)
def test_packets_of_other_classes_are_checked(packet: Packet, *, good: bool) -> None:
    """Packets read by MessagePack or a user-supplied class follow the same rules."""
    if good:
        assert check_packet(packet, max_attachments=3) is packet
    else:
        with pytest.raises(UndecodableError):
            check_packet(packet, max_attachments=3)


@pytest.mark.parametrize(
    ("packet", "body", "binary"),
    [
        (eio.Packet(eio.PING), b"2", False),
        (eio.Packet(eio.MESSAGE, '2["a"]'), b'42["a"]', False),
        (eio.Packet(eio.MESSAGE, b"x"), b"x", True),
    ],
    ids=["control", "text", "binary"],
)
def test_upstreams_engine_packets_become_frames(packet: Any, body: bytes, *, binary: bool) -> None:
    """Packets that upstream sends itself are sent as frames, too."""
    frame = engine_frame(packet)
    assert (frame.body, frame.binary) == (body, binary)
    assert engine_frame(frame) is frame
    assert isinstance(frame, Frame)


@each_case("value", [True, 1, "yes", None, [], {}], ids=repr)
def test_data_like_placeholders_is_not_sent_with_bytes(value: Any) -> None:
    """Such data raises only beside bytes, where a receiver would replace it or fail."""
    lure = {"_placeholder": value, "num": 0}
    for codec in (CODEC, plain_codec(128)):
        with pytest.raises(UnencodableError):
            encode_packet(packets.EVENT, ["a", b"x", lure], codec)
        assert len(encode_packet(packets.EVENT, ["a", lure], codec)) == 1
        assert len(encode_packet(packets.EVENT, ["a", b"x", '{"_placeholder":true}'], codec)) == 2
        assert len(encode_packet(packets.EVENT, ["a", b"x", {"_placeholder": False}], codec)) == 2
