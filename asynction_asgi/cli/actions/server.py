"""uvicorn's server, which lets clients leave before it stops."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import signal
import sys
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.config import STARTUP_FAILURE

from ...collector import relax_collector
from ...errors import printable
from ...logs import get_logger
from ...metrics.monitor import Monitor
from ...server.discovery import find_served
from .banner import banner
from .monitoring import MonitorServer, ProcessMonitor, describe
from .readiness import Readiness
from .reloader import accept_interrupts

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path
    from types import FrameType

    from ...metrics import Metrics
    from ...server import AsynctionSocketIO

logger = get_logger("cli")


def share(metrics: Metrics, folder: Path) -> None:
    """Share metrics with the supervisor, or end the process in a way after which it starts no other one."""
    try:
        metrics.share(folder)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        advice = f"free space in {folder}" if full else f"check that {folder} exists and is writable"
        logger.error("metrics can't be shared with the other workers: %s; %s", error, advice)  # noqa: TRY400  # the text says it all
        sys.exit(STARTUP_FAILURE)


def _log_failures(what: str, results: Iterable[object]) -> None:
    """Log the errors among the results of applications; each ends even if another one fails."""
    for result in results:
        if isinstance(result, Exception):
            logger.error("an application failed to %s", what, exc_info=result)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a server ends, and how it tells probes.

    Attributes:
        drain: Seconds over which clients leave after SIGTERM.
        ready_path: Where probes are answered, or None.
        needs_queue: Whether an outage of the message queue makes the answers to probes 503.
    """

    drain: float = 0.0
    ready_path: str | None = None
    needs_queue: bool = False


class Server(uvicorn.Server):
    """Logs its URLs once it accepts, and ends sessions before it waits for connections.

    SIGTERM lets clients leave over the seconds of `ending`. SIGINT does not, and either of the two ends
    the draining when it comes meanwhile; a SIGTERM after that changes nothing.

    Args:
        config: Of uvicorn.
        settings: What `banner` shows; None if it was shown before.
        ending: How it ends.
        monitor: Where metrics and probes are answered, or None.
        folder: Where a worker puts its metrics for the supervisor, or None.
        on_bound: Called as soon as it listens, or None.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        settings: Mapping[str, Any] | None,
        ending: Ending | None = None,
        *,
        monitor: socket.socket | None = None,
        folder: Path | None = None,
        on_bound: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(config)
        self._on_bound = on_bound
        self._monitor = monitor
        self._folder = folder
        self._monitor_server: MonitorServer | None = None
        self._settings = settings
        self._ending = ending or Ending()
        self._seconds = self._ending.drain
        self._loop: asyncio.AbstractEventLoop | None = None
        self._leaving: asyncio.Future[Any] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept connections, and log where."""
        self._loop = asyncio.get_running_loop()
        accept_interrupts()
        path = self._ending.ready_path
        if path is not None:
            self.config.loaded_app = Readiness(self.config.loaded_app, path)
        for served in self._served:
            if self._ending.needs_queue:
                served.server.manager.need_queue()
            if self._folder is not None and served.metrics is not None:
                share(served.metrics, self._folder)
        await super().startup(sockets)
        if not self.started:
            return
        if self._on_bound is not None:
            self._on_bound()
        for mount, served in find_served(self.config.loaded_app):
            if served.awaits_start:
                logger.warning(
                    "the application's lifespan does not start the server at %s; it and its background tasks start"
                    " with the first request; use lifespan=sio.lifespan, where sio is the server",
                    printable(mount) or "/",
                )
            served.server.listen()  # a mounted server may have received no start-up
            served.measure()
        if self._monitor is not None:
            self._monitor_server = MonitorServer(
                Monitor(ProcessMonitor(self.config.loaded_app)), self._monitor
            )
            await self._monitor_server.start()
        relax_collector()
        if self._settings is not None:
            names: Iterable[Any] = (sock.getsockname() for server in self.servers for sock in server.sockets)
            port = next((name[1] for name in names if isinstance(name, tuple)), None)
            logger.info("%s", banner(self.config.loaded_app, self._settings, port))
            if self._monitor is not None:
                logger.info("%s", describe(self._monitor))

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle signals; SIGTERM also after the server has ended, so that the process can clean up."""
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, self.handle_exit)  # which is what uvicorn restores at the end
        with super().capture_signals():
            yield

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop, or end the draining."""
        draining = self.should_exit and self._seconds > 0
        if draining or sig == signal.SIGINT:
            self._hurry()
        if draining or sig == signal.SIGTERM:
            self.should_exit = True  # uvicorn would raise the signal again at the end, and not exit with 0
        else:
            super().handle_exit(sig, frame)

    def _hurry(self) -> None:
        """End the draining, or prevent it; called by a signal handler."""
        self._seconds = 0.0
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._end_drain)

    def _end_drain(self) -> None:
        if self._leaving is not None:
            self._leaving.cancel()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let clients leave, end what runs, and close all connections."""
        if self._seconds > 0:
            await self._drain(shared=sockets is not None or self.config.fd is not None)
        # End handlers and sessions first: uvicorn closes connections before it notifies applications.
        shutdowns = (served.server.shutdown() for served in self._served)
        _log_failures("stop", await asyncio.gather(*shutdowns, return_exceptions=True))
        await super().shutdown(sockets)
        if self._monitor_server is not None:
            self._monitor_server.stop()  # last, so that probes are answered while clients leave

    async def _drain(self, *, shared: bool) -> None:
        """Let clients leave until all have left, or a signal ends it.

        Args:
            shared: Whether other processes listen on the same socket: this one then stops accepting, because
                it would refuse clients that another could take.
        """
        seconds = self._seconds
        clients = sum(len(served.server.eio.sockets) for served in self._served)
        logger.info("Draining: %d clients leave over %g seconds", clients, seconds)
        draining = (served.server.drain(seconds, admitting=shared) for served in self._served)
        self._leaving = asyncio.gather(*draining, return_exceptions=True)
        if shared:
            await asyncio.sleep(
                0
            )  # so that draining begins first: a server that has stopped listening seems to end at once
            for server in self.servers:
                server.close()
        await asyncio.wait([self._leaving])
        self._seconds = 0.0  # the next signal no longer ends a draining
        with contextlib.suppress(asyncio.CancelledError):  # by a signal
            _log_failures("drain", self._leaving.result())

    @property
    def _served(self) -> list[AsynctionSocketIO]:
        return [served for _, served in find_served(self.config.loaded_app)]
