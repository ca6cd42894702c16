"""A real RabbitMQ for the tests over AMQP; it starts in seconds on a quiet machine, and in a minute on a busy one."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from .ports import free_ports

if TYPE_CHECKING:
    from collections.abc import Iterator

START_SECONDS = 180.0
STOP_SECONDS = 30.0
# Debian's command in /usr/sbin changes to a user and a folder of its own.
_PATHS = ("/usr/lib/rabbitmq/bin", os.environ["PATH"])
# One scheduler that does not spin while it is idle: less than ten seconds of CPU for a start.
_ERLANG = "+S 1:1 +sbwt none -kernel inet_dist_use_interface {127,0,0,1}"


LARGEST_BYTES = 1_000_000


class RabbitMQ:
    """A broker that serves one folder on one loopback port, and can be killed and started again.

    Args:
        folder: Holds all that it writes.
    """

    def __init__(self, folder: Path) -> None:
        program = shutil.which("rabbitmq-server", path=os.pathsep.join(_PATHS))
        if program is None:
            raise RuntimeError("install RabbitMQ for these tests: there is no rabbitmq-server")
        self._program = program
        self._folder = folder
        self._port, distribution, names = free_ports(3)
        self.url = f"amqp://guest:guest@127.0.0.1:{self._port}"
        (folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = 127.0.0.1:{self._port}\nmax_message_size = {LARGEST_BYTES}\n"
        )
        (folder / "plugins").write_text("[].\n")
        self._environ = {
            **os.environ,
            "HOME": str(folder),
            "RABBITMQ_NODENAME": f"test{self._port}@localhost",
            "RABBITMQ_MNESIA_BASE": str(folder / "state"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_DIST_PORT": str(distribution),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": _ERLANG,
            "ERL_EPMD_PORT": str(names),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the broker on the same port each time, and return when it accepts connections."""
        with (self._folder / "output").open("ab") as output:
            self._process = subprocess.Popen(
                [self._program],
                env=self._environ,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._accepts():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"RabbitMQ did not start:\n{(self._folder / 'output').read_text()}")
            time.sleep(0.1)

    def _accepts(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._port), 1.0):
            return True
        return False

    def end(self) -> None:
        """Kill the broker, with all that it has started, and wait for its end."""
        process, self._process = self._process, None
        if process is not None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(STOP_SECONDS)

    @contextlib.contextmanager
    def naming(self) -> Iterator[None]:
        """Run Erlang's name server; one that the broker starts would outlive it."""
        with subprocess.Popen(["epmd"], env=self._environ) as names:
            try:
                yield
            finally:
                names.kill()


@contextlib.contextmanager
def running_rabbitmq() -> Iterator[RabbitMQ]:
    """Run a broker until the block ends."""
    with tempfile.TemporaryDirectory() as folder:
        broker = RabbitMQ(Path(folder))
        with broker.naming():
            try:
                broker.start()
                yield broker
            finally:
                broker.end()
