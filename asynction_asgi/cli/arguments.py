"""Arguments of events on the command line: read from the shell, printed for people and for programs."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import printable, shorten
from ..spec.readers.examples import with_bytes, written_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_INDENT = "  "
_SHOWN_BYTES = 16
_COLOURS: dict[type, str] = {str: "green", int: "cyan", float: "cyan", bool: "yellow", type(None): "yellow"}


def read_arguments(texts: Sequence[str]) -> tuple[Any, ...]:
    """Read the arguments of an event: JSON each, or ``@file`` for the bytes of a file.

    Raises:
        click.UsageError: A text is neither; the message says which, where and how to quote it.
    """
    if texts.count("@-") > 1:
        raise click.UsageError("@- is given twice; only one argument can be standard input")
    return tuple(_argument(text, f"argument {number}") for number, text in enumerate(texts, 1))


def _argument(text: str, what: str) -> Any:
    if not text.startswith("@"):
        return read_json(text, what)
    try:
        return sys.stdin.buffer.read() if text == "@-" else Path(text[1:]).read_bytes()
    except OSError as error:
        raise click.UsageError(f"{what}: can't read {text[1:]!r}: {error.strerror}") from None


def read_json(text: str, what: str) -> Any:
    """Read JSON, in which ``{"$binary": "…base64…"}`` stands for bytes.

    Args:
        text: The text to read.
        what: The name of the argument or option, for the error.

    Raises:
        click.UsageError: The text is not JSON.
    """
    try:
        return with_bytes(json.loads(text, parse_constant=_no_constant))
    except json.JSONDecodeError as error:
        reason = f"{error.msg[:1].lower()}{error.msg[1:]} at character {error.pos + 1}"
    except (ValueError, RecursionError) as error:
        reason = str(error)
    raise click.UsageError(f"{what} is not JSON: {reason}: {printable(shorten(text, 60))}{_hint(text)}")


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")


def _hint(text: str) -> str:
    """Return advice about the quotes that the shell most likely removed."""
    if text[:1] not in tuple('{["'):
        return f"\nA string needs JSON's quotes within the shell's: '{json.dumps(shorten(text, 60), ensure_ascii=False)}'"
    if text[:1] in "{[" and '"' not in text:
        return '\nThe shell removed the quotes; put the whole argument in single quotes: \'{"name": "Ada"}\''
    return ""


def as_json(value: Any) -> str:
    """Return JSON on one line, in ASCII; bytes as ``{"$binary": "…base64…"}``."""
    return json.dumps(value, default=written_bytes)


def as_text(value: Any, *, lines: bool = False) -> str:
    """Return a styled text for people; bytes are shown by their length and beginning.

    Args:
        value: Any argument.
        lines: Spread collections of collections over several lines.
    """
    return "".join(_pieces(value, "\n" if lines else ""))


def _pieces(value: Any, margin: str) -> Iterable[str]:
    if isinstance(value, bytes | bytearray):
        yield click.style(_bytes(value), fg="magenta")
    elif isinstance(value, list | tuple):
        yield from _collection("[]", [("", member) for member in value], margin)
    elif isinstance(value, dict):
        yield from _collection(
            "{}", [(f"{_scalar(name)}: ", member) for name, member in value.items()], margin
        )
    else:
        yield click.style(_scalar(value), fg=_COLOURS.get(type(value)))


def _collection(brackets: str, members: list[tuple[str, Any]], margin: str) -> Iterable[str]:
    # Short lists of scalars read best as they are written.
    wide = margin and any(isinstance(member, list | tuple | dict) and member for _, member in members)
    wide = wide or (margin and sum(len(name) + len(str(member)) for name, member in members) > 72)
    inner = margin + _INDENT if margin else ""
    yield brackets[0]
    for index, (name, member) in enumerate(members):
        if index:
            yield "," if wide else ", "
        if wide:
            yield inner
        yield name
        yield from _pieces(member, inner)
    if wide:
        yield margin
    yield brackets[1]


def _scalar(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return json.dumps(value)
    return text if text.isprintable() else "".join(map(_escaped, text))


def _escaped(char: str) -> str:
    """Return JSON text that cannot move a terminal's cursor or hide a part of itself."""
    return char if char.isprintable() else json.dumps(char)[1:-1]


def _bytes(value: bytes | bytearray) -> str:
    beginning = value[:_SHOWN_BYTES].hex(" ")
    more = " …" if len(value) > _SHOWN_BYTES else ""
    count = f"{len(value)} byte{'' if len(value) == 1 else 's'}"
    return f"<{count}: {beginning}{more}>" if value else f"<{count}>"
