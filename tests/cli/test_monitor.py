"""``run --monitor``: metrics and probes at a port of their own, of one process and of several workers."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import io
import logging
import os
import re
import signal
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import httpx
import pytest
from click.testing import CliRunner
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse
from uvicorn.config import STARTUP_FAILURE

from asynction_asgi.cli import main
from asynction_asgi.cli.actions.monitoring import monitored
from asynction_asgi.cli.actions.server import share
from asynction_asgi.metrics import Metrics
from asynction_asgi.metrics.health import Health
from tests.clients import connected
from tests.metrics.contracts import layout
from tests.ports import free_port

from .inside import Here
from .processes import SECONDS, Command, until_accepted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DOCUMENT = """\
asyncapi: 2.6.0
info: {title: Watched, version: 1.0.0}
channels:
  /:
    publish:
      message:
        oneOf:
          - {name: pid, x-handler: handlers.pid, x-ack: {args: {type: integer}}}
          - {name: wait, x-handler: handlers.wait, x-ack: {args: {}}}
"""
HANDLERS = """\
import asyncio
import os


async def pid():
    return os.getpid()


async def wait():
    await asyncio.sleep(0.5)
"""
APPLICATION = """\
from starlette.applications import Starlette
from starlette.routing import Mount

from asynction_asgi import AsynctionSocketIO

