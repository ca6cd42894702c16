"""The page and its console in a real browser, with a real server."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from starlette.applications import Starlette
from starlette.routing import Mount

from asynction_asgi import AsynctionSocketIO, Socket

from ..browser import check_access, watched_page
from ..server.documents import channel, document, message
from ..serving import serve
from ..typed_clients.compiling import errors, prepare
from .documents import workshop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REFUSED = ("Failed to load resource", "WebSocket connection to")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serve(workshop()) as served:
        yield served


@pytest.fixture
def page(browser: Browser, url: str) -> Iterator[Page]:
    with watched_page(browser, f"{url}/rt/docs") as opened:
        yield opened


def console(page: Page, namespace: str = "/", **fields: str) -> Locator:
    """Open the console, fill in fields by their label, and connect."""
    page.get_by_role("button", name="Console", exact=True).click()
    panel = page.get_by_role("complementary", name="Console")
    panel.get_by_label("Namespace").select_option(namespace)
    shown = panel.locator("fieldset:not([hidden])")
    for label, value in fields.items():
        field = shown.get_by_label(label.replace("_", " "))
        if field.evaluate("field => field.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    panel.get_by_role("button", name="Connect", exact=True).click()
    return panel


def emit(panel: Locator, event: str, arguments: str, *, ack: bool = True, seconds: str = "5") -> Locator:
    """Send the event, and return its entry in the log."""
    panel.get_by_label("Event", exact=True).select_option(event)
    panel.get_by_label("Arguments, a JSON array").fill(arguments)
    panel.get_by_label("expect an ack").set_checked(ack)
    panel.get_by_label("within seconds").fill(seconds)
    panel.get_by_role("button", name="Send").click()
    return panel.locator(".log > .sent").first


@pytest.mark.parametrize("transport", ["websocket", "polling"])
def test_the_console_holds_a_conversation(page: Page, transport: str) -> None:
    """The log shows acks with latency, binary values, refusals, events and requested acks."""
    page.get_by_role("button", name="Console", exact=True).click()
    page.get_by_label("Transport").select_option(transport)
    page.get_by_role("button", name="Close").click()
    panel = console(page, v="2")
    expect(panel.get_by_role("status")).to_have_text(f"connected to / by {transport}")
    entry = emit(panel, "add", "[20, 22]")
    expect(entry.locator(".answered")).to_contain_text("✓ ack after")
    expect(entry.locator(".answered pre")).to_have_text('[42,"plain"]')
    entry = emit(panel, "file", '[{"name": "x"}, {"$binary": "AQID"}]')
    expect(entry.locator(".answered pre")).to_have_text('[{"$binary":"AwIB"}]')
    entry = emit(panel, "echo", '[{"text": ""}]')
    expect(entry.locator(".answered.refused")).to_contain_text("invalid_payload")
    emit(panel, "echo", "[{}]", ack=False)
    refused = panel.locator(".log > .refused").first
    expect(refused).to_contain_text('"event": "echo"')
    expect(refused.get_by_role("link", name="exception")).to_have_attribute("href", "#refusals")

    emit(panel, "poke", "[]", ack=False)
    newest = panel.locator(".log > .received")
    expect(newest.nth(0)).to_contain_text("not in the document")
    expect(newest.nth(0)).to_contain_text("<img src=x onerror=alert(1)>")
    expect(newest.nth(0)).to_contain_text('"</script><script>alert(2)</script>"')
    expect(newest.nth(1).get_by_role("link", name="said")).to_have_attribute("href", "#root.on.said")

    emit(panel, "slow", '["ask"]', ack=False)
    asked = panel.locator(".log > .received", has_text="are you there")
    expect(asked.get_by_label("The server waits for an ack")).to_have_value('["yes"]')
    asked.get_by_role("button", name="Answer").click()
    expect(panel.locator(".log > .received").first).to_contain_text("heard yes")

    panel.get_by_label("Event", exact=True).select_option(label="other…")
    panel.get_by_label("Name of the event").fill("__proto__")
    panel.get_by_label("Arguments, a JSON array").press("Control+Enter")
    expect(panel.locator(".log > .sent").first).to_contain_text("unknown_event")
    expect(panel.locator(".log > .sent").first).to_contain_text("not in the document")
    panel.get_by_role("button", name="Disconnect").click()
    expect(panel.get_by_role("status")).to_have_text("disconnected")


@pytest.mark.parametrize("recovery", [True, {"offset": "event"}], ids=["argument", "event"])
def test_the_console_takes_offsets_off(browser: Browser, recovery: Any) -> None:
    """The log shows what the document declares, not what clients need that come back."""
    extensions = {"x-recovery": recovery}
    app = AsynctionSocketIO.from_spec(document(root=channel(sends=[message("news")], **extensions)))

    @app.on("connect")
    async def greet(socket: Socket) -> None:
        await socket.emit("news", "hello")

    with serve(app) as url, watched_page(browser, f"{url}{app.docs_path}") as page:
        received = console(page).locator(".log > .received")
        expect(received).to_have_count(1)
        expect(received.locator("pre")).to_have_text('["hello"]')


def test_every_mistake_is_answered(page: Page) -> None:
    """The log explains a missing field, invalid JSON, a lost connection and a missing ack."""
    panel = console(page)
    newest = panel.locator(".log > div").first
    expect(newest).to_contain_text("v is required")
    panel.get_by_role("button", name="Send").click()
    expect(newest).to_contain_text("nothing was sent")
    panel.locator("fieldset:not([hidden])").get_by_label("v (required)").fill("1")
    panel.get_by_role("button", name="Connect", exact=True).click()
    expect(newest).to_contain_text("CONNECT_ERROR")
    expect(newest).to_contain_text("invalid_handshake")
    panel.locator("fieldset:not([hidden])").get_by_label("v (required)").fill("2")
    panel.get_by_role("button", name="Connect", exact=True).click()
    expect(newest).to_contain_text("connected to /")
    for text, words in {"[1": "no JSON", "{}": "must be a JSON array"}.items():
        panel.get_by_label("Arguments, a JSON array").fill(text)
        panel.get_by_role("button", name="Send").click()
        expect(newest).to_contain_text(words)
        expect(panel.get_by_label("Arguments, a JSON array")).to_be_focused()
    emit(panel, "slow", '["bye"]', seconds="0.1")
    expect(panel.locator(".log > .error").first).to_contain_text("the server disconnected this client")
    expect(panel.get_by_role("status")).to_contain_text("disconnected")


@pytest.mark.parametrize(
    ("namespace", "fields", "answer"),
    [
        ("/private", {"key:_key": "sesame"}, "by polling"),
        ("/members", {"token:_token": "sesame"}, "by websocket"),
        ("/members", {"login:_username": "ada", "login:_password": "x"}, "by polling"),
        ("/private", {"key:_key": "wrong"}, None),
    ],
    ids=["header", "auth object", "basic", "wrong"],
)
def test_credentials_go_where_the_scheme_says(
    page: Page, namespace: str, fields: dict[str, str], answer: str | None
) -> None:
    """Headers force long-polling, and secrets stay out of the page's storage and address."""
    if "login:_username" in fields:
        fields = {**fields, "Auth object, JSON": "{}"}
    panel = console(page, namespace, **fields)
    if answer is None:
        expect(panel.locator(".log > .refused")).to_contain_text("unauthorized")
        return
    expect(panel.get_by_role("status")).to_contain_text(answer)
    if "polling" in answer:
        expect(panel.get_by_role("log")).to_contain_text("a browser can't set headers on a WebSocket")
    expect(emit(panel, "whoami", "[]").locator(".answered pre")).to_contain_text("user ")
    assert page.evaluate("JSON.stringify({...localStorage}) + location.href").count("sesame") == 0


