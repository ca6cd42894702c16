"""Messages in several frames are joined."""

from __future__ import annotations

import pytest

from asynction_asgi.engine.transport.uvicorn.fragments import (
    BINARY,
    CONTINUATION,
    TEXT,
    Fragments,
    OutOfOrderError,
)
from tests.cases import each_case

FIN = 0x80


def test_a_message_is_complete_with_its_last_frame() -> None:
    """A message has the opcode of its first frame, and the byte count restarts after its last."""
    fragments = Fragments(10)
    assert fragments.add(FIN | TEXT, b"whole") == (TEXT, b"whole")
    assert fragments.add(BINARY, b"ab") is None
    assert (fragments.opcode, fragments.left) == (BINARY, 8)
    assert fragments.add(CONTINUATION, b"") is None
    assert fragments.add(FIN | CONTINUATION, b"c") == (BINARY, b"abc")
    assert (fragments.opcode, fragments.left) == (CONTINUATION, 10)


@each_case(
    ("first", "then"),
    [(None, CONTINUATION), (None, FIN), (None, FIN | 3), (TEXT, TEXT), (TEXT, FIN | BINARY), (TEXT, FIN | 3)],
)
def test_a_frame_out_of_order_is_not_added(first: int | None, then: int) -> None:
    """A frame out of order raises, and the open message stays unchanged."""
    fragments = Fragments(10)
    if first is not None:
        fragments.add(first, b"ab")
    before = (fragments.opcode, fragments.left)
    with pytest.raises(OutOfOrderError):
        fragments.add(then, b"c")
    assert (fragments.opcode, fragments.left) == before


def test_unwanted_fragments_are_freed() -> None:
    """After `clear` the message stays open for further frames."""
    fragments = Fragments(10)
    fragments.add(TEXT, b"ab")
    fragments.clear()
    assert fragments.add(FIN | CONTINUATION, b"c") == (TEXT, b"c")
