"""Programs outside Python that some tests need: Node.js, Chromium, nginx and systemd-analyze.

If ``CI`` is set, a test fails if its program is missing. Otherwise it is omitted from the run, and
the summary says which tests were omitted and what to install.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

# The first is the same browser without windows, and takes half the CPU.
CHROMIUM = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
_INSTALL = {
    "node": "Node.js 18 or later with npm",
    "chromium": "Chromium",
    "nginx": "nginx",
    "systemd-analyze": "systemd",
}
# A test needs the programs of its fixtures.
_FIXTURES = {
    "node_modules": "node",
    "browser": "chromium",
    "nginx": "nginx",
    "systemd_analyze": "systemd-analyze",
}
_LEFT_OUT = pytest.StashKey[Counter[str]]()


def find_program(program: str) -> str | None:
    """Return the path of a program, or None if it is not installed."""
    names: Sequence[str] = CHROMIUM if program == "chromium" else (program,)
    return next((path for name in names if (path := shutil.which(name))), None)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Omit tests whose programs are missing on a developer's machine."""
    if os.environ.get("CI"):
        return
    missing = {fixture: tool for fixture, tool in _FIXTURES.items() if find_program(tool) is None}
    left_out: dict[pytest.Item, str] = {}
    for item in items:
        for fixture in getattr(item, "fixturenames", ()):
            if fixture in missing:
                left_out[item] = missing[fixture]
    config.stash[_LEFT_OUT] = Counter(left_out.values())
    if left_out:
        config.hook.pytest_deselected(items=list(left_out))
        items[:] = [item for item in items if item not in left_out]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Report the omitted tests, so that a partial run is not mistaken for a full one."""
    for tool, count in config.stash.get(_LEFT_OUT, Counter()).items():
        terminalreporter.write_line(f"{count} tests were omitted: they need {_INSTALL[tool]}", yellow=True)
