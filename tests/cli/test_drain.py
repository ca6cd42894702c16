"""``run --drain``: clients leave one after another, and come back to other processes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
import threading
import time
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import aiohttp
import click
import httpx
import pytest
import socketio
import uvicorn
from click.testing import CliRunner
from starlette.applications import Starlette
from starlette.routing import Mount

from asynction_asgi import AsynctionSocketIO
from asynction_asgi.cli import main
from asynction_asgi.cli.actions.readiness import check_ready_path
from asynction_asgi.cli.actions.server import Ending, Server
from asynction_asgi.cli.actions.workers import _Worker
from tests.engine.stage import until
from tests.forked import ForkedProcess
from tests.ports import free_port

from .processes import ROOT, SECONDS, Command, until_accepted

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

APPLICATION = """\
import asyncio
import atexit
import os
import pathlib
import sys
import time

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from asynction_asgi import AsynctionSocketIO

DOCUMENT = {
    "asyncapi": "2.6.0",
    "info": {"title": "Leave", "version": "1.0.0"},
    "channels": {
        "/": {
            "publish": {
                "message": {"oneOf": [{"name": name, "x-ack": {"args": {}}} for name in ("pid", "finish")]}
            }
        }
    },
}
options = {}
if "QUEUE" in os.environ:
    options = {"transports": ["websocket"], "message_queue": os.environ["QUEUE"]}
paths = {"metrics_path": "/metrics", "monitor_guard": None, "health_path": "/health"}
app = AsynctionSocketIO.from_spec(DOCUMENT, metrics=True, **paths, **options)


@app.on("pid")
async def pid():
    return os.getpid()


@app.on("finish")
async def finish():
    while not app.server.stopping:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.2)
    return "finished"


@app.on("disconnect")
async def disconnect(reason):
    print("disconnect:", reason, flush=True)


if "LEAVING" in os.environ:

    @atexit.register
    def leave():
        print("leaving", os.getpid(), file=sys.stderr, flush=True)
        time.sleep(float(os.environ["LEAVING"]))
        print("left", os.getpid(), file=sys.stderr, flush=True)


if pathlib.Path("slow").exists():
    print("importing", file=sys.stderr, flush=True)
    time.sleep(1000)


async def hello(request):
    return PlainTextResponse("hello")


mounted = Starlette(routes=[Route("/hello", hello), Mount("/api", app)])
"""
# uvicorn without `run`, behind middleware that hides its connection; the hook is that of the documentation.
HOOKED = """\
import uvicorn

from application import app


class Server(uvicorn.Server):
    async def startup(self, sockets=None):
        await super().startup(sockets)
        print("Serving on http://127.0.0.1:%d" % self.servers[0].sockets[0].getsockname()[1], flush=True)

    async def shutdown(self, sockets=None):
        await app.drain(0.5)
        await super().shutdown(sockets)


class Middleware:
    async def __call__(self, scope, receive, send):
        async def received():
            return await receive()

        await app(scope, received, send)


Server(uvicorn.Config(Middleware(), port=0, log_level="warning")).run()
"""
# Its Socket.IO server can't end, beside another application that can.
FAILING = """\
import contextlib
import sys

from starlette.applications import Starlette
from starlette.routing import Mount

from application import app


async def fail(*args, **options):
    raise RuntimeError("no way out")


app.server.drain = app.server.shutdown = fail


@contextlib.asynccontextmanager
async def lifespan(starlette):
    yield
    print("cleaned up", file=sys.stderr, flush=True)


mounted = Starlette(routes=[Mount("/api", app)], lifespan=lifespan)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "application.py").write_text(APPLICATION, "utf-8")
    (tmp_path / "failing.py").write_text(FAILING, "utf-8")
    return tmp_path


@contextlib.contextmanager
def serving(*arguments: str, cwd: Path, **options: Any) -> Iterator[tuple[str, Command]]:
    """Run a server, and end it at the end of the block if it still runs."""
    command = Command("run", *arguments, cwd=cwd, **options)
    try:
        url = command.wait_for_url()
        until_accepted(url)
        yield url, command
    finally:
        command.close()


