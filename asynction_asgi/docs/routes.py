"""The documentation's routes, beside the Socket.IO path: ``{base}/docs`` and the document itself."""

from __future__ import annotations

import functools
import hashlib
import json
import posixpath
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from ..spec.document import dump_yaml
from ..spec.export import bundled_document
from .page import render_index

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from ..spec import Spec

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]

__all__ = ["Docs", "Page"]

_SECURITY_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
}


class Docs:
    """The pages of one document; each is rendered on its first request and kept."""

    def __init__(self, spec: Spec) -> None:
        base = posixpath.dirname(spec.path).rstrip("/") + "/docs"
        document = functools.cache(lambda: bundled_document(spec))
        as_json = Page("application/json", lambda: json.dumps(document(), ensure_ascii=False, indent=2))
        as_yaml = Page("application/yaml", lambda: dump_yaml(document()))
        index = Page("text/html; charset=utf-8", lambda: render_index(spec), is_index=True)
        self.path = base
        self._pages = {
            base: index,
            f"{base}/": Page("text/html; charset=utf-8", lambda: render_index(spec, below=True)),
            f"{base}/asyncapi.json": as_json,
            f"{base}/asyncapi.yaml": as_yaml,
        }

    def route(self, path: str) -> Page | None:
        """The page at a path, or None where the docs have none."""
        return self._pages.get(path)


class Page:
    """One representation, as an ASGI application: GET and HEAD, with a strong ETag."""

    def __init__(self, media_type: str, render: Callable[[], str], *, is_index: bool = False) -> None:
        self.is_index = is_index
        self._media_type = media_type
        self._render = render
        self._rendered: tuple[bytes, str] | None = None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request; rendering happens off the event loop."""
        request = Request(scope, receive)
        if request.method not in ("GET", "HEAD"):
            await Response("Method Not Allowed", 405, {"allow": "GET, HEAD"})(scope, receive, send)
            return
        if self._rendered is None:
            body = (await run_in_threadpool(self._render)).encode()
            self._rendered = body, f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        body, tag = self._rendered
        headers = {**_SECURITY_HEADERS, "etag": tag, "cache-control": "no-cache"}
        if _matches(request.headers.get("if-none-match", ""), tag):
            await Response(status_code=304, headers=headers)(scope, receive, send)
            return
        response = Response(body, headers=headers, media_type=self._media_type)
        if request.method == "HEAD":
            response.body = b""
        await response(scope, receive, send)


def _matches(if_none_match: str, tag: str) -> bool:
    """Whether the client holds this representation already (RFC 9110, 13.1.2)."""
    tags = [one.strip().removeprefix("W/") for one in if_none_match.split(",")]
    return tag in tags or "*" in tags
