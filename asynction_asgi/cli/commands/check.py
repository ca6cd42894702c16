"""``asynction-asgi check``: findings in documents, as a compiler reports them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..report import FORMATS, Checked
from ..schemas_option import schemas_option

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def _explain(ctx: click.Context, _: click.Parameter, code: str | None) -> None:
    if code is None or ctx.resilient_parsing:
        return
    from ...codes import CODES  # noqa: PLC0415  # not for --help and completion
    from ...spec.text.hints import did_you_mean  # noqa: PLC0415  # as above

    if code not in CODES:
        raise click.BadParameter(f"there is no code {code!r}{did_you_mean(code, CODES)}")
    click.echo(f"{code}: {CODES[code]}")
    ctx.exit()


@click.command()
@click.argument(
    "files", metavar="FILE...", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False)
)
@click.option(
    "--format",
    "form",
    type=click.Choice(sorted(FORMATS)),
    default="text",
    show_default=True,
    help="text for people, json for programs, github for annotations on a pull request.",
)
@click.option(
    "--strict",
    is_flag=True,
    help="Refuse declarations that are not enforced: schemas of other formats, keywords without effect,"
    " fields beside a $ref, headers of messages.",
)
@click.option(
    "--server-name", help="The document's server to serve as; it picks path, security and channels."
)
@schemas_option
@click.option(
    "--explain",
    metavar="CODE",
    is_eager=True,
    expose_value=False,
    callback=_explain,
    help="Say what the code of a finding or of a refusal means, and exit.",
)
@click.pass_context
def check(
    ctx: click.Context,
    files: Sequence[str],
    form: str,
    *,
    strict: bool,
    server_name: str | None,
    schemas: Mapping[str, str],
) -> None:
    """Check AsyncAPI documents without importing any handler.

    Exits with 0 if every document can be served, with 1 otherwise.
    """
    from ...spec import check_document  # noqa: PLC0415  # not for --help and completion

    checked = [
        Checked(
            file=file, outcome=check_document(file, server_name=server_name, strict=strict, schemas=schemas)
        )
        for file in files
    ]
    FORMATS[form](checked)
    ctx.exit(0 if all(file.outcome.servable for file in checked) else 1)
