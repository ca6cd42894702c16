"""Loading a document, from a file to a contract."""

from __future__ import annotations

import io
import json
import time
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from asynction_asgi import SpecError
from asynction_asgi.spec import check_document, load_spec
from asynction_asgi.spec.model.summary import summarise
from asynction_asgi.spec.text.document import Document
from tests.cases import each_case

from .reading import check, found, load, v2, v3

if TYPE_CHECKING:
    from collections.abc import Iterator

CHAT = Path(__file__).parent / "chat"


def test_cyclic_and_shared_parts_are_read_in_time() -> None:
    """A schema format in itself is an error, and shared branches of a tuple are read once."""
    refer = "#/components/schemas/{}".format
    shared: dict[str, Any] = {f"A{n}": {"oneOf": [{"$ref": refer(f"A{n + 1}")}] * 2} for n in range(40)}
    shared["A40"] = {"type": "array", "items": [{"type": "string"}], "additionalItems": False}
    for schemas, start, accepted in (
        (
            {
                "A": {
                    "schemaFormat": "application/schema+json;version=draft-07",
                    "schema": {"$ref": refer("A")},
                }
            },
            "A",
            False,
        ),
        (shared, "A30", True),
    ):
        outcome = check_document(
            {
                "asyncapi": "3.0.0",
                "info": {"title": "t", "version": "1"},
                "channels": {"c": {"address": "/", "messages": {"m": {"payload": {"$ref": refer(start)}}}}},
                "operations": {"o": {"action": "receive", "channel": {"$ref": "#/channels/c"}}},
                "components": {"schemas": schemas},
            }
        )
        assert outcome.servable is accepted, outcome.diagnostics


@pytest.mark.parametrize("name", ["", None], ids=["empty", "none"])
def test_an_empty_event_name_is_reported(name: Any) -> None:
    """An empty name is an error instead of a silently dropped event."""
    outcome = check_document(
        {
            "asyncapi": "2.6.0",
            "info": {"title": "t", "version": "1"},
            "channels": {
                "/": {"publish": {"message": {"payload": {}, **({} if name is None else {"name": name})}}}
            },
        }
    )
    assert "EVENT_NAME" in {diagnostic.code for diagnostic in outcome.diagnostics}
    assert not outcome.servable


def test_every_missing_field_is_reported() -> None:
    """Two missing fields of one object give two diagnostics."""
    outcome = check_document({"asyncapi": "2.6.0", "info": {}, "channels": {}})
    messages = [diagnostic.message for diagnostic in outcome.diagnostics if diagnostic.code == "REQUIRED"]
    assert len(messages) == 2


def test_one_api_written_twice_is_one_model() -> None:
    """Equal 2.6 and 3.0 documents give equal contracts, except for AND in security."""
    old, new = (summarise(load_spec(CHAT / name)) for name in ("chat-2.6.yaml", "chat-3.0.yaml"))
    assert (old.pop("asyncapi"), new.pop("asyncapi")) == ("2.6.0", "3.0.0")
    assert old["namespaces"]["/admin"].pop("security") == [{"bearerAuth": [], "adminKey": []}]
    assert new["namespaces"]["/admin"].pop("security") == [{"adminKey": []}]
    assert old == new
    assert old["path"] == "/rt/socket.io"
    assert list(old["namespaces"]) == ["/", "/admin", "/rooms/{roomId}"]


@pytest.mark.parametrize("name", ["chat-2.6.yaml", "chat-3.0.yaml"])
def test_a_contract_is_read_from_any_source(name: str) -> None:
    """The source is a path, an open file or a mapping, in YAML or JSON."""
    path = CHAT / name
    text = path.read_text()
    spec = load_spec(path)
    expected = summarise(spec)
    with path.open() as opened:
        for source in (str(path), opened, io.BytesIO(text.encode()), spec.root.value):
            assert summarise(load_spec(source)) == expected
    assert summarise(load_spec(io.StringIO(json.dumps(spec.root.value)))) == expected


