"""The demo's page in a real browser."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Browser, Page, expect

from asynction_asgi.demo import create_app

from ..browser import check_access, watched_page
from ..serving import serve

if TYPE_CHECKING:
    from pathlib import Path

OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """``open_page(url, **context)`` opens a page; at the end no page may have had a problem."""
    pages = contextlib.ExitStack()

    def open_checked(url: str, *, enters_as: str | None = None, **context: Any) -> Page:
        page = pages.enter_context(watched_page(browser, f"{url}/", **context))
        expect(page.locator("#status")).to_contain_text("connected by")
        if enters_as is not None:
            page.get_by_label("Your name").fill(enters_as)
            page.get_by_role("button", name="Enter", exact=True).click()
            expect(page.get_by_role("log")).to_be_visible()
        return page

    with pages:
        yield open_checked


def test_two_people_chat(chat: str, open_page: OpenPage) -> None:
    """Names, counts, typing, messages and departures appear on the other page, as plain text."""
    ada = open_page(chat, enters_as="Ada")
    expect(ada.locator("#present")).to_have_text("You are alone here.")
    grace = open_page(chat, enters_as="Grace", color_scheme="dark", viewport={"width": 390, "height": 844})
    expect(ada.locator("#present")).to_have_text("2 people are here.")
    expect(ada.get_by_role("log")).to_contain_text("Grace came in")

    # Its text is empty again soon after the last key, perhaps before this page is asked.
    ada.evaluate(
        """() => {
            const typing = document.querySelector("#typing");
            window.typed = [];
            const note = (changes) => changes.forEach(
                (change) => change.addedNodes.forEach((node) => typed.push(node.textContent)));
            new MutationObserver(note).observe(typing, {childList: true});
        }"""
    )
    grace.get_by_label("Message", exact=True).press_sequentially("<b>Hello</b>")
    grace.get_by_role("button", name="Send", exact=True).click()
    expect(ada.get_by_role("log")).to_contain_text("Grace <b>Hello</b>")
    assert "Grace typing …" in ada.evaluate("() => typed")
    expect(ada.locator("#typing")).to_be_empty()
    expect(grace.get_by_role("log")).to_contain_text("Grace <b>Hello</b>")

    grace.close()
    expect(ada.get_by_role("log")).to_contain_text("Grace left")
    expect(ada.locator("#present")).to_have_text("You are alone here.")


def test_breaking_a_rule_shows_the_refusal(chat: str, open_page: OpenPage) -> None:
    """Each invalid packet is refused with its code, and does not reach the other client."""
    ada, grace = open_page(chat, enters_as="Ada"), open_page(chat, enters_as="Grace")
    for preset, code in {
        "a number as a message": "invalid_payload",
        "an empty message": "invalid_payload",
        "600 characters": "invalid_payload",
        "two arguments": "invalid_payload",
        "an argument too many": "invalid_payload",
        "an event that is not declared": "unknown_event",
        "an event that is reserved": "reserved_event",
        "entering a second time": "forbidden",
    }.items():
        grace.get_by_role("button", name=preset, exact=True).click()
        expect(grace.locator("#answer"), preset).to_contain_text(f'"code": "{code}"')
        grace.locator("#answer").evaluate("shown => { shown.textContent = '' }")
    grace.get_by_label("Message", exact=True).fill("still here")
    grace.keyboard.press("Enter")
    expect(ada.get_by_role("log")).to_have_text("Grace came inGrace still here")


def test_a_refusal_without_ack_is_the_event_exception(chat: str, open_page: OpenPage) -> None:
    """A custom packet without an acknowledgement is refused by the event ``exception``."""
    page = open_page(chat, enters_as="Ada")
    page.get_by_text("Write your own").click()
    page.get_by_label("Event").fill("new message")
    page.get_by_label("Arguments").fill("[{}]")
    page.get_by_label("ask for an acknowledgement").uncheck()
    page.get_by_role("button", name="Send as it is").click()
    expect(page.locator("#answer")).to_contain_text('the event "exception"')
    expect(page.locator("#answer")).to_contain_text('"code": "invalid_payload"')
    page.get_by_label("Arguments").fill("[")
    page.get_by_role("button", name="Send as it is").click()
    expect(page.locator("#answer")).to_contain_text("Nothing was sent.")


def test_the_page_falls_back_to_polling(browser: Browser) -> None:
    """If the WebSocket cannot open, the page chats over long-polling."""
    with serve(create_app(transports=["polling"])) as url:
        pages = [browser.new_page(), browser.new_page()]
        for page, name in zip(pages, ("Ada", "Grace"), strict=True):
            page.goto(f"{url}/")
            expect(page.locator("#status")).to_have_text("connected by polling")
            page.get_by_label("Your name").fill(name)
            page.get_by_role("button", name="Enter", exact=True).click()
            expect(page.get_by_role("log")).to_be_visible()
        pages[1].get_by_label("Message", exact=True).fill("hello")
        pages[1].keyboard.press("Enter")
        expect(pages[0].get_by_role("log")).to_contain_text("Grace hello")
        for page in pages:
            page.close()


def test_the_page_is_accessible_and_fits(chat: str, open_page: OpenPage, node_modules: Path) -> None:
    """No content overflows sideways, and a checker of WCAG 2.2 AA reports nothing."""
    page = open_page(chat, bypass_csp=True)
    check_access(page, node_modules, widths=(1440, 320))
    page.get_by_label("Your name").fill("Ada")
    page.get_by_role("button", name="Enter", exact=True).click()
    page.get_by_text("Write your own").click()
    page.get_by_role("button", name="a number as a message").click()
    expect(page.locator("#answer")).to_contain_text("invalid_payload")
    check_access(page, node_modules, widths=(1440, 320))
