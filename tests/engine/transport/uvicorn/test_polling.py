"""Requests of polling that are answered without uvicorn's cycle get what that would have led to."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import random
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from asynction_asgi import AsynctionSocketIO
from asynction_asgi.engine.transport import direct
from asynction_asgi.engine.transport.environ import encode_head, encode_headers
from asynction_asgi.engine.transport.uvicorn import request
from asynction_asgi.engine.transport.uvicorn.opening import FORWARDED
from asynction_asgi.engine.transport.uvicorn.request import parse_request
from tests.protocols import OWN, OWN_HTTP

from ...stage import serve, serve_app, until
from .heads import Outcome, mutate, run

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from asynction_asgi.engine.transport.environ import Head
    from asynction_asgi.engine.transport.uvicorn.request import Request

DATE = re.compile(rb"date: [^\r]*\r\n")
KIND = (("Content-Type", "text/plain"),)
KNOWN = {*request.READ, *FORWARDED}
FIRST = b"GET /chat/?first HTTP/1.1\r\nHost: x\r\n\r\n"
BROWSERS = (
    b'Host: chat.example.org:8000\r\nConnection: keep-alive\r\nsec-ch-ua-platform: "Linux"\r\n'
    b"User-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\nAccept: */*\r\nContent-Type: text/plain;charset=UTF-8\r\n"
    b"Origin: http://chat.example.org:8000\r\nSec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\n"
    b"Referer: http://chat.example.org:8000/\r\nAccept-Encoding: gzip, deflate\r\nCookie: a=1; b=2\r\n"
)
GET = b"GET /chat/?EIO=4&transport=polling&t=a1&sid=abc HTTP/1.1\r\n" + BROWSERS + b"\r\n"
POST = (
    b"POST /chat/?EIO=4&transport=polling&t=a1&sid=abc HTTP/1.1\r\nContent-Length: 9\r\n"
    + BROWSERS
    + b'\r\n42["word"]'
)
POST = POST.replace(b"Content-Length: 9", b"Content-Length: 10")


class Polled(Outcome):
    """An application that answers by ASGI as it does at once, and keeps what it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Any] = []
        self.at_once = 0

    def answer_at_once(self, request: Request, scheme: str) -> tuple[Head, bytes]:
        """Answer without ASGI."""
        self.at_once += 1
        self.asked.append((request.method, request.path, request.query, request.fields, request.body, scheme))
        return self._answer(request.body)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer by ASGI."""
        assert scope["type"] == "http"
        body, more = b"", True
        while more:
            event = await receive()
            if event["type"] != "http.request":
                return
            body, more = body + event["body"], event["more_body"]
        fields = {name: value for name, value in scope["headers"] if name in KNOWN}
        path = scope["path"].removeprefix(scope["root_path"])
        self.asked.append((scope["method"], path, scope["query_string"], fields, body, scope["scheme"]))
        head, answer = self._answer(body)
        headers = [*encode_headers(KIND), (b"content-length", b"%d" % len(answer))]
        await send({"type": "http.response.start", "status": head.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    def _answer(self, body: bytes) -> tuple[Head, bytes]:
        return encode_head("200 OK", KIND), b"<" + body + b">"


direct.register(Polled.__call__, lambda app, path, root: app)


async def both(*chunks: bytes, **options: Any) -> tuple[Polled, Polled]:
    """Return what our HTTP protocol makes of a client, and what uvicorn's does."""
    ours, theirs = Polled(), Polled()
    options = {"ws": OWN, **options}
    await run(OWN_HTTP, chunks, outcome=ours, **options)
    await run("auto", chunks, outcome=theirs, **options)
    assert (ours.asked, ours.sent) == (theirs.asked, theirs.sent), chunks
    assert theirs.at_once == 0
    return ours, theirs


@pytest.mark.parametrize("plain", [GET, POST], ids=["GET", "POST"])
async def test_plain_requests_are_answered_here(plain: bytes) -> None:
    """What browsers send gets the same bytes, again and again on a connection."""
    ours, _ = await both(FIRST, plain, plain, GET)
    assert ours.at_once == 3
    assert ours.sent.count(b"HTTP/1.1 200 OK\r\n") == 4


