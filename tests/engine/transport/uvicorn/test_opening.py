"""Handshakes that are answered without uvicorn's classes get what those would have answered."""

from __future__ import annotations

import asyncio
import gc
import logging
import random
import ssl
from typing import TYPE_CHECKING, Any

import pytest
from uvicorn.protocols.http.auto import AutoHTTPProtocol
from websockets.exceptions import InvalidHeaderValue

from asynction_asgi.engine.transport.uvicorn import answers, http
from asynction_asgi.engine.transport.uvicorn.opening import Opening, parse_opening
from tests.protocols import OWN, OWN_HTTP

from ...stage import serve_app
from .heads import HEAD, Outcome, mutate, run

if TYPE_CHECKING:
    from collections.abc import Sequence

GET = b"GET /plain HTTP/1.1\r\nHost: x\r\n\r\n"
DEFERRING = OWN_HTTP.replace("HttpProtocol", "DeferringHttpProtocol")
KINDS = (http.HttpProtocol, AutoHTTPProtocol)


async def both(chunks: Sequence[bytes], **options: Any) -> tuple[Outcome, Outcome]:
    """Return what our HTTP protocol makes of a client, and what uvicorn's does."""
    return await run(OWN_HTTP, chunks, ws=OWN, **options), await run("auto", chunks, ws=OWN, **options)


def test_an_opening_has_all_that_a_scope_needs() -> None:
    """The path stays escaped, names of headers are in lower case, and values have no space around them."""
    head = HEAD.replace(b"/chat/", b"/a%20b/").replace(
        b"Cookie:", b"Sec-WebSocket-Protocol: v1, v2\r\nCOOKIE:\t "
    )
    opening = parse_opening(head)
    assert opening is not None
    assert (opening.path, opening.query) == (b"/a%20b/socket.io/", b"EIO=4&transport=websocket")
    assert opening.headers[0] == (b"host", b"example.org:8000")
    assert opening.headers[-1] == (b"cookie", b"a=1; b=2")
    assert opening.subprotocols == ["v1", "v2"]
    assert opening.accept == b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="  # RFC 6455, 1.3
    assert not opening.extends


@pytest.mark.parametrize(
    ("part", "instead"),
    [
        (b"Connection: Upgrade", b"Connection: keep-alive, Upgrade"),
        (b"Connection: Upgrade", b"connection:upgrade"),
        (b"Upgrade: websocket", b"Upgrade: WebSocket"),
        (b"Cookie:", b"X: 1\r\nX: 2\r\nCookie:"),
        (b"Cookie: a=1; b=2", b"Cookie:"),
        (b"/chat/socket.io/?EIO=4&transport=websocket", b"/?a?b"),
    ],
)
async def test_usual_heads_are_answered_here(part: bytes, instead: bytes) -> None:
    """What browsers, proxies and clients send is not left to uvicorn, and gets the same."""
    head = HEAD.replace(part, instead)
    assert isinstance(parse_opening(head), Opening)
    ours, theirs = await both([head])
    assert ours == theirs
    assert ours.sent.startswith(b"HTTP/1.1 101 ")


@pytest.mark.parametrize(
    "head",
    [
        HEAD[:-1],
        HEAD + b"\x81\x80abcd",
        HEAD.replace(b"GET", b"POST"),
        HEAD.replace(b"HTTP/1.1", b"HTTP/1.0"),
        HEAD.replace(b"GET /", b"GET http://other/"),
        HEAD.replace(b"GET /chat", b"GET /\xc3\xa9"),
        HEAD.replace(b"\r\nCookie", b"\nCookie"),
        HEAD.replace(b"\r\nCookie", b"\r\n Cookie"),
        HEAD.replace(b"Cookie:", b"Cookie :"),
        HEAD.replace(b"a=1", b"a=\r1"),
        HEAD.replace(b"a=1", b"a=\xe9"),
        HEAD.replace(b"Host: example.org:8000\r\n", b""),
        HEAD.replace(b"Cookie", b"Host: other\r\nCookie"),
        HEAD.replace(b"Cookie", b"Upgrade: websocket\r\nCookie"),
        HEAD.replace(b"Connection: Upgrade", b"Connection: close, Upgrade"),
        HEAD.replace(b"Upgrade: websocket", b"Upgrade: websocket "),
        HEAD.replace(b"Upgrade: websocket", b"Upgrade: websocket\t"),
        HEAD.replace(b"Version: 13", b"Version: 8"),
        HEAD.replace(b"jZQ==", b"jZQ="),
        HEAD.replace(b"Cookie", b"Content-Length: 0\r\nCookie"),
        HEAD.replace(b"Cookie", b"Transfer-Encoding: chunked\r\nCookie"),
        HEAD.replace(b"Cookie", b"Sec-WebSocket-Protocol: a b\r\nCookie"),
        HEAD.replace(b"a=1", b"a=" + b"1" * 8000),
        HEAD.replace(b"Cookie", b"X: 1\r\n" * 120 + b"Cookie"),
    ],
    ids=lambda head: "",
)
async def test_doubtful_heads_are_left_to_uvicorn(head: bytes) -> None:
    """Whatever is unusual is answered by uvicorn's class, byte for byte as without ours."""
    assert parse_opening(head) is None
    ours, theirs = await both([head])
    assert ours == theirs


