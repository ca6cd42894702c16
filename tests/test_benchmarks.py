"""The programs in ``benchmarks``: what they compare with."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from benchmarks.processes import UnavailableError, omit

from .layout import ROOT


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
