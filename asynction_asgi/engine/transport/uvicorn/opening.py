"""Plain WebSocket handshakes, read in one step.

Nothing here answers a client. A head that is unusual in any way is left to uvicorn's own classes, which read
it, refuse it or wait for the rest of it.
"""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha1
from typing import NamedTuple

# RFC 9110, 5.6.2; RFC 3986, 3.3 and 3.4: other characters need an escape, which not all clients know.
TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
CHARACTERS = rb"0-9A-Za-z\-._~!$&'()*+,;=:@/"  # without the mark of an escape
_HEAD = re.compile(
    rb"GET (/[%" + CHARACTERS + rb"]*)(?:\?([%" + CHARACTERS + rb"?]*))? HTTP/1\.1\r\n"
    rb"((?:" + TOKEN + rb":[\t\x20-\x7e]*\r\n)+)\r\n"
)
_FIELD = re.compile(rb"([^:]+):[\t ]*([^\r]*)\r\n")  # of a block that the above has taken
_HOST = re.compile(rb"[0-9A-Za-z\-._:\[\]]+")
_KEY = re.compile(rb"[0-9A-Za-z+/]{22}==")
_TOKENS = re.compile(TOKEN + rb"(?:, ?" + TOKEN + rb")*")
# In bytes, and a number: parsers that would read the head have limits of their own, which are larger.
_MOST_HEAD, _MOST_LINE, MOST_FIELDS = 64 * 1024, 8000, 100
_CONNECTION = frozenset((b"upgrade", b"keep-alive, upgrade", b"upgrade, keep-alive", b"keep-alive,upgrade"))
# Fields that say that more follows the head or that something else is asked for.
_DOUBTFUL = frozenset(
    (b"content-length", b"transfer-encoding", b"expect", b"proxy-connection", b"te", b"trailer")
)
# What uvicorn's ProxyHeadersMiddleware reads, or may read one day.
FORWARDED = frozenset(
    (
        *(b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-port", b"x-forwarded-prefix"),
        *(b"x-forwarded-proto", b"x-forwarded-scheme", b"x-forwarded-ssl", b"x-real-ip"),
    )
)
# Parsers differ in which of several they take.
_SINGLE = (
    *(b"host", b"connection", b"upgrade", b"origin"),
    *(b"sec-websocket-key", b"sec-websocket-version", b"sec-websocket-protocol"),
)
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3


class Opening(NamedTuple):
    """What a client asks for by its handshake.

    Attributes:
        path: Still escaped.
        query: What follows the question mark.
        headers: In order; the names in lower case.
        subprotocols: In order of preference.
        accept: The value that proves that its key was read (RFC 6455, 4.2.2).
        extends: Whether it offers extensions, such as compression.
        forwarded: Whether a proxy may speak for the client.
    """

    path: bytes
    query: bytes
    headers: list[tuple[bytes, bytes]]
    subprotocols: list[str]
    accept: bytes
    extends: bool
    forwarded: bool


def parse_opening(head: bytes) -> Opening | None:
    """Parse a head that is a WebSocket handshake, whole and unmistakable; return None in any doubt.

    Args:
        head: Everything that has come of the client.
    """
    if b"pgrade" not in head and b"PGRADE" not in head:
        return None  # an ordinary request, which pays for nothing else
    if len(head) > _MOST_HEAD or (match := _HEAD.fullmatch(head)) is None:
        return None
    path, query, block = match.groups()
    if b" \r\n" in block or b"\t\r\n" in block:
        return None  # parsers differ in whether white space behind a value belongs to it
    if len(head) > _MOST_LINE and max(map(len, head.split(b"\r\n"))) > _MOST_LINE:
        return None
    headers = [(name.lower(), value) for name, value in _FIELD.findall(block)]
    if len(headers) > MOST_FIELDS:
        return None
    fields = dict(headers)
    if len(fields) < len(headers):
        names = [name for name, _ in headers]
        if any(names.count(name) > 1 for name in _SINGLE):
            return None
    key = fields.get(b"sec-websocket-key", b"")
    protocols = fields.get(b"sec-websocket-protocol")
    if (
        not _DOUBTFUL.isdisjoint(fields)
        or fields.get(b"upgrade", b"").lower() != b"websocket"
        or fields.get(b"connection", b"").lower() not in _CONNECTION
        or fields.get(b"sec-websocket-version") != b"13"
        or not _KEY.fullmatch(key)
        or not _HOST.fullmatch(fields.get(b"host", b""))
        or (protocols is not None and not _TOKENS.fullmatch(protocols))
    ):
        return None
    return Opening(
        path=path,
        query=query or b"",
        headers=headers,
        subprotocols=[] if protocols is None else [name.strip() for name in protocols.decode().split(",")],
        accept=b64encode(sha1(key + _GUID, usedforsecurity=False).digest()),
        extends=b"sec-websocket-extensions" in fields,
        forwarded=not FORWARDED.isdisjoint(fields),
    )
