"""``asynction-asgi infer``: a first document from records of a proxy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ..draft_options import draft_options

if TYPE_CHECKING:
    from collections.abc import Sequence


@click.command()
@click.argument(
    "records", metavar="RECORD...", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False)
)
@draft_options(title="Inferred")
@click.option(
    "--guess",
    type=click.Choice(["enums"]),
    multiple=True,
    help="Mark strings that look like enumerations by comments; needs records with values.",
)
def infer(
    records: Sequence[str],
    *,
    output: str | None,
    force: bool,
    title: str,
    version: Any,
    guess: Sequence[str],
) -> None:
    """Write a document that declares what RECORDs of 'proxy --record' contain.

    Types, members, arities and acknowledgements come from the traffic, and a member is required if it was
    in all objects, and in ten at least. Limits, patterns and closed objects are left to you. The document
    passes 'check --strict', and the same traffic passes it.

    Exits with 1 if a record can't be read, or the file exists.
    """
    from ..actions import infer as action  # noqa: PLC0415  # not for --help and completion
    from ..actions.writing import write_document  # noqa: PLC0415  # likewise

    text = action.infer_document(records, title=title, version=version, guesses="enums" in guess)
    write_document(text, output, force=force)
    action.say_next(output)
