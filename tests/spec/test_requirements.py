"""Security: OR of ANDs from either version, and what can't be required."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from .reading import check, found, load, only, v2, v3

if TYPE_CHECKING:
    from pathlib import Path

    from asynction_asgi.spec.model import Security

SCHEMES = """components:
  securitySchemes:
    key: {type: httpApiKey, in: query, name: q}
    basic: {type: http, scheme: Basic}
    digest: {type: http, scheme: digest}
    oauth: {type: oauth2, flows: {implicit: {authorizationUrl: 'https://e.com', scopes: {read: r, write: w}}}}
    bare: {type: oauth2, flows: {}}
    oidc: {type: openIdConnect, openIdConnectUrl: 'https://e.com'}
    x509: {type: X509}
    plain: {type: plain}
    referred: {$ref: '#/components/securitySchemes/key'}"""
SCHEMES3 = SCHEMES.replace("scopes: {read", "availableScopes: {read")


def plain(security: Security | None) -> Any:
    """A security as 2.x writes it."""
    return (
        security
        if security is None
        else [{one.scheme: list(one.scopes) for one in every} for every in security]
    )


def server2(security: str) -> str:
    return v2("{/: {}}", f"servers: {{a: {{url: x, protocol: ws, security: {security}}}}}", SCHEMES)


def server3(security: str) -> str:
    return v3(
        "{c: {address: /}}",
        "{}",
        f"servers: {{a: {{host: x, protocol: ws, security: {security}}}}}",
        SCHEMES3,
    )


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("[{key: []}, {basic: []}]", [{"key": []}, {"basic": []}]),
        ("[{key: [], oauth: [read]}]", [{"key": [], "oauth": ["read"]}]),
        ("[{key: []}, {}]", [{"key": []}, {}]),
        ("[]", None),
        ("[{oidc: [any, thing]}]", [{"oidc": ["any", "thing"]}]),
        ("[{bare: [any]}]", [{"bare": ["any"]}]),
        ("[{referred: []}]", [{"referred": []}]),
        ("[{x509: []}]", [{"x509": []}]),
    ],
)
def test_requirements_of_2x_are_maps(tmp_path: Path, written: str, expected: Any) -> None:
    """OR over the list, AND within a map, an empty map admits anybody."""
    assert plain(load(tmp_path, server2(written)).security) == expected


def test_requirements_of_3x_are_schemes(tmp_path: Path) -> None:
    """References keep their name, a scheme written in place gets its pointer; scopes are the scheme's."""
    inline = "{type: oauth2, scopes: [read], flows: {implicit: {authorizationUrl: 'https://e.com', availableScopes: {read: r}}}}"
    spec = load(tmp_path, server3(f"[{{$ref: '#/components/securitySchemes/key'}}, {inline}]"))
    assert plain(spec.security) == [{"key": []}, {"/servers/a/security/1": ["read"]}]
    assert spec.schemes["/servers/a/security/1"].type == "oauth2"
    assert spec.schemes["key"].fields["name"] == "q"


def test_schemes_of_one_name_in_two_files_are_two(tmp_path: Path) -> None:
    """Neither is taken for the other."""
    (tmp_path / "lib.yaml").write_text("components: {securitySchemes: {key: {type: X509}}}")
    own, other = (
        "{$ref: '#/components/securitySchemes/key'}",
        "{$ref: 'lib.yaml#/components/securitySchemes/key'}",
    )
    spec = load(tmp_path, server3(f"[{own}, {other}]"))
    assert spec.security is not None
    types = [[spec.schemes[one.scheme].type for one in every] for every in spec.security]
    assert types == [["httpApiKey"], ["X509"]]


def test_x_security_of_3x_can_say_and(tmp_path: Path) -> None:
    """By 2.x's maps, beside 3.x's own form; an empty list is public."""
    text = v3(
        "{a: {address: /a, x-security: [{key: [], basic: []}, {$ref: '#/components/securitySchemes/oidc'}]}, b: {address: /b, x-security: []}, c: {address: /c}}",
        "{}",
        SCHEMES3,
    )
    namespaces = load(tmp_path, text).namespaces
    assert plain(namespaces["/a"].security) == [{"key": [], "basic": []}, {"oidc": []}]
    assert namespaces["/b"].security == ()
    assert namespaces["/c"].security is None


def test_an_operation_has_security_of_its_own(tmp_path: Path) -> None:
    """On what is received; on what is sent it is warned of, and means nothing."""
    text = v2(
        "{/: {publish: {security: [{oauth: [write]}], message: {name: a}}, subscribe: {security: [{key: []}], message: {name: b}}}}",
        SCHEMES,
    )
    outcome = check(tmp_path, text)
    assert found(outcome) == [("warning", "SECURITY_SHAPE", "/channels/~1/subscribe/security")]
    assert outcome.spec is not None
    namespace = outcome.spec.namespaces["/"]
    assert plain(namespace.receives["a"].security) == [{"oauth": ["write"]}]
    assert namespace.sends["b"].security is None


