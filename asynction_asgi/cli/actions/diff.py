"""What ``asynction-asgi diff`` does: it compares two documents and prints what it found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...diff import LEVELS, compare_specs
from ...diff.revisions import RevisionError, check_revision, find_in_revision
from ...errors import printable
from ...spec.readers.examples import written_bytes
from ..report import annotation, colour, show_diagnostics

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ...diff import Change, Comparison, Place
    from ...spec.model import Spec

_COLOURS = {"breaking": "red", "unknown": "yellow", "info": "cyan"}
_ANNOTATED = {"breaking": "error", "unknown": "warning", "info": "notice"}
_UNUSABLE = 2


class _UnreadableError(click.ClickException):
    """A document can't be read, so nothing was compared."""

    exit_code = _UNUSABLE


def pair(names: Sequence[str], since: str | None) -> list[tuple[str, str]]:
    """Return the names of what is to be compared, in pairs; a file that is new in a revision is named and left out.

    Raises:
        click.UsageError: There are not two names, or, with a revision, one is not a file.
    """
    if since is None:
        if len(names) != 2:  # the old one and the new one
            raise click.UsageError("give two documents, or --since REVISION and any number of files")
        return [(names[0], names[1])]
    pairs = []
    for name in names:
        if not Path(name).is_file():
            raise click.UsageError(f"{name!r} is not a file")
        try:
            old = find_in_revision(name, since)
        except RevisionError as error:
            raise _UnreadableError(str(error)) from None
        if old is not None:
            pairs.append((old, name))
        else:
            click.echo(f"{printable(name)} is new since {printable(since)}", err=True)
    return pairs


def compare(
    ctx: click.Context,
    old: str,
    new: str,
    *,
    server_name: str | None,
    effort: float,
    seed: int,
    schemas: Mapping[str, str],
) -> Comparison:
    """Read two documents by their names and compare them; exits with 2 where one can't be read or served."""
    before, after = (_load(ctx, name, server_name, schemas) for name in (old, new))
    return compare_specs(before, after, effort=effort, seed=seed)


def _load(ctx: click.Context, name: str, server_name: str | None, schemas: Mapping[str, str]) -> Spec:
    try:
        outcome = check_revision(name, server_name=server_name, schemas=schemas)
    except RevisionError as error:
        raise _UnreadableError(str(error)) from None
    if outcome.spec is None:
        errors = [finding for finding in outcome.diagnostics if finding.severity == "error"]
        show_diagnostics(errors, err=True)
        click.echo(f"{printable(name)} can't be served, so nothing was compared", err=True)
        ctx.exit(_UNUSABLE)
    return outcome.spec


def fails(comparison: Comparison, fail_on: str) -> bool:
    """Return whether something was found at or above a threshold."""
    if fail_on == "never" or (fail_on == "unbumped" and comparison.is_bumped):
        return False
    lowest = "breaking" if fail_on == "unbumped" else fail_on
    levels = [str(level) for level in LEVELS]
    levels = levels[: levels.index(lowest) + 1]
    return any(change.level in levels for change in comparison.changes)


def _as_text(compared: Sequence[Comparison]) -> None:
    """Print each change with its places and a line to try it, then one line that sums up."""
    with_colour = colour(err=False)
    for change in _shown(compared):
        click.echo("\n".join(_lines(change)), color=with_colour)
    click.echo(_summary(compared), color=with_colour)


def _shown(compared: Sequence[Comparison]) -> list[Change]:
    return [
        change for comparison in compared for change in comparison.changes if change.level != "compatible"
    ]


def _lines(change: Change) -> list[str]:
    places = [place for place in (change.new, change.old) if place is not None]
    level = click.style(f"{change.level}:", fg=_COLOURS[change.level], bold=True)
    first = click.style(_place(places[0] if places else None), bold=True)
    lines = [f"{first}: {level} {printable(change.message)} [{change.code}]"]
    if len(places) > 1:
        lines.append(f"{_place(places[1])}: {_before(change)}")
    if change.witness is not None and change.witness.command:
        lines.append(f"  try: {printable(change.witness.command)}")
    return lines


def _before(change: Change) -> str:
    """Return what the old document says at its place."""
    if change.witness is None or change.level != "breaking":
        return "before"
    return "refused here" if change.code.endswith(("_WIDENED", "OPENED")) else "accepted here"


def _place(place: Place | None) -> str:
    return "document" if place is None else printable(str(place))


def _summary(compared: Sequence[Comparison]) -> str:
    counts = {level: sum(len(comparison.of_level(level)) for comparison in compared) for level in LEVELS}
    found = ", ".join(f"{count} {level}" for level, count in counts.items() if count)
    return found or "nothing changed for clients"


def _as_json(compared: Sequence[Comparison]) -> None:
    """Print an array with an object per comparison: versions, counts and all changes, the compatible ones too."""
    body = [
        {
            "old": comparison.old_version,
            "new": comparison.new_version,
            "bumped": comparison.is_bumped,
            "counts": {level: len(comparison.of_level(level)) for level in LEVELS},
            "changes": [_json(change) for change in comparison.changes],
        }
        for comparison in compared
    ]
    # ASCII only: the output is the same on every terminal and in every locale.
    click.echo(json.dumps(body, indent=2, default=written_bytes))


def _json(change: Change) -> dict[str, Any]:
    witness = change.witness
    return {
        "level": change.level,
        "code": change.code,
        "message": change.message,
        "namespace": change.namespace,
        "event": change.event,
        "part": change.part or None,
        "witness": None if witness is None else {"value": witness.value, "try": witness.command or None},
        "old": _json_place(change.old),
        "new": _json_place(change.new),
    }


def _json_place(place: Place | None) -> dict[str, Any] | None:
    if place is None:
        return None
    return {"file": place.file, "pointer": place.pointer, "line": place.line, "column": place.column}


def _as_github(compared: Sequence[Comparison]) -> None:
    """Print workflow commands, at the new document where it can be, and a removal at the old one."""
    for change in _shown(compared):
        place = change.new or change.old
        click.echo(
            annotation(
                _ANNOTATED[change.level],
                change.message,
                file=None if place is None or place.file is None else _path(place.file),
                line=None if place is None else place.line,
                col=None if place is None else place.column,
                title=change.code,
            )
        )


def _path(file: str) -> str:
    """Return the path of a document as it is checked out, which may be named by a revision."""
    revision, _, path = file.partition(":")
    return path if path and revision and not Path(file).exists() else file


def _as_markdown(compared: Sequence[Comparison]) -> None:
    """Print a table of what is not compatible, and a line that sums up."""
    changes = _shown(compared)
    click.echo(f"**{_summary(compared)}**")
    if not changes:
        return
    click.echo("\n| Level | Change | Where |\n|---|---|---|")
    for change in changes:
        place = _cell(_place(change.new or change.old))
        click.echo(f"| {change.level} | {_cell(change.message)} `{change.code}` | {place} |")


def _cell(text: str) -> str:
    """Text of a document, of which nothing is read as Markdown or HTML."""
    text = printable(text)
    return "".join(f"\\{char}" if char in "\\`*_{}[]<>()#+-.!|~" else char for char in text).replace(
        "&", "&amp;"
    )


FORMATS: Mapping[str, Callable[[Sequence[Comparison]], None]] = {
    "text": _as_text,
    "json": _as_json,
    "github": _as_github,
    "markdown": _as_markdown,
}
