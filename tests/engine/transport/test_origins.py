"""Which pages are admitted, by their Origin and by the browser's Sec-Fetch headers."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from asynction_asgi.engine import create_server
from asynction_asgi.engine.transport.origins import Origins
from tests.cases import each_case

from ..stage import Script, WebSocketClient, serve

if TYPE_CHECKING:
    from collections.abc import Mapping

POLL = "/socket.io/?EIO=4&transport=polling"
ORIGIN = "https://app.example"
EVIL = "https://evil.example"


async def status(url: str, headers: Any) -> int:
    async with httpx.AsyncClient(base_url=url, trust_env=False) as http:
        return (await http.get(POLL, headers=headers)).status_code


async def opens_a_websocket(url: str, origin: str) -> bool:
    target = url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket"
    try:
        async with connect(target, proxy=None, origin=origin):  # type: ignore[arg-type]  # a NewType of str
            return True
    except InvalidStatus:
        return False


async def is_ours(origin: str) -> bool:
    return origin == ORIGIN


async def is_ours_by_environ(origin: str, environ: Mapping[str, Any]) -> bool:
    return origin == ORIGIN and environ["HTTP_ORIGIN"] == origin


class Ours:
    async def __call__(self, origin: str) -> bool:
        return origin == ORIGIN


@pytest.mark.parametrize(
    "option",
    [is_ours, is_ours_by_environ, functools.partial(is_ours), Ours()],
    ids=["function", "with the environ", "partial", "object"],
)
async def test_a_coroutine_function_is_awaited(option: Any) -> None:
    """A coroutine function's result decides on both transports, not the coroutine, which is truthy."""
    async with serve(cors_allowed_origins=option) as stage:
        assert await status(stage.url, {"origin": ORIGIN}) == 200
        assert await status(stage.url, {"origin": EVIL}) == 400
        assert await opens_a_websocket(stage.url, ORIGIN)
        assert not await opens_a_websocket(stage.url, EVIL)


def fails(origin: str) -> bool:
    raise TypeError(origin)


def yields(origin: str) -> Any:
    yield origin