def test_a_spec_has_the_documents_parts() -> None:
    """A spec has title, version, security and schemes, and its bundle checks values."""
    spec = load_spec(CHAT / "chat-2.6.yaml")
    assert (spec.title, spec.version, spec.asyncapi) == ("Chat", "1.0.0", "2.6.0")
    assert spec.security is not None
    assert [[scheme.scheme for scheme in alternative] for alternative in spec.security] == [
        ["bearerAuth"],
        ["sessionCookie"],
    ]
    assert set(spec.schemes) == {"bearerAuth", "sessionCookie", "adminKey"}
    schema = spec.namespaces["/"].receives["send message"].arguments.schema
    assert schema is not None
    assert schema.pointer == "/components/schemas/Comment"
    spec.bundle.check(schema)({"text": "hi", "replies": [{"text": "ho"}]})


def test_errors_are_raised_together(tmp_path: Path) -> None:
    """A SpecError has all diagnostics, and prints a summary and a line for each."""
    path = tmp_path / "doc.yaml"
    path.write_text(v2("{a: {publish: {message: {}}}, /b: {publsh: {}}}"))
    with pytest.raises(SpecError) as caught:
        load_spec(path)
    assert [diagnostic.code for diagnostic in caught.value.diagnostics] == [
        "NAMESPACE_PREFIXED",
        "EVENT_NAME",
        "UNKNOWN_FIELD",
    ]
    lines = str(caught.value).splitlines()
    assert lines[0] == "the document can't be served:"
    assert lines[2] == (
        f"{path}:3:35: error: the message has no name, so no event can carry it; add 'name' [EVENT_NAME]"
    )
    assert len(lines) == 4


@each_case(
    ("text", "codes"),
    [
        pytest.param(
            v2("{'/<id>': {publish: {message: {payload: {pattern: '('}}}}}"),
            {"ADDRESS", "EVENT_NAME", "SCHEMA"},
            id="address",
        ),
        pytest.param(
            v2(
                "{/a: {servers: [x], publish: {message: {}}}}",
                "servers: {x: {url: h, protocol: mqtt}}",
            ),
            {"SERVER_UNKNOWN", "EVENT_NAME"},
            id="server",
        ),
        pytest.param(
            v3("{c: {messages: {a: {payload: {pattern: '('}}}}}", "{o: {action: receive, channel: {$ref: '#/channels/c'}}}"),
            {"CHANNEL_NO_ADDRESS", "SCHEMA"},
            id="no address",
        ),
        pytest.param(
            v3(
                "{c: {address: /, messages: {a: {payload: {pattern: '('}}}}}",
                "{o: {action: recieve, channel: {$ref: '#/channels/c'}, messages: [{$ref: '#/channels/c/messages/a'}]}}",
            ),
            {"ACTION", "SCHEMA"},
            id="action",
        ),
        pytest.param(
            v3(
                "{c: {address: /, messages: {}}, d: {address: /d, messages: {a: {payload: {pattern: '('}}}}}",
                "{o: {action: receive, channel: {$ref: '#/channels/c'}, messages: [{$ref: '#/channels/d/messages/a'}]}}",
            ),
            {"OP_MESSAGE_NOT_IN_CHANNEL", "SCHEMA"},
            id="message of another channel",
        ),
        pytest.param(
            v2("{/: {publish: {message: {oneOf: [{name: a, x-handler: h.a}, {name: a, x-handler: h.b, payload: {pattern: '('}}]}}}}"),
            {"DUPLICATE_EVENT", "SCHEMA"},
            id="duplicate event",
        ),
        pytest.param(
            v2("{/: {subscribe: {message: {name: disconnect, payload: {pattern: '('}}}}}"),
            {"RESERVED_EVENT", "SCHEMA"},
            id="reserved event",
        ),
        pytest.param(
            v2("{/: {publish: {message: {oneOf: [{name: a, payload: {type: strin}}, {name: b, x-mock: 5}]}}}}"),
            {"SCHEMA", "MOCK"},
            id="hints beside a schema",
        ),
        pytest.param(
            v2("{/: {publish: {message: {name: a, payload: {properties: {}, discriminator: kind, required: []}}}}}"),
            {"SCHEMA"},
            id="both of a discriminator",
        ),
    ],
)  # fmt: skip
def test_an_error_hides_no_other(tmp_path: Path, text: str, codes: set[str]) -> None:
    """The rest of an unservable document is read, so that all its errors are reported."""
    outcome = check(tmp_path, text)
    problems = [
        diagnostic
        for diagnostic in outcome.diagnostics
        if diagnostic.severity == "error" or diagnostic.code == "MOCK"
    ]
    assert {diagnostic.code for diagnostic in problems} == codes
    assert len(problems) > 1
    assert (outcome.servable, outcome.spec) == (False, None)


