"""Fixtures shared by the whole suite."""

from __future__ import annotations

import pytest

from .javascript import node_modules, run_js
from .tools import pytest_collection_modifyitems, pytest_terminal_summary

__all__ = [
    "anyio_backend",
    "node_modules",
    "pytest_collection_modifyitems",
    "pytest_terminal_summary",
    "run_js",
]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """python-socketio runs on asyncio alone."""
    return "asyncio"
