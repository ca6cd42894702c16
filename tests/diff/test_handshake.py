"""What clients present when they connect, compared as a server reads it."""

from __future__ import annotations

from typing import Any

import pytest

from asynction_asgi.errors import HandshakeValidationError
from asynction_asgi.spec.model.handshake import compile_handshake
from tests.cases import each_case

from .documents import compare, contract, found

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


INTEGER: Any = {"type": "integer"}
TEXT: Any = {"type": "string"}
TOKEN: Any = {"type": "object", "properties": {"token": {"type": "string"}}}


def test_required_auth_breaks_clients_without_it(major: int) -> None:
    """The witness is null, and its command sends no auth."""
    (change,) = compare(major, SAY, auth({**TOKEN, "required": ["token"]})).changes
    assert (change.level, change.code) == ("breaking", "AUTH_NARROWED")
    assert change.witness is not None
    assert change.witness.value in (None, {})
    assert found(compare(major, auth({**TOKEN, "required": ["token"]}), SAY)) == [
        ("compatible", "AUTH_WIDENED")
    ]


def test_missing_auth_equals_empty_auth(major: int) -> None:
    """A schema for null admits an empty object and the reverse, as the server treats them alike."""
    assert found(compare(major, auth({"type": "null"}), auth({"type": "object", "maxProperties": 0}))) == []


def test_a_narrower_auth_shows_what_is_refused(major: int) -> None:
    """The command of the witness presents the refused auth."""
    longer = {**TOKEN, "properties": {"token": {"type": "string", "minLength": 3}}}
    (change,) = compare(major, auth(TOKEN), auth(longer)).changes
    assert (change.level, change.code) == ("breaking", "AUTH_NARROWED")
    assert change.witness is not None
    assert set(change.witness.value) == {"token"}
    assert "--auth" in change.witness.command
    assert change.new is not None
    assert change.new.pointer.endswith("/x-auth/properties/token") or change.new.pointer.endswith("minLength")


def test_a_declared_query_parameter_is_a_change(major: int) -> None:
    """A required parameter is breaking, an optional one informative, and no schema admits everything."""
    text = {"type": "string"}
    assert found(compare(major, query(), query("lang", lang=text))) == [("breaking", "QUERY_NARROWED")]
    assert found(compare(major, query(a=text), query(a=text, lang=text))) == [("info", "MEMBER_NOW_TYPED")]
    assert found(compare(major, query("lang", lang=text), SAY)) == [("compatible", "QUERY_WIDENED")]


def test_query_parameters_are_compared_as_text(major: int) -> None:
    """A parameter changed from a number to a text still admits the same queries."""
    number, text = query(page={"type": "integer"}), query(page={"type": "string"})
    assert found(compare(major, number, text)) == [("compatible", "QUERY_WIDENED")]
    (change,) = compare(major, text, number).changes
    assert (change.level, change.code) == ("breaking", "QUERY_NARROWED")
    assert change.witness is not None
    assert "--query page=" in change.witness.command


@each_case(
    ("before", "after", "refused"),
    [
        (
            {
                "required": ["b"],
                "properties": {"b": {"enum": [1, 2]}},
                "allOf": [{"properties": {"b": {"type": "integer"}}}],
            },
            {"additionalProperties": False},
            "b=1",
        ),
        (
            {
                "additionalProperties": INTEGER,
                "anyOf": [{"properties": {"b": INTEGER}, "additionalProperties": TEXT}],
            },
            {
                "additionalProperties": TEXT,
                "anyOf": [{"properties": {"b": INTEGER}, "additionalProperties": TEXT}],
            },
            "b=1",
        ),
        (
            {"properties": {"b": {"type": "array", "items": {"type": "string"}, "maxItems": 1}}},
            {"properties": {"b": {"pattern": "^a"}}},
            "b=1",
        ),
    ],
)
def test_nothing_is_proved_of_values_that_are_read_otherwise(
    major: int, before: Any, after: Any, refused: str
) -> None:
    """A query that both contracts read in different ways is not called compatible because of its schemas."""
    before, after = ({"type": "object", **schema} for schema in (before, after))
    checks = [
        compile_handshake(spec.namespaces["/"], spec)
        for spec in (contract(major, **SAY, query=schema) for schema in (before, after))
    ]
    scope = {"query_string": refused.encode()}
    checks[0]("/", scope, None)
    with pytest.raises(HandshakeValidationError):
        checks[1]("/", scope, None)
    (change,) = compare(major, {**SAY, "query": before}, {**SAY, "query": after}).changes
    assert change.level in {"breaking", "unknown"}


