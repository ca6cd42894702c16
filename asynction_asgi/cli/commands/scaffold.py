"""``asynction-asgi scaffold``: an application to start from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...errors import printable
from ..report import show_diagnostics
from ..schemas_option import schemas_option

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

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
@click.option("--force", is_flag=True, help="Overwrite existing files, with --update those that were edited.")
@click.option(
    "--update",
    is_flag=True,
    help="Bring an application up to date: write payloads, emits and copied documents again, and add stubs.",
)
@click.option(
    "--check",
    is_flag=True,
    help="Write nothing; exit with 1 if --update would write files again, or files of --deploy are missing.",
)
@click.option(
    "--server-name", help="The document's server to serve as; it picks path, security and channels."
)
@click.option(
    "--deploy",
    type=click.Choice(["nginx", "systemd", "docker", "kubernetes"]),
    multiple=True,
    help="Also write deploy/: configuration that runs the application in two processes; repeatable.",
)
@schemas_option
@click.pass_context
def scaffold(
    ctx: click.Context,
    /,
    spec: str,
    *,
    output: str,
    force: bool,
    update: bool,
    check: bool,
    server_name: str | None,
    deploy: tuple[Any, ...],
    schemas: Mapping[str, str],
) -> None:
    """Write an application for SPEC: typed handlers to fill in, and their tests.

    With --update, no line that you have written is changed: handlers that are missing are added as stubs,
    and the output says what no longer fits the document. With --deploy as well, what is missing in deploy/ is
    written.

    Exits with 1 if the document can't be served, a file already exists, or --check finds a difference.
    """
    from ...scaffold import ScaffoldError, make_application, outdated, write_files  # noqa: PLC0415  # not for --help
    from ...spec import check_document  # noqa: PLC0415  # likewise

    outcome = check_document(spec, server_name=server_name, schemas=schemas)
    if outcome.spec is None:
        show_diagnostics(outcome.diagnostics, err=True)
        ctx.exit(1)
    folder = Path(output)
    try:
        application = make_application(outcome.spec, folder, server_name=server_name, deployments=deploy)
        if check:
            found = outdated(application, folder)
            for name in found:
                click.echo(printable(f"{folder / name} is out of date; run with --update"), err=True)
            ctx.exit(1 if found else 0)
        if update:
            _update(application, folder, force=force)
            return
        written = write_files(application.files, folder, force=force)
    except ScaffoldError as error:
        for line in str(error).splitlines():
            click.echo(printable(line), err=True)
        ctx.exit(1)
    except OSError as error:
        click.echo(printable(f"can't write {error.filename or output}: {error.strerror}"), err=True)
        ctx.exit(1)
    _show_warnings(application.warnings)
    for path in written:
        click.echo(printable(str(path)))
    _show_next(application, output)


def _update(application: Application, folder: Path, *, force: bool) -> None:
    """Bring an application up to date, and say what is left to do."""
    from ...scaffold import make_update, remove_files, write_files  # noqa: PLC0415  # as above
    from ..actions.binding import misfits  # noqa: PLC0415  # likewise

    change = make_update(application, folder, force=force)
    for path in write_files(change.files, folder, force=True):
        click.echo(printable(str(path)))
    for path in remove_files(change.removed, folder):
        click.echo(printable(f"removed {path}"))
    _show_warnings((*application.warnings, *change.notes))
    for line in misfits(folder):
        click.echo(printable(line), err=True)


def _show_warnings(warnings: Iterable[str]) -> None:
    for warning in warnings:
        click.echo(printable(f"warning: {warning}"), err=True)


def _show_next(application: Application, output: str) -> None:
    click.echo("\nNext:")
    click.echo(printable(f"  cd {output}"))
    for name in application.secrets:
        click.echo(printable(f"  export {name}=…"))
    click.echo("  pytest")
    click.echo("  asynction-asgi run app:app")
