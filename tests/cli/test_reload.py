"""``--reload`` of ``run`` and ``mock run``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import socketio

from asynction_asgi import AsynctionSocketIO
from asynction_asgi.cli.actions.reloader import Documents
from asynction_asgi.cli.actions.target import Target

from ..clients import WAIT_SECONDS
from .processes import Command, running, until_accepted

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
        payload: {$ref: '../types/text.yaml#/text'}
        x-ack: {args: {type: string}}
"""
APP = """\
from starlette.applications import Starlette
from starlette.routing import Mount
from asynction_asgi import AsynctionSocketIO
app = Starlette(routes=[Mount("/api", AsynctionSocketIO.from_spec("echo.yaml", docs_root=".."))])
"""
STARTED = "Socket.IO on"
# Seconds between two looks at the files; uvicorn's default is 0.25.
RELOAD = ("--reload", "--reload-delay", "0.1", "--port", "0")
# What chooses how files are watched.
CHOOSING = ("watchfiles", "uvicorn.supervisors", "asynction_asgi.cli")
ECHO = ("run", "echo.yaml", *RELOAD, "--app-dir", "../code", "--docs-root", "..")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project whose document refers to a file outside it; its handlers are elsewhere too."""
    for name in ("project", "types", "code"):
        (tmp_path / name).mkdir()
    (tmp_path / "project" / "echo.yaml").write_text(DOCUMENT, "utf-8")
    (tmp_path / "project" / "app.py").write_text(APP, "utf-8")
    (tmp_path / "types" / "text.yaml").write_text("text: {maxLength: 5}\n", "utf-8")
    (tmp_path / "code" / "handlers.py").write_text("def echo(text): return text.upper()\n", "utf-8")
    return tmp_path


@pytest.fixture(params=["watchfiles", "stat"])
def modules(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    """None, to reload with watchfiles, or a folder whose module hides it."""
    if request.param == "watchfiles":
        return None
    (tmp_path / "hiding").mkdir()
    (tmp_path / "hiding" / "watchfiles.py").write_text("raise ImportError\n", "utf-8")
    return tmp_path / "hiding"


def echo(url: str, text: str, path: str = "/socket.io") -> object:
    """Return the handler's answer, or the code of the refusal."""
    until_accepted(url)
    with socketio.SimpleClient(reconnection=False) as client:
        client.connect(url, socketio_path=path, transports=["websocket"])
        answer = client.call("echo", text, timeout=WAIT_SECONDS)
        return answer["error"]["code"] if isinstance(answer, dict) else answer


def save(file: Path, text: str) -> None:
    """Replace a file in one step: one that is emptied first may be seen twice, and the server restarts twice."""
    new = file.with_name(f"{file.name}.new")
    new.write_text(text, "utf-8")
    new.replace(file)


def reloaded(command: Command, file: Path, text: str) -> None:
    """Change a file and wait until the server has reloaded."""
    save(file, text)
    command.wait_for(f"{file.name}'. Reloading")
    command.wait_for(STARTED)


def test_every_file_of_a_document_is_followed(folder: Path, modules: Path | None) -> None:
    """Referenced files, references added later and handlers of ``--app-dir`` trigger a reload."""
    text, more = folder / "types" / "text.yaml", folder / "types" / "more.yaml"
    with running(*ECHO, cwd=folder / "project", modules=modules, again=CHOOSING) as (url, command):
        assert echo(url, "123456") == "invalid_payload"
        reloaded(command, text, "text: {maxLength: 6}\n")
        assert echo(url, "123456") == "123456"
        save(more, "short: {maxLength: 1}\n")
        reloaded(command, text, "text: {$ref: 'more.yaml#/short'}\n")
        assert echo(url, "12") == "invalid_payload"
        reloaded(command, more, "short: {maxLength: 2}\n")
        assert echo(url, "ab") == "AB"
        reloaded(command, folder / "code" / "handlers.py", "def echo(text): return text.title()\n")
        assert echo(url, "ab") == "Ab"
        assert command.stop() == 0
    assert "Traceback" not in command.output


