"""Servers behind nginx that are restarted, one after the other, while clients are at work."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

from asynction_asgi import Emitter
from asynction_asgi.scaffold.deployments import deployment_files
from tests.forked import ForkedProcess
from tests.pages import block
from tests.ports import free_ports

from .processes import ROOT, SECONDS, Command, until_accepted

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
    from pathlib import Path

_TICK_SECONDS = 0.05  # between two emits to everybody
_WORK_SECONDS = 0.02  # in the handler of each event
_SCRIPT = ROOT / "tests" / "javascript" / "rolling.cjs"
SECRET = "signs the tokens of those who may enter /staff"
_APPLICATION = f"""\
import asyncio
import json
import os

from asynction_asgi import AsynctionSocketIO, JWTVerifier

done = os.open(os.environ["DONE"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
app = AsynctionSocketIO.from_spec(
    json.loads(os.environ["DOCUMENT"]),
    message_queue=os.environ["QUEUE"],
    metrics="METRICS" in os.environ,
    **({{"transports": ["websocket"]}} if "WORKERS" in os.environ else {{}}),
    security_handlers={{"token": JWTVerifier(secret="{SECRET}")}},
)


@app.on("add")
async def add(client, number):
    await asyncio.sleep({_WORK_SECONDS})
    os.write(done, f"{{client}} {{number}}\\n".encode())
"""
# The rest is the configuration that people get from `scaffold --deploy nginx`.
_NGINX = """\
daemon off;
pid nginx.pid;
error_log stderr crit;
worker_processes 1;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  include chat.conf;
}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What clients saw of the restarts.

    Attributes:
        clients: What each saw, as ``rolling.cjs`` says it.
        lost: Events that were answered and not handled.
        doubled: Events that were handled twice.
        exits: The exit status of each process that has ended.
        log: What the servers logged, if `look` was given.
    """

    clients: Sequence[dict[str, Any]]
    lost: int
    doubled: int
    exits: Sequence[int]
    log: str

    def total(self, name: str) -> int:
        """Add up one of the numbers of the clients."""
        return sum(client[name] for client in self.clients)

    @property
    def away(self) -> list[float]:
        """For how many seconds clients were disconnected, each time, in order of length."""
        return sorted((end - begin) / 1000 for client in self.clients for begin, end in client["returns"])

    @property
    def peak(self) -> int:
        """The most clients that came back within one second."""
        ends = sorted(end for client in self.clients for _, end in client["returns"])
        return max((sum(end <= other < end + 1000 for other in ends) for end in ends), default=0)


def document(*, recovery: bool) -> dict[str, Any]:
    """Return the document; with recovery, clients are given what they missed."""
    numbers = {"type": "array", "items": [{"type": "string"}, {"type": "integer"}], "minItems": 2}
    add = {"name": "add", "payload": numbers, "x-ack": True}
    channel: dict[str, Any] = {
        "publish": {"message": add},
        "subscribe": {"message": {"name": "tick", "payload": {"type": "integer"}}},
    }
    if recovery:
        channel["x-recovery"] = True
    return {
        "asyncapi": "2.6.0",
        "info": {"title": "Restarts", "version": "1.0.0"},
        "channels": {"/": channel, "/staff": {"x-security": [{"token": []}]}},
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "x-authField": "token"}}
        },
    }


class _Server:
    """One of the two, which comes back on the same port."""

    def __init__(
        self,
        folder: Path,
        route: str,
        port: int,
        drain: float,
        environment: dict[str, str],
        monitor: int | None,
    ) -> None:
        options = (
            "--route",
            route,
            "--drain",
            str(drain),
            "--ready-path",
            "/ready",
            "--port",
            str(port),
            "--log-level",
            "warning" if monitor is None else "info",
            "--no-access-log",
            *(() if monitor is None else ("--monitor", str(monitor))),
        )
        self._command = ("-m", "asynction_asgi", "run", "application:app", *options)
        self._folder, self._environment = folder, environment
        self._url = f"http://127.0.0.1:{port}/ready"
        self._process: ForkedProcess | None = None
        self._logs = monitor is not None
        self.log = ""
        self.exits: list[int] = []

    async def start(self) -> None:
        """Start it, and wait until it is ready."""
        self._process = await asyncio.to_thread(
            ForkedProcess,
            self._command,
            cwd=self._folder,
            env=self._environment,
            stdout=False,
            stderr=self._logs,
        )
        async with httpx.AsyncClient(trust_env=False) as http, asyncio.timeout(SECONDS):
            while True:
                with contextlib.suppress(httpx.TransportError):
                    if (await http.get(self._url)).status_code == 200:
                        return
                await asyncio.sleep(0.05)

    async def restart(self) -> None:
        """End it and start it again."""
        await self.end()
        await self.start()

    async def end(self) -> None:
        """Tell it to end, and wait until it has."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            _, errors = await asyncio.to_thread(self._process.communicate)
            self.log += errors
            self.exits.append(self._process.wait())

    async def kill(self) -> None:
        """End it at once."""
        if self._process is not None:
            self._process.kill()
            await asyncio.to_thread(self._process.communicate)


class _Workers:
    """Two workers of one server, which SIGHUP replaces one after the other."""

    def __init__(
        self, folder: Path, port: int, drain: float, environment: dict[str, str], monitor: int
    ) -> None:
        options = ("--workers", "2", "--drain", str(drain), "--port", str(port), "--monitor", str(monitor))
        self._arguments = ("run", "application:app", *options, "--no-access-log")
        self._folder, self._environment = folder, environment
        self._command: Command | None = None
        self.exits: list[int] = []

    async def start(self) -> None:
        """Start them, and wait until both are ready."""
        self._command = Command(*self._arguments, cwd=self._folder, environment=self._environment)
        await asyncio.to_thread(self._command.wait_for, "Application startup complete", times=2)

    async def restart(self) -> None:
        """Replace both, and wait until the old ones have ended."""
        assert self._command is not None
        self._command.process.send_signal(signal.SIGHUP)
        await asyncio.to_thread(self._command.wait_for, "Finished server process", times=2)

    async def end(self) -> None:
        """Tell them to end, and wait until they have."""
        if self._command is not None:
            self._command.process.send_signal(signal.SIGTERM)
            self.exits.append(await asyncio.to_thread(self._command.wait))

    async def kill(self) -> None:
        """End them at once."""
        if self._command is not None:
            await asyncio.to_thread(self._command.close)

    @property
    def log(self) -> str:
        """What they have logged."""
        return "" if self._command is None else self._command.output


async def roll(
    folder: Path,
    queue_url: str,
    node_modules: Path,
    *,
    clients: int,
    drain: float,
    rate: float = 5.0,
    recovery: bool = False,
    workers: bool = False,
    look: Callable[[str, Sequence[str]], Awaitable[None]] | None = None,
) -> Outcome:
    """Restart two servers, or the two workers of one, under load.

    Args:
        folder: For files.
        queue_url: A Redis, as ``redis://…``; a stream is used.
        node_modules: Where socket.io-client is.
        clients: How many.
        drain: Seconds over which each server lets its clients leave.
        rate: Events a second of each client.
        recovery: Whether the document asks for what clients missed.
        workers: Whether one server has two workers, to which clients come by WebSocket alone; needs `look`.
        look: Receives the URL of nginx and those of the monitors, before and after the restarts; if given,
            the servers have metrics.
    """
    *ports, first, second = free_ports(5)
    monitors = [first, second]
    queue = queue_url.replace("redis:", "redis+stream:")
    (folder / "application.py").write_text(_APPLICATION, "utf-8")
    done = folder / "done"
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "DONE": str(done),
        "QUEUE": queue,
        "DOCUMENT": json.dumps(document(recovery=recovery)),
        **({} if look is None else {"METRICS": "1"}),
        **({"WORKERS": "1"} if workers else {}),
    }
    servers: Sequence[_Server | _Workers]
    if workers:
        servers, monitors = [_Workers(folder, ports[0], drain, environment, monitors[0])], monitors[:1]
        behind = block("nginx", "nginx in front of one process").replace("8000", str(ports[0]))
    else:
        servers = [
            _Server(folder, route, port, drain, environment, None if look is None else monitor)
            for route, port, monitor in zip("ab", ports, monitors, strict=False)
        ]
        (text,) = deployment_files(["nginx"], title="Restarts", path="/socket.io", secrets=()).values()
        behind = text.decode().replace("8001", str(ports[0])).replace("8002", str(ports[1]))
    watched = [f"http://127.0.0.1:{monitor}" for monitor in monitors]
    emitter = Emitter.from_spec(document(recovery=False), message_queue=queue)
    try:
        await asyncio.gather(*(server.start() for server in servers))
        async with running_nginx(folder, behind, ports[2]) as url, _ticking(emitter):
            node = await asyncio.create_subprocess_exec(
                *("node", str(_SCRIPT), url, str(clients), str(rate), *(["websocket"] if workers else [])),
                env={**os.environ, "NODE_PATH": str(node_modules)},
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=1 << 26,
            )
            try:
                assert node.stdout is not None
                assert await asyncio.wait_for(node.stdout.readline(), SECONDS) == b"connected\n"
                if look is not None:
                    await look(url, watched)
                for server in servers:
                    await server.restart()
                if look is not None:
                    await look(url, watched)
                output, _ = await asyncio.wait_for(node.communicate(b""), SECONDS)
                await asyncio.gather(*(server.end() for server in servers))
            finally:
                if node.returncode is None:
                    node.kill()
                    await node.wait()
    finally:
        await emitter.close()
        await asyncio.gather(*(server.kill() for server in servers))
    seen = json.loads(output)
    handled = Counter(done.read_text("utf-8").splitlines())
    answered = {
        f"c{place} {number}" for place, client in enumerate(seen) for number in range(client["answered"])
    }
    return Outcome(
        clients=seen,
        lost=len(answered - handled.keys()),
        doubled=sum(count > 1 for count in handled.values()),
        exits=[status for server in servers for status in server.exits],
        log="".join(server.log for server in servers),
    )


@contextlib.asynccontextmanager
async def running_nginx(folder: Path, servers: str, port: int) -> AsyncIterator[str]:
    """Run nginx with a configuration that belongs below http, at another port than 80, and yield its URL."""
    listening = servers.replace("listen 80;", f"listen 127.0.0.1:{port};")
    (folder / "chat.conf").write_text(listening, "utf-8")
    (folder / "nginx.conf").write_text(_NGINX, "utf-8")
    process = subprocess.Popen(["nginx", "-p", str(folder), "-e", "stderr", "-c", str(folder / "nginx.conf")])
    try:
        url = f"http://127.0.0.1:{port}"
        await asyncio.to_thread(until_accepted, url)
        yield url
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait)


@contextlib.asynccontextmanager
async def _ticking(emitter: Emitter) -> AsyncIterator[None]:
    """Emit numbers to everybody."""

    async def tick() -> None:
        number = 0
        while True:
            await emitter.emit("tick", number)
            number += 1
            await asyncio.sleep(_TICK_SECONDS)

    ticking = asyncio.ensure_future(tick())
    try:
        yield
    finally:
        ticking.cancel()
        await asyncio.wait([ticking])
