"""Messages that come in several frames."""

from __future__ import annotations

# RFC 6455, 5.2
FIN = 0x80
CONTINUATION, TEXT, BINARY = DATA = (0x00, 0x01, 0x02)
_OPCODE = 0x0F


class OutOfOrderError(Exception):
    """A frame does not continue what is open, or begins a message within another, or has no known opcode."""


class Fragments:
    """Puts a message together from its frames.

    Args:
        largest: The most bytes that one message may have.

    Attributes:
        left: The number of bytes that may still come of the message that is open.
        opcode: Of the message that is open; `CONTINUATION` if none is.
    """

    __slots__ = ("_data", "_largest", "left", "opcode")

    def __init__(self, largest: int) -> None:
        self._largest = self.left = largest
        self.opcode = CONTINUATION
        self._data = bytearray()

    def limit(self, largest: int) -> None:
        """Change the limit, also of the message that is open."""
        self.left += largest - self._largest
        self._largest = largest

    def add(self, first: int, data: bytes) -> tuple[int, bytes] | None:
        """Add a frame; return opcode and data of the message that it completes, or None.

        Args:
            first: The frame's first byte.
            data: Its unmasked payload.

        Raises:
            OutOfOrderError: The frame can't come here; it was not added.
        """
        opcode = first & _OPCODE
        if (opcode == CONTINUATION) != (self.opcode != CONTINUATION) or opcode not in DATA:
            raise OutOfOrderError
        if first & FIN and not self.opcode:
            return opcode, data
        self.opcode = opcode or self.opcode
        self._data += data
        self.left -= len(data)
        if not first & FIN:
            return None
        message = (self.opcode, bytes(self._data))
        self.opcode, self._data, self.left = CONTINUATION, bytearray(), self._largest
        return message

    def clear(self) -> None:
        """Free what has come of a message that is not wanted."""
        self._data = bytearray()
