"""``asynction-asgi export``."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import socketio
from click.testing import CliRunner

from asynction_asgi.cli import main

from .inside import Here

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVER = """
import socketio

sio = socketio.AsyncServer(async_mode="asgi")


@sio.on("say")
async def say(sid: str, text: str) -> int:
    await sio.emit("said", text)
    return len(text)


app = socketio.ASGIApp(sio)
"""
MOVED = (
    SERVER.replace(
        'socketio.AsyncServer(async_mode="asgi")', 'AsynctionSocketIO.from_spec("chat.yaml", bind="start")'
    )
    .replace("import socketio", "from asynction_asgi import AsynctionSocketIO")
    .replace("socketio.ASGIApp(sio)", "sio")
)
OTHERS = {
    "named": "import socketio\nsio = socketio.Server()\n@sio.event\ndef say(client, text: str): ...\n",
    "broken": "import socketio\nraise RuntimeError('no')\n",
    "number": "app = 7\n",
    "pattern": (
        "import socketio\nfrom typing import Annotated\nfrom pydantic import Field\nsio = socketio.Server()\n"
        "@sio.event\ndef say(sid, text: Annotated[str, Field(json_schema_extra={'pattern': '['})]): ...\n"
    ),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The working directory, with servers to import from it."""
    before = set(sys.modules)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    for name, text in {"bare": SERVER, "moved": MOVED, **OTHERS}.items():
        (tmp_path / f"{name}.py").write_text(text, "utf-8")
    yield tmp_path
    for name in {"bare", "moved", *OTHERS} - before:
        sys.modules.pop(name, None)


def test_a_server_becomes_a_contract(folder: Path) -> None:
    """The file passes a strict check, is served by itself, and by the server in place of which it is put."""
    result = CliRunner().invoke(main, ["export", "bare:app", "-o", "chat.yaml", "--title", "Chat"])
    assert (result.exit_code, result.stdout) == (0, "chat.yaml\n"), result.output
    assert result.stderr.splitlines() == [
        "bare.py:9: nothing says what 'said' carries; fill in its payload in /",
        (
            "next: sio = AsynctionSocketIO.from_spec('chat.yaml', bind='start') in place of the server, so that"
            " handlers emit through it"
        ),
    ]
    assert CliRunner().invoke(main, ["check", "--strict", "chat.yaml"]).exit_code == 0
    with Here("run", "chat.yaml", "--port", "0").serving() as (url, _), socketio.SimpleClient() as client:
        client.connect(url, transports=["websocket"])
        assert client.call("say", "hello") == 5
        assert client.call("say", 5)["error"]["code"] == "invalid_payload"
    document = Path("chat.yaml").read_text("utf-8").replace("bare.say", "moved.say")
    Path("chat.yaml").write_text(document, "utf-8")
    with Here("run", "moved:app", "--port", "0").serving() as (url, _), socketio.SimpleClient() as client:
        client.connect(url, transports=["websocket"])
        client.emit("say", "hello")
        assert client.receive(timeout=30) == ["said", "hello"]
        assert client.call("say", 5)["error"]["code"] == "invalid_payload"


def test_a_file_is_overwritten_only_by_force(folder: Path) -> None:
    """Without a file the document goes to standard output, the same as into one."""
    printed = CliRunner().invoke(main, ["export", "bare:sio"]).stdout
    Path("chat.yaml").write_text("", "utf-8")
    result = CliRunner().invoke(main, ["export", "bare:sio", "-o", "chat.yaml"])
    assert (result.exit_code, result.stderr) == (1, "Error: chat.yaml exists; --force overwrites it\n")
    assert CliRunner().invoke(main, ["export", "bare:sio", "-o", "chat.yaml", "--force"]).exit_code == 0
    assert Path("chat.yaml").read_text("utf-8") == printed


@pytest.mark.parametrize(
    ("target", "code", "text"),
    [
        pytest.param("named:sio", 1, "if 'client' is the connection, call it sid or socket", id="no sid"),
        pytest.param("pattern:sio", 1, "[SCHEMA]", id="schema"),
        pytest.param("broken:sio", 1, "importing 'broken' failed", id="import"),
        pytest.param("bare:si", 1, "'bare' has no 'si'; did you mean 'sio'?", id="attribute"),
        pytest.param("number:app", 1, "'number:app' is of int; name a socketio.AsyncServer", id="number"),
        pytest.param("bare.py", 2, "'bare.py' is not module:name", id="file"),
        pytest.param("bare", 2, "'bare' is not module:name", id="module"),
    ],
)
def test_what_does_not_fit_is_said(folder: Path, target: str, code: int, text: str) -> None:
    """The error says what to do, without a traceback into the command."""
    result = CliRunner().invoke(main, ["export", target])
    assert (result.exit_code, "actions" in result.stderr) == (code, False)
    assert text in result.stderr


def test_modules_are_imported_from_a_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``--app-dir`` names the folder of the module."""
    (folder / "source").mkdir()
    shutil.move("bare.py", "source/bare.py")
    result = CliRunner().invoke(main, ["export", "bare:sio", "--app-dir", "source"])
    assert result.exit_code == 0
    assert "x-handler: bare.say" in result.stdout