@pytest.mark.parametrize(
    "doubtful",
    [
        GET + GET,
        GET + b"x",
        GET + b"\r\n",
        POST + b"x",
        POST[:-1],
        POST.replace(b"Content-Length: 10", b"Content-Length: 010"),
        POST.replace(b"Content-Length: 10", b"Content-Length: +10"),
        POST.replace(b"Content-Length: 10", b"Content-Length: 10\r\nContent-Length: 10"),
        POST.replace(b"Content-Length: 10", b"Transfer-Encoding: chunked"),
        POST.replace(b"Content-Length: 10", b"Content-Length: 10\r\nTransfer-Encoding: chunked"),
        POST.replace(b"Content-Length: 10", b"content-length : 10"),
        POST.replace(b"Content-Length: 10", b"Content-Length: 10\r\nExpect: 100-continue"),
        GET.replace(b"Accept:", b"Content-Length: 0\r\nAccept:"),
        GET.replace(b"keep-alive", b"close"),
        GET.replace(b"keep-alive", b"keep-alive, Upgrade"),
        GET.replace(b"Accept:", b"Upgrade: h2c\r\nAccept:"),
        GET.replace(b"HTTP/1.1", b"HTTP/1.0"),
        GET.replace(b"Host: chat.example.org:8000\r\n", b""),
        GET.replace(b"Host:", b"Host: y\r\nHost:"),
        GET.replace(b"Host:", b"\tHost:"),
        GET.replace(b"Accept:", b" folded\r\nAccept:"),
        GET.replace(b"*/*", b"\xff"),
        GET.replace(b"keep-alive", b"keep-alive "),
        GET.replace(b"same-origin", b"same-origin\t"),
        GET.replace(b"/chat/", b"/ch%61t/"),
        GET.replace(b"/chat/", b"http://other/chat/"),
        GET.replace(b"?EIO=4&transport=polling&t=a1&sid=abc", b""),
        GET.replace(b"GET", b"HEAD"),
        GET.replace(b"GET", b"get"),
        GET.replace(b"Accept:", b"A: 1\r\n" * 120 + b"Accept:"),
        GET.replace(b"a=1", b"a=" + b"1" * 8000),
        GET.replace(b"\r\n", b"\n"),
    ],
    ids=lambda _: "",
)
async def test_doubtful_requests_are_left_to_uvicorn(doubtful: bytes) -> None:
    """Whatever is unusual leads to the same calls and the same bytes as without ours."""
    assert parse_request(doubtful) is None
    ours, _ = await both(FIRST, doubtful, GET)
    assert GET not in doubtful or not ours.at_once or len(ours.asked) > 2


@pytest.mark.parametrize("seed", range(4))
async def test_random_requests_get_the_same(seed: int) -> None:
    """Heads and bodies that differ in a few places, from harmless to malformed, one behind another."""
    chance = random.Random(seed)
    at_once = 0
    for _ in range(50):
        chunks = [mutate(chance.choice((GET, POST)), chance) for _ in range(chance.randrange(1, 4))]
        ours, _ = await both(FIRST, *chunks, GET)
        at_once += ours.at_once
    assert at_once > 30


async def test_requests_may_be_split_anywhere() -> None:
    """No piece is taken for a request, whatever it looks like, and the next request is a plain one again."""
    whole, _ = await both(FIRST, POST, GET)
    for at in range(1, len(POST), 3):
        ours, _ = await both(FIRST, POST[:at], POST[at:], GET)
        assert (ours.asked, ours.sent) == (whole.asked, whole.sent), at
        assert ours.at_once == 1


@pytest.mark.parametrize(
    "chunks",
    [
        (POST.replace(b"Content-Length: 10", b"Content-Length: %d" % len(GET))[:-10], GET),
        (b"GET /a?b HTTP/1.1\r\nHost: x\r\nX: ", GET),
        (b"GET /a?b HTTP/1.1\r\nHost: x\r\n", GET),
        (b"GET ", GET),
        (FIRST + b"GET /a?b HTTP/1.1\r\nX: ", GET),
        (
            b"POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n" % len(GET),
            GET,
            b"\r\n0\r\n\r\n",
        ),
        (b"POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: ", GET),
        (b"\r\n", GET),
        (b"\r\n\r\n", GET),
        (FIRST + b"\r\n", GET),
    ],
    ids=["body", "value", "field", "method", "pipelined", "chunk", "trailer", "line", "lines", "line behind"],
)
async def test_what_looks_like_a_request_is_part_of_another(chunks: Sequence[bytes]) -> None:
    """A client can't have something answered that is, for a proxy in front, part of something else."""
    await both(FIRST, *chunks, GET)


