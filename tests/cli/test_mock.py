"""``asynction-asgi mock run``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest
import socketio

from ..clients import WAIT_SECONDS
from .processes import finished, running

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENT = """\
asyncapi: 2.6.0
info: {title: Echo, version: 1.0.0}
channels:
  /:
    publish:
      message:
        name: echo
        x-handler: handlers.echo
        payload: {type: string}
        x-ack: {args: {enum: [yes, no]}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "echo.yaml").write_text(DOCUMENT, "utf-8")
    (tmp_path / "hint.yaml").write_text(f"{DOCUMENT}        x-mock: {{ack: maybe}}\n", "utf-8")
    (tmp_path / "never.yaml").write_text(DOCUMENT.replace("[yes, no]", "[]"), "utf-8")
    return tmp_path


def test_it_serves_a_document_without_handlers(folder: Path) -> None:
    """The start-up line shows the addresses, and an event gets an example answer."""
    command = ("mock", "run", "-s", "echo.yaml", "--port", "0", "--seed", "1")
    with running(*command, cwd=folder) as (url, server), socketio.SimpleClient() as client:
        assert f"Socket.IO on {url}/socket.io/, its documentation on {url}/docs" in server.output
        client.connect(url, transports=["websocket"])
        assert client.call("echo", "hi", timeout=WAIT_SECONDS) in ("yes", "no")


@pytest.mark.parametrize("reload", [(), ("--reload",)], ids=["once", "--reload"])
def test_a_page_of_another_origin_is_served(folder: Path, reload: tuple[str, ...]) -> None:
    """``--cors`` admits an origin, under the reloader too; the log names refused origins."""
    command = ("mock", "run", "-s", "echo.yaml", "--port", "0", "--cors", "http://front.example", *reload)
    with running(*command, cwd=folder) as (url, server):
        query = {"EIO": "4", "transport": "polling"}
        answer = httpx.get(f"{url}/socket.io/", params=query, headers={"Origin": "http://front.example"})
        assert answer.headers["access-control-allow-origin"] == "http://front.example"
        answer = httpx.get(f"{url}/socket.io/", params=query, headers={"Origin": "http://foreign.example"})
        assert answer.status_code == 400
        server.wait_for("its origin is not admitted: 'http://foreign.example'; admit it by")


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["-s", "never.yaml"], 1, "never.yaml:10:23: error: no value was found"),
        (["-s", "hint.yaml"], 1, "hint.yaml:11:23: error: event 'echo': the ack of its x-mock"),
        (["-s", "echo.yaml", "--locale", "xx_XX"], 2, "no locale 'xx_XX'"),
        (["-s", "echo.yaml", "--fail-rate", "2"], 2, "--fail-rate"),
        (["-s", "echo.yaml", "--interval", "nan"], 2, "interval"),
        (["-s", "echo.yaml", "--cors", "front.example"], 2, "--cors"),
        (["-s", "echo.yaml", "--port", "web"], 2, "--port"),
        (["-s", "echo.yaml", "--jitter", "3"], 2, "jitter"),
        (["-s", "missing.yaml"], 2, "does not exist"),
        ([], 2, "--spec"),
        (["echo.yaml"], 2, "--spec"),
    ],
    ids=[
        "unsatisfiable",
        "hint",
        "locale",
        "rate",
        "nan",
        "cors",
        "port",
        "jitter",
        "missing",
        "none",
        "no option",
    ],
)
def test_an_impossible_mock_is_refused(folder: Path, arguments: list[str], code: int, text: str) -> None:
    """The error names the place or the option, without a traceback."""
    ended, output = finished("mock", "run", *arguments, cwd=folder)
    assert ended == code
    assert text in output
    assert "Traceback" not in output
