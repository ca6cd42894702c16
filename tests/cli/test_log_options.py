"""``--log-format`` and ``--event-log``: what the commands log while they serve."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import httpx
import pytest
import socketio
from click.testing import CliRunner

from asynction_asgi.cli import main

from ..clients import WAIT_SECONDS
from .inside import Here

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
        payload: {type: string}
        x-ack: {args: {type: string}}
"""
FORGED = "x\nERROR: forged"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "echo.yaml").write_text(DOCUMENT, "utf-8")
    (tmp_path / "log.json").write_text("{}", "utf-8")


def use(url: str) -> None:
    """Send an event that is handled and two that are refused."""
    with socketio.SimpleClient(reconnection=False) as client:
        client.connect(url, transports=["websocket"])
        for event, text in (("echo", "hi"), ("echo", 7), (FORGED, "hi")):
            client.call(event, text, timeout=WAIT_SECONDS)


def test_lines_of_json() -> None:
    """Every line is an object, those of uvicorn and of the start included, and has what is known."""
    with Here(
        "run", "echo.yaml", "--mock", "missing", "--port", "0", "--log-format", "json", "--event-log"
    ).serving() as (
        url,
        command,
    ):
        use(url)
        command.wait_for("left /")
        command.stop()
    entries = [json.loads(line) for line in command.output.splitlines()]
    found = {entry["message"].partition(" (sid")[0]: entry for entry in entries}
    assert {"uvicorn.error", "asynction_asgi.cli"} <= {entry["logger"] for entry in entries}
    handled = found["handled and acknowledged 'echo' in /"]
    refused = found["refused 'echo' in /: invalid_payload at arguments/0 (type)"]
    assert (refused["level"], refused["code"], refused["reason"]) == ("DEBUG", "invalid_payload", "type")
    assert (handled["event"], handled["namespace"]) == ("echo", "/")
    assert handled["sid"] == refused["sid"] == found["connected to /"]["sid"]
    assert refused["address"].startswith("127.0.0.1:")
    assert r"refused 'x\nERROR: forged' in /: unknown_event" in found


def test_developers_see_why_events_are_refused() -> None:
    """A mock logs every refused event, but neither connections nor handled events."""
    with Here("mock", "run", "-s", "echo.yaml", "--port", "0").serving() as (url, command):
        use(url)
        command.wait_for("unknown_event")
    assert "refused 'echo' in /: invalid_payload at arguments/0 (type)" in command.output
    assert r"refused 'x\nERROR: forged' in /: unknown_event" in command.output
    assert "\nERROR: forged" not in command.output
    assert "connected to" not in command.output
    assert "handled" not in command.output


@pytest.mark.parametrize("form", ["text", "json"])
def test_lines_of_uvicorn_show_no_credential(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither keys in the query nor ids of polling clients, and no control characters of a proxy's header."""
    arguments = ("run", "echo.yaml", "--mock", "missing", "--port", "0", "--log-format", form)
    with Here(*arguments).serving() as (url, command):
        with socketio.SimpleClient(reconnection=False) as client:
            client.connect(f"{url}?token=sesame&name=%3Dsesame", transports=["polling", "websocket"])
            sid = client.client.eio.sid
        forged = {b"X-Forwarded-For": b"1.1.1.1\x85INFO: forged \x9b31m"}
        httpx.get(f"{url}/socket.io/?EIO=4&transport=polling&token=sesame", headers=forged)
        httpx.get(f"{url}/elsewhere?page=7")
        command.stop()
    output = f"{command.output}{capsys.readouterr().out}"
    assert "sesame" not in output
    assert sid not in output
    assert "token=…" in output.replace(r"\u2026", "…")
    assert "transport=websocket" in output
    assert "page=7" in output  # of another route
    assert "forged" in output
    assert not [line for line in output.splitlines() if line.startswith("INFO: forged")]
    assert "\x9b" not in output


@pytest.mark.parametrize("options", [("--log-format", "json"), ("--event-log",)])
def test_a_configuration_of_ones_own_is_complete(options: tuple[str, ...]) -> None:
    """Options that would have no effect beside ``--log-config`` are an error."""
    result = CliRunner().invoke(
        main, ["run", "echo.yaml", "--mock", "missing", "--log-config", "log.json", *options]
    )
    assert result.exit_code == 2
    assert f"--log-config replaces what {' '.join(options)} configures" in result.output


APPLICATION = """\
import logging

from asynction_asgi import AsynctionSocketIO

async def echo(text):
    await app.emit("echoed", text, to="nobody")
    return text

app = AsynctionSocketIO.from_spec("echo.yaml", handlers={"/": {"echo": echo}}, logger=True, validation="warn")
logging.getLogger("asynction_asgi.access").setLevel("DEBUG")
"""


def test_levels_of_the_application_are_kept(tmp_path: Path) -> None:
    """An application sets its levels, and asks for python-socketio's lines, under ``run`` as elsewhere."""
    (tmp_path / "desk.py").write_text(APPLICATION, "utf-8")
    with Here("run", "desk:app", "--port", "0").serving() as (url, command):
        use(url)
        command.wait_for("left /")
    assert 'emitting event "echoed" to nobody [/]' in command.output
    assert "handled and acknowledged 'echo' in /" in command.output
