"""The body of a polling request (Engine.IO protocol 4, "HTTP long-polling")."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import TYPE_CHECKING

from .codec import UndecodableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .frames import Frame

_SEPARATOR = "\x1e"


def join_payload(frames: Iterable[Frame]) -> bytes:
    """Return the body that brings a client these packets."""
    return b"\x1e".join(b"b" + b64encode(frame.body) if frame.binary else frame.body for frame in frames)


def split_payload(body: bytes) -> Iterator[str | bytes]:
    """Yield the packets of a body as they would come over a WebSocket: text, or the bytes of a binary message.

    Raises:
        UndecodableError: The body is not UTF-8, or the packet that is due is not base64; those before it stand.
    """
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise UndecodableError("not UTF-8") from error
    for packet in text.split(_SEPARATOR):
        yield _unbase64(packet[1:]) if packet.startswith("b") else packet


def _unbase64(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except ValueError as error:
        raise UndecodableError("not base64") from error
