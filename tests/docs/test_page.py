"""The page as a whole: its size, its anchors, and its texts where a document says little."""

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
from tests.cases import each_case

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
    """All scripts and styles together take at most 15 KB over the wire."""
    assert sum(len(gzip.compress(content)) for content in ASSETS.values()) <= 15 * 1024


def test_a_hundred_events_stay_small() -> None:
    """Shared schemas appear once: at most 25 KB over the wire and 20,000 elements."""
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
    """Each id, such as ``{namespace}.emit.{event}``, is unique, and each internal link has a target."""
    for source in (WORKSHOP, DEPOT):
        page = read_page(render(source))
        ids = [element.get("id", "") for element in page.iter() if element.get("id")]
        assert len(set(ids)) == len(ids)
        assert {
            link.get("href", "")[1:] for link in page.iter("a") if link.get("href", "").startswith("#")
        } <= set(ids)
    assert {"depot.emit.count", "depot.on.counted", "ns.depot", "schema.Named"} <= set(ids)


def test_similar_names_get_distinct_anchors() -> None:
    """Names with equal anchors are numbered in the document's order."""
    page = read_page(render(document([{"name": name} for name in ("a b", "a-b", "a/b", "日本", "!")])))
    assert [card.get("id") for card in by_class(page, "card")] == [
        "root.emit.a-b", "root.emit.a-b-2", "root.emit.a-b-3", "root.emit.日本", "root.emit.x",
    ]  # fmt: skip


def test_security_is_described_in_words() -> None:
    """The page states alternatives, the place of each credential, and what is public."""
    page = read_page(render(WORKSHOP))
    texts = {text_of(section) for section in by_class(page, "security")}
    assert "Security:key: a key in the header X-Key" in texts
    assert any("one of these" in words and "or in the auth object as token" in words for words in texts)


def test_schemas_of_every_shape_are_shown() -> None:
    """Each enforced keyword appears on the page."""
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


def test_keywords_of_every_dialect_are_described() -> None:
    """The page names the dialect, and says what its keywords enforce."""
    latest = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$ref": "#/$defs/base",
        "$defs": {"base": {"properties": {"x": {"type": "string"}}}},
        "properties": {
            "a": {"contains": {}, "minContains": 2, "maxContains": 5, "unevaluatedItems": False},
            "b": {"unevaluatedProperties": {"type": "null"}},
        },
        "unevaluatedProperties": False,
    }
    bounded = {"type": "number", "nullable": True, "minimum": 1, "exclusiveMinimum": True}
    openapi = {"name": "y", "schemaFormat": "application/vnd.oai.openapi;version=3.0.0", "payload": bounded}
    text = text_of(read_page(render(document([{"name": "x", "payload": latest}, openapi]))))
    for words in (
        *("read as 2020-12", "read as openapi-3.0", "no other properties", "no further items"),
        *("2 to 5 items that match", "properties that nothing else describes null", "number or null", "> 1"),
        "x string optional",
    ):
        assert words in text, words


def test_unchecked_formats_are_marked() -> None:
    """The page also says that a message without a payload accepts any arguments."""
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
    """The client code on the page compiles as Python."""
    page = read_page(render(source))
    codes = [text_of(block) for block in page.iter("pre") if block.get("aria-label") == "Python"]
    namespaces = list(by_class(page, "namespace"))
    assert len(codes) == len(re.findall("Client code", text_of(page))) + len(namespaces)
    for code in codes:
        compile("async def main():\n" + textwrap.indent(code, "    "), "<page>", "exec")


