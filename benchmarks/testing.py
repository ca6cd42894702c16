"""The cost of the in-memory test client, relative to python-socketio's client on a real port.

``python -m benchmarks.testing [--rounds N] [--seconds S]``

Unit: microseconds of waiting per step of a test. Baseline: `socketio.AsyncClient` over WebSocket to
the same application on uvicorn in its own process. In both, the server validates both directions; the
test client validates them again.
"""

from __future__ import annotations

import asyncio
import time
from argparse import ArgumentParser
from typing import TYPE_CHECKING, Any

import socketio

from asynction_asgi import AsynctionSocketIO
from asynction_asgi.testing import TestServer

from .contract import COLLECT, PAYLOADS, SHOUT, document
from .processes import running
from .report import Pair, heading, row

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Step = Callable[[], Awaitable[Any]]


async def _echo(payload: Any) -> Any:
    return payload


async def _time(step: Step, seconds: float) -> float:
    """Return the seconds per step."""
    started, count = time.perf_counter(), 0
    while time.perf_counter() - started < seconds:
        await step()
        count += 1
    return (time.perf_counter() - started) / count


async def _compare(title: str, ours: Step, theirs: Step, *, rounds: int, seconds: float) -> None:
    for step in (ours, theirs):
        await step()
    pairs = [
        Pair(cost=await _time(ours, seconds), baseline=await _time(theirs, seconds)) for _ in range(rounds)
    ]
    row(title, "test client in memory", pairs, scale=1e6)
    row(
        "",
        "AsyncClient on a port",
        [Pair(cost=pair.baseline, baseline=pair.baseline) for pair in pairs],
        scale=1e6,
    )


async def measure(rounds: int, seconds: float) -> None:
    """Print two rows for a connection, and two for each size of call."""
    heading("test client", "µs of waiting per step")
    with running("ours") as process:
        url = f"http://127.0.0.1:{process.port}"

        async def connect() -> None:
            async with server.connect():
                pass

        async def connect_to_port() -> None:
            async with socketio.AsyncSimpleClient() as simple:
                await simple.connect(url, transports=["websocket"])

        handlers = {"/": dict.fromkeys([*PAYLOADS, SHOUT, COLLECT], _echo)}
        app = AsynctionSocketIO.from_spec(document(), handlers=handlers)
        async with TestServer(app) as server:
            await _compare("connection", connect, connect_to_port, rounds=rounds, seconds=seconds)
            async with server.connect() as client, socketio.AsyncSimpleClient() as simple:
                await simple.connect(url, transports=["websocket"])
                for event, payload in PAYLOADS.items():
                    await _compare(
                        f"call {event}",
                        lambda event=event, payload=payload: client.call(event, payload),  # type: ignore[misc]  # mypy has no types for bound defaults
                        lambda event=event, payload=payload: simple.call(event, payload),  # type: ignore[misc]  # as above
                        rounds=rounds,
                        seconds=seconds,
                    )


def main() -> None:
    """Run the benchmark from the command line."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.5, help="per line and round")
    options = parser.parse_args()
    asyncio.run(measure(options.rounds, options.seconds))


if __name__ == "__main__":
    main()
