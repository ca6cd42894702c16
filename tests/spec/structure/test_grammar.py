"""The structure of a document: the fields of each object, their types, and allowed references."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cases import each_case

from ..reading import check, found, only, v2, v3

if TYPE_CHECKING:
    from pathlib import Path

M = "/channels/~1/publish/message"
C = "/components"


@each_case(
    ("text", "code", "pointer"),
    [
        ("- a", "NOT_OBJECT", ""),
        ("", "NOT_OBJECT", ""),
        ("info: {}", "REQUIRED", ""),
        ("openapi: 3.0.0", "REQUIRED", ""),
        ("asyncapi: 2.6", "VERSION", "/asyncapi"),
        ("asyncapi: '2.6'", "VERSION", "/asyncapi"),
        ("asyncapi: two", "VERSION", "/asyncapi"),
        ("asyncapi: 1.2.0", "VERSION", "/asyncapi"),
        ("asyncapi: 2.7.0", "VERSION", "/asyncapi"),
        ("asyncapi: 3.2.0", "VERSION", "/asyncapi"),
        ("asyncapi: null", "VERSION", "/asyncapi"),
    ],
)
def test_the_version_decides_first(tmp_path: Path, text: str, code: str, pointer: str) -> None:
    """An unsupported version is the only diagnostic."""
    outcome = check(tmp_path, text)
    assert found(outcome) == [("error", code, pointer)]
    assert (outcome.accepted, outcome.servable, outcome.spec) == (False, False, None)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("asyncapi: 2.6", "write '2.6.0'"),
        ("asyncapi: '2.6'", "did you mean '2.6.0'?"),
        ("asyncapi: 9.0.0", "2.0 to 2.6, 3.0 to 3.1 are"),
        ("openapi: 3.0.0", "this is a document of openapi"),
        ("", "the document is empty"),
        ("# to be written\n", "the document is empty"),
        ("- a", "is an object"),
    ],
)
def test_the_version_has_hints(tmp_path: Path, text: str, says: str) -> None:
    """The error has a hint for a common mistake in the version."""
    assert says in only(check(tmp_path, text)).message


@each_case(
    "version", ["2.0.0", "2.0.17", "2.3.0", "2.6.0", "2.6.0-next.1", "3.0.0", "3.0.9", "3.1.0", "3.1.0-rc1"]
)
def test_every_supported_version_is_accepted(tmp_path: Path, version: str) -> None:
    """Any patch version and any suffix is accepted."""
    write = v2 if version.startswith("2") else v3
    outcome = check(tmp_path, write("{}", version=version))
    assert found(outcome) == [("warning", "CHANNELS", "/channels")]
    assert outcome.servable


@each_case(
    ("text", "code", "pointer"),
    [
        ("asyncapi: 2.6.0\nchannels: {}", "REQUIRED", ""),
        ("asyncapi: 2.6.0\ninfo: {title: T, version: '1'}", "REQUIRED", ""),
        ("asyncapi: 2.6.0\ninfo: [T]\nchannels: {}", "TYPE", "/info"),
        ("asyncapi: 2.6.0\ninfo: {title: T, version: 1}\nchannels: {}", "TYPE", "/info/version"),
        ("asyncapi: 2.6.0\ninfo: {title: T, verion: '1'}\nchannels: {}", "REQUIRED", "/info"),
        (v2("[]"), "CHANNELS", "/channels"),
        (v2("{}", "operations: {}"), "UNKNOWN_FIELD", "/operations"),
        (v2("{}", "id: not a uri"), "TYPE", "/id"),
        (v2("{}", "tags: [{name: a}, {name: a}]"), "DUPLICATE_ID", "/tags/1"),
        (v2("{}", "tags: [{description: a}]"), "REQUIRED", "/tags/0"),
        (v2("{}", "tags: [{$ref: '#/tags/0'}]"), "REF_TYPE", "/tags/0/$ref"),
        (v2("{}", "externalDocs: {url: a b}"), "TYPE", "/externalDocs/url"),
        (v2("{}", "servers: {a: {url: x}}"), "REQUIRED", "/servers/a"),
        (v2("{}", "servers: {a b: {url: x, protocol: ws}}"), "UNKNOWN_FIELD", "/servers/a b"),
        (v2("{/: null}"), "CHANNEL", "/channels/~1"),
        (v2("{/: {publsh: {}}}"), "UNKNOWN_FIELD", "/channels/~1/publsh"),
        (v2("{/: {publish: {message: text}}}"), "MESSAGE_NOT_OBJECT", M),
        (v2("{/: {publish: {message: {oneOf: ['#/x']}}}}"), "MESSAGE_NOT_OBJECT", f"{M}/oneOf/0"),
        (v2("{/: {publish: {message: {oneOf: {}}}}}"), "TYPE", f"{M}/oneOf"),
        (v2("{/: {publish: {message: {name: 5}}}}"), "TYPE", f"{M}/name"),
        (v2("{/: {publish: {message: {name: a, payload: null}}}}"), "SCHEMA_TYPE", f"{M}/payload"),
        (v2("{/: {publish: {message: {name: a, payload: {type: strin}}}}}"), "SCHEMA", f"{M}/payload/type"),
        (v2("{/: {publish: {message: {name: a, headers: {type: string}}}}}"), "TYPE", f"{M}/headers/type"),
        (v2("{/: {publish: {message: {name: a, examples: [{x: 1}]}}}}"), "UNKNOWN_FIELD", f"{M}/examples/0/x"),
        (v2("{/: {publish: {message: {name: a, traits: [{payload: {}}]}}}}"), "UNKNOWN_FIELD", f"{M}/traits/0/payload"),
        (v2("{/: {publish: {$ref: '#/x'}}}"), "REF_TYPE", "/channels/~1/publish/$ref"),
        (v2("{/: {publish: {traits: [{message: {}}]}}}"), "UNKNOWN_FIELD", "/channels/~1/publish/traits/0/message"),
        (v2("{'/{a}': {parameters: {a: {location: x}}}}"), "TYPE", "/channels/~1{a}/parameters/a/location"),
        (v2("{'/{a}': {parameters: {a: null}}}"), "TYPE", "/channels/~1{a}/parameters/a"),
        (v2("{/: {address: /a}}"), "UNKNOWN_FIELD", "/channels/~1/address"),
        (v2("{}", "components: {messages: {a b: {}}}"), "UNKNOWN_FIELD", f"{C}/messages/a b"),
        (v2("{}", "components: {schemas: {A: {$ref: '#/components/schemas/B'}}}"), "REF_DANGLING", f"{C}/schemas/A/$ref"),
        (v2("{}", "components: {schemas: {A: [1]}}"), "SCHEMA_TYPE", f"{C}/schemas/A"),
        (v2("{}", "components: {securitySchemes: {a: {type: magic}}}"), "ENUM", f"{C}/securitySchemes/a/type"),
        (v2("{}", "components: {securitySchemes: {a: {type: http}}}"), "REQUIRED", f"{C}/securitySchemes/a"),
        (v2("{}", "components: {securitySchemes: {a: {type: apiKey, in: query}}}"), "ENUM", f"{C}/securitySchemes/a/in"),
        (v2("{}", "components: {serverVariables: {a: {enum: [x], default: y}}}"), "ENUM", f"{C}/serverVariables/a/default"),
        (v2("{}", "components: {serverVariables: {a: {enum: [x], examples: [y]}}}"), "ENUM", f"{C}/serverVariables/a/examples/0"),
        (v2("{/: {bindings: {ws: {query: {type: string}}}}}"), "BINDING", "/channels/~1/bindings/ws/query"),
        (v2("{/: {bindings: {ws: {headers: true}}}}"), "BINDING", "/channels/~1/bindings/ws/headers"),
        (v2("{/: {bindings: {ws: {method: PUT}}}}"), "BINDING", "/channels/~1/bindings/ws/method"),
        (v2("{/: {bindings: {ws: {extra: 1}}}}"), "BINDING", "/channels/~1/bindings/ws/extra"),
        (v2("{/: {servers: []}}", version="2.1.0"), "UNKNOWN_FIELD", "/channels/~1/servers"),
        (v2("{/: {publish: {security: []}}}", version="2.3.0"), "UNKNOWN_FIELD", "/channels/~1/publish/security"),
        (v2("{}", "components: {channels: {}}", version="2.2.0"), "UNKNOWN_FIELD", f"{C}/channels"),
        (v3("{}", "{}", "tags: []"), "UNKNOWN_FIELD", "/tags"),
        (v3("[]"), "CHANNELS", "/channels"),
        (v3("{c: 5}"), "CHANNEL", "/channels/c"),
        (v3("{c: {publish: {}}}"), "UNKNOWN_FIELD", "/channels/c/publish"),
        (v3("{c: {address: 5}}"), "ADDRESS", "/channels/c/address"),
        (v3("{c: {messages: {m: []}}}"), "MESSAGE_NOT_OBJECT", "/channels/c/messages/m"),
        (v3("{c: {messages: {m: {schemaFormat: x}}}}"), "UNKNOWN_FIELD", "/channels/c/messages/m/schemaFormat"),
        (v3("{c: {messages: {m: {payload: null}}}}"), "SCHEMA_TYPE", "/channels/c/messages/m/payload"),
        (v3("{c: {messages: {m: {payload: {schemaFormat: x}}}}}"), "MULTIFORMAT", "/channels/c/messages/m/payload"),
        (v3("{c: {messages: {m: {payload: {schemaFormat: 1, schema: {}}}}}}"), "MULTIFORMAT", "/channels/c/messages/m/payload/schemaFormat"),
        (v3("{c: {bindings: {socketio: {}}}}"), "UNKNOWN_FIELD", "/channels/c/bindings/socketio"),
        (v3("{c: {parameters: {p: {schema: {}}}}}"), "UNKNOWN_FIELD", "/channels/c/parameters/p/schema"),
        (v3("{c: {servers: [a]}}"), "TYPE", "/channels/c/servers/0"),
        (v3("{c: {servers: [{$ref: '#/servers/a'}]}}"), "REF_DANGLING", "/channels/c/servers/0/$ref"),
        (v3("{c: {address: /}}", "{o: {channel: {$ref: '#/channels/c'}}}"), "ACTION", "/operations/o"),
        (v3("{c: {address: /}}", "{o: {action: recieve, channel: {$ref: '#/channels/c'}}}"), "ACTION", "/operations/o/action"),
        (v3("{}", "{o: {action: send}}"), "OP_CHANNEL", "/operations/o"),
        (v3("{}", "{o: {action: send, channel: '#/channels/c'}}"), "OP_CHANNEL", "/operations/o/channel"),
        (v3("{c: {address: /}}", "{o: {action: send, channel: {$ref: '#/channels/c'}, messages: {}}}"), "OP_MESSAGES", "/operations/o/messages"),
        (v3("{c: {address: /}}", "{o: {action: send, channel: {$ref: '#/channels/c'}, messages: [{name: x}]}}"), "OP_MESSAGES", "/operations/o/messages/0"),
        (v3("{c: {address: /}}", "{o: {action: send, channel: {$ref: '#/channels/c'}, reply: {channel: c}}}"), "OP_CHANNEL", "/operations/o/reply/channel"),
    ],
)  # fmt: skip
def test_invalid_structure_is_rejected(tmp_path: Path, text: str, code: str, pointer: str) -> None:
    """Each problem gives one diagnostic with its code and place, and rejects the document."""
    outcome = check(tmp_path, text)
    assert [finding for finding in found(outcome) if finding[0] == "error"] == [("error", code, pointer)]
    assert not outcome.accepted


@each_case(
    ("text", "says"),
    [
        (v2("{}", "chanels: {}"), "an AsyncAPI document has no 'chanels'; did you mean 'channels'?"),
        (v2("{}", "operations: {}"), "use 'publish' and 'subscribe' in the channels"),
        ("asyncapi: 2.6.0\ninfo: {title: T, verion: '1'}\nchannels: {}", "is 'verion' a misspelling of it?"),
        ("asyncapi: 2.6.0\ninfo: {title: T, version: 1.0}\nchannels: {}", "not a number; put it in quotes"),
        (v2("{/: {servers: []}}", version="2.0.0"), "'servers' was added in AsyncAPI 2.2"),
        (v2("{/: {publish: {message: {oneOf: ['#/x']}}}}"), "did you mean {$ref: '#/x'}?"),
        (v3("{c: {servers: [a]}}"), "servers[0] must be a reference to a server: write {$ref: ...}"),
        (v3("{c: {address: /}}", "{o: {action: recieve, channel: {$ref: '#/channels/c'}}}"), "did you mean 'receive'?"),
        (v3("{c: {messages: {m: {messageId: x}}}}"), "use the message's key in the channel"),
    ],
)  # fmt: skip
def test_hints_say_what_was_meant(tmp_path: Path, text: str, says: str) -> None:
    """Hints name the nearest name, the other version's field, or missing quotes."""
    errors = [
        diagnostic for diagnostic in check(tmp_path, text).diagnostics if diagnostic.severity == "error"
    ]
    assert says in errors[0].message