def test_warnings_stay_with_the_spec(tmp_path: Path) -> None:
    """Warnings do not stop the load, and stay available."""
    outcome = check(tmp_path, v2("{a: {}}"))
    assert outcome.spec is not None
    assert [diagnostic.code for diagnostic in outcome.spec.warnings] == ["NAMESPACE_PREFIXED"]
    assert outcome.spec.warnings == outcome.diagnostics


MESSAGE = "{/: {publish: {message: {name: a, %s}}}}"
SENDING = "{c: {address: /, messages: {m: {}}}, d: {address: /d, messages: {m: {}}}}"


@each_case(
    ("text", "code"),
    [
        pytest.param(v2(MESSAGE % "payload: {type: object, nullable: true}"), "SCHEMA", id="a keyword of another dialect"),
        pytest.param(v2(MESSAGE % "schemaFormat: application/schema+json;version=draft-03, payload: {}"), "MULTIFORMAT", id="another schema format"),
        pytest.param(v2(MESSAGE % "payload: {$ref: '#/x-a', maxLength: 5}", "x-a: {}"), "REF_TYPE", id="a keyword beside a reference"),
        pytest.param(v2(MESSAGE % "payload: {pattern: '^(a+)+(?=b)'}"), "SLOW", id="a pattern whose text is capped"),
        pytest.param(v2(MESSAGE % "x-ackk: true"), "UNKNOWN_EXTENSION", id="a misspelt extension"),
        pytest.param(v2("{/: {publish: {x-handler: a.b, message: {name: a}}}}"), "UNKNOWN_EXTENSION", id="a misplaced extension"),
        pytest.param(v2("{/: {publish: {message: {$ref: '#/x-m', payload: {}}}}}", "x-m: {name: a}"), "REF_TYPE", id="a field beside a reference"),
        pytest.param(v2("{/: {subscribe: {security: [{k: []}], message: {name: a}}}}", "components: {securitySchemes: {k: {type: X509}}}"), "SECURITY_SHAPE", id="security of what is sent"),
        pytest.param(v3(SENDING, "{o: {action: receive, channel: {$ref: '#/channels/c'}, reply: {channel: {$ref: '#/channels/d'}}}, p: {action: send, channel: {$ref: '#/channels/d'}}}"), "ADDRESS", id="a reply in another namespace"),
    ],
)  # fmt: skip
def test_strict_refuses_what_would_be_ignored(tmp_path: Path, text: str, code: str) -> None:
    """A declaration that is not enforced is a warning, and an error under strict."""
    lenient, strict = check(tmp_path, text), check(tmp_path, text, strict=True)
    assert ("warning", code) in {finding[:2] for finding in found(lenient)}
    assert ("error", code) in {finding[:2] for finding in found(strict)}
    assert (lenient.servable, strict.accepted, strict.servable) == (True, True, False)


def test_strict_refuses_headers_of_messages(tmp_path: Path) -> None:
    """Message headers are silent without strict, as documents use them for other protocols."""
    text = v2(MESSAGE % "headers: {type: object, required: [token]}")
    assert check(tmp_path, text).diagnostics == ()
    outcome = check(tmp_path, text, strict=True)
    assert found(outcome) == [("error", "SCHEMA", "/channels/~1/publish/message/headers")]
    assert outcome.accepted


@pytest.mark.parametrize(
    ("source", "code"),
    [({"asyncapi": "2.6.0", 1: 2}, "YAML_KEY"), ({}, "REQUIRED"), ("/no/such/file", "REF_FILE")],
)
def test_check_never_raises_for_a_document(source: Any, code: str) -> None:
    """Each problem of a document is returned as a diagnostic."""
    outcome = check_document(source)
    assert [diagnostic.code for diagnostic in outcome.diagnostics] == [code]
    assert (outcome.accepted, outcome.servable, outcome.spec) == (False, False, None)