chat = AsynctionSocketIO.from_spec("chat.yaml", metrics="chat")
app = Starlette(routes=[Mount("/one", chat), Mount("/two", AsynctionSocketIO.from_spec("chat.yaml", metrics="two"))])
unnamed = Starlette(routes=[Mount(path, AsynctionSocketIO.from_spec("chat.yaml", metrics=True)) for path in ("/one", "/two")])
without = AsynctionSocketIO.from_spec("chat.yaml")
"""
METRICS = re.compile(r"Metrics on (http://[^/]+)/metrics")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("watched")
    (folder / "chat.yaml").write_text(DOCUMENT, "utf-8")
    (folder / "handlers.py").write_text(HANDLERS, "utf-8")
    (folder / "application.py").write_text(APPLICATION, "utf-8")
    return folder


def address_in(output: str) -> str:
    """Return the address of the monitor, as the command has logged it."""
    found = METRICS.search(output)
    assert found, output
    return found[1]


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[tuple[str, httpx.Client]]:
    """The URL of a server, and a client of its monitor."""
    here = Here("run", str(folder / "chat.yaml"), "--app-dir", str(folder), "--port", "0", "--monitor", "0")
    with here.serving() as (url, command):
        command.wait_for("Metrics on")
        with httpx.Client(base_url=address_in(command.output), trust_env=False) as client:
            yield url, client


async def test_a_scrape_is_read_by_a_parser(served: tuple[str, httpx.Client]) -> None:
    """Both formats are served by the header ``Accept``, and show what happened at the other port."""
    url, http = served
    async with connected(url) as client:
        await client.call("pid")
    text = http.get("/metrics")
    assert text.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    opened = http.get("/metrics", headers={"accept": "application/openmetrics-text"})
    assert opened.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    for answer, read in ((text, parse), (opened, parse_openmetrics)):
        samples = {
            (sample.name, *sample.labels.values()): sample.value
            for family in read(answer.text)
            for sample in family.samples
        }
        assert samples["asynction_events_total", "/", "pid", "handled"] == 1
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("method", "path", "status", "body"),
    [
        ("GET", "/live", 200, '{"live": true}\n'),
        ("GET", "/ready", 200, '{"ready": true, "handlers": true, "queue": true, "draining": false}\n'),
        ("HEAD", "/ready", 200, ""),
        ("POST", "/metrics", 405, "GET or HEAD\n"),
        ("GET", "/socket.io/", 404, "this port has /metrics, /live and /ready\n"),
    ],
)
def test_the_port_has_nothing_else(
    served: tuple[str, httpx.Client], method: str, path: str, status: int, body: str
) -> None:
    """Probes are answered as JSON; no other path and method is."""
    answer = served[1].request(method, path)
    assert (answer.status_code, answer.text) == (status, body)


def test_the_main_port_has_no_metrics(served: tuple[str, httpx.Client]) -> None:
    """What clients can reach shows no metrics."""
    assert httpx.get(f"{served[0]}/metrics", trust_env=False).status_code == 404


def test_scrapes_are_not_logged(folder: Path) -> None:
    """The access log has the requests of clients only."""
    here = Here("run", str(folder / "chat.yaml"), "--app-dir", str(folder), "--port", "0", "--monitor", "0")
    with contextlib.redirect_stdout(io.StringIO()) as output, here.serving() as (url, command):
        command.wait_for("Metrics on")
        httpx.get(f"{address_in(command.output)}/ready", trust_env=False)
        httpx.get(f"{url}/docs", trust_env=False)
    assert "/docs" in output.getvalue()
    assert "/ready" not in output.getvalue()


async def test_probes_are_answered_while_clients_leave(folder: Path) -> None:
    """From SIGTERM on the process is not ready, and says so until its clients have left."""
    arguments = ("run", "chat.yaml", "--port", "0", "--monitor", "0", "--drain", "1000")
    command = Command(*arguments, cwd=folder)
    try:
        url = command.wait_for_url()
        command.wait_for("Metrics on")
        async with httpx.AsyncClient(base_url=address_in(command.output), trust_env=False) as http:
            async with connected(url) as client:
                assert (await http.get("/ready")).status_code == 200
                work = asyncio.ensure_future(client.call("wait"))
                assert await client.call("pid") == command.process.pid
                command.process.send_signal(signal.SIGTERM)
                await asyncio.to_thread(command.wait_for, "Draining: 1 clients")
                answer = await http.get("/ready")
                assert (answer.status_code, answer.json()["draining"]) == (503, True)
                assert "asynction_draining 1" in (await http.get("/metrics")).text
                assert (await http.get("/live")).status_code == 200
                await work
                command.process.send_signal(signal.SIGTERM)
                await client.wait_gone()
            assert await asyncio.to_thread(command.wait) == 0
    finally:
        command.close()


async def test_counters_of_workers_never_fall(folder: Path, queue_url: str) -> None:
    """A scrape sums all workers, within a second; of one that is killed, the counts stay and the clients go."""
    port = str(free_port())
    options = ("--websocket-only", "--message-queue", queue_url, "--port", port, "--monitor", "0")
    timeouts = ("--timeout-worker-healthcheck", "60")
    command = Command("run", "chat.yaml", "--workers", "2", *options, *timeouts, cwd=folder)
    try:
        url = command.wait_for_url()
        command.wait_for("All 2 workers accept clients")
        until_accepted(url)
        base = address_in(command.output)
        async with httpx.AsyncClient(base_url=base, trust_env=False) as http:

            async def total(name: str) -> float:
                text = (await http.get("/metrics")).text
                values = [
                    sample.value
                    for family in parse(text)
                    for sample in family.samples
                    if sample.name == name and sample.labels.get("outcome", "handled") == "handled"
                ]
                return sum(values)

            async def reach(name: str, count: int) -> None:
                seen = 0.0
                async with asyncio.timeout(SECONDS):
                    while seen != count:
                        before, seen = seen, await total(name)
                        assert before <= seen <= count

            async def ready(status: int) -> None:
                async with asyncio.timeout(SECONDS):
                    while (await http.get("/ready")).status_code != status:
                        pass

            await ready(200)
            events = 0
            pids: set[int] = set()
            while len(pids) < 2:
                async with connected(url) as client:
                    pids.add(await client.call("pid"))
                    events += 1
            await reach("asynction_events_total", events)
            async with connected(url) as client:
                pid = await client.call("pid")
                assert await total("asynction_connections") == 1
                await reach("asynction_events_total", events + 1)
                os.kill(pid, signal.SIGKILL)
                await client.wait_gone()
            await asyncio.to_thread(command.wait_for, f"worker {pid} died; starting another one")
            assert await total("asynction_events_total") == events + 1
            assert await total("asynction_connections") == 0
            assert await total("asynction_info") == 1
            assert (await http.get("/live")).status_code == 200
            await ready(200)
            command.process.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(command.wait) == 0
    finally:
        command.close()


def test_readiness_of_workers() -> None:
    """A worker with two applications is ready when both are; the answer is that of the worker that is best off."""
    well = Health(handlers=True, queue=True, draining=False)
    starting, leaving = replace(well, handlers=False, queue=False), replace(well, draining=True)
    one, two = (Metrics(layout("say", name=name)) for name in ("one", "two"))
    with monitored(("127.0.0.1", 0)) as monitor:
        assert monitor is not None
        base = re.findall(r"http://[^/]+", monitor.description)[0]
        with httpx.Client(base_url=base, trust_env=False) as http:

            def ready() -> tuple[int, Health]:
                answer = http.get("/ready")
                body = answer.json()
                assert body.pop("ready") is (answer.status_code == 200)
                return answer.status_code, Health(**body)

            assert ready() == (503, starting)
            for metrics in (one, two):
                metrics.share(monitor.folder)
            one.beat(well)
            assert ready() == (503, starting)
            two.beat(well)
            assert ready() == (200, well)
            two.end(leaving)
            assert ready() == (503, leaving)
            two.beat(well)
            monitor.begin_end()
            assert ready() == (503, leaving)


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (OSError(errno.ENOSPC, "full"), "free space in {}"),
        (OSError(errno.EDQUOT, "full"), "free space in {}"),
        (PermissionError(errno.EACCES, "denied"), "check that {} exists and is writable"),
    ],
    ids=["full", "quota", "denied"],
)
def test_workers_say_why_metrics_are_not_shared(
    tmp_path: Path,
    error: OSError,
    advice: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A worker ends in a way after which none is started in its place, and the log says what to do."""
    monkeypatch.setattr(logging.getLogger("asynction_asgi"), "propagate", True)  # off while `served` runs
    metrics = Metrics(layout("say"))

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(os, "ftruncate", fail)
    with pytest.raises(SystemExit) as end:
        share(metrics, tmp_path)
    assert end.value.code == STARTUP_FAILURE
    assert f"{error}; {advice.format(tmp_path)}" in caplog.text


