"""``--ready-path``: the answer to a load balancer that asks whether clients may be sent here."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import click

from ...engine import queue_of
from ...metrics.monitor import respond_ready
from ...server.discovery import find_served

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from ...server import AsynctionSocketIO

    Scope = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
    ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]


class Readiness:
    """Answers at one path, and passes all other requests on.

    200 means that every server of this package in the application is ready, and 503 that one is not.

    Args:
        app: The application.
        path: Where to answer, below the root path.
    """

    def __init__(self, app: ASGIApp, path: str) -> None:
        self.app = app
        self._path = path

    @cached_property
    def _served(self) -> list[AsynctionSocketIO]:  # found by the first request, when the lifespan has begun
        return [served for _, served in find_served(self.app)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        if scope["type"] != "http" or scope["path"].removeprefix(scope.get("root_path", "")) != self._path:
            await self.app(scope, receive, send)
            return
        await respond_ready(scope, send, ready=all(served.ready for served in self._served))


def check_needed_queue(app: Callable[..., Any]) -> None:
    """Refuse an application whose readiness can't depend on a message queue.

    Raises:
        click.UsageError: The application has no message queue.
    """
    if all(queue_of(served.server.manager) is None for _, served in find_served(app)):
        raise click.UsageError(
            "--ready-needs-queue needs a message queue: --message-queue URL for a document, message_queue=URL in code"
        )


def check_ready_path(app: Callable[..., Any], path: str | None) -> None:
    """Refuse a path of probes that would hide another one.

    Raises:
        click.BadParameter: It is not a path, or Socket.IO, its documentation, metrics or health are there.
    """
    if path is None:
        return
    if not path.startswith("/") or "?" in path or "#" in path:
        raise click.BadParameter(f"{path!r} is not a path; use one such as /ready", param_hint="--ready-path")
    for mount, served in find_served(app):
        if f"{path}/".startswith(f"{mount}/") and served.serves(path, mount):
            where = f"the server at {mount}" if mount else "the server"
            raise click.BadParameter(
                f"{path!r} is a path of {where} already; use another one", param_hint="--ready-path"
            )
