"""Streams of WebSocket frames, valid and not, and what a server makes of them."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from websockets.frames import Frame, Opcode

if TYPE_CHECKING:
    import random

_BODIES = (b"", b"a", b"hello", b"\xff", b"\xc3\xa9", b"x" * 125, b"x" * 126, b"x" * 1200)
_CLOSES = (b"", b"\x03", b"\x03\xe8", b"\x03\xe8bye", b"\x03\xed", b"\x0f\xa0", b"\0\0", b"\x03\xe8\xff")


def stream(chance: random.Random) -> list[bytes]:
    """Return a few frames of a client, each for a read of its own, of which most are valid."""
    return [_frame(chance) for _ in range(chance.randrange(1, 7))]


def _frame(chance: random.Random) -> bytes:
    kind = chance.random()
    if kind < 0.5:
        opcode = chance.choice((Opcode.TEXT, Opcode.TEXT, Opcode.BINARY, Opcode.CONT))
        return _wire(opcode, chance.choice(_BODIES), fin=chance.random() < 0.6)
    if kind < 0.75:
        return _wire(chance.choice((Opcode.PING, Opcode.PONG)), chance.choice(_BODIES[:6]), fin=True)
    if kind < 0.85:
        return _wire(Opcode.CLOSE, chance.choice(_CLOSES), fin=True)
    broken = bytearray(_wire(Opcode(chance.choice((1, 2, 8, 9))), b"body", fin=True))
    broken[0] ^= 1 << chance.randrange(8)
    broken[1] ^= 0x80 if chance.random() < 0.2 else 0
    return bytes(broken)


def _wire(opcode: Opcode, body: bytes, *, fin: bool) -> bytes:
    return Frame(opcode, body, fin=fin).serialize(mask=True)


def read(data: bytes) -> list[tuple[int, bytes]]:
    """Return the frames that a server has sent: the first byte, and the body, of a close frame its code."""
    found = []
    while data:
        first, size = data[0], data[1]
        at = 2
        if size == 126:
            (size,) = struct.unpack("!H", data[2:4])
            at = 4
        body = data[at : at + size]
        found.append((first, body[:2] if first & 0x0F == Opcode.CLOSE else body))
        data = data[at + size :]
    return found
