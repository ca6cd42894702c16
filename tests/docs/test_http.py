"""The documentation's routes: negotiation, caching, compression, the guard, and refusals."""

from __future__ import annotations

import gzip
import json
import re
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from asynction_asgi import AsynctionSocketIO, SpecError
from asynction_asgi.docs import Docs
from asynction_asgi.spec import load_spec
from asynction_asgi.typed_clients import write_python, write_typescript

from .documents import DEPOT, WORKSHOP

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SPEC = load_spec(DEPOT)
HTML, JSON, YAML = "text/html; charset=utf-8", "application/json", "application/yaml"


def client(**options: Any) -> httpx.AsyncClient:
    """Return a client of an application that serves only the docs of `DEPOT`."""
    docs = Docs(SPEC, **options)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        page = docs.route(scope["path"])
        assert page is not None, scope["path"]
        await page(scope, receive, send)

    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://docs.example")


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("*/*", HTML),
        ("", HTML),
        ("image/png", HTML),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", HTML),
        ("application/json", JSON),
        ("application/vnd.aai.asyncapi+json;version=3.0.0, */*;q=0.1", JSON),
        ("text/html;q=0.2, application/json;q=0.9", JSON),
        ("text/html;q=x, application/json", JSON),
        ("application/*", JSON),
        ("text/html;q=0, application/*", JSON),
        ("application/yaml", YAML),
        ("APPLICATION/X-YAML", YAML),
        ("application/vnd.aai.asyncapi", YAML),
    ],
)
async def test_accept_chooses_the_representation(accept: str, kind: str) -> None:
    """Browsers and clients without a preference get the page, others the document they accept."""
    async with client() as http:
        answer = await http.get("/docs", headers={"accept": accept})
    assert answer.headers["content-type"].startswith(kind.partition(";")[0])
    assert answer.headers["vary"] == "Accept, Accept-Encoding"


async def test_etags_are_strong_one_per_representation_and_coding() -> None:
    """Each representation and coding has its own ETag, and a matching one saves the body."""
    tags = set()
    async with client() as http:
        for accept in ("text/html", "application/json", "application/yaml"):
            for coding in ("gzip", "identity"):
                headers = {"accept": accept, "accept-encoding": coding}
                answer = await http.get("/docs", headers=headers)
                tag = answer.headers["etag"]
                tags.add(tag)
                assert tag.startswith('"')
                for known in (tag, f'"x", {tag}', f"W/{tag}", "*"):
                    again = await http.get("/docs", headers={**headers, "if-none-match": known})
                    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
                changed = await http.get("/docs", headers={**headers, "if-none-match": '"x"'})
                assert changed.status_code == 200
    assert len(tags) == 6


@pytest.mark.parametrize(
    ("coding", "packed"),
    [("gzip", True), ("br, *", True), ("gzip;q=0, *", False), ("br", False), ("", False)],
)
async def test_gzip_is_sent_if_accepted(coding: str, packed: bool) -> None:
    """The compressed answer holds the same text as the plain one."""
    async with client() as http:
        plain = await http.get("/docs/asyncapi.json", headers={"accept-encoding": "identity"})
        async with http.stream("GET", "/docs/asyncapi.json", headers={"accept-encoding": coding}) as answer:
            raw = b"".join([part async for part in answer.aiter_raw()])
    assert ("content-encoding" in answer.headers) is packed
    assert int(answer.headers["content-length"]) == len(raw)
    assert (gzip.decompress(raw) if packed else raw) == plain.content
    assert json.loads(plain.text)["info"]["title"] == "Depot"


async def test_the_policy_is_strict() -> None:
    """The page may load only its own server's files, and no script may turn text into markup."""
    async with client() as http:
        answer = await http.get("/docs")
    policy = dict(
        directive.split(" ", 1) for directive in answer.headers["content-security-policy"].split("; ")
    )
    assert policy.pop("img-src") == "'self' data:"
    assert policy.pop("require-trusted-types-for") == "'script'"
    assert {policy.pop(name) for name in ("script-src", "style-src", "connect-src")} == {"'self'"}
    assert set(policy.values()) == {"'none'"}
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert "<style" not in answer.text
    assert " style=" not in answer.text


@pytest.mark.parametrize("path", [None, "/api/reference/", "docs", "/"])
async def test_all_urls_are_relative_and_resolve(path: str | None) -> None:
    """Each linked file exists at any path of the docs, and static files may be cached for ever."""
    async with client(path=path) as http:
        page = await http.get(Docs(SPEC, path=path).path)
        assert page.status_code == 200
        for part in re.findall(r'(?:href|src)="([^"]+)"', page.text):
            if part.endswith((".css", ".js", ".json", ".yaml")):
                assert not part.startswith(("/", "http"))
                linked = await http.get(str(page.url.join(part)))
                assert linked.status_code == 200
                if "static" in part:
                    assert "immutable" in linked.headers["cache-control"]
        if page.url.path != "/":
            moved = await http.get(f"{page.url.path}/")
            assert moved.status_code == 308
            assert moved.url.join(moved.headers["location"]) == page.url