@pytest.mark.parametrize("seed", range(4))
async def test_random_heads_get_the_same(seed: int) -> None:
    """A head that is answered here gets the scope and the bytes that both parsers of uvicorn lead to."""
    chance = random.Random(seed)
    opened = 0
    for _ in range(60):
        head = mutate(HEAD, chance)
        ours, theirs = await both([head])
        assert ours == theirs, head
        if parse_opening(head) is not None:
            opened += 1
            assert ours == await run("h11", [head], ws=OWN), head
            assert ours.sent.startswith(b"HTTP/1.1 101 ")
    assert opened > 5


async def test_a_head_may_be_split_anywhere() -> None:
    """A head in two reads is uvicorn's, and gets the same as one that comes at once."""
    whole = await run(OWN_HTTP, [HEAD], ws=OWN)
    assert whole.sent.startswith(b"HTTP/1.1 101 ")
    for at in range(1, len(HEAD)):
        assert await run(OWN_HTTP, [HEAD[:at], HEAD[at:]], ws=OWN) == whole, at


@pytest.mark.parametrize(
    ("chunks", "options", "answer"),
    [
        ([HEAD], {"root_path": "/a b"}, b"101"),
        (
            [HEAD.replace(b"Cookie", b"X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: wss\r\nCookie")],
            {"forwarded_allow_ips": "*"},
            b"101",
        ),
        ([HEAD], {"limit_concurrency": 1}, b"101"),
        ([HEAD], {"headers": [("X-Server", "1")], "server_header": False}, b"101"),
        ([HEAD], {"ws": "none"}, b"200"),
        ([HEAD], {"ws": "wsproto"}, b"101"),
        ([GET, HEAD], {}, b"200"),
        (
            [HEAD.replace(b"Cookie", b"Sec-WebSocket-Extensions: permessage-deflate\r\nCookie")],
            {"ws_per_message_deflate": True},
            b"101",
        ),
        (
            [HEAD.replace(b"Cookie", b"Sec-WebSocket-Extensions: permessage-deflate\r\nCookie")],
            {"ws_per_message_deflate": False},
            b"101",
        ),
    ],
    ids=[
        "root path",
        "forwarded",
        "concurrency",
        "headers",
        "no WebSockets",
        "wsproto",
        "after a request",
        "compressed",
        "not compressed",
    ],
)
async def test_options_of_uvicorn_mean_the_same(
    chunks: list[bytes], options: dict[str, Any], answer: bytes
) -> None:
    """Options that change scopes, headers or parsers have the same effect."""
    options = {"ws": OWN, **options}
    ours, theirs = await run(OWN_HTTP, chunks, **options), await run("auto", chunks, **options)
    assert ours == theirs
    assert ours.sent[9:12] == answer


@pytest.mark.parametrize("level", [logging.DEBUG, logging.INFO], ids=["debug", "info"])
@pytest.mark.parametrize(
    ("path", "answer", "line"),
    [
        (b"/chat", b"101", "[accepted]"),
        (b"/refuse", b"403", "403"),
        (b"/deny", b"418", "418"),
        (b"/deny599", b"599", "599"),
    ],
    ids=["accepted", "refused", "denied", "unknown status"],
)
async def test_answers_and_their_lines_in_the_log_are_uvicorns(
    path: bytes, answer: bytes, line: str, level: int, caplog: pytest.LogCaptureFixture
) -> None:
    """An application's answer leads to the same bytes and the same lines, at any level."""
    caplog.set_level(level, "uvicorn.error")
    outcomes, lines = [], []
    for protocol in (OWN_HTTP, "auto"):
        caplog.clear()
        outcomes.append(await run(protocol, [HEAD.replace(b"/chat", path)], ws=OWN))
        lines.append([record.getMessage() for record in caplog.records if _is_said(record)])
    assert outcomes[0] == outcomes[1]
    assert outcomes[0].sent[9:12] == answer
    assert lines[0] == lines[1]
    assert any(entry.endswith(f'io/?EIO=4&transport=websocket" {line}') for entry in lines[0])