def test_a_broken_document_is_reported_until_repaired(folder: Path, modules: Path | None) -> None:
    """Saving a broken document prints its diagnostics; the repaired document is served."""
    document, text = folder / "project" / "echo.yaml", folder / "types" / "text.yaml"
    with running(*ECHO, cwd=folder / "project", modules=modules, again=CHOOSING) as (url, command):
        save(text, "text: {maxLength: many}\n")
        command.wait_for("text.yaml:1:19: error")
        command.wait_for("Nothing is served until a file changes")
        save(document, "nothing: {")  # so that it no longer refers to other files
        command.wait_for("echo.yaml:1:11: error")
        command.wait_for("Nothing is served")
        save(document, DOCUMENT.replace("text.yaml", "missing.yaml"))
        command.wait_for("[REF_FILE]")
        command.wait_for("Nothing is served")
        save(folder / "types" / "missing.yaml", "text: {maxLength: 3}\n")
        command.wait_for(STARTED)
        assert echo(url, "abc") == "ABC"
        assert echo(url, "abcd") == "invalid_payload"
        assert command.stop() == 0


def test_an_applications_documents_are_followed(folder: Path, modules: Path | None) -> None:
    """``module:app`` reloads for its documents too, even of mounted servers."""
    (folder / "project" / "handlers.py").write_text("def echo(text): return text.upper()\n", "utf-8")
    with running("run", "app:app", *RELOAD, cwd=folder / "project", modules=modules, again=CHOOSING) as (
        url,
        command,
    ):
        reloaded(command, folder / "types" / "text.yaml", "text: {maxLength: 6}\n")
        assert echo(url, "abcdef", "/api/socket.io") == "ABCDEF"


def test_the_mock_reloads(folder: Path) -> None:
    """A reloaded mock keeps the options of its command line."""
    options = ("-s", "echo.yaml", "--fail-rate", "1", "--docs-root", "..", "--reload", "--port", "0")
    with running("mock", "run", *options, cwd=folder / "project") as (url, command):
        assert echo(url, "123456") == "invalid_payload"
        reloaded(command, folder / "types" / "text.yaml", "text: {maxLength: 6}\n")
        assert echo(url, "123456") == "unavailable"
        assert command.stop() == 0


def test_an_interrupt_while_it_starts_is_quiet(folder: Path) -> None:
    """Ctrl-C during the start ends all processes without a traceback."""
    command = Command(*ECHO, cwd=folder / "project")
    command.wait_for("Started reloader process")
    assert command.stop() == 0
    assert "Traceback" not in command.output


def test_the_server_ends_after_a_killed_reloader(folder: Path) -> None:
    """It would keep the port, and no change of a file would reach it."""
    command = Command(*ECHO, cwd=folder / "project")
    until_accepted(command.wait_for_url())
    command.process.kill()
    command.wait()
    assert f"the supervisor {command.process.pid} was killed" in command.output
    assert "Finished server process" in command.output


def test_waiting_clients_do_not_hold_a_reload_up(folder: Path) -> None:
    """The old server ends its sessions before it waits for their connections."""
    with running(*ECHO, "--timeout-graceful-shutdown", "60", cwd=folder / "project") as (url, command):
        until_accepted(url)
        with socketio.SimpleClient() as client:
            client.connect(url, transports=["polling"])
            reloaded(command, folder / "types" / "text.yaml", "text: {maxLength: 6}\n")


def test_schemas_of_absolute_uris_are_followed(folder: Path) -> None:
    """Files below the folders of ``--schemas``, or of an application's ``schemas=``, count as well."""
    document, text = folder / "project" / "echo.yaml", folder / "types" / "text.yaml"
    document.write_text(DOCUMENT.replace("'../types/", "'https://schemas.example.com/"), "utf-8")
    schemas = {"https://schemas.example.com/": str(folder / "types")}
    app = AsynctionSocketIO.from_spec(document, schemas=schemas, bind="start", docs=False)
    for target in (Target(name=str(document), schemas=schemas), Target(name="app:app")):
        followed = Documents(target.documents(app))
        save(text, "text: {maxLength: 6}\n\n")
        assert followed.changed() == [text]
        save(text, "text: {maxLength: 5}\n")


def test_every_way_of_saving_is_noticed(tmp_path: Path) -> None:
    """Replacing, removing and restoring a file each count as a change."""
    document, spare = tmp_path / "echo.yaml", tmp_path / "spare.yaml"
    document.write_text(DOCUMENT, "utf-8")
    followed = Documents({document: {}})
    assert followed.changed() == []
    spare.write_text(DOCUMENT, "utf-8")
    spare.replace(document)
    assert followed.changed() == [document]
    followed.remember()
    document.unlink()
    assert followed.changed() == [document]
    followed.remember()
    assert followed.changed() == []
    document.write_text(DOCUMENT, "utf-8")
    assert followed.changed() == [document]