def test_a_reference_lost_to_a_comment_is_explained(tmp_path: Path) -> None:
    """An unquoted ``#`` begins a comment in YAML, so that the reference is null."""
    outcome = check(
        tmp_path, v2("{}", "components:\n  messages:\n    A:\n      $ref: #/components/messages/B")
    )
    last = outcome.diagnostics[-1]
    assert last.code == "REF_TYPE"
    assert "an unquoted # begins a comment" in last.message


@each_case(
    ("text", "code", "pointer", "says"),
    [
        (v2("{/: {x-hander: a.b}}"), "UNKNOWN_EXTENSION", "/channels/~1/x-hander", "did you mean 'x-handlers', or 'x-handler', which belongs on a message?"),
        (v2("{/: {x-handlers: {error: on_error}}}"), "HANDLER", "/channels/~1/x-handlers/error", "use 'package.module.on_error'"),
        (v2("{/: {x-handers: {error: a.b}}}"), "UNKNOWN_EXTENSION", "/channels/~1/x-handers", "use 'x-handlers'"),
        (v2("{/: {publish: {message: {name: a, x-ackk: true}}}}"), "UNKNOWN_EXTENSION", f"{M}/x-ackk", "did you mean 'x-ack'?"),
        (v2("{/: {x-handler: a.b}}"), "UNKNOWN_EXTENSION", "/channels/~1/x-handler", "it belongs on a message; did you mean 'x-handlers'?"),
        (v2("{/: {publish: {message: {name: a, x-acks: true}}}}"), "UNKNOWN_EXTENSION", f"{M}/x-acks", "did you mean 'x-ack'?"),
        (v2("{/: {publish: {message: {name: a, x-deprecated: since 2.0}}}}"), "TYPE", f"{M}/x-deprecated", "must be true or false to have an effect, not a string; use true"),
        (v2("{/: {$ref: '#/components/channels/c', description: d, publish: {}}}", "components: {channels: {c: {}}}"), "REF_TYPE", "/channels/~1/publish", "no effect beside a $ref"),
        (v2("{/: {}}", "components: {securitySchemes: {a: {type: http, scheme: bearer, x-basicBearerInfoFunc: s.b}}}"), "UNKNOWN_EXTENSION", f"{C}/securitySchemes/a/x-basicBearerInfoFunc", "use 'x-bearerInfoFunc'"),
    ],
)  # fmt: skip
def test_mistaken_extensions_warn(tmp_path: Path, text: str, code: str, pointer: str, says: str) -> None:
    """A misspelt or misplaced extension of ours gets a warning, and the document is served."""
    outcome = check(tmp_path, text)
    warning = next(diagnostic for diagnostic in outcome.diagnostics if diagnostic.pointer == pointer)
    assert (warning.severity, warning.code) == ("warning", code)
    assert says in warning.message
    assert outcome.servable


