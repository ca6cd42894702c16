"""``asynction-asgi proxy``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from asynction_asgi.cli import main
from asynction_asgi.traffic import Happened, read_record
from tests.clients import connected
from tests.proxy.scene import DOCUMENT, Bare

from .inside import Here

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def bare() -> Iterator[str]:
    """The URL of an upstream server."""
    with Bare().serving() as url:
        yield url


async def test_it_stands_in_front_of_a_server_and_records(bare: str, tmp_path: Path) -> None:
    """The start-up line shows the addresses; events are checked, relayed and recorded."""
    document, record = tmp_path / "chat.json", tmp_path / "record.jsonl"
    document.write_text(json.dumps(DOCUMENT), "utf-8")
    command = Here("proxy", bare, "-s", str(document), "--record", str(record), "--port", "0")
    with command.serving() as (url, running):
        assert f"Socket.IO on {url}/socket.io/, its documentation on {url}/docs" in running.output
        assert f"in front of {bare}/socket.io/" in running.output
        async with connected(url) as client:
            assert await client.call("twice", 2) == 4
            assert (await client.call("twice", "2"))["error"]["code"] == "invalid_payload"
            await client.emit("leave")
            await client.wait_gone()
        assert "loop task" not in running.output  # python-socketio's log of the connection behind
    with record.open(encoding="utf-8") as file:
        events = [line.event for line in read_record(file, "r") if isinstance(line, Happened)]
    assert events == ["twice", "leave"]


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        pytest.param(["http://127.0.0.1:9"], 2, "--record to record its traffic", id="nothing to do"),
        pytest.param(["127.0.0.1:9", "--record", "r"], 2, "did you mean 'http://", id="no URL"),
        pytest.param(["http://127.0.0.1:9", "-s", "bad.yaml"], 1, "bad.yaml:1:1: error", id="a document"),
        pytest.param(
            ["http://127.0.0.1:9", "--record", "none/r"], 1, "can't write none/r: No such", id="a record"
        ),
        pytest.param(
            ["http://127.0.0.1:9", "-s", "bad.yaml", "--record-values"], 2, "needs --record", id="values"
        ),
    ],
)
def test_what_cannot_be_served_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int, text: str
) -> None:
    """The error names the option or the place, without a traceback."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.yaml").write_text("asyncapi: 2.6.0\n", "utf-8")
    result = CliRunner().invoke(main, ["proxy", *arguments])
    assert (result.exit_code, "Traceback" in result.output) == (code, False)
    assert text in result.output
