"""The application's own tests are run in a process of their own, as its author runs them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.scaffold.conftest import tools

__all__ = ["tools"]

collect_ignore = ["application"]


@pytest.fixture(autouse=True)
def nothing_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget modules of other applications that have the names of this one's."""
    for path in (Path(__file__).parent / "application").glob("*.py"):
        monkeypatch.delitem(sys.modules, path.stem, raising=False)
