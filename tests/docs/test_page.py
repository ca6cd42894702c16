"""The page as a whole: its size, its places, and what it says where a document says little."""

from __future__ import annotations

import gzip
import json
import re
import textwrap
from typing import Any

import pytest

from asynction_asgi.docs.assets import ASSETS
from asynction_asgi.docs.page import render_page
from asynction_asgi.spec import load_spec

from .documents import DEPOT, WORKSHOP
from .reading import by_class, read_page, text_of


def document(messages: list[Any], **root: Any) -> dict[str, Any]:
    return {
        "asyncapi": "2.6.0",
        "info": {"title": "T", "version": "1"},
        "channels": {"/": {"publish": {"message": {"oneOf": messages}}}},
        **root,
    }


def render(source: Any) -> str:
    return render_page(load_spec(source), folder="docs/", static="docs/static/", socketio="socket.io/")


def test_scripts_and_styles_stay_small() -> None:
    """At most 15 KB over the wire, all of them together."""
    assert sum(len(gzip.compress(content)) for content in ASSETS.values()) <= 15 * 1024


def test_a_hundred_events_stay_small() -> None:
    """Shared schemas stand once: at most 25 KB over the wire and 20,000 elements."""
    shared = {
        f"Thing{number}": {
            "type": "object",
            "required": ["id", "name"],
            "properties": {
                "id": {"type": "string", "format": "uuid", "description": f"The id of thing {number}."},
                "name": {"type": "string", "minLength": 1, "maxLength": number + 10},
                "size": {"type": "number", "minimum": 0},
                "kind": {"enum": ["small", "large", number]},
                "parts": {
                    "type": "array",
                    "items": {"$ref": f"#/components/schemas/Thing{(number + 1) % 20}"},
                },
            },
        }
        for number in range(20)
    }
    messages = [
        {
            "name": f"change thing {number}",
            "summary": f"Changes thing {number} of the collection.",
            "description": f"Does *something* to thing {number}, which others then hear of.",
            "payload": {
                "type": "array",
                "items": [
                    {"$ref": f"#/components/schemas/Thing{number % 20}"},
                    {
                        "type": "object",
                        "properties": {f"option{number}": {"type": "boolean"}, "force": {"type": "boolean"}},
                    },
                ],
                "minItems": 1,
                "additionalItems": False,
            },
            "x-ack": {
                "type": "object",
                "properties": {"ok": {"type": "boolean"}, "count": {"type": "integer"}},
            },
        }
        for number in range(100)
    ]
    html = render(document(messages, components={"schemas": shared}))
    page = read_page(html)
    assert len(list(by_class(page, "card"))) == 120
    assert len(gzip.compress(html.encode())) <= 25 * 1024
    assert len(list(page.iter())) <= 20_000


def test_places_are_stable_and_different() -> None:
    """``{namespace}.{emit|on}.{event}``; every id stands once, and every link on the page leads to one."""
    for source in (WORKSHOP, DEPOT):
        page = read_page(render(source))
        ids = [one.get("id", "") for one in page.iter() if one.get("id")]
        assert len(set(ids)) == len(ids)
        assert {
            one.get("href", "")[1:] for one in page.iter("a") if one.get("href", "").startswith("#")
        } <= set(ids)
    assert {"depot.emit.count", "depot.on.counted", "ns.depot", "schema.Named"} <= set(ids)


def test_names_that_look_alike_get_places_of_their_own() -> None:
    """What is left of each name is numbered in the document's order."""
    page = read_page(render(document([{"name": name} for name in ("a b", "a-b", "a/b", "日本", "!")])))
    assert [one.get("id") for one in by_class(page, "card")] == [
        "root.emit.a-b", "root.emit.a-b-2", "root.emit.a-b-3", "root.emit.日本", "root.emit.x",
    ]  # fmt: skip


def test_security_is_told_in_words() -> None:
    """Alternatives, where each credential goes, and what is public."""
    page = read_page(render(WORKSHOP))
    told = {text_of(one) for one in by_class(page, "security")}
    assert "Security:key: a key in the header X-Key" in told
    assert any("one of these" in one and "or in the auth object as token" in one for one in told)


