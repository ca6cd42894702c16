"""Markdown from plain values."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["described", "entry", "table"]

_ENTRY = re.compile(r"^    (\w+): ((?:.|\n(?!    \w+: ))*)", re.MULTILINE)


def described(documented: object, section: str = "Attributes") -> dict[str, str]:
    """Return what a section of a docstring says about each name, each text on one line."""
    _, _, rest = inspect.cleandoc(getattr(documented, "__doc__", None) or "").partition(f"{section}:\n")
    within = rest.partition("\n\n")[0]
    return {name: " ".join(text.split()) for name, text in _ENTRY.findall(within)}


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; a ``|`` in a cell is text."""
    lines = [head, ["---"] * len(head), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines) + "\n"


def entry(term: str, *paragraphs: str) -> str:
    """Return an entry of a list of definitions."""
    return f"{term}\n" + "".join(f": {paragraph}\n\n" for paragraph in paragraphs if paragraph)
