"""Many misbehaving clients leave no state in the server; ``benchmarks.soak`` runs more of them."""

from __future__ import annotations

import pytest

from .process import running
from .soaking import Fuzzer, forgotten, growth, soak
from .stages import PROTOCOL_CLASSES

# Clients that vanish over polling end by their heartbeat, but the bystander, which shares a process
# with all others, must not: on a busy machine it may not run for seconds.
# A client of a busy machine may need seconds until it connects to a namespace.
FAST = {"ping_interval": 0.5, "ping_timeout": 10.0, "connect_seconds": 10.0}


def test_the_fuzzer_repeats_itself() -> None:
    """The same seed gives the same packets, so that a failure can be reproduced."""
    first, second = Fuzzer(7), Fuzzer(7)
    assert [first.packet() for _ in range(200)] == [second.packet() for _ in range(200)]
    assert [first.frame() for _ in range(200)] == [second.frame() for _ in range(200)]


@pytest.mark.parametrize("ws", PROTOCOL_CLASSES.values(), ids=PROTOCOL_CLASSES.keys())
async def test_clients_that_left_use_no_memory(ws: str) -> None:
    """Tasks, sessions, rooms, callbacks and memory return to their level, and the log has no traceback."""
    async with running("ours", ws=ws, **FAST) as server:
        await soak(server.url, connections=500, seed=1)
        before = await forgotten(server.url)
        await soak(server.url, connections=500, seed=2)
        more = growth(before, await forgotten(server.url))
        await server.stop()
    assert more.pop("objects", 0) < 200
    assert more.pop("kilobytes", 0) < 4_000
    assert more == {}
    assert server.complaints == []
