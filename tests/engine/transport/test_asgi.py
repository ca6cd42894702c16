"""HTTP requests before any packet: the checks, the environ, CORS and refusals."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Mount
from websockets.exceptions import InvalidStatus

from asynction_asgi.engine import Limits, create_server
from asynction_asgi.engine.transport.asgi import parse_query

from ..stage import SECONDS, PollingClient, Script, Stage, serve, serve_app, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.usefixtures("both_ways")

POLL = "/socket.io/?EIO=4&transport=polling"


@given(query=st.one_of(st.binary(), st.text(alphabet="a1=&%+;é").map(str.encode)))
@example(query=b"EIO=4&transport=websocket")
@example(query=b"a=1&&b&a==&=&")
def test_queries_are_read_as_the_standard_library_reads_them(query: bytes) -> None:
    """Any query string has the values that `parse_qs` finds in it."""
    assert parse_query(query) == parse_qs(query.decode("latin-1"), keep_blank_values=True)


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("GET", "/socket.io/?EIO=4", 400),
        ("GET", "/socket.io/?EIO=4&transport=pigeon", 400),
        ("GET", "/socket.io/?transport=polling", 400),
        ("GET", "/socket.io/?EIO=4&transport=websocket", 400),
        ("POST", "/socket.io/?EIO=4&transport=websocket", 400),
        ("GET", "/socket.io/?EIO=4&transport=websocket&sid=stranger", 400),
        ("GET", POLL + "&sid=stranger", 400),
        ("GET", POLL + "&sid=%00%ff", 400),
        ("GET", "/socket.io/?EIO=4&transport=", 400),
        ("GET", POLL + "&j=0", 400),
        ("GET", POLL + "&j=", 400),
        ("GET", POLL + "&j=x&j=1", 400),
        ("GET", POLL + "&sid=stranger&%6A=0", 400),
        ("POST", POLL + "&sid=stranger&j=0", 400),
        ("POST", POLL, 400),
        ("POST", POLL + "&sid=stranger", 400),
        ("PUT", POLL, 400),
        ("DELETE", POLL, 400),
        ("OPTIONS", POLL, 200),
    ],
)
async def test_requests_outside_the_protocol_are_refused(
    method: str, target: str, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    """The request gets an error status, nothing is stored or logged, and its values are not echoed."""
    async with serve() as stage, httpx.AsyncClient(base_url=stage.url, trust_env=False) as http:
        answer = await http.request(method, target, content=b"40" if method == "POST" else None)
        assert answer.status_code == status
        assert "___eio" not in answer.text
        assert not re.search("stranger|pigeon", answer.text)
        assert not any(stage.holdings.values())
    assert not caplog.records


@pytest.mark.parametrize("headers", [{}, {"Upgrade": "websocket"}], ids=["plain", "upgrade"])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_websocket_without_its_handshake_is_refused(
    method: str, headers: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    """A proxy that forwards half of the handshake gets a refusal, and the log the reason; a session goes on."""
    caplog.set_level(logging.INFO, "asynction_asgi")
    async with serve() as stage, stage.polling() as client:
        await client.post("40")
        for sid in ("", f"&sid={client.sid}"):
            target = f"/socket.io/?EIO=4&transport=websocket{sid}"
            content = b'42["a"]' if method == "POST" else None
            answer = await client.http.request(method, target, headers=headers, content=content)
            assert (answer.status_code, answer.text) == (400, '"Invalid websocket upgrade"')
        assert len(stage.server.eio.sockets) == 1
        assert [told[0] for told in stage.script.told] == ["connect"]
        assert (await client.post('421["a"]')).text == "ok"
    lines = [
        record for record in caplog.records if "needs the handshake of a WebSocket" in record.getMessage()
    ]
    assert len(lines) == 1, "others like it are counted for a while"
    assert not any(record.exc_info for record in caplog.records)


@pytest.mark.parametrize(
    ("served", "asked", "cure", "line"),
    [
        (
            "websocket",
            "polling",
            'this server takes WebSocket; connect with transports: ["websocket"]',
            'HTTP long-polling is off, by --websocket-only or transports=["websocket"]',
        ),
        (
            "polling",
            "websocket",
            'this server takes HTTP long-polling; connect with transports: ["polling"]',
            'WebSocket is off, by transports=["polling"]',
        ),
    ],
    ids=["polling", "websocket"],
)
async def test_a_transport_that_is_off_is_refused_with_what_to_do(
    served: str, asked: str, cure: str, line: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Client and log are told which transports there are; a page of another origin can read it, too."""
    async with (
        serve(transports=[served], cors_allowed_origins="*") as stage,
        httpx.AsyncClient(base_url=stage.url, trust_env=False) as http,
    ):
        for origin in ("http://one.example", "http://two.example"):
            answer = await http.get(
                f"/socket.io/?EIO=4&transport={asked}", headers={"origin": origin, "user-agent": "me"}
            )
            assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (400, "*")
            assert answer.json() == {"code": 0, "message": f"Transport unknown: {cure}"}
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    start = re.escape(f"rejected a request: its transport is not served: {line}; {cure.partition('; ')[2]}")
    assert re.fullmatch(rf"{start} \(127\.0\.0\.1:\d+\)", record.getMessage())