@pytest.mark.parametrize(
    "option", [lambda _: "no", lambda _: 1, lambda _: object(), lambda _: None, yields, fails]
)
async def test_a_faulty_origin_function_admits_no_page(option: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Only True admits, and any other result or an exception is logged at intervals."""
    async with serve(cors_allowed_origins=option) as stage:
        for _ in range(3):
            assert await status(stage.url, {"origin": ORIGIN}) == 400
        assert await status(stage.url, {"origin": stage.url}) == 200
    errors = [record for record in caplog.records if record.levelname == "ERROR"]
    assert len(errors) == 1
    assert "the function cors_allowed_origins" in errors[0].getMessage()


async def test_the_log_names_a_refused_origin(caplog: pytest.LogCaptureFixture) -> None:
    """The line is limited in length and names the option that would admit the origin."""
    async with serve() as stage:
        await status(stage.url, {"origin": ORIGIN + "/" + "x" * 1000})
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert repr(ORIGIN)[:-1] in record.getMessage()
    assert "cors_allowed_origins" in record.getMessage()
    assert len(record.getMessage()) < 250


@pytest.mark.parametrize(
    ("site", "mode", "expected"),
    [
        ("cross-site", "no-cors", 400),
        ("cross-site", "navigate", 400),
        ("same-site", "no-cors", 400),
        ("same-origin", "cors", 200),
        ("same-origin", "no-cors", 200),
        ("none", "navigate", 200),
        ("cross-site", "cors", 200),
    ],
)
async def test_blind_requests_of_foreign_pages_are_refused(site: str, mode: str, expected: int) -> None:
    """Requests by <img>, <script> or frames, which send no Origin, are refused by their Sec-Fetch headers."""
    headers = {"sec-fetch-site": site, "sec-fetch-mode": mode, "cookie": "session=ada"}
    async with serve() as stage:
        assert await status(stage.url, headers) == expected
        assert len(stage.server.eio.sockets) == (expected == 200)


@pytest.mark.parametrize(
    "headers",
    [
        [(b"Origin", b"\xff")],
        [(b"Origin", b"null")],
        [(b"Origin", b"self"), (b"Origin", EVIL.encode())],
        [(b"Origin", EVIL.encode()), (b"X_Forwarded_Host", b"evil.example")],
    ],
    ids=["not text", "null", "repeated", "underscores"],
)
async def test_an_unclear_origin_is_refused(headers: list[tuple[bytes, bytes]]) -> None:
    """An unreadable or repeated Origin does not count as an absent one."""
    async with serve() as stage:
        sent = [(name, stage.url.encode() if value == b"self" else value) for name, value in headers]
        assert await status(stage.url, sent) == 400


async def test_the_own_origin_is_the_proxys() -> None:
    """The own origin follows the host and scheme that the proxy forwards."""
    forwarded = {"x-forwarded-host": "App.example", "x-forwarded-proto": "https, http"}
    async with serve(cors_allowed_origins=["https://front.example"]) as stage:
        assert await status(stage.url, {"origin": ORIGIN, **forwarded}) == 200
        assert await status(stage.url, {"origin": EVIL, **forwarded}) == 400
        lines = [(b"X-Forwarded-Host", b"app.example"), (b"X-Forwarded-Host", b"evil.example")]
        sent = [*lines, (b"X-Forwarded-Proto", b"https")]
        assert await status(stage.url, [*sent, (b"Origin", ORIGIN.encode())]) == 200
        assert await status(stage.url, [*sent, (b"Origin", EVIL.encode())]) == 400


async def test_any_origin_is_admitted_without_cookies(caplog: pytest.LogCaptureFixture) -> None:
    """With ``*``, a foreign page's WebSocket loses cookies and authorization, as CORS does not protect it.

    The log names both, and no value of theirs.
    """
    secrets = {"cookie": "session=of-ada", "authorization": "Basic YWRhOng=", "x-kept": "1"}
    async with serve(cors_allowed_origins="*") as stage:
        url = stage.url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket"
        for origin in (EVIL, stage.url, None):
            async with connect(url, proxy=None, origin=origin, additional_headers=secrets) as raw:  # type: ignore[arg-type]  # a NewType of str
                client = WebSocketClient(raw)
                await client.receive()
                await client.join()
        foreign, own, no_page = (peer.environ for peer in stage.script.peers)
        for environ in (own, no_page):
            assert environ["HTTP_COOKIE"] == "session=of-ada"
            assert environ["HTTP_AUTHORIZATION"] == "Basic YWRhOng="
        assert foreign["HTTP_X_KEPT"] == "1"
        assert not {"HTTP_COOKIE", "HTTP_AUTHORIZATION"} & foreign.keys()
        assert not {b"cookie", b"authorization"} & dict(foreign["asgi.scope"]["headers"]).keys()
    (record,) = caplog.records
    assert "left out the cookies and the Authorization header of a request" in record.getMessage()
    assert "cors_allowed_origins" in record.getMessage()
    assert "of-ada" not in caplog.text


CERTIFICATE = {"tls": {"client_cert_chain": ["-----BEGIN CERTIFICATE-----"]}}


@pytest.mark.parametrize(
    ("kind", "headers", "extensions", "left_out"),
    [
        ("http", {"cookie": "a=b", "authorization": "Basic YWRhOng="}, CERTIFICATE, "cookies"),
        ("http", {"authorization": "Basic YWRhOng="}, CERTIFICATE, None),
        ("websocket", {"authorization": "Basic YWRhOng="}, {}, "Authorization header"),
        ("websocket", {}, CERTIFICATE, "client certificate"),
        ("websocket", {}, {"tls": {"client_cert_chain": []}}, None),
        ("websocket", {"cookie": "a=b"}, CERTIFICATE, "cookies and the client certificate"),
    ],
)
def test_the_log_names_what_was_left_out_of_a_request(
    kind: str,
    headers: dict[str, str],
    extensions: dict[str, Any],
    left_out: str | None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """With ``*``, a foreign page's request loses cookies, and on WebSocket name, password and certificate too."""
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": kind, "headers": raw, "extensions": extensions}
    environ = {
        "HTTP_ORIGIN": EVIL,
        "wsgi.url_scheme": "https",
        "asgi.scope": scope,
        **{f"HTTP_{name.upper()}": value for name, value in headers.items()},
    }
    kept = Origins("*", credentials=False).without_ambient_credentials(environ)
    assert ("HTTP_AUTHORIZATION" in kept) == (kind == "http" and "authorization" in headers)
    assert "HTTP_COOKIE" not in kept
    assert ("tls" in kept["asgi.scope"]["extensions"]) == (kind == "http")
    lines = [record.getMessage() for record in caplog.records]
    assert [line.partition(" of a request")[0] for line in lines] == (
        [] if left_out is None else [f"left out the {left_out}"]
    )


@each_case(
    ("option", "error", "advice"),
    [
        (f"{ORIGIN}/", ValueError, f"use '{ORIGIN}'"),
        ([ORIGIN, "https://Front.example/path"], ValueError, "use 'https://front.example'"),
        (["localhost:3000"], ValueError, "use 'http://localhost:3000'"),
        (["127.0.0.1:3000"], ValueError, "use 'http://127.0.0.1:3000'"),
        (["[::1]:3000"], ValueError, "use 'http://[::1]:3000'"),
        (["localhost.example:3000"], ValueError, "use 'https://localhost.example:3000'"),
        (["https://*.example"], ValueError, "pass a function"),
        (f"{ORIGIN},{EVIL}", ValueError, "is not an origin"),
        ([7], TypeError, "int"),
        (True, TypeError, "bool"),
        (lambda: True, TypeError, "(origin, environ)"),
        (lambda a, b, c: True, TypeError, "(origin, environ)"),
    ],
    ids=[
        "slash",
        "path",
        "no scheme",
        "no scheme, IPv4",
        "no scheme, IPv6",
        "no scheme, elsewhere",
        "glob",
        "commas",
        "number",
        "flag",
        "no parameter",
        "three parameters",
    ],
)
def test_an_unusable_origin_option_is_refused(option: Any, error: type[Exception], advice: str) -> None:
    """The error at start-up says what to write instead."""
    with pytest.raises(error) as raised:
        create_server(Script(), cors_allowed_origins=option)
    assert advice in str(raised.value)


@each_case("option", [None, "*", [], ORIGIN, ["capacitor://localhost", "null"], {ORIGIN}])
def test_a_usable_origin_option_is_accepted(option: Any) -> None:
    """Origins of applications with their own scheme are accepted, too."""
    create_server(Script(), cors_allowed_origins=option)