def test_schemas_of_every_shape_are_shown() -> None:
    """Each keyword that is enforced leaves a word on the page."""
    payload = {
        "type": "object",
        "properties": {
            "a": {"not": {"type": "null"}},
            "b": {"anyOf": [{"type": "string"}, True, False]},
            "c": {"if": {"type": "string"}, "then": {"minLength": 2}, "else": {"type": "integer"}},
            "d": {
                "type": "array",
                "contains": {"const": 1},
                "items": [{"type": "string"}],
                "additionalItems": False,
            },
            "e": {
                "type": "object",
                "propertyNames": {"pattern": "^x"},
                "patternProperties": {"^y": {"type": "null"}},
                "minProperties": 1,
            },
            "f": {"type": "string", "readOnly": True, "writeOnly": True},
        },
        "required": ["elsewhere"],
        "dependencies": {"a": ["b"], "c": {"required": ["d"]}},
    }
    text = text_of(read_page(render(document([{"name": "x", "payload": payload}]))))
    for words in (
        *("but not null", "at least one of", "option 3 never valid", "if string", "then any", "else integer"),
        *("at least one item value", "no further items", "property names any", "properties like ^y null"),
        *(
            "1 or more properties",
            "read only",
            "write only",
            "elsewhere any required",
            'with "a" also "b"',
            "with c any",
        ),
    ):
        assert words in text, words


def test_formats_that_are_not_checked_are_shown_as_such() -> None:
    """And a message without a payload admits anything, which is said too."""
    avro = {
        "name": "x",
        "schemaFormat": "application/vnd.apache.avro;version=1.9.0",
        "payload": {"type": "record"},
    }
    text = text_of(read_page(render(document([avro, {"name": "y"}]))))
    assert "in a format that is not checked" in text
    assert "the document says nothing about them" in text


@pytest.mark.parametrize("source", [WORKSHOP, DEPOT], ids=["3.0", "2.6"])
def test_client_code_is_python(source: Any) -> None:
    """What the page offers to copy compiles."""
    page = read_page(render(source))
    codes = [text_of(one) for one in page.iter("pre") if one.get("aria-label") == "Python"]
    namespaces = list(by_class(page, "namespace"))
    assert len(codes) == len(re.findall("Client code", text_of(page))) + len(namespaces)
    for code in codes:
        compile("async def main():\n" + textwrap.indent(code, "    "), "<page>", "exec")


def connect_code(source: Any, language: str = "JavaScript") -> dict[str, str]:
    """Return the code that connects, by namespace."""
    found = {}
    for section in by_class(read_page(render(source)), "namespace"):
        code = next(one for one in section.findall("pre") if one.get("aria-label") == language)
        found[section.findtext("h2/code", "")] = text_of(code)
    return found


def secured(*schemes: tuple[str, dict[str, Any]], **channel: Any) -> dict[str, Any]:
    source = document([{"name": "x"}], components={"securitySchemes": dict(schemes)})
    source["servers"] = {
        "live": {
            "url": "wss://desk.example:81/rt/socket.io",
            "protocol": "wss",
            "security": [{name: [] for name, _ in schemes}],
        }
    }
    source["channels"]["/"] |= channel
    return source


def test_each_namespace_says_how_to_connect() -> None:
    """Address, path, query and auth object stand in the code as the contract asks for them."""
    codes = connect_code(DEPOT)
    assert codes == {"/depot": 'const socket = io("http://localhost/depot", {\n  path: "/socket.io",\n});'}
    query = {"type": "object", "required": ["v", "w"], "properties": {"v": {"const": 2}, "w": {}, "y": {}}}
    auth = {"type": "object", "required": ["room"], "properties": {"room": {"const": "a"}}}
    source = secured(
        ("jwt", {"type": "http", "scheme": "bearer", "x-authField": "/user/token"}),
        ("key", {"type": "httpApiKey", "in": "query", "name": "key"}),
        **{"bindings": {"ws": {"query": query}}, "x-auth": auth},
    )
    assert connect_code(source)["/"] == (
        'const socket = io("https://desk.example:81", {\n  path: "/rt/socket.io",\n'
        '  query: {"v": 2, "w": "…", "key": "…"},\n  auth: {"room": "a", "user": {"token": "…"}},\n});'
    )
    assert connect_code(source, "Python")["/"] == (
        'sio = socketio.AsyncClient()\nawait sio.connect(\n    "https://desk.example:81?v=2&w=%E2%80%A6&key=%E2%80%A6",\n'
        '    socketio_path="/rt/socket.io",\n    namespaces=["/"],\n    auth={"room": "a", "user": {"token": "…"}},\n)'
    )