def test_a_parameter_completes_the_namespace(page: Page) -> None:
    """A field completes the namespace's name, and offers only the listed values."""
    panel = console(page, "/rooms/{roomId}", roomId="attic")
    expect(panel.get_by_role("status")).to_have_text("connected to /rooms/attic by websocket")
    entry = emit(panel, "say", '["hello"]')
    expect(entry.locator(".answered pre")).to_have_text('["HELLO"]')
    expect(entry.locator("small")).to_contain_text(" /rooms/attic")
    expect(entry.get_by_role("link", name="say")).to_have_attribute("href", "#rooms-roomId.emit.say")
    panel.get_by_role("button", name="Disconnect").click()
    expect(panel.locator(".log > div").first).to_contain_text("/rooms/attic disconnected by you")


def test_a_mounted_server_shows_where_it_is(browser: Browser) -> None:
    """Path and address are those that the browser uses, below a mount and by another host name."""
    with serve(Starlette(routes=[Mount("/below/this", workshop())])) as url:
        for base in (url, url.replace("127.0.0.1", "localhost")):
            with watched_page(browser, f"{base}/below/this/rt/docs") as page:
                expect(page.locator(".facts")).to_contain_text("Socket.IO path /below/this/rt/socket.io")
                section = page.locator(".namespace", has=page.locator("[id='ns.rooms-roomId']"))
                code = section.locator("pre[aria-label=JavaScript]").first
                expect(code).to_contain_text(f'io("{base}/rooms/{{roomId}}", {{')
                expect(code).to_contain_text('path: "/below/this/rt/socket.io"')
                expect(section.locator("pre[aria-label=Python]").first).to_contain_text(f'"{base}"')