class Client:
    """A client of python-socketio that comes back, and notes what it sees."""

    def __init__(self) -> None:
        self.http = aiohttp.ClientSession()  # a client leaves those of its own open when it comes back
        self.sio = socketio.AsyncClient(
            reconnection_delay=0.1, reconnection_delay_max=0.3, http_session=self.http
        )
        self.seen: list[str] = []
        self._changed = asyncio.Condition()
        for event in ("connect", "connect_error", "disconnect"):
            self.sio.on(event, self._note(event))

    def _note(self, event: str) -> Callable[..., Any]:
        async def note(*_: Any) -> None:
            async with self._changed:
                self.seen.append(event)
                self._changed.notify_all()

        return note

    async def sees(self, event: str, *, times: int = 1) -> None:
        """Wait until it has seen an event so often."""
        async with asyncio.timeout(SECONDS), self._changed:
            await self._changed.wait_for(lambda: self.seen.count(event) >= times)

    async def returned(self) -> None:
        """Wait until it is connected, as often as it was sent away."""
        await until(lambda: self.sio.connected and "/" in self.sio.namespaces)

    async def ask(self, event: str) -> Any:
        """Emit an event and return its answer."""
        return await self.sio.call(event, timeout=SECONDS)


@contextlib.asynccontextmanager
async def clients(url: str, *transports: str, path: str = "socket.io") -> AsyncIterator[list[Client]]:
    """Connect a client by each transport, one after another."""
    connected = [Client() for _ in transports]
    try:
        for client, transport in zip(connected, transports, strict=True):
            await client.sio.connect(url, transports=[transport], socketio_path=path)
        yield connected
    finally:
        for client in connected:
            await client.sio.shutdown()
            await client.http.close()


@pytest.mark.parametrize("target", ["app", "mounted"])
async def test_clients_leave_one_after_another(folder: Path, target: str) -> None:
    """Until then each is served as ever, newcomers are refused, and probes are told."""
    options = ("--drain", "1000", "--ready-path", "/ready", "--port", "0")
    path = "/api/socket.io" if target == "mounted" else "/socket.io"
    with serving(f"application:{target}", *options, cwd=folder) as (url, command):
        async with (
            httpx.AsyncClient(base_url=url, trust_env=False) as http,
            clients(url, "websocket", "polling", "websocket", path=path) as (first, second, third),
        ):
            assert (await http.get("/ready")).status_code == 200
            assert (await http.post("/ready")).status_code == 405
            works = [asyncio.ensure_future(client.ask("finish")) for client in (first, second, third)]
            assert await third.ask("pid") == command.process.pid
            command.process.send_signal(signal.SIGTERM)
            assert await asyncio.gather(*works) == ["finished"] * 3
            assert (await http.get("/ready")).status_code == 503
            handshake = await http.get(f"{path}/?EIO=4&transport=polling")
            assert (handshake.status_code, handshake.headers["retry-after"]) == (503, "1")
            if target == "mounted":
                assert (await http.get("/hello")).text == "hello"
            assert await third.ask("pid") == command.process.pid
            assert [client.seen for client in (first, second, third)] == [["connect"]] * 3, "nobody left"
            command.process.send_signal(signal.SIGTERM)
            for client in (first, second, third):
                await client.sees("disconnect")
            assert await asyncio.to_thread(command.wait) == 0
        assert not [line for line in command.lines if "Traceback" in line or "ERROR" in line]


async def test_the_oldest_client_leaves_first(folder: Path) -> None:
    """Those that came later stay meanwhile."""
    with serving("application:app", "--drain", "3", "--port", "0", cwd=folder) as (url, command):
        async with clients(url, "websocket", "websocket") as connected:
            gone: list[Client] = []

            async def watch(client: Client) -> None:
                await client.sees("disconnect")
                gone.append(client)

            command.process.send_signal(signal.SIGTERM)
            await asyncio.gather(*map(watch, reversed(connected)))
            assert gone == connected
            assert await asyncio.to_thread(command.wait) == 0


