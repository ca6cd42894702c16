"""A single packet on each transport."""

from __future__ import annotations

from websockets.frames import Frame as Reference
from websockets.frames import Opcode

from asynction_asgi.engine.wire.frames import Frame, binary_frame
from tests.cases import each_case


@each_case("size", [0, 1, 125, 126, 65_535, 65_536, 70_000])
@each_case("binary", [False, True], ids=["text", "binary"])
def test_the_websocket_frame_follows_rfc_6455(size: int, *, binary: bool) -> None:
    """The bytes equal those of the websockets library for every width of the length."""
    body = b"x" * size
    opcode = Opcode.BINARY if binary else Opcode.TEXT
    assert Frame(body, binary=binary).wire == Reference(opcode, body).serialize(mask=False)


def test_each_form_is_built_once() -> None:
    """A packet for many clients builds its frame and its ASGI event once."""
    frame = Frame("4ż".encode())
    assert frame.wire is frame.wire
    assert frame.message is frame.message
    assert frame.message == {"type": "websocket.send", "text": "4ż"}
    assert binary_frame(b"x").message == {"type": "websocket.send", "bytes": b"x"}
