"""``asynction-asgi test``: does a running server keep its contract?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ..client_options import SECONDS, address_options
from ..schemas_option import schemas_option

if TYPE_CHECKING:
    from collections.abc import Sequence

_FORMATS = ("text", "json", "github", "junit")
_PHASES = ("examples", "edges", "faults", "random", "wire")


@click.command()
@click.argument("url")
@click.option(
    "-s",
    "--spec",
    type=click.Path(exists=True, dir_okay=False),
    required=True,
    help="The document that the server should follow.",
)
@schemas_option
@click.option("--server-name", help="The server of the document; it picks path and channels.")
@click.option(
    "-n",
    "--namespace",
    "namespaces",
    metavar="NAME",
    multiple=True,
    help="Test only this namespace; repeatable. With parameters filled in, such as /rooms/7.",
)
@click.option(
    "--phase",
    "phases",
    type=click.Choice(_PHASES),
    multiple=True,
    help="Send only these cases; repeatable. By default all but wire, which sends broken packets.",
)
@click.option("--include", metavar="EVENT", multiple=True, help="Send only this event; repeatable.")
@click.option("--exclude", metavar="EVENT", multiple=True, help="Never send this event; repeatable.")
@click.option(
    "--before",
    type=click.Path(exists=True, dir_okay=False),
    help="Events to emit on every connection, one per line as `listen --json` prints them.",
)
@click.option(
    "--examples",
    type=click.IntRange(0),
    default=20,
    show_default=True,
    help="How many random lists of arguments to send per event.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Another seed sends other values.")
@click.option(
    "--rate",
    type=click.FloatRange(0, min_open=True),
    help="The most events per second; by default 20 for the host of --allow-host, and unlimited on this machine.",
)
@click.option(
    "--seconds", type=SECONDS, default=60.0, show_default=True, help="Stop sending after this time."
)
@click.option(
    "--allow-host",
    metavar="HOST",
    help="Repeat the host of URL to confirm it, if it is not this machine.",
)
@click.option(
    "--refusal",
    type=click.Path(exists=True, dir_okay=False),
    help="A JSON Schema of the acknowledgements with which this server refuses events.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(_FORMATS),
    default="text",
    show_default=True,
    help="text for people, json for programs, github for annotations on a pull request, junit for CI.",
)
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, writable=True), help="Write the report to a file."
)
@click.option(
    "--allow-untested", is_flag=True, help="Exit with 0 even if a namespace refused the connection."
)
@click.option("--dry-run", is_flag=True, help="Print what would be sent, without connecting.")
@address_options(timeout=2.0)
@click.pass_context
def test(
    ctx: click.Context,
    /,
    url: str,
    *,
    spec: str,
    server_name: str | None,
    namespaces: Sequence[str],
    phases: Sequence[str],
    output: str | None,
    form: str,
    **options: Any,
) -> None:
    """Send what the document allows and what it forbids to the server at URL, and report what contradicts it.

    The server may be written in any language. Test only a server whose data may be lost: every event of the
    document is sent many times. Each finding is repeated on a new connection, reduced, and shown with a
    command.

    Exits with 0 if nothing was found, with 1 if something was, and with 2 if the server can't be reached, a
    namespace refused the connection and was not tested, or the command is used wrongly.
    """
    from ..actions import test as action  # noqa: PLC0415  # not for --help and completion

    action.run(
        ctx,
        url,
        spec=spec,
        server_name=server_name,
        namespaces=namespaces,
        phases=phases or _PHASES[:-1],
        output=output,
        form=form,
        **options,
    )
