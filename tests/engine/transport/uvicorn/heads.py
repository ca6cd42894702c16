"""What an HTTP protocol of uvicorn's does with the bytes of a client, on a real transport."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.server import ServerState

from ...stage import until

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence

HEAD = (
    b"GET /chat/socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: example.org:8000\r\n"
    b"User-Agent: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nOrigin: http://example.org\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    b"Cookie: a=1; b=2\r\n\r\n"
)
_DATES = re.compile(rb"(?i)date: [^\r]*")


@dataclass
class Outcome:
    """What a protocol has made of a client's bytes.

    Attributes:
        scopes: Of the requests that the application got.
        events: What it received.
        sent: Everything that was sent, without dates.
    """

    scopes: list[dict[str, Any]] = field(default_factory=list)
    events: list[Any] = field(default_factory=list)
    sent: bytes = b""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve as the application: accept WebSockets with a header, and answer requests."""
        self.scopes.append(dict(scope))
        if scope["type"] == "http":
            while (await receive()).get("more_body"):
                pass
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
            await send({"type": "http.response.body", "body": b"ok"})
            return
        self.events.append(await receive())
        if b"refuse" in scope["raw_path"]:
            await send({"type": "websocket.close", "code": 4000})
            return
        if b"deny" in scope["raw_path"]:
            status = 599 if b"599" in scope["raw_path"] else 418
            headers = [(b"X-Why", b"t")]
            await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
            with contextlib.suppress(RuntimeError):  # it is ignored
                await send({"type": "websocket.send", "text": "early"})
            await send({"type": "websocket.http.response.body", "body": b"no", "more_body": True})
            await send({"type": "websocket.http.response.body", "body": b"thing"})
            return
        subprotocol = next(iter(scope["subprotocols"]), None)
        headers = [(b"X-More", b"1"), (b"set-cookie", b"c=\xe9")]
        await send({"type": "websocket.accept", "subprotocol": subprotocol, "headers": headers})
        while (event := await receive())["type"] == "websocket.receive":
            self.events.append(event)
            await send({**event, "type": "websocket.send"})
        self.events.append(event)


async def run(
    http: str,
    chunks: Sequence[bytes],
    *,
    ends: bool = True,
    meanwhile: Callable[[], None] = lambda: None,
    outcome: Outcome | None = None,
    **options: Any,
) -> Outcome:
    """Connect a client to an HTTP protocol of uvicorn's until the server has closed the connection.

    Args:
        http: The protocol.
        chunks: What the client sends, each in a read of its own.
        ends: Whether the client then ends its side of the connection.
        meanwhile: Is called before it does.
        outcome: The application, where it is not the usual one.
        options: Of uvicorn.
    """
    outcome = outcome or Outcome()
    options = {"ws_per_message_deflate": False, "root_path": "/root", **options}
    config = uvicorn.Config(outcome, http=http, log_config=None, lifespan="off", **options)
    config.load()
    state = ServerState()
    state.default_headers = [(b"date", b"then"), *config.encoded_headers]
    loop = asyncio.get_running_loop()
    ours, theirs = socket.socketpair()
    with theirs:
        theirs.setblocking(False)
        protocol: Any = config.http_protocol_class
        await loop.connect_accepted_socket(lambda: protocol(config, state, {"x": 1}, loop), ours)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for chunk in chunks:
                theirs.send(chunk)
                for _ in range(3):  # the loop looks at the socket once in each turn
                    await asyncio.sleep(0)
        meanwhile()
        for _ in range(3):
            await asyncio.sleep(0)
        if ends:
            with contextlib.suppress(OSError):  # the server may have closed it
                theirs.shutdown(socket.SHUT_WR)
        await until(lambda: not state.connections and not state.tasks, "the end of the connection")
        with contextlib.suppress(BlockingIOError, ConnectionResetError):
            while data := theirs.recv(65536):
                outcome.sent += data
    outcome.sent = _DATES.sub(b"date: then", outcome.sent)
    return outcome


def mutate(head: bytes, chance: random.Random) -> bytes:
    """Return a head that differs in a few places, from harmless to malformed."""
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        head = chance.choice(_MUTATIONS)(head, chance)
    return head


def _replace_byte(head: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(head))
    return head[:at] + bytes([chance.randrange(256)]) + head[at + 1 :]


