"""What becomes of the user's credentials: changed to find open doors, and never printed."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import pytest
import socketio

from ..serving import serve
from .conftest import codes, pasted, report

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HEAD = """\
asyncapi: 2.6.0
info: {title: Guarded, version: 1.0.0}
"""
COUNT = "    publish: {message: {name: count, payload: {type: integer}, x-ack: {args: {type: integer}}}}\n"
QUICK = ("--examples", "1", "--phase", "faults")


@pytest.fixture(scope="module")
def open_url() -> Iterator[str]:
    """The address of a server that admits every client and checks nothing."""
    server = socketio.AsyncServer(async_mode="asgi", logger=False)

    async def every(_event: str, _sid: str, *_: Any) -> int:
        return 0

    server.on("*", every)
    with serve(socketio.ASGIApp(server)) as url:
        yield url


def written(folder: Path, text: str) -> Path:
    path = folder / "guarded.yaml"
    path.write_text(HEAD + text, "utf-8")
    return path


def tries(body: dict[str, Any]) -> list[str]:
    return [finding["try"] for finding in body["findings"]]


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
    words = shlex.split(next(line for line in tries(body) if " call " in line))
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
