"""Control frames of WebSocket, read and written by the classes of websockets."""

from __future__ import annotations

from websockets.exceptions import ProtocolError
from websockets.frames import (  # type: ignore[attr-defined]  # its C version where there is one
    Close,
    CloseCode,
    Frame,
    Opcode,
    apply_mask,
)

from .fragments import FIN

# RFC 6455, 5.2 and 5.5
_MASKED, _LENGTH, _RESERVED, _OPCODE, _MOST = 0x80, 0x7F, 0x70, 0x0F, 125
_KNOWN = frozenset(Opcode)


class FrameError(Exception):
    """A frame breaks the protocol.

    Attributes:
        code: To fail the connection with.
        reason: For the client.
    """

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def parse_control(data: bytes) -> tuple[int, bytes]:
    """Return the opcode and the body of a control frame.

    Args:
        data: A whole frame; or what begins with one, if it is not masked.

    Raises:
        FrameError: It is not a valid control frame.
    """
    first, second = data[0], data[1]
    opcode, length = first & _OPCODE, second & _LENGTH
    for error, reason in (
        (opcode not in _KNOWN, "invalid opcode"),
        (not second & _MASKED, "incorrect masking"),
        (first & _RESERVED, "reserved bits must be 0"),
        (length > _MOST, "control frame too long"),
        (not first & FIN, "fragmented control frame"),
    ):
        if error:
            raise FrameError(CloseCode.PROTOCOL_ERROR, reason)
    return opcode, apply_mask(data[6 : 6 + length], data[2:6])


def parse_close(body: bytes) -> Close:
    """Return code and reason of a close frame; the code is 1005 if it has none.

    Raises:
        FrameError: The body is not valid.
    """
    try:
        return Close.parse(body)
    except ProtocolError as error:
        raise FrameError(CloseCode.PROTOCOL_ERROR, str(error)) from error
    except UnicodeDecodeError as error:
        raise FrameError(CloseCode.INVALID_DATA, f"{error.reason} at position {error.start}") from error


def close_frame(code: int | None, reason: str = "") -> bytes:
    """Return a close frame.

    Raises:
        ProtocolError: The code must not be sent, or the reason is too long.
    """
    body = b"" if code is None else Close(code, reason).serialize()
    return Frame(Opcode.CLOSE, body).serialize(mask=False)


def ping_frame(body: bytes) -> bytes:
    """Return a ping."""
    return Frame(Opcode.PING, body).serialize(mask=False)


def pong_frame(body: bytes) -> bytes:
    """Return the answer to a ping."""
    return Frame(Opcode.PONG, body).serialize(mask=False)
