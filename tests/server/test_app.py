"""The ASGI application when served, mounted or wrapped around another, and its docs."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
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

from asynction_asgi import AsynctionSocketIO, BindingError, Observer, SpecError, load_spec
from asynction_asgi.server import background
from asynction_asgi.testing import LifespanError, TestServer
from tests.cases import each_case
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


def create(spec: Any = SPEC, **options: Any) -> AsynctionSocketIO:
    return AsynctionSocketIO.from_spec(spec, handlers={"/": {"echo": echo}}, **options)


@pytest.mark.parametrize(
    "transports",
    [["websocket"], ["polling"], ["polling", "websocket"]],
    ids=["websocket", "polling", "upgrade"],
)
@pytest.mark.parametrize("place", ["root", "starlette", "fastapi", "deep mount", "wrapping"])
async def test_it_serves_at_any_place(place: str, transports: list[str]) -> None:
    """The application serves at the root, under mounts, and around another application."""
    path, app = "/socket.io", create()
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
        application = create(app=FastAPI())
    with serve(application) as url:
        async with connected(url, transports=transports, socketio_path=path) as client:
            assert await client.call("echo", {"text": "hi"}) == {"text": "hi"}
            assert client.sio.transport() == transports[-1]


@pytest.mark.parametrize(
    "mount", ["", "/rt", "/rt/socket.io"], ids=["root", "mounted at base", "mounted at path"]
)
async def test_the_documents_server_path_is_the_socketio_path(mount: str) -> None:
    """The path in the server's URL applies whether or not the mount repeats it."""
    spec = {
        **SPEC,
        "servers": {"production": {"url": "wss://chat.example.com/rt/socket.io", "protocol": "wss"}},
    }
    app = create(spec)
    with serve(Starlette(routes=[Mount(mount, app)]) if mount else app) as url:
        async with connected(url, socketio_path="/rt/socket.io") as client:
            assert await client.call("echo", {"text": "hi"}) == {"text": "hi"}


async def test_a_wrapped_application_keeps_routes_and_lifespan() -> None:
    """Its lifespan runs, other requests reach it, and its own /docs stays."""
    events: list[str] = []

    @contextlib.asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:
        events.append("started")
        yield
        events.append("stopped")

    api = FastAPI(lifespan=lifespan)
    api.add_api_route("/hello", lambda: {"hello": "world"})
    with serve(create(app=api)) as url:
        assert events == ["started"]
        assert httpx.get(f"{url}/hello").json() == {"hello": "world"}
        assert "swagger" in httpx.get(f"{url}/docs").text.lower()
        assert httpx.get(f"{url}/docs/asyncapi.json").json()["asyncapi"] == "2.6.0"
    assert events == ["started", "stopped"]


async def test_an_application_without_lifespan_can_be_wrapped() -> None:
    """An application that raises on a lifespan scope, as ASGI allows, is served nevertheless."""

    async def plain(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            raise RuntimeError("http only")
        await PlainTextResponse("plain")(scope, receive, send)

    with serve(create(app=plain), lifespan="on") as url:
        assert httpx.get(f"{url}/anything").text == "plain"


def ticking(app: Any) -> tuple[AsynctionSocketIO, list[str]]:
    """Return an application around another, and what happens to its background task."""
    sio = create(app=app)
    happened: list[str] = []

    @sio.background
    async def forever() -> None:
        happened.append("began")
        try:
            await asyncio.Event().wait()
        finally:
            happened.append("ended")

    return sio, happened


def setting(event: asyncio.Event) -> Any:
    """Return a background task that sets an event."""

    async def begin() -> None:
        event.set()

    return begin


async def run_lifespan(app: Any, *received: str) -> list[str]:
    """Run a lifespan with what a server sends, and return what it is answered; raises what `app` raises."""
    arriving: asyncio.Queue[Any] = asyncio.Queue()
    answered: list[str] = []
    for kind in received:
        arriving.put_nowait({"type": f"lifespan.{kind}"})

    async def send(message: Any) -> None:
        answered.append(message["type"].removeprefix("lifespan."))

    await asyncio.wait_for(app({"type": "lifespan", "asgi": {"version": "3.0"}}, arriving.get, send), 30)
    return answered


def test_a_wrapped_application_that_fails_to_start_stops_both() -> None:
    """The server has not started, and no background task begins."""

    @contextlib.asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:
        raise RuntimeError("no database")
        yield

    sio, happened = ticking(FastAPI(lifespan=lifespan))
    with pytest.raises(RuntimeError, match="did not start"), serve(sio, lifespan="on"):
        pass
    assert happened == []
    assert not sio.ready


async def test_background_tasks_begin_when_the_wrapped_application_runs() -> None:
    """They find what its lifespan has opened."""
    began = asyncio.Event()
    seen: list[str] = []

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        for _ in range(10):  # tasks that had begun would run here
            await asyncio.sleep(0)
        app.state.pool = "open"
        yield

    api = FastAPI(lifespan=lifespan)
    sio = create(app=api)

    @sio.background
    async def look() -> None:
        seen.append(getattr(api.state, "pool", "missing"))
        began.set()

    async with TestServer(sio):
        await asyncio.wait_for(began.wait(), 30)
    assert seen == ["open"]


async def test_a_wrapped_application_that_crashes_stops_both() -> None:
    """Its handlers would not find it running."""

    async def crash(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "lifespan.startup.complete"})
        await asyncio.wait_for(began.wait(), 30)
        raise RuntimeError("lost the database")

    sio, happened = ticking(crash)
    began = asyncio.Event()
    sio.background(setting(began))
    with pytest.raises(RuntimeError, match="lost the database"):
        await run_lifespan(sio, "startup")
    assert happened == ["began", "ended"]
    assert not sio.ready


