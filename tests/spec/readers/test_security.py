"""Security as OR of ANDs in either version, and requirements that cannot be enforced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from asynction_asgi import AsynctionSocketIO, SpecError
from tests.cases import each_case

from ..reading import check, found, load, only, v2, v3

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
    """Return a security in the form of 2.x."""
    return (
        security
        if security is None
        else [{scheme.scheme: list(scheme.scopes) for scheme in alternative} for alternative in security]
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


@each_case(
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
    """A list means OR, a map means AND, and an empty map admits every client."""
    assert plain(load(tmp_path, server2(written)).security) == expected


def test_requirements_of_3x_are_schemes(tmp_path: Path) -> None:
    """A reference keeps its name, an inline scheme gets its pointer as its name."""
    inline = "{type: oauth2, scopes: [read], flows: {implicit: {authorizationUrl: 'https://e.com', availableScopes: {read: r}}}}"
    spec = load(tmp_path, server3(f"[{{$ref: '#/components/securitySchemes/key'}}, {inline}]"))
    assert plain(spec.security) == [{"key": []}, {"/servers/a/security/1": ["read"]}]
    assert spec.schemes["/servers/a/security/1"].type == "oauth2"
    assert spec.schemes["key"].fields["name"] == "q"


def test_equal_names_in_two_files_stay_distinct(tmp_path: Path) -> None:
    """Schemes of the same name in two files stay distinct."""
    (tmp_path / "lib.yaml").write_text("components: {securitySchemes: {key: {type: X509}}}")
    own, other = (
        "{$ref: '#/components/securitySchemes/key'}",
        "{$ref: 'lib.yaml#/components/securitySchemes/key'}",
    )
    spec = load(tmp_path, server3(f"[{own}, {other}]"))
    assert spec.security is not None
    types = [[spec.schemes[scheme.scheme].type for scheme in alternative] for alternative in spec.security]
    assert types == [["httpApiKey"], ["X509"]]


def test_x_security_of_3x_can_express_and(tmp_path: Path) -> None:
    """``x-security`` takes maps as in 2.x, and an empty list is public."""
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
    """Security of received operations is enforced; on sent operations it gives a warning."""
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


@each_case(
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
        (server3("[{type: httpApiKey, in: query, name: q, scopes: [a]}]"), "SECURITY_SCOPE", "/servers/a/security/0/scopes", True),
        (server3("[{type: httpApiKey, in: query, name: q, scopes: []}]"), None, None, True),
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
def test_an_unenforceable_requirement_is_an_error(
    tmp_path: Path, text: str, code: str | None, pointer: str | None, accepted: bool
) -> None:
    """An unknown name, an unknown scope or an unsupported type is never skipped."""
    outcome = check(tmp_path, text)
    errors = [finding for finding in found(outcome) if finding[0] == "error"]
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
    """The error names the remedy in the terms of the document's version."""
    assert says in only(check(tmp_path, text)).message


def test_a_misspelt_type_is_reported_where_it_stands(tmp_path: Path) -> None:
    """Not also as a type that can't be checked, in each place that requires it, nor by the server."""
    text = server2("[{basic: []}]").replace("type: http, scheme: Basic", "type: htp, scheme: Basic")
    problem = only(check(tmp_path, text))
    assert (problem.code, problem.pointer) == ("ENUM", "/components/securitySchemes/basic/type")
    assert "did you mean 'http'?" in problem.message
    with pytest.raises(SpecError) as raised:
        AsynctionSocketIO.from_spec(tmp_path / "doc.yaml")
    assert raised.value.diagnostics == (problem,)


def test_a_misspelt_function_is_honoured(tmp_path: Path) -> None:
    """A misspelt extension is used under its right name, and the original is kept."""
    scheme = "{type: http, scheme: bearer, x-basicBearerInfoFunc: s.bearer}"
    spec = load(tmp_path, v2("{/: {}}", f"components: {{securitySchemes: {{b: {scheme}}}}}"))
    assert spec.schemes["b"].fields["x-bearerInfoFunc"] == "s.bearer"


