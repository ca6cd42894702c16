"""Bodies of polling requests and of their answers."""

from __future__ import annotations

from asynction_asgi.engine.wire.frames import Frame
from asynction_asgi.engine.wire.payload import join_payload, split_payload


def test_packets_come_back_as_they_were_joined() -> None:
    """Text is sent as it is, and binary messages as ``b`` and base64 (Engine.IO protocol 4)."""
    body = join_payload([Frame("4ż".encode()), Frame(b"\x00\xff", binary=True), Frame(b"2")])
    assert body == "4ż\x1ebAP8=\x1e2".encode()
    assert [*split_payload(body)] == ["4ż", b"\x00\xff", "2"]
