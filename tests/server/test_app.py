"""The object is the ASGI application: served, mounted, wrapped around another; beside its docs."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import websockets
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from asynction_asgi import AsynctionSocketIO, BindingError, SpecError, load_spec
from tests.clients import connected
from tests.server.documents import TEXT, channel, document, message
from tests.serving import serve

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SPEC = document(
    root=channel(receives=[message("echo", TEXT, **{"x-ack": True, "x-handler": "nowhere.echo"})])
)


async def echo(data: Any) -> Any:
    return data


def made(spec: Any = SPEC, **options: Any) -> AsynctionSocketIO:
    return AsynctionSocketIO.from_spec(spec, handlers={"/": {"echo": echo}}, **options)


@pytest.mark.parametrize(
    "transports",
    [["websocket"], ["polling"], ["polling", "websocket"]],
    ids=["websocket", "polling", "upgrade"],
)
@pytest.mark.parametrize("place", ["root", "starlette", "fastapi", "deep mount", "wrapping"])
async def test_it_serves_wherever_it_is_put(place: str, transports: list[str]) -> None:
    """At the root, under any mount without a path argument, and around another application."""
    path, app = "/socket.io", made()
    application: Any = app
    if place == "starlette":
        path, application = "/realtime/socket.io", Starlette(routes=[Mount("/realtime", app)])
    elif place == "fastapi":
        path, application = "/realtime/socket.io", FastAPI()
        application.mount("/realtime", app)
    elif place == "deep mount":
        path = "/a/b/socket.io"
        application = Starlette(routes=[Mount("/a", Starlette(routes=[Mount("/b", app)]))])
    elif place == "wrapping":
        application = made(app=FastAPI())
    with serve(application) as url:
        async with connected(url, transports=transports, socketio_path=path) as client:
            assert await client.call("echo", {"text": "hi"}) == {"text": "hi"}
            assert client.sio.transport() == transports[-1]


@pytest.mark.parametrize(
    "mount", ["", "/rt", "/rt/socket.io"], ids=["root", "mounted at base", "mounted at path"]
)
async def test_the_documents_server_path_is_the_socketio_path(mount: str) -> None:
    """The path of the server's URL holds whether or not the mount repeats it."""
    spec = {
        **SPEC,
        "servers": {"production": {"url": "wss://chat.example.com/rt/socket.io", "protocol": "wss"}},
    }
    app = made(spec)
    with serve(Starlette(routes=[Mount(mount, app)]) if mount else app) as url:
        async with connected(url, socketio_path="/rt/socket.io") as client:
            assert await client.call("echo", {"text": "hi"}) == {"text": "hi"}


async def test_a_wrapped_application_keeps_its_routes_and_its_lifespan() -> None:
    """Its start-up and shutdown run; requests that are not ours reach it; its /docs stays its own."""
    told: list[str] = []

    @contextlib.asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:
        told.append("started")
        yield
        told.append("stopped")

    api = FastAPI(lifespan=lifespan)
    api.add_api_route("/hello", lambda: {"hello": "world"})
    with serve(made(app=api)) as url:
        assert told == ["started"]
        assert httpx.get(f"{url}/hello").json() == {"hello": "world"}
        assert "swagger" in httpx.get(f"{url}/docs").text.lower()
        assert httpx.get(f"{url}/docs/asyncapi.json").json()["asyncapi"] == "2.6.0"
    assert told == ["started", "stopped"]


