"""Run the test suites of the protocols' authors against our applications.

``python -m tests.wire.conformance CLONE…`` takes local clones of socketio/socket.io-protocol and
socketio/engine.io-protocol, runs each suite in a temporary folder with Node, as root and mounted in
Starlette, on uvicorn's WebSocket protocol and on ours, and prints the counts. Exits with 1 if a
test failed.
"""

# ruff: noqa: T201  # a script prints
from __future__ import annotations

import itertools
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..protocols import http_beside
from ..serving import serve
from .protocol import MOUNT, engineio_app, socketio_app
from .stages import PROTOCOL_CLASSES

if TYPE_CHECKING:
    from collections.abc import Callable

# The suites contain one address and, in one place each, the path below it.
ADDRESS = "http://localhost:3000"
# The Socket.IO suite adds a listener per message, and loses a message that shares a read with the
# previous one: browsers deliver each message in its own task, Node does so by an option of a newer
# release than the suite pins. The Engine.IO suite, however, loses a message that must arrive before
# an HTTP response. Decompression, which Node does in another thread, would reorder either.
WEBSOCKET = """
const Plain = globalThis.WebSocket;
globalThis.WebSocket = class extends Plain {{
  constructor(url) {{
    super(url, {{ allowSynchronousEvents: {synchronous}, perMessageDeflate: false }});
  }}
}};
"""
INSTALL_SECONDS = 180
RUN_SECONDS = 120


def prepare(clone: Path, folder: Path, *, synchronous: bool) -> None:
    """Copy a suite out of its clone and install its dependencies."""
    shutil.copytree(clone / "test-suite", folder, ignore=shutil.ignore_patterns("node_modules"))
    with (folder / "node-imports.js").open("a", encoding="utf-8") as imports:
        imports.write(WEBSOCKET.format(synchronous=json.dumps(synchronous)))
    npm = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "ws@8.18"]
    subprocess.run(npm, cwd=folder, check=True, timeout=INSTALL_SECONDS, stdout=subprocess.DEVNULL)


def run(folder: Path, url: str) -> tuple[int, list[str]]:
    """Run an installed suite, and return the number of passed tests and the titles of failed ones."""
    source = (folder / "test-suite.js").read_text(encoding="utf-8")
    if ADDRESS not in source:
        raise SystemExit(f"{folder}: the suite no longer contains {ADDRESS}")
    (folder / "aimed.js").write_text(source.replace(ADDRESS, url), encoding="utf-8")
    mocha = ["npx", "--no-install", "mocha", "--exit", "--reporter", "json", "aimed.js"]
    done = subprocess.run(mocha, cwd=folder, check=False, timeout=RUN_SECONDS, capture_output=True, text=True)
    try:
        report = json.loads(done.stdout[done.stdout.index("{") :])
    except ValueError:
        raise SystemExit(f"{folder}: mocha did not report\n{done.stdout}{done.stderr}") from None
    failures = [
        f"{failure['fullTitle']}: {failure['err'].get('message', '')}" for failure in report["failures"]
    ]
    return report["stats"]["passes"], failures


def main(clones: list[str]) -> bool:
    """Run the suites of these clones, and return whether all tests passed."""
    if not clones:
        raise SystemExit(__doc__)
    passed_all = True
    for clone in map(Path, clones):
        source = (clone / "test-suite" / "test-suite.js").read_text(encoding="utf-8")
        protocol = "engine.io" if "/engine.io/" in source else "socket.io"
        make: Callable[..., Any] = engineio_app if protocol == "engine.io" else socketio_app
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch) / "suite"
            prepare(clone, folder, synchronous=protocol == "engine.io")
            for (name, ws), mounted in itertools.product(PROTOCOL_CLASSES.items(), (False, True)):
                with serve(make(mounted=mounted), ws=ws, http=http_beside(ws)) as url:
                    passed, failures = run(folder, url + MOUNT if mounted else url)
                where = f"{protocol}, {'mounted' if mounted else 'root'}, {name}'s WebSocket protocol"
                print(f"{where}: {passed} passed, {len(failures)} failed")
                for failure in failures:
                    print(f"    {failure}")
                passed_all = passed_all and not failures
    return passed_all


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1:]) else 1)
