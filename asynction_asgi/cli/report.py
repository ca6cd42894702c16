"""Findings, printed for people, for programs, or for a pull request.

Documents are foreign text, so none of it reaches a terminal or a workflow command unescaped.
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

INTERRUPTED = 130  # an exit status: 128 plus the number of SIGINT, as in shells
# A minified document is one long line; print only this many characters around the caret.
WINDOW = 100
_COLOURS = {"error": "red", "warning": "yellow"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A file, as named on the command line, and the outcome of its check."""

    file: str
    outcome: Outcome


def show_diagnostics(diagnostics: Iterable[Diagnostic], *, err: bool = False) -> None:
    """Print findings as a compiler would, to standard output or, with `err`, standard error."""
    with_colour = colour(err=err)
    for diagnostic in diagnostics:
        click.echo(_finding(diagnostic), err=err, color=with_colour)


def as_text(checked: Sequence[Checked]) -> None:
    """Print every finding with its place and line, then a summary line."""
    counts = {"error": 0, "warning": 0}
    for file in checked:
        show_diagnostics(file.outcome.diagnostics)
        for diagnostic in file.outcome.diagnostics:
            counts[diagnostic.severity] += 1
    files = _count(len(checked), "file")
    failed = sum(not file.outcome.servable for file in checked)
    unchecked = "" if failed else _unchecked(checked)
    if not any(counts.values()):
        click.echo(f"{files} checked, nothing found{unchecked}")
        return
    found = " and ".join(_count(number, severity) for severity, number in counts.items() if number)
    verdict = f"{failed} can't be served" if failed else "all can be served"
    click.echo(f"{found} in {files}; {verdict}{unchecked}")


def _unchecked(checked: Iterable[Checked]) -> str:
    """Return a note about names in the documents that are only checked later."""
    from ..spec.model.outside import handler_paths, secret_variables  # noqa: PLC0415  # every command imports this module

    specs = [file.outcome.spec for file in checked if file.outcome.spec is not None]
    names = []
    if any(True for spec in specs for _ in handler_paths(spec)):
        names.append("handlers")
    if any(secret_variables(spec, spec.schemes) for spec in specs):
        names.append("environment variables")
    if not names:
        return ""
    return f"; {' and '.join(names)} are checked when the server starts (app.check_handlers())"


def as_json(checked: Sequence[Checked]) -> None:
    """Print an array with an object per file, in the given order."""
    # ASCII only: the output is the same on every terminal and in every locale.
    click.echo(json.dumps([_json(file) for file in checked], indent=2))


def as_github(checked: Sequence[Checked]) -> None:
    """Print workflow commands, which GitHub shows at the lines of a pull request."""
    for file in checked:
        for diagnostic in file.outcome.diagnostics:
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


def _finding(found: Diagnostic) -> str:
    severity = click.style(f"{found.severity}:", fg=_COLOURS[found.severity], bold=True)
    place = click.style(printable(found.place), bold=True)
    head = f"{place}: {severity} {printable(found.message)} [{found.code}]"
    if found.source is None or not found.source.strip() or found.line is None or found.column is None:
        return head
    text, caret = _window(found.source.rstrip(), found.column - 1)
    margin = f"{found.line:>5} | "
    return f"{head}\n{margin}{text}\n{' ' * (len(margin) - 2)}| {' ' * caret}{click.style('^', fg='green', bold=True)}"


def _window(source: str, column: int) -> tuple[str, int]:
    """Return the part of a line around a column, and the number of terminal cells before that column."""
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
    error.message = lines  # type: ignore[misc]  # click declares it final, and has no other place for the text
    return error


def _json(checked: Checked) -> dict[str, Any]:
    from ..spec.model.summary import summarise  # noqa: PLC0415  # every command imports this module

    outcome = checked.outcome
    return {
        "file": checked.file,
        "document": "accepted" if outcome.accepted else "rejected",
        "servable": outcome.servable,
        "diagnostics": [
            {
                "severity": diagnostic.severity,
                "code": diagnostic.code,
                "message": diagnostic.message,
                "pointer": diagnostic.pointer,
                "file": diagnostic.file,
                "line": diagnostic.line,
                "column": diagnostic.column,
            }
            for diagnostic in outcome.diagnostics
        ],
        "model": None if outcome.spec is None else summarise(outcome.spec),
    }


def annotation(severity: str, message: str, **properties: str | int | None) -> str:
    """Return the command with which a workflow annotates a pull request.

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
    """Return whether to print colours: on a terminal, unless ``NO_COLOR`` is set (https://no-color.org)."""
    return (sys.stderr if err else sys.stdout).isatty() and not os.environ.get("NO_COLOR")
