"""``--ready-path``: the answer to a load balancer that asks whether clients may be sent here."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import click

from ...server.discovery import find_served

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from ...server import AsynctionSocketIO

    Scope = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
    ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

__all__ = ["Readiness", "check_ready_path"]


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
        if scope["method"] not in ("GET", "HEAD"):
            await _answer(send, 405, b"GET or HEAD\n", (b"allow", b"GET, HEAD"))
        elif all(served.ready for served in self._served):
            await _answer(send, 200, b"ready\n")
        else:
            await _answer(send, 503, b"not ready\n", (b"retry-after", b"1"))


async def _answer(send: Send, status: int, body: bytes, *headers: tuple[bytes, bytes]) -> None:
    every = [
        (b"content-type", b"text/plain"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        *headers,
    ]
    await send({"type": "http.response.start", "status": status, "headers": every})
    await send({"type": "http.response.body", "body": body})


def check_ready_path(app: Callable[..., Any], path: str | None) -> None:
    """Refuse a path that would hide another one.

    Raises:
        click.BadParameter: It is not a path, or Socket.IO or its documentation is there.
    """
    if path is None:
        return
    if not path.startswith("/") or "?" in path or "#" in path:
        raise click.BadParameter(f"{path!r} is not a path; use one such as /ready", param_hint="--ready-path")
    for mount, served in find_served(app):
        for taken in (served.spec.path, served.docs_path):
            if taken is not None and f"{path}/".startswith(f"{mount}{taken.rstrip('/')}/"):
                raise click.BadParameter(
                    f"{path!r} is served already, below {mount}{taken}; use another path",
                    param_hint="--ready-path",
                )
