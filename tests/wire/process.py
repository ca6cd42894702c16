"""A stage in its own process, to be stopped by a signal, as an operator would.

``python -m tests.wire.process ours {}`` prints the port, and then a line for each note of its handlers.
"""

# ruff: noqa: T201  # a script prints
from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import logging
import signal
import socket
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn

from tests.forked import ForkedProcess
from tests.protocols import http_beside

from .clients import until
from .stages import bare, ours

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from .stages import Stage

START_SECONDS = 60.0
STOP_SECONDS = 30.0


def holdings(stage: Stage) -> bytes:
    """Return what the process stores: for its clients, as Python objects, and in kilobytes of memory."""
    gc.collect()
    status = Path("/proc/self/status").read_text(encoding="ascii")
    resident = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    counts = {**stage.holdings(), "objects": len(gc.get_objects()), "kilobytes": int(resident.split()[1])}
    return json.dumps(counts).encode()


def main(name: str, options: dict[str, Any]) -> None:
    """Serve until a signal; the option ``ws`` is uvicorn's, other options are the server's."""
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    ws = options.pop("ws", "auto")
    stage = {"ours": ours, "bare": bare}[name](**options)
    stage.note = lambda *what: print(json.dumps(what), flush=True)  # type: ignore[method-assign]  # for the test to read

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"] == "/holdings":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": holdings(stage)})
        else:
            await stage(scope, receive, send)

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        print(listener.getsockname()[1], flush=True)
        server = uvicorn.Server(
            uvicorn.Config(
                app,
                ws=ws,
                http=http_beside(ws),
                log_level="warning",
                log_config=None,
                ws_per_message_deflate=False,
            )
        )
        server.run(sockets=[listener])


class Running:
    """A running server process.

    Attributes:
        url: The address of the server.
        diary: The notes of its handlers so far.
        errors: Its log, once it has stopped.
    """

    def __init__(self, process: ForkedProcess, port: int) -> None:
        self.process = process
        self.url = f"http://127.0.0.1:{port}"
        self.diary: list[list[Any]] = []
        self.errors = ""
        self._pipes = asyncio.gather(
            asyncio.to_thread(self._read_diary), asyncio.to_thread(self._read_errors)
        )

    def _read_diary(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                self.diary.append(json.loads(line))

    def _read_errors(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as log:
            self.errors = log.read()

    async def noted(self, what: str) -> None:
        """Wait until a handler has made a note of this kind."""
        await until(lambda: any(entry[0] == what for entry in self.diary), what)

    @property
    def complaints(self) -> list[str]:
        """Lines of the log that are the server's own errors; uvicorn logs some mistakes of clients as errors."""
        own = ("ERROR asynction_asgi", "ERROR asyncio", "ERROR uvicorn.error: Exception in ASGI")
        return [line for line in self.errors.splitlines() if line.startswith(own)]

    async def stop(self) -> float:
        """Send SIGTERM, wait for the process to end, and return the time in seconds.

        Raises:
            TimeoutError: The process did not end.
        """
        before = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(STOP_SECONDS):
            await asyncio.shield(self._pipes)
            await asyncio.to_thread(self.process.wait)
        return time.monotonic() - before

    async def kill(self) -> None:
        """Kill the process if it still runs."""
        self.process.kill()
        await self._pipes
        await asyncio.to_thread(self.process.wait)


@contextlib.asynccontextmanager
async def running(name: str, **options: Any) -> AsyncIterator[Running]:
    """Start a server process, and kill it at the end if it still runs."""
    command = ("-m", "tests.wire.process", name, json.dumps(options))
    process = await asyncio.to_thread(ForkedProcess, command)
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START_SECONDS):
            port = int(await asyncio.to_thread(process.stdout.readline))
    except (TimeoutError, ValueError):
        process.kill()
        _, errors = await asyncio.to_thread(process.communicate, STOP_SECONDS)
        raise AssertionError(f"the server did not start\n{errors}") from None
    server = Running(process, port)
    try:
        yield server
    finally:
        await server.kill()


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
