"""Markdown from plain values."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; a ``|`` in a cell is text."""
    lines = [head, ["---"] * len(head), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines) + "\n"


def entry(term: str, *paragraphs: str) -> str:
    """Return an entry of a list of definitions."""
    return f"{term}\n" + "".join(f": {paragraph}\n\n" for paragraph in paragraphs if paragraph)
