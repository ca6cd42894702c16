"""``asynction-asgi diff``: what a change of a document means to clients."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..schemas_option import schemas_option

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_FORMATS = ("text", "json", "github", "markdown")
_THRESHOLDS = ("never", "breaking", "unbumped", "unknown", "info")


@click.command()
@click.argument("names", metavar="OLD NEW | --since REVISION FILE...", nargs=-1, required=True)
@click.option("--since", metavar="REVISION", help="Compare each FILE with itself in that revision of git.")
@click.option("--server-name", help="The server of both documents to compare; it picks path and channels.")
@click.option(
    "--format",
    "form",
    type=click.Choice(_FORMATS),
    default="text",
    show_default=True,
    help="text for people, json for programs, github for annotations on a pull request, markdown for its summary.",
)
@click.option(
    "--fail-on",
    type=click.Choice(_THRESHOLDS),
    default="breaking",
    show_default=True,
    help="The lowest level that makes the exit status 1; unbumped allows breaking changes if the major version rose.",
)
@click.option(
    "--effort",
    type=click.FloatRange(0, min_open=True),
    default=1.0,
    show_default=True,
    help="Factor for how much to try before a verdict is unknown.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Another seed tries other values.")
@schemas_option
@click.pass_context
def diff(
    ctx: click.Context,
    names: Sequence[str],
    *,
    since: str | None,
    server_name: str | None,
    form: str,
    fail_on: str,
    effort: float,
    seed: int,
    schemas: Mapping[str, str],
) -> None:
    """Compare two versions of a document and say which changes break clients.

    OLD and NEW are files, or documents of git as REVISION:PATH, such as main:chat.yaml. A change is breaking
    if a value shows it, which is printed; compatible if that is proved; and unknown otherwise.

    Exits with 0 when nothing reaches --fail-on, with 1 when something does, and with 2 when a document can't
    be read or can't be served. With --since, a file that the revision does not have is new, not a finding.
    """
    from ..actions import diff as action  # noqa: PLC0415  # not for --help and completion

    pairs = action.pair(names, since)
    compared = [
        action.compare(ctx, *pair, server_name=server_name, effort=effort, seed=seed, schemas=schemas)
        for pair in pairs
    ]
    action.FORMATS[form](compared)
    ctx.exit(1 if any(action.fails(comparison, fail_on) for comparison in compared) else 0)
