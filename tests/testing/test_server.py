"""The test server: applications of every kind, from start-up to shutdown."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fastapi import FastAPI, WebSocket
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Mount

from asynction_asgi import AsynctionSocketIO, Emitter, RefusedError, load_spec
from asynction_asgi.testing import ConnectError, LifespanError, NothingReceivedError, TestServer
from tests.testing.contracts import SPEC, app

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from asynction_asgi import Socket
    from asynction_asgi.testing import TestClient

HI = {"text": "hi"}


async def one(_: Any) -> int:
    return 1


def mounted(served: AsynctionSocketIO) -> Any:
    api = FastAPI()
    api.mount("/realtime", served)
    return api


def nested(served: AsynctionSocketIO) -> Any:
    inner = Starlette(routes=[Mount("/inner", served)])
    return Starlette(routes=[Mount("/outer", inner)], middleware=[Middleware(CORSMiddleware)])


@pytest.mark.parametrize(
    "wrap",
    [
        pytest.param(lambda served: served, id="itself"),
        pytest.param(mounted, id="mounted in FastAPI"),
        pytest.param(nested, id="mounted twice"),
        pytest.param(lambda served: CORSMiddleware(mounted(served)), id="behind middleware"),
    ],
)
async def test_socket_io_is_found_in_any_application(wrap: Callable[[Any], Any]) -> None:
    """The test server finds path and document below any mount or middleware."""
    async with TestServer(wrap(app(say=one))) as server, server.connect() as client:
        assert await client.call("say", HI) == 1


async def test_path_and_document_can_be_given() -> None:
    """An application that hides the server is tested with an explicit path and document."""
    served = mounted(app(say=one))

    async def hidden(scope: Any, receive: Any, send: Any) -> None:
        await served(scope, receive, send)

    options: list[dict[str, Any]] = [{}, {"path": "/realtime/socket.io"}, {"spec": load_spec(SPEC)}]
    for missing in options:
        with pytest.raises(ValueError, match="both path= and spec="):
            TestServer(hidden, **missing)
    testing = TestServer(hidden, path="/realtime/socket.io", spec=load_spec(SPEC))
    async with testing as server, server.connect() as client:
        assert await client.call("say", HI) == 1


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("chat.yaml", r"not 'chat\.yaml'; AsynctionSocketIO\.from_spec\('chat\.yaml'\) makes an application"),
        (Path("docs/chat.yaml"), r"AsynctionSocketIO\.from_spec\('docs/chat\.yaml'\)"),
        ("my.chat:app", r"not 'my\.chat:app'; use 'from my\.chat import app'$"),
        (load_spec(SPEC), r"not 'Spec'; AsynctionSocketIO\.from_spec\(…\)"),
    ],
    ids=["document", "path", "name", "contract"],
)
def test_another_type_is_refused_with_advice(target: Any, said: str) -> None:
    """The error says how to make an application of the argument."""
    with pytest.raises(TypeError, match=said):
        TestServer(target)


async def test_one_of_several_servers_needs_a_path() -> None:
    """If an application holds two servers, the path must select one."""
    api = FastAPI()
    api.mount("/one", app())
    api.mount("/two", app(say=one))
    with pytest.raises(ValueError, match=r"/one/socket\.io, /two/socket\.io"):
        TestServer(api)
    async with TestServer(api, path="/two/socket.io") as server, server.connect() as client:
        assert await client.call("say", HI) == 1


async def test_the_test_sets_the_opening_request() -> None:
    """Auth, headers, query and cookies reach the connect handler, and the query is checked."""
    seen: list[Any] = []

    async def connect(socket: Socket) -> None:
        environ = socket.environ
        seen.extend((socket.auth, environ["HTTP_X_TENANT"], environ["HTTP_COOKIE"]))
        seen.append(environ["QUERY_STRING"].split("&")[:2])

    served = app(guarded={"connect": connect})
    async with TestServer(served) as server:
        options: dict[str, Any] = {
            "auth": {"token": "t"},
            "headers": {"X-Tenant": "north"},
            "cookies": {"a": "1", "b": "2"},
        }
        async with server.connect("/guarded", query={"room": ["x", "y"]}, **options) as client:
            await client.call("ping")
            assert client.namespace == "/guarded"
        assert seen == [{"token": "t"}, "north", "a=1; b=2", ["room=x", "room=y"]]
        with pytest.raises(ConnectError) as refused:
            await server.connect("/guarded").__aenter__()
    assert (refused.value.code, refused.value.details[0].keyword) == ("invalid_handshake", "required")


async def refuse(_: Socket) -> None:
    raise RefusedError("full", "come back later")


@pytest.mark.parametrize(
    ("namespace", "options", "code", "text", "data"),
    [
        pytest.param(
            "/",
            {"connect": refuse},
            "full",
            "come back later",
            {"code": "full", "message": "come back later"},
            id="handler",
        ),
        pytest.param("/nope", {}, "refused", "Invalid namespace", None, id="undeclared namespace"),
    ],
)
async def test_a_refused_connection_is_an_exception(
    namespace: str, options: Any, code: str, text: str, data: Any
) -> None:
    """The exception has the refusal's code and message, and the data as received."""
    async with TestServer(app(**options)) as server:
        with pytest.raises(ConnectError) as refused:
            await server.connect(namespace).__aenter__()
    assert (refused.value.code, refused.value.message, refused.value.data) == (code, text, data)


