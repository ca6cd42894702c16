"""Requests of long-polling, read in one step.

As with handshakes, a request that is unusual in any way is left to uvicorn's own classes.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from .opening import CHARACTERS, FORWARDED, MOST_FIELDS, TOKEN

_HEAD = re.compile(
    rb"(GET|POST) (/[" + CHARACTERS + rb"]*+)\?([%" + CHARACTERS + rb"?]*+) HTTP/1\.1\r\n"
    rb"((?:" + TOKEN + rb":[\t\x20-\x7e]*+\r\n)+)\r\n"
)
# In bytes; the most that a line of a handshake may have.
_MOST_HEAD = 8000
READ = (
    *(b"host", b"connection", b"content-length", b"accept-encoding"),
    *(b"origin", b"sec-fetch-site", b"sec-fetch-mode"),
)
# Fields that ask for something else, or say that the body is not what it seems to be.
_DOUBTFUL = frozenset(
    (
        *(b"transfer-encoding", b"content-encoding", b"expect", b"upgrade", b"te", b"trailer"),
        *(b"proxy-connection", b"keep-alive", b"http2-settings"),
    )
)
# Of a block that the first pattern has taken.
_FIELD = re.compile(rb"\n((?i:" + b"|".join((*READ, *_DOUBTFUL, *FORWARDED)) + rb")):[\t ]*([^\r]*)")


class Request(NamedTuple):
    """What a client asks for.

    Attributes:
        method: ``GET`` or ``POST``.
        path: Without escapes.
        query: What follows the question mark.
        fields: The values of the headers that are read anywhere, by their names in lower case.
        body: The whole of it.
    """

    method: str
    path: str
    query: bytes
    fields: dict[bytes, bytes]
    body: bytes

    @property
    def is_forwarded(self) -> bool:
        """Whether a proxy may speak for the client."""
        return not FORWARDED.isdisjoint(self.fields)


def parse_request(data: bytes) -> Request | None:
    """Parse a request that is whole and unmistakable, with nothing behind it; return None in any doubt.

    Args:
        data: What has come of the client since its last request.
    """
    match = _HEAD.match(data, 0, _MOST_HEAD)
    if match is None:
        return None
    method, path, query, block = match.groups()
    headers = _FIELD.findall(b"\n" + block)
    fields = {name.lower(): value for name, value in headers}
    # Parsers differ in which of several they take, and in whether white space behind a value belongs to it.
    if len(fields) < len(headers) or any(value[-1:] in b" \t" for value in fields.values()):
        return None
    if not _DOUBTFUL.isdisjoint(fields) or block.count(b"\n") > MOST_FIELDS:
        return None
    body = data[match.end() :]
    if fields.get(b"content-length") != (None if method == b"GET" else b"%d" % len(body)):
        return None
    if method == b"GET" and body:
        return None
    if b"host" not in fields or fields.get(b"connection", b"keep-alive").lower() != b"keep-alive":
        return None
    return Request(method.decode(), path.decode(), query, fields, body)