@pytest.mark.parametrize(
    ("text", "code", "pointer", "accepted"),
    [
        (server2("{key: []}"), "TYPE", "/servers/a/security", False),
        (server2("[key]"), "SECURITY_SHAPE", "/servers/a/security/0", False),
        (server2("[{key: read}]"), "SECURITY_SHAPE", "/servers/a/security/0/key", False),
        (server2("[{kye: []}]"), "SECURITY_UNDEFINED", "/servers/a/security/0/kye", False),
        (server2("[{type: []}]"), "SECURITY_SHAPE", "/servers/a/security/0", False),
        (server2("[{oauth: [wriet]}]"), "SECURITY_SCOPE", "/servers/a/security/0/oauth/0", False),
        (server2("[{key: [read]}]"), "SECURITY_SCOPE", "/servers/a/security/0/key", False),
        (server2("[{digest: []}]"), "SECURITY_SHAPE", "/servers/a/security", True),
        (server2("[{plain: []}]"), "SECURITY_SHAPE", "/servers/a/security", True),
        (server3("[{key: []}]"), "SECURITY_SHAPE", "/servers/a/security/0", False),
        (server3("[{}]"), "SECURITY_SHAPE", "/servers/a/security/0", False),
        (server3("[{$ref: '#/components/securitySchemes/kye'}]"), "REF_DANGLING", "/servers/a/security/0/$ref", False),
        (server3("[{type: httpApiKey, in: query, name: q, scopes: [a]}]"), None, None, True),
        (v2("{/: {x-security: [{kye: []}]}}", SCHEMES), "SECURITY_UNDEFINED", "/channels/~1/x-security/0/kye", True),
        (v2("{/: {x-security: [{key: read}]}}", SCHEMES), "SECURITY_SHAPE", "/channels/~1/x-security/0/key", True),
        (v2("{/: {x-security: [key]}}", SCHEMES), "SECURITY_SHAPE", "/channels/~1/x-security/0", True),
        (v2("{/: {x-security: [{type: http}]}}", SCHEMES), "SECURITY_SHAPE", "/channels/~1/x-security/0", True),
        (v2("{/: {x-security: [{plain: []}]}}", SCHEMES), "SECURITY_SHAPE", "/channels/~1/x-security", True),
        (v2("{/: {publish: {security: [{plain: []}], message: {name: a}}}}", SCHEMES), "SECURITY_SHAPE", "/channels/~1/publish/security", True),
        (v3("{c: {address: /}}", "{}", "components: {securitySchemes: {o: {type: oauth2, scopes: [w], flows: {implicit: {authorizationUrl: 'https://e.com', availableScopes: {r: r}}}}}}"), "SECURITY_SCOPE", "/components/securitySchemes/o/scopes/0", True),
        (v3("{c: {address: /}}", "{}", "components: {securitySchemes: {o: {type: X509, scopes: [w]}}}"), "SECURITY_SCOPE", "/components/securitySchemes/o/scopes", True),
    ],
)  # fmt: skip
def test_what_can_not_be_required_is_an_error(
    tmp_path: Path, text: str, code: str | None, pointer: str | None, accepted: bool
) -> None:
    """Never skipped: an unknown name, a scope of no flow, a type without a meaning here."""
    outcome = check(tmp_path, text)
    errors = [one for one in found(outcome) if one[0] == "error"]
    assert errors == ([] if code is None else [("error", code, pointer)])
    assert outcome.accepted is accepted


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (server2("[{kye: []}]"), "did you mean 'key'?"),
        (server2("[{oauth: [wriet]}]"), "did you mean 'write'?"),
        (server3("[{key: []}]"), "write {$ref: '#/components/securitySchemes/key'}"),
        (server2("[{digest: []}]"), "the scheme 'digest' (http digest) can't be checked over Socket.IO"),
    ],
)
def test_the_remedy_is_named(tmp_path: Path, text: str, says: str) -> None:
    """In the terms of the document's version."""
    assert says in only(check(tmp_path, text)).message


def test_a_misspelt_function_is_honoured(tmp_path: Path) -> None:
    """Under its right name, beside what was written."""
    scheme = "{type: http, scheme: bearer, x-basicBearerInfoFunc: s.bearer}"
    spec = load(tmp_path, v2("{/: {}}", f"components: {{securitySchemes: {{b: {scheme}}}}}"))
    assert spec.schemes["b"].fields["x-bearerInfoFunc"] == "s.bearer"
