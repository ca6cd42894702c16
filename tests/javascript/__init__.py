"""JavaScript clients and servers: installed once, run as scripts that print a line of JSON per result."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).parent
INSTALL_SECONDS = 300
RUN_SECONDS = 90.0


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """The folder of packages from npm, which all checkouts of the user share: to install them takes 30 s of CPU."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    cache = Path(home) / "asynction-asgi" / "javascript"
    cache.mkdir(parents=True, exist_ok=True)
    return _installed(cache)


@pytest.fixture(scope="session")
def run_js(node_modules: Path) -> Callable[..., list[Any]]:
    """``run_js(script, *arguments, timeout=30)``: the values that a script of this folder printed.

    A script is CommonJS, may ``require("socket.io-client")`` (version 4; ``socket.io-client-2`` and
    ``-3`` for the older ones), and prints one line of JSON for each result.
    """

    def run(script: str | Path, *arguments: str, timeout: float = RUN_SECONDS) -> list[Any]:
        done = subprocess.run(
            [node_command(), str(HERE / script), *arguments],
            env={**os.environ, "NODE_PATH": str(node_modules)},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        if done.returncode:
            pytest.fail(f"{script} exited with {done.returncode}\n{done.stdout}{done.stderr}")
        return [json.loads(line) for line in done.stdout.splitlines()]

    return run


@contextlib.contextmanager
def serving_js(node_modules: Path, script: str) -> Iterator[str]:
    """Run a script of this folder that serves and prints its port; yields ``http://127.0.0.1:port``."""
    with subprocess.Popen(
        [_tool("node"), str(HERE / script)],
        env={**os.environ, "NODE_PATH": str(node_modules)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{json.loads(process.stdout.readline())}"
        finally:
            process.kill()


def node_command() -> str:
    """Return the path of Node.js; fails the test without it."""
    return _tool("node")


def _tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.fail(f"this test needs {name}: install Node.js 18 or later with npm")
    return found


def _installed(cache: Path) -> Path:
    """Return the folder of installed packages, after installing them whole or not at all.

    Workers and test runs share it; the first one installs and the others wait.
    """
    wanted = (HERE / "package.json").read_bytes()
    place = cache / hashlib.sha256(wanted).hexdigest()[:16]
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if place.exists():
            return place / "node_modules"
        with tempfile.TemporaryDirectory(dir=cache) as scratch:
            folder = Path(scratch) / "client"
            folder.mkdir()
            (folder / "package.json").write_bytes(wanted)
            npm = [
                _tool("npm"),
                "install",
                "--no-audit",
                "--no-fund",
                "--no-package-lock",
                "--ignore-scripts",
            ]
            done = subprocess.run(
                npm, cwd=folder, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
            )
            if done.returncode:
                pytest.fail(f"npm could not install the JavaScript clients:\n{done.stderr}")
            folder.rename(place)
    return place / "node_modules"
