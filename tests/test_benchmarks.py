"""The programs in ``benchmarks``: what they compare with, how they share work, and that all of them are listed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading

import pytest

import benchmarks
from benchmarks.processes import ServerProcess, UnavailableError, omit
from benchmarks.report import command_line
from benchmarks.workers import _load, shares

from .layout import ROOT
from .ports import free_port


def test_a_baseline_that_cannot_run_ends_the_program() -> None:
    """No other server takes its place in the table."""
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks.echo", "ours-pure", "--baseline", "node", "--rounds", "1"],
        cwd=ROOT,
        env={**os.environ, "PATH": "/nowhere"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert ran.stderr.strip() == "the baseline node can't run: node is not installed"
    assert "Node socket.io" not in ran.stdout


def test_other_variants_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    """A variant that is not the baseline is named with the reason, and the others are measured."""
    omit("node", UnavailableError("node is not installed"), baseline="bare")
    assert capsys.readouterr().err == "omitted: node: node is not installed\n"


def test_only_linux_can_run_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Elsewhere the program says so before it starts a server."""
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(SystemExit, match="Linux"):
        command_line(".echo", None)


def test_loaders_share_all_clients() -> None:
    """Twelve CPUs, which do not divide 64, still drive 64 clients."""
    assert shares(64, 12) == [6] * 4 + [5] * 8
    assert shares(64, 2) == [32, 32]


def test_a_loader_reports_its_error_before_it_releases_the_others() -> None:
    """The cause comes first; the others report only that the barrier is broken."""
    barrier = threading.Barrier(2)
    reported: list[tuple[type, bool]] = []
    server = ServerProcess("nothing", os.getpid(), free_port())
    _load(server, 1, 0.1, barrier, lambda error: reported.append((type(error), barrier.broken)))  # type: ignore[arg-type]  # a barrier between threads is enough
    assert reported == [(ConnectionRefusedError, False)]
    assert barrier.broken


def test_every_program_is_listed() -> None:
    """The package's docstring names each module that has a ``main``, and no other."""
    programs = {
        path.stem
        for path in (ROOT / "benchmarks").glob("[a-z]*.py")
        if '__name__ == "__main__"' in path.read_text("utf-8")
    }
    listed = set(re.findall(r"``([a-z]+)``", benchmarks.__doc__ or ""))
    assert listed == programs - {"apps", "cluster_server"}
