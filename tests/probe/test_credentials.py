"""What becomes of the user's credentials: changed to find open doors, and never printed."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import pytest
import socketio

from asynction_asgi import AsynctionSocketIO

from ..serving import serve
from .conftest import codes, pasted, report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

HEAD = """\
asyncapi: 2.6.0
info: {title: Guarded, version: 1.0.0}
"""
COUNT = "    publish: {message: {name: count, payload: {type: integer}, x-ack: {args: {type: integer}}}}\n"
QUICK = ("--examples", "1", "--phase", "faults")


def admitting(admits: Callable[[Any], bool]) -> Any:
    """Serve a server that looks at nothing but whether it admits an auth object."""
    server = socketio.AsyncServer(async_mode="asgi", logger=False)

    async def every(_event: str, _sid: str, *_: Any) -> int:
        return 0

    async def connect(_sid: str, _environ: Any, auth: Any = None) -> bool:
        return admits(auth)

    server.on("connect", connect)
    server.on("*", every)
    return serve(socketio.ASGIApp(server))


@pytest.fixture(scope="module")
def open_url() -> Iterator[str]:
    """The address of a server that admits every client."""
    with admitting(lambda _: True) as url:
        yield url


def written(folder: Path, text: str) -> Path:
    path = folder / "guarded.yaml"
    path.write_text(HEAD + text, "utf-8")
    return path


def test_credentials_are_not_printed_in_any_form(open_url: str, tmp_path: Path) -> None:
    """Headers in another case, numbers and members of lists stand as variables in every line."""
    demands = "{type: object, required: [x-page], properties: {x-page: {type: integer}}}"
    spec = written(tmp_path, f"channels:\n  /:\n    bindings: {{ws: {{headers: {demands}}}}}\n{COUNT}")
    presented = (
        "-H",
        "Authorization: Bearer S3",
        "--auth",
        '{"pin": 271828, "tokens": ["S1", {"deep": "S2"}]}',
    )
    body = report(open_url, *QUICK, *presented, spec=spec, code=1)
    assert {code for code, _, _ in codes(body)} == {"INVALID_ACCEPTED", "OPEN_DOOR"}
    for secret in ("S1", "S2", "S3", "271828"):
        assert secret not in str(body)
    assert body["variables"].keys() == {
        "HEADER_AUTHORIZATION",
        "AUTH_PIN",
        "AUTH_TOKENS_0",
        "AUTH_TOKENS_1_DEEP",
    }
    words = shlex.split(
        next(finding["try"] for finding in body["findings"] if finding["code"] == "INVALID_ACCEPTED")
    )
    assert '{"pin": $AUTH_PIN, "tokens": ["$AUTH_TOKENS_0", {"deep": "$AUTH_TOKENS_1_DEEP"}]}' in words
    assert any(word.startswith("x-page: ") and "$" not in word for word in words)


def test_a_door_without_the_credentials_of_the_url_has_none_in_its_line(
    open_url: str, tmp_path: Path
) -> None:
    """The line of a door leaves out user and password of the URL, and other lines have them in a variable."""
    spec = written(
        tmp_path,
        "channels:\n  /:\n    x-security: [{basic: []}]\n"
        f"{COUNT}components: {{securitySchemes: {{basic: {{type: http, scheme: basic}}}}}}\n",
    )
    url = open_url.replace("://", "://ada:S4@")
    body = report(url, *QUICK, spec=spec, code=1)
    assert "S4" not in str(body)
    lines = {finding["code"]: finding["try"] for finding in body["findings"]}
    assert lines["OPEN_DOOR"] == f"asynction-asgi listen {open_url} --seconds 1"
    assert '://"$URL_CREDENTIALS"@' in lines["INVALID_ACCEPTED"]
    assert "connected to /" in pasted(lines["OPEN_DOOR"], {})


COOKIE = """\
channels:
  /:
    x-security: [{session: [], word: []}]
%scomponents:
  securitySchemes:
    session: {type: httpApiKey, in: cookie, name: session}
    word: {type: http, scheme: bearer, x-authField: word}
"""
COOKIES = (
    *("-H", "cookie: session = S8; theme=S7;", "-H", "Authorization: Bearer S9"),
    *("--auth", '{"word": "correct horse"}'),
)


def test_only_the_credential_of_a_scheme_is_changed(tmp_path: Path) -> None:
    """Other cookies stay and are not printed, and only ``Authorization`` keeps its first word."""
    with admitting(bool) as url:
        body = report(url, *QUICK, *COOKIES, spec=written(tmp_path, COOKIE % COUNT), code=1)
    assert not [secret for secret in ("S7", "S8", "S9", "correct", "horse") if secret in str(body)]
    (line,) = (finding["try"] for finding in body["findings"] if finding["code"] == "OPEN_DOOR")
    wrong = "not-a-valid-credential"
    assert {
        f"cookie: session={wrong}; theme=$COOKIE_THEME",
        f"Authorization: Bearer {wrong}",
        f'{{"word": "{wrong}"}}',
    } <= set(shlex.split(line))


def test_wrong_cookies_are_refused_by_our_server(tmp_path: Path) -> None:
    """A server that reads one of several cookies and refuses a wrong one has no open door."""
    spec = written(tmp_path, COOKIE.replace(", word: []", "") % COUNT)
    app = AsynctionSocketIO.from_spec(
        spec,
        handlers={"/": {"count": lambda number: number}},
        security_handlers={"session": lambda key: {"uid": "ada"} if key == "S8" else None},
    )
    with serve(app) as url:
        assert codes(report(url, *QUICK, *COOKIES, spec=spec, code=0)) == []
