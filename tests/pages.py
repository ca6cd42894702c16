"""The README and the pages of the documentation, as tests read them."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asynction_asgi.spec.text.document import load_document

ROOT = Path(__file__).parent.parent
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
TEXT = "\n".join(page.read_text("utf-8") for page in PAGES)


@dataclass(frozen=True)
class Block:
    """A fenced block with its language, its text and its heading."""

    language: str
    text: str
    heading: str


def read_blocks() -> list[Block]:
    blocks, heading = [], ""
    for match in re.finditer(r"^#+ ([^\n]+)$|^```(\w+)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL):
        if match[1]:
            heading = match[1]
        else:
            blocks.append(Block(match[2], match[3], heading))
    return blocks


BLOCKS = read_blocks()


def block(language: str, heading: str, place: int = 0) -> str:
    """Return the text of a block by its language, its heading and its place among those."""
    return [
        candidate.text
        for candidate in BLOCKS
        if (candidate.language, candidate.heading) == (language, heading)
    ][place]


def load_block(example: Block) -> Any:
    """Return what a block of YAML holds."""
    return load_document(io.StringIO(example.text)).value


def table(heading: str) -> list[list[str]]:
    """Return the rows of the first table under a heading, without its header."""
    _, _, rest = TEXT.partition(f"# {heading}\n")
    rows = re.search(r"^\|---.*\n((?:\|.*\n)+)", rest, re.MULTILINE)
    assert rows, f"no table under {heading}"
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows[1].splitlines()]


def codes(cells: list[str]) -> set[str]:
    """Return the words that stand as code in some cells."""
    return {code for cell in cells for code in re.findall(r"`(\w+)`", cell)}