def _is_said(record: logging.LogRecord) -> bool:
    """Return whether a line is to be the same: uvicorn misses that a handshake was denied, and dates differ."""
    line = record.getMessage()
    return line != "ASGI callable returned without completing handshake." and not line.startswith("> Date:")


@pytest.mark.parametrize("protocol", [OWN_HTTP, DEFERRING], ids=["opening", "deferring"])
@pytest.mark.parametrize(
    ("chunks", "answers"),
    [
        ([], {b""}),
        ([b"GET"], {b"408"}),
        ([HEAD[:-2]], {b"408"}),
        ([GET[:-1]], {b"408"}),
        ([b"\r\n\r\n" + GET[:-2]], {b"408", b"400"}),  # h11 refuses it, httptools waits
    ],
    ids=["nothing", "half a line", "half a handshake", "half a request", "empty lines before"],
)
async def test_a_head_must_come_in_time(
    protocol: str, chunks: list[bytes], answers: set[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection without a whole head is closed, and one that has sent a part of it is told why."""
    monkeypatch.setattr(http, "_HEAD_SECONDS", 0.02)
    outcome = await run(protocol, chunks, ws=OWN, ends=False)
    assert outcome.sent[9:12] in answers


async def test_nothing_is_kept_of_clients_that_leave_within_their_head() -> None:
    """The time for a head that goes on keeps neither the connection nor what has come of the head."""
    gc.collect()
    before = sum(isinstance(thing, KINDS) for thing in gc.get_objects())
    for chunks in ([b"GET / HTTP/1.1\r\n"], [HEAD[:-2], b"\r\n"], [HEAD[:-2], b"bad\0\r\n\r\n"]):
        await run(OWN_HTTP, chunks, ws=OWN)
    gc.collect()
    assert sum(isinstance(thing, KINDS) for thing in gc.get_objects()) == before


async def test_clients_that_leave_within_their_head_are_not_logged(
    certificate: tuple[str, str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Over TLS, too, where a transport can't be asked for anything after its end."""
    monkeypatch.setattr(http, "_HEAD_SECONDS", 0.02)
    caplog.set_level(logging.ERROR)
    cert, key = certificate
    context = ssl.create_default_context(cafile=cert)
    async with serve_app(Outcome(), ws=OWN, ssl_certfile=cert, ssl_keyfile=key) as url:
        port = int(url.rpartition(":")[2])
        for end in (b"", b"bad\0\r\n\r\n"):
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", port, ssl=context, server_hostname="localhost"
            )
            writer.write(b"GET / HTTP/1.1\r\n")
            await asyncio.sleep(0)
            writer.write(end)
            if end:
                await reader.read()
            writer.close()
        await asyncio.sleep(0.06)
    assert not caplog.records


async def test_a_request_in_time_is_not_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time for a head does not end what has begun: a WebSocket, or a request over two reads."""
    loop = asyncio.get_running_loop()
    now, later = loop.time, 0.0

    def wait() -> None:
        nonlocal later
        later += 60.0

    monkeypatch.setattr(loop, "time", lambda: now() + later)
    for chunks in ([HEAD], [HEAD[:9], HEAD[9:]], [GET[:9], GET[9:]]):
        outcome = await run(OWN_HTTP, chunks, ws=OWN, meanwhile=wait)
        assert outcome.sent[9:12] in (b"101", b"200")
        assert b"408" not in outcome.sent


@pytest.mark.parametrize("value", ["a\r\nset-cookie: b=1", "a\nb", "a\0"])
def test_no_header_ends_its_line(value: str) -> None:
    """Whatever release of websockets is installed."""
    with pytest.raises(InvalidHeaderValue):
        answers.accept(b"proof", [], [(b"x", value.encode())], None)
    with pytest.raises(InvalidHeaderValue):
        answers.accept(b"proof", [], [], value)
    with pytest.raises(InvalidHeaderValue):
        answers.refuse(401, [("x", value)], b"")
