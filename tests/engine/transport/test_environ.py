"""The environ of a request, which is made when something looks at it."""

from __future__ import annotations

import copy
import json
import operator
from typing import TYPE_CHECKING, Any

import pytest

from asynction_asgi.engine.transport.environ import Environ
from tests.cases import each_case
from tests.protocols import OWN

from ..stage import serve

if TYPE_CHECKING:
    from collections.abc import Callable

HEADERS = [
    (b"host", b"chat.example:8000"),
    (b"x-token", b"one"),
    (b"x-token", "ż".encode()),
    (b"cookie", b"a=1"),
    (b"cookie", b"b=2"),
    (b"x_token", b"forged"),
    (b"x-bad", b"\xff"),
    (b"content-type", b"text/plain"),
    (b"Sec-Fetch-Site", b"same-origin"),
]
EXPECTED = {
    "wsgi.url_scheme": "https",
    "REQUEST_METHOD": "GET",
    "QUERY_STRING": "EIO=4",
    "RAW_URI": "/socket.io/?EIO=4",
    "PATH_INFO": "/socket.io/",
    "REMOTE_ADDR": "10.0.0.9",
    "REMOTE_PORT": "7",
    "SERVER_NAME": "chat.example",
    "SERVER_PORT": "443",
    "HTTP_HOST": "chat.example:8000",
    "HTTP_X_TOKEN": "one,ż",
    "HTTP_COOKIE": "a=1; b=2",
    "HTTP_SEC_FETCH_SITE": "same-origin",
    "HTTP_CONNECTION": "upgrade",
    "HTTP_UPGRADE": "websocket",
    "CONTENT_TYPE": "text/plain",
}
ABSENT = ["HTTP_ORIGIN", "HTTP_X_BAD", "HTTP_CONTENT_TYPE", "HTTP_x_token", "nothing", 7]


def made() -> Environ:
    """Return an environ that nothing has looked at."""
    scope = {
        "type": "websocket",
        "scheme": "wss",
        "path": "/socket.io/",
        "query_string": b"EIO=4",
        "headers": HEADERS,
        "client": ("10.0.0.9", 7),
        "server": ("chat.example", 443),
    }
    return Environ(scope, None, None)  # type: ignore[arg-type]  # not called


def whole() -> dict[str, Any]:
    """Return all that an environ holds, as a plain dict."""
    return dict(made())


@each_case("key", [*EXPECTED, *ABSENT])
def test_each_key_is_there_when_looked_at(key: Any) -> None:
    """Whichever is looked at first, in any way, is the same as in the whole."""
    value = EXPECTED.get(key)
    assert (key in made(), made().get(key), made().get(key, "other")) == (
        key in EXPECTED,
        value,
        EXPECTED.get(key, "other"),
    )
    assert whole().get(key) == value
    if key in EXPECTED:
        assert made()[key] == value
    else:
        with pytest.raises(KeyError):
            made()[key]


def changed(change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return what is left after a change, beside its result."""
    return lambda environ: (change(environ), {**environ})


USES: dict[str, Callable[[Any], Any]] = {
    "dict()": dict,
    "**": lambda environ: {**environ, "a": 1},
    "keyword arguments": lambda environ: dict(**environ),
    "list": list,
    "reversed": lambda environ: list(reversed(environ)),
    "len": len,
    "repr": lambda environ: "HTTP_COOKIE" in repr(environ),
    "keys": lambda environ: set(environ.keys()),
    "values": lambda environ: len(environ.values()),
    "items": lambda environ: dict(environ.items()),
    "==": lambda environ: (environ == whole(), operator.eq(whole(), environ), environ == {}),
    "!=": lambda environ: (environ != whole(), operator.ne(whole(), environ), environ != {}),
    "|": lambda environ: environ | {"HTTP_COOKIE": "other"},
    "other |": lambda environ: {"HTTP_COOKIE": "other", "a": 1} | environ,
    "|=": changed(lambda environ: environ.__ior__({"HTTP_COOKIE": "other"}) and None),
    "update": changed(lambda environ: environ.update(HTTP_COOKIE="other", a=1)),
    "set": changed(lambda environ: environ.__setitem__("HTTP_COOKIE", "other")),
    "set a number": lambda environ: (environ.__setitem__(1, 2), 1 in environ, 2 in environ),
    "delete": changed(lambda environ: environ.__delitem__("HTTP_COOKIE")),
    "pop": changed(lambda environ: (environ.pop("HTTP_COOKIE"), environ.pop("nothing", 1))),
    "popitem": lambda environ: len(environ.popitem()),
    "setdefault": changed(lambda environ: (environ.setdefault("PATH_INFO", 1), environ.setdefault("a", 1))),
    "clear": changed(lambda environ: environ.clear()),
    "copy": lambda environ: environ.copy(),
    "copy.copy": copy.copy,
    "json": lambda environ: json.dumps(environ, default=repr, sort_keys=True),
    "is a dict": lambda environ: isinstance(environ, dict),
}


@each_case("use", USES.values(), ids=USES)
def test_it_is_a_dict_in_every_use(use: Callable[[Any], Any]) -> None:
    """Each way to use it has the result that it has with a plain dict of the same keys."""
    expected = use(whole())
    found = use(made())
    if isinstance(found, list):
        assert sorted(found) == sorted(expected)
    else:
        assert found == expected
    assert not isinstance(copy.copy(made()), Environ)


async def test_a_client_that_only_connects_needs_no_environ() -> None:
    """Neither python-engineio, the check of origins nor this package looks at it as a whole; handlers may."""
    async with serve(ws=OWN) as stage, stage.client(auth={"token": "x"}) as client:
        assert await client.ask('421["a",1]') == [1]
        (peer,) = stage.script.peers
        assert isinstance(peer.environ, Environ)
        assert dict.__len__(peer.environ) < 12
        assert peer.environ["REMOTE_ADDR"] == "127.0.0.1"
        assert stage.server.get_environ(peer.sid) is peer.environ