@pytest.mark.parametrize(
    ("target", "monitor", "words"),
    [
        ("chat.yaml", "9090x", "'9090x' is not [ADDRESS:]PORT; use one such as 9090 or 0.0.0.0:9090"),
        ("chat.yaml", ":9090", "is not [ADDRESS:]PORT"),
        ("chat.yaml", "70000", "is not [ADDRESS:]PORT"),
        (
            "chat.yaml",
            "192.0.2.1:9090",
            f"192.0.2.1 port 9090: {os.strerror(errno.EADDRNOTAVAIL)}; use another address or port",
        ),
        ("application:without", "0", "--monitor needs the server to be made with metrics=True"),
        ("application:unnamed", "0", 'a name for each server of this application: metrics="chat"'),
    ],
)
def test_what_can_not_be_watched(
    folder: Path, target: str, monitor: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong address, and servers that count nothing or can't be told apart, are refused before the start."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", [*sys.path])
    result = CliRunner().invoke(main, ["run", target, "--port", "0", "--monitor", monitor])
    sys.modules.pop("application", None)
    sys.modules.pop("handlers", None)
    assert result.exit_code in (1, 2)
    assert words in result.output


def test_several_applications_are_told_apart(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One scrape shows all of them, by the label ``app``."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", [*sys.path])
    here = Here("run", "application:app", "--app-dir", str(folder), "--port", "0", "--monitor", "[::1]:0")
    with here.serving() as (_, command):
        command.wait_for("Metrics on")
        answer = httpx.get(f"{address_in(command.output)}/metrics", trust_env=False)
    apps = {sample.labels["app"] for family in parse(answer.text) for sample in family.samples}
    assert apps == {"chat", "two"}
    sys.modules.pop("application", None)
    sys.modules.pop("handlers", None)