def test_a_query_parameters_limit_has_a_witness(major: int) -> None:
    """The witness is a value that the old server reads as a number."""
    old, new = query(page={"type": "integer"}), query(page={"type": "integer", "minimum": 1})
    (change,) = compare(major, old, new).changes
    assert change.witness is not None
    assert change.witness.value == {"page": 0}
    assert change.witness.command == "asynction-asgi listen URL --query page=0"


@each_case(
    ("before", "after", "level"),
    [
        ({"type": "number", "multipleOf": 1}, INTEGER, "breaking"),
        ({"type": "number", "enum": [1, 2]}, {"type": "integer", "enum": [1, 2]}, "breaking"),
        ({"type": "number", "enum": [1, 2]}, {"type": "string", "enum": ["1", "2"]}, "breaking"),
        ({"type": "number", "enum": [1.5]}, {"type": "string", "enum": ["1.5"]}, "breaking"),
        ({"type": "integer", "enum": [0]}, {"type": "string", "enum": ["0"]}, "breaking"),
        (
            {"type": "array", "items": {"type": "number", "enum": [1]}},
            {"type": "array", "items": {"type": "integer", "enum": [1]}},
            "unknown",
        ),
        ({"type": "integer", "enum": [1.0, 2]}, {"type": "string", "enum": ["1", "2"]}, None),
        ({"type": "number", "enum": [1]}, {"type": "number", "enum": [1, 2]}, "compatible"),
        (INTEGER, {"type": "number"}, "compatible"),
    ],
)
def test_numbers_have_more_spellings_than_integers(
    major: int, before: Any, after: Any, level: str | None
) -> None:
    """A number may be sent as 1.0, 1e0 or -0, which a contract of integers or texts refuses."""
    changes = compare(major, query(page=before), query(page=after)).changes
    assert [change.level for change in changes] == ([level] if level else [])


def test_headers_in_two_spellings_are_read_by_each(major: int) -> None:
    """Nothing is proved of a header that is declared twice, also in parts of a schema."""
    text: Any = {**TEXT, "maxLength": 3}
    two = headers(X_V=INTEGER, x_v={})
    parts: Any = {"allOf": [{"properties": {"X-V": INTEGER}}, {"properties": {"x-v": {}}}]}
    boolean = headers(X_V={"type": "boolean"})
    assert found(compare(major, two, boolean)) == [("breaking", "HEADERS_NARROWED")]
    apart = {**SAY, "headers": {"type": "object", **parts}}
    assert found(compare(major, apart, boolean)) == [("breaking", "HEADERS_NARROWED")]
    assert found(compare(major, headers(X_V=text, x_v=text), headers(X_V=text))) == [
        ("unknown", "HEADERS_CHANGED")
    ]
    assert found(compare(major, two, two)) == []


def test_headers_ignore_case_and_additional_ones(major: int) -> None:
    """The server compares names in lower case, and checks only declared headers."""
    text = {"type": "string"}
    assert found(compare(major, headers(X_Tenant=text), headers(x_tenant=text))) == []
    assert found(compare(major, headers(X_Tenant=text), headers(X_Tenant=text, closed=True))) == []
    (change,) = compare(major, headers(X_Tenant=text), headers("X-Tenant", X_Tenant=text)).changes
    assert (change.level, change.code) == ("breaking", "HEADERS_NARROWED")


def test_headers_of_the_transport_are_ignored(major: int) -> None:
    """The server never checks headers of the transport, which generated documents may declare."""
    upgrade = {"type": "string", "const": "Upgrade"}
    assert found(compare(major, headers(Connection={"type": "string"}), headers(Connection=upgrade))) == []
