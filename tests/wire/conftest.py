"""Fixtures of the tests on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .sockets import OPENED

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture(autouse=True)
async def _nothing_stays_open(anyio_backend: str) -> AsyncIterator[None]:
    """Close connections that a test left open."""
    yield
    while OPENED:
        await OPENED.pop().hang_up()