@pytest.mark.parametrize(
    "path", ["/docs/static/x/docs.css", "/docs/static/../routes.py", "/docs/x", "/doc", "/docs/asyncapi.xml"]
)
def test_unlisted_paths_are_not_served(path: str) -> None:
    """Files are listed by name, so that a path is never looked up on disk."""
    assert Docs(SPEC).route(path) is None


async def test_other_methods_are_refused() -> None:
    """Status 405 lists the allowed methods, and HEAD returns the headers alone."""
    async with client() as http:
        refused = await http.post("/docs")
        head = await http.head("/docs")
        page = await http.get("/docs")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")
    assert (head.content, head.headers["content-length"]) == (b"", page.headers["content-length"])


async def _says_no(_: object) -> bool:
    return False


async def _says_yes(_: object) -> bool:
    return True


class _Judge:
    async def __call__(self, request: object) -> bool:
        return request is None


def _fails(_: object) -> bool:
    raise RuntimeError("guard")


@pytest.mark.parametrize(
    ("guard", "status"),
    [
        (lambda request: request.headers.get("x-key") == "sesame", 200),
        (lambda _: False, 403),
        (_says_yes, 200),
        (_says_no, 403),
        (_fails, 403),
        (_Judge(), 403),
        (lambda _: "yes", 403),
        (lambda _: 1, 403),
        (lambda _: object(), 403),
        (lambda _: (yes for yes in [True]), 403),
    ],
    ids=[
        "header",
        "no",
        "async yes",
        "async no",
        "fails",
        "async object",
        "text",
        "1",
        "object",
        "generator",
    ],
)
async def test_a_guard_decides_about_every_file(guard: Callable[[Any], Any], status: int) -> None:
    """A refused request gets no content, and a failing guard refuses every request."""
    docs = Docs(SPEC)
    names = [f"/docs/{name}" for name in ("asyncapi.json", "asyncapi.yaml", "client.ts", "client.py")] + [
        "/docs"
    ]
    async with client(guard=guard) as http:
        for name in names:
            answer = await http.get(name, headers={"x-key": "sesame"})
            assert answer.status_code == status
            assert ("Depot" in answer.text) is (status == 200)
            assert "public" not in answer.headers["cache-control"]
    assert docs.path == "/docs"