def test_an_application_that_fails_to_stop_keeps_no_other_from_it(folder: Path) -> None:
    """Its error is logged, the lifespan of others ends, and so does the process, with 0."""
    with serving("failing:mounted", "--drain", "0.1", "--port", "0", cwd=folder) as (_, command):
        command.process.send_signal(signal.SIGTERM)
        assert command.wait() == 0
        for step in ("drain", "stop"):
            assert f"an application failed to {step}" in command.output
        assert "cleaned up\n" in command.output


async def test_clients_come_back(folder: Path, run_js: Callable[..., list[Any]]) -> None:
    """By every transport, to the process that follows; what was in a handler is answered before."""
    port = str(free_port())
    with serving("application:app", "--drain", "0.1", "--port", port, cwd=folder) as (url, command):
        async with clients(url, "websocket", "polling") as pythons:
            works = [asyncio.ensure_future(client.ask("finish")) for client in pythons]
            javascript = asyncio.ensure_future(asyncio.to_thread(run_js, "restart.cjs", url))
            assert await asyncio.to_thread(command.wait) == 0
            assert await asyncio.gather(*works) == ["finished"] * 2
            with serving("application:app", "--port", port, cwd=folder) as (_, following):
                for client in pythons:
                    await client.sees("connect", times=2)
                    assert await client.ask("pid") == following.process.pid
                assert await javascript == [
                    ["finished", "transport close", True],
                    ["finished", "transport error", True],
                    ["finished", "transport close", True],
                ]


@pytest.mark.parametrize(
    ("first", "second"),
    [(signal.SIGINT, None), (signal.SIGTERM, signal.SIGTERM), (signal.SIGTERM, signal.SIGINT)],
    ids=["interrupt", "terminate twice", "terminate, interrupt"],
)
async def test_draining_can_be_cut_short(folder: Path, first: signal.Signals, second: Any) -> None:
    """An interrupt, and any second signal, let all clients go at once; what is in a handler is still answered."""
    with serving("application:app", "--drain", "1000", "--port", "0", cwd=folder) as (url, command):
        async with clients(url, "websocket") as [client]:
            work = asyncio.ensure_future(client.ask("finish"))
            assert await client.ask("pid") == command.process.pid
            command.process.send_signal(first)
            if second is not None:
                await asyncio.to_thread(command.wait_for, "Draining: 1 clients leave over 1000 seconds")
                command.process.send_signal(second)
            assert await work == "finished"
            await client.sees("disconnect")
            assert await asyncio.to_thread(command.wait) == 0