@pytest.mark.parametrize(
    ("scheme", "code"),
    [
        ({"type": "http", "scheme": "bearer"}, 'extraHeaders: {"Authorization": "Bearer …"},  // a browser'),
        ({"type": "http", "scheme": "basic"}, 'extraHeaders: {"Authorization": "Basic …"},'),
        ({"type": "httpApiKey", "in": "header", "name": "X-Key"}, 'extraHeaders: {"X-Key": "…"},'),
        ({"type": "httpApiKey", "in": "cookie", "name": "session"}, "withCredentials: true,"),
        ({"type": "userPassword"}, 'auth: {"username": "…", "password": "…"},'),
        ({"type": "apiKey", "in": "user"}, 'auth: {"username": "…"},'),
        ({"type": "http", "scheme": "basic", "x-authField": "me"}, 'auth: {"me": {"username": "…", "password": "…"}},'),
        ({"type": "X509"}, 'path: "/rt/socket.io",\n});'),
    ],
    ids=["bearer", "basic", "header", "cookie", "password", "user", "basic in auth", "certificate"],
)  # fmt: skip
def test_the_code_to_connect_has_the_credentials(scheme: dict[str, Any], code: str) -> None:
    """Where each scheme's credential goes, with a sign in place of what only the reader knows."""
    assert code in connect_code(secured(("it", scheme)))["/"]


def test_the_page_says_that_an_acknowledgement_may_be_a_refusal() -> None:
    """Once in full, with the event ``exception``, and with a link at each answer of the server."""
    page = read_page(render(WORKSHOP))
    section = next(by_class(page, "refusals"))
    for words in ("any of them may be a refusal", "exception", "connect_error", '"code": "invalid_payload"'):
        assert words in text_of(section)
    for card in page.iter("article"):
        ack = next((one for one in card.iter("section") if one.get("class") == "ack"), None)
        links = [one.get("href") for one in ack.iter("a")] if ack is not None else []
        assert ("#refusals" in links) == (ack is not None and card.get("data-direction") == "emit")


def test_a_refusal_of_ones_own_shape_is_shown_as_declared() -> None:
    """``x-refusal`` of a document takes the place of the standard form."""
    own = {"type": "object", "required": ["why"], "properties": {"why": {"type": "string"}}}
    page = read_page(render(document([{"name": "x"}], **{"x-refusal": own})))
    text = text_of(next(by_class(page, "refusals")))
    assert "why string required" in text
    assert "invalid_payload" not in text


def test_named_schemas_keep_their_names() -> None:
    """A schema of the components is called by its name, used once or more often, in arguments and acks."""
    schemas = {
        "Message": {"type": "object", "properties": {"text": {"$ref": "#/components/schemas/Text"}}},
        "Text": {"type": "string"},
        "Receipt": {"type": "integer"},
    }
    message = {
        "name": "x",
        "payload": {"$ref": "#/components/schemas/Message"},
        "x-ack": {"args": {"$ref": "#/components/schemas/Receipt"}},
        "tags": [{"name": "billing"}, {"name": "late"}],
    }
    text = text_of(read_page(render(document([message], components={"schemas": schemas}))))
    assert "argument 1 Message object required" in text
    assert "text Text string optional" in text
    assert "argument 1 Receipt integer required" in text
    assert "Tags: billing, late" in text


def test_the_console_asks_for_what_a_browser_can_send() -> None:
    """Query and headers become fields; headers that the browser sets itself do not."""
    headers = {
        name: {"type": "string"} for name in ("X-Room", "Cookie", "connection", "Sec-WebSocket-Key", "Origin")
    }
    query = {
        "lang": {"enum": ["en", "el"]},
        "v": {"type": "integer", "default": 2},
        "kind": {"const": "chat"},
    }
    source = document([{"name": "x"}])
    source["channels"]["/"]["bindings"] = {
        "ws": {
            "query": {"type": "object", "properties": query, "required": ["v"]},
            "headers": {"type": "object", "properties": headers, "required": ["X-Room", "Cookie"]},
        }
    }
    page = read_page(render(source))
    told = json.loads(text_of(next(page.iter("template"))))
    (namespace,) = told["namespaces"]
    assert told["path"] == "socket.io/"
    assert namespace["headers"] == [{"name": "X-Room", "required": True}]
    assert namespace["query"] == [
        {"name": "lang", "required": False, "enum": ["en", "el"]},
        {"name": "v", "required": True, "default": 2},
        {"name": "kind", "required": False, "enum": ["chat"]},
    ]