JWT = "components: {securitySchemes: {jwt: {type: http, scheme: bearer}, key: {type: httpApiKey, in: query, name: q}}, channels: {c: {}}, servers: {s: {url: x, protocol: ws}}, parameters: {p: {}}, channelBindings: {b: {}}}"
JWT3 = "components: {securitySchemes: {jwt: {type: http, scheme: bearer}}, channels: {c: {address: /}}, servers: {s: {host: x, protocol: ws}}, parameters: {p: {}}, channelBindings: {b: {}}, operationTraits: {t: {}}, messages: {m: {}}}"


def operation3(fields: str) -> str:
    return v3(
        "{c: {address: /, messages: {m: {}}}}",
        f"{{o: {{action: receive, channel: {{$ref: '#/channels/c'}}, {fields}}}}}",
        JWT3,
    )


@each_case(
    ("text", "code", "pointer", "says"),
    [
        pytest.param(operation3("security: [{$ref: '#/components/securitySchemes/jwt', scopes: [agent]}]"), "REF_TYPE", "/operations/o/security/0/scopes", "use 'x-scopes: [agent]'", id="scopes beside a reference"),
        pytest.param(operation3("security: [{$ref: '#/components/securitySchemes/jwt', x-scopes: [agent]}]"), "REF_TYPE", "/operations/o/security/0/x-scopes", "use 'x-scopes: [agent]'", id="x-scopes beside a reference"),
        pytest.param(operation3("security: [{$ref: '#/components/securitySchemes/jwt', x-bearerInfoFunc: a.b}]"), "REF_TYPE", "/operations/o/security/0/x-bearerInfoFunc", "in place of the reference", id="a function beside a reference"),
        pytest.param(v3("{c: {address: /, x-security: [{$ref: '#/components/securitySchemes/jwt', scopes: [agent]}]}}", "{}", JWT3), "REF_TYPE", "/channels/c/x-security/0/scopes", "use 'x-scopes: [agent]'", id="scopes in x-security"),
        pytest.param(v3("{c: {address: /, x-security: [{$ref: '#/components/securitySchemes/jtw'}]}}", "{}", JWT3), "REF_DANGLING", "/channels/c/x-security/0/$ref", "did you mean", id="x-security leads nowhere"),
        pytest.param(v3("{c: {address: /, x-security: [{$ref: '#/components/channels/c'}]}}", "{}", JWT3), "REQUIRED", "/components/channels/c", "a security scheme needs 'type'", id="x-security leads to something else"),
        pytest.param(v3("{c: {address: /, x-security: [{type: http, scheme: bearer, scope: [a]}]}}", "{}", JWT3), "UNKNOWN_FIELD", "/channels/c/x-security/0/scope", "did you mean", id="unknown field of a scheme in x-security"),
        pytest.param(v3("{c: {address: /, x-security: [{type: oauth2, flows: {}, scopes: agent}]}}", "{}", JWT3), "TYPE", "/channels/c/x-security/0/scopes", "must be a list", id="scopes of a scheme in x-security"),
        pytest.param(v2("{/: {x-security: [{jwt: [7]}]}}", JWT.replace("http, scheme: bearer", "openIdConnect, openIdConnectUrl: 'https://e.com'")), "SECURITY_SHAPE", "/channels/~1/x-security/0/jwt/0", "must be a string", id="a scope that is a number"),
        pytest.param(operation3("x-security: []"), "UNKNOWN_EXTENSION", "/operations/o/x-security", "use 'security' here", id="x-security on an operation"),
        pytest.param(operation3("x-auth: {}"), "UNKNOWN_EXTENSION", "/operations/o/x-auth", "belongs on a channel", id="x-auth on an operation"),
        pytest.param(operation3("traits: [{$ref: '#/components/operationTraits/t', security: []}]"), "REF_TYPE", "/operations/o/traits/0/security", "to the target of the reference", id="security beside a trait's reference"),
        pytest.param(operation3("messages: [{$ref: '#/channels/c/messages/m', x-scopes: [a]}]"), "REF_TYPE", "/operations/o/messages/0/x-scopes", "move it to the target of the reference", id="x-scopes beside a message's reference"),
        pytest.param(operation3("traits: [{$ref: '#/components/operationTraits/t', x-rate: {limit: 1}}]"), "REF_TYPE", "/operations/o/traits/0/x-rate", "'x-rate' belongs on a message or a channel", id="x-rate beside a trait's reference"),
        pytest.param(v2("{/: {publish: {message: {$ref: '#/components/messages/M', x-scope: [a]}}}}", JWT), "REF_TYPE", "/channels/~1/publish/message/x-scope", "move it, as 'x-scopes', to the target", id="x-scopes misspelt beside a reference"),
        pytest.param(v2("{/: {x-securty: [{jwt: []}]}}", JWT), "UNKNOWN_EXTENSION", "/channels/~1/x-securty", "did you mean 'x-security'?", id="x-security misspelt"),
        pytest.param(v2("{/: {x-Auth: {}}}", JWT), "UNKNOWN_EXTENSION", "/channels/~1/x-Auth", "did you mean 'x-auth'?", id="x-auth misspelt"),
        pytest.param(v2("{/: {publish: {message: {name: a, x-scope: [a]}}}}", JWT), "UNKNOWN_EXTENSION", "/channels/~1/publish/message/x-scope", "did you mean 'x-scopes'?", id="x-scopes misspelt"),
        pytest.param(v2("{/: {x-handler: {connect: a.b}, x-handlerss: {connect: a.b}}}", JWT), "UNKNOWN_EXTENSION", "/channels/~1/x-handlerss", "did you mean 'x-handlers'?", id="x-handlers misspelt"),
        pytest.param(v2("{/: {}, x-security: [{jwt: []}]}", JWT), "UNKNOWN_EXTENSION", "/channels/x-security", "belongs on a channel", id="x-security among the channels"),
        pytest.param(v2("{/: {}}", "x-security: [{jwt: []}]", JWT), "UNKNOWN_EXTENSION", "/x-security", "belongs on a channel", id="x-security at the root"),
        pytest.param(v2("{/: {}}", "servers: {a: {url: x, protocol: ws, x-security: [{jwt: []}]}}", JWT), "UNKNOWN_EXTENSION", "/servers/a/x-security", "use 'security' here", id="x-security on a server"),
        pytest.param(v2("{/: {}}", "security: [{jwt: []}]", JWT), "UNKNOWN_FIELD", "/security", "'security' in the servers", id="security at the root"),
        pytest.param(v2("{/: {security: [{jwt: []}]}}", JWT), "UNKNOWN_FIELD", "/channels/~1/security", "use 'x-security'", id="security on a channel"),
        pytest.param(v2("{/: {publish: {message: {name: a, security: [{jwt: []}]}}}}", JWT), "UNKNOWN_FIELD", "/channels/~1/publish/message/security", "'x-scopes'", id="security on a message"),
        pytest.param(v2("{/: {}}", "servers: {a: {$ref: '#/components/servers/s', security: [{jwt: []}]}}", JWT), "REF_TYPE", "/servers/a/security", "would leave access open", id="security beside a server's reference"),
        pytest.param(v2("{/: {$ref: '#/components/channels/c', x-security: [{jwt: []}]}}", JWT), "REF_TYPE", "/channels/~1/x-security", "would leave access open", id="x-security beside a channel's reference"),
        pytest.param(v2("{'/{p}': {parameters: {p: {$ref: '#/components/parameters/p', schema: {enum: [a]}}}}}", JWT), "REF_TYPE", "/channels/~1{p}/parameters/p/schema", "would leave access open", id="schema beside a parameter's reference"),
        pytest.param(v3("{c: {address: '/{p}', parameters: {p: {$ref: '#/components/parameters/p', enum: [a]}}}}", "{}", JWT3), "REF_TYPE", "/channels/c/parameters/p/enum", "would leave access open", id="enum beside a parameter's reference"),
        pytest.param(v3("{c: {address: '/{p}', parameters: {p: {enum: []}}}}", "{}", JWT3), "ENUM", "/channels/c/parameters/p/enum", "admits no value", id="empty enum of a parameter"),
        pytest.param(v2("{/: {bindings: {$ref: '#/components/channelBindings/b', ws: {query: {type: object}}}}}", JWT), "REF_TYPE", "/channels/~1/bindings/ws", "would leave access open", id="ws beside a reference"),
        pytest.param(v2("{/: {bindings: {ws: {$ref: '#/components/channelBindings/b', query: {type: object}}}}}", JWT), "REF_TYPE", "/channels/~1/bindings/ws/query", "would leave access open", id="query beside a reference"),
        pytest.param(v2("{/: {bindings: {websockets: {query: {type: object}}}}}", JWT), "BINDING", "/channels/~1/bindings/websockets", "did you mean 'ws'?", id="ws misspelt"),
        pytest.param(v2("{/: {publish: {bindings: {ws: {query: {type: object}}}, message: {name: a}}}}", JWT), "BINDING", "/channels/~1/publish/bindings/ws", "the channel's 'bindings'", id="ws on an operation"),
        pytest.param(v2("{/: {}}", "servers: {a: {url: x, protocol: ws, bindings: {ws: {headers: {type: object}}}}}", JWT), "BINDING", "/servers/a/bindings/ws", "the channel's 'bindings'", id="ws on a server"),
        pytest.param(v3("{c: {address: /, x-auth: {schemaFormat: application/schema, schema: {type: object}}}}", "{}", JWT3), "MULTIFORMAT", "/channels/c/x-auth", "write the contents of 'schema'", id="x-auth in another format"),
        pytest.param(v2("{/: {publish: {security: [{jwt: []}], message: {name: connect}}}}", JWT), "SECURITY_SHAPE", "/channels/~1/publish/security", "put it on the channel as x-security", id="security of connecting as an event's"),
        pytest.param(v2("{/: {x-security: [{jwt: []}], publish: {message: {name: connect, x-scopes: [a]}}}}", JWT), "SECURITY_SHAPE", "/channels/~1/publish/message/x-scopes", "put it on the channel as x-scopes", id="scopes of connecting as an event's"),
        pytest.param(v2("{/: {publish: {message: {name: a, x-scopes: [a]}}}}", JWT), "SECURITY_SHAPE", "/channels/~1/publish/message/x-scopes", "no credentials are required", id="scopes of nobody"),
        pytest.param(v2("{/: {x-security: [], publish: {message: {name: a, x-scopes: [a]}}}}", "servers: {a: {url: x, protocol: ws, security: [{jwt: []}]}}", JWT), "SECURITY_SHAPE", "/channels/~1/publish/message/x-scopes", "no credentials are required", id="scopes in a public namespace"),
        pytest.param(v2("{/: {x-security: [{jwt: []}], publish: {message: {name: a, x-scopes: [a b]}}}}", JWT), "TYPE", "/channels/~1/publish/message/x-scopes/0", "has no spaces", id="scopes as one text"),
        pytest.param(v2("{/: {x-security: [{jwt: []}], publish: {message: {name: a, x-scopes: agent}}}}", JWT), "SECURITY_SHAPE", "/channels/~1/publish/message/x-scopes", "must be a list", id="scopes as no list"),
        pytest.param(v2("{/: {x-security: [{oauth: []}], x-scopes: [wriet]}}", SCHEMES), "SECURITY_SCOPE", "/channels/~1/x-scopes/0", "did you mean 'write'?", id="a scope of no flow"),
        pytest.param(v3("{a: {address: /, messages: {m: {name: a}, r: {name: r, x-scopes: [s]}}}}", "{o: {action: receive, channel: {$ref: '#/channels/a'}, messages: [{$ref: '#/channels/a/messages/m'}], reply: {channel: {$ref: '#/channels/a'}, messages: [{$ref: '#/channels/a/messages/r'}]}}}"), "SECURITY_SHAPE", "/channels/a/messages/r/x-scopes", "move it to the message of the event", id="scopes of a reply"),
        pytest.param(server2("[{key: [read]}]"), "SECURITY_SCOPE", "/servers/a/security/0/key", "'x-scopes'", id="scopes of a scheme that has none"),
    ],
)  # fmt: skip
def test_ignored_access_restrictions_are_errors(
    tmp_path: Path, text: str, code: str, pointer: str, says: str
) -> None:
    """A restriction that would not be enforced is refused, with a message what to write instead."""
    outcome = check(tmp_path, text)
    assert not outcome.servable
    (match,) = (
        diagnostic
        for diagnostic in outcome.diagnostics
        if diagnostic.severity == "error" and diagnostic.pointer == pointer
    )
    assert match.code == code
    assert says in match.message


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(v2("{/: {$ref: '#/components/channels/c', description: d, publish: {}}}", JWT), id="what narrows nothing"),
        pytest.param(operation3("security: [{$ref: '#/components/securitySchemes/jwt', description: d}]"), id="prose"),
        pytest.param(v2("{/: {x-author: me, x-security: [{jwt: []}]}}", JWT), id="an extension of somebody else"),
        pytest.param(v2("{/: {bindings: {mqtt: {}, http: {method: POST}}}}", JWT), id="bindings of other protocols"),
        pytest.param(v2("{/: {x-security: [{jwt: []}], publish: {security: [{jwt: []}], message: {name: connect}}}}", JWT), id="security that connecting has"),
    ],
)  # fmt: skip
def test_unrelated_fields_are_not_refused(tmp_path: Path, text: str) -> None:
    """Fields beside references, extensions and bindings are refused only if access depends on them."""
    assert check(tmp_path, text).servable


