"""The documentation's routes, beside the Socket.IO path: the page, the document, and their files."""

from __future__ import annotations

import functools
import gzip
import hashlib
import json
import os
import posixpath
import threading
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from ..callables import is_coroutine_function
from ..logs import get_logger
from ..negotiation import accepts_gzip, holds, preferred
from ..spec.model.export import bundled_document, check_publishable
from ..spec.text.yaml import dump_yaml
from .assets import ASSETS, MEDIA_TYPES, POLICY, VERSION
from .elements import element, serialise
from .guard import Admission, check_function

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, MutableMapping

    from ..spec import Spec
    from .guard import Guard

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    Renderer = Callable[[Spec], str]

logger = get_logger()

_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
}
_HTML = "text/html; charset=utf-8"
_TEXT = "text/plain; charset=utf-8"  # of typed clients: they are saved, and no script element may run them
_MOUNTS = 8
_RETRY_SECONDS = 10.0
_MEDIA_TYPES = {
    "html": ("text/html",),
    "json": ("application/json", "application/vnd.aai.asyncapi+json"),
    "yaml": (
        *("application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml"),
        *("application/vnd.aai.asyncapi+yaml", "application/vnd.aai.asyncapi"),
    ),
}


class Docs:
    """The pages of one contract; each is rendered on its first request and kept."""

    def __init__(
        self,
        spec: Spec,
        *,
        path: str | None = None,
        console: bool = True,
        guard: Guard | None = None,
        renderer: Renderer | None = None,
        root: str | os.PathLike[str] | None = None,
    ) -> None:
        """Plan the pages; nothing is rendered yet.

        Args:
            spec: What is shown.
            path: Where, as the Socket.IO path is given; None is ``docs`` beside that path.
            console: Whether the page can connect, emit and listen.
            guard: Returns of each request True where it is answered; if not, that is a 403.
            renderer: Makes the HTML instead of us. It answers for its own Content-Security-Policy.
            root: A folder whose files may be published, besides the document's own.

        Raises:
            SpecError: The contract refers to a file in another folder.
            ValueError: `path` lies where Socket.IO answers.
            TypeError: `path` or `root` is not a path; `guard` or `renderer` is not a function of one argument.
        """
        if path is not None and not isinstance(path, str):
            raise TypeError(f"docs_path takes a path such as '/docs', not {path!r}; docs=False serves none")
        if root is not None and not isinstance(root, str | os.PathLike):
            raise TypeError(f"docs_root takes the path of a folder, not {root!r}")
        check_publishable(spec, root)
        admission = None if guard is None else Admission(guard, "docs_guard")
        _check_renderer(renderer)
        beside = posixpath.dirname(spec.path).rstrip("/") + "/docs"
        self.path = base = "/" + (beside if path is None else path).strip("/")
        if f"{base}/".startswith(f"{spec.path}/"):
            raise ValueError(f"the docs can't be at {base!r}, where Socket.IO answers")
        self._below = base.rstrip("/")
        last = base.rpartition("/")[2]
        folder = f"{last}/" if last else ""
        socketio = posixpath.relpath(spec.path, posixpath.dirname(base)) + "/"

        def render() -> str:
            if renderer is not None:
                return renderer(spec)
            from .page import render_page  # noqa: PLC0415  # servers start sooner, and most show no page

            static = f"{folder}static/{VERSION}/"
            return render_page(spec, folder=folder, static=static, socketio=socketio, console=console)

        document = functools.cache(lambda: bundled_document(spec))
        bodies = {
            "html": _Body(_HTML, render, policy=None if renderer is not None else POLICY, folder=folder),
            "json": _Body("application/json", lambda: json.dumps(document(), ensure_ascii=False, indent=2)),
            "yaml": _Body("application/yaml", lambda: dump_yaml(document())),
        }
        self._pages: dict[str, Page | ClientPage] = {
            base: Page(bodies, admission, is_index=True),
            f"{self._below}/asyncapi.json": Page({"json": bodies["json"]}, admission),
            f"{self._below}/asyncapi.yaml": Page({"yaml": bodies["yaml"]}, admission),
        }
        for kind in ("ts", "py"):
            place = f"{self._below}/client.{kind}"
            self._pages[place] = ClientPage(spec, kind, place, admission)
        if last:
            self._pages[f"{base}/"] = Page({"html": bodies["html"]}, admission, moved=f"../{last}")
        for name, content in ASSETS.items():
            if console or name not in ("console.js", "socketio.js"):
                body = _Body(MEDIA_TYPES[posixpath.splitext(name)[1]], content.decode, is_immutable=True)
                self._pages[f"{self._below}/static/{VERSION}/{name}"] = Page({"asset": body}, admission)

    def route(self, path: str) -> Page | ClientPage | None:
        """Return the page at a path, or None if the docs have no such page."""
        return self._pages.get(path)


def _client_module(spec: Spec, kind: str, mount: str) -> str:
    from ..typed_clients import mounted, write_python, write_typescript  # noqa: PLC0415  # servers start sooner, and most serve none

    spec = mounted(spec, mount)
    return (write_typescript(spec) if kind == "ts" else write_python(spec)).text


@dataclass(frozen=True, slots=True)
class _Rendered:
    plain: bytes
    packed: bytes
    tag: str


