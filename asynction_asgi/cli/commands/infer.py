"""``asynction-asgi infer``: a first document from records of a proxy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Sequence


@click.command()
@click.argument(
    "records", metavar="RECORD...", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False)
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False),
    help="The file to write; standard output if there is none.",
)
@click.option("--force", is_flag=True, help="Overwrite an existing file.")
@click.option("--title", default="Inferred", show_default=True, help="The document's title.")
@click.option(
    "--asyncapi",
    "version",
    type=click.Choice(["3.0", "2.6"]),
    default="3.0",
    show_default=True,
    help="The version of AsyncAPI to write.",
)
@click.option(
    "--guess",
    type=click.Choice(["enums"]),
    multiple=True,
    help="Write as comments where texts seem to be enumerated; needs records with values.",
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
    """Write a document that declares what RECORDs of 'proxy --record' hold.

    Types, members, arities and acknowledgements come from the traffic, and a member is required once it was
    in ten objects and in all. Limits, patterns and closed objects are left to you. The document passes
    'check --strict', and the same traffic passes it.

    Exits with 1 if a record can't be read, or the file exists.
    """
    from ..actions import infer as action  # noqa: PLC0415  # not for --help and completion

    text = action.infer_document(records, title=title, version=version, guesses="enums" in guess)
    action.write_document(text, output, force=force)
