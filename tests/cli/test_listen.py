"""``asynction-asgi listen``."""

from __future__ import annotations

import contextlib
import json
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
import socketio
from click.testing import CliRunner

from asynction_asgi.cli import main

from ..clients import WAIT_SECONDS
from ..ports import free_port
from ..serving import serve
from .processes import Command
from .served import DOCUMENT, create_app

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "post.yaml").write_text(DOCUMENT, "utf-8")
    (tmp_path / "wrong.yaml").write_text(DOCUMENT.replace("noted, payload: {type: string}", "other"), "utf-8")
    return tmp_path


@pytest.fixture
def url(folder: Path) -> Iterator[str]:
    with serve(create_app(folder / "post.yaml")) as base:
        yield f"{base}/rt"


@contextlib.contextmanager
def listening(url: str, *options: str, cwd: Path) -> Iterator[Command]:
    """Yield a connected ``listen`` process."""
    command = Command("listen", url, *options, cwd=cwd, piped=True)
    try:
        command.wait_for("connected to")
        yield command
    finally:
        command.close()


@contextlib.contextmanager
def emitter(url: str) -> Iterator[socketio.SimpleClient]:
    """Yield a second client, which makes the server emit."""
    with socketio.SimpleClient(reconnection=False) as client:
        client.connect(url, socketio_path="/rt/socket.io", transports=["websocket"])
        yield client


@pytest.mark.parametrize("transport", ["auto", "websocket", "polling"])
def test_events_are_printed_as_they_arrive(url: str, folder: Path, transport: str) -> None:
    """Each event is printed at once as one line, and an interrupt exits with 0."""
    with listening(url, "--transport", transport, cwd=folder) as command, emitter(url) as client:
        for text in ("one", "two"):
            client.emit("note", text)
            assert command.line()[8:] == f'  noted  "{text}"\n'
            assert command.line()[8:] == "  count  3\n"
        begun = time.monotonic()
        assert command.stop() == 0
        assert time.monotonic() - begun < 40, "it waited for a heartbeat"


def test_json_lines_are_for_programs(url: str, folder: Path) -> None:
    """``--json`` prints time, event and arguments, for the named events and up to the count."""
    with (
        listening(url, "--json", "-e", "count", "--count", "2", cwd=folder) as command,
        emitter(url) as client,
    ):
        client.emit("note", "one")
        client.emit("note", "three")
        lines = [json.loads(command.line()) for _ in range(2)]
        assert command.wait() == 0
    assert [(line["event"], line["args"]) for line in lines] == [("count", [3]), ("count", [5])]
    assert datetime.fromisoformat(lines[0]["time"]).tzinfo is not None
    assert set(lines[0]) == {"time", "event", "args"}


@pytest.mark.parametrize(
    ("options", "answer", "shown"),
    [((), None, "acknowledged"), (("--ack", "7"), 7, "acknowledged  7")],
    ids=["empty", "given"],
)
def test_acknowledgements_are_sent_and_shown(
    url: str, folder: Path, options: tuple[str, ...], answer: Any, shown: str
) -> None:
    """An event that asks for an ack gets it, and the printed line shows it."""
    with listening(url, *options, cwd=folder) as command, emitter(url) as client:
        assert client.call("ask", timeout=WAIT_SECONDS) == answer
        assert command.line()[8:] == f'  asked  "how many?"  {shown}\n'


def test_an_event_that_is_not_printed_is_acknowledged(url: str, folder: Path) -> None:
    """``--event`` filters what is printed; other events are acknowledged all the same."""
    with listening(url, "-e", "noted", "--ack", "3", "--json", cwd=folder) as command, emitter(url) as client:
        assert client.call("ask", timeout=WAIT_SECONDS) == 3
        client.emit("note", "x")
        assert json.loads(command.line())["event"] == "noted"


