"""Connects, misbehaves and drops 10,000 times, and looks whether the server is as it was before.

Units: objects of Python and kilobytes of resident memory that the server has more of, measured
after a soak of the same size, because allocators keep what they once had to ask for. Prints the
growth and exits with 1 if anything but memory grew, or memory by more than an allocator's play.
``--connections N --seed N --server bare --ws ours``.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time

from tests.wire.process import running
from tests.wire.soaking import forgotten, growth, soak
from tests.wire.stages import PROTOCOL_CLASSES

OBJECTS = 500
KILOBYTES = 6_000
PING = {"ping_interval": 1.0, "ping_timeout": 3.0}


async def measure(server_name: str, *, connections: int, seed: int, ws: str) -> dict[str, int]:
    """What the server has more of after `connections` clients that are gone."""
    async with running(server_name, ws=ws, **PING) as server:
        await soak(server.url, connections=connections, seed=seed)
        before = await forgotten(server.url)
        began = time.monotonic()
        await soak(server.url, connections=connections, seed=seed + 1)
        seconds = time.monotonic() - began
        after = await forgotten(server.url)
        await server.stop()
    more = growth(before, after)
    print(f"{server_name}: {connections} connections in {seconds:.0f} s, of {before['objects']} objects and")
    print(
        f"    {before['kilobytes']} KB it has more: {more or 'nothing'}; errors logged: {len(server.complaints)}"
    )
    for complaint in server.complaints[:5]:
        print(f"    {complaint}")
    return {**more, "errors": len(server.complaints)}


def main() -> bool:
    """Whether the server forgot everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--server", choices=["ours", "bare"], default="ours")
    parser.add_argument("--ws", choices=PROTOCOL_CLASSES, default="uvicorn", help="whose WebSocket protocol")
    chosen = parser.parse_args()
    ws = PROTOCOL_CLASSES[chosen.ws]
    more = asyncio.run(measure(chosen.server, connections=chosen.connections, seed=chosen.seed, ws=ws))
    small = more.pop("objects", 0) < OBJECTS and more.pop("kilobytes", 0) < KILOBYTES
    return small and not any(more.values())


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