@pytest.mark.parametrize(
    "options",
    [
        {"root_path": "/a b"},
        {"headers": [("X-Server", "1")], "server_header": False},
        {"limit_concurrency": 1},
        {"proxy_headers": False},
        {"forwarded_allow_ips": "*"},
        {"reset_contextvars": True},
    ],
    ids=["root path", "headers", "concurrency", "no proxies", "proxies", "contexts"],
)
async def test_options_of_uvicorn_mean_the_same(options: dict[str, Any]) -> None:
    """Options that change requests or responses have the same effect."""
    ours, _ = await both(FIRST, GET, POST, **options)
    assert ours.at_once == (0 if {"limit_concurrency", "reset_contextvars"} & options.keys() else 2)


@pytest.mark.parametrize("forwarded", [b"", b"X-Forwarded-For: 1.2.3.4\r\n"], ids=["direct", "forwarded"])
async def test_lines_in_the_log_are_uvicorns(forwarded: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """Each request has its line, which names the client for whom a trusted proxy speaks."""
    caplog.set_level(logging.INFO, "uvicorn.access")
    lines = []
    for protocol in (OWN_HTTP, "auto"):
        caplog.clear()
        chunks = [FIRST, GET.replace(b"Accept:", forwarded + b"Accept:"), POST]
        await run(protocol, chunks, outcome=Polled(), ws=OWN, forwarded_allow_ips="*", access_log=True)
        lines.append([record.getMessage() for record in caplog.records if record.name == "uvicorn.access"])
    assert lines[0] == lines[1]
    assert len(lines[0]) == 3


class Around:
    """A middleware that counts requests, and has all that the application has."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self.seen = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._app, name)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.seen += scope["type"] == "http"
        await self._app(scope, receive, send)


class Overriding(AsynctionSocketIO):
    """An application that counts requests itself."""

    seen = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.seen += scope["type"] == "http"
        await super().__call__(scope, receive, send)


SPEC = {
    "asyncapi": "2.6.0",
    "info": {"title": "Echo", "version": "1"},
    "channels": {"/": {"publish": {"message": {"name": "echo", "payload": True, "x-ack": True}}}},
}


async def echo(value: Any) -> Any:
    return value


@contextlib.asynccontextmanager
async def session(app: Any) -> AsyncIterator[Raw]:
    """Serve, and connect to the namespace ``/`` by polling."""
    async with serve_app(app, ws=OWN) as url:
        client = Raw(url)
        try:
            await client.open()
            yield client
        finally:
            await client.close()


class Raw:
    """A client of polling with one connection."""

    def __init__(self, url: str) -> None:
        self._port = int(url.rpartition(":")[2])
        self._target = b"/socket.io/?EIO=4&transport=polling"

    async def open(self) -> None:
        """Open a session, and connect to a namespace."""
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        _, body = await self.get()
        self._target += b"&sid=" + body.split(b'"')[3]
        await self.post(b"40")
        assert (await self.get())[1].startswith(b"40{")

    async def close(self) -> None:
        """Close the connection."""
        self._writer.close()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()

    async def options(self, more: bytes) -> tuple[bytes, bytes]:
        """Ask what is allowed; return head and body of the answer."""
        return await self._request(b"OPTIONS", more)

    async def send_early(self, size: int) -> None:
        """Announce a body that is too large, and send it once that is answered."""
        start = b"POST %b HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
        self._writer.write(start % (self._target.replace(b"sid=", b"sid=no"), size))
        async with asyncio.timeout(30):
            assert b" 413 " in await self._reader.readuntil(b"\r\n\r\n")
            await self._reader.readuntil(b"large")
            self._writer.write(b"x" * size)
            await self._writer.drain()
            await asyncio.sleep(0.3)  # or what comes next would come with its end

    async def read_end(self) -> bytes:
        """Return what comes until the server closes the connection."""
        return await self._reader.read()

    async def get(self, more: bytes = b"") -> tuple[bytes, bytes]:
        """Poll; return head and body of the answer."""
        return await self._request(b"GET", more)

    async def post(self, body: bytes, more: bytes = b"") -> tuple[bytes, bytes]:
        """Send packets; return head and body of the answer."""
        return await self._request(b"POST", b"Content-Length: %d\r\n" % len(body) + more, body)

    async def _request(self, method: bytes, fields: bytes, body: bytes = b"") -> tuple[bytes, bytes]:
        start = b"%b %b HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n" % (method, self._target, self._port)
        self._writer.write(start + fields + b"\r\n" + body)
        async with asyncio.timeout(30):
            head = await self._reader.readuntil(b"\r\n\r\n")
            size = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
            return head, await self._reader.readexactly(size)


@pytest.mark.parametrize("kind", ["middleware", "subclass"])
async def test_nothing_around_the_application_is_passed_by(kind: str) -> None:
    """A middleware, even one that hands on attributes, and an overridden `__call__` see every request."""
    app: Any
    if kind == "middleware":
        app = Around(AsynctionSocketIO.from_spec(SPEC, handlers={"/": {"echo": echo}}))
    else:
        app = Overriding.from_spec(SPEC, handlers={"/": {"echo": echo}})
    async with session(app) as client:
        before = app.seen
        assert (await client.post(b'420["echo",1]'))[1] == b"ok"
        assert (await client.get())[1] == b"430[1]"
        assert app.seen == before + 2


async def test_an_application_by_itself_is_asked_without_asgi(monkeypatch: pytest.MonkeyPatch) -> None:
    """An event and what waits for its client pass by uvicorn's cycle; a poll that has to wait does not."""
    app = AsynctionSocketIO.from_spec(SPEC, handlers={"/": {"echo": echo}})
    async with session(app) as client:
        find, passed = app._targets.find, []

        def noting(scope: Any) -> Any:
            passed.append(scope)
            return find(scope)

        monkeypatch.setattr(app._targets, "find", noting)
        assert (await client.post(b'420["echo",1]'))[1] == b"ok"
        await until(lambda: all(s.outbox.frames for s in app.server.eio.sockets.values()))
        assert (await client.get())[1] == b"430[1]"
        held = asyncio.ensure_future(client.get())
        await until(lambda: all(s.outbox.poller for s in app.server.eio.sockets.values()))
        for sid in app.server.eio.sockets:
            await app.server.eio.send(sid, "4never")
        assert (await held)[1] == b"44never"
        assert len(passed) == 1


ORIGIN = b"Origin: http://friend.example\r\n"
DOUBT = b"Keep-Alive: 5\r\n"  # with it, uvicorn's cycle serves the same request


def admit(origin: str) -> bool:
    return origin == "http://friend.example"


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"cors_allowed_origins": "*"},
        {"cors_allowed_origins": []},
        {"cors_allowed_origins": ["http://friend.example"]},
        {"cors_allowed_origins": ["http://friend.example"], "cors_credentials": True},
        {"cors_allowed_origins": admit},
        {"compression_threshold": 10},
    ],
    ids=["own", "any", "unchecked", "listed", "credentials", "function", "compressed"],
)
@pytest.mark.parametrize(
    "fields",
    [
        b"",
        ORIGIN,
        ORIGIN.replace(b"friend", b"foe"),
        ORIGIN.replace(b"friend", b"FRIEND"),
        ORIGIN.replace(b"\r", b" \r"),
        ORIGIN + b"X-Forwarded-Proto: http\r\nX-Forwarded-Host: friend.example\r\n",
        b"Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\n",
        b"Sec-Fetch-Site:cross-site\t \r\nSec-Fetch-Mode:\t no-cors \r\n",
        b"Accept-Encoding: br;q=1.0, GZIP;q=0.8, gzip\r\n",
    ],
    ids=[
        "plain",
        "friend",
        "foe",
        "capitals",
        "space",
        "forwarded",
        "blind",
        "blind with spaces",
        "encodings",
    ],
)
async def test_answers_do_not_depend_on_who_gives_them(options: dict[str, Any], fields: bytes) -> None:
    """Status, headers and body of a POST and a poll are the same both ways, admitted or not."""
    app = AsynctionSocketIO.from_spec(SPEC, handlers={"/": {"echo": echo}}, **options)
    answers = []
    async with session(app) as client:
        for more in (fields, fields + DOUBT):
            posted = await client.post(b'420["echo","' + b"x" * 90 + b'"]', more)
            if b" 200 " in posted[0]:
                await until(lambda: all(s.outbox.frames for s in app.server.eio.sockets.values()))
            else:
                await app.server.eio.send(next(iter(app.server.eio.sockets)), "4x")
            polled = await client.get(more)
            if b" 200 " not in polled[0]:
                assert (await client.get())[0]
            answers.append([(DATE.sub(b"", head), body) for head, body in (posted, polled)])
    assert answers[0] == answers[1]