@pytest.mark.parametrize("name", ["x-author", "x-internal", "x-a.b.c", "x-pydantic-socketio", "x-order"])
def test_other_extensions_are_ignored(tmp_path: Path, name: str) -> None:
    """Extensions of other tools are allowed in every place."""
    text = v2(f"{{/: {{{name}: 1, publish: {{message: {{name: a, {name}: {{}}}}}}}}}}", f"{name}: []")
    assert found(check(tmp_path, text)) == []


@each_case(
    ("text", "code", "pointer"),
    [
        (v2("{/: {x-handlers: {conect: a.b}}}"), "UNKNOWN_FIELD", "/channels/~1/x-handlers/conect"),
        (v2("{/: {x-handlers: {connect: 5}}}"), "HANDLER", "/channels/~1/x-handlers/connect"),
        (v2("{/: {x-handlers: []}}"), "TYPE", "/channels/~1/x-handlers"),
        (v2("{/: {publish: {message: {name: a, x-handler: no way}}}}"), "HANDLER", f"{M}/x-handler"),
        (v2("{/: {publish: {message: {name: a, x-handler: 'a:b:c'}}}}"), "HANDLER", f"{M}/x-handler"),
        (v2("{/: {publish: {message: {name: a, x-handler: chat}}}}"), "HANDLER", f"{M}/x-handler"),
        (v2("{/: {publish: {message: {name: a, x-ack: 5}}}}"), "TYPE", f"{M}/x-ack"),
        (v2("{/: {publish: {message: {name: a, x-positional: 1}}}}"), "TYPE", f"{M}/x-positional"),
        (v2("{/: {publish: {message: {name: a, x-ordering: first}}}}"), "ENUM", f"{M}/x-ordering"),
        (v2("{/: {publish: {message: {name: a, x-trace: 0/meta}}}}"), "TYPE", f"{M}/x-trace"),
        (v2("{/: {publish: {message: {name: a, payload: {}, x-trace: /meta}}}}"), "TYPE", f"{M}/x-trace"),
        (v2("{/: {publish: {message: {name: a, x-trace: /0/a~2}}}}"), "TYPE", f"{M}/x-trace"),
        (v2("{/: {x-security: {}}}"), "SECURITY_SHAPE", "/channels/~1/x-security"),
        (v2("{/: {x-recovery: 5}}"), "TYPE", "/channels/~1/x-recovery"),
        (v2("{/: {x-recovery: {second: 5}}}"), "UNKNOWN_FIELD", "/channels/~1/x-recovery/second"),
        (v2("{/: {x-recovery: {seconds: 0}}}"), "TYPE", "/channels/~1/x-recovery/seconds"),
        (v2("{/: {x-recovery: {seconds: 1e9}}}"), "TYPE", "/channels/~1/x-recovery/seconds"),
        (v2("{/: {x-recovery: {events: 1.5}}}"), "TYPE", "/channels/~1/x-recovery/events"),
        (v2("{/: {x-recovery: {bytes: true}}}"), "TYPE", "/channels/~1/x-recovery/bytes"),
        (v2("{/: {x-recovery: {offset: arg}}}"), "ENUM", "/channels/~1/x-recovery/offset"),
    ],
)
def test_faulty_own_extensions_leave_asyncapi_valid(
    tmp_path: Path, text: str, code: str, pointer: str
) -> None:
    """An invalid extension of ours makes a valid document unservable."""
    outcome = check(tmp_path, text)
    assert found(outcome) == [("error", code, pointer)]
    assert (outcome.accepted, outcome.servable) == (True, False)


