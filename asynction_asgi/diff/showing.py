"""Values and commands as they stand in messages: one line, bounded, and safe for a terminal."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import printable, shorten
from ..spec.readers.examples import written_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..spec.text.document import Document

_LONGEST = 400


def as_json(value: Any) -> str:
    """Return a value as JSON on one line; bytes as ``{"$binary": "…base64…"}``."""
    return json.dumps(value, default=written_bytes)


def shown(value: Any) -> str:
    """Return a value for a message, at most 400 characters of it."""
    return printable(shorten(json.dumps(value, default=written_bytes, ensure_ascii=False), _LONGEST))


def quoted(arguments: Sequence[Any]) -> str:
    """Arguments for a message."""
    if not arguments:
        return "no arguments"
    text = ", ".join(json.dumps(value, default=written_bytes, ensure_ascii=False) for value in arguments)
    return printable(shorten(text, _LONGEST))


def call(namespace: str, event: str, arguments: Iterable[Any]) -> str:
    """Return the command that emits an event."""
    words = ["asynction-asgi", "call", "URL", *_in(namespace), event, *map(as_json, arguments)]
    return shlex.join(words)


def listen(namespace: str, *options: str, spec: Document | None = None) -> str:
    """Return the command that connects and prints what comes.

    Args:
        namespace: A concrete one.
        options: More of its options.
        spec: A document to hold what comes against.
    """
    before = ""
    if spec is not None and spec.name is not None:
        name = spec.name
        if spec.path != Path(name).absolute():  # a revision, which has no file
            before, name = f"git show {shlex.quote(name)} > old.yaml && ", "old.yaml"
        options = (*options, "--spec", name)
    return before + shlex.join(["asynction-asgi", "listen", "URL", *_in(namespace), *options])


def _in(namespace: str) -> list[str]:
    return [] if namespace == "/" else ["-n", namespace]
