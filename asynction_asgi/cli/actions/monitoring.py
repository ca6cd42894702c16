"""``run --monitor``: a port of its own for metrics and probes, of one process or of all workers."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click
import uvicorn

from ...metrics.exposition import Exposition
from ...metrics.health import Health, combined
from ...metrics.monitor import Monitor
from ...server.discovery import find_served

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from ...metrics import Metrics
    from ...server import AsynctionSocketIO

_LOCAL = "127.0.0.1"
# A worker that has not beaten for this long is stuck.
_STUCK_SECONDS = 10.0
_NO_WORKER = Health(handlers=False, queue=False, draining=False)


def read_host_and_port(text: str) -> tuple[str, int]:
    """Return host and port of ``[ADDRESS:]PORT``; without an address, only this machine reaches it.

    Raises:
        click.BadParameter: The text has another form.
    """
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]") if colon else _LOCAL
    if not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise click.BadParameter(
            f"{text!r} is not [ADDRESS:]PORT; use one such as 9090 or 0.0.0.0:9090", param_hint="--monitor"
        )
    return host, int(port)


def bind(address: tuple[str, int]) -> socket.socket:
    """Return a socket that listens.

    Raises:
        click.ClickException: The address is taken, or not one of this machine.
    """
    host, port = address
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        reason = str(error.strerror or error).partition(" (while ")[0]  # Python repeats the address there
        raise click.ClickException(
            f"--monitor can't listen on {host} port {port}: {reason}; use another address or port"
        ) from None


def describe(sock: socket.socket) -> str:
    """Return a line that says where metrics and probes are."""
    host, port, *_ = sock.getsockname()
    where = f"[{host}]" if ":" in host else host
    return f"Metrics on http://{where}:{port}/metrics, probes on /live and /ready"


def check_metrics(app: Callable[..., Any]) -> list[Metrics]:
    """Return the metrics of each server of this package in an application.

    Raises:
        click.UsageError: A server has no metrics, or two can't be told apart.
    """
    found = [(mount, served.metrics) for mount, served in find_served(app)]
    for mount, metrics in found:
        if metrics is None:
            place = f"the server at {mount}" if mount else "the server"
            raise click.UsageError(f"--monitor needs {place} to be made with metrics=True")
    every = [metrics for _, metrics in found if metrics is not None]
    if len({metrics.layout.name for metrics in every}) < len(every):
        raise click.UsageError(
            '--monitor needs a name for each server of this application: metrics="chat" in place of metrics=True'
        )
    return every


class ProcessMonitor:
    """What the monitor of a single process reports on.

    Args:
        app: The application.
    """

    def __init__(self, app: Callable[..., Any]) -> None:
        self._metrics = check_metrics(app)
        self._served: Sequence[AsynctionSocketIO] = [served for _, served in find_served(app)]
        self._exposition = Exposition([metrics.layout for metrics in self._metrics])

    def expose(self, media_type: str) -> str:
        """Return the metrics of the process."""
        for metrics in self._metrics:
            metrics.refresh()
        return self._exposition.write([metrics.cells for metrics in self._metrics], media_type)

    def live(self) -> bool:
        """Return True: a process that answers is alive."""
        return True

    def ready(self) -> Mapping[str, bool]:
        """Return whether clients may be sent here, and why not."""
        return combined(served.health for served in self._served).body


class WorkersMonitor:
    """What the monitor of a supervisor reports on: the sum of its workers.

    Args:
        sock: Where to listen.
        folder: Where workers put their files.

    Attributes:
        folder: The folder of the workers' files.
        description: A line that says where metrics and probes are.
    """

    def __init__(self, sock: socket.socket, folder: Path) -> None:
        from ...metrics.shared import Gathering  # noqa: PLC0415  # for POSIX only, as workers are

        self.folder = folder
        self._gathering = Gathering(self.folder)
        self._exposition: Exposition | None = None
        self._layouts: list[Any] = []
        self._ending = False
        self.description = describe(sock)
        self._sock = sock
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped = asyncio.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    def start(self) -> None:
        """Start to answer, in a thread."""
        self._thread.start()

    def begin_end(self) -> None:
        """Report from now on that no clients may be sent here."""
        self._ending = True

    def stop(self) -> None:
        """Stop answering."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join(_STUCK_SECONDS)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        server = MonitorServer(Monitor(self), self._sock)
        await server.start()
        await self._stopped.wait()
        server.stop()

    def expose(self, media_type: str) -> str:
        """Return the sum over all workers, including those that have died."""
        self._gathering.look()
        totals = self._gathering.totals()
        layouts = [layout for layout, _ in totals]
        if self._exposition is None or layouts != self._layouts:
            self._layouts, self._exposition = layouts, Exposition(layouts)
        return self._exposition.write([cells for _, cells in totals], media_type)

    def live(self) -> bool:
        """Return whether no worker is stuck."""
        self._gathering.look()
        return self._gathering.silence() < _STUCK_SECONDS

    def ready(self) -> Mapping[str, bool]:
        """Return whether a worker takes clients, and why not."""
        self._gathering.look()
        best = max(self._gathering.workers, key=_rank, default=_NO_WORKER)
        return replace(best, draining=best.draining or self._ending).body


def _rank(health: Health) -> tuple[bool, bool, bool, bool]:
    return health.ready, not health.draining, health.handlers, health.queue


@contextlib.contextmanager
def monitored(address: tuple[str, int] | None) -> Iterator[WorkersMonitor | None]:
    """Report on workers while the block runs, if there is an address."""
    if address is None:
        yield None
        return
    from ...metrics.folder import shared_folder  # noqa: PLC0415  # for POSIX only, as workers are

    sock = bind(address)
    with shared_folder() as folder:
        monitor = WorkersMonitor(sock, folder)
        monitor.start()
        try:
            yield monitor
        finally:
            monitor.stop()


class _Config(uvicorn.Config):
    def configure_logging(self) -> None:
        """Leave the loggers to the server beside this one."""


def _without_log(protocol: Callable[..., Any]) -> Any:
    """Return a factory of uvicorn's protocol that writes no access log, which scrapes would fill."""

    def create(**options: Any) -> Any:
        made = protocol(**options)
        made.access_log = False
        return made

    return create


class MonitorServer:
    """A second, small server on the running event loop.

    Args:
        app: The application that answers.
        sock: The socket to listen on.
    """

    def __init__(self, app: Callable[..., Any], sock: socket.socket) -> None:
        config = _Config(app, lifespan="off", ws="none", proxy_headers=False, server_header=False)
        config.load()
        config.http_protocol_class = _without_log(config.http_protocol_class)
        self._server = uvicorn.Server(config)
        self._server.lifespan = config.lifespan_class(config)
        self._sock = sock

    async def start(self) -> None:
        """Start to answer."""
        await self._server.startup(sockets=[self._sock])

    def stop(self) -> None:
        """Close the port and all its connections."""
        for server in self._server.servers:
            server.close()
        for connection in list(self._server.server_state.connections):
            connection.shutdown()
