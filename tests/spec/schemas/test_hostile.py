"""Work is linear in the bytes of a value, whatever it is; counted in instructions and never in time."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from asynction_asgi.spec.schemas.formats import FORMATS
from asynction_asgi.spec.schemas.keywords import ASSERTIONS
from benchmarks.hostile import ROWS, is_valid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

SIZE = 1_500  # bytes, and twice as many; counting takes a hundred times as long as running
MOST = 130  # instructions per byte, that is a microsecond or two


def instructions(function: Callable[..., object], *arguments: object) -> int:
    """How many instructions of Python a call takes, those of all that it calls included."""
    count = 0

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal count
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        count += event == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        function(*arguments)
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("name", ROWS)
def test_twice_the_bytes_take_twice_the_work(name: str) -> None:
    """For every keyword, format and kind of pattern: accepted or refused, on branches that fail or not."""
    row = ROWS[name]
    check = row.compile("fastjsonschema")
    texts = [row.text(SIZE), row.text(2 * SIZE)]
    is_valid(check, json.loads(texts[0]))  # what is worked out once and for all
    once, twice = (instructions(is_valid, check, json.loads(text)) for text in texts)
    small, large = (len(text.encode()) for text in texts)
    assert twice / large < 1.2 * once / small + 1
    assert twice < MOST * large


def keywords(schema: Any) -> Iterator[tuple[str, Any]]:
    """All keywords of a schema and of those within it, with their values."""
    if isinstance(schema, list):
        for inner in schema:
            yield from keywords(inner)
    elif isinstance(schema, dict):
        yield from schema.items()
        for inner in schema.values():
            yield from keywords(inner)


def test_there_is_a_row_for_everything() -> None:
    """Every keyword that is enforced, and every format, has a value that is meant to be slow for it."""
    found = [pair for row in ROWS.values() for pair in keywords([row.schema, row.others])]
    assert ASSERTIONS.keys() <= {key for key, _ in found}
    assert FORMATS.keys() <= {value for key, value in found if key == "format"}


def test_counting_sees_what_grows() -> None:
    """A search for each item, which is what the places of misses once took, is seen."""

    def search(items: list[int]) -> None:
        for item in items:
            for other in items:
                if other == item:
                    break

    small, large = (instructions(search, list(range(size))) for size in (100, 200))
    assert large > 3 * small
