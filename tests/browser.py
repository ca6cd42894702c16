"""A real browser for the tests, and a page in which nothing may go wrong unnoticed."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from .tools import found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import ConsoleMessage, Dialog, Request

SECONDS = 30.0
expect.set_options(timeout=SECONDS * 1000)
_REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (violation) =>
  console.error(`policy: ${violation.violatedDirective} ${violation.blockedURI}`));
"""


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


@contextlib.contextmanager
def watched_page(
    browser: Browser, url: str, *, expected: tuple[str, ...] = (), **context: Any
) -> Iterator[Page]:
    """Yield a page at `url`; at the end there was no error, no violation of its policy, no request elsewhere.

    Args:
        browser: Where it opens.
        url: What it opens; its origin is the only one that may be asked.
        expected: Parts of messages that the browser itself writes where a test provokes a failure.
        context: Options of the browser's context.
    """
    problems: list[str] = []
    origin = "/".join(url.split("/")[:3])

    def said(message: ConsoleMessage) -> None:
        if message.type == "error":
            problems.append(message.text)

    def opened(dialog: Dialog) -> None:
        problems.append(f"dialog {dialog.message}")
        dialog.dismiss()

    def asked(request: Request) -> None:
        if not request.url.startswith((f"{origin}/", "data:")):
            problems.append(f"asked {request.url}")

    made = browser.new_context(**context)
    page = made.new_page()
    page.set_default_timeout(SECONDS * 1000)
    page.add_init_script(_REPORT_VIOLATIONS)
    page.on("console", said)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("dialog", opened)
    page.on("request", asked)
    page.goto(url)
    yield page
    made.close()
    assert [one for one in problems if not any(part in one for part in expected)] == []