@each_case("handler", ["a:f", "a.b", "a_1.b.C", "a.b:f", "a.b:C.method", "é.b"])
def test_dotted_paths_of_every_form_are_handlers(tmp_path: Path, handler: str) -> None:
    """A handler is a module's function, or a method after a colon."""
    text = v2(f"{{/: {{publish: {{message: {{name: a, x-handler: '{handler}'}}}}}}}}")
    outcome = check(tmp_path, text)
    assert outcome.spec is not None
    name = outcome.spec.namespaces["/"].receives["a"].handler
    assert name is not None
    assert name.path == handler


def test_one_run_finds_all_problems_in_order(tmp_path: Path) -> None:
    """Each problem has its own line, and none is hidden or repeated."""
    outcome = check(
        tmp_path,
        """\
        asyncapi: 2.6.0
        info: {title: T, version: 1.0}
        chanels: {}
        channels:
          /a:
            publsh: {}
            publish:
              message:
                $ref: '#/components/messages/Mesage'
            subscribe:
              message: {name: connect}
          b:
            publish:
              message: {oneOf: [{name: 5}, {payload: {type: strin}}]}
        components:
          messages: {Message: {}}
          schemas: {A: {pattern: 7}}
        """,
    )
    assert [(diagnostic.code, diagnostic.line) for diagnostic in outcome.diagnostics] == [
        ("TYPE", 2),
        ("UNKNOWN_FIELD", 3),
        ("UNKNOWN_FIELD", 6),
        ("REF_DANGLING", 9),
        ("RESERVED_EVENT", 11),
        ("NAMESPACE_PREFIXED", 12),
        ("TYPE", 14),
        ("EVENT_NAME", 14),
        ("SCHEMA", 14),
        ("SCHEMA", 17),
    ]


