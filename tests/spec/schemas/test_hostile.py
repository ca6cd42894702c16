"""Work is linear in the size of a value, counted in instructions instead of time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from asynction_asgi.spec.schemas.formats import FORMATS
from asynction_asgi.spec.schemas.keywords import ASSERTIONS
from benchmarks.hostile import ROWS, is_valid
from tests.counting import instructions

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZE = 750  # bytes, and twice as many; counting takes a hundred times as long as running
MOST = 130  # instructions per byte, which take a microsecond or two


@pytest.mark.parametrize("name", ROWS)
def test_twice_the_bytes_take_twice_the_work(name: str) -> None:
    """This holds for each keyword, format and kind of pattern, on valid and invalid values.

    A byte takes a bounded number of instructions, unless the author is warned.
    """
    row = ROWS[name]
    check, diagnostics = row.compile("fastjsonschema")
    texts = [row.text(SIZE), row.text(2 * SIZE)]
    is_valid(check, json.loads(texts[0]))  # fill the caches first
    once, twice = (instructions(is_valid, check, json.loads(text)) for text in texts)
    small, large = (len(text.encode()) for text in texts)
    assert twice / large < 1.2 * once / small + 1
    assert twice < MOST * large or row.slow
    is_reported = any(diagnostic.code == "SLOW" for diagnostic in diagnostics)
    assert is_reported is row.slow


def keywords(schema: Any) -> Iterator[tuple[str, Any]]:
    """Yield each keyword with its value, in a schema and at any depth."""
    if isinstance(schema, list):
        for inner in schema:
            yield from keywords(inner)
    elif isinstance(schema, dict):
        yield from schema.items()
        for inner in schema.values():
            yield from keywords(inner)


def test_every_keyword_and_format_has_a_row() -> None:
    """Each enforced keyword and format has a value chosen to be slow for it."""
    found = [pair for row in ROWS.values() for pair in keywords([row.schema, row.others])]
    assert ASSERTIONS.keys() <= {key for key, _ in found}
    assert FORMATS.keys() <= {value for key, value in found if key == "format"}


def test_counting_detects_quadratic_work() -> None:
    """The count exposes a search through all items for each item."""

    def search(items: list[int]) -> None:
        for item in items:
            for candidate in items:
                if candidate == item:
                    break

    small, large = (instructions(search, list(range(size))) for size in (100, 200))
    assert large > 3 * small
