"""A real browser for the tests, and a page on which every problem fails the test."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from .tools import find_program

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from playwright.sync_api import ConsoleMessage, Dialog, Request

SECONDS = 30.0
expect.set_options(timeout=SECONDS * 1000)
# Only the violations: the rest of the checker's report is megabytes.
_CHECK_ACCESS = (
    "tags => axe.run({runOnly: tags, resultTypes: ['violations']}).then(report => report.violations)"
)
_WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
_REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (violation) =>
  console.error(`policy: ${violation.violatedDirective} ${violation.blockedURI}`));
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, as installed by the system's package manager.

    Its scope is a module, as no event loop can run in this thread while Playwright is active.
    """
    path = find_program("chromium")
    if path is None:
        pytest.fail("this test needs Chromium: install it with the system's package manager")
    with sync_playwright() as playwright:
        # Containers run tests as root, where Chromium's sandbox does not start.
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@contextlib.contextmanager
def watched_page(
    browser: Browser, url: str, *, expected: tuple[str, ...] = (), **context: Any
) -> Iterator[Page]:
    """Yield a page at `url`; at the end check for errors, policy violations and foreign requests.

    Args:
        browser: The browser that opens the page.
        url: The address to open; the page may only send requests to its origin.
        expected: Parts of messages that the browser writes if a test provokes a failure.
        context: Options of the browser's context.
    """
    problems: list[str] = []
    origin = "/".join(url.split("/")[:3])

    def on_console(message: ConsoleMessage) -> None:
        if message.type == "error":
            problems.append(message.text)

    def on_dialog(dialog: Dialog) -> None:
        problems.append(f"dialog {dialog.message}")
        dialog.dismiss()

    def on_request(request: Request) -> None:
        if not request.url.startswith((f"{origin}/", "data:")):
            problems.append(f"request to {request.url}")

    browser_context = browser.new_context(**context)
    page = browser_context.new_page()
    page.set_default_timeout(SECONDS * 1000)
    page.add_init_script(_REPORT_VIOLATIONS)
    page.on("console", on_console)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("dialog", on_dialog)
    page.on("request", on_request)
    page.goto(url)
    yield page
    browser_context.close()
    assert [problem for problem in problems if not any(part in problem for part in expected)] == []


def check_access(page: Page, node_modules: Path, *, widths: Iterable[int]) -> None:
    """Check for content that overflows sideways, and against WCAG 2.2 AA, in both colour schemes.

    The page keeps the last width. Its own policy must be off, as it would block the checker.
    """
    if page.evaluate("typeof axe") == "undefined":
        page.add_script_tag(path=node_modules / "axe-core" / "axe.min.js")
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            violations = page.evaluate(_CHECK_ACCESS, list(_WCAG))
            found = [(violation["id"], violation["nodes"][0]["html"]) for violation in violations]
            assert found == [], (width, scheme)