def test_an_undeclared_event_is_reported(url: str, folder: Path) -> None:
    """With ``--spec`` an undeclared event is reported, and the exit code is 1."""
    options = ("--spec", "wrong.yaml", "--count", "2")
    with listening(url, *options, cwd=folder) as command, emitter(url) as client:
        client.emit("note", "x")
        assert command.wait() == 1
    assert "'noted' does not match the document: the document has no such event" in command.output
    assert "'count'" not in command.output


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            ("-e", "noted", "-e", "cuont"),
            "--event 'cuont': the document has no such event in this direction; did you mean 'count'?",
        ),
        (("-e", "note"), "--event 'note': the document has no such event in this direction; clients emit it"),
        (
            ("-e", "noted", "-n", "/nope"),
            "the document declares no namespace '/nope'; it has /, /closed, /seen",
        ),
    ],
    ids=["misspelt", "other direction", "namespace"],
)
def test_an_impossible_event_is_wrong_usage(folder: Path, options: tuple[str, ...], said: str) -> None:
    """An event or namespace that the document lacks exits with 2 before connecting."""
    result = CliRunner().invoke(
        main, ["listen", "http://127.0.0.1:9", *options, "--spec", str(folder / "post.yaml")]
    )
    assert result.exit_code == 2
    assert said in result.stderr


def test_refusals_can_be_listened_to_with_a_document(url: str, folder: Path) -> None:
    """``exception`` is accepted with ``--spec``, although no document declares it."""
    with listening(url, "-e", "exception", "--spec", "post.yaml", "--seconds", "2", cwd=folder) as command:
        assert command.wait() == 0


def test_too_few_events_exit_with_1(url: str, folder: Path) -> None:
    """``--seconds`` ends the wait with 1 if fewer events than ``--count`` arrived."""
    with emitter(url) as client, listening(url, "--count", "3", "--seconds", "5", cwd=folder) as command:
        client.emit("note", "x")
        assert command.wait() == 1
    assert "2 of 3 events arrived in 5 s" in command.output


def test_the_time_limit_exits_with_0(url: str, folder: Path) -> None:
    """``--seconds`` without ``--count`` exits with 0."""
    with listening(url, "--seconds", "2", cwd=folder) as command:
        assert command.wait() == 0


def test_a_closed_output_pipe_ends_it_quietly(url: str, folder: Path) -> None:
    """A reader that closes the pipe, such as ``head -1``, ends the command without a message."""
    with listening(url, cwd=folder) as command, emitter(url) as client:
        client.emit("note", "x")
        assert command.line()
        assert command.process.stdout is not None
        command.process.stdout.close()
        client.emit("note", "y")
        assert command.process.wait(timeout=WAIT_SECONDS) == 0
        assert command.process.stderr is not None
        assert command.process.stderr.read() == ""


def test_a_lost_connection_is_made_again(folder: Path) -> None:
    """The command reconnects to a restarted server, and prints what it emits afterwards."""
    port = free_port()
    with serve(create_app(folder / "post.yaml"), port=port) as base:
        stack = contextlib.ExitStack()
        command = stack.enter_context(listening(f"{base}/rt", cwd=folder))
    with stack:
        command.wait_for("connecting again")
        command.wait_for("no connection")
        with serve(create_app(folder / "post.yaml"), port=port) as base, emitter(base) as client:
            command.wait_for("connected to")
            client.emit("note", "x")
            assert "noted" in command.line()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("-n", "/closed"), "refused the connection to /closed: members only"),
        (("--path", "elsewhere"), "no connection to"),
    ],
    ids=["refused", "path"],
)
def test_a_refused_connection_exits_with_1(url: str, options: tuple[str, ...], said: str) -> None:
    """A refused connection is reported, and the command does not retry."""
    result = CliRunner().invoke(main, ["listen", url, *options])
    assert result.exit_code == 1
    assert said in result.stderr


def test_a_disconnected_client_does_not_reconnect(folder: Path) -> None:
    """If the server disconnects the client, the command exits with 1 without reconnecting."""
    app = create_app(folder / "post.yaml")

    @app.on("leave")
    async def leave() -> None:
        for sid in {sid for sid, _ in app.server.manager.get_participants("/", None)}:
            await app.disconnect(sid)

    with (
        serve(app) as base,
        listening(f"{base}/rt", cwd=folder) as command,
        emitter(base) as client,
    ):
        client.emit("leave")
        assert command.wait() == 1
        assert "the server disconnected this client" in command.output


def test_colours_are_for_terminals(url: str, folder: Path) -> None:
    """Output to a pipe contains no colours."""
    with listening(url, "--count", "1", cwd=folder) as command, emitter(url) as client:
        client.emit("note", "x")
        assert "\x1b" not in command.line()
