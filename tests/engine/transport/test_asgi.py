"""What comes in by HTTP before any packet: the guard, the environ, CORS, refusals."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Mount
from websockets.exceptions import InvalidStatus

from asynction_asgi.engine import Limits, create_server

from ..stage import SECONDS, PollingClient, Script, Stage, serve, serve_app, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

POLL = "/socket.io/?EIO=4&transport=polling"


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("GET", "/socket.io/?EIO=4", 400),
        ("GET", "/socket.io/?EIO=4&transport=pigeon", 400),
        ("GET", "/socket.io/?transport=polling", 400),
        ("GET", "/socket.io/?EIO=4&transport=websocket", 400),
        ("GET", POLL + "&sid=unknown", 400),
        ("GET", POLL + "&sid=%00%ff", 400),
        ("GET", "/socket.io/?EIO=4&transport=", 400),
        ("GET", POLL + "&j=0", 400),
        ("GET", POLL + "&j=", 400),
        ("GET", POLL + "&j=x&j=1", 400),
        ("GET", POLL + "&sid=unknown&%6A=0", 400),
        ("POST", POLL + "&sid=unknown&j=0", 400),
        ("POST", POLL, 400),
        ("POST", POLL + "&sid=unknown", 400),
        ("PUT", POLL, 400),
        ("DELETE", POLL, 400),
        ("OPTIONS", POLL, 200),
    ],
)
async def test_requests_that_are_none_of_the_protocol(
    method: str, target: str, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    """They are refused with a status, hold nothing, are not repeated to the peer and not logged."""
    async with serve() as stage, httpx.AsyncClient(base_url=stage.url, trust_env=False) as http:
        answer = await http.request(method, target, content=b"40" if method == "POST" else None)
        assert answer.status_code == status
        assert "___eio" not in answer.text
        assert "unknown" not in answer.text
        assert not any(stage.holdings.values())
    assert not caplog.records


@pytest.mark.parametrize("query", ["&sid=unknown", "&EIO=5", "&transport=pigeon"])
async def test_a_websocket_that_is_none_of_the_protocols(
    query: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The handshake is refused with 403; no traceback, nothing held."""
    async with serve() as stage:
        url = stage.url.replace("http", "ws") + "/socket.io/?"
        query = query if "sid" not in query else "&EIO=4&transport=websocket" + query
        with pytest.raises(InvalidStatus) as refused:
            async with stage.websocket_at(url + query):
                pass
        assert refused.value.response.status_code == 403
        assert not any(stage.holdings.values())
    assert not caplog.records


async def test_a_client_of_engine_io_3_is_told_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """Its own error says nothing: the body has the reason, and the log what to do, however often it comes."""
    async with serve() as stage, httpx.AsyncClient(base_url=stage.url, trust_env=False) as http:
        for _ in range(3):
            answer = await http.get("/socket.io/?EIO=3&transport=polling")
            assert answer.status_code == 400
            assert answer.headers["content-type"] == "application/json"
            assert answer.json()["code"] == 5
            assert answer.json()["message"].startswith("Unsupported protocol version")
            with pytest.raises(InvalidStatus):
                async with stage.websocket_at(
                    f"{stage.url.replace('http', 'ws')}/socket.io/?EIO=3&transport=websocket"
                ):
                    pass
        assert not any(stage.holdings.values())
    (record,) = caplog.records
    assert (record.name, record.levelname) == ("asynction_asgi.engine", "WARNING")
    assert "Engine.IO 3" in record.getMessage()
    assert "socket.io-client 3 or 4" in record.getMessage()