def _insert(head: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(head))
    return head[:at] + chance.choice(_SNIPPETS) + head[at:]


def _delete(head: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(head))
    return head[:at] + head[at + chance.choice((1, 1, 2, 10)) :]


def _double_line(head: bytes, chance: random.Random) -> bytes:
    lines = head.split(b"\r\n")
    at = chance.randrange(len(lines))
    lines.insert(chance.randrange(1, len(lines)), lines[at])
    return b"\r\n".join(lines)


def _drop_line(head: bytes, chance: random.Random) -> bytes:
    lines = head.split(b"\r\n")
    del lines[chance.randrange(len(lines))]
    return b"\r\n".join(lines)


def _swap_lines(head: bytes, chance: random.Random) -> bytes:
    lines = head.split(b"\r\n")
    first, second = chance.randrange(1, max(2, len(lines) - 2)), chance.randrange(1, max(2, len(lines) - 2))
    if max(first, second) < len(lines):
        lines[first], lines[second] = lines[second], lines[first]
    return b"\r\n".join(lines)


def _add_line(head: bytes, chance: random.Random) -> bytes:
    start, end, rest = head.partition(b"\r\n")
    return start + end + chance.choice(_LINES) + b"\r\n" + rest


def _set_value(head: bytes, chance: random.Random) -> bytes:
    name = chance.choice((*_VALUES,))
    lines = head.split(b"\r\n")
    for at, line in enumerate(lines):
        if line.lower().startswith(name.lower() + b":"):
            lines[at] = name + chance.choice((b":", b": ", b":\t ")) + chance.choice(_VALUES[name])
    return b"\r\n".join(lines)


def _set_start(head: bytes, chance: random.Random) -> bytes:
    return chance.choice(_STARTS) + b"\r\n" + head.partition(b"\r\n")[2]


def _append(head: bytes, chance: random.Random) -> bytes:
    return head + chance.choice(_BEHIND)


def _change_case(head: bytes, chance: random.Random) -> bytes:
    start, end, rest = head.partition(b"\r\n")
    return (
        start
        + end
        + (
            rest.swapcase()
            if chance.random() < 0.3
            else rest.lower().replace(b"dghlihnhbxbszsbub25jzq", b"dGhlIHNhbXBsZSBub25jZQ")
        )
    )


