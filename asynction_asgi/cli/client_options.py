"""The options that ``call`` and ``listen`` share; `actions.connection` reads them."""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["SECONDS", "connection_options"]


class _Seconds(click.FloatRange):
    """A time that passes: more than zero, and some time over."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        seconds = super().convert(value, param, ctx)
        if not math.isfinite(seconds):
            self.fail(f"{value} is no number of seconds.", param, ctx)
        return seconds


SECONDS = _Seconds(0, min_open=True)


def connection_options(function: Callable[..., None]) -> Callable[..., None]:
    """Add the options that `actions.connection.read_connection` reads."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def _set_colour(ctx: click.Context, _: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's form
    if value or os.environ.get("NO_COLOR"):
        ctx.color = False


_OPTIONS = (
    click.option("-n", "--namespace", default="/", show_default=True, help="The namespace to connect to."),
    click.option(
        "--path",
        help="Of Socket.IO below the URL; the document's with --spec, else socket.io.",
    ),
    click.option("--auth", metavar="JSON", help="The auth object of the connection."),
    click.option(
        "-H", "--header", "headers", metavar="'NAME: VALUE'", multiple=True, help="A header; repeatable."
    ),
    click.option(
        "--query",
        metavar="NAME=VALUE",
        multiple=True,
        help="A parameter, beside those in the URL; repeatable.",
    ),
    click.option(
        "--transport",
        type=click.Choice(["auto", "websocket", "polling"]),
        default="auto",
        show_default=True,
        help="auto begins with long-polling and upgrades to WebSocket, or tries that alone.",
    ),
    click.option(
        "--timeout",
        type=SECONDS,
        default=10.0,
        show_default=True,
        help="Seconds to wait for each answer.",
    ),
    click.option("--insecure", is_flag=True, help="Accept any TLS certificate."),
    click.option(
        "-s",
        "--spec",
        type=click.Path(exists=True, dir_okay=False),
        help="A document to hold both directions against; without it nothing is checked.",
    ),
    click.option("--json", "as_json", is_flag=True, help="Print JSON, one line each, for programs."),
    click.option(
        "--no-color", is_flag=True, expose_value=False, callback=_set_colour, help="Print without colours."
    ),
)
