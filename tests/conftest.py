"""Fixtures shared by the whole suite."""

from __future__ import annotations

import contextlib
import gc
import importlib
import inspect
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import socketio
from engineio.base_client import BaseClient

from tests.clients import WAIT_SECONDS
from tests.loggers import restored_loggers
from tests.queues import queue_server

if TYPE_CHECKING:
    from collections.abc import Iterator

from .certificates import certificate
from .javascript import node_modules, run_js
from .tools import find_program, pytest_collection_modifyitems, pytest_terminal_summary

pytest_plugins = ["pytester"]
ROOT = Path(__file__).resolve().parents[1]
__all__ = [
    "anyio_backend",
    "certificate",
    "node_modules",
    "pytest_collection_modifyitems",
    "pytest_terminal_summary",
    "run_js",
]


def pytest_configure() -> None:
    """Let tests interrupt processes that they start: what a shell runs in the background ignores that, as its children do."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return how many workers ``-n auto`` starts: three for each CPU, as most tests wait for I/O."""
    return 3 * (os.cpu_count() or 1)


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Import the modules of tests in another order in each worker of a run of whole folders.

    In a new checkout pytest rewrites their asserts, which takes each worker 10 s of CPU. So each begins with
    modules of its own, and finds the rest rewritten by the others.
    """
    gc.disable()  # enabled again after the collection, which creates little garbage
    worker = os.environ.get("PYTEST_XDIST_WORKER", "").removeprefix("gw")
    if not worker:
        return
    folders = {path for path in map(Path, session.config.args) if path.is_dir()}
    modules = sorted(path.resolve() for folder in folders for path in folder.rglob("test_*.py"))
    start = len(modules) * int(worker) // int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    for path in modules[start:] + modules[:start]:
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        with contextlib.suppress(Exception):  # it is reported when the module is collected
            importlib.import_module(name)


def pytest_collection_finish() -> None:
    """Collect garbage again, and search no more among the hundreds of thousands of objects that exist now."""
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run tests on asyncio, the only backend of python-socketio."""
    return "asyncio"


@pytest.fixture(autouse=True)
def own_loggers() -> Iterator[None]:
    """Restore loggers, so that what a test sees in the log does not depend on earlier tests."""
    with restored_loggers():
        yield


@pytest.fixture(scope="session", autouse=True)
def patient_clients() -> Iterator[None]:
    """Let python-socketio's clients wait until a busy machine has answered, not for one second or five."""
    with pytest.MonkeyPatch.context() as patch:
        for function, name, usual in (
            (socketio.Client.connect, "wait_timeout", 1),
            (socketio.AsyncClient.connect, "wait_timeout", 1),
            (socketio.SimpleClient.connect, "wait_timeout", 5),
            (socketio.AsyncSimpleClient.connect, "wait_timeout", 5),
            (BaseClient.__init__, "request_timeout", 5),
        ):
            parameters = inspect.signature(function).parameters.values()
            defaults = {
                parameter.name: parameter.default
                for parameter in parameters
                if parameter.default is not parameter.empty
            }
            assert defaults[name] == usual
            patch.setattr(function, "__defaults__", (*(defaults | {name: WAIT_SECONDS}).values(),))
        yield


@pytest.fixture(autouse=True)
def restored_path() -> Iterator[None]:
    """Forget where commands imported from, so that no test finds the modules of an earlier one."""
    before = sys.path[:]
    yield
    sys.path[:] = before


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
