"""What the page says about connecting: each kind of credential, in words and for the console."""

from __future__ import annotations

import json
from typing import Any

from asynction_asgi.docs.access import credential
from asynction_asgi.docs.page import render_page
from asynction_asgi.spec import load_spec
from tests.cases import each_case

from .reading import by_class, read_page, text_of

SCHEMES: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "basic": ({"type": "http", "scheme": "Basic"}, {"kind": "basic"}, "Authorization: Basic"),
    "bearer": (
        {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
        {"kind": "bearer"},
        "a JWT token, as Authorization: Bearer",
    ),
    "query": (
        {"type": "httpApiKey", "in": "query", "name": "k"},
        {"kind": "query", "name": "k"},
        "a key in the query k",
    ),
    "header": (
        {"type": "httpApiKey", "in": "header", "name": "X-K", "x-authField": "/a/b"},
        {"kind": "header", "name": "X-K", "field": "/a/b"},
        "or in the auth object as /a/b",
    ),
    "cookie": (
        {"type": "httpApiKey", "in": "cookie", "name": "sid"},
        {"kind": "cookie", "name": "sid"},
        "a key in the cookie sid",
    ),
    "pair": ({"type": "userPassword"}, {"kind": "userPassword"}, "in the auth object"),
    "user": ({"type": "apiKey", "in": "user"}, {"kind": "auth", "name": "username"}, "as username"),
    "password": ({"type": "apiKey", "in": "password"}, {"kind": "auth", "name": "password"}, "as password"),
    "oauth": (
        {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "https://a.example/t", "scopes": {"read": ""}}}},
        {"kind": "bearer"},
        "an OAuth 2 token",
    ),
    "openid": (
        {"type": "openIdConnect", "openIdConnectUrl": "https://a.example/.well-known"},
        {"kind": "bearer"},
        "see https://a.example/.well-known",
    ),
    "certificate": ({"type": "X509"}, {"kind": "none"}, "the TLS certificate"),
}  # fmt: skip


def document(**channel: Any) -> dict[str, Any]:
    security = [{name: ["read"] if name == "oauth" else []} for name in SCHEMES]
    return {
        "asyncapi": "2.6.0",
        "info": {"title": "T", "version": "1"},
        "servers": {"s": {"url": "http://localhost/socket.io", "protocol": "ws", "security": security}},
        "channels": {
            "/": {"publish": {"message": {"name": "x"}}, **channel},
        },
        "components": {"securitySchemes": {name: scheme for name, (scheme, _, _) in SCHEMES.items()}},
    }


def page_of(source: Any) -> Any:
    return read_page(render_page(load_spec(source), folder="", static="", socketio="s/"))


@each_case("name", SCHEMES)
def test_each_scheme_says_where_its_credential_goes(name: str) -> None:
    """The page describes each credential in words, and gives the console its kind and name."""
    spec = load_spec(document())
    _, expected, words = SCHEMES[name]
    shown = credential(spec.schemes[name])
    shown.pop("words")
    assert shown == {"scheme": name, **expected}
    lines = [
        text_of(row) for section in by_class(page_of(document()), "security") for row in section.iter("li")
    ]
    (row,) = (line for line in lines if line.startswith(f"{name}:"))
    assert words in row
    assert ("with the scopes read" in row) is (name == "oauth")


def test_security_requirements_are_shown() -> None:
    """An empty list is public, an empty map needs no credential, and names in one map combine."""
    public = page_of(document(**{"x-security": []}))
    assert [text_of(section) for section in by_class(public, "security")] == [
        "Security: public, no credentials are needed."
    ]
    mixed = document(**{"x-security": [{}, {"basic": [], "query": []}]})
    mixed["channels"]["/"]["publish"]["security"] = [{"cookie": []}]
    shown = list(by_class(page_of(mixed), "security"))
    rows = [text_of(item) for item in shown[0].iter("li")]
    assert rows[0] == "no credentials"
    assert "together with query: a key in the query k" in rows[1]
    assert text_of(shown[1]) == "This event needs:cookie: a key in the cookie sid"
    console = json.loads(text_of(next(page_of(mixed).iter("template"))))
    assert [scheme["scheme"] for scheme in console["namespaces"][0]["schemes"]] == [
        "basic",
        "query",
        "cookie",
    ]


def test_parameters_and_unsatisfiable_auth_are_shown() -> None:
    """A parameter is a row with its schema; an unsatisfiable auth object has no example."""
    source = document()
    source["channels"] = {
        "/rooms/{number}": {
            "parameters": {
                "number": {"description": "Which *one*.", "schema": {"type": "integer", "minimum": 1}}
            },
            "x-auth": {"allOf": [{"type": "object"}, {"required": ["a"], "maxProperties": 0}]},
            "publish": {"message": {"name": "x"}},
        }
    }
    page = page_of(source)
    panel = text_of(next(by_class(page, "panel")))
    assert "number integer required ≥ 1Which one." in panel
    assert "Auth" in panel
    assert json.loads(text_of(next(page.iter("template"))))["namespaces"][0]["auth"] is None


def test_an_event_declared_twice_shows_both_lists() -> None:
    """An event with two payloads shows both lists of arguments."""
    source = document()
    source["channels"]["/"]["publish"]["message"] = {
        "oneOf": [
            {"name": "x", "payload": {"type": "string"}},
            {
                "name": "x",
                "payload": {"type": "array", "items": [{"type": "integer", "title": "n"}], "minItems": 1},
            },
        ]
    }
    card = next(article for article in page_of(source).iter("article") if article.get("data-event") == "x")
    text = text_of(card)
    assert "One of these lists:" in text
    assert "argument 1 string required" in text
    assert "n integer required" in text
    assert "further arguments any" in text
