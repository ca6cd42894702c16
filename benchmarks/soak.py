"""Connect, misbehave and drop 10,000 times, and check that the server's state is as before.

Units: Python objects and kilobytes of resident memory that the server has more of after a round than
after the previous one, the first being the warm-up. The growth of each is printed, and the exit
status is 1 if anything grew in every round. ``--connections N --seed N --ws uvicorn``.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
import time

from tests.wire.process import running
from tests.wire.soaking import forgotten, growth, soak
from tests.wire.stages import PROTOCOL_CLASSES

from .report import command_line

ROUNDS = 3
OBJECTS = 500
KILOBYTES = 4_000
PING = {"ping_interval": 1.0, "ping_timeout": 3.0}


async def measure(*, connections: int, seed: int, ws: str) -> dict[str, int]:
    """Return what grew on the server in every round of `connections` clients."""
    async with running("ours", ws=ws, **PING) as server:
        rounds = []
        began = time.monotonic()
        for number in range(ROUNDS):
            await soak(server.url, connections=connections, seed=seed + number)
            rounds.append(await forgotten(server.url))
        seconds = time.monotonic() - began
        await server.stop()
    grown = [growth(before, after) for before, after in itertools.pairwise(rounds)]
    print(f"{ROUNDS} times {connections} connections in {seconds:.0f} s")
    for before, more in zip(rounds, grown, strict=False):
        print(
            f"    {before['objects']} objects, {before['kilobytes']} KB, and then more: {more or 'nothing'}"
        )
    for complaint in server.complaints:
        print(f"    {complaint}")
    # A leak grows in every round, while allocators only ask for more now and then.
    kinds = grown[0].keys() & grown[1].keys()
    return {
        "errors": len(server.complaints),
        **{kind: min(growth_of_round[kind] for growth_of_round in grown) for kind in kinds},
    }


def main() -> bool:
    """Return whether the server freed all state."""
    parser = command_line(".soak", __doc__)
    parser.add_argument("--connections", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--ws", choices=PROTOCOL_CLASSES, default="uvicorn", help="the WebSocket protocol to use"
    )
    options = parser.parse_args()
    ws = PROTOCOL_CLASSES[options.ws]
    more = asyncio.run(measure(connections=options.connections, seed=options.seed, ws=ws))
    small = more.pop("objects", 0) < OBJECTS and more.pop("kilobytes", 0) < KILOBYTES
    return small and not any(more.values())


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
