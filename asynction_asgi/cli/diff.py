"""``asynction-asgi diff``: what a change of a document means to clients."""

from __future__ import annotations

import click

_FORMATS = ("text", "json", "github", "markdown")
_THRESHOLDS = ("never", "breaking", "unbumped", "unknown", "info")


@click.command()
@click.argument("old")
@click.argument("new")
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
    help="From which level on to exit with 1; unbumped lets breaking changes pass where the major version rose.",
)
@click.option(
    "--effort",
    type=click.FloatRange(0, min_open=True),
    default=1.0,
    show_default=True,
    help="Multiplies how much is tried for a verdict before it is unknown.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Another one tries other values.")
@click.pass_context
def diff(
    ctx: click.Context,
    old: str,
    new: str,
    *,
    server_name: str | None,
    form: str,
    fail_on: str,
    effort: float,
    seed: int,
) -> None:
    """Compare two versions of a document and say which changes break clients.

    OLD and NEW are files, or documents of git as REVISION:PATH, such as main:chat.yaml. A change is breaking
    when a value shows it, which is printed; compatible only when that is proved; and unknown otherwise.

    Exits with 0 when nothing reaches --fail-on, with 1 when something does, and with 2 when a document can't
    be read or can't be served.
    """
    from . import differences  # noqa: PLC0415  # not for --help and completion

    comparison = differences.compare(ctx, old, new, server_name=server_name, effort=effort, seed=seed)
    differences.FORMATS[form](comparison)
    ctx.exit(1 if differences.fails(comparison, fail_on) else 0)