@pytest.mark.parametrize(
    ("name", "write"), [("client.ts", write_typescript), ("client.py", write_python)], ids=["ts", "py"]
)
async def test_the_typed_client_is_served_and_linked(name: str, write: Callable[..., Any]) -> None:
    """The typed client is served as plain text, equal to the command's output."""
    async with client() as http:
        answer = await http.get(f"/docs/{name}")
        page = await http.get("/docs", headers={"accept": "text/html"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["etag"]
    assert answer.text == write(SPEC).text
    assert f'href="docs/{name}"' in page.text


@pytest.mark.parametrize(
    ("name", "line"),
    [("client.ts", 'export const path = "{}";'), ("client.py", 'PATH = "{}"')],
    ids=["ts", "py"],
)
async def test_a_typed_client_names_the_path_below_a_mount(name: str, line: str) -> None:
    """A module connects where the server beside it answers: below a mount, a parameter or a proxy's root path."""
    sio = AsynctionSocketIO.from_spec(DEPOT, mock="missing")
    routes = [Mount("/realtime", sio), Mount("/{tenant}/live", sio), Mount("/", sio)]
    for root, path, full_path in [
        ("", "/realtime/docs", "/realtime/socket.io"),
        ("", "/7/live/docs", "/7/live/socket.io"),
        ("", "/docs", "/socket.io"),
        ("/api", "/api/realtime/docs", "/api/realtime/socket.io"),
    ]:
        transport = httpx.ASGITransport(Starlette(routes=routes), root_path=root)
        async with httpx.AsyncClient(transport=transport, base_url="http://docs.example") as http:
            answer = await http.get(f"{path}/{name}")
            assert answer.status_code == 200, path
            assert line.format(full_path) in answer.text.splitlines()


async def test_a_typed_client_keeps_a_path_that_includes_the_mount() -> None:
    """A document whose path is the full one is right, so that the mount is not put before it twice."""
    document = {
        "asyncapi": "2.6.0",
        "info": {"title": "Full", "version": "1"},
        "servers": {"main": {"url": "http://x.example/realtime/socket.io", "protocol": "ws"}},
        "channels": {"/": {"publish": {"message": {"name": "say", "payload": {"type": "string"}}}}},
    }
    sio = AsynctionSocketIO.from_spec(document, mock="missing")
    transport = httpx.ASGITransport(Starlette(routes=[Mount("/realtime", sio)]))
    async with httpx.AsyncClient(transport=transport, base_url="http://docs.example") as http:
        answer = await http.get("/realtime/docs/client.py")
    assert 'PATH = "/realtime/socket.io"' in answer.text.splitlines()


async def test_a_custom_renderer_replaces_the_page(caplog: pytest.LogCaptureFixture) -> None:
    """It is called once and sets its own policy; if it fails, links to the document remain."""
    calls = []

    def render(spec: Any) -> str:
        calls.append(spec)
        return "<p>mine"

    async with client(renderer=render) as http:
        answers = [await http.get("/docs") for _ in range(3)]
    assert {answer.text for answer in answers} == {"<p>mine"}
    assert calls == [SPEC]
    assert "content-security-policy" not in answers[0].headers

    def fail(_: Any) -> str:
        raise RuntimeError("no ink")

    async with client(renderer=fail) as http:
        answer = await http.get("/docs")
        document = await http.get(str(answer.url.join("docs/asyncapi.json")))
    assert (answer.status_code, document.status_code) == (500, 200)
    assert "docs/asyncapi.yaml" in answer.text
    assert "no ink" not in answer.text
    assert "no ink" in caplog.text


async def test_a_failing_renderer_is_not_called_by_every_request(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The failure is kept and logged once for some time, after which the page may work again."""
    calls = []

    def render(_: Any) -> str:
        calls.append(1)
        if len(calls) == 1:
            raise RuntimeError("no ink")
        return "<p>refilled"

    async with client(renderer=render) as http:
        assert [(await http.get("/docs")).status_code for _ in range(5)] == [500] * 5
        assert len(calls) == 1
        assert len(caplog.records) == 1
        now = time.monotonic()
        monkeypatch.setattr(time, "monotonic", lambda: now + 11)
        assert (await http.get("/docs")).text == "<p>refilled"


async def _renders(_: object) -> str:
    return ""


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"guard": True}, "docs_guard takes a function"),
        ({"guard": lambda: True}, "docs_guard is called with"),
        ({"renderer": "<p>"}, "docs_renderer takes a function"),
        ({"renderer": _renders}, "plain function"),
        ({"root": 7}, "docs_root takes the path of a folder, not 7"),
        ({"path": False}, "docs_path takes a path such as '/docs', not False"),
    ],
)
def test_unusable_options_are_refused(options: Any, words: str) -> None:
    """An unusable guard, renderer, folder or path raises when the server is made."""
    with pytest.raises(TypeError, match=words):
        Docs(SPEC, **options)


@pytest.mark.parametrize("path", ["/socket.io", "socket.io/docs/"])
def test_the_docs_cannot_hide_socketio(path: str) -> None:
    """A path for the docs below the path of Socket.IO raises."""
    with pytest.raises(ValueError, match=r"where Socket\.IO answers"):
        Docs(SPEC, path=path)


async def test_without_a_console_its_scripts_are_missing() -> None:
    """The page has neither the console's scripts nor its data."""
    docs = Docs(SPEC, console=False)
    async with client(console=False) as http:
        page = await http.get("/docs")
    assert "console" not in page.text
    assert 'data-socketio="socket.io/"' in page.text
    assert not any(path.endswith(("console.js", "socketio.js")) for path in docs._pages)


async def test_a_mounted_application_takes_the_docs_options() -> None:
    """Under a mount and a custom path, page, document and Socket.IO's address agree."""
    sio = AsynctionSocketIO.from_spec(
        load_spec(WORKSHOP),
        docs_path="/reference",
        docs_guard=lambda request: request.query_params.get("key") != "no",
        security_handlers=dict.fromkeys(("key", "token", "login"), lambda *_: None),
    )
    transport = httpx.ASGITransport(Starlette(routes=[Mount("/api", sio)]))
    async with httpx.AsyncClient(transport=transport, base_url="http://docs.example") as http:
        page = await http.get("/api/reference")
        refused = await http.get("/api/reference?key=no")
    assert (page.status_code, refused.status_code) == (200, 403)
    assert '"path": "rt/socket.io/"' in page.text
    assert sio.docs_path == "/reference"


async def test_only_files_of_the_contract_are_served(tmp_path: Path) -> None:
    """Extensions publish no file, and files outside the folder need ``docs_root``."""
    (tmp_path / "own").mkdir()
    (tmp_path / "secret.yaml").write_text("description: swordfish\ntype: string\n")
    document = {
        "asyncapi": "2.6.0",
        "info": {"title": "T", "version": "1"},
        "channels": {"/": {"subscribe": {"message": {"name": "said", "payload": {"type": "string"}}}}},
        "x-leak": {"$ref": "../secret.yaml"},
    }
    place = tmp_path / "own" / "doc.yaml"

    async def served(**options: Any) -> str:
        place.write_text(json.dumps(document))
        app: Any = AsynctionSocketIO.from_spec(place, **options)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as http:
            return "".join([(await http.get(f"/docs{name}")).text for name in ("", "/asyncapi.json")])

    assert "swordfish" not in await served()
    document["channels"] = {
        "/": {"subscribe": {"message": {"name": "said", "payload": {"$ref": "../secret.yaml"}}}}
    }
    with pytest.raises(SpecError, match="docs_root"):
        await served()
    assert "swordfish" not in await served(docs=False)
    assert "swordfish" in await served(docs_root=tmp_path)
