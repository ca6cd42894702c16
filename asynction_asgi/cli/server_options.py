"""uvicorn's own flags, with defaults that suit Socket.IO."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import click
import uvicorn

from ..errors import printable
from .variables import LINES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# Set by the commands, not by users. An environment file would be read after the handlers.
_OURS = frozenset({"app", "app_dir", "env_file", "factory", "interface", "version"})
# Compression costs more CPU and memory per connection than small events save; a server must stop even if
# clients hold polls open; and a worker that imports its application on a busy machine is not dead.
DEFAULTS: dict[str, Any] = {
    "http": "asynction_asgi.engine.transport.uvicorn.http:HttpProtocol",
    "timeout_graceful_shutdown": 5,
    "timeout_worker_healthcheck": 30,
    "workers": 1,
    "ws": "asynction_asgi.engine.transport.uvicorn.protocol:WebSocketProtocol",
    "ws_per_message_deflate": False,
}


def cors_option(function: Callable[..., None]) -> Callable[..., None]:
    """Add ``--cors``, which `check_origins` reads."""
    return click.option(
        "--cors",
        metavar="ORIGIN",
        multiple=True,
        help="Also admit pages of this origin, such as http://localhost:5173; repeatable. '*' admits every"
        " page, but drops cookies and, over WebSocket, the Authorization header and a client certificate.",
    )(function)


def check_origins(origins: Sequence[str]) -> list[str] | None:
    """Return the origins of ``--cors`` as ``cors_allowed_origins`` takes them, or None if there are none.

    Raises:
        click.BadParameter: A text is not an origin; the message says what to write instead.
    """
    from ..engine.transport.origins import Origins  # noqa: PLC0415  # not for --help and completion

    if not origins:
        return None  # an empty list would mean that nothing is checked
    try:
        Origins(list(origins), credentials=False)
    except ValueError as error:
        raise click.BadParameter(
            printable(str(error)).removeprefix("cors_allowed_origins: "), param_hint="--cors"
        ) from None
    return list(origins)


def log_options(function: Callable[..., None]) -> Callable[..., None]:
    """Add ``--log-format`` and ``--event-log``, which `LogOptions` reads."""
    for option in (
        click.option(
            "--event-log",
            is_flag=True,
            help="Log every event and connection, and why events are refused.",
        ),
        click.option(
            "--log-format",
            type=click.Choice(["text", "json"]),
            default="text",
            show_default=True,
            help="Form of the log's lines; json is one object per line.",
        ),
    ):
        function = option(function)
    return function


def uvicorn_options(*names: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add options of the installed uvicorn to a command: those named, or all."""

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        for option in reversed(uvicorn.main.params):
            if (
                isinstance(option, click.Option)
                and option.name not in _OURS
                and (not names or option.name in names)
            ):
                function = _option(option)(function)
        return function

    return decorate


def _option(option: click.Option) -> Callable[[Callable[..., None]], Callable[..., None]]:
    ours = copy.copy(option)
    if ours.name in DEFAULTS:
        ours.default = DEFAULTS[ours.name]
        ours.show_default = True
    if ours.name == "port":
        ours.type = click.IntRange(
            0, 65535
        )  # some event loops take larger numbers, and listen on another port
    if ours.name == "ws_max_size":
        ours.default = None
        ours.show_default = "the packet_bytes of what is served"
    if ours.name == "workers":
        ours.envvar = "WEB_CONCURRENCY"  # uvicorn reads it by itself, after our checks
    if ours.name == "headers":
        ours.type = LINES

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        params: list[click.Parameter] = function.__dict__.setdefault("__click_params__", [])
        params.append(ours)
        return function

    return decorate
