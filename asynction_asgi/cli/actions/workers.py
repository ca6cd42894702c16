"""``--workers``: uvicorn's supervisor, whose workers let clients leave before they end.

uvicorn's own creates workers in four methods, with a server that can't be chosen, so they are overridden here.
While workers drain, a signal to the supervisor reaches them.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, cast

from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess
from uvicorn.supervisors.multiprocess import SIGNALS, Process

from ...logs import get_logger
from .orphans import run_supervised
from .server import Server

if TYPE_CHECKING:
    import socket
    from collections.abc import Collection
    from pathlib import Path

    import uvicorn

    from .monitoring import WorkersMonitor
    from .server import Ending

logger = get_logger("cli")

_CHECK_SECONDS = 0.1
# For a new worker to import the application and to complete its start-up.
_START_SECONDS = 60.0


class _Worker(Process):
    """A process that runs our server.

    Attributes:
        serves: Whether it was serving when it last answered.
    """

    serves = False

    def __init__(
        self, config: uvicorn.Config, sockets: list[socket.socket], ending: Ending, folder: Path | None
    ) -> None:
        self._ending = ending
        self._folder = folder
        super().__init__(config, sockets)

    def target(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve, in the process itself, until a signal or the end of the supervisor."""
        # Made before the thread that answers pings starts: that thread would make another one, which never serves.
        self._server = Server(self.config, None, self._ending, folder=self._folder)
        run_supervised(super().target, sockets)

    def terminate(self) -> None:
        """Send SIGTERM, unless it has ended, and close the pipe."""
        with contextlib.suppress(ProcessLookupError):  # it has ended, and its exit code has not come yet
            super().terminate()
        self.parent_conn.close()
        self.child_conn.close()

    def ping(self, timeout: float = 5) -> bool:
        """Return whether the worker answers in time; stop waiting if it dies."""
        try:
            self.parent_conn.send(b"ping")
            if self.parent_conn not in wait([self.parent_conn, self.process.sentinel], timeout):
                return False
            self.serves = self.parent_conn.recv()
        except (OSError, EOFError):
            return False
        return True


class Workers(Multiprocess):
    """Starts workers and replaces those that die; on SIGHUP, replaces all of them one after the other.

    Args:
        config: Of uvicorn.
        sockets: What all of them listen on.
        ending: How each ends.
        places: The URLs, as logged when all of them serve.
        monitor: Reports on them, or None.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        sockets: list[socket.socket],
        ending: Ending,
        places: str,
        monitor: WorkersMonitor | None = None,
    ) -> None:
        super().__init__(config, sockets)
        self._ending = ending
        self._places = places
        self._monitor = monitor
        self._interrupted = False
        self._announced = False
        self.failed = False

    def handle_int(self) -> None:
        """Stop at once."""
        self._interrupted = True
        super().handle_int()

    def init_processes(self) -> None:
        """Start the first workers."""
        self.processes += [self._start_worker() for _ in range(self.processes_num)]

    def _start_worker(self) -> Process:
        folder = None if self._monitor is None else self._monitor.folder
        worker = _Worker(self.config, self.sockets, self._ending, folder)
        worker.start()
        return worker

    def handle_ttin(self) -> None:
        """Start one more worker."""
        logger.info("Starting one more worker")
        self.processes_num += 1
        self.processes.append(self._start_worker())

    def handle_ttou(self) -> None:
        """End the newest worker, unless it is the only one."""
        if self.processes_num == 1:
            logger.info("Ignoring SIGTTOU: only one worker is left")
            return
        logger.info("Ending one worker")
        self.processes_num -= 1
        self._retire(self.processes.pop())

    def handle_signals(self) -> None:
        """Handle the queued signals; `_take_end` may remove some of them meanwhile."""
        while self.signal_queue:
            name = SIGNALS[self.signal_queue.pop(0)]
            handle = getattr(self, f"handle_{name.lower()}", None)
            if handle is not None:
                handle()

    def restart_all(self) -> None:
        """Replace each worker; the new one serves before the old one ends."""
        for place in range(len(self.processes)):
            new = self._start_worker()
            if not self._await_ready(new):
                why = "does not serve after a minute" if new.process.is_alive() else "ended before it served"
                new.kill()
                new.process.join()
                if not self.should_exit.is_set():
                    logger.error(
                        "worker %s %s; aborting the restart and keeping worker %s",
                        new.pid,
                        why,
                        self.processes[place].pid,
                    )
                return
            old, self.processes[place] = self.processes[place], new
            self._retire(old)
            if self.should_exit.is_set():
                return

    def keep_subprocess_alive(self) -> None:
        """Replace workers that died or don't answer, unless all are ending."""
        if self.should_exit.is_set():
            return
        for place, worker in enumerate(self.processes):
            if worker.is_alive(timeout=self.config.timeout_worker_healthcheck):
                continue
            worker.kill()
            worker.process.join()
            if worker.exitcode == STARTUP_FAILURE:  # the next one would fail in the same way
                logger.error("worker %s failed to start; stopping", worker.pid)
                self.failed = True
                self.should_exit.set()
                return
            logger.info("worker %s died; starting another one", worker.pid)
            self.processes[place] = self._start_worker()
        self._announce()

    def _announce(self) -> None:
        """Log the URLs once all workers serve; uvicorn's line comes before that."""
        if not self._announced and all(worker.serves for worker in cast("list[_Worker]", self.processes)):
            self._announced = True
            logger.info("%s", self._places)
            logger.info("All %d workers accept clients", len(self.processes))

    def terminate_all(self) -> None:
        """Send SIGTERM to the workers, and refuse new connections meanwhile."""
        if self._monitor is not None:
            self._monitor.begin_end()
        super().terminate_all()
        for sock in self.sockets:
            sock.close()  # or clients would wait in its backlog for a worker to take them

    def join_all(self) -> None:
        """Wait for the workers to end."""
        self._await_end(self.processes)

    def _retire(self, worker: Process) -> None:
        """End a worker that is no longer one of `processes`."""
        worker.terminate()
        self._await_end([worker])

    def _await_ready(self, worker: Process) -> bool:
        """Wait until a worker serves; return False if it ended or takes too long, or if all must end."""
        deadline = time.monotonic() + _START_SECONDS
        while worker.process.is_alive() and time.monotonic() < deadline:
            if worker.wait_until_ready(_CHECK_SECONDS):
                return True
            self._take_end()
            if self.should_exit.is_set():
                return False
            self.keep_subprocess_alive()
        return False

    def _await_end(self, workers: Collection[Process]) -> None:
        """Wait for workers to end; SIGINT or SIGTERM in the meantime ends their draining.

        They then get SIGTERM again and again, because signals that arrive close together count as one. A
        second SIGINT would make uvicorn skip the lifespan's end, and a terminal may already have sent one.
        """
        hurried = self._interrupted
        while alive := [worker for worker in workers if worker.process.is_alive()]:
            alive[0].process.join(_CHECK_SECONDS)
            hurried = self._take_end() or hurried
            if hurried:
                for worker in alive:
                    if worker.pid is not None and worker.process.is_alive():
                        with contextlib.suppress(ProcessLookupError):  # as above
                            os.kill(worker.pid, signal.SIGTERM)
            self.keep_subprocess_alive()

    def _take_end(self) -> bool:
        """Let all workers end if SIGINT or SIGTERM arrived; return whether one did."""
        came = {signal.SIGINT, signal.SIGTERM} & {*self.signal_queue}
        if came:
            self.signal_queue.clear()
            self.should_exit.set()
            self._interrupted = self._interrupted or signal.SIGINT in came
        return bool(came)
