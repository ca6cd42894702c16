"""The servers that requests come from."""

from __future__ import annotations

import pytest

from tests.engine import stage
from tests.protocols import LONG_WAY, OWN


@pytest.fixture(params=[LONG_WAY, OWN], ids=["asgi", "run"])
def both_ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Serve by plain ASGI, and as `asynction-asgi run` does, which answers most requests of polling without it."""
    monkeypatch.setattr(stage, "usual_ws", request.param)