async def test_a_wrapped_application_need_not_wait_for_the_end() -> None:
    """One that returns when it has started is served until the server stops, which stops the other."""

    async def hasty(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            return
        await PlainTextResponse("plain")(scope, receive, send)

    sio, happened = ticking(hasty)
    with serve(sio, lifespan="on") as url:
        assert httpx.get(f"{url}/anything").text == "plain"
        async with connected(url) as client:
            assert await client.call("echo", {"text": "x"}) == {"text": "x"}
    assert happened == ["began", "ended"]
    assert sio.health.draining


async def test_a_wrapped_application_that_raises_at_its_start_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It counts as one without lifespan, as ASGI says, but hardly meant that."""

    async def broken(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        raise RuntimeError("lost the database")

    assert await run_lifespan(create(app=broken), "startup", "shutdown") == [
        "startup.complete",
        "shutdown.complete",
    ]
    assert "raised an error when it was told to start" in caplog.text
    assert "lost the database" in caplog.text


@pytest.mark.parametrize("wrapped", [None, FastAPI()], ids=["alone", "around another"])
async def test_a_failure_to_stop_is_told_and_logged(wrapped: Any, caplog: pytest.LogCaptureFixture) -> None:
    """The servers hide what an application raises in its lifespan."""
    sio = create(app=wrapped)

    async def fail() -> None:
        raise OSError("the broker hung up")

    sio.server.shutdown = fail  # type: ignore[method-assign,assignment]  # as the message queue may
    assert await run_lifespan(sio, "startup", "shutdown") == ["startup.complete", "shutdown.failed"]
    assert "application shutdown failed" in caplog.text
    assert "the broker hung up" in caplog.text


async def test_a_failed_start_leaves_nothing_ready() -> None:
    """A later start may succeed."""
    sio = AsynctionSocketIO.from_spec(document(root=channel(receives=[message("one", TEXT)])))
    with pytest.raises(BindingError):
        async with sio.lifespan():
            pass
    assert not sio.ready
    assert not sio.health.handlers
    sio.on("one")(echo)
    async with sio.lifespan():
        assert sio.ready


async def test_a_cancelled_start_stops_what_had_started() -> None:
    """Nothing runs on, such as the timer of the metrics."""
    sio, waiting = create(metrics=True), asyncio.Event()

    async def wait() -> None:
        waiting.set()
        await asyncio.Event().wait()

    sio.server.ready = wait  # type: ignore[method-assign,assignment]  # as with a queue that is away

    async def run() -> None:
        async with sio.lifespan():
            pass

    starting = asyncio.create_task(run())
    await waiting.wait()
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert sio.server.stopping
    assert sio._measuring is not None
    assert sio._measuring._timer is None


async def test_a_background_task_that_does_not_end_is_left_behind(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The clients are told of the end all the same, and the log has the name of the task."""
    monkeypatch.setattr(background, "STOP_SECONDS", 0.05)
    sio, freed, began = create(), asyncio.Event(), asyncio.Event()

    @sio.background
    async def stubborn() -> None:
        began.set()
        while not freed.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await freed.wait()

    async with asyncio.timeout(30):
        async with sio.lifespan():
            await began.wait()
    assert sio.server.stopping
    assert "stubborn has not ended 0.05 s after it was cancelled" in caplog.text
    freed.set()


async def test_unknown_paths_are_not_found() -> None:
    """An unknown path gets 404 over HTTP, and a WebSocket is refused without a traceback."""
    with serve(create()) as url:
        assert httpx.get(f"{url}/nowhere").status_code == 404
        with pytest.raises(websockets.exceptions.InvalidStatus):
            async with websockets.connect(url.replace("http", "ws") + "/nowhere"):
                pass


async def test_a_refused_request_has_a_length_and_head_no_body() -> None:
    """Of any method; servers need not wait for the end of the connection, nor correct the answer."""
    transport = httpx.ASGITransport(create())
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
        for method, body in (("GET", b"Not Found"), ("POST", b"Not Found"), ("HEAD", b"")):
            answer = await http.request(method, "/nowhere")
            assert (answer.status_code, answer.content) == (404, body)
            assert answer.headers["content-length"] == "9"


async def test_the_document_is_served_without_handlers() -> None:
    """JSON and YAML define the same events without import paths, and ETags save bytes."""
    with serve(create()) as url:
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


async def test_docs_can_be_disabled() -> None:
    """With ``docs=False`` no docs are served."""
    with serve(create(docs=False)) as url:
        assert httpx.get(f"{url}/docs/asyncapi.json").status_code == 404
    with pytest.raises(TypeError, match="not False; docs=False serves none"):
        create(docs_path=False)


async def test_a_cors_middleware_doubles_no_headers() -> None:
    """With a parent's CORSMiddleware, a response has a single header with the origin."""
    app = Starlette(
        routes=[Mount("/realtime", create(cors_allowed_origins=["http://front.example"]))],
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
    """``*`` neither reflects the Origin nor allows credentials."""
    with serve(create(cors_allowed_origins="*")) as url:
        answer = httpx.get(
            f"{url}/socket.io/?EIO=4&transport=polling", headers={"origin": "http://any.example"}
        )
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers


async def test_only_the_same_origin_is_admitted_by_default(caplog: pytest.LogCaptureFixture) -> None:
    """A foreign Origin is refused on polling and WebSocket, and the log names the option once."""
    with serve(create()) as url:
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


def test_an_event_without_handler_prevents_start_up() -> None:
    """The error names every missing handler with its place, and the server does not start."""
    spec = document(root=channel(receives=[message("one", TEXT), message("two", TEXT)]))
    server = AsynctionSocketIO.from_spec(spec)
    with pytest.raises(BindingError) as raised:
        server.check_handlers()
    assert [diagnostic.code for diagnostic in raised.value.diagnostics] == ["HANDLER", "HANDLER"]
    assert "'one'" in str(raised.value)
    assert "'two'" in str(raised.value)
    with pytest.raises(RuntimeError, match="did not start"), serve(server, lifespan="on"):
        pass


async def test_a_mounted_event_without_handler_is_unavailable(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A mounted application receives no start-up: its first request logs, and the event is refused."""
    server = AsynctionSocketIO.from_spec(document(root=channel(receives=[message("one", TEXT)])))
    with serve(Starlette(routes=[Mount("/m", server)])) as url:
        async with connected(url, socketio_path="/m/socket.io") as client:
            answer = await client.call("one", {"text": "x"})
    assert answer["error"]["code"] == "unavailable"
    assert len([record for record in caplog.records if "has no handler" in record.message]) == 1


async def test_a_mount_may_have_the_lifespan_of_its_parent() -> None:
    """Background tasks run before the first client and end with the parent, and start-up checks handlers."""
    sio = create()
    happened: list[str] = []
    began = asyncio.Event()

    @sio.background
    async def forever() -> None:
        happened.append("began")
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            happened.append("ended")

    parent = FastAPI(lifespan=sio.lifespan)
    parent.mount("/realtime", sio)
    for _ in range(2):  # as in tests, each of which starts the application
        async with TestServer(parent) as server:
            await began.wait()
            async with server.connect() as client:
                assert await client.call("echo", {"text": "x"}) == {"text": "x"}
        began.clear()
    assert happened == ["began", "ended"] * 2
    unready = AsynctionSocketIO.from_spec(document(root=channel(receives=[message("one", TEXT)])))
    with pytest.raises(LifespanError) as raised:
        await TestServer(FastAPI(lifespan=unready.lifespan), path="/", spec=unready.spec).__aenter__()
    assert isinstance(raised.value.__cause__, BindingError)


async def test_a_document_may_be_path_mapping_or_spec(tmp_path: Any) -> None:
    """A path, an open file, a mapping and a Spec create the same server."""
    path = tmp_path / "asyncapi.json"
    path.write_text(json.dumps(SPEC))
    with path.open() as opened:
        for source in (path, str(path), SPEC, load_spec(SPEC), opened):
            assert create(source).spec.namespaces["/"].receives.keys() == {"echo"}
    with pytest.raises(SpecError):
        AsynctionSocketIO.from_spec({"asyncapi": "2.6.0"})


@pytest.mark.parametrize("source", [None, 5, b"asyncapi: 2.6.0"], ids=["None", "number", "bytes"])
def test_an_invalid_document_type_is_refused(source: Any) -> None:
    """The error lists the accepted types."""
    with pytest.raises(TypeError, match="path, an open file, a mapping or a Spec"):
        AsynctionSocketIO.from_spec(source)


def test_a_hidden_docs_page_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """If FastAPI's own /docs hides ours, the log says which option to set."""
    create(app=FastAPI())
    assert "docs_path" in caplog.text
    caplog.clear()
    create(app=FastAPI(), docs_path="/asyncapi")
    assert "docs_path" not in caplog.text


async def test_stock_server_options_pass_through() -> None:
    """Options of ``socketio.AsyncServer`` keep their meaning."""
    with serve(create(transports=["websocket"], ping_interval=7)) as url:
        assert httpx.get(f"{url}/socket.io/?EIO=4&transport=polling").status_code == 400
        async with websockets.connect(
            url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket"
        ) as socket:
            assert json.loads((await socket.recv())[1:])["pingInterval"] == 7000


def test_an_unknown_option_is_an_error() -> None:
    """A misspelt option raises."""
    with pytest.raises(TypeError, match="ping_intervall"):
        create(ping_intervall=7)


@each_case(
    ("options", "hint"),
    [
        ({"handler": {}}, "'handler'; did you mean 'handlers'?"),
        ({"socketio_path": "ws"}, "path is that of the document's server"),
        ({"path": "ws"}, "path is that of the document's server"),
        ({"other_asgi_app": None}, "pass it as app="),
        ({"manage_session": False}, "socket.session"),
        ({"limits": {"backlog": 1}}, r"limits takes Limits\(…\), not dict"),
        ({"handlers": [print]}, "by namespace and event, not list"),
        ({"handlers": {"echo": print}}, r'as in {"/": {\'echo\': …}}'),
        ({"provide": [print]}, "provide takes functions by type, not list"),
        ({"security_handlers": [print]}, "security_handlers takes functions by security scheme, not list"),
        ({"observers": [print]}, "observers takes a list of instances of Observer; print is not"),
        ({"observers": Observer()}, "observers takes a list of instances of Observer, not <"),
        ({"observers": [Observer]}, "observers takes a list of instances of Observer; Observer is not"),
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
        "list of providers",
        "list of security functions",
        "no observer",
        "one observer",
        "class of observers",
    ],
)
def test_a_wrong_option_names_the_right_one(options: Any, hint: str) -> None:
    """The error for an option of another library, or of the wrong type, says what to pass."""
    with pytest.raises(TypeError, match=hint):
        AsynctionSocketIO.from_spec(SPEC, **options)


@each_case(
    ("option", "value"),
    [
        ("ping_timeout", "20"),
        ("ping_timeout", 0),
        ("ping_interval", -1),
        ("ping_interval", (25, None)),
        ("ping_interval", True),
        ("max_http_buffer_size", "1mb"),
        ("compression_threshold", -1),
        ("http_compression", "false"),
        ("transports", ["ws"]),
        ("transports", []),
        ("ordering", "parallel"),
        ("channel", ""),
        ("cookie", 7),
        ("json", "orjson"),
        ("docs", "false"),
        ("docs_console", "no"),
        ("recovery", "off"),
        ("check_types", 0),
        ("monitor_clients", "no"),
        ("logger", "chat"),
        ("engineio_logger", 1),
        ("serializer", "json"),
        ("message_queue", ["redis://"]),
        ("route", 7),
        ("namespaces", 7),
    ],
)
def test_a_value_that_an_option_cannot_have_is_an_error(option: str, value: Any) -> None:
    """It is named when the application is made; some failed with the first client, others had no effect."""
    with pytest.raises(ValueError, match=rf"{option} takes .+, not {re.escape(repr(value))}"):
        create(**{option: value})


# How FastAPI and Starlette users reach the server from a route.
async def test_routes_of_a_parent_may_emit() -> None:
    """A route of the parent application can send validated emits."""
    sio = AsynctionSocketIO.from_spec(document(root=channel(sends=[message("news", TEXT)])))

    async def publish(_: Any) -> PlainTextResponse:
        await sio.emit("news", {"text": "from a route"})
        return PlainTextResponse("sent")

    with serve(Starlette(routes=[Route("/publish", publish), Mount("/", sio)])) as url:
        async with connected(url) as client:
            async with httpx.AsyncClient() as http:
                await http.get(f"{url}/publish")
            assert await client.receive() == ("news", {"text": "from a route"})