async def test_an_application_without_lifespan_can_be_wrapped() -> None:
    """One that raises on a lifespan scope, as ASGI allows, is served all the same."""

    async def plain(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            raise RuntimeError("http only")
        await PlainTextResponse("plain")(scope, receive, send)

    with serve(made(app=plain), lifespan="on") as url:
        assert httpx.get(f"{url}/anything").text == "plain"


async def test_paths_that_are_nobodys_are_not_found() -> None:
    """404 over HTTP; a WebSocket is refused before it is accepted, without a traceback."""
    with serve(made()) as url:
        assert httpx.get(f"{url}/nowhere").status_code == 404
        with pytest.raises(websockets.exceptions.InvalidStatus):
            async with websockets.connect(url.replace("http", "ws") + "/nowhere"):
                pass


async def test_the_document_is_served_beside_socketio_without_its_handlers() -> None:
    """JSON and YAML load again to the same events; import paths don't leave the server; ETags save bytes."""
    with serve(made()) as url:
        answer = httpx.get(f"{url}/docs/asyncapi.json")
        text = httpx.get(f"{url}/docs/asyncapi.yaml")
        page = httpx.get(f"{url}/docs")
        again = httpx.get(f"{url}/docs/asyncapi.json", headers={"if-none-match": answer.headers["etag"]})
        head = httpx.head(f"{url}/docs/asyncapi.json")
        refused = httpx.post(f"{url}/docs/asyncapi.json")
    assert answer.headers["content-type"] == "application/json"
    assert load_spec(answer.json()).namespaces["/"].receives.keys() == {"echo"}
    assert "nowhere.echo" not in answer.text + text.text + page.text
    assert page.headers["content-type"].startswith("text/html")
    assert "echo" in page.text
    assert (again.status_code, again.content) == (304, b"")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == answer.headers["content-length"]
    assert refused.status_code == 405


async def test_docs_can_be_left_out() -> None:
    """``docs=False`` serves none."""
    with serve(made(docs=False)) as url:
        assert httpx.get(f"{url}/docs/asyncapi.json").status_code == 404


async def test_cors_headers_are_not_doubled_under_a_cors_middleware() -> None:
    """A parent's CORSMiddleware and ours agree on one header."""
    app = Starlette(
        routes=[Mount("/realtime", made(cors_allowed_origins=["http://front.example"]))],
        middleware=[
            Middleware(CORSMiddleware, allow_origins=["http://front.example"], allow_credentials=True)
        ],
    )
    with serve(app) as url:
        answer = httpx.get(
            f"{url}/realtime/socket.io/?EIO=4&transport=polling", headers={"origin": "http://front.example"}
        )
        refused = httpx.get(
            f"{url}/realtime/socket.io/?EIO=4&transport=polling", headers={"origin": "http://evil.example"}
        )
    assert answer.status_code == 200
    assert answer.headers.get_list("access-control-allow-origin") == ["http://front.example"]
    assert refused.status_code == 400


async def test_any_origin_means_a_plain_star_without_credentials() -> None:
    """``*`` never reflects the Origin, and never allows credentials."""
    with serve(made(cors_allowed_origins="*")) as url:
        answer = httpx.get(
            f"{url}/socket.io/?EIO=4&transport=polling", headers={"origin": "http://any.example"}
        )
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers


async def test_origins_are_the_same_by_default(caplog: pytest.LogCaptureFixture) -> None:
    """Without the option a foreign Origin is refused, on polling and WebSocket; the log names the option once."""
    with serve(made()) as url:
        answer = httpx.get(
            f"{url}/socket.io/?EIO=4&transport=polling", headers={"origin": "http://evil.example"}
        )
        with pytest.raises(websockets.exceptions.InvalidStatus):
            async with websockets.connect(
                url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket",
                origin="http://evil.example",  # type: ignore[arg-type]  # a NewType of str
            ):
                pass
    assert answer.status_code == 400
    assert caplog.text.count("cors_allowed_origins") == 1


def test_an_event_without_a_handler_stops_the_start() -> None:
    """The server does not start half bound; every missing handler is named, with its place."""
    spec = document(root=channel(receives=[message("one", TEXT), message("two", TEXT)]))
    server = AsynctionSocketIO.from_spec(spec)
    with pytest.raises(BindingError) as found:
        server.check_handlers()
    assert [one.code for one in found.value.diagnostics] == ["HANDLER", "HANDLER"]
    assert "'one'" in str(found.value)
    assert "'two'" in str(found.value)
    with pytest.raises(RuntimeError, match="did not start"), serve(server, lifespan="on"):
        pass


async def test_under_a_mount_an_event_without_handler_is_unavailable(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nobody tells a mounted application to start: its first request logs, and the event is refused."""
    server = AsynctionSocketIO.from_spec(document(root=channel(receives=[message("one", TEXT)])))
    with serve(Starlette(routes=[Mount("/m", server)])) as url:
        async with connected(url, socketio_path="/m/socket.io") as client:
            answer = await client.call("one", {"text": "x"})
    assert answer["error"]["code"] == "unavailable"
    assert len([one for one in caplog.records if "has no handler" in one.message]) == 1


async def test_a_document_comes_as_path_text_mapping_or_spec(tmp_path: Any) -> None:
    """All of them make the same server."""
    path = tmp_path / "asyncapi.json"
    path.write_text(json.dumps(SPEC))
    with path.open() as opened:
        for source in (path, str(path), SPEC, load_spec(SPEC), opened):
            assert made(source).spec.namespaces["/"].receives.keys() == {"echo"}
    with pytest.raises(SpecError):
        AsynctionSocketIO.from_spec({"asyncapi": "2.6.0"})


@pytest.mark.parametrize("source", [None, 5, b"asyncapi: 2.6.0"], ids=["None", "number", "bytes"])
def test_what_is_no_document_is_told(source: Any) -> None:
    """The error says what a document may be given as."""
    with pytest.raises(TypeError, match="path, an open file, a mapping or a Spec"):
        AsynctionSocketIO.from_spec(source)


def test_a_page_that_the_wrapped_application_hides_is_told(caplog: pytest.LogCaptureFixture) -> None:
    """FastAPI's own /docs stays; the log says how to have ours too."""
    made(app=FastAPI())
    assert "docs_path" in caplog.text
    caplog.clear()
    made(app=FastAPI(), docs_path="/asyncapi")
    assert "docs_path" not in caplog.text


async def test_stock_server_options_pass_through() -> None:
    """Options of ``socketio.AsyncServer`` mean what they mean there."""
    with serve(made(transports=["websocket"], ping_interval=7)) as url:
        assert httpx.get(f"{url}/socket.io/?EIO=4&transport=polling").status_code == 400
        async with websockets.connect(
            url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket"
        ) as socket:
            assert json.loads((await socket.recv())[1:])["pingInterval"] == 7000


def test_an_unknown_option_is_an_error() -> None:
    """A misspelt option is never swallowed."""
    with pytest.raises(TypeError, match="ping_intervall"):
        made(ping_intervall=7)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"handler": {}}, "'handler'; did you mean 'handlers'?"),
        ({"socketio_path": "ws"}, "path is that of the document's server"),
        ({"path": "ws"}, "path is that of the document's server"),
        ({"other_asgi_app": None}, "pass it as app="),
        ({"manage_session": False}, "socket.session"),
        ({"limits": {"backlog": 1}}, r"limits takes Limits\(…\), not dict"),
        ({"handlers": [print]}, "by namespace and event, not list"),
        ({"handlers": {"echo": print}}, r'as in {"/": {\'echo\': …}}'),
    ],
    ids=[
        "ours",
        "python-socketio's application",
        "Flask-SocketIO's path",
        "ASGIApp's",
        "Flask-SocketIO's",
        "limits",
        "list of handlers",
        "no namespace",
    ],
)
def test_an_option_that_is_wrong_tells_the_right_one(options: Any, told: str) -> None:
    """What people write who know the option only roughly is met with how it is meant."""
    with pytest.raises(TypeError, match=told):
        AsynctionSocketIO.from_spec(SPEC, **options)


# What FastAPI and Starlette users write to reach the server from a route.
async def test_routes_of_a_parent_may_emit() -> None:
    """The object is at hand for the rest of the application: validated emits from a route."""
    sio = AsynctionSocketIO.from_spec(document(root=channel(sends=[message("news", TEXT)])))

    async def publish(_: Any) -> PlainTextResponse:
        await sio.emit("news", {"text": "from a route"})
        return PlainTextResponse("sent")

    with serve(Starlette(routes=[Route("/publish", publish), Mount("/", sio)])) as url:
        async with connected(url) as client:
            async with httpx.AsyncClient() as http:
                await http.get(f"{url}/publish")
            assert await client.receive() == ("news", {"text": "from a route"})