def connect_code(source: Any, language: str = "JavaScript") -> dict[str, str]:
    """Return the connection code by namespace."""
    codes = {}
    for section in by_class(read_page(render(source)), "namespace"):
        code = next(block for block in section.findall("pre") if block.get("aria-label") == language)
        codes[section.findtext("h2/code", "")] = text_of(code)
    return codes


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
    """The code contains the address, path, query and auth object that the contract requires."""
    codes = connect_code(DEPOT)
    call = 'io("http://localhost/depot", {\n  path: "/socket.io",\n});'
    assert codes == {"/depot": f"const socket = {call}"}
    assert connect_code(DEPOT, "TypeScript") == {
        "/depot": 'import { io } from "socket.io-client";\nimport type { DepotClient } from "./depot.js";\n\n'
        f"const socket: DepotClient = {call}"
    }
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
        "from t_client import Client\n\n"
        'sio = socketio.AsyncClient()\nawait sio.connect(\n    "https://desk.example:81?v=2&w=%E2%80%A6&key=%E2%80%A6",\n'
        '    socketio_path="/rt/socket.io",\n    namespaces=["/"],\n    auth={"room": "a", "user": {"token": "…"}},\n)\n'
        "client = Client(sio)"
    )


@each_case(
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
    """The code shows the place of each credential, with a placeholder as its value."""
    assert code in connect_code(secured(("it", scheme)))["/"]


def test_the_page_explains_refusals() -> None:
    """Refusals are explained once, and each acknowledgement of the server links there."""
    page = read_page(render(WORKSHOP))
    section = next(by_class(page, "refusals"))
    for words in ("any of them may be a refusal", "exception", "connect_error", '"code": "invalid_payload"'):
        assert words in text_of(section)
    for card in page.iter("article"):
        ack = next((part for part in card.iter("section") if part.get("class") == "ack"), None)
        links = [link.get("href") for link in ack.iter("a")] if ack is not None else []
        assert ("#refusals" in links) == (ack is not None and card.get("data-direction") == "emit")


def test_a_custom_refusal_is_shown_as_declared() -> None:
    """The ``x-refusal`` of a document replaces the standard form."""
    own = {"type": "object", "required": ["why"], "properties": {"why": {"type": "string"}}}
    page = read_page(render(document([{"name": "x"}], **{"x-refusal": own})))
    text = text_of(next(by_class(page, "refusals")))
    assert "why string required" in text
    assert "invalid_payload" not in text


def test_named_schemas_keep_their_names() -> None:
    """A schema of the components keeps its name in arguments and acks."""
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


def test_the_console_asks_only_for_sendable_fields() -> None:
    """The console has fields for the query and for the headers that a browser allows."""
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
    console = json.loads(text_of(next(page.iter("template"))))
    (namespace,) = console["namespaces"]
    assert console["path"] == "socket.io/"
    assert namespace["headers"] == [{"name": "X-Room", "required": True}]
    assert namespace["query"] == [
        {"name": "lang", "required": False, "enum": ["en", "el"]},
        {"name": "v", "required": True, "default": 2},
        {"name": "kind", "required": False, "enum": ["chat"]},
    ]


@pytest.mark.parametrize(
    ("rate", "words"),
    [
        ({"limit": 5}, "5 events per second, on each connection"),
        ({"limit": 1, "per": 60, "by": "address"}, "1 event per minute, from each address"),
        (
            {"limit": 123_456.75, "per": 7200, "burst": 1_000_000},
            "123,456.75 events in 7,200 seconds, at most 1,000,000 at once, on each connection",
        ),
        (
            {"limit": 0.5, "per": 2.5, "burst": 3},
            "0.5 events in 2.5 seconds, at most 3 at once, on each connection",
        ),
    ],
)
def test_the_page_says_how_often_clients_may_emit(rate: dict[str, Any], words: str) -> None:
    """The rate stands on the card of its event, and that of a channel above its events."""
    source = document([{"name": "say", "x-rate": rate}, {"name": "free"}])
    page = read_page(render(source))
    (said,) = by_class(page, "rate")
    assert text_of(said).startswith(f"Rate of this event: {words}. Others are refused with rate_limited")
    source["channels"]["/"]["x-rate"] = rate
    whole, own = by_class(read_page(render(source)), "rate")
    assert text_of(whole).startswith(f"Rate of all events that a client emits here: {words}.")
    assert text_of(own) == text_of(said)
