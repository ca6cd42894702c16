"""A rolling restart behind nginx, as its operator sees it."""

from __future__ import annotations

import asyncio
import re
import time
from collections import defaultdict
from typing import TYPE_CHECKING

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families as parse

from tests.clients import ConnectError, connected
from tests.server.issuer import sign

from .processes import SECONDS
from .rolling import SECRET, roll

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

CONNECTIONS = ("asynction_connections", "/")
HANDLED = ("asynction_events_total", "/", "add", "handled")
EXPIRED = ("asynction_credentials_refused_total", "token", "expired")


async def scrape(monitors: Sequence[str]) -> dict[tuple[str, ...], float]:
    """Return the sum of what two processes show, by name and labels."""
    sums: dict[tuple[str, ...], float] = defaultdict(float)
    async with httpx.AsyncClient(trust_env=False) as http:
        for monitor in monitors:
            text = (await http.get(f"{monitor}/metrics")).text
            for sample in (sample for family in parse(text) for sample in family.samples):
                sums[sample.name, *sample.labels.values()] += sample.value
    return sums


@pytest.mark.parametrize(
    ("workers", "count"), [(False, 60), (True, 20)], ids=["two processes", "workers and SIGHUP"]
)
async def test_a_rolling_restart_is_noticed_by_no_event(
    tmp_path: Path, queue_url: str, node_modules: Path, nginx: str, workers: bool, count: int
) -> None:
    """Each client moves and none is refused, by each transport; no event is lost or comes twice, either way.

    nginx is set up as ``scaffold --deploy nginx`` writes it, and for workers, which take clients by WebSocket
    alone, as the guide has it for one process. More clients would keep two CPUs busy for longer than a test
    may take; `benchmarks.rolling` restarts the servers of 200. Scrapes show all clients before and after. A
    token that has expired is counted, for workers beyond their end, and the log explains it in one line.
    """
    assert nginx
    seen: list[dict[tuple[str, ...], float]] = []

    async def look(url: str, monitors: Sequence[str]) -> None:
        if not seen:
            expired = sign(SECRET, "HS256", {"aud": None, "exp": time.time() - 93})
            with pytest.raises(ConnectError) as refused:
                async with connected(url, "/staff", auth={"token": expired}, transports=["websocket"]):
                    pass
            assert refused.value.answer["data"]["code"] == "unauthorized"
        sums = await scrape(monitors)
        async with asyncio.timeout(SECONDS):
            while sums[CONNECTIONS] != count or not sums[HANDLED]:  # some are on the way to another process
                sums = await scrape(monitors)
        seen.append(sums)

    outcome = await roll(
        tmp_path,
        queue_url,
        node_modules,
        clients=count,
        drain=1.0,
        rate=2.0,
        recovery=True,
        workers=workers,
        look=look,
    )
    assert outcome.exits == ([0] if workers else [0, 0, 0, 0])  # of two processes each ends twice
    assert outcome.total("refused") == 0
    assert min(client["disconnects"] for client in outcome.clients) >= 1
    assert (outcome.lost, outcome.doubled) == (0, 0)
    assert [outcome.total(fault) for fault in ("missed", "doubled", "disordered")] == [0, 0, 0]
    assert [(sums[CONNECTIONS], sums[EXPIRED]) for sums in seen] == [(count, 1), (count, int(workers))]
    [line] = [line for line in outcome.log.splitlines() if "/staff" in line]
    why = r"refused a connection to /staff: unauthorized: credential of 'token': it expired \d+ s ago"
    assert re.search(why, line), outcome.log
