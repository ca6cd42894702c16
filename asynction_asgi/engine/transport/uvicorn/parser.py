"""Where the parser of websockets stands, and what uvicorn holds of a message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from websockets.protocol import State

if TYPE_CHECKING:
    from types import CodeType

    from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
    from websockets.server import ServerProtocol


def is_between_frames(conn: ServerProtocol, rest: CodeType) -> bool:
    """Return whether the parser has read whole frames, and no part of another.

    Args:
        conn: Its parser is a generator, suspended where it lacks bytes.
        rest: The code in which it is suspended between frames, which `self_test` finds out.
    """
    return place_of(conn) is rest


def place_of(conn: ServerProtocol) -> CodeType | None:
    """Return the code of the innermost generator in which the parser is suspended, or None if unknown."""
    step: Any = conn.parser
    while (inner := getattr(step, "gi_yieldfrom", None)) is not None:
        step = inner
    code: CodeType | None = getattr(step, "gi_code", None)
    return code


def is_in_message(protocol: WebSocketsSansIOProtocol) -> bool:
    """Return whether more fragments of a message must come that uvicorn began to read."""
    return bool(protocol.frames)


def is_over(conn: ServerProtocol) -> bool:
    """Return whether the parser discards what comes: after an error, and after the peer's close frame."""
    return conn.eof_sent or conn.state is State.CLOSED
