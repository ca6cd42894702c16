"""``run --uds``: whose file is at the path of the socket, and who removes it."""

from __future__ import annotations

import contextlib
import signal
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from asynction_asgi.cli.actions.socket_file import is_answered

from .processes import Command, finished

if TYPE_CHECKING:
    from collections.abc import Iterator

APP = """\
import asyncio
import os
import sys


async def until(path):
    print("waiting for", path, file=sys.stderr, flush=True)
    while not os.path.exists(path):
        await asyncio.sleep(0.01)


async def app(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})


async def failing(scope, receive, send):
    await receive()
    await until("failure")
    await send({"type": "lifespan.startup.failed", "message": "no database"})


async def lingering(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await until("end")
    await send({"type": "lifespan.shutdown.complete"})
"""
RUN = ("run", "--uds", "socket")
each_way_to_run = pytest.mark.parametrize(
    ("options", "started"),
    [
        ((), "Serving on unix:socket"),
        (("--workers", "2"), "All 2 workers accept clients"),
        (("--reload",), "Serving on unix:socket"),
    ],
    ids=["single", "workers", "reload"],
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, as paths of sockets are short."""
    (tmp_path / "myapp.py").write_text(APP, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@contextlib.contextmanager
def listening() -> Iterator[None]:
    """Listen on the path of the socket, as another server does, and check that it can be reached at the end."""
    with socket.socket(socket.AF_UNIX) as other:
        other.bind("socket")
        other.listen()
        yield
        assert is_answered("socket")


@contextlib.contextmanager
def started_command(*arguments: str, cwd: Path, text: str) -> Iterator[Command]:
    """Yield a command that has written a text."""
    command = Command(*RUN, *arguments, cwd=cwd)
    try:
        command.wait_for(text)
        yield command
    finally:
        command.close()


@each_way_to_run
def test_a_socket_that_is_answered_is_refused(folder: Path, options: tuple[str, ...], started: str) -> None:
    """The message says what to do, before the application starts, and the other server keeps its socket."""
    with listening():
        code, output = finished(*RUN, "myapp:app", *options, cwd=folder)
    assert code == 1
    assert "another process listens on socket; end it, or use --uds with another path" in output
    assert "startup" not in output
    assert started not in output


@each_way_to_run
def test_a_socket_left_behind_is_replaced(folder: Path, options: tuple[str, ...], started: str) -> None:
    """The file of a server that was killed keeps none from starting; at the end, it is removed."""
    with socket.socket(socket.AF_UNIX) as killed:
        killed.bind("socket")
    assert not is_answered("socket")
    with started_command("myapp:app", *options, cwd=folder, text=started) as command:
        assert command.stop() == 0
    assert not Path("socket").exists()


@each_way_to_run
def test_another_socket_in_its_place_is_kept(folder: Path, options: tuple[str, ...], started: str) -> None:
    """A server that stops removes no socket that another one has put in the place of its own."""
    with started_command("myapp:app", *options, cwd=folder, text=started) as command:
        Path("socket").unlink()
        with listening():
            assert command.stop() == 0


@pytest.mark.parametrize("options", [(), ("--reload",)], ids=["single", "reload"])
def test_a_failed_start_removes_its_own_socket(folder: Path, options: tuple[str, ...]) -> None:
    """What a failed start has bound is removed."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, output = finished(*RUN, "myapp:app", *options, "--monitor", port, cwd=folder)
    assert code == 1
    assert "--monitor can't listen" in output
    assert not Path("socket").exists()


def test_a_failed_start_keeps_a_socket_that_it_has_not_bound(folder: Path) -> None:
    """A server that starts meanwhile keeps its socket."""
    with started_command("myapp:failing", cwd=folder, text="waiting for failure") as command, listening():
        Path("failure").touch()
        assert command.wait() == 1


def test_a_server_that_ends_slowly_keeps_the_next_ones_socket(folder: Path) -> None:
    """It listens no more while its lifespan ends, and the next socket may be given the inode of its own."""
    with started_command("myapp:lingering", cwd=folder, text="Serving on unix:socket") as command:
        command.process.send_signal(signal.SIGTERM)
        command.wait_for("waiting for end")
        assert not is_answered("socket")
        Path("socket").unlink(missing_ok=True)  # as the start of the next server does
        with listening():
            Path("end").touch()
            assert command.wait() == 0


def test_a_busy_socket_and_one_for_datagrams_are_answered() -> None:
    """A process holds the path also if it has no room for another connection, or speaks otherwise."""
    with contextlib.ExitStack() as stack:
        busy = stack.enter_context(socket.socket(socket.AF_UNIX))
        busy.bind("busy")
        busy.listen(0)
        for _ in range(3):
            client = stack.enter_context(socket.socket(socket.AF_UNIX))
            client.setblocking(False)
            client.connect_ex("busy")
        assert is_answered("busy")
        stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)).bind("datagrams")
        assert is_answered("datagrams")
    Path("file").touch()
    for path in ("busy", "datagrams", "file", "missing", "too long" * 50):
        assert not is_answered(path)
