"""Cells in files: what a supervisor adds up, whatever becomes of workers."""

from __future__ import annotations

import errno
import os
import signal
import stat
import time
from typing import TYPE_CHECKING

from asynction_asgi.metrics import Layout, Metrics, families
from asynction_asgi.metrics.health import Health
from asynction_asgi.metrics.shared import Gathering
from tests.forked import ForkedProcess

from .contracts import layout

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

WELL = Health(handlers=True, queue=True, draining=False)


def events(target: Layout, event: str = "say") -> int:
    """Return the cell of the events that were handled."""
    return target.index(families.EVENTS, "/", event)["handled"]


# Counts in a process of its own until it is killed.
WORK = """
import sys, threading
from pathlib import Path

from asynction_asgi.metrics import Metrics, families
from tests.metrics.contracts import layout
from tests.metrics.test_shared import WELL, events

metrics = Metrics(layout("say"))
metrics.cells[events(metrics.layout)] = 1  # before there was a file
metrics.share(Path(sys.argv[1]))
metrics.cells[events(metrics.layout)] += 6
metrics.cells[metrics.layout.index(families.CONNECTIONS)["/"]] = 2
metrics.cells[metrics.layout.block(families.LOOP_LAG).at] = 0.25
metrics.beat(WELL)
print("counted", flush=True)
threading.Event().wait()
"""


def test_what_a_killed_worker_counted_stays(tmp_path: Path) -> None:
    """Counters of a dead worker are kept, its gauges are not, and its file is removed."""
    process = ForkedProcess(("-c", WORK, str(tmp_path)), stderr=False)
    assert process.stdout is not None
    assert process.stdout.readline() == "counted\n"
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
    process.kill()
    process.wait(60)
    process.stdout.close()
    assert read() == read() == (10, 1, 0.125)
    assert len(list(tmp_path.iterdir())) == 1


# Has a child, as a pool of processes does, until the worker is killed.
WORK_AND_FORK = """
import os, signal, sys
from pathlib import Path

from asynction_asgi.metrics import Metrics
from tests.metrics.contracts import layout
from tests.metrics.test_shared import WELL

metrics = Metrics(layout("say"))
metrics.share(Path(sys.argv[1]))
metrics.beat(WELL)
child = os.fork()
if child:
    print(child, flush=True)
signal.pause()
"""


def test_a_child_does_not_keep_a_dead_worker_alive(tmp_path: Path) -> None:
    """A killed worker is dead although a process that it forked lives on; it counted as a stuck one."""
    process = ForkedProcess(("-c", WORK_AND_FORK, str(tmp_path)), stderr=False)
    assert process.stdout is not None
    child = int(process.stdout.readline())
    gathering = Gathering(tmp_path)
    try:
        gathering.look()
        assert gathering.workers == [WELL]
        process.kill()
        process.wait(60)
        gathering.look()
        assert gathering.workers == []
        os.kill(child, 0)  # it lives
    finally:
        os.kill(child, signal.SIGKILL)
        process.kill()
        process.stdout.close()


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


WITHOUT_SPACE = """
import resource, sys
from pathlib import Path

from asynction_asgi.metrics import Metrics
from tests.metrics.contracts import layout

metrics = Metrics(layout("say"))
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
try:
    metrics.share(Path(sys.argv[1]))
except OSError as error:
    print(error.strerror)
"""


def test_without_space_no_file_is_left(tmp_path: Path) -> None:
    """A worker that can't have its file raises an error, and leaves nothing where there is no space."""
    process = ForkedProcess(("-c", WITHOUT_SPACE, str(tmp_path)))
    assert process.communicate(60) == (f"{os.strerror(errno.EFBIG)}\n", "")
    assert list(tmp_path.iterdir()) == []
