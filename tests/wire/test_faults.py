"""The fault suite on our server; `tests.wire.report` also runs it on python-socketio's."""

from __future__ import annotations

import contextlib
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from ..protocols import LONG_WAY, OWN
from .counters import bad_outcomes, misses
from .faults import Fault, judge
from .faults_stopping import STOPS, Stop, judge_stop
from .stages import PROTOCOL_CLASSES, Stage, on_stage, ours
from .suite import FAULTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from asynction_asgi.metrics import Metrics


@pytest.fixture(scope="module", params=list(PROTOCOL_CLASSES.values()), ids=list(PROTOCOL_CLASSES))
def stage_for(request: pytest.FixtureRequest) -> Iterator[Callable[[Fault], Stage]]:
    """A shared server for all faults that need the same options, which no fault may damage.

    One of the protocols is served with metrics, which count by classes of their own.
    """
    stages: dict[str, Stage] = {}
    with_metrics = request.param == LONG_WAY
    with contextlib.ExitStack() as running:

        def find(fault: Fault) -> Stage:
            key = repr(sorted(fault.options.items()))
            if key not in stages:
                options = {**fault.options, "metrics": with_metrics}
                stages[key] = running.enter_context(on_stage(ours, ws=request.param, **options))
            return stages[key]

        yield find


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.id)
async def test_a_fault_is_answered_and_leaves_no_trace(
    fault: Fault, stage_for: Callable[[Fault], Stage]
) -> None:
    """The client gets the right answer, its state is freed, the log is clean, and others are unaffected.

    With metrics, exactly those counters have moved that are named for the fault.
    """
    stage = stage_for(fault)
    metrics: Metrics | None = stage.app.metrics
    before = Counter[str]() if metrics is None else bad_outcomes(metrics)
    assert await judge(fault, stage) == []
    if metrics is not None:
        assert misses(fault, bad_outcomes(metrics) - before) == []


@pytest.mark.parametrize(
    ("stop", "ws"),
    [*((stop, OWN) for stop in STOPS), (STOPS[0], "auto"), (STOPS[2], "auto")],
    ids=lambda value: value.id if isinstance(value, Stop) else "run" if value == OWN else "uvicorn",
)
async def test_a_server_stops_soon_and_runs_disconnect_handlers(stop: Stop, ws: str) -> None:
    """A signal ends the server within seconds in any situation, and disconnect handlers run."""
    assert await judge_stop(stop, "ours", ws=ws) == []


def test_names_of_faults_are_unique() -> None:
    """Each fault has its own name in reports."""
    names = [fault.id for fault in FAULTS] + [stop.id for stop in STOPS]
    assert len(names) == len(set(names))
