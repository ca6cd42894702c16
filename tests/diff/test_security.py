"""Who is admitted: alternatives of schemes and scopes."""

from __future__ import annotations

from typing import Any

import pytest

from .documents import compare, found

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


def test_a_required_scheme_breaks_who_presents_nothing(major: int) -> None:
    """And one that is no longer required opens the namespace."""
    closed = secured({"bearer": []})
    (change,) = compare(major, SAY, closed).changes
    assert (change.level, change.code) == ("breaking", "SECURITY_TIGHTENED")
    assert "without credentials" in change.message
    assert found(compare(major, closed, {**SAY, "security": []})) == [("info", "SECURITY_OPENED")]


def test_an_alternative_less_breaks_who_used_it(major: int) -> None:
    """The message names it; one more admits more."""
    both, one = secured({"bearer": []}, {"key": []}), secured({"bearer": []})
    (change,) = compare(major, both, one).changes
    assert (change.level, change.code) == ("breaking", "SECURITY_TIGHTENED")
    assert "'key'" in change.message
    assert found(compare(major, one, both)) == [("compatible", "SECURITY_LOOSENED")]


def test_credentials_together_cover_each_of_them() -> None:
    """Who presents both still presents one; who presents one lacks the other."""
    both = secured(channel={"x-security": [{"bearer": [], "key": []}]})
    one = secured(channel={"x-security": [{"bearer": []}]})
    assert found(compare(2, both, one)) == [("compatible", "SECURITY_LOOSENED")]
    assert found(compare(2, one, both)) == [("breaking", "SECURITY_TIGHTENED")]


def test_more_scopes_are_asked_for() -> None:
    """A token of today may lack the new one."""
    less, more = secured({"oauth": ["read"]}), secured({"oauth": ["read", "write"]})
    assert found(compare(2, less, more)) == [("breaking", "SECURITY_TIGHTENED")]
    assert found(compare(2, more, less)) == [("compatible", "SECURITY_LOOSENED")]


def test_scopes_of_an_event(major: int) -> None:
    """They are required for that event alone."""
    plain, scoped = secured({"bearer": []}), secured({"bearer": []}, say={"x-scopes": ["agent"]})
    (change,) = compare(major, plain, scoped).changes
    assert (change.level, change.code, change.event) == ("breaking", "SECURITY_TIGHTENED", "say")


@pytest.mark.parametrize(
    ("old", "new", "breaks"),
    [
        (KEY, {**KEY, "name": "token"}, True),
        (KEY, {**KEY, "in": "header"}, True),
        (BEARER, {**BEARER, "scheme": "Bearer"}, False),
        (BEARER, {**BEARER, "x-authField": "token"}, True),
        (BEARER, {**BEARER, "description": "New."}, False),
        ({**BEARER, "x-jwt": {"issuer": ["a", "b"]}}, {**BEARER, "x-jwt": {"issuer": "a"}}, True),
        ({**BEARER, "x-jwt": {"issuer": "a"}}, {**BEARER, "x-jwt": {"issuer": ["a", "b"]}}, False),
        ({**BEARER, "x-jwt": {"issuer": "a"}}, {**BEARER, "x-jwt": {"issuer": "a", "audience": "c"}}, True),
    ],
)
def test_how_a_credential_is_presented(major: int, old: Any, new: Any, breaks: bool) -> None:
    """A scheme in use that takes another credential breaks whoever presents the old one."""
    before, after = secured({"bearer": []}, bearer=old), secured({"bearer": []}, bearer=new)
    assert found(compare(major, before, after)) == ([("breaking", "SCHEME_CHANGED")] if breaks else [])


def test_a_scheme_that_nothing_requires_is_no_change(major: int) -> None:
    """Nobody presents it."""
    before, after = secured({"bearer": []}), secured({"bearer": []}, key={**KEY, "name": "other"})
    assert found(compare(major, before, after)) == []


def test_another_name_of_the_same_scheme_is_no_change(major: int) -> None:
    """Credentials are presented as before."""
    before = {**SAY, "schemes": {"old": BEARER}, "security": [{"old": []}]}
    after = {**SAY, "schemes": {"new": BEARER}, "security": [{"new": []}]}
    assert found(compare(major, before, after)) == []