def test_recursive_schemas_are_served(tmp_path: Path) -> None:
    """Recursive schemas work, and only a reference to itself is refused."""
    schemas = "components: {schemas: {A: {properties: {b: {$ref: '#/components/schemas/B'}}}, B: {properties: {a: {$ref: '#/components/schemas/A'}}}, C: {$ref: '#/components/schemas/D'}, D: {$ref: '#/components/schemas/C'}}}"
    fine = schemas.replace(", C: {$ref: '#/components/schemas/D'}, D: {$ref: '#/components/schemas/C'}", "")
    text = "{/: {publish: {message: {name: a, payload: {$ref: '#/components/schemas/A'}}}}}"
    assert found(check(tmp_path, v2(text, fine))) == []
    outcome = check(tmp_path, v2(text, schemas))
    assert {diagnostic.code for diagnostic in outcome.diagnostics} == {"REF_CYCLE"}
    assert not outcome.accepted


def test_references_cross_files_and_back(tmp_path: Path) -> None:
    """References are relative to their file, and ``#`` means the same file."""
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "messages.yaml").write_text(
        "Say: {name: say, payload: {$ref: 'schemas.json#/Text'}, x-ack: {$ref: '#/Ack'}}\n"
        "Ack: {args: {$ref: '../doc.yaml#/components/schemas/Id'}}\n"
    )
    (tmp_path / "lib" / "schemas.json").write_text('{"Text": {"properties": {"re": {"$ref": "#/Text"}}}}')
    outcome = check(
        tmp_path,
        v2(
            "{/: {publish: {message: {$ref: 'lib/messages.yaml#/Say'}}}}",
            "components: {schemas: {Id: {type: string}}}",
        ),
    )
    assert outcome.spec is not None, outcome.diagnostics
    event = outcome.spec.namespaces["/"].receives["say"]
    assert event.arguments.schema is not None
    assert event.ack is not None
    assert event.ack.schema is not None
    assert event.arguments.schema.document.path == tmp_path / "lib" / "schemas.json"
    assert event.ack.schema.pointer == "/components/schemas/Id"
    assert event.ack.schema.document is outcome.spec.root.document


def test_a_fault_in_another_file_is_placed_there(tmp_path: Path) -> None:
    """It follows the diagnostics of the first file, and has the other file's path."""
    (tmp_path / "lib.yaml").write_text("M:\n  name: 5\n  payload:\n    type: strin\n")
    outcome = check(tmp_path, v2("{a: {publish: {message: {$ref: 'lib.yaml#/M'}}}}"))
    assert [
        (diagnostic.code, Path(diagnostic.file or "").name, diagnostic.line)
        for diagnostic in outcome.diagnostics
    ] == [
        ("NAMESPACE_PREFIXED", "doc.yaml", 3),
        ("TYPE", "lib.yaml", 2),
        ("SCHEMA", "lib.yaml", 4),
    ]


@each_case(
    "text",
    [
        v2("{/: {publish: {message: {name: a, payload: {properties: {$ref: {type: [string, integer]}, x: {enum: [{$ref: y}]}, y: {const: {$ref: z}}}, examples: [{$ref: '#/q'}], default: {$ref: 1}}}}}}"),
        v2("{/: {publish: {message: {name: a, payload: {properties: {on: {}, 1: {}, null: {}, 'true': {}, 1:30: {}, 2024-01-01: {}}, required: ['on', '1']}}}}}"),
        v2("{/: {publish: {message: {name: a, payload: true}}}}"),
        v2("{/: {publish: {message: {name: a, payload: false}}}}"),
        v2("{/: {publish: {message: {name: a, examples: [{payload: {$ref: nowhere}}]}}}}"),
        "x-base: &base {description: d}\n" + v2("{/: {<<: *base}}"),
        "\ufeff" + v2("{/: {}}"),
        v3("{c: {address: /, messages: {Chat Message: {payload: {type: string}}}}}", "{o: {action: receive, channel: {$ref: '#/channels/c'}, messages: [{$ref: '#/channels/c/messages/Chat Message'}]}}"),
    ],
    ids=["ref as data", "keys", "true", "false", "examples", "merge key", "bom", "spaces in refs"],
)  # fmt: skip
def test_unusual_yaml_and_references_are_served(tmp_path: Path, text: str) -> None:
    """Documents that simple loaders misread are served without a diagnostic."""
    outcome = check(tmp_path, text)
    assert found(outcome) == []
    assert outcome.servable


