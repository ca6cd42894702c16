"""The file of a client module: its name, whose it is, and whether it is up to date."""

from __future__ import annotations

import difflib
import re
import unicodedata
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..spec.model import Spec

Language: TypeAlias = Literal["typescript", "python"]

MARKER = 'Made by "asynction-asgi client" from'
"""Stands in the first line, after the sign of a comment."""

_LONGEST = 60
_MOST_LINES = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientModule:
    """A module for clients.

    Attributes:
        text: The source.
        warnings: What in the contract makes the module less safe than it could be, each with a cure.
    """

    text: str
    warnings: tuple[str, ...]


def file_name(spec: Spec, language: Language) -> str:
    """Return the name of a contract's client module: ``support-desk.ts``, or ``support_desk_client.py``."""
    plain = unicodedata.normalize("NFKD", spec.title).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", plain.lower())[:_LONGEST].strip("-")
    if language == "typescript":
        return f"{slug or 'client'}.ts"
    word = slug.replace("-", "_")
    return f"{'_' if word[:1].isdecimal() else ''}{word}{'_' if word else ''}client.py"


def mounted(spec: Spec, mount: str) -> Spec:
    """Return the contract as clients see it whose server is mounted at a path, such as ``/realtime``."""
    return replace(spec, path=mount.rstrip("/") + spec.path)


def is_ours(text: str) -> bool:
    """Return whether a file's text was written by us, by its first line."""
    return MARKER in text.partition("\n")[0]


def differences(present: str | None, wanted: str, name: str) -> Iterator[str]:
    """Yield lines that tell how a file differs from what it should hold; none if it doesn't.

    Args:
        present: What the file holds; None if there is no file.
        wanted: What it should hold.
        name: What to call the file.
    """
    if present is None:
        yield f"{name} does not exist; run without --check to write it"
        return
    if present == wanted:
        return
    yield f"{name} is out of date; run without --check to write it"
    lines = difflib.unified_diff(
        present.splitlines(), wanted.splitlines(), "file", "contract", lineterm="", n=1
    )
    for count, line in enumerate(lines):
        if count == _MOST_LINES:
            yield "…"
            return
        yield line