def test_a_reference_is_checked_by_its_use(tmp_path: Path) -> None:
    """A target outside the components is checked once as the object that its use requires."""
    text = v2(
        "{/a: {publish: {message: {$ref: '#/x-mine/m'}}}, /b: {publish: {message: {$ref: '#/x-mine/m'}}}}",
        "x-mine: {m: {name: a, nam: b}}",
    )
    assert found(check(tmp_path, text)) == [("error", "UNKNOWN_FIELD", "/x-mine/m/nam")]


def test_an_unused_missing_file_only_warns(tmp_path: Path) -> None:
    """A missing or remote file is a warning if only an unused component needs it."""
    unused = "components: {schemas: {A: {$ref: nowhere.yaml}, B: {$ref: 'https://example.com/x'}}}"
    outcome = check(tmp_path, v2("{/: {publish: {message: {name: a}}}}", unused))
    assert [finding[:2] for finding in found(outcome)] == [("warning", "REF_FILE"), ("warning", "REF_REMOTE")]
    assert outcome.servable
    for name, code, accepted in (("A", "REF_FILE", False), ("B", "REF_REMOTE", True)):
        used = v2(
            f"{{/: {{publish: {{message: {{name: a, payload: {{$ref: '#/components/schemas/{name}'}}}}}}}}}}",
            unused,
        )
        outcome = check(tmp_path, used)
        assert [diagnostic.code for diagnostic in outcome.diagnostics if diagnostic.severity == "error"] == [
            code
        ]
        assert (outcome.accepted, outcome.servable) == (accepted, False)


@pytest.mark.parametrize(
    ("text", "version", "pointers"),
    [
        (
            v3("{/chat: {publish: {message: {name: a}}, subscribe: {message: {name: b}}}}"),
            "2.6.0",
            ["/channels/~1chat/publish", "/channels/~1chat/subscribe"],
        ),
        (
            v2("{chat: {address: /chat, messages: {a: {payload: {}}}}}"),
            "3.1.0",
            ["/channels/chat/address", "/channels/chat/messages"],
        ),
    ],
    ids=["2.x in 3.x", "3.x in 2.x"],
)
def test_fields_of_the_other_version_are_explained(
    tmp_path: Path, text: str, version: str, pointers: list[str]
) -> None:
    """Each field is reported, the likely version once, without further warnings."""
    outcome = check(tmp_path, text)
    assert found(outcome) == [("error", "UNKNOWN_FIELD", pointer) for pointer in pointers]
    hints = [f"set 'asyncapi' to {version}" in diagnostic.message for diagnostic in outcome.diagnostics]
    assert hints == [True, *([False] * (len(pointers) - 1))]