def test_a_process_cleans_up_whatever_signals_come(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second SIGTERM changes nothing, nor does one that comes after the server has ended."""
    monkeypatch.setenv("LEAVING", "0.1")
    with serving("application:app", "--port", "0", cwd=folder) as (_, command):
        command.process.send_signal(signal.SIGTERM)
        command.wait_for("Shutting down")
        command.process.send_signal(signal.SIGTERM)
        command.wait_for("leaving")
        command.process.send_signal(signal.SIGTERM)
        assert command.wait() == 0
        assert f"left {command.process.pid}" in command.output


@contextlib.contextmanager
def workers(folder: Path, *, drain: str) -> Iterator[tuple[str, Command]]:
    """Serve by two workers, and wait until both have started."""
    port = str(free_port())
    options = ("--workers", "2", "--drain", drain, "--port", port)
    with serving("application:app", *options, cwd=folder) as (url, command):
        command.wait_for("All 2 workers accept clients")
        yield url, command


async def test_workers_are_replaced_without_a_refusal(
    folder: Path, queue_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On SIGHUP, clients of one worker after the other move to those that run; SIGTERM sends all away."""
    monkeypatch.setenv("QUEUE", queue_url)
    with workers(folder, drain="0.5") as (url, command):
        async with clients(url, *["websocket"] * 6) as connected:
            old = {await client.ask("pid") for client in connected}
            command.process.send_signal(signal.SIGHUP)
            await asyncio.to_thread(command.wait_for, "Finished server process", times=2)
            for client in connected:
                await client.returned()
                assert await client.ask("pid") not in old
                assert set(client.seen) == {"connect", "disconnect"}, "and no error"
            works = [asyncio.ensure_future(client.ask("finish")) for client in connected]
            await asyncio.gather(*(client.ask("pid") for client in connected))
            command.process.send_signal(signal.SIGTERM)
            assert await asyncio.gather(*works) == ["finished"] * 6
            assert await asyncio.to_thread(command.wait) == 0


async def test_signals_reach_a_worker_that_drains(
    folder: Path, queue_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C while SIGTTOU lets one worker drain ends all of them, and each cleans up."""
    monkeypatch.setenv("QUEUE", queue_url)
    monkeypatch.setenv("LEAVING", "0.3")
    with workers(folder, drain="1000") as (url, command):
        async with contextlib.AsyncExitStack() as stack:
            pids: set[int] = set()
            while len(pids) < 2:  # until each worker has a client
                [client] = await stack.enter_async_context(clients(url, "websocket"))
                pids.add(await client.ask("pid"))
            command.process.send_signal(signal.SIGTTOU)
            await asyncio.to_thread(command.wait_for, "Draining: ")
            os.killpg(command.process.pid, signal.SIGINT)
            assert await asyncio.to_thread(command.wait) == 0
        assert all(f"left {pid}" in command.output for pid in pids)


async def test_signals_reach_a_restart_that_waits(
    folder: Path, queue_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While SIGHUP waits for a new worker, one that dies is replaced, and SIGTERM ends all of them."""
    monkeypatch.setenv("QUEUE", queue_url)
    with workers(folder, drain="0.1") as (url, command):
        async with clients(url, "websocket") as [client]:
            pid = await client.ask("pid")
            (folder / "slow").touch()
            command.process.send_signal(signal.SIGHUP)
            await asyncio.to_thread(command.wait_for, "importing")
            # Or it would not end by SIGTERM: uvicorn's handler does not interrupt an import.
            (folder / "slow").unlink()
            os.kill(pid, signal.SIGKILL)
            await asyncio.to_thread(command.wait_for, f"worker {pid} died; starting another one")
            command.process.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(command.wait) == 0
        assert "aborting the restart" not in command.output


async def test_a_restart_ends_with_a_worker_that_ends(
    folder: Path, queue_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An application that fails at its start replaces none that works, and the log says which one stays."""
    monkeypatch.setenv("QUEUE", queue_url)
    with workers(folder, drain="0.1") as (url, command):
        async with clients(url, "websocket") as [client]:
            pid = await client.ask("pid")
            (folder / "application.py").write_text("raise SystemExit('out of order')", "utf-8")
            command.process.send_signal(signal.SIGHUP)
            await asyncio.to_thread(
                command.wait_for, "ended before it served; aborting the restart and keeping worker "
            )
            assert await client.ask("pid") == pid
            command.process.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(command.wait) == 0


class SlowlyMade(_Worker):
    """A worker whose process takes a while to make a server, and longer in the thread that answers pings."""

    def target(self, sockets: list[socket.socket] | None = None) -> None:
        def make(*arguments: Any, **options: Any) -> Server:
            time.sleep(0.2 if threading.current_thread() is threading.main_thread() else 1.0)
            return Server(*arguments, **options)

        with patch("asynction_asgi.cli.actions.workers.Server", make):
            super().target(sockets)


def test_a_worker_that_is_asked_early_serves(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is asked before the worker has a server is answered for the one that serves."""
    monkeypatch.syspath_prepend(str(folder))
    config = uvicorn.Config("application:app", port=0, log_level="warning")
    with contextlib.closing(config.bind_socket()) as listening:
        worker = SlowlyMade(config, [listening], Ending(), None)
        worker.start()
        try:
            assert not worker.is_ready(0.0)
            assert worker.wait_until_ready(60.0)
        finally:
            worker.kill()
            worker.process.join()


def test_a_worker_that_was_reaped_gets_no_signal() -> None:
    """A process that has ended may be gone before its exit code is known; the other workers are to end all the same."""
    worker = _Worker(uvicorn.Config("application:app"), [], Ending(), None)
    worker.start()
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGKILL)
    os.waitpid(worker.pid, 0)
    assert worker.exitcode is None
    worker.terminate()
    assert worker.parent_conn.closed


async def test_workers_end_after_a_killed_supervisor(
    folder: Path, queue_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They drain as on SIGTERM, end, and free the port."""
    monkeypatch.setenv("QUEUE", queue_url)
    with workers(folder, drain="0.5") as (url, command):
        async with clients(url, "websocket") as [client]:
            work = asyncio.ensure_future(client.ask("finish"))
            await client.ask("pid")
            os.kill(command.process.pid, signal.SIGKILL)
            assert await work == "finished"
            assert await asyncio.to_thread(command.wait) == -signal.SIGKILL
    assert command.output.count(f"the supervisor {command.process.pid} was killed; ending as on SIGTERM") == 2
    assert command.output.count("Finished server process") == 2
    with socket.create_server(("127.0.0.1", int(url.rpartition(":")[2]))):
        pass


async def test_an_application_drains_under_uvicorn(folder: Path) -> None:
    """From a hook before uvicorn closes connections, over both transports."""
    (folder / "hooked.py").write_text(HOOKED, "utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = await asyncio.to_thread(ForkedProcess, ("-m", "hooked"), cwd=folder, env=environment)
    assert process.stdout is not None
    url = (await asyncio.to_thread(process.stdout.readline)).split()[-1]
    async with clients(url, "polling", "websocket") as connected:
        works = [asyncio.ensure_future(client.ask("finish")) for client in connected]
        await asyncio.gather(*(client.ask("pid") for client in connected))
        process.send_signal(signal.SIGTERM)
        assert await asyncio.gather(*works) == ["finished"] * 2
        for client in connected:
            await client.sees("disconnect")
    output, errors = await asyncio.to_thread(process.communicate, SECONDS)
    assert output.splitlines() == ["disconnect: server shutting down"] * 2
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--drain", "-1"], "-1"),
        (["--drain", "5", "--reload"], "--reload restarts at once; remove --drain"),
        (["--ready-needs-queue"], "--ready-needs-queue needs a message queue: --message-queue URL"),
        (["--ws-max-size", "5000"], "less than Limits.packet_bytes, 1000000 bytes; leave it out"),
        (["--ready-path", "ready"], "'ready' is not a path; use one such as /ready"),
        (["--ready-path", "/socket.io/ready"], "is a path of the server already; use another one"),
        (["--ready-path", "/docs"], "is a path of the server already"),
        (["--ready-path", "/metrics"], "is a path of the server already"),
        (["--ready-path", "/health"], "is a path of the server already"),
    ],
)
def test_what_can_not_be_served(
    folder: Path, arguments: list[str], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong use of the options is refused before anything is served."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", [*sys.path])
    result = CliRunner().invoke(main, ["run", "application:app", "--port", "0", *arguments])
    sys.modules.pop("application", None)
    assert result.exit_code == 2
    assert words in result.output


def test_paths_below_a_mount_are_free_elsewhere() -> None:
    """A path of a mounted server hides nothing at the root of the application."""
    document = {"asyncapi": "2.6.0", "info": {"title": "T", "version": "1"}, "channels": {"/": {}}}
    chat = AsynctionSocketIO.from_spec(document, handlers={}, health_path="/health")
    app = Starlette(routes=[Mount("/chat", app=chat)])
    for path in ("/health", "/docs", "/chatter"):
        check_ready_path(app, path)
    with pytest.raises(click.BadParameter, match="a path of the server at /chat already"):
        check_ready_path(app, "/chat/health")
