"""Fixtures shared by the whole suite."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

import pytest

from tests.queues import queue_server

if TYPE_CHECKING:
    from collections.abc import Iterator

from .javascript import node_modules, run_js
from .tools import find_program, pytest_collection_modifyitems, pytest_terminal_summary

pytest_plugins = ["pytester"]
__all__ = [
    "anyio_backend",
    "node_modules",
    "pytest_collection_modifyitems",
    "pytest_terminal_summary",
    "run_js",
]


def pytest_xdist_auto_num_workers() -> int:
    """Return how many workers ``-n auto`` starts: twice the CPUs, as most tests wait for I/O."""
    return 2 * (os.cpu_count() or 1)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run tests on asyncio, the only backend of python-socketio."""
    return "asyncio"


# uvicorn sets their levels and handlers for the whole process, whichever test runs it.
LOGGERS = (
    *("uvicorn", "uvicorn.access", "uvicorn.asgi", "uvicorn.error", "asynction_asgi"),
    *("asynction_asgi.access", "asynction_asgi.access.connections", "asynction_asgi.access.events"),
)


@pytest.fixture(autouse=True)
def restored_loggers() -> Iterator[None]:
    """Restore loggers, so that what a test sees in the log does not depend on earlier tests."""
    before = [
        (logger, logger.handlers[:], logger.level, logger.propagate, logger.disabled)
        for logger in map(logging.getLogger, LOGGERS)
    ]
    yield
    for logger, handlers, level, propagate, disabled in before:
        logger.handlers[:] = handlers
        logger.setLevel(level)
        logger.propagate, logger.disabled = propagate, disabled


@pytest.fixture(scope="session")
def nginx() -> str:
    """The path of nginx."""
    return _program("nginx")


@pytest.fixture(scope="session")
def systemd_analyze() -> str:
    """The path of systemd-analyze, which checks units."""
    return _program("systemd-analyze")


def _program(name: str) -> str:
    found = find_program(name)
    assert found is not None, f"this test needs {name}"
    return found


@pytest.fixture(scope="session")
def queue_url() -> Iterator[str]:
    """The URL of a message queue that runs until the session ends."""
    with queue_server() as url:
        yield url
