"""A rolling restart behind nginx."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .rolling import roll

if TYPE_CHECKING:
    from pathlib import Path


async def test_a_rolling_restart_is_noticed_by_no_event(
    tmp_path: Path, queue_url: str, node_modules: Path, nginx: str
) -> None:
    """Each client moves and none is refused, by each transport; no event is lost or comes twice, either way.

    nginx is set up as ``scaffold --deploy nginx`` writes it. More clients would keep two CPUs busy for longer
    than a test may take; `benchmarks.rolling` restarts the servers of 200.
    """
    assert nginx
    outcome = await roll(tmp_path, queue_url, node_modules, clients=60, drain=1.0, rate=2.0, recovery=True)
    assert outcome.exits == [0, 0]
    assert outcome.total("refused") == 0
    assert min(client["disconnects"] for client in outcome.clients) >= 1
    assert (outcome.lost, outcome.doubled) == (0, 0)
    assert [outcome.total(fault) for fault in ("missed", "doubled", "disordered")] == [0, 0, 0]