async def test_a_class_whose_call_is_replaced_is_not_passed_by(monkeypatch: pytest.MonkeyPatch) -> None:
    """What instruments the class sees every request."""
    original, seen = AsynctionSocketIO.__call__, []

    async def traced(app: Any, scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])
        await original(app, scope, receive, send)

    app = AsynctionSocketIO.from_spec(SPEC, handlers={"/": {"echo": echo}})
    monkeypatch.setattr(AsynctionSocketIO, "__call__", traced)
    async with session(app) as client:
        before = len(seen)
        await client.post(b'420["echo",1]')
        await client.get()
        assert len(seen) == before + 2


async def test_an_application_whose_call_has_no_hash_is_served() -> None:
    """A decorator of ``__call__`` may be any object, and every request reaches what is below it."""

    @dataclass
    class Decorated:
        function: Any

        def __get__(self, app: Any, cls: type | None = None) -> Any:
            return self if app is None else functools.partial(self.function, app)

    class Around:
        def __init__(self, app: Any) -> None:
            self.app = app

        @Decorated
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            await self.app(scope, receive, send)

    async with session(Around(AsynctionSocketIO.from_spec(SPEC, handlers={"/": {"echo": echo}}))) as client:
        assert (await client.post(b'420["echo",1]'))[1] == b"ok"
        assert (await client.get())[1] == b"430[1]"


