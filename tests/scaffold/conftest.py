"""Fixtures of the tests of written applications."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from .generating import Tools

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Tools:
    """The tools, whose cache all workers share: most of what they check is the package itself."""
    folder = tmp_path_factory.getbasetemp()
    cache = (folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder) / "types"
    cache.mkdir(exist_ok=True)
    return Tools(cache)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The target folder of an application; its parent has a unique name."""
    return tmp_path / f"app_{tmp_path.name}"
