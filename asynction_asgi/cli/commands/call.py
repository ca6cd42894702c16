"""``asynction-asgi call``: one event, and what the server answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ..client_options import SECONDS, connection_options

if TYPE_CHECKING:
    from collections.abc import Sequence


# A negative number is an argument, not an option.
@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("url")
@click.argument("event")
@click.argument("arguments", metavar="[JSON]...", nargs=-1)
@click.option(
    "--no-ack",
    is_flag=True,
    help="Emit without asking for an acknowledgement, and report a refusal if one comes within 1 second,"
    " or in as much time as connecting took.",
)
@click.option(
    "--before",
    type=click.Path(exists=True, dir_okay=False),
    help="Events to emit first, one per line as `listen --json` prints them.",
)
@click.option(
    "--follow",
    metavar="SECONDS",
    type=SECONDS,
    help="Also print what the server emits before the acknowledgement, and for this many seconds after it.",
)
@click.option(
    "--others",
    is_flag=True,
    help="With --follow, print what another client receives, on a second connection.",
)
@connection_options
@click.pass_context
def call(
    ctx: click.Context,
    /,
    url: str,
    event: str,
    arguments: Sequence[str],
    *,
    no_ack: bool,
    before: str | None,
    follow: float | None,
    others: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Emit EVENT with its arguments to the server at URL and print the acknowledgement.

    URL is the server's base, such as http://127.0.0.1:8000, with its mount if it has one. Each argument
    is JSON (text needs both kinds of quotes: '"hello"'), or @FILE for the bytes of a file, or @- for those
    of standard input.

    Exits with 1 if the server can't be reached, refuses, or does not answer in time, or if something that
    it sends does not match the document of --spec.
    """
    from ..actions import call as action  # noqa: PLC0415  # not for --help and completion
    from ..actions.connection import finish, read_connection  # noqa: PLC0415  # likewise
    from ..arguments import read_arguments  # noqa: PLC0415  # likewise

    for text in (url, event, *arguments):
        if text.startswith("-") and not text[1:2].isdigit():
            raise click.NoSuchOption(text, ctx=ctx)
    if others and follow is None:
        raise click.UsageError("--others needs --follow SECONDS")
    values = read_arguments(arguments)
    connection = read_connection(ctx, url, **options)
    sending = action.Sending(
        connection=connection,
        steps=action.read_before(before),
        follow=follow,
        others=others,
        as_json=as_json,
    )
    if no_ack:
        finish(ctx, connection, action.emit(sending, event, values))
    finish(ctx, connection, action.call(sending, event, values))