async def test_who_counts_answers_sees_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """python-socketio's Admin UI replaces a method of the server, which is then asked for every answer."""
    app = AsynctionSocketIO.from_spec(SPEC, handlers={"/": {"echo": echo}})
    original, counted = app.server.eio._ok, []

    def count(*arguments: Any, **options: Any) -> Any:
        counted.append(arguments)
        return original(*arguments, **options)

    async with session(app) as client:
        monkeypatch.setattr(app.server.eio, "_ok", count)
        for number in range(3):
            assert (await client.post(b'420["echo",%d]' % number))[1] == b"ok"
            assert (await client.get())[1] == b"430[%d]" % number
    assert len(counted) == 6


async def test_another_handler_of_messages_gets_each() -> None:
    """An event for it is not taken, since it may take its time."""
    taken: list[str] = []

    async def take(_sid: str, message: str) -> None:
        taken.append(message)

    async with serve(ws=OWN) as stage:
        client = Raw(stage.url)
        await client.open()
        stage.server.eio.on("message", take)
        assert (await client.post(b'42["a"]'))[1] == b"ok"
        assert taken == ['2["a"]']
        await client.close()


async def test_what_clients_send_is_not_kept_with_answers() -> None:
    """Headers that repeat a client's are made anew for each."""
    async with serve(ws=OWN, cors_allowed_origins="*") as stage:
        client = Raw(stage.url)
        await client.open()
        before = encode_head.cache_info().currsize
        for number in range(5):
            await client.options(b"Access-Control-Request-Headers: x%d\r\nOrigin: http://x\r\n" % number)
        assert encode_head.cache_info().currsize == before
        await client.close()


async def test_a_connection_whose_body_came_late_is_closed_in_time() -> None:
    """Uvicorn stops its timer when the rest of a body comes that was answered early."""
    app = AsynctionSocketIO.from_spec(SPEC, handlers={"/": {"echo": echo}})
    async with serve_app(app, ws=OWN, timeout_keep_alive=1) as url:
        client = Raw(url)
        await client.open()
        await client.send_early(5_000_000)
        assert (await client.post(b'420["echo",1]'))[1] == b"ok"
        async with asyncio.timeout(30):
            assert await client.read_end() == b""
        await client.close()


async def test_a_connection_in_use_stays_open_and_an_idle_one_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Requests that are answered here count for uvicorn's ``timeout_keep_alive``."""
    app = AsynctionSocketIO.from_spec(SPEC, handlers={"/": {"echo": echo}})
    loop, ahead = asyncio.get_running_loop(), [0.0]
    now = loop.time
    monkeypatch.setattr(loop, "time", lambda: now() + sum(ahead))
    async with serve_app(app, ws=OWN, timeout_keep_alive=20) as url:
        client = Raw(url)
        await client.open()
        for _ in range(4):
            await client.post(b'420["echo",1]')
            await until(lambda: all(s.outbox.frames for s in app.server.eio.sockets.values()))
            await client.get()
            ahead.append(6.0)  # in which the client does something else
            await asyncio.sleep(0.01)
        async with asyncio.timeout(60):
            ahead.append(20.0)
            assert await client.read_end() == b""
        await client.close()