async def test_a_refused_connection_says_when_to_try_again() -> None:
    """The exception has the seconds that the refusal names, and None if it names none."""

    async def refuse_for_now(socket: Socket) -> None:
        raise RefusedError("full", retry_after=2.5)

    for handler, seconds in ((refuse_for_now, 2.5), (refuse, None)):
        async with TestServer(app(connect=handler)) as server:
            with pytest.raises(ConnectError) as refused:
                await server.connect().__aenter__()
        assert refused.value.retry_after == seconds


async def test_an_undeclared_namespace_is_explained() -> None:
    """The server's message is unchanged, and a note lists the declared namespaces."""
    async with TestServer(app()) as server:
        with pytest.raises(ConnectError) as refused:
            async with server.connect("/nope"):
                pass
        assert refused.value.message == "Invalid namespace"
        note = "the document declares no namespace '/nope'; it has /, /guarded"
        assert refused.value.__notes__ == [note]
        with pytest.raises(ConnectError) as refused:
            async with server.connect("/guarded"):  # without its query
                pass
        assert not hasattr(refused.value, "__notes__")


async def test_a_refused_websocket_is_an_exception() -> None:
    """A WebSocket that is refused, closed early or broken by the application raises."""
    api = mounted(app())

    async def closed(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.close()

    async def broken(websocket: WebSocket) -> None:
        await websocket.accept()
        raise LookupError("bug")

    api.add_api_websocket_route("/closed/", closed)
    api.add_api_websocket_route("/broken/", broken)

    async def try_path(path: str) -> None:
        async with TestServer(api, path=path, spec=load_spec(SPEC)) as server:
            await server.connect().__aenter__()

    for path in ("/nowhere", "/closed"):
        with pytest.raises(ConnectError, match="closed the WebSocket"):
            await try_path(path)
    with pytest.raises(LookupError, match="bug"):
        await try_path("/broken")


async def test_a_hanging_connect_handler_times_out() -> None:
    """The connection attempt times out, and the handler is cancelled when the server ends."""
    cancelled = asyncio.Event()

    async def connect(_: Socket) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    async with TestServer(app(connect=connect)) as server:
        with pytest.raises(NothingReceivedError, match="answer to CONNECT"):
            await server.connect(timeout=0.05).__aenter__()
        assert not cancelled.is_set()
    assert cancelled.is_set()


async def test_the_lifespan_is_run_around_the_test() -> None:
    """Start-up precedes the first client, shutdown follows the last, and requests see its state."""
    steps: list[str] = []

    @contextlib.asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[dict[str, str]]:
        steps.append("start")
        yield {"database": "open"}
        steps.append("stop")

    async def connect(socket: Socket) -> None:
        steps.append(socket.environ["asgi.scope"]["state"]["database"])

    async def disconnect(_: Socket) -> None:
        steps.append("left")

    served = app(app=Starlette(lifespan=lifespan), connect=connect, disconnect=disconnect)
    async with TestServer(served) as server:
        await server.connect().__aenter__()  # left open; the server closes it
    assert steps == ["start", "open", "left", "stop"]


async def test_a_failing_lifespan_fails_the_test() -> None:
    """A failed start-up or shutdown raises with the application's message or exception."""
    with pytest.raises(LifespanError, match=r"(?s)the startup failed: .*'say' .* has no handler"):
        await TestServer(AsynctionSocketIO.from_spec(SPEC)).__aenter__()

    @contextlib.asynccontextmanager
    async def lifespan(state: Any) -> AsyncIterator[None]:
        if state.fails_at == "start":
            raise LookupError("no database")
        yield
        raise LookupError("no database")

    for phase in ("start", "shutdown"):
        api = FastAPI(lifespan=lifespan)
        api.fails_at = phase  # type: ignore[attr-defined]  # read by the lifespan above
        api.mount("/realtime", app())
        server = TestServer(api)
        with pytest.raises(LifespanError, match="no database") as caught:
            async with server:
                assert phase == "shutdown"
        assert isinstance(caught.value.__cause__, LookupError)


async def test_a_start_that_raises_fails_the_test() -> None:
    """An application that has read the message of the start has a lifespan, and its error is not hidden."""
    sio, error = app(), RuntimeError("no database")

    async def broken(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        raise error

    with pytest.raises(LifespanError, match="the startup failed: no database") as caught:
        async with TestServer(broken, path="/socket.io", spec=sio.spec):
            pass
    assert caught.value.__cause__ is error


async def test_an_application_that_does_not_return_fails_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has said that its shutdown is complete, and the test does not wait for it for ever."""
    sio = app()

    async def hanging(scope: Any, receive: Any, send: Any) -> None:
        for phase in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{phase}.complete"})
        await asyncio.Event().wait()

    monkeypatch.setattr("asynction_asgi.testing.server._LIFESPAN_SECONDS", 0.05)
    async with asyncio.timeout(30):
        with pytest.raises(LifespanError, match=r"did not return within 0\.05 s after its shutdown"):
            async with TestServer(hanging, path="/socket.io", spec=sio.spec):
                pass


async def test_a_header_of_the_opening_request_is_sent_once() -> None:
    """Names are in lower case, as ASGI has them; a test's replace ours, and its cookies are in one header."""
    sio, seen = app(), []

    async def watched(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            seen.extend(scope["headers"])
        await sio(scope, receive, send)

    headers = {"Host": "example.org", "Cookie": "a=1", "X-Key": "k"}
    async with (
        TestServer(watched, path="/socket.io", spec=sio.spec) as server,
        server.connect(headers=headers, cookies={"b": "2", "c": "3"}),
    ):
        pass
    assert seen == [(b"host", b"example.org"), (b"cookie", b"a=1; b=2; c=3"), (b"x-key", b"k")]


async def test_an_application_can_be_served_again() -> None:
    """The next run of the same application starts without state of the last."""
    served = app(say=one)
    for _ in range(2):
        async with TestServer(served) as server, server.connect() as client:
            assert await client.call("say", HI) == 1
        assert served.socket(client.sid) is None


async def test_a_second_run_listens_to_the_queue_again(queue_url: str) -> None:
    """An event from another process arrives in the second run as in the first."""
    served = app(message_queue=queue_url)
    emitter = Emitter.from_spec(SPEC, message_queue=queue_url)
    try:
        for _ in range(2):
            async with TestServer(served) as server, server.connect() as client:
                assert await heard(client, emitter) == HI
    finally:
        await emitter.close()


async def heard(client: TestClient, emitter: Emitter) -> Any:
    """Return what the client receives from an emitter once its server listens to the queue, or None."""
    for _ in range(100):
        await emitter.emit("said", HI)
        with contextlib.suppress(NothingReceivedError):
            return await client.receive("said", timeout=0.1)
    return None


async def test_a_server_is_started_once() -> None:
    """Connecting before the block, and starting a second time, raise."""
    server = TestServer(app())
    with pytest.raises(RuntimeError, match="not started"):
        await server.connect().__aenter__()
    async with server:
        pass
    with pytest.raises(RuntimeError, match="before"):
        await server.__aenter__()
