"""What one Engine.IO message is on each transport, made at most once however many receive it."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

_TEXT, _BINARY = 0x81, 0x82  # RFC 6455, 5.2: FIN with the opcode
_SHORT, _MEDIUM = 126, 1 << 16

# About what a frame that waits takes besides its body, in bytes.
OVERHEAD = 120


class Frame:
    """One Engine.IO packet, ready to send.

    Attributes:
        body: UTF-8 of a text packet with its type digit, or the bytes of a binary message.
        binary: Whether `body` is a binary message.
    """

    __slots__ = ("_message", "_wire", "binary", "body")

    def __init__(self, body: bytes, *, binary: bool = False) -> None:
        self.body = body
        self.binary = binary
        self._message: dict[str, Any] | None = None
        self._wire: bytes | None = None

    @property
    def message(self) -> dict[str, Any]:
        """The ASGI event that sends it over a WebSocket."""
        if self._message is None:
            key, value = ("bytes", self.body) if self.binary else ("text", self.body.decode())
            self._message = {"type": "websocket.send", key: value}
        return self._message

    @property
    def wire(self) -> bytes:
        """The unmasked WebSocket frame, header included."""
        if self._wire is None:
            size = len(self.body)
            common = size < _COMMON and not self.binary
            self._wire = (_HEADERS[size] if common else header(self.binary, size)) + self.body
        return self._wire


class Burst(list[Frame]):
    """Frames that are sent in one piece where the transport can."""

    __slots__ = ("_wire",)

    def __init__(self, frames: Iterable[Frame]) -> None:
        super().__init__(frames)
        self._wire: bytes | None = None

    @property
    def wire(self) -> bytes:
        """The unmasked WebSocket frames, headers included."""
        if self._wire is None:
            self._wire = b"".join([frame.wire for frame in self])
        return self._wire


def binary_frame(body: bytes) -> Frame:
    """Return the frame of one attachment."""
    return Frame(body, binary=True)


def header(binary: bool, size: int) -> bytes:  # noqa: FBT001  # read beside its value
    """Return the header of an unmasked frame of `size` bytes."""
    first = _BINARY if binary else _TEXT
    if size < _SHORT:
        return bytes((first, size))
    if size < _MEDIUM:
        return struct.pack("!BBH", first, _SHORT, size)
    return struct.pack("!BBQ", first, _SHORT + 1, size)


_COMMON = 512
_HEADERS = tuple(header(binary=False, size=size) for size in range(_COMMON))
CLOSE = Frame(b"1")
PING = Frame(b"2")
PROBE_ANSWER = Frame(b"3probe")
NOOP = Frame(b"6")
