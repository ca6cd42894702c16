"""The folder of workers' files, of supervisors that live and of those that were killed."""

from __future__ import annotations

import multiprocessing
import stat
import tempfile
from typing import TYPE_CHECKING

from asynction_asgi.metrics.folder import shared_folder

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from pathlib import Path

    import pytest


def hold(connection: Connection) -> None:
    """Have a folder in a process of its own until it is killed."""
    with shared_folder() as folder:
        connection.send(folder)
        connection.recv()


def test_folders_of_killed_processes_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next process removes them with their files, and leaves those of living processes."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    ours, theirs = multiprocessing.get_context("fork").Pipe()
    process = multiprocessing.get_context("fork").Process(target=hold, args=(theirs,))
    process.start()
    other: Path = ours.recv()
    (other / "worker.cells").touch()
    assert stat.S_IMODE(other.stat().st_mode) == 0o700
    with shared_folder() as folder:
        assert {*tmp_path.iterdir()} == {folder, other}
    process.kill()
    process.join()
    assert [*tmp_path.iterdir()] == [other]
    (tmp_path / f"{other.name}-link").symlink_to(tmp_path)
    with shared_folder() as folder:
        assert {path for path in tmp_path.iterdir() if not path.is_symlink()} == {folder}
