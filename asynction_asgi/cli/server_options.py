"""uvicorn's own flags, with defaults that suit Socket.IO."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import click
import uvicorn

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["DEFAULTS", "uvicorn_options"]

# Ours to say: what is run and from where. An environment file would be read after the handlers.
_OURS = frozenset({"app", "app_dir", "env_file", "factory", "interface", "version"})
# Compression costs more CPU and memory per connection than small events save; a server that is told to
# stop must stop though clients hold polls open.
DEFAULTS: dict[str, Any] = {
    "timeout_graceful_shutdown": 5,
    "workers": 1,
    "ws": "asynction_asgi.engine.protocol:WebSocketProtocol",
    "ws_per_message_deflate": False,
}


def uvicorn_options(*names: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add uvicorn's own options to a command, or those named; they are the installed uvicorn's."""

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
        ours.type = click.IntRange(0, 65535)  # an event loop takes more, and listens elsewhere
    if ours.name == "ws_max_size":
        ours.default = None
        ours.show_default = "the packet_bytes of what is served"
    if ours.name == "workers":
        ours.envvar = "WEB_CONCURRENCY"  # which uvicorn reads by itself, behind our checks

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        params: list[click.Parameter] = function.__dict__.setdefault("__click_params__", [])
        params.append(ours)
        return function

    return decorate
