"""Fixtures of the tests of written applications."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .generating import Tools

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Tools:
    """The tools with one shared cache, as most of what they check is the package itself."""
    return Tools(cache=tmp_path_factory.mktemp("types"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The target folder of an application; its parent has a unique name."""
    return tmp_path / f"app_{tmp_path.name}"