def test_scopes_are_added_to_each_alternative(tmp_path: Path) -> None:
    """Scopes of server, channel, operation and message apply to each scheme of each alternative."""
    text = v2(
        """{
        /inherits: {publish: {x-scopes: [b], message: {oneOf: [{name: one, x-scopes: [c, b]}, {name: two}]}}},
        /own: {x-security: [{jwt: [], key: []}, {}], x-scopes: [d], publish: {message: {oneOf: [{name: one, x-scopes: [e]}, {name: two}]}}},
        /event: {x-security: [], publish: {security: [{key: []}], message: {name: one, x-scopes: [f]}}},
        /optional: {x-security: [{jwt: []}, {}], publish: {message: {name: one, x-scopes: [g]}}},
        }""",
        "servers: {a: {url: x, protocol: ws, x-scopes: [a], security: [{jwt: []}]}}",
        JWT,
    )
    spec = load(tmp_path, text)
    assert plain(spec.security) == [{"jwt": ["a"]}]
    required = {
        name: (
            plain(namespace.security),
            {event: plain(received.security) for event, received in namespace.receives.items()},
        )
        for name, namespace in spec.namespaces.items()
    }
    both = {"jwt": ["d"], "key": ["d"]}
    assert required == {
        "/inherits": (None, {"one": [{"jwt": ["a", "b", "c"]}], "two": [{"jwt": ["a", "b"]}]}),
        "/own": ([both], {"one": [{name: ["d", "e"] for name in both}], "two": None}),
        "/event": ([], {"one": [{"key": ["f"]}]}),
        "/optional": ([{"jwt": []}, {}], {"one": [{"jwt": ["g"]}]}),
    }


def test_scopes_come_with_traits(tmp_path: Path) -> None:
    """Traits of an operation or a message may add scopes."""
    spec = load(
        tmp_path,
        v3(
            "{c: {address: /, x-security: [{$ref: '#/components/securitySchemes/jwt'}], messages: {m: {traits: [{x-scopes: [a]}]}}}}",
            "{o: {action: receive, channel: {$ref: '#/channels/c'}, traits: [{x-scopes: [b]}]}}",
            JWT3,
        ),
    )
    assert plain(spec.namespaces["/"].receives["m"].security) == [{"jwt": ["b", "a"]}]


def test_the_order_of_scopes_makes_no_difference(tmp_path: Path) -> None:
    """Two declarations of an event require the same by the same scopes."""
    messages = "[{name: a, payload: true, x-scopes: [b, c]}, {name: a, payload: {}, x-scopes: [c, b]}]"
    text = v2(f"{{/: {{x-security: [{{jwt: []}}], publish: {{message: {{oneOf: {messages}}}}}}}}}", JWT)
    assert [finding[:2] for finding in found(check(tmp_path, text))] == [("warning", "DUPLICATE_EVENT")]
