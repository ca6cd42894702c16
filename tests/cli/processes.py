"""Run the command line in processes of its own."""

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

from tests.forked import ForkedProcess

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

SECONDS = 180.0  # a busy machine may need a minute for a test that takes a tenth of it alone
ROOT = Path(__file__).parents[2]
URL = re.compile(r"(?:Socket\.IO|Serving) on (https?://[^/\s,]+)")


class Command:
    """A running ``asynction-asgi`` process, killed after ``SECONDS`` so that no test hangs.

    Args:
        arguments: Of the command.
        cwd: Its working directory.
        piped: Whether its standard output is read.
        modules: A folder of modules that hide installed ones; without `again`, it starts a new interpreter.
        again: The packages that are imported with `modules` in front; others were imported without them.
        environment: Variables besides those of this process.
    """

    def __init__(
        self,
        *arguments: str,
        cwd: Path,
        piped: bool = False,
        modules: Path | None = None,
        again: Collection[str] = (),
        environment: Mapping[str, str] = {},
    ) -> None:
        # Coverage is measured in the parent only; a child has its own working directory.
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("COV_")}
        environment = {**inherited, **environment}
        environment["PYTHONPATH"] = os.pathsep.join(str(path) for path in (modules, ROOT) if path is not None)
        command = ("-m", "asynction_asgi", *arguments)
        self.process: ForkedProcess | subprocess.Popen[str]
        if modules is None or again:
            self.process = ForkedProcess(
                command, cwd=cwd, env=environment, stdout=piped, start_new_session=True, again=again
            )
        else:
            self.process = subprocess.Popen(
                (sys.executable, *command),
                cwd=cwd,
                env=environment,
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if piped else subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
        self._limit = threading.Timer(SECONDS, self._kill)
        self._limit.start()
        self.lines: list[str] = []

    def __repr__(self) -> str:
        """Show the last of its output, for checks of its exit code that fail."""
        return f"Command(…{self.output[-200:]})"

    def _kill(self) -> None:
        """Kill it, and processes that it has started."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:  # it has ended, or leads no group yet
            self.process.kill()

    def wait_for_url(self) -> str:
        """Return the address in the start-up line."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line)
            match = URL.search(line)
            if match:
                return match[1]
        raise AssertionError(f"no start-up line in:\n{''.join(self.lines)}")

    def wait_for(self, text: str, *, times: int = 1) -> None:
        """Read standard error until `text` has appeared in `times` more lines."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line)
            times -= text in line
            if not times:
                return
        raise AssertionError(f"{text!r} is missing in:\n{self.output}")

    def line(self) -> str:
        """Return the next line of standard output; the command must be `piped`."""
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def stop(self) -> int:
        """Interrupt the process group, as Ctrl-C does, and return the exit code."""
        with contextlib.suppress(ProcessLookupError):  # it has just ended
            os.killpg(self.process.pid, signal.SIGINT)
        return self.wait()

    def wait(self) -> int:
        """Wait until the process ends, and return its exit code."""
        _, rest = self.process.communicate()
        self._limit.cancel()
        self.lines.append(rest)
        return self.process.wait()

    def close(self) -> None:
        """Kill the process if it still runs, and close its pipes."""
        self._kill()
        self.process.wait()
        self._limit.cancel()
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()

    @property
    def output(self) -> str:
        """What the process has written to standard error so far."""
        return "".join(self.lines)


def until_accepted(url: str) -> None:
    """Wait until the server accepts connections: the last step of its start, which logs nothing."""
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
def running(
    *arguments: str, cwd: Path, modules: Path | None = None, again: Collection[str] = ()
) -> Iterator[tuple[str, Command]]:
    """Yield the address and the process of a server that stops at the end of the block."""
    command = Command(*arguments, cwd=cwd, modules=modules, again=again)
    try:
        yield command.wait_for_url(), command
    finally:
        if command.process.poll() is None:
            command.stop()
        command.close()


def finished(*arguments: str, cwd: Path) -> tuple[int, str]:
    """Return the exit code and the standard error of a command that ends by itself."""
    command = Command(*arguments, cwd=cwd)
    code = command.wait()
    return code, command.output