async def portions(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def test_a_body_that_is_too_large(caplog: pytest.LogCaptureFixture) -> None:
    """413, by its announced or its true size, and the session is closed; the log names the limit, once."""
    async with serve(limits=Limits(packet_bytes=1000)) as stage:
        for content in (b"4" * 1001, portions(b"4" * 600, b"4" * 600)):
            async with stage.polling() as client:
                await client.post("40")
                assert (await client.http.post(client.target, content=content)).status_code == 413
                await stage.emptied()
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert "larger than Limits.packet_bytes, 1000 bytes" in record.getMessage()


async def begin(stage: Stage, target: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Return a POST whose body never comes to its end."""
    host, _, port = stage.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"POST {target} HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n42".encode())
    await writer.drain()
    return reader, writer


async def test_a_body_that_does_not_come() -> None:
    """408 after its time; nobody waits for ever."""
    async with serve(limits=Limits(body_seconds=0.05)) as stage, stage.polling() as client:
        await client.post("40")
        reader, writer = await begin(stage, client.target)
        assert (await reader.readline()).startswith(b"HTTP/1.1 408 ")
        writer.close()
        await writer.wait_closed()
        await stage.emptied()


async def test_a_body_that_is_given_up(caplog: pytest.LogCaptureFixture) -> None:
    """The client goes away in the middle; its session is left to the heartbeat, the log is silent."""
    async with serve() as stage, stage.polling() as client:
        await client.post("40")
        _, writer = await begin(stage, client.target)
        writer.transport.abort()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        await client.poll()
        assert (await client.post('421["a"]')).text == "ok"
    assert not caplog.records


async def test_a_server_that_tells_no_scheme() -> None:
    """ASGI lets servers leave it out, as Daphne does."""
    script = Script()
    server = create_server(script)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        del scope["scheme"]
        await server.app(scope, receive, send)

    async with serve_app(app) as url:
        stage = Stage(url, server, script)
        async with stage.client() as client:
            assert await client.ask('421["a",1]') == [1]
        await stage.emptied()
    assert script.peers[0].environ["wsgi.url_scheme"] == "http"


async def test_the_environ_tells_the_truth() -> None:
    """The client's address, the headers and the query, as WSGI names them; repeated headers joined."""
    async with serve() as stage:
        headers = [(b"X-Token", "żó".encode()), (b"X-Token", b"two"), (b"X-Bad", b"\xff")]
        async with httpx.AsyncClient(base_url=stage.url, trust_env=False) as http:
            client = PollingClient(http)
            client.target += "&name=ż"
            http.headers = httpx.Headers(headers)
            await client.open()
            await client.post("40")
            await client.poll()
        environ = stage.script.peers[0].environ
        assert environ["REMOTE_ADDR"] == "127.0.0.1"
        assert int(environ["REMOTE_PORT"]) > 0
        assert environ["wsgi.url_scheme"] == "http"
        assert environ["HTTP_X_TOKEN"] == "żó,two"
        assert "HTTP_X_BAD" not in environ
        assert environ["QUERY_STRING"].startswith("EIO=4&transport=polling&name=%C5%BC")
        assert environ["asgi.scope"]["path"] == "/socket.io/"


async def test_a_header_with_an_underscore_is_not_the_one_with_a_hyphen() -> None:
    """Proxies take ``X-Name`` from clients and may pass ``X_Name`` on; WSGI's keys would mix the two."""
    async with serve() as stage:
        headers = [
            *((b"X_Forwarded_Host", b"evil.example"), (b"X_User", b"root"), (b"X-User", b"ada")),
            *((b"X_Only", b"1"), (b"Content_Type", b"x/y"), (b"Cookie", b"a=1"), (b"Cookie", b"b=2")),
        ]
        async with httpx.AsyncClient(base_url=stage.url, trust_env=False) as http:
            client = PollingClient(http)
            http.headers = httpx.Headers(headers)
            await client.open()
            await client.post("40")
            await client.poll()
            evil = await http.get(POLL, headers={"origin": "http://evil.example"})
            assert evil.status_code == 400
        environ = stage.script.peers[0].environ
        assert environ["HTTP_X_USER"] == "ada"
        assert not {"HTTP_X_ONLY", "HTTP_X_FORWARDED_HOST", "CONTENT_TYPE"} & environ.keys()
        assert environ["HTTP_COOKIE"] == "a=1; b=2"


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "text/plain"])
async def test_a_form_is_not_a_payload(content_type: str) -> None:
    """JSONP sent packets as the field ``d`` of a form; Engine.IO 4 has none, so the session is closed."""
    async with serve() as stage, stage.polling() as client:
        await client.post("40")
        await client.poll()
        answer = await client.http.post(
            client.target, content=b'd=42["a",1]', headers={"content-type": content_type}
        )
        assert answer.status_code == 400
        await stage.emptied()
        assert [entry[0] for entry in stage.script.told] == ["connect", "disconnect"]


async def test_answers_are_not_kept_nor_run() -> None:
    """No cache keeps a session id, and no page gets one to run as a script."""
    async with serve() as stage, stage.polling() as client:
        answers = [await client.http.get(POLL), await client.http.get("/socket.io/?EIO=4")]
        assert [answer.status_code for answer in answers] == [200, 400]
        for answer in answers:
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["x-content-type-options"] == "nosniff"


ORIGIN = "https://app.example"
CORS = "access-control-allow-"


