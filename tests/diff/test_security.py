"""Which clients are admitted, by alternatives of schemes and scopes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from asynction_asgi.diff import compare_specs
from asynction_asgi.spec import load_spec
from tests.cases import each_case

from .documents import compare, found

if TYPE_CHECKING:
    from asynction_asgi.spec import Spec

SAY: Any = {"receives": {"say": {"type": "string"}}}
FUNCTIONS: Any = {"x-bearerInfoFunc": "a.b", "x-apiKeyInfoFunc": "a.b", "x-tokenInfoFunc": "a.b"}
BEARER: Any = {"type": "http", "scheme": "bearer", **FUNCTIONS}
KEY: Any = {"type": "httpApiKey", "in": "query", "name": "key", **FUNCTIONS}
OAUTH: Any = {
    "type": "oauth2",
    "flows": {"clientCredentials": {"tokenUrl": "https://e.org/t", "scopes": {"read": "", "write": ""}}},
    **FUNCTIONS,
}


def secured(
    *required: dict[str, list[str]], channel: Any = None, say: Any = None, **schemes: Any
) -> dict[str, Any]:
    known = {"bearer": BEARER, "key": KEY, "oauth": OAUTH, **schemes}
    parts: dict[str, Any] = {"schemes": known, "security": list(required)}
    parts |= SAY if say is None else {"receives": {"say": {"payload": {"type": "string"}, **say}}}
    return parts if channel is None else {**parts, "channel": channel}


@pytest.fixture(params=[2, 3], ids=["2.x", "3.x"])
def major(request: pytest.FixtureRequest) -> int:
    value: int = request.param
    return value


def test_a_required_scheme_breaks_anonymous_clients(major: int) -> None:
    """A newly required scheme is breaking, and one no longer required is information."""
    closed = secured({"bearer": []})
    (change,) = compare(major, SAY, closed).changes
    assert (change.level, change.code) == ("breaking", "SECURITY_TIGHTENED")
    assert "without credentials" in change.message
    assert found(compare(major, closed, {**SAY, "security": []})) == [("info", "SECURITY_OPENED")]


def test_a_removed_alternative_breaks_its_clients(major: int) -> None:
    """The message names the removed alternative, and an added one is compatible."""
    both, single = secured({"bearer": []}, {"key": []}), secured({"bearer": []})
    (change,) = compare(major, both, single).changes
    assert (change.level, change.code) == ("breaking", "SECURITY_TIGHTENED")
    assert "'key'" in change.message
    assert found(compare(major, single, both)) == [("compatible", "SECURITY_LOOSENED")]


def test_combined_credentials_include_each_of_them() -> None:
    """Clients with both credentials satisfy either requirement, but not the reverse."""
    both = secured(channel={"x-security": [{"bearer": [], "key": []}]})
    single = secured(channel={"x-security": [{"bearer": []}]})
    assert found(compare(2, both, single)) == [("compatible", "SECURITY_LOOSENED")]
    assert found(compare(2, single, both)) == [("breaking", "SECURITY_TIGHTENED")]


def test_an_added_scope_is_breaking() -> None:
    """A current token may lack an added scope."""
    less, more = secured({"oauth": ["read"]}), secured({"oauth": ["read", "write"]})
    assert found(compare(2, less, more)) == [("breaking", "SECURITY_TIGHTENED")]
    assert found(compare(2, more, less)) == [("compatible", "SECURITY_LOOSENED")]


def test_scopes_of_an_event_are_compared(major: int) -> None:
    """Scopes of an event are required only for that event."""
    plain, scoped = secured({"bearer": []}), secured({"bearer": []}, say={"x-scopes": ["agent"]})
    (change,) = compare(major, plain, scoped).changes
    assert (change.level, change.code, change.event) == ("breaking", "SECURITY_TIGHTENED", "say")


def operated(server: list[Any], operation: list[Any]) -> Spec:
    """Return a contract with what the server requires, and what its only operation does."""
    return load_spec(
        {
            "asyncapi": "2.6.0",
            "info": {"title": "T", "version": "1.0.0"},
            "servers": {"s": {"url": "localhost", "protocol": "ws", "security": server}},
            "channels": {"/": {"publish": {"security": operation, "message": {"name": "say"}}}},
            "components": {"securitySchemes": {"bearer": BEARER, "key": KEY}},
        }
    )


@each_case(
    ("old", "new", "expected"),
    [
        (([{"bearer": []}], []), ([], [{"bearer": []}]), [("info", "SECURITY_OPENED")]),
        (([{"bearer": []}], []), ([{"bearer": []}], [{"bearer": []}]), []),
        (([{"bearer": []}], [{"bearer": []}]), ([{"bearer": []}], []), []),
        (
            ([{"bearer": []}], [{"key": []}]),
            ([{"bearer": []}], []),
            [("compatible", "SECURITY_LOOSENED")],
        ),
        (([], []), ([], [{"bearer": []}]), [("breaking", "SECURITY_TIGHTENED")]),
        (([], [{"bearer": []}]), ([], []), [("info", "SECURITY_OPENED")]),
    ],
)
def test_who_emits_has_met_the_requirements_of_the_namespace(
    old: tuple[list[Any], list[Any]], new: tuple[list[Any], list[Any]], expected: list[tuple[str, str]]
) -> None:
    """What a namespace requires of all is neither new for its events nor given up by one that repeats it."""
    assert found(compare_specs(operated(*old), operated(*new))) == expected


def test_an_event_that_leaves_the_wildcard_is_compared_with_it(major: int) -> None:
    """An event that has a declaration of its own now breaks clients if it requires more, or answers otherwise."""
    text, number = {"args": {"type": "string"}}, {"args": {"type": "integer"}}
    wildcard: Any = {"payload": {"type": "string"}, "x-ack": number}

    def with_say(**more: Any) -> dict[str, Any]:
        say = {"say": {**wildcard, **more}} if more else {}
        return secured({"bearer": []}) | {"receives": {"*": wildcard, **say}}

    declared = ("compatible", "EVENT_NOW_DECLARED")
    for more, expected in (
        ({"x-ack": number}, [declared]),
        ({"x-ack": text}, [("breaking", "ACK_WIDENED"), declared]),
        ({"x-scopes": ["agent"]}, [("breaking", "SECURITY_TIGHTENED"), declared]),
    ):
        changes = compare(major, with_say(), with_say(**more)).changes
        assert [(change.level, change.code) for change in changes] == expected
        assert {change.event for change in changes} == {"say"}


@each_case(
    ("old", "new", "breaks"),
    [
        (KEY, {**KEY, "name": "token"}, True),
        (KEY, {**KEY, "in": "header"}, True),
        (BEARER, {**BEARER, "scheme": "Bearer"}, False),
        (BEARER, {**BEARER, "x-authField": "token"}, True),
        (BEARER, {**BEARER, "description": "New."}, False),
        (
            {**BEARER, "x-jwt": {"secretEnv": "S", "issuer": ["a", "b"]}},
            {**BEARER, "x-jwt": {"secretEnv": "S", "issuer": "a"}},
            True,
        ),
        (
            {**BEARER, "x-jwt": {"secretEnv": "S", "issuer": "a"}},
            {**BEARER, "x-jwt": {"secretEnv": "S", "issuer": ["a", "b"]}},
            False,
        ),
        (
            {**BEARER, "x-jwt": {"secretEnv": "S", "issuer": "a"}},
            {**BEARER, "x-jwt": {"secretEnv": "S", "issuer": "a", "audience": "c"}},
            True,
        ),
        (
            {**BEARER, "x-jwt": {"secretEnv": "S", "leeway": 60}},
            {**BEARER, "x-jwt": {"secretEnv": "S"}},
            True,
        ),
        (
            {**BEARER, "x-jwt": {"secretEnv": "S"}},
            {**BEARER, "x-jwt": {"secretEnv": "S", "leeway": 60, "algorithms": ["HS256"]}},
            False,
        ),
        (
            {**BEARER, "x-jwt": {"secretEnv": "S", "algorithms": ["HS512"]}},
            {**BEARER, "x-jwt": {"secretEnv": "S"}},
            True,
        ),
    ],
)
def test_the_presentation_of_credentials_is_compared(major: int, old: Any, new: Any, breaks: bool) -> None:
    """A scheme in use that accepts other credentials breaks clients with the old ones."""
    before, after = secured({"bearer": []}, bearer=old), secured({"bearer": []}, bearer=new)
    assert found(compare(major, before, after)) == ([("breaking", "SCHEME_CHANGED")] if breaks else [])


def test_an_unused_scheme_is_ignored(major: int) -> None:
    """A change of a scheme that nothing requires is not reported."""
    before, after = secured({"bearer": []}), secured({"bearer": []}, key={**KEY, "name": "other"})
    assert found(compare(major, before, after)) == []


def test_a_scheme_of_the_server_that_every_namespace_replaces_is_unused(major: int) -> None:
    """What the server requires holds only for namespaces without security of their own."""
    open_to_all: Any = {"x-security": []}
    before = secured({"bearer": []}, channel=open_to_all)
    after = secured({"bearer": []}, channel=open_to_all, bearer={**BEARER, "x-authField": "token"})
    assert found(compare(major, before, after)) == []


def test_a_renamed_scheme_is_ignored(major: int) -> None:
    """A renamed scheme is not reported, as credentials are presented as before."""
    before = {**SAY, "schemes": {"old": BEARER}, "security": [{"old": []}]}
    after = {**SAY, "schemes": {"new": BEARER}, "security": [{"new": []}]}
    assert found(compare(major, before, after)) == []


ELSEWHERE: Any = {"issuer": "a", "audience": "b", "jwks": "https://a.example/keys"}


@each_case(
    ("old", "new"),
    [
        (BEARER, {**BEARER, "x-jwt": {"secretEnv": "S"}}),
        ({**BEARER, "x-jwt": {"secretEnv": "S"}}, BEARER),
        ({**BEARER, "x-jwt": {"secretEnv": "S"}}, {**BEARER, "x-jwt": {"secretEnv": "T"}}),
        (
            {**BEARER, "x-jwt": ELSEWHERE},
            {**BEARER, "x-jwt": {**ELSEWHERE, "jwks": "https://b.example/keys"}},
        ),
    ],
)
def test_it_is_unknown_what_other_keys_admit(major: int, old: Any, new: Any) -> None:
    """Keys, and what a function admits, are not in the document."""
    before, after = secured({"bearer": []}, bearer=old), secured({"bearer": []}, bearer=new)
    assert found(compare(major, before, after)) == [("unknown", "SCHEME_CHANGED")]


def test_a_renamed_scheme_is_compared(major: int) -> None:
    """Under another name a scheme may refuse tokens as well."""
    jwt: Any = {"secretEnv": "S", "audience": ["a", "b"]}
    before = {**SAY, "schemes": {"old": {**BEARER, "x-jwt": jwt}}, "security": [{"old": []}]}
    narrower = {**BEARER, "x-jwt": {**jwt, "audience": "a"}}
    (change,) = compare(
        major, before, {**SAY, "schemes": {"new": narrower}, "security": [{"new": []}]}
    ).changes
    assert (change.level, change.code) == ("breaking", "SCHEME_CHANGED")
    assert "audience b" in change.message


def test_an_event_that_no_longer_renews_credentials_is_breaking(major: int) -> None:
    """Clients that renew them by it would be cut off; whether they send any to one that does now is unknown."""
    renews, plain = secured({"bearer": []}, say={"x-reauth": True}), secured({"bearer": []}, say={})
    (change,) = compare(major, renews, plain).changes
    assert (change.level, change.code, change.event) == ("breaking", "REAUTH_CHANGED", "say")
    assert found(compare(major, plain, renews)) == [("unknown", "REAUTH_CHANGED")]