@pytest.mark.parametrize("query", ["&sid=stranger", "&EIO=5", "&transport=pigeon"])
async def test_a_websocket_outside_the_protocol_is_refused(
    query: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The handshake is refused with 403, and nothing is stored or logged."""
    async with serve() as stage:
        url = stage.url.replace("http", "ws") + "/socket.io/?"
        query = query if "sid" not in query else "&EIO=4&transport=websocket" + query
        with pytest.raises(InvalidStatus) as refused:
            async with stage.websocket_at(url + query):
                pass
        assert refused.value.response.status_code == 403
        assert not any(stage.holdings.values())
    assert not caplog.records


async def test_a_client_of_engine_io_3_is_refused(caplog: pytest.LogCaptureFixture) -> None:
    """The body gives the reason, and the log says once what to do, however often such clients come."""
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
    assert (record.name, record.levelname) == ("asynction_asgi.access", "WARNING")
    assert "Engine.IO 3" in record.getMessage()
    assert "socket.io-client 3 or 4" in record.getMessage()


async def portions(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def test_a_too_large_body_is_refused(caplog: pytest.LogCaptureFixture) -> None:
    """The announced or the received size leads to 413, closes the session and is logged once."""
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
    """Start a POST whose body never ends, and return its streams."""
    host, _, port = stage.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"POST {target} HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n42".encode())
    await writer.drain()
    return reader, writer


async def test_a_body_that_does_not_arrive() -> None:
    """A body that does not arrive in time is answered with 408."""
    async with serve(limits=Limits(body_seconds=0.05)) as stage, stage.polling() as client:
        await client.post("40")
        reader, writer = await begin(stage, client.target)
        assert (await reader.readline()).startswith(b"HTTP/1.1 408 ")
        writer.close()
        await writer.wait_closed()
        await stage.emptied()


async def test_an_aborted_body_keeps_the_session(caplog: pytest.LogCaptureFixture) -> None:
    """If a client aborts its body, the session stays open until the heartbeat, and nothing is logged."""
    async with serve() as stage, stage.polling() as client:
        await client.post("40")
        _, writer = await begin(stage, client.target)
        writer.transport.abort()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        await client.poll()
        assert (await client.post('421["a"]')).text == "ok"
    assert not caplog.records


async def test_the_scheme_is_optional() -> None:
    """A server may omit the scheme, as ASGI allows and Daphne does."""
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


async def test_the_environ_describes_the_request() -> None:
    """The environ holds address, headers and query under WSGI's names, with repeated headers joined."""
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


async def test_headers_with_underscores_are_dropped() -> None:
    """``X_Name`` is dropped, as WSGI would confuse it with the ``X-Name`` that a proxy sets."""
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
    """Packets in a form's field ``d``, as JSONP sent them, are refused and the session is closed."""
    async with serve() as stage, stage.polling() as client:
        await client.post("40")
        await client.poll()
        answer = await client.http.post(
            client.target, content=b'd=42["a",1]', headers={"content-type": content_type}
        )
        assert answer.status_code == 400
        await stage.emptied()
        assert [entry[0] for entry in stage.script.told] == ["connect", "disconnect"]


async def test_responses_are_neither_cached_nor_run() -> None:
    """The headers forbid caching a session id and running a response as a script."""
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
async def test_cors_headers(options: Any, origin: str | None, status: int, expected: dict[str, str]) -> None:
    """``*`` stays a plain ``*``, credentials need a list, and the default is the own origin."""
    async with serve(**options) as stage, httpx.AsyncClient(base_url=stage.url, trust_env=False) as http:
        origin = stage.url if origin == "self" else origin
        answer = await http.get(POLL, headers={} if origin is None else {"origin": origin})
        assert answer.status_code == status
        cors_headers = {
            name.removeprefix(CORS): value for name, value in answer.headers.items() if name.startswith(CORS)
        }
        assert cors_headers == {
            name: stage.url if value == "self" else value for name, value in expected.items()
        }
        if status == 200 and origin == ORIGIN:
            headers = {"origin": origin, "access-control-request-headers": "x-token"}
            preflight = await http.request("OPTIONS", POLL, headers=headers)
            assert preflight.headers[CORS + "methods"] == "OPTIONS, GET, POST"
            assert preflight.headers[CORS + "headers"] == "x-token"


async def test_cors_middleware_replaces_our_headers() -> None:
    """Header names are lower case, so that the middleware replaces them instead of doubling them."""
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
    """Responses above the option's threshold are compressed, as upstream does."""
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
    """With the option `cookie` the session id is set as a cookie."""
    async with serve(cookie=cookie) as stage, httpx.AsyncClient(base_url=stage.url, trust_env=False) as http:
        answer = await http.get(POLL)
        assert answer.headers["set-cookie"].startswith("io=")
        assert answer.headers["set-cookie"].endswith("; path=/; SameSite=Lax")


async def test_an_open_poll_does_not_delay_the_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    """An open poll ends once uvicorn, told to stop, listens no more, before uvicorn waits for requests to end.

    Until then it stays open: a server that lets its clients leave one after another begins after the signal.
    """

    class Runner:
        should_exit, listens, looks = False, True, 0

        @property
        def servers(self) -> list[Runner]:
            return [self]

        def is_serving(self) -> bool:
            self.looks += 1
            return self.listens

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
        await until(lambda: runner.looks)
        await stage.server.emit("n")
        assert await asyncio.wait_for(poll, SECONDS) == ['42["n"]']
        poll = asyncio.ensure_future(client.poll())
        runner.listens = False
        assert await asyncio.wait_for(poll, SECONDS) == ["6"]
        await stage.emptied()
        assert stage.script.told[-1] == ("disconnect", "/", "server shutting down")
