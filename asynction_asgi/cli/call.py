"""``asynction-asgi call``: one event, and what the server answers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import click

from ..engine.remote import connect
from ..testing.errors import refusal_in
from .connecting import connection_options, finish, read_connection, say, say_refusal, write
from .values import as_json as json_line
from .values import as_text, read_arguments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..engine.remote import Remote
    from ..errors import RefusedError
    from .connecting import Connection

# How long an ``exception`` may take that refuses an event without an acknowledgement.
_GRACE_SECONDS = 0.3


# A negative number is an argument and no option.
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

    URL is the server's base, such as http://127.0.0.1:8000, or what it is mounted at. Each argument is
    JSON (text in both kinds of quotes: '"hello"'), or @FILE for the bytes of a file, @- for those of
    standard input.

    Exits with 1 when the server can't be reached, refuses, or does not answer in time.
    """
    for text in (url, event, *arguments):
        if text.startswith("-") and not text[1:2].isdigit():
            raise click.NoSuchOption(text, ctx=ctx)
    values = read_arguments(arguments)
    connection = read_connection(ctx, url, **options)
    if no_ack:
        finish(ctx, connection, _emit(connection, event, values))
    finish(ctx, connection, _call(connection, event, values, as_json=as_json))


async def _call(connection: Connection, event: str, values: Sequence[Any], *, as_json: bool) -> int:
    contract = connection.contract
    if contract is not None:
        contract.check_event("inbound", event, values)
    async with connect(connection.address, seconds=connection.seconds) as remote:
        try:
            async with asyncio.timeout(connection.seconds):
                answer = await remote.call(event, values)
        except TimeoutError:
            say(
                f"no acknowledgement within {connection.seconds:g} s; --no-ack emits without one",
                fg="red",
            )
            return 1
    if as_json:
        write(json_line(answer))
    refusal = refusal_in(answer[0]) if len(answer) == 1 else None
    if refusal is not None:
        say_refusal("the server refused", refusal)
        return 1
    if not as_json:
        for one in answer:
            write(as_text(one, lines=True))
        if not answer:
            say("acknowledged, without arguments")
    if contract is not None:
        contract.check_ack("outbound", event, answer)
    return 0


async def _emit(connection: Connection, event: str, values: Sequence[Any]) -> int:
    if connection.contract is not None:
        connection.contract.check_event("inbound", event, values)
    async with connect(connection.address, seconds=connection.seconds) as remote:
        try:
            async with asyncio.timeout(connection.seconds):
                await remote.emit(event, values)
        except TimeoutError:
            say(f"the server did not take the event within {connection.seconds:g} s", fg="red")
            return 1
        refusal = await _refused(remote, event)
    if refusal is None:
        say("emitted")
        return 0
    say_refusal("the server refused", refusal)
    return 1


async def _refused(remote: Remote, event: str) -> RefusedError | None:
    """The refusal of an event that has just been emitted; None where none comes at once.

    Raises:
        ClosedError: the server hung up instead.
    """
    try:
        async with asyncio.timeout(_GRACE_SECONDS):
            while True:
                arrival = await remote.receive()
                if arrival.event == "exception" and len(arrival.arguments) == 1:
                    body = arrival.arguments[0]
                    refusal = refusal_in(body)
                    if refusal is not None and body.get("event", event) == event:
                        return refusal
    except TimeoutError:
        return None