def test_the_code_to_connect_compiles(page: Page, tmp_path: Path, node_modules: Path) -> None:
    """The module that the page links to has the types that its code names, for each namespace."""
    blocks = page.locator(".namespace > pre[aria-label=TypeScript]").all_text_contents()
    assert len(blocks) == page.locator(".namespace").count()
    shown = "block => getComputedStyle(block, '::before').content"
    assert page.locator("pre[aria-label=TypeScript]").first.evaluate(shown) == '"TypeScript"'
    (module,) = {re.findall(r'"./(.+)[.]js"', block)[0] for block in blocks}
    link = page.get_by_role("link", name="TypeScript").get_attribute("href") or ""
    files = {f"connect{index}.ts": block for index, block in enumerate(blocks)}
    files[f"{module}.ts"] = page.request.get(urljoin(page.url, link)).text()
    prepare(tmp_path, files, node_modules)
    assert errors(tmp_path, "typescript-7") == {}
    assert any("roomsNamespace({" in block for block in blocks)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("whoami", ["/private whoami", "/members whoami"]),
        ("/rooms", ["/rooms/{roomId} say"]),
        ("members whoami", ["/members whoami"]),
        ("replies", ["/ echo", "/ said"]),
        ("COMMENT", ["/ echo", "/ said"]),
        ("a comment back", ["/ echo"]),
        ("left", ["/ add"]),
        ("emitwithack", []),
        ("nothing like that", []),
    ],
    ids=[
        *("event", "namespace", "two words", "field of a shared schema", "schema", "summary", "argument"),
        *("client code", "nothing"),
    ],
)
def test_the_filter_finds_events_by_content(page: Page, words: str, expected: list[str]) -> None:
    """Names, texts, tags, schemas and fields match; a namespace without a match is hidden."""
    page.get_by_label("Filter events").fill(words)
    cards = page.locator(".card[data-event]:visible")
    expect(cards).to_have_count(len(expected))
    shown = cards.evaluate_all(
        "cards => cards.map((card) => `${card.dataset.namespace} ${card.dataset.event}`)"
    )
    assert shown == expected
    expect(page.locator(".found")).to_have_text(f"{len(expected)} event{'' if len(expected) == 1 else 's'}")
    namespaces = {entry.split()[0] for entry in expected}
    expect(page.locator(".namespace:visible")).to_have_count(len(namespaces))
    page.get_by_label("Filter events").fill("")
    expect(page.locator(".namespace:visible")).to_have_count(page.locator(".namespace").count())


def test_a_refused_websocket_is_retried_by_polling(browser: Browser) -> None:
    """If long-polling is refused too, the log shows the server's message."""
    with (
        serve(workshop(transports=["polling"])) as url,
        watched_page(browser, f"{url}/rt/docs", expected=REFUSED) as page,
    ):
        panel = console(page, v="2")
        expect(panel.get_by_role("status")).to_have_text("connected to / by polling")
        expect(panel.get_by_role("log")).to_contain_text("because the websocket did not open")
    with (
        serve(workshop(transports=["websocket"])) as url,
        watched_page(browser, f"{url}/rt/docs", expected=REFUSED) as page,
    ):
        page.get_by_role("button", name="Console", exact=True).click()
        page.get_by_label("Transport").select_option("polling")
        page.get_by_role("button", name="Close").click()
        panel = console(page, v="2")
        expect(panel.locator(".log > .error")).to_contain_text("HTTP 400")


def test_the_keyboard_reaches_everything(page: Page) -> None:
    """``/`` filters, ``c`` opens the console, Escape closes it, and the keys can be switched off."""
    page.keyboard.press("/")
    expect(page.get_by_label("Filter events")).to_be_focused()
    page.keyboard.type("add")
    expect(page.locator(".found")).to_have_text("1 event")
    expect(page.locator(".card:visible[data-event]")).to_have_count(1)
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.press("Delete")
    page.get_by_role("link", name="Link to add").focus()
    page.keyboard.press("c")
    expect(page.get_by_label("Namespace", exact=True)).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("complementary")).to_be_hidden()
    page.get_by_label("Keys:").uncheck()
    page.get_by_role("link", name="Link to add").focus()
    page.keyboard.press("c")
    expect(page.get_by_role("complementary")).to_be_hidden()


