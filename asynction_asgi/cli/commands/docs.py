"""``asynction-asgi docs build``: the documentation page as files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ...errors import printable
from ..report import show_diagnostics
from ..schemas_option import schemas_option

if TYPE_CHECKING:
    from collections.abc import Mapping


@click.group()
def docs() -> None:
    """Build the documentation page of a document."""


@docs.command()
@click.argument("spec", type=click.Path(exists=True, dir_okay=False))
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(file_okay=False),
    help="The folder to write to; it is created if it is missing.",
)
@click.option(
    "--server-name", help="The document's server to describe; it picks path, security and channels."
)
@click.option(
    "--docs-root",
    type=click.Path(file_okay=False),
    help="A folder whose files the docs may publish, besides the document's own folder.",
)
@schemas_option
@click.pass_context
def build(
    ctx: click.Context,
    /,
    spec: str,
    *,
    output: str,
    server_name: str | None,
    docs_root: str | None,
    schemas: Mapping[str, str],
) -> None:
    """Write the page of SPEC as static files, without the console.

    Exits with 1 if the document can't be served, or a file can't be written.
    """
    from ...docs.site import build_site  # noqa: PLC0415  # not for --help and completion
    from ...errors import SpecError  # noqa: PLC0415  # likewise
    from ...spec import check_document  # noqa: PLC0415  # likewise

    outcome = check_document(spec, server_name=server_name, schemas=schemas)
    if outcome.spec is None:
        show_diagnostics(outcome.diagnostics, err=True)
        ctx.exit(1)
    try:
        written = build_site(outcome.spec, output, root=docs_root)
    except SpecError as error:
        show_diagnostics(error.diagnostics, err=True)
        ctx.exit(1)
    except OSError as error:
        click.echo(printable(f"can't write {error.filename or output}: {error.strerror}"), err=True)
        ctx.exit(1)
    click.echo(printable(f"{len(written)} files written; open {written[0]}"))
