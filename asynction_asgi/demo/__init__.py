"""The public Socket.IO chat, driven by a document, with a page to try it and to break its rules."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from ..docs import ASSETS
from ..server import AsynctionSocketIO

if TYPE_CHECKING:
    from starlette.requests import Request

__all__ = ["DOCUMENT", "create_app"]

HERE = Path(__file__).parent
DOCUMENT = HERE / "chat.yaml"
# The page needs only its own files, and no name or message can become code in it.
_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-cache",
}
_FILES = {
    "/": ("index.html", "text/html"),
    "/chat.css": ("chat.css", "text/css"),
    "/chat.js": ("chat.js", "text/javascript"),
}


def create_app(**options: Any) -> AsynctionSocketIO:
    """Return the chat as an ASGI application: Socket.IO, its documentation, and the page at ``/``.

    Args:
        options: As `AsynctionSocketIO.from_spec` takes them.
    """
    files = {path: ((HERE / "page" / name).read_bytes(), kind) for path, (name, kind) in _FILES.items()}
    # The client in JavaScript is that of the documentation's console.
    files["/socketio.js"] = ASSETS["socketio.js"], "text/javascript"
    pages = Starlette(routes=[_route(path, *file) for path, file in files.items()])
    return AsynctionSocketIO.from_spec(DOCUMENT, app=pages, **options)


def _route(path: str, body: bytes, media_type: str) -> Route:
    async def answer(_: Request) -> Response:
        return Response(body, media_type=media_type, headers=_HEADERS)

    return Route(path, answer)
