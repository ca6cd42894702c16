"""``asynction-asgi export``: a first document from the code of a python-socketio server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ..draft_options import draft_options

if TYPE_CHECKING:
    from collections.abc import Sequence


@click.command()
@click.argument("targets", metavar="MODULE:NAME...", nargs=-1, required=True)
@draft_options(title="Exported")
@click.option(
    "--app-dir",
    default=".",
    show_default=True,
    type=click.Path(exists=True, file_okay=False),
    help="The folder to import from.",
)
def export(
    targets: Sequence[str], *, output: str | None, force: bool, title: str, version: Any, app_dir: str
) -> None:
    """Write a document from the handlers of a python-socketio server.

    MODULE:NAME is a socketio.AsyncServer or Server, an ASGIApp around one, or an object of a namespace class.
    Annotations of parameters and of what handlers return become schemas, the paths of the functions become
    x-handlers, and literal names in emits become events of the server. Standard error says what is left to
    fill in, and where.

    The document is then checked strictly and bound to the functions. Exits with 1 if the module can't be
    imported, the file exists, or the check finds a problem; in the last case the document is written all
    the same.
    """
    from ..actions import export as action  # noqa: PLC0415  # not for --help and completion

    action.export(targets, output=output, force=force, title=title, version=version, app_dir=app_dir)
