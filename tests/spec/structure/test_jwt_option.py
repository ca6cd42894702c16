"""``x-jwt``: what a document is refused for before any server starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from asynction_asgi.server.security import jwks, jwt_verifier
from asynction_asgi.spec.structure import jwt_option
from tests.cases import each_case

from ..reading import check, found, only, v2, v3

if TYPE_CHECKING:
    from pathlib import Path

AT = "/components/securitySchemes/s/x-jwt"
KEYS = "jwks: 'https://id/keys'"


def scheme(jwt: str) -> str:
    return f"components: {{securitySchemes: {{s: {{type: http, scheme: bearer, x-jwt: {jwt}}}}}}}"


@each_case(
    ("jwt", "pointer", "words"),
    [
        pytest.param("SECRET", "", "must be an object, not a string", id="a text"),
        pytest.param("[]", "", "must be an object, not a list", id="a list"),
        pytest.param("{}", "", "either jwks or secretEnv", id="without keys"),
        pytest.param(f"{{{KEYS}, secretEnv: S, issuer: i, audience: a}}", "", "either", id="with both"),
        pytest.param(f"{{{KEYS}}}", "", "jwks needs issuer and audience", id="keys of others"),
        pytest.param("{secretEnv: S, isuer: i}", "/isuer", "did you mean 'issuer'?", id="misspelt"),
        pytest.param("{secretEnv: S, issuer: 7}", "/issuer", "must be a string", id="issuer"),
        pytest.param("{secretEnv: S, audience: [a, 7]}", "/audience/1", "must be a string", id="audiences"),
        pytest.param("{secretEnv: S, audience: []}", "/audience", "empty list", id="no audience"),
        pytest.param("{secretEnv: ''}", "/secretEnv", "not empty", id="empty"),
        pytest.param("{jwks: 1, issuer: i, audience: a}", "/jwks", "must be a string", id="jwks"),
        pytest.param("{secretEnv: S, algorithms: HS256}", "/algorithms", "must be a list", id="algorithms"),
        pytest.param("{secretEnv: S, algorithms: [HS255]}", "/algorithms/0", "use one of HS256", id="unknown"),
        pytest.param("{secretEnv: S, algorithms: [RS256]}", "/algorithms/0", "of secrets", id="not of secrets"),
        pytest.param("{secretEnv: S, algorithms: []}", "/algorithms", "empty list", id="none"),
        pytest.param("{secretEnv: S, leeway: true}", "/leeway", "must be an integer or a number", id="leeway"),
        pytest.param("{secretEnv: S, leeway: -1}", "/leeway", "zero or more", id="negative leeway"),
    ],
)  # fmt: skip
def test_what_no_verifier_can_be_made_of_is_an_error(
    tmp_path: Path, jwt: str, pointer: str, words: str
) -> None:
    """Every version reports the place, as legal AsyncAPI that can't be served."""
    for text in (v2("{/: {}}", scheme(jwt)), v3("{c: {address: /}}", "{}", scheme(jwt))):
        outcome = check(tmp_path, text)
        assert found(outcome) == [("error", "SECURITY_SHAPE", AT + pointer)]
        assert words in only(outcome).message
        assert (outcome.accepted, outcome.servable) == (True, False)


@each_case(
    "jwt",
    [
        "{secretEnv: S}",
        "{secretEnv: S, issuer: [i, j], audience: a, algorithms: [HS256, HS512], leeway: 0}",
        f"{{{KEYS}, issuer: i, audience: [a], algorithms: [ES256], leeway: 2.5}}",
        f"{{$ref: '#/x-shared'}}\nx-shared: {{{KEYS}, issuer: i, audience: a}}",
    ],
)
def test_what_a_verifier_takes_passes(tmp_path: Path, jwt: str) -> None:
    """Secrets, keys of an issuer, and references to either are accepted."""
    first, _, more = jwt.partition("\n")
    assert found(check(tmp_path, v2("{/: {}}", scheme(first), more))) == []


def test_the_verifier_has_the_algorithms_of_the_document() -> None:
    """Documents may name exactly the algorithms that are verified."""
    assert tuple(jwks.ASYMMETRIC) == jwt_option.ASYMMETRIC
    assert tuple(jwt_verifier._SYMMETRIC) == jwt_option.SYMMETRIC
