"""``asynction-asgi scaffold``: an application to start from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ...errors import printable
from ..report import show_diagnostics

if TYPE_CHECKING:
    from ...scaffold import Application


@click.command()
@click.argument("spec", type=click.Path(exists=True, dir_okay=False))
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(file_okay=False),
    help="The folder to write to; it is created if it is missing.",
)
@click.option("--force", is_flag=True, help="Overwrite existing files.")
@click.option(
    "--server-name", help="The document's server to serve as; it picks path, security and channels."
)
@click.pass_context
def scaffold(ctx: click.Context, /, spec: str, *, output: str, force: bool, server_name: str | None) -> None:
    """Write an application for SPEC: typed handlers to fill in, and their tests.

    Exits with 1 if the document can't be served, or a file already exists.
    """
    from ...scaffold import ScaffoldError, make_application, write_files  # noqa: PLC0415 - not for --help
    from ...spec import check_document  # noqa: PLC0415 - likewise

    outcome = check_document(spec, server_name=server_name)
    if outcome.spec is None:
        show_diagnostics(outcome.diagnostics, err=True)
        ctx.exit(1)
    folder = Path(output)
    try:
        application = make_application(outcome.spec, folder, server_name=server_name)
        written = write_files(application.files, folder, force=force)
    except ScaffoldError as error:
        for line in str(error).splitlines():
            click.echo(printable(line), err=True)
        ctx.exit(1)
    except OSError as error:
        click.echo(printable(f"can't write {error.filename or output}: {error.strerror}"), err=True)
        ctx.exit(1)
    for warning in application.warnings:
        click.echo(printable(f"warning: {warning}"), err=True)
    for path in written:
        click.echo(printable(str(path)))
    _show_next(application, output)


def _show_next(application: Application, output: str) -> None:
    click.echo("\nNext:")
    click.echo(printable(f"  cd {output}"))
    for name in application.secrets:
        click.echo(printable(f"  export {name}=…"))
    click.echo("  pytest")
    click.echo("  asynction-asgi run app:app")
