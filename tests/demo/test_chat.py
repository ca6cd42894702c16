"""The chat on the wire, with Socket.IO's own JavaScript clients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

from asynction_asgi.demo import DOCUMENT
from asynction_asgi.spec import check_document

if TYPE_CHECKING:
    from collections.abc import Callable


def test_clients_of_versions_3_and_4_chat(chat: str, run_js: Callable[..., list[Any]]) -> None:
    """Each event reaches the other client, and a refusal only its sender."""
    early, *heard, refused, left = run_js("chat.cjs", chat)
    assert early == [{"error": {"code": "forbidden", "message": "choose a name first"}}]
    assert heard == [
        ["Ada", "login", {"numUsers": 1}],
        ["Ada", "user joined", {"username": "Grace", "numUsers": 2}],
        ["Ada", "typing", {"username": "Grace"}],
        ["Ada", "new message", {"username": "Grace", "message": "hello"}],
        ["Ada", "stop typing", {"username": "Grace"}],
    ]
    name, event, body = refused
    assert (name, event, body["event"], body["error"]["code"]) == (
        "Grace",
        "exception",
        "new message",
        "invalid_payload",
    )
    assert left == ["Ada", "user left", {"username": "Grace", "numUsers": 1}]


def test_the_document_is_clean_and_served(chat: str) -> None:
    """The demo's document has no finding, and its links are served without handlers."""
    outcome = check_document(DOCUMENT)
    assert outcome.servable
    assert outcome.diagnostics == ()
    for path in ("/docs", "/docs/asyncapi.yaml", "/docs/asyncapi.json"):
        assert httpx.get(f"{chat}{path}").status_code == 200
    assert "asynction_asgi.demo" not in httpx.get(f"{chat}/docs/asyncapi.yaml").text


def test_the_page_is_safe_to_serve(chat: str) -> None:
    """The policy allows only the page's own files and its own server."""
    response = httpx.get(chat)
    assert response.headers["x-content-type-options"] == "nosniff"
    policy = dict(
        directive.split(" ", 1) for directive in response.headers["content-security-policy"].split("; ")
    )
    assert policy["default-src"] == "'none'"
    assert {policy["script-src"], policy["style-src"], policy["connect-src"]} == {"'self'"}
    assert httpx.get(f"{chat}/handlers.py").status_code == 404
