"""Python processes that start at once: forked from one that has imported what they need.

The imports of a server, python-socketio's above all, take 1.5 s of CPU, and the tests start hundreds of servers.
A test of imports, of hidden modules or of the start itself uses `subprocess` instead.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import threading
from multiprocessing.reduction import DupFd
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from .warm import exiting, start_warm

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

ROOT = Path(__file__).parent.parent
_SECONDS = 180.0
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    [
        "asynction_asgi.cli.actions.run",
        "asynction_asgi.cli.actions.mock",
        "asynction_asgi.cli.actions.listen",
        "asynction_asgi.testing",
        "pytest",
        "redis.asyncio",
        "tests.engine.cluster.node",
        "tests.wire.process",
        "uvicorn.main",
        "uvicorn.lifespan.on",
        "uvicorn.loops.uvloop",
        "uvicorn.protocols.http.httptools_impl",
        "uvicorn.protocols.websockets.websockets_sansio_impl",
        "watchfiles",
    ]
)


class _Descriptor:
    """A file descriptor that reaches the process with the arguments of its function."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def __reduce__(self) -> Any:
        return _detached, (DupFd(self._descriptor),)


def _detached(duplicate: Any) -> int:
    descriptor: int = duplicate.detach()
    return descriptor


class ForkedProcess:
    """``python -m MODULE ARGUMENTS`` or ``python -c SOURCE ARGUMENTS``, used like `subprocess.Popen` in text mode.

    Its pipes are those that are asked for; standard input is empty, and other output is dropped.

    Args:
        command: The arguments of ``python``; the first is ``-m`` or ``-c``.
        cwd: Its working directory; by default that of this process.
        env: Its environment; by default that of this process. Python reads ``PYTHONPATH`` alone from it.
        stdout: Whether there is a pipe for standard output.
        stderr: Whether there is a pipe for standard error.
        start_new_session: Whether signals to this process group leave it alone.
        again: The packages that it imports again, from its own path.
    """

    def __init__(
        self,
        command: Iterable[str],
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        stdout: bool = True,
        stderr: bool = True,
        start_new_session: bool = False,
        again: Iterable[str] = (),
    ) -> None:
        with contextlib.ExitStack() as ours:
            theirs: list[_Descriptor] = []
            pipes = []
            for piped in (stdout, stderr):
                read, write = os.pipe() if piped else (None, os.open(os.devnull, os.O_WRONLY))
                ours.callback(os.close, write)
                theirs.append(_Descriptor(write))
                pipes.append(read)
            settings = (list(command), str(cwd or Path.cwd()), dict(os.environ if env is None else env))
            arguments = (*settings, start_new_session, [*again], *theirs)
            self._process = _CONTEXT.Process(target=_main, args=arguments)
            self._process.start()
        self.stdout, self.stderr = (
            None if pipe is None else os.fdopen(pipe, encoding="utf-8") for pipe in pipes
        )
        self._outputs = ["", ""]
        self._readers = [
            threading.Thread(target=self._read, args=(place, pipe), daemon=True)
            for place, pipe in enumerate((self.stdout, self.stderr))
            if pipe is not None
        ]
        assert self._process.pid is not None
        self.pid = self._process.pid

    @property
    def returncode(self) -> int | None:
        """Its exit code, the negative number of the signal that ended it, or None while it runs."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """Return its exit code, or None while it runs."""
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it ends, and return its exit code.

        Raises:
            subprocess.TimeoutExpired: It still runs after so many seconds.
        """
        self._process.join(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired(["python"], timeout or 0.0)
        return self.returncode

    def send_signal(self, number: signal.Signals) -> None:
        """Send it a signal, unless it has ended."""
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill it, unless it has ended."""
        self.send_signal(signal.SIGKILL)

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Return the rest of both outputs once it has ended, and close its pipes.

        Raises:
            subprocess.TimeoutExpired: It still runs after so many seconds; what it wrote is kept.
        """
        for reading in self._readers:
            if reading.ident is None:
                reading.start()
        self.wait(timeout)
        for reading in self._readers:
            reading.join(timeout)
        return self._outputs[0], self._outputs[1]

    def _read(self, place: int, pipe: TextIO) -> None:
        with pipe:
            self._outputs[place] = pipe.read()


def run_forked(
    command: Sequence[str], *, timeout: float = _SECONDS, **options: Any
) -> subprocess.CompletedProcess[str]:
    """Run a process to its end, as `subprocess.run` does that captures text and checks no exit code.

    Args:
        command: The arguments of ``python``; the first is ``-m`` or ``-c``.
        timeout: In seconds.
        options: Of `ForkedProcess`.

    Raises:
        subprocess.TimeoutExpired: It still runs after so many seconds, and is killed.
    """
    process = ForkedProcess(command, **options)
    try:
        output, errors = process.communicate(timeout)
    finally:
        process.kill()
    return subprocess.CompletedProcess(command, process.wait(), output, errors)


def run_pytest(
    *arguments: str, cwd: Path, plugins: Iterable[str] = ("anyio.pytest_plugin",)
) -> tuple[int, str]:
    """Run pytest on tests outside this suite, and return its exit code and its report.

    Args:
        arguments: Of pytest.
        cwd: The folder of the tests.
        plugins: The modules of its plugins. To import all that are installed takes 1.5 s of CPU.

    Raises:
        subprocess.TimeoutExpired: It still runs after minutes.
    """
    # Coverage is measured in the parent only.
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("COV_", "PYTEST_"))}
    environment = {**kept, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    named = [option for plugin in plugins for option in ("-p", plugin)]
    command = ("-m", "pytest", *named, "-p", "no:cacheprovider", *arguments)
    done = run_forked(command, cwd=cwd, env=environment)
    return done.returncode, done.stdout + done.stderr


def _main(
    command: list[str],
    cwd: str,
    environment: dict[str, str],
    start_new_session: bool,
    again: list[str],
    stdout: int,
    stderr: int,
) -> None:
    """Become the process: what the interpreter does before it runs a module or a source."""
    if start_new_session:
        os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
    for descriptor, standard in ((stdout, 1), (stderr, 2)):
        os.dup2(descriptor, standard)
        os.close(descriptor)
    # multiprocessing has put an empty standard input elsewhere; uvicorn passes its number on to its workers.
    os.dup2(sys.stdin.fileno(), 0)
    sys.stdin = os.fdopen(0)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(cwd)
    kind, target, *arguments = command
    search = environment.get("PYTHONPATH", "").split(os.pathsep)
    sys.path[:0] = [cwd if kind == "-m" else "", *filter(None, search)]
    sys.argv = [target, *arguments]
    for name in [*sys.modules]:
        if any(f"{name}.".startswith(f"{package}.") for package in again):
            del sys.modules[name]
    if {"--reload", "--workers"} & set(arguments):
        start_warm()
    with exiting():
        if kind == "-m":
            runpy.run_module(target, run_name="__main__", alter_sys=True)
        else:
            exec(compile(target, "<string>", "exec"), {"__name__": "__main__"})
