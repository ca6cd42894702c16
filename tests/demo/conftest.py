"""Fixtures of the demo's tests: the chat on a real server, and a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from asynction_asgi.demo import create_app

from ..browser import browser
from ..serving import serve

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["browser", "chat"]


@pytest.fixture
def chat() -> Iterator[str]:
    """The demo's URL, without a trailing slash."""
    with serve(create_app()) as url:
        yield url
