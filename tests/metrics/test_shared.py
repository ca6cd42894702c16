"""Cells in files: what a supervisor adds up, whatever becomes of workers."""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import stat
import time
from typing import TYPE_CHECKING

import pytest

from asynction_asgi.metrics import Layout, Metrics, families
from asynction_asgi.metrics.health import Health
from asynction_asgi.metrics.shared import Gathering

from .contracts import layout

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from pathlib import Path

WELL = Health(handlers=True, queue=True, draining=False)


def events(target: Layout, event: str = "say") -> int:
    """Return the cell of the events that were handled."""
    return target.index(families.EVENTS, "/", event)["handled"]


def work(folder: Path, connection: Connection) -> None:
    """Count in a process of its own until it is killed."""
    metrics = Metrics(layout("say"))
    metrics.cells[events(metrics.layout)] = 1  # before there was a file
    metrics.share(folder)
    metrics.cells[events(metrics.layout)] += 6
    metrics.cells[metrics.layout.index(families.CONNECTIONS)["/"]] = 2
    metrics.cells[metrics.layout.block(families.LOOP_LAG).at] = 0.25
    metrics.beat(WELL)
    connection.send(os.getpid())
    connection.recv()


def test_what_a_killed_worker_counted_stays(tmp_path: Path) -> None:
    """Counters of a dead worker are kept, its gauges are not, and its file is removed."""
    ours, theirs = multiprocessing.get_context("fork").Pipe()
    process = multiprocessing.get_context("fork").Process(target=work, args=(tmp_path, theirs))
    process.start()
    pid = ours.recv()
    living = Metrics(layout("say"))
    living.share(tmp_path)
    living.cells[events(living.layout)] = 3
    living.cells[living.layout.index(families.CONNECTIONS)["/"]] = 1
    living.cells[living.layout.block(families.LOOP_LAG).at] = 0.125
    living.beat(WELL)
    gathering = Gathering(tmp_path)

    def read() -> tuple[float, float, float]:
        gathering.look()
        [(target, cells)] = gathering.totals()
        connections = cells[target.index(families.CONNECTIONS)["/"]]
        return cells[events(target)], connections, cells[target.block(families.LOOP_LAG).at]

    assert read() == (10, 3, 0.25)
    assert gathering.workers == [WELL, WELL]
    assert gathering.silence() < 60
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}
    os.kill(pid, signal.SIGKILL)
    process.join()
    assert read() == read() == (10, 1, 0.125)
    assert len(list(tmp_path.iterdir())) == 1


def work_and_fork(folder: Path, connection: Connection) -> None:
    """Have a child, as a pool of processes does, until the worker is killed."""
    metrics = Metrics(layout("say"))
    metrics.share(folder)
    metrics.beat(WELL)
    child = os.fork()
    if not child:
        signal.pause()
    connection.send((os.getpid(), child))
    connection.recv()


def test_a_child_does_not_keep_a_dead_worker_alive(tmp_path: Path) -> None:
    """A killed worker is dead although a process that it forked lives on; it counted as a stuck one."""
    ours, theirs = multiprocessing.get_context("fork").Pipe()
    process = multiprocessing.get_context("fork").Process(target=work_and_fork, args=(tmp_path, theirs))
    process.start()
    pid, child = ours.recv()
    gathering = Gathering(tmp_path)
    try:
        gathering.look()
        assert gathering.workers == [WELL]
        os.kill(pid, signal.SIGKILL)
        process.join()
        gathering.look()
        assert gathering.workers == []
        os.kill(child, 0)  # it lives
    finally:
        os.kill(child, signal.SIGKILL)


def test_workers_of_two_documents_are_added_up(tmp_path: Path) -> None:
    """While a restart brings another document, each event counts under its name; the newest document decides."""
    old, new = Metrics(layout("say", "gone")), Metrics(layout("new", "say"))
    for metrics, number in ((old, 2), (new, 5)):
        metrics.share(tmp_path)
        metrics.cells[events(metrics.layout)] = number
    old.cells[events(old.layout, "gone")] = 7
    new.cells[events(new.layout, "new")] = 1
    gathering = Gathering(tmp_path)
    gathering.look()
    [(target, cells)] = gathering.totals()
    assert cells[events(target)] == 7
    assert cells[events(target, "new")] == 1
    assert target.find(families.EVENTS, "/", "gone") is None


def test_applications_are_not_added_to_each_other(tmp_path: Path) -> None:
    """Applications of other names have sums of their own."""
    for name in ("one", "two"):
        Metrics(layout("say", name=name)).share(tmp_path)
    gathering = Gathering(tmp_path)
    gathering.look()
    assert [target.name for target, _ in gathering.totals()] == ["one", "two"]


def test_no_beat_is_due_while_a_worker_starts_or_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only a worker that has begun to beat and then is silent is stuck, however long it takes to start or end."""
    metrics, gathering, now = Metrics(layout("say")), Gathering(tmp_path), time.monotonic()
    silences = []

    def pass_a_minute() -> None:
        nonlocal now
        now += 60
        gathering.look()
        silences.append(gathering.silence())

    monkeypatch.setattr(time, "monotonic", lambda: now)
    metrics.share(tmp_path)
    pass_a_minute()
    metrics.beat(WELL)
    pass_a_minute()
    metrics.end(WELL)
    pass_a_minute()
    assert silences == [0, 60, 0]


def test_a_worker_is_as_well_as_the_least_of_its_applications(tmp_path: Path) -> None:
    """The files of one process are of one worker, which takes clients when all its applications do."""
    one, two = (Metrics(layout("say", name=name)) for name in ("one", "two"))
    gathering = Gathering(tmp_path)
    gathering.look()
    assert gathering.workers == []
    for metrics in (one, two):
        metrics.share(tmp_path)
    one.beat(WELL)
    gathering.look()
    assert gathering.workers == [Health(handlers=False, queue=False, draining=False)]
    two.beat(WELL)
    gathering.look()
    assert gathering.workers == [WELL]


def test_without_space_no_file_is_left(tmp_path: Path) -> None:
    """A worker that can't have its file raises an error, and leaves nothing where there is no space."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        with pytest.raises(OSError, match="too large"):
            Metrics(layout("say")).share(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []
