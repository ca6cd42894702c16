"""Fixtures of the tests of written applications."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .generating import ROOT, Tools

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def tools() -> Tools:
    """The tools, whose cache all workers and runs share: most of what they check is the package itself."""
    cache = ROOT / ".mypy_cache" / "applications"
    cache.mkdir(parents=True, exist_ok=True)
    return Tools(cache)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The target folder of an application; its parent has a unique name."""
    return tmp_path / f"app_{tmp_path.name}"
