"""One packet on each transport."""

from __future__ import annotations

import pytest
from websockets.frames import Frame as Reference
from websockets.frames import Opcode

from asynction_asgi.engine.wire.frames import Frame, binary_frame


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 70_000])
@pytest.mark.parametrize("binary", [False, True], ids=["text", "binary"])
def test_the_websocket_frame_is_rfc_6455s(size: int, *, binary: bool) -> None:
    """Byte for byte what the websockets library makes, at every width of the length."""
    body = b"x" * size
    opcode = Opcode.BINARY if binary else Opcode.TEXT
    assert Frame(body, binary=binary).wire == Reference(opcode, body).serialize(mask=False)


def test_every_form_is_made_once() -> None:
    """A packet for many costs its frame and its ASGI event one time."""
    frame = Frame("4ż".encode())
    assert frame.wire is frame.wire
    assert frame.message is frame.message
    assert frame.message == {"type": "websocket.send", "text": "4ż"}
    assert binary_frame(b"x").message == {"type": "websocket.send", "bytes": b"x"}


def test_polling_takes_text_and_base64() -> None:
    """Engine.IO protocol 4: binary messages travel as ``b`` and base64."""
    assert Frame("4ż".encode()).encode(b64=True) == "4ż"
    assert binary_frame(b"\x00\xff").encode(b64=True) == "bAP8="
