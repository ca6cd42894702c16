"""``asynction-asgi call``: one event, and what the server answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ..client_options import connection_options

if TYPE_CHECKING:
    from collections.abc import Sequence


# A negative number is an argument, not an option.
@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("url")
@click.argument("event")
@click.argument("arguments", metavar="[JSON]...", nargs=-1)
@click.option("--no-ack", is_flag=True, help="Emit without asking for an acknowledgement.")
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
    as_json: bool,
    **options: Any,
) -> None:
    """Emit EVENT with its arguments to the server at URL and print the acknowledgement.

    URL is the server's base, such as http://127.0.0.1:8000, with its mount if it has one. Each argument
    is JSON (text needs both kinds of quotes: '"hello"'), or @FILE for the bytes of a file, or @- for those
    of standard input.

    Exits with 1 if the server can't be reached, refuses, or does not answer in time.
    """
    from ..actions import call as action  # noqa: PLC0415 - not for --help and completion
    from ..actions.connection import finish, read_connection  # noqa: PLC0415 - likewise
    from ..arguments import read_arguments  # noqa: PLC0415 - likewise

    for text in (url, event, *arguments):
        if text.startswith("-") and not text[1:2].isdigit():
            raise click.NoSuchOption(text, ctx=ctx)
    values = read_arguments(arguments)
    connection = read_connection(ctx, url, **options)
    if no_ack:
        finish(ctx, connection, action.emit(connection, event, values))
    finish(ctx, connection, action.call(connection, event, values, as_json=as_json))