_MUTATIONS = (
    *(_replace_byte, _insert, _delete, _double_line, _drop_line, _swap_lines, _add_line, _add_line),
    *(_set_value, _set_value, _set_value, _set_start, _set_start, _append, _change_case),
)
_SNIPPETS = (
    *(b"\r", b"\n", b"\r\n", b"\r\n ", b"\r\n\t", b"\0", b"\x7f", b"\x80", b"\xff", b" ", b"\t", b":", b","),
    *(
        b"%",
        b"%2F",
        b"%00",
        b"%zz",
        b"?",
        b"#",
        b"//",
        b"\xc3\xa9",
        b"\x0b",
        b"\x0c",
        b'"',
        b"{}",
        b"[]",
        b"|",
    ),
)
_LINES = (
    *(b"Content-Length: 0", b"Content-Length: 5", b"Transfer-Encoding: chunked", b"Expect: 100-continue"),
    *(b"X: " + b"x" * 7000, b"X: " + b"x" * 9000, b"X-Empty:", b"X-Tab:\ta\t", b"X_Under: 1", b"X-Space : 1"),
    *(
        b" folded",
        b"\tfolded",
        b"X-High: \xe9",
        b"X-Utf8: \xc3\xa9",
        b"X-Null: \0",
        b": nameless",
        b"nocolon",
    ),
    *(b"Sec-WebSocket-Protocol: chat", b"Sec-WebSocket-Protocol: a, b ,c", b"Sec-WebSocket-Protocol: a,,b"),
    *(b"Sec-WebSocket-Protocol: a b", b"Sec-WebSocket-Protocol:", b"Sec-WebSocket-Protocol: a,b, c"),
    *(b"Sec-WebSocket-Extensions: permessage-deflate", b"Sec-WebSocket-Extensions: ;;", b"Origin: x"),
    *(b"Connection: close", b"Connection: keep-alive", b"Upgrade: h2c", b"Host: other", b"Keep-Alive: 5"),
    *(b"X-Forwarded-For: 1.2.3.4", b"X-Forwarded-Proto: wss", b"Proxy-Connection: close", b"TE: trailers"),
    *(b"Trailer: x", b"HTTP2-Settings: AAMAAABk", b"X: 1\r\nX: 2\r\nx: 3", b"A: 1\r\n" * 80 + b"B: 2"),
    *(
        b"A: 1\r\n" * 140 + b"B: 2",
        b"Authorization: Basic eDp5",
        b'X-Quote: "\\"',
        b"Sec-WebSocket-Version: 8",
    ),
)
_VALUES = {
    b"Host": (b"", b"x", b"x y", b"[::1]:80", b"x,y", b"user@x", b"x\\y", b"\xe9", b"*"),
    b"Upgrade": (b"WebSocket", b"websocket,", b"websocket, h2c", b"h2c", b"", b"websocket/13", b"web socket"),
    b"Connection": (
        *(b"upgrade", b"keep-alive, Upgrade", b"Upgrade, Keep-Alive", b"Upgrade,", b",Upgrade", b"close"),
        *(
            b"close, Upgrade",
            b"Upgrade; x",
            b"up grade",
            b"",
            b"keep-alive,Upgrade",
            b"UPGRADE",
            b"Upgrade\t",
        ),
    ),
    b"Sec-WebSocket-Key": (
        *(b"", b"dGhlIHNhbXBsZSBub25jZQ=", b"dGhlIHNhbXBsZSBub25jZQ", b"dGhlIHNhbXBsZSBub25jZR=="),
        *(b"dGhlIHNhbXBsZSBub25j", b"dGhl IHNhbXBsZSBub25jZQ==", b"dGhlIHNhbXBsZSBub25j_Q==", b"===="),
        b"AAAAAAAAAAAAAAAAAAAAAA==",
    ),
    b"Sec-WebSocket-Version": (b"8", b"13 ", b"013", b"13, 8", b"", b"1 3", b"\xc2\xb93"),
    b"Origin": (b"null", b"", b"a b", b"http://\xe9"),
    b"Cookie": (b"", b"a=\xc3\xa9", b"a=1; " * 900, b"a=1; " * 1700),
}
_STARTS = tuple(
    method + target + version
    for method, target, version in (
        *(
            (b"GET ", target, b" HTTP/1.1")
            for target in (
                *(
                    b"/",
                    b"/?",
                    b"/?a?b",
                    b"/a%20b?x=%20",
                    b"/%C3%A9",
                    b"/%ff",
                    b"/a/../b",
                    b"//x/y",
                    b"/;a=b?c;d",
                ),
                *(
                    b"http://other/a?b",
                    b"*",
                    b"",
                    b"a",
                    b"?x",
                    b"/#f",
                    b"/a#f?x",
                    b"/\xc3\xa9",
                    b"/a b",
                    b"/\t",
                ),
                *(
                    b"/a|b",
                    b'/"',
                    b"/{a}?[b]",
                    b"/a\\b",
                    b"/^`",
                    b"/" + b"x" * 7990,
                    b"/?" + b"y" * 8200,
                    b"/~:@!$&'()*+,;=",
                ),
                *(b"ws://other/a", b"other:80", b"/%", b"/%2", b"/%00"),
            )
        ),
        *(
            (b"GET ", b"/", version)
            for version in (
                *(
                    b" HTTP/1.0",
                    b" HTTP/2.0",
                    b" HTTP/0.9",
                    b"",
                    b" http/1.1",
                    b" HTTP/1.1 ",
                    b"  HTTP/1.1",
                    b" HTTP/1.10",
                ),
                b"\tHTTP/1.1",
            )
        ),
        *(
            (method, b"/", b" HTTP/1.1")
            for method in (
                *(
                    b"POST ",
                    b"HEAD ",
                    b"OPTIONS ",
                    b"CONNECT ",
                    b"get ",
                    b"GET  ",
                    b" GET ",
                    b"",
                    b"G\xc3\x8bT ",
                    b"PRI ",
                ),
                b"\r\nGET ",
            )
        ),
    )
)
_BEHIND = (
    b"x",
    b"\r\n",
    b"\x81\x80abcd",
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"\x88\x82\0\0\0\0\x03\xe8",
    b"\n",
)
