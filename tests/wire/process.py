"""A stage in a process of its own, to be stopped as an operator stops it: by a signal.

``python -m tests.wire.process ours`` prints the port, then a line for all that its handlers note.
"""

# ruff: noqa: T201 - a script prints
from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import socket
import sys
import time
from typing import TYPE_CHECKING, Any

import uvicorn

from .stages import bare, ours

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

START_SECONDS = 20.0
STOP_SECONDS = 12.0


def main(name: str) -> None:
    """Serve until a signal."""
    stage = {"ours": ours, "bare": bare}[name]()
    stage.note = lambda *what: print(json.dumps(what), flush=True)  # type: ignore[method-assign]  # to be read by the test
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        print(listener.getsockname()[1], flush=True)
        server = uvicorn.Server(uvicorn.Config(stage, log_level="warning"))
        server.run(sockets=[listener])


class Running:
    """The process, seen from the test.

    Attributes:
        url: Where it serves.
        diary: What its handlers noted so far, once `stop` or `noted` has read it.
    """

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self.process = process
        self.url = f"http://127.0.0.1:{port}"
        self.diary: list[list[Any]] = []
        self.errors = ""

    async def noted(self, what: str) -> None:
        """Wait until a handler has noted something that begins so.

        Raises:
            TimeoutError: none did.
        """
        assert self.process.stdout is not None
        async with asyncio.timeout(STOP_SECONDS):
            while not any(entry[0] == what for entry in self.diary):
                self.diary.append(json.loads(await self.process.stdout.readline()))

    async def stop(self) -> float:
        """Send SIGTERM and wait for the end; returns the seconds that took.

        Raises:
            TimeoutError: it did not end.
        """
        before = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(STOP_SECONDS):
            rest, errors = await self.process.communicate()
        self.diary += [json.loads(line) for line in rest.splitlines()]
        self.errors = errors.decode()
        return time.monotonic() - before


@contextlib.asynccontextmanager
async def running(name: str) -> AsyncIterator[Running]:
    """Start the process and kill it at the end if it still runs."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.wire.process", name),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START_SECONDS):
            port = int(await process.stdout.readline())
        yield Running(process, port)
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


if __name__ == "__main__":
    main(sys.argv[1])
