"""Server processes: start them, measure their CPU and memory, stop them."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from .contract import PAYLOADS, SCHEMAS
from .variants import VARIANTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

START_SECONDS = 30.0
INSTALL_SECONDS = 180.0
LOGGED_CHARACTERS = 4000
NODE_PACKAGES = ("socket.io@4", "ajv@8")


class UnavailableError(Exception):
    """A variant can't run on this machine; the message says why."""


class ServerProcess:
    """A running server process.

    Attributes:
        name: The name of its variant.
        port: Its port on 127.0.0.1.
    """

    def __init__(self, name: str, pid: int, port: int) -> None:
        self.name = name
        self.port = port
        self.pid = pid
        # Linux: another process's CPU clock over all threads, in nanoseconds (clock_getcpuclockid(3)).
        self._clock = (~pid << 3) | 2

    def cpu(self) -> float:
        """Return the seconds of CPU, user and system, that the process has used."""
        return time.clock_gettime(self._clock)

    def rss(self) -> int:
        """Return the resident memory in bytes."""
        fields = Path(f"/proc/{self.pid}/statm").read_text().split()
        return int(fields[1]) * os.sysconf("SC_PAGE_SIZE")


@contextlib.contextmanager
def running(name: str) -> Iterator[ServerProcess]:
    """Start a variant by name, and stop it when the block ends.

    Raises:
        UnavailableError: The server did not start.
    """
    command, environment = [sys.executable, "-m", "benchmarks.apps", name], dict(os.environ)
    if VARIANTS[name].app == "node":
        command = _node_command(validated=name.endswith("ajv"))
        environment["NODE_PATH"] = str(node_modules())
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(
            command,
            cwd=Path(__file__).resolve().parent.parent,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        try:
            port = announced_port(process)
            if port is None:
                process.kill()
                process.wait()
                errors.seek(0)
                raise UnavailableError(
                    (errors.read().strip().splitlines() or ["the server did not start in time"])[-1]
                )
            yield ServerProcess(name, process.pid, port)
        finally:
            process.kill()
        errors.seek(0)
        if logged := errors.read(LOGGED_CHARACTERS):
            print(f"{name} logged:\n{logged}", file=sys.stderr)


@contextlib.contextmanager
def all_running(
    baseline: str, variants: Sequence[str]
) -> Iterator[tuple[ServerProcess, list[ServerProcess]]]:
    """Start the baseline and those variants that this machine can run; exit if nothing can be compared."""
    with contextlib.ExitStack() as stack:
        servers = []
        for name in (baseline, *variants):
            try:
                servers.append(stack.enter_context(running(name)))
            except UnavailableError as reason:
                omit(name, reason, baseline=baseline)
        first, *others = servers
        if not others:
            sys.exit("none of the variants can run here, so there is nothing to compare")
        yield first, others


def omit(name: str, reason: UnavailableError, *, baseline: str) -> None:
    """Print why a variant is left out; exit if it is the baseline, without which there are no ratios."""
    if name == baseline:
        sys.exit(f"the baseline {name} can't run: {reason}")
    print(f"omitted: {name}: {reason}", file=sys.stderr)


def announced_port(process: subprocess.Popen[str]) -> int | None:
    """Return the port that a process prints, or None if it ends or prints none in time."""
    assert process.stdout is not None
    readable, _, _ = select.select([process.stdout], [], [], START_SECONDS)
    line = process.stdout.readline().strip() if readable else ""
    return int(line) if line.isdigit() else None


def _node_command(*, validated: bool) -> list[str]:
    schemas = json.dumps(SCHEMAS) if validated else "none"
    return node_script("server.js", schemas, json.dumps(list(PAYLOADS)))


def node_script(name: str, *arguments: str) -> list[str]:
    """Return the command that runs a script in the folder ``node``.

    Raises:
        UnavailableError: Node is not installed.
    """
    node = shutil.which("node")
    if node is None:
        raise UnavailableError("node is not installed")
    return [node, "--expose-gc", str(Path(__file__).resolve().parent / "node" / name), *arguments]


def node_modules(packages: Sequence[str] = NODE_PACKAGES, folder: str = "benchmarks") -> Path:
    """Return the folder of Node's packages, after installing missing ones into the user's cache.

    Raises:
        UnavailableError: The packages can't be installed.
    """
    modules = _modules(folder)
    if all((modules / package.rpartition("@")[0]).is_dir() for package in packages):
        return modules
    npm = shutil.which("npm")
    if npm is None:
        raise UnavailableError("npm is not installed")
    modules.parent.mkdir(parents=True, exist_ok=True)
    install = [npm, "install", "--no-audit", "--no-fund", "--prefix", str(modules.parent), *packages]
    try:
        subprocess.run(install, check=True, capture_output=True, timeout=INSTALL_SECONDS)
    except subprocess.SubprocessError as error:
        raise UnavailableError(f"npm could not install {', '.join(packages)}: {error}") from error
    return modules


def _modules(folder: str) -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "asynction-asgi" / folder / "node_modules"


def node_versions() -> list[str]:
    """Return the versions of Node and of the packages that the servers in Node use, as far as they are there."""
    node = shutil.which("node")
    if node is None:
        return ["Node absent"]
    shown = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    versions = [f"Node {shown.strip().removeprefix('v')}"]
    for package in (name.rpartition("@")[0] for name in NODE_PACKAGES):
        description = _modules("benchmarks") / package / "package.json"
        if description.is_file():
            versions.append(f"{package} {json.loads(description.read_text('utf-8'))['version']}")
    return versions
