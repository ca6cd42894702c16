"""Fixtures of the tests of written applications."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .generating import Tools

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Tools:
    """With one cache for all: most of what is checked is the package itself."""
    return Tools(cache=tmp_path_factory.mktemp("types"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where an application goes; its parent has a name of its own."""
    return tmp_path / f"app_{tmp_path.name}"
