"""The command line as processes of their own."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDS = 60.0
ROOT = Path(__file__).parents[2]
_URL = re.compile(r"(?:Socket\.IO|Serving) on (https?://[^/\s,]+)")


class Command:
    """A running ``asynction-asgi``; killed when its time is up, so that no test hangs."""

    def __init__(self, *arguments: str, cwd: Path, piped: bool = False, modules: Path | None = None) -> None:
        # Coverage of a parent is not asked of its children, and their working directory is theirs.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("COV_")}
        # Modules found first hide those that are installed.
        environment["PYTHONPATH"] = os.pathsep.join(str(one) for one in (modules, ROOT) if one is not None)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "asynction_asgi", *arguments],
            cwd=cwd,
            env=environment,
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if piped else subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._limit = threading.Timer(SECONDS, self.process.kill)
        self._limit.start()
        self.lines: list[str] = []

    def wait_for_url(self) -> str:
        """Return the address that the start-up line announces."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line)
            found = _URL.search(line)
            if found:
                return found[1]
        raise AssertionError(f"no start-up line in:\n{''.join(self.lines)}")

    def wait_for(self, text: str, *, times: int = 1) -> None:
        """Read on until `text` has been written so many times more."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line)
            times -= text in line
            if not times:
                return
        raise AssertionError(f"{text!r} is missing in:\n{self.output}")

    def line(self) -> str:
        """Return the next line of standard output, of a command that is `piped`."""
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def stop(self) -> int:
        """Interrupt it as a person would, who reaches the processes that it started too; the exit code."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.wait()

    def wait(self) -> int:
        """Wait for its end; the exit code."""
        _, rest = self.process.communicate()
        self._limit.cancel()
        self.lines.append(rest)
        return self.process.returncode

    def close(self) -> None:
        """Kill what still runs, and let go of its pipes."""
        self.process.kill()
        self.process.wait()
        self._limit.cancel()
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()

    @property
    def output(self) -> str:
        """What it wrote to standard error so far."""
        return "".join(self.lines)


def until_accepted(url: str) -> None:
    """Wait until something accepts connections there: the last step of a start, which logs nothing."""
    host, _, port = url.removeprefix("http://").partition(":")
    pause, deadline = threading.Event(), time.monotonic() + SECONDS
    while True:
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
        except ConnectionRefusedError:
            assert time.monotonic() < deadline, f"nothing accepts connections at {url}"
            pause.wait(0.02)
        else:
            return


@contextlib.contextmanager
def running(*arguments: str, cwd: Path, modules: Path | None = None) -> Iterator[tuple[str, Command]]:
    """Yield a server and its address; stopped at the end of the block."""
    command = Command(*arguments, cwd=cwd, modules=modules)
    try:
        yield command.wait_for_url(), command
    finally:
        if command.process.poll() is None:
            command.stop()


def finished(*arguments: str, cwd: Path) -> tuple[int, str]:
    """Return the exit code and the standard error of a command that ends by itself."""
    command = Command(*arguments, cwd=cwd)
    code = command.wait()
    return code, command.output