class _Body:
    """One representation, made when it is first asked for."""

    def __init__(
        self,
        media_type: str,
        render: Callable[[], str],
        *,
        policy: str | None = None,
        folder: str | None = None,
        is_immutable: bool = False,
    ) -> None:
        self.media_type = media_type
        self.folder = folder
        self.headers: Mapping[str, str] = {
            **_HEADERS,
            **({"content-security-policy": f"{policy}; frame-ancestors 'none'"} if policy else {}),
            "cache-control": "public, max-age=31536000, immutable" if is_immutable else "no-cache",
        }
        self._render = render
        self._lock = threading.Lock()
        self._not_before = float("-inf")
        self.rendered: _Rendered | None = None

    def make(self) -> _Rendered | None:
        """Render, in a worker thread; concurrent requests wait for the same rendering.

        A failure is logged, and requests get None for some time: another attempt may take as long.
        """
        with self._lock:
            if self.rendered is None and time.monotonic() >= self._not_before:
                try:
                    self.rendered = self._encoded()
                except Exception:
                    self._not_before = time.monotonic() + _RETRY_SECONDS
                    logger.exception(
                        "the documentation can't be rendered, which is tried again after %g s", _RETRY_SECONDS
                    )
            return self.rendered

    def _encoded(self) -> _Rendered:
        # A lone surrogate, which JSON can write and UTF-8 can't, is shown as JSON writes it.
        plain = self._render().encode("utf-8", "backslashreplace")
        tag = hashlib.sha256(plain).hexdigest()[:32]
        return _Rendered(plain, gzip.compress(plain, mtime=0), tag)


class Page:
    """One path, as an ASGI application: GET and HEAD, negotiated, with a strong ETag."""

    def __init__(
        self,
        bodies: Mapping[str, _Body],
        admission: Admission | None = None,
        *,
        is_index: bool = False,
        moved: str | None = None,
    ) -> None:
        self.is_index = is_index
        self._bodies = bodies
        self._admission = admission
        self._moved = moved

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request; rendering happens off the event loop."""
        request = Request(scope, receive)
        response = await self._answer(request)
        if request.method == "HEAD":
            response.body = b""
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            return Response("Method Not Allowed", 405, {"allow": "GET, HEAD", **_HEADERS})
        if self._admission is not None and not await self._admission.admits(request):
            return Response("Forbidden", 403, {"cache-control": "no-store", **_HEADERS})
        if self._moved is not None:
            return Response(status_code=308, headers={"location": self._moved, **_HEADERS})
        body = self._chosen(request.headers.get("accept", ""))
        rendered = body.rendered or await run_in_threadpool(body.make)
        if rendered is None:
            return _failure(body.folder or "")
        packs = accepts_gzip(request.headers.get("accept-encoding", ""))
        tag = f'"{rendered.tag}{"-gzip" if packs else ""}"'
        vary = "Accept, Accept-Encoding" if len(self._bodies) > 1 else "Accept-Encoding"
        headers = {**body.headers, "etag": tag, "vary": vary}
        if self._admission is not None:
            headers["cache-control"] = headers["cache-control"].replace("public", "private")
        if holds(request.headers.get("if-none-match", ""), tag):
            return Response(status_code=304, headers=headers)
        if packs:
            headers["content-encoding"] = "gzip"
        return Response(
            rendered.packed if packs else rendered.plain, headers=headers, media_type=body.media_type
        )

    def _chosen(self, accept: str) -> _Body:
        if len(self._bodies) == 1:
            return next(iter(self._bodies.values()))
        return self._bodies[preferred(accept, _MEDIA_TYPES)]


class ClientPage:
    """A typed client, as an ASGI application: its path of the server is the one at which this request found it."""

    is_index = False

    def __init__(self, spec: Spec, kind: str, place: str, admission: Admission | None) -> None:
        """Plan the module; nothing is written yet.

        Args:
            spec: The contract.
            kind: ``ts`` or ``py``.
            place: The path of the module where the server is not mounted.
            admission: What the guard decides.
        """
        self._place = place

        # Clients choose the path of a mount such as "/{tenant}", so that only some are kept.
        @functools.lru_cache(_MOUNTS)
        def page(mount: str) -> Page:
            return Page({"text": _Body(_TEXT, partial(_client_module, spec, kind, mount))}, admission)

        self._page = page

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        path, root = scope["path"], scope.get("root_path", "")
        full_path = path if path.startswith(root) else root + path
        await self._page(full_path.removesuffix(self._place))(scope, receive, send)


def _check_renderer(renderer: Renderer | None) -> None:
    """Refuse what could not make the page.

    Raises:
        TypeError: It is not a function of one argument, or a coroutine function.
    """
    if renderer is None:
        return
    check_function(renderer, "docs_renderer", "spec")
    if is_coroutine_function(renderer):
        raise TypeError("docs_renderer must be a plain function: the page is made in a worker thread")


def _failure(folder: str) -> Response:
    page = element(
        "html",
        element("head", element("title", "Documentation")),
        element(
            "body",
            element("h1", "The page can't be shown"),
            element("p", "The server's log says why. The document itself: "),
            *(element("p", element("a", name, href=f"{folder}asyncapi.{name}")) for name in ("json", "yaml")),
        ),
        lang="en",
    )
    headers = {**_HEADERS, "cache-control": "no-store", "content-security-policy": "default-src 'none'"}
    return Response(serialise(page), 500, headers, _HTML)
