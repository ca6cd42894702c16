"""Fixtures of the demo's tests: the chat served for real, and a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, sync_playwright

from asynction_asgi.demo import create_app

from ..serving import serve
from ..tools import found

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def chat() -> Iterator[str]:
    """The demo's URL, without a trailing slash."""
    with serve(create_app()) as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, as the system's package manager installs it.

    For one module at a time: while Playwright is at work, no event loop can run in this thread.
    """
    path = found("chromium")
    if path is None:
        pytest.fail("this test needs Chromium: install it with the system's package manager")
    with sync_playwright() as playwright:
        # Containers run tests as root, where Chromium's own sandbox does not start.
        launched = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield launched
        launched.close()
