"""What clients present as they connect: read as a server reads it."""

from __future__ import annotations

from typing import Any

import pytest

from .documents import compare, found

SAY: Any = {"receives": {"say": {"type": "string"}}}


@pytest.fixture(params=[2, 3], ids=["2.x", "3.x"])
def major(request: pytest.FixtureRequest) -> int:
    value: int = request.param
    return value


def auth(schema: Any) -> dict[str, Any]:
    return {**SAY, "channel": {"x-auth": schema}}


def query(*required: str, **properties: Any) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, "required": list(required)}
    return {**SAY, "query": schema}


def headers(*required: str, closed: bool = False, **properties: Any) -> dict[str, Any]:
    named = {name.replace("_", "-"): schema for name, schema in properties.items()}
    schema = {"type": "object", "properties": named, "required": list(required)}
    return {**SAY, "headers": {**schema, "additionalProperties": False} if closed else schema}


TOKEN: Any = {"type": "object", "properties": {"token": {"type": "string"}}}


def test_auth_that_is_asked_for_breaks_who_sends_none(major: int) -> None:
    """The witness is null, and the command sends none."""
    (change,) = compare(major, SAY, auth({**TOKEN, "required": ["token"]})).changes
    assert (change.level, change.code) == ("breaking", "AUTH_NARROWED")
    assert change.witness is not None
    assert change.witness.value in (None, {})
    assert found(compare(major, auth({**TOKEN, "required": ["token"]}), SAY)) == [
        ("compatible", "AUTH_WIDENED")
    ]


def test_a_missing_auth_is_an_empty_one(major: int) -> None:
    """A schema for null admits an empty object and the reverse, as the server presents them."""
    assert found(compare(major, auth({"type": "null"}), auth({"type": "object", "maxProperties": 0}))) == []


def test_a_narrower_auth_shows_what_is_refused(major: int) -> None:
    """The command presents it."""
    longer = {**TOKEN, "properties": {"token": {"type": "string", "minLength": 3}}}
    (change,) = compare(major, auth(TOKEN), auth(longer)).changes
    assert (change.level, change.code) == ("breaking", "AUTH_NARROWED")
    assert change.witness is not None
    assert set(change.witness.value) == {"token"}
    assert "--auth" in change.witness.command
    assert change.new is not None
    assert change.new.pointer.endswith("/x-auth/properties/token") or change.new.pointer.endswith("minLength")


def test_a_query_parameter_that_is_asked_for(major: int) -> None:
    """A required one breaks; an optional one is worth a word; none at all admits everything."""
    text = {"type": "string"}
    assert found(compare(major, query(), query("lang", lang=text))) == [("breaking", "QUERY_NARROWED")]
    assert found(compare(major, query(a=text), query(a=text, lang=text))) == [("info", "MEMBER_NOW_TYPED")]
    assert found(compare(major, query("lang", lang=text), SAY)) == [("compatible", "QUERY_WIDENED")]


def test_a_query_is_text_whatever_type_it_is_read_as(major: int) -> None:
    """A number that is taken as a text from now on is the same query."""
    number, text = query(page={"type": "integer"}), query(page={"type": "string"})
    assert found(compare(major, number, text)) == [("compatible", "QUERY_WIDENED")]
    (change,) = compare(major, text, number).changes
    assert (change.level, change.code) == ("breaking", "QUERY_NARROWED")
    assert change.witness is not None
    assert "--query page=" in change.witness.command


def test_a_limit_of_a_number_in_a_query(major: int) -> None:
    """The witness is one that the old server reads as a number."""
    old, new = query(page={"type": "integer"}), query(page={"type": "integer", "minimum": 1})
    (change,) = compare(major, old, new).changes
    assert change.witness is not None
    assert change.witness.value == {"page": 0}
    assert change.witness.command == "asynction-asgi listen URL --query page=0"


def test_headers_have_no_case_and_others_are_never_refused(major: int) -> None:
    """The server compares names in lower case, and looks at declared headers alone."""
    text = {"type": "string"}
    assert found(compare(major, headers(X_Tenant=text), headers(x_tenant=text))) == []
    assert found(compare(major, headers(X_Tenant=text), headers(X_Tenant=text, closed=True))) == []
    (change,) = compare(major, headers(X_Tenant=text), headers("X-Tenant", X_Tenant=text)).changes
    assert (change.level, change.code) == ("breaking", "HEADERS_NARROWED")


def test_headers_that_differ_by_transport_are_no_change(major: int) -> None:
    """The server never looks at them, whatever generated documents say of them."""
    upgrade = {"type": "string", "const": "Upgrade"}
    assert found(compare(major, headers(Connection={"type": "string"}), headers(Connection=upgrade))) == []
