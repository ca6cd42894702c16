"""The options of commands that connect to a server; `actions.connection` reads them."""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING, Any

import click

from .schemas_option import schemas_option
from .variables import LINES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    _Option = Callable[[Callable[..., None]], Callable[..., None]]


class _Seconds(click.FloatRange):
    """A positive, finite number of seconds."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        seconds = super().convert(value, param, ctx)
        if not math.isfinite(seconds):
            self.fail(f"{value} is not a number of seconds.", param, ctx)
        return seconds


SECONDS = _Seconds(0, min_open=True)


def connection_options(function: Callable[..., None]) -> Callable[..., None]:
    """Add the options that `actions.connection.read_connection` reads."""
    return _with(function, (_NAMESPACE, *_ADDRESS, _timeout(10.0), *_CHECKING, _NO_COLOR))


def address_options(*, timeout: float) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return a decorator that adds the options of a server's address, and a timeout of so many seconds by default."""
    return lambda function: _with(function, (*_ADDRESS, _timeout(timeout), _NO_COLOR))


def _with(function: Callable[..., None], options: Sequence[_Option]) -> Callable[..., None]:
    for option in reversed(options):
        function = option(function)
    return function


def _timeout(default: float) -> _Option:
    return click.option(
        "--timeout",
        type=SECONDS,
        default=default,
        show_default=True,
        help="Seconds to wait for each answer.",
    )


def _set_colour(ctx: click.Context, _: click.Parameter, value: bool) -> None:  # noqa: FBT001  # click's form
    if value or os.environ.get("NO_COLOR"):
        ctx.color = False


_NAMESPACE = click.option(
    "-n", "--namespace", default="/", show_default=True, help="The namespace to connect to."
)
_ADDRESS = (
    click.option(
        "--path",
        help="The path of Socket.IO below the URL; by default the document's of --spec, or socket.io.",
    ),
    click.option("--auth", metavar="JSON", help="The auth object of the connection."),
    click.option(
        "-H",
        "--header",
        "headers",
        metavar="'NAME: VALUE'",
        type=LINES,
        multiple=True,
        help="An HTTP header; repeatable.",
    ),
    click.option(
        "--query",
        metavar="NAME=VALUE",
        multiple=True,
        help="A query parameter, added to those in the URL; repeatable.",
    ),
    click.option(
        "--transport",
        type=click.Choice(["auto", "websocket", "polling"]),
        default="auto",
        show_default=True,
        help="auto starts with long-polling and upgrades to WebSocket, or uses WebSocket alone.",
    ),
    click.option("--insecure", is_flag=True, help="Accept any TLS certificate."),
)
_CHECKING = (
    click.option(
        "-s",
        "--spec",
        type=click.Path(exists=True, dir_okay=False),
        help="A document to check events against, in both directions; without it nothing is checked.",
    ),
    schemas_option,
    click.option("--json", "as_json", is_flag=True, help="Print JSON for programs, one value per line."),
)
_NO_COLOR = click.option(
    "--no-color", is_flag=True, expose_value=False, callback=_set_colour, help="Print without colours."
)