def test_a_page_without_a_console_offers_no_key_for_it(browser: Browser) -> None:
    """The words beside the switch name only keys that do something."""
    with serve(workshop(docs_console=False)) as url, watched_page(browser, f"{url}/rt/docs") as page:
        expect(page.get_by_label("Keys: / filters", exact=True)).to_be_checked()
        page.keyboard.press("c")
        page.keyboard.press("/")
        expect(page.get_by_label("Filter events")).to_be_focused()


def test_an_example_is_used_in_the_console(page: Page) -> None:
    """The button fills in namespace, event and arguments."""
    page.get_by_role("button", name="use in console: echo").nth(1).click()
    panel = page.get_by_role("complementary", name="Console")
    expect(panel.get_by_label("Event", exact=True)).to_have_value("echo")
    expect(panel.get_by_label("Example", exact=True)).to_contain_text("nested")
    expect(panel.get_by_label("Arguments, a JSON array")).to_have_value(
        '[{"text": "a", "replies": [{"text": "b"}]}]'
    )


def test_a_shared_schema_opens_below_its_link(page: Page) -> None:
    """A recursive schema opens at each level, and closes again."""
    card = page.locator("[id='root.emit.echo']")
    card.get_by_role("link", name="Comment").first.click()
    expect(card.locator(".opened")).to_contain_text("replies")
    card.locator(".opened").get_by_role("link", name="Comment").click()
    expect(card.locator(".opened .opened")).to_contain_text("replies")
    card.get_by_role("link", name="Comment").first.click()
    expect(card.locator(".opened")).to_have_count(0)


def test_the_theme_is_kept(page: Page) -> None:
    """The chosen theme is applied after a reload before the first paint."""
    page.get_by_role("button", name="Theme: auto").click()
    page.get_by_role("button", name="Theme: light").click()
    page.reload()
    expect(page.get_by_role("button", name="Theme: dark")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"


@pytest.mark.parametrize("fragment", ["#%", "#constructor", "#root.emit.add", "#%72oot.emit.add"])
def test_deep_links_show_their_card(browser: Browser, url: str, fragment: str) -> None:
    """A deep link shows its card, and an invalid link changes nothing."""
    with watched_page(browser, f"{url}/rt/docs{fragment}") as page:
        if "emit" in fragment:
            expect(page.locator("[id='root.emit.add']")).to_be_in_viewport()
        else:
            expect(page.get_by_role("heading", level=1)).to_be_in_viewport()


def test_without_javascript_everything_is_readable(browser: Browser, url: str) -> None:
    """All content is visible, and controls that need JavaScript are hidden."""
    with watched_page(browser, f"{url}/rt/docs", java_script_enabled=False) as page:
        expect(page.locator("[id='root.emit.add']")).to_contain_text("-100")
        expect(page.locator("[id='root.emit.add'] details")).to_contain_text("emitWithAck")
        expect(page.locator("[id='schema.Comment']")).to_contain_text("replies")
        expect(page.get_by_role("button")).to_have_count(0)


def test_a_narrow_page_never_scrolls_sideways(browser: Browser, url: str) -> None:
    """Page and console reflow at 320 pixels, which is 1280 pixels at a zoom of 400 %."""
    with watched_page(browser, f"{url}/rt/docs", viewport={"width": 320, "height": 600}) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        console(page, v="2")
        assert page.evaluate("document.querySelector('aside').scrollWidth") <= 320


def test_the_page_is_accessible_and_fits(browser: Browser, url: str, node_modules: Path) -> None:
    """No content overflows sideways, and a checker of WCAG 2.2 AA reports nothing."""
    with watched_page(browser, f"{url}/rt/docs", bypass_csp=True, reduced_motion="reduce") as page:
        page.locator("details summary").last.click()
        page.get_by_role("link", name="Comment").first.click()
        check_access(page, node_modules, widths=(1440, 390))
        panel = console(page, v="2")
        expect(panel.get_by_role("status")).to_contain_text("connected")
        expect(emit(panel, "echo", "[{}]").locator(".refused")).to_be_visible()
        emit(panel, "slow", '["ask"]', ack=False)
        expect(panel.get_by_role("button", name="Answer")).to_be_visible()
        check_access(page, node_modules, widths=(1440, 390))
