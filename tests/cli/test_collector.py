"""How often a process of ``run`` searches for garbage in cycles."""

from __future__ import annotations

import gc
import socket
from typing import TYPE_CHECKING

import pytest
import socketio

from .processes import running, until_accepted

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENT = """\
asyncapi: 2.6.0
info: {title: Collector, version: 1.0.0}
channels:
  /:
    publish:
      message:
        name: thresholds
        x-handler: handlers.thresholds
        payload: {type: array, maxItems: 0}
        x-ack: {args: {type: array, items: [{type: array}, {type: integer}]}}
"""
HANDLERS = """\
import gc
async def thresholds():
    return list(gc.get_threshold()), gc.get_freeze_count()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "gc.yaml").write_text(DOCUMENT, "utf-8")
    (tmp_path / "handlers.py").write_text(HANDLERS, "utf-8")
    return tmp_path


def seen(url: str) -> tuple[list[int], int]:
    """Return the thresholds in the server's process, and how many objects it does not look at."""
    with socketio.SimpleClient(reconnection=False) as client:
        client.connect(url, transports=["websocket"])
        thresholds, frozen = client.call("thresholds", timeout=5)
    return thresholds, frozen


def test_it_searches_rarely_and_not_in_what_was_loaded(folder: Path) -> None:
    """In a single process, once it serves."""
    with running("run", "gc.yaml", "--port", "0", cwd=folder) as (url, _):
        thresholds, frozen = seen(url)
    assert thresholds == [50_000, *gc.get_threshold()[1:]]
    assert frozen > 10_000


def test_each_worker_does_so(folder: Path, queue_url: str) -> None:
    """Also where uvicorn starts the processes."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    options = ("--workers", "2", "--websocket-only", "--message-queue", queue_url, "--port", port)
    with running("run", "gc.yaml", *options, cwd=folder) as (url, command):
        command.wait_for("Application startup complete", times=2)
        until_accepted(url)
        thresholds, frozen = seen(url)
    assert thresholds[0] == 50_000
    assert frozen > 10_000


@pytest.mark.parametrize(
    ("statement", "threshold"), [("gc.set_threshold(1234)", 1234), ("gc.disable()", gc.get_threshold()[0])]
)
def test_what_an_application_has_set_stays(folder: Path, statement: str, threshold: int) -> None:
    """Its author knows better."""
    (folder / "handlers.py").write_text(f"{HANDLERS}{statement}\n", "utf-8")
    with running("run", "gc.yaml", "--port", "0", cwd=folder) as (url, _):
        thresholds, frozen = seen(url)
    assert thresholds[0] == threshold
    assert frozen < 10_000
