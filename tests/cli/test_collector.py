"""How often a process of ``run`` collects cyclic garbage."""

from __future__ import annotations

import gc
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import socketio

from ..clients import WAIT_SECONDS
from ..ports import free_port
from .processes import SECONDS, running, until_accepted

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
# `gc.get_objects` leaves out frozen objects.
APPLICATION = """\
import contextlib
import gc
from starlette.applications import Starlette
from starlette.routing import Mount
from asynction_asgi import AsynctionSocketIO
options = {{"transports": ["websocket"], "message_queue": "{queue}"}}
sio = AsynctionSocketIO.from_spec("gc.yaml", **options)
made = []
@contextlib.asynccontextmanager
async def lifespan(app):
    async with sio.lifespan():
        made.append(["in the lifespan"])
        yield
@sio.on("thresholds")
async def thresholds():
    searched = any(found is made[0] for found in gc.get_objects())
    return list(gc.get_threshold()), 0 if searched else gc.get_freeze_count()
app = Starlette(routes=[Mount("/", sio)], lifespan=lifespan)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "gc.yaml").write_text(DOCUMENT, "utf-8")
    (tmp_path / "handlers.py").write_text(HANDLERS, "utf-8")
    return tmp_path


def seen(url: str) -> tuple[list[int], int]:
    """Return the thresholds in the server's process, and its number of frozen objects."""
    with socketio.SimpleClient(reconnection=False) as client:
        client.connect(url, transports=["websocket"])
        thresholds, frozen = client.call("thresholds", timeout=WAIT_SECONDS)
    return thresholds, frozen


def test_a_serving_process_collects_rarely(folder: Path) -> None:
    """A single process raises the threshold and freezes loaded objects before it serves."""
    with running("run", "gc.yaml", "--port", "0", cwd=folder) as (url, _):
        thresholds, frozen = seen(url)
    assert thresholds == [50_000, *gc.get_threshold()[1:]]
    assert frozen > 10_000


def test_each_worker_collects_rarely(folder: Path, queue_url: str) -> None:
    """Workers that uvicorn spawns raise the threshold and freeze loaded objects too."""
    port = str(free_port())
    options = ("--workers", "2", "--websocket-only", "--message-queue", queue_url, "--port", port)
    # With modules of its own, it is a new interpreter: tests fork the workers of others.
    with running("run", "gc.yaml", *options, cwd=folder, modules=folder) as (url, command):
        command.wait_for("All 2 workers accept clients")
        until_accepted(url)
        thresholds, frozen = seen(url)
    assert thresholds[0] == 50_000
    assert frozen > 10_000


@pytest.mark.parametrize(
    "options", [(), ("--workers", "2"), ("--reload",)], ids=["single", "workers", "reload"]
)
def test_what_the_lifespan_makes_is_frozen(folder: Path, queue_url: str, options: tuple[str, ...]) -> None:
    """However the application is run, objects are frozen once it has started."""
    (folder / "gc.yaml").write_text(DOCUMENT.replace("x-handler: handlers.thresholds", ""), "utf-8")
    (folder / "myapp.py").write_text(APPLICATION.format(queue=queue_url), "utf-8")
    port = str(free_port())
    with running("run", "myapp:app", *options, "--port", port, cwd=folder, modules=folder) as (url, command):
        if "--workers" in options:
            command.wait_for("All 2 workers accept clients")
        until_accepted(url)
        thresholds, frozen = seen(url)
    assert thresholds[0] == 50_000
    assert frozen > 10_000


@pytest.mark.parametrize(
    ("before", "after"),
    [("", (50_000, *gc.get_threshold()[1:])), ("gc.set_threshold(123456, 5, 5)", (123_456, 5, 5))],
    ids=["defaults", "others"],
)
def test_thresholds_set_before_the_import_are_kept(before: str, after: tuple[int, int, int]) -> None:
    """The package is imported lazily, so that an application may have changed them before."""
    code = f"import gc; {before or 'pass'}; from asynction_asgi import relax_collector; relax_collector(); print(gc.get_threshold())"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True, timeout=SECONDS
    )
    assert done.stdout == f"{after}\n"


@pytest.mark.parametrize(
    ("statement", "threshold"), [("gc.set_threshold(1234)", 1234), ("gc.disable()", gc.get_threshold()[0])]
)
def test_the_applications_own_settings_are_kept(folder: Path, statement: str, threshold: int) -> None:
    """The collector stays unchanged if the application has configured it."""
    (folder / "handlers.py").write_text(f"{HANDLERS}{statement}\n", "utf-8")
    with running("run", "gc.yaml", "--port", "0", cwd=folder) as (url, _):
        thresholds, frozen = seen(url)
    assert thresholds[0] == threshold
    assert frozen < 10_000