def large(messages: int) -> str:
    lines = ["asyncapi: 2.6.0", "info: {title: Large, version: '1'}", "channels:", "  /:", "    publish:"]
    lines += ["      message:", "        oneOf:"]
    lines += [f"        - $ref: '#/components/messages/M{number}'" for number in range(messages)]
    lines += ["components:", "  messages:"]
    for number in range(messages):
        lines += [f"    M{number}:", f"      name: event {number}", f"      x-handler: app.handle_{number}"]
        lines += ["      payload:", "        type: object", "        required: [id]", "        properties:"]
        for field in range(5):
            lines += [
                f"          field{field}:",
                "            type: string",
                f"            maxLength: {field + 9}",
            ]
        lines += ["          more:", f"            $ref: '#/components/schemas/S{number % 60}'"]
    lines += ["  schemas:"]
    for number in range(60):
        lines += [f"    S{number}:", "      properties:", "        id: {type: integer, minimum: 0}"]
    return "\n".join(lines)


def test_twelve_thousand_lines_load_in_about_a_second(tmp_path: Path) -> None:
    """A large document loads on one core within a bound that allows for a busy machine."""
    text = large(490)
    assert len(text.splitlines()) > 12_000
    path = tmp_path / "doc.yaml"
    path.write_text(text)
    started = time.process_time()
    spec = load_spec(path)
    assert time.process_time() - started < 4
    assert len(spec.namespaces["/"].receives) == 490


def test_a_large_document_takes_little_memory(tmp_path: Path) -> None:
    """Tree, model and checks together need a small multiple of the text's size."""
    text = large(60)
    path = tmp_path / "doc.yaml"
    path.write_text(text)
    load_spec(path)  # exclude what is loaded once per process
    tracemalloc.start()
    try:
        spec = load_spec(path)
        kept = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert len(spec.namespaces["/"].receives) == 60
    assert kept < 60 * len(text)


def test_the_files_of_a_document_are_known(tmp_path: Path) -> None:
    """Files that were read or could not be read are listed, even if the document is broken."""
    shared, types, missing = (tmp_path / name for name in ("shared/doc.yaml", "types.yaml", "missing.yaml"))
    shared.parent.mkdir()
    shared.write_text(
        "asyncapi: 2.6.0\ninfo: {title: t, version: '1'}\nchannels:\n"
        "  /: {publish: {message: {name: a, payload: {$ref: '../types.yaml#/a'}}}}\n",
        "utf-8",
    )
    types.write_text("a: {type: string}\n", "utf-8")
    assert set(load_spec(shared).files) == {shared, types}
    types.write_text("a: {$ref: 'missing.yaml#/a'}\n", "utf-8")
    outcome = check_document(shared)
    assert not outcome.servable
    assert set(outcome.files) == {shared, types, missing}
    shared.write_text("{", "utf-8")
    assert check_document(shared).files == (shared,)
    assert check_document({"asyncapi": "2.6.0"}).files == ()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("? " * 100_000, id="keys in keys"),
        pytest.param("<<: {" * 5_000 + "}" * 5_000, id="merge keys"),
        pytest.param("[" * 100_000, id="lists"),
        pytest.param("{" * 5_000, id="objects as keys"),
        pytest.param("[? " * 5_000, id="lists of keys"),
        pytest.param("- " * 100_000, id="block lists"),
        pytest.param("{a: b:c, d: " + "[" * 5_000, id="what libyaml does not read"),
        pytest.param('{"a":' * 100_000 + "1" + "}" * 100_000, id="JSON"),
        pytest.param("a: &a [" + "[" * 100 + "]" * 100 + "]\nb: " + "[" * 100 + "*a" + "]" * 100, id="aliases"),
    ],
)  # fmt: skip
def test_too_deep_nesting_is_a_diagnostic(tmp_path: Path, text: str) -> None:
    """Any depth is reported, in each notation."""
    outcome = check(tmp_path, text)
    assert not outcome.accepted
    assert outcome.diagnostics


def chained(link: str, last: str, count: int, *, section: str = "schemas") -> str:
    """Return components of which each refers to the next."""
    entries = [f"    s{index}: {link.replace('NEXT', f's{index + 1}')}" for index in range(count)]
    return "\n".join(["components:", f"  {section}:", *entries, f"    s{count}: {last}"])


NEXT = "{$ref: '#/components/schemas/NEXT'}"
FIRST = "{/: {publish: {message: {name: a, payload: {$ref: '#/components/schemas/s0'}}}}}"


