"""How findings are printed: for people, for programs, for a pull request.

Documents are other people's text, so nothing of them reaches a terminal or a workflow command
unescaped.
"""

from __future__ import annotations

import json
import os
import sys
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from ..errors import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ..errors import Diagnostic
    from ..spec import Outcome

# A minified document is one long line: the caret stands in a window of this many characters.
WINDOW = 100
_COLOURS = {"error": "red", "warning": "yellow"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A file as it was named, and what came of it."""

    file: str
    outcome: Outcome


def show_diagnostics(diagnostics: Iterable[Diagnostic], *, err: bool = False) -> None:
    """Print findings as a compiler would, to standard output or, with `err`, standard error."""
    with_colour = colour(err=err)
    for one in diagnostics:
        click.echo(_finding(one), err=err, color=with_colour)


def as_text(checked: Sequence[Checked]) -> None:
    """Print every finding with its place and line, then one line that sums up."""
    counts = {"error": 0, "warning": 0}
    for one in checked:
        show_diagnostics(one.outcome.diagnostics)
        for diagnostic in one.outcome.diagnostics:
            counts[diagnostic.severity] += 1
    files = _count(len(checked), "file")
    if not any(counts.values()):
        click.echo(f"{files} checked, nothing found")
        return
    found = " and ".join(_count(number, severity) for severity, number in counts.items() if number)
    failed = sum(not one.outcome.servable for one in checked)
    verdict = f"{failed} can't be served" if failed else "all can be served"
    click.echo(f"{found} in {files}; {verdict}")


def as_json(checked: Sequence[Checked]) -> None:
    """Print one array with an object per file, in the order given."""
    # ASCII only: the output is the same on every terminal and in every locale.
    click.echo(json.dumps([_json(one) for one in checked], indent=2))


def as_github(checked: Sequence[Checked]) -> None:
    """Print workflow commands, which GitHub shows at the lines of a pull request."""
    for one in checked:
        for diagnostic in one.outcome.diagnostics:
            click.echo(
                annotation(
                    diagnostic.severity,
                    diagnostic.message,
                    file=diagnostic.file,
                    line=diagnostic.line,
                    col=diagnostic.column,
                    title=diagnostic.code,
                )
            )


FORMATS: Mapping[str, Callable[[Sequence[Checked]], None]] = {
    "text": as_text,
    "json": as_json,
    "github": as_github,
}


def _finding(one: Diagnostic) -> str:
    severity = click.style(f"{one.severity}:", fg=_COLOURS[one.severity], bold=True)
    head = f"{click.style(printable(one.place), bold=True)}: {severity} {printable(one.message)} [{one.code}]"
    if one.source is None or one.line is None or one.column is None:
        return head
    text, caret = _window(one.source.rstrip(), one.column - 1)
    margin = f"{one.line:>5} | "
    return f"{head}\n{margin}{text}\n{' ' * (len(margin) - 2)}| {' ' * caret}{click.style('^', fg='green', bold=True)}"


def _window(source: str, column: int) -> tuple[str, int]:
    """The part of a line around a column, and how many terminal cells stand before it."""
    column = min(column, len(source))
    start = max(0, min(column - WINDOW // 2, len(source) - WINDOW))
    before = ("…" if start else "") + printable(source[start:column])
    after = printable(source[column : start + WINDOW]) + ("…" if start + WINDOW < len(source) else "")
    return before + after, sum(_cells(char) for char in before)


def _cells(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def escaped(error: click.ClickException) -> click.ClickException:
    """Return the error with its message escaped, line by line."""
    lines = "\n".join(map(printable, error.message.split("\n")))
    error.message = lines  # type: ignore[misc]  # it is final for others; click has no other place for a text
    return error


def _json(one: Checked) -> dict[str, Any]:
    from ..spec.model.summary import summarise  # noqa: PLC0415 - every command imports this module

    outcome = one.outcome
    return {
        "file": one.file,
        "document": "accepted" if outcome.accepted else "rejected",
        "servable": outcome.servable,
        "diagnostics": [
            {
                "severity": each.severity,
                "code": each.code,
                "message": each.message,
                "pointer": each.pointer,
                "file": each.file,
                "line": each.line,
                "column": each.column,
            }
            for each in outcome.diagnostics
        ],
        "model": None if outcome.spec is None else summarise(outcome.spec),
    }


def annotation(severity: str, message: str, **properties: str | int | None) -> str:
    """Return the command by which a workflow annotates a pull request.

    Source: GitHub's workflow commands; a message escapes ``%`` and line ends, a property ``:`` and ``,`` too.
    """
    given = ",".join(
        f"{name}={_property(str(value))}" for name, value in properties.items() if value is not None
    )
    return f"::{severity} {given}::{_escape(message)}"


def _escape(text: str) -> str:
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return printable(text)


def _property(text: str) -> str:
    return _escape(text).replace(":", "%3A").replace(",", "%2C")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def colour(*, err: bool) -> bool:
    """Colour only where a person reads it, and never against https://no-color.org."""
    return (sys.stderr if err else sys.stdout).isatty() and not os.environ.get("NO_COLOR")
