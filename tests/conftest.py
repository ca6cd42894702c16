"""Fixtures shared by the whole suite."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.queues import queue_server

if TYPE_CHECKING:
    from collections.abc import Iterator

from .javascript import node_modules, run_js
from .tools import pytest_collection_modifyitems, pytest_terminal_summary

pytest_plugins = ["pytester"]
__all__ = [
    "anyio_backend",
    "node_modules",
    "pytest_collection_modifyitems",
    "pytest_terminal_summary",
    "run_js",
]


def pytest_xdist_auto_num_workers() -> int:
    """Return how many workers ``-n auto`` starts: most tests wait for servers and clients."""
    return 2 * (os.cpu_count() or 1)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """python-socketio runs on asyncio alone."""
    return "asyncio"


@pytest.fixture(scope="session")
def queue_url() -> Iterator[str]:
    """The URL of a message queue that lives as long as the session."""
    with queue_server() as url:
        yield url
