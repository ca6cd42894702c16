"""Documents and servers that try to run code in the reader's browser."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Browser, expect

from asynction_asgi.docs import Docs
from asynction_asgi.docs.page import render_page
from asynction_asgi.spec import load_spec

from ..browser import watched_page
from ..serving import serve
from .documents import DEPOT
from .reading import read_page, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

ALARM = "window.hacked=1;alert(1)"
MARKUP = (
    f"</script></textarea></template></title></style><!--<script>{ALARM}</script>"
    f"<script>{ALARM}</script><img src=x onerror='{ALARM}'><svg onload='{ALARM}'>\u2028\u2029\"'`&lt;b&gt;${{1}}"
)
LINKS = f"""
[a](javascript:{ALARM}) [b](java\tscript:{ALARM}) [c](&#106;avascript:{ALARM}) [d](data:text/html,<script>{ALARM}</script>)
[e](vbscript:{ALARM}) [f][g] ![h](https://elsewhere.example/i.png) <javascript:{ALARM}> [i](//elsewhere.example) [j](JaVaScRiPt:{ALARM})
[k](https://elsewhere.example/ok)

<img src=x onerror="{ALARM}"><iframe srcdoc="<script>{ALARM}</script>"></iframe><style>*{{display:none}}</style>
<form action="https://elsewhere.example"><input name=body><input id=location></form><base href="https://elsewhere.example/">
<meta http-equiv="refresh" content="0;url=https://elsewhere.example"><details open ontoggle="{ALARM}"></details>
<a id=documentElement></a><a id=contents.nav></a>

<script>{ALARM}</script>

[g]: javascript:{ALARM}
"""
TEXT = MARKUP + LINKS


def hostile() -> dict[str, Any]:
    """Return a document with hostile text in every place that allows text."""
    schema = {
        "type": "object",
        "title": MARKUP,
        "description": TEXT,
        "properties": {
            MARKUP: {"type": "string", "enum": [MARKUP, "__proto__"], "default": MARKUP, "description": TEXT},
            "__proto__": {"type": "string", "const": "constructor"},
            "constructor": {"type": "object", "properties": {"prototype": {"type": "string"}}},
            "pattern": {
                "type": "string",
                "pattern": "</script><script>|<!--|x",
                "examples": ["</script><script>"],
            },
        },
        "required": [MARKUP, "__proto__"],
        "patternProperties": {"<img src=x>": {"type": "string"}},
    }
    message = {
        "name": MARKUP,
        "title": MARKUP,
        "summary": MARKUP,
        "description": TEXT,
        "payload": schema,
        "x-ack": {"$ref": "#/components/schemas/Shared"},
        "examples": [{"name": MARKUP, "payload": {MARKUP: MARKUP, "__proto__": "constructor"}}],
        "externalDocs": {"url": f"javascript:{ALARM}"},
    }
    clobbering = [
        {"name": name, "payload": {"$ref": "#/components/schemas/Shared"}}
        for name in ("__proto__", "constructor", "getElementById", "location", "body", "hasOwnProperty")
    ]
    messages = {f"m{index}": entry for index, entry in enumerate([message, *clobbering])}
    references = [{"$ref": f"#/channels/c/messages/{key}"} for key in messages]
    return {
        "asyncapi": "3.0.0",  # in version 3 an address may be any text
        "info": {
            "title": MARKUP,
            "version": MARKUP,
            "description": TEXT,
            "termsOfService": f"javascript:{ALARM}",
            "contact": {"name": MARKUP, "url": f"javascript:{ALARM}", "email": "a@example.com"},
            "license": {"name": MARKUP, "url": "data:text/html,alert(1)"},
            "tags": [{"name": MARKUP}],
        },
        "servers": {
            "evil": {
                "host": "localhost",
                "pathname": "/socket.io",
                "protocol": "ws",
                "description": TEXT,
                "security": [{"$ref": "#/components/securitySchemes/s1"}],
            }
        },
        "channels": {
            "c": {
                "address": f"/{MARKUP.translate({ord(c): None for c in '{}#?'})}",
                "description": TEXT,
                "messages": messages,
                "bindings": {"ws": {"query": schema, "headers": schema}},
                "x-auth": schema,
            }
        },
        "operations": {
            "o": {"action": "receive", "channel": {"$ref": "#/channels/c"}, "messages": references},
            "p": {"action": "send", "channel": {"$ref": "#/channels/c"}, "messages": references[1:]},
        },
        "components": {
            "schemas": {"Shared": schema},
            "securitySchemes": {
                "s1": {
                    "type": "httpApiKey",
                    "in": "query",
                    "name": MARKUP,
                    "description": TEXT,
                    "x-authField": "/__proto__/x",
                }
            },
        },
    }


SPEC = load_spec(hostile())


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    docs = Docs(SPEC)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        page = docs.route(scope["path"]) if scope["type"] == "http" else None
        if page is not None:
            await page(scope, receive, send)

    with serve(app, lifespan="off") as served:
        yield f"{served}/docs"


@pytest.mark.parametrize("bypass", [False, True], ids=["with the policy", "without it"])
def test_a_hostile_document_runs_no_code(browser: Browser, url: str, bypass: bool) -> None:
    """The page runs no foreign script, request or style, and all its controls still work."""
    with watched_page(browser, url, bypass_csp=bypass, expected=("WebSocket connection",)) as page:
        expect(page.get_by_role("heading", level=1)).to_contain_text("</textarea></template>")
        page.get_by_role("button", name="Theme: auto").click()
        page.get_by_label("Filter events").fill("proto")
        expect(page.locator(".found")).to_contain_text("13 events")
        page.get_by_label("Filter events").fill("")
        for link in page.locator("main a.ref").all()[:4]:
            link.click()
        page.get_by_role("button", name="Console", exact=True).click()
        panel = page.get_by_role("complementary")
        panel.get_by_label("s1: key").fill("x")
        panel.get_by_role("button", name="Connect", exact=True).click()
        expect(panel.locator(".log > div").first).to_contain_text("disconnected: ")
        panel.get_by_role("button", name="Send").click()
        expect(panel.locator(".log > div").first).to_contain_text("nothing was sent")
        page.keyboard.press("Escape")
        page.get_by_role("button", name="use in console").first.click()
        expect(panel.get_by_label("Arguments, a JSON array")).to_have_value(re.compile("^\\["))
        assert page.evaluate("window.hacked") is None
        assert page.evaluate("Object.prototype.x") is None
        assert (
            page.locator(
                "iframe, base, object, embed, main form, meta[http-equiv], main input, style"
            ).count()
            == 0
        )
        assert page.locator("main img, main svg").count() == 0
        assert page.url == url


def test_no_element_or_attribute_comes_from_a_document() -> None:
    """The page has only its own elements, no event handlers, and only http, https and mailto links."""
    page = read_page(render_page(SPEC, folder="docs/", static="static/", socketio="socket.io/"))
    scripts = list(page.iter("script"))
    assert [script.get("src") for script in scripts] == ["static/docs.js", "static/console.js"]
    assert all(text_of(script) == "" for script in scripts)
    for element in page.iter():
        assert element.tag not in {"img", "iframe", "svg", "form", "base", "style", "object", "input"}
        assert not any(name.startswith("on") or name == "style" for name in element.attrib)
        target = element.get("href", "#")
        if element.tag == "a":
            assert target.startswith(
                ("#", "https://elsewhere.example/", "docs/asyncapi.", "docs/client.", "mailto:")
            ), target


DEPOT_SPEC = load_spec(DEPOT)


async def hostile_server(scope: Any, receive: Any, send: Any) -> None:
    """Serve the docs of `DEPOT`, answer Socket.IO with hostile packets, then stop sending."""
    if scope["type"] == "http":
        page = Docs(DEPOT_SPEC).route(scope["path"])
        if page is not None:
            await page(scope, receive, send)
        return

    async def say(text: str) -> None:
        await send({"type": "websocket.send", "text": text})

    await receive()
    await send({"type": "websocket.accept"})
    await say('0{"sid":"s","upgrades":[],"pingInterval":2000,"pingTimeout":500,"maxPayload":1000}')
    while (message := await receive())["type"] == "websocket.receive":
        text = message["text"]
        if text.startswith("40"):
            await say('40/depot,{"sid":"y","__proto__":{"x":1}}')
            await say(f'42/depot,["__proto__",{json.dumps(MARKUP)},{{"__proto__":{{"x":1}}}}]')
            await say('42/depot,["constructor",null]')
        elif text.startswith("42/depot,0"):
            await say(f'43/depot,0[{{"error":{{"code":{json.dumps(MARKUP)},"message":{json.dumps(TEXT)}}}}}]')
        elif text.startswith("42/depot,"):
            await say("42/depot,[not json")


@pytest.mark.parametrize("bypass", [False, True], ids=["with the policy", "without it"])
def test_a_hostile_server_runs_no_code(browser: Browser, bypass: bool) -> None:
    """Events, refusals and broken packets become text, and a silent server is logged."""
    with (
        serve(hostile_server, lifespan="off") as url,
        watched_page(browser, f"{url}/docs", bypass_csp=bypass) as page,
    ):
        page.get_by_role("button", name="Console", exact=True).click()
        panel = page.get_by_role("complementary")
        newest = panel.locator(".log > div").first
        panel.get_by_role("button", name="Connect", exact=True).click()
        expect(newest).to_contain_text("constructor not in the document")
        expect(panel.locator(".log > .received").nth(1)).to_contain_text("__proto__ not in the document")
        panel.get_by_role("button", name="Send").click()
        expect(panel.locator(".answered.refused")).to_contain_text("</textarea></template>")
        expect(newest).to_contain_text("no heartbeat")
        panel.get_by_role("button", name="Connect", exact=True).click()
        expect(newest).to_contain_text("constructor not in the document")
        panel.get_by_label("expect an ack").uncheck()
        panel.get_by_role("button", name="Send").click()
        expect(newest).to_contain_text("a packet could not be read")
        assert page.evaluate("[window.hacked, Object.prototype.x]") == [None, None]
        assert page.locator("aside img, aside svg, aside script, iframe").count() == 0