@pytest.mark.parametrize(
    ("options", "origin", "status", "expected"),
    [
        ({}, None, 200, {}),
        ({}, ORIGIN, 400, {}),
        ({}, "self", 200, {"origin": "self"}),
        ({"cors_allowed_origins": "*"}, ORIGIN, 200, {"origin": "*"}),
        ({"cors_allowed_origins": ["*"]}, None, 200, {"origin": "*"}),
        ({"cors_allowed_origins": [ORIGIN]}, ORIGIN, 200, {"origin": ORIGIN}),
        ({"cors_allowed_origins": ORIGIN}, "https://evil.example", 400, {}),
        (
            {"cors_allowed_origins": [ORIGIN], "cors_credentials": True},
            ORIGIN,
            200,
            {"origin": ORIGIN, "credentials": "true"},
        ),
        ({"cors_allowed_origins": lambda origin: origin == ORIGIN}, ORIGIN, 200, {"origin": ORIGIN}),
        ({"cors_allowed_origins": [ORIGIN]}, "self", 200, {"origin": "self"}),
        ({"cors_allowed_origins": ORIGIN}, "self", 200, {"origin": "self"}),
        ({"cors_allowed_origins": lambda _: False}, "self", 200, {"origin": "self"}),
        ({"cors_allowed_origins": []}, "https://evil.example", 200, {}),
    ],
)
async def test_cors(options: Any, origin: str | None, status: int, expected: dict[str, str]) -> None:
    """``*`` is a plain ``*``, credentials come only with a list, and the default is the same origin."""
    async with serve(**options) as stage, httpx.AsyncClient(base_url=stage.url, trust_env=False) as http:
        origin = stage.url if origin == "self" else origin
        answer = await http.get(POLL, headers={} if origin is None else {"origin": origin})
        assert answer.status_code == status
        got = {
            name.removeprefix(CORS): value for name, value in answer.headers.items() if name.startswith(CORS)
        }
        assert got == {name: stage.url if value == "self" else value for name, value in expected.items()}
        if status == 200 and origin == ORIGIN:
            headers = {"origin": origin, "access-control-request-headers": "x-token"}
            preflight = await http.request("OPTIONS", POLL, headers=headers)
            assert preflight.headers[CORS + "methods"] == "OPTIONS, GET, POST"
            assert preflight.headers[CORS + "headers"] == "x-token"


async def test_mounted_behind_cors_middleware() -> None:
    """Header names are lower case, so that the middleware replaces ours and does not double them."""
    server = create_server(Script(), cors_allowed_origins="*")
    middleware = [Middleware(CORSMiddleware, allow_origins=[ORIGIN], allow_credentials=True)]
    app = Starlette(routes=[Mount("/socket.io", app=server.app)], middleware=middleware)
    async with serve_app(app) as url, httpx.AsyncClient(base_url=url, trust_env=False) as http:
        answer = await http.get(POLL, headers={"origin": ORIGIN})
        assert answer.headers.get_list(CORS + "origin") == [ORIGIN]
        assert all(name == name.lower() for name, _ in answer.headers.raw)
        stage = Stage(url, server, Script())
        async with stage.client() as client:
            assert await client.ask('421["a",1]') == [1]


async def test_large_answers_are_compressed_on_request() -> None:
    """As upstream does it, by the option's threshold."""
    async with serve(compression_threshold=100) as stage, stage.polling() as client:
        await client.post("40")
        await client.poll()
        await stage.server.emit("n", "x" * 1000)
        answer = await client.http.get(client.target, headers={"accept-encoding": "gzip"})
        assert answer.headers["content-encoding"] == "gzip"
        assert answer.text == f'42["n","{"x" * 1000}"]'


@pytest.mark.parametrize(
    "cookie", ["io", {"name": "io", "path": "/", "SameSite": "Lax"}], ids=["name", "attributes"]
)
async def test_the_cookie_option(cookie: Any) -> None:
    """The session id travels as a cookie where that is asked for."""
    async with serve(cookie=cookie) as stage, httpx.AsyncClient(base_url=stage.url, trust_env=False) as http:
        answer = await http.get(POLL)
        assert answer.headers["set-cookie"].startswith("io=")
        assert answer.headers["set-cookie"].endswith("; path=/; SameSite=Lax")


async def test_a_held_poll_does_not_hold_up_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Uvicorn waits for requests to end before it says that it stops; the poll is ended before."""

    class Runner:
        should_exit = False

        def handle_exit(self, *_: Any) -> None:
            raise AssertionError("not called")

    runner = Runner()
    monkeypatch.setattr("signal.getsignal", lambda _: runner.handle_exit)
    async with serve() as stage, stage.polling() as client:
        await client.post("40")
        await client.poll()
        poll = asyncio.ensure_future(client.poll())
        await until(lambda: any(socket.outbox.poller for socket in stage.server.eio.sockets.values()))
        runner.should_exit = True
        assert await asyncio.wait_for(poll, SECONDS) == ["1"]
        await stage.emptied()
        assert stage.script.told[-1] == ("disconnect", "/", "server disconnect")
