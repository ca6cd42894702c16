"""``asynction-asgi listen``: events as they arrive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ..client_options import SECONDS, connection_options
from ..variables import LINES

if TYPE_CHECKING:
    from collections.abc import Sequence


@click.command()
@click.argument("url")
@click.option(
    "-e", "--event", "names", metavar="NAME", multiple=True, help="Print only this event; repeatable."
)
@click.option("--count", type=click.IntRange(1), help="Stop after this many events.")
@click.option("--seconds", type=SECONDS, help="Stop after this many seconds.")
@click.option(
    "--ack",
    "answers",
    metavar="JSON",
    type=LINES,
    multiple=True,
    help="An argument of the acknowledgement, if the server asks for one; repeatable.",
)
@connection_options
@click.pass_context
def listen(
    ctx: click.Context,
    /,
    url: str,
    *,
    names: Sequence[str],
    count: int | None,
    seconds: float | None,
    answers: Sequence[str],
    as_json: bool,
    **options: Any,
) -> None:
    """Connect to the server at URL and print events as they arrive, until Ctrl-C.

    A lost connection is opened again. If the server asks for an acknowledgement, one is sent, even for
    events that are not printed. With --json, each line is an object with time, event and args, and with
    ack if one was sent.

    Exits with 1 if the server can't be reached, refuses or disconnects this client, if fewer events
    than --count arrived, or if an event does not match the document of --spec.
    """
    from ..actions import listen as action  # noqa: PLC0415  # not for --help and completion
    from ..actions.connection import finish, read_connection  # noqa: PLC0415  # likewise
    from ..arguments import read_json  # noqa: PLC0415  # likewise

    listening = action.Listening(
        connection=read_connection(ctx, url, **options),
        names=frozenset(names),
        count=count,
        answer=tuple(read_json(answer, "--ack") for answer in answers),
        as_json=as_json,
    )
    action.check_names(listening)
    finish(ctx, listening.connection, action.listen(listening, seconds))