@pytest.mark.parametrize(
    ("channels", "components", "kind"),
    [
        pytest.param(FIRST, chained(f"{{anyOf: [{NEXT}]}}", "{type: string}", 1000), "single", id="anyOf"),
        pytest.param(FIRST, chained(f"{{oneOf: [{NEXT}, {NEXT}]}}", "{type: array, items: [true]}", 500), "positional", id="oneOf of tuples, each twice"),
        pytest.param(FIRST, chained(f"{{allOf: [{NEXT}]}}", "{type: string}", 1000), "single", id="allOf"),
        pytest.param(FIRST, chained(f"{{type: object, properties: {{a: {NEXT}}}}}", "{type: string}", 1000), "single", id="properties"),
        pytest.param(FIRST, chained(f"{{not: {NEXT}}}", "{type: string}", 1000), "single", id="not"),
        pytest.param(FIRST, chained(NEXT, "{type: string}", 1000), "single", id="bare references"),
        pytest.param(
            "{/: {publish: {message: {$ref: '#/components/messages/s0'}}}}",
            chained("{oneOf: [{$ref: '#/components/messages/NEXT'}, {$ref: '#/components/messages/NEXT'}]}", "{name: a, payload: true}", 1000, section="messages"),
            "single",
            id="messages, each twice",
        ),
    ],
)  # fmt: skip
def test_long_chains_of_references_load(tmp_path: Path, channels: str, components: str, kind: str) -> None:
    """Chains may have any length, and shared parts are read once."""
    assert load(tmp_path, v2(channels, components)).namespaces["/"].receives["a"].arguments.kind == kind


def test_a_message_of_itself_is_an_error(tmp_path: Path) -> None:
    """A message that contains itself is an error; two lists of equal messages are not."""
    components = "components: {messages: {a: {oneOf: [{$ref: '#/components/messages/b'}]}, b: {oneOf: [{$ref: '#/components/messages/a'}, {name: x}]}}}"
    outcome = check(tmp_path, v2("{/: {publish: {message: {$ref: '#/components/messages/a'}}}}", components))
    assert [diagnostic.code for diagnostic in outcome.diagnostics if diagnostic.severity == "error"] == [
        "REF_CYCLE"
    ]


def test_aliases_expand_in_proportion_to_the_text(tmp_path: Path) -> None:
    """Aliases that multiply the document are refused, while ordinary sharing is allowed."""
    laughs = "".join(
        f"x-{index}: &a{index} [{', '.join([f'*a{index - 1}'] * 10)}]\n" for index in range(1, 5)
    )
    outcome = check(tmp_path, v2("{/: {}}", f"x-0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n{laughs}"))
    assert [diagnostic.code for diagnostic in outcome.diagnostics] == ["YAML_RECURSIVE_ALIAS"]
    shared = "x-0: &a0 {" + ", ".join(f"k{index}: 1" for index in range(1000)) + "}\n"
    assert check(tmp_path, v2("{/: {}}", shared + "x-1: [*a0, *a0, *a0, *a0]")).servable


class Listed(dict[str, object]):
    """A mapping that counts how often its keys are iterated."""

    walks = 0

    def __iter__(self) -> Iterator[str]:
        self.walks += 1
        return super().__iter__()


def test_ranking_reads_the_keys_once() -> None:
    """The order of a mapping is read once, however many diagnostics it has."""
    value = Listed({f"k{index}": index for index in range(1000)})
    document = Document(value, path=None, name=None, text=None)
    assert [document.rank(f"/k{index}") for index in range(1000)] == [(index,) for index in range(1000)]
    assert value.walks == 1


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        pytest.param(v3("{c: {address: 'ws://localhost:80/ws/dice', messages: {a: {}}}}", "{o: {action: send, channel: {$ref: '#/channels/c'}}}"), "ADDRESS", "is a URL: a channel's address is a namespace, such as '/ws/dice'", id="an address that is a URL"),
        pytest.param(v2(MESSAGE % "payload: {properties: {$ref: '#/x-a'}}", "x-a: {}"), "SCHEMA_TYPE", "'$ref' is the name of a property", id="a reference under properties"),
    ],
)  # fmt: skip
def test_common_mistakes_are_explained(tmp_path: Path, text: str, code: str, says: str) -> None:
    """The message says what to do."""
    assert any(
        diagnostic.code == code and says in diagnostic.message
        for diagnostic in check(tmp_path, text).diagnostics
    )
