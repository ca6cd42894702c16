"""Server processes on one queue, and clients that record what they receive."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import time
import uuid
from typing import TYPE_CHECKING, Any

from websockets.asyncio.client import connect

from tests.engine.stage import SECONDS, WebSocketClient, until
from tests.forked import ForkedProcess

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

# Short times, so that a test takes seconds; they leave room for a loaded machine.
RHYTHM = {"beat": 0.5, "silence": 4.0, "death": 5.0, "tick": 0.3, "claim": 10.0}
STOP_SECONDS = 30.0


class Process:
    """A running `tests.engine.cluster.node`."""

    def __init__(self, settings: Mapping[str, Any], environ: Mapping[str, str]) -> None:
        command = ("-m", "tests.engine.cluster.node", json.dumps(settings))
        self._process = ForkedProcess(command, env={**os.environ, **environ})
        self.pid = self._process.pid
        self.url = ""
        self.log = ""

    def await_port(self) -> None:
        """Wait until the process serves and has reached the queue."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(self._process.communicate()[1])
        self.url = f"ws://127.0.0.1:{int(line)}/socket.io/?EIO=4&transport=websocket"

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process."""
        self._process.send_signal(number)

    def end(self) -> None:
        """Stop the process, and keep its log."""
        self._process.send_signal(signal.SIGCONT)
        self._process.send_signal(signal.SIGTERM)
        try:
            _, self.log = self._process.communicate(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
            raise

    @contextlib.asynccontextmanager
    async def client(self) -> AsyncIterator[Client]:
        """Connect a client that reads all the time."""
        async with connect(self.url, max_size=None, compression=None, proxy=None) as raw:
            client = Client(raw)
            await client.receive()
            await client.join()
            reading = asyncio.get_running_loop().create_task(client.read())
            try:
                yield client
            finally:
                reading.cancel()
                await asyncio.wait([reading])

    @contextlib.asynccontextmanager
    async def deaf_client(self) -> AsyncIterator[None]:
        """Connect a client that stops reading."""
        async with connect(self.url, max_size=None, compression=None, proxy=None, max_queue=1) as raw:
            client = WebSocketClient(raw)
            await client.receive()
            await client.join()
            raw.transport.pause_reading()
            yield
            raw.transport.abort()


class Client(WebSocketClient):
    """A client that records the numbers it receives, and their delays in seconds."""

    def __init__(self, raw: Any) -> None:
        super().__init__(raw)
        self.numbers: list[int] = []
        self.lags: list[float] = []
        self.gone = False
        self._answers: dict[str, asyncio.Future[Any]] = {}
        self._asked = 0

    async def read(self) -> None:
        """Read until the connection ends."""
        async for message in self.raw:
            text = str(message)
            if text == "2":
                await self.raw.send("3")
            elif text.startswith('42["n"'):
                body = json.loads(text[2:])[1]
                self.numbers.append(body["i"])
                self.lags.append(time.time() - body["at"])
            elif text.startswith("43"):
                ack, bracket, rest = text[2:].partition("[")
                self._answers.pop(ack).set_result(json.loads(bracket + rest))
            elif text.startswith("42") and text[2:3].isdecimal():  # a call: answer it
                await self.raw.send(f"43{text[2:].partition('[')[0]}[1]")
            elif text == "41":
                self.gone = True

    def begin(self, event: str, *arguments: Any) -> asyncio.Future[Any]:
        """Emit an event, and return a future of its answer."""
        self._asked += 1
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._answers[str(self._asked)] = answer
        message = f"42{self._asked}{json.dumps([event, *arguments])}"

        async def send() -> Any:
            await self.raw.send(message)
            return await asyncio.wait_for(answer, 60)

        return asyncio.ensure_future(send())

    async def ask(self, event: str, *arguments: Any) -> Any:
        """Emit an event and wait for its answer, which has one argument or none."""
        answer = await self.begin(event, *arguments)
        return answer[0] if len(answer) == 1 else answer

    async def until_state(self, fits: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """Wait until the state of its process's queue fits, and return that state."""
        async with asyncio.timeout(SECONDS):
            while True:
                state: dict[str, Any] = await self.ask("state")
                if fits(state):
                    return state
                await asyncio.sleep(0.02)

    async def received(self, count: int) -> None:
        """Wait until this many numbers have arrived."""
        await until(lambda: len(self.numbers) >= count, f"{count} messages; {len(self.numbers)} came")


@contextlib.asynccontextmanager
async def processes(
    url: str,
    count: int = 2,
    *,
    secret: str | None = None,
    files: int | None = None,
    environ: Mapping[str, str] | None = None,
    rhythm: Mapping[str, float] | None = None,
    urls: Mapping[int, str] | None = None,
    recovery: Mapping[str, Any] | None = None,
    retention: float | None = None,
) -> AsyncIterator[list[Process]]:
    """Run servers on a channel of their own.

    Args:
        url: The URL of the queue.
        count: The number of servers.
        secret: The secret that signs their messages.
        files: The number of file descriptors that each process may open.
        environ: Environment variables of the processes.
        rhythm: Times of the queue in seconds, which override `RHYTHM`.
        urls: Other URLs of the queue for some processes, by index.
        recovery: What clients get that return; members of `Recovery`.
        retention: How many seconds a stream keeps messages.
    """
    channel = f"test-{uuid.uuid4().hex}"
    settings = {
        "channel": channel,
        "secret": secret,
        "rhythm": {**RHYTHM, **(rhythm or {})},
        "files": files,
        "recovery": recovery,
        "retention": retention,
    }
    running = [
        Process({"url": (urls or {}).get(number, url), **settings}, environ or {}) for number in range(count)
    ]
    try:
        for process in running:
            await asyncio.to_thread(process.await_port)
        yield running
    finally:
        for process in running:
            await asyncio.to_thread(process.end)


@contextlib.asynccontextmanager
async def pair(url: str, **options: Any) -> AsyncIterator[tuple[Client, Client]]:
    """Run two processes that know each other, and connect a client to each."""
    async with processes(url, **options) as (first, second), first.client() as here, second.client() as there:
        await acquainted(here, there)
        yield here, there


async def acquainted(*clients: Client) -> None:
    """Wait until each client's process knows all the others."""
    for client in clients:
        await client.until_state(lambda state: len(state["processes"]) == len(clients))
