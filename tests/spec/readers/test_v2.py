"""AsyncAPI 2.x: channel items, their operations and messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.cases import each_case

from ..reading import check, found, load, only, v2

if TYPE_CHECKING:
    from pathlib import Path


def publish(message: str, *more: str, **options: Any) -> str:
    return v2(f"{{/: {{publish: {{message: {message}}}}}}}", *more, **options)


def test_operations_are_from_the_clients_view(tmp_path: Path) -> None:
    """The server receives what is published, and sends what is subscribed to."""
    text = v2("{/: {publish: {message: {name: up}}, subscribe: {message: {name: down}}}}")
    namespace = load(tmp_path, text).namespaces["/"]
    assert (list(namespace.receives), list(namespace.sends)) == (["up"], ["down"])


@each_case(
    ("message", "names"),
    [
        ("{name: a}", ["a"]),
        ("{name: a b/c, messageId: x}", ["a b/c"]),
        ("{messageId: x}", ["x"]),
        ("{$ref: '#/components/messages/Bare'}", ["Bare"]),
        ("{$ref: '#/components/messages/Named'}", ["named"]),
        ("{$ref: '#/components/messages/Identified'}", ["identified"]),
        ("{$ref: '#/components/messages/Twice'}", ["Twice"]),
        ("{oneOf: [{name: a}, {$ref: '#/components/messages/Bare'}]}", ["a", "Bare"]),
        ("{oneOf: [{name: a}, {oneOf: [{name: b}, {oneOf: [{name: c}]}]}]}", ["a", "b", "c"]),
        ("{oneOf: [{name: a}]}", ["a"]),
        ("{oneOf: []}", []),
        ("{$ref: '#/components/messages/Both'}", ["named", "Bare"]),
        ("{traits: [{name: t}]}", ["t"]),
        ("{name: a, traits: [{name: t}]}", ["t"]),
        ("{name: a, traits: [{name: t}, {name: u}]}", ["u"]),
        ("{name: a, traits: [{$ref: '#/components/messageTraits/T'}]}", ["trait"]),
        ("{name: ναί}", ["ναί"]),
        ("{name: '*'}", ["*"]),
    ],
)
def test_the_name_of_a_message(tmp_path: Path, message: str, names: list[str]) -> None:
    """The name is ``name``, ``messageId`` or the last segment of the reference, after traits."""
    components = (
        "components: {messages: {Bare: {}, Named: {name: named}, Identified: {messageId: identified}, "
        "Twice: {$ref: '#/components/messages/Bare'}, "
        "Both: {oneOf: [{$ref: '#/components/messages/Named'}, {$ref: '#/components/messages/Bare'}]}}, "
        "messageTraits: {T: {name: trait}}}"
    )
    assert list(load(tmp_path, publish(message, components)).namespaces["/"].receives) == names


LISTS = {
    "inline": "{KEY, oneOf: [{name: a}]}",
    "in the list": "{oneOf: [{name: b}, {KEY, oneOf: [{name: a}]}]}",
    "by reference": "{$ref: '#/components/messages/List'}",
}
PLACES_OF_LISTS = {
    "inline": "/channels/~1/publish/message",
    "in the list": "/channels/~1/publish/message/oneOf/1",
    "by reference": "/components/messages/List",
}


def _with_list(where: str, field: str) -> str:
    """Return a document whose message has this field beside a ``oneOf``."""
    listed = f", messages: {{List: {{{field}, oneOf: [{{name: a}}]}}}}" if where == "by reference" else ""
    components = (
        "components: {messageTraits: {Scoped: {x-scopes: [a]}}, "
        f"securitySchemes: {{jwt: {{type: http, scheme: bearer}}}}{listed}}}"
    )
    return publish(LISTS[where].replace("KEY", field), components)


@each_case("where", LISTS)
@each_case(
    ("field", "key", "code"),
    [
        ("x-rate: {limit: 1}", "/x-rate", "UNKNOWN_FIELD"),
        ("x-scopes: [a]", "/x-scopes", "UNKNOWN_FIELD"),
        ("x-security: [{jwt: []}]", "/x-security", "UNKNOWN_EXTENSION"),
        ("x-auth: {type: object}", "/x-auth", "UNKNOWN_EXTENSION"),
        ("traits: [{x-rate: {limit: 1}}]", "/traits/0", "UNKNOWN_FIELD"),
        ("traits: [{$ref: '#/components/messageTraits/Scoped'}]", "/traits/0", "UNKNOWN_FIELD"),
    ],
)
def test_what_narrows_access_beside_a_list_is_refused(
    tmp_path: Path, where: str, field: str, key: str, code: str
) -> None:
    """What narrows access beside ``oneOf`` would not be enforced, wherever the list stands."""
    outcome = check(tmp_path, _with_list(where, field))
    assert outcome.accepted
    error = only(outcome)
    assert (error.severity, error.code, error.pointer) == ("error", code, PLACES_OF_LISTS[where] + key)
    assert "belongs on" in error.message or "in each message of the list" in error.message


@each_case("where", LISTS)
@each_case(
    "field",
    [
        "name: n",
        "payload: {type: string}",
        "headers: {type: object}",
        "x-handler: a.b",
        "x-hander: a.b",
        "x-ack: true",
        "x-ordering: serial",
        "x-mock: {weight: 2}",
        "x-deprecated: true",
        "tags: []",
        "traits: [{name: t}]",
    ],
)
def test_other_fields_beside_a_list_are_reported(tmp_path: Path, where: str, field: str) -> None:
    """Fields of a message beside ``oneOf`` have no effect: a warning, or an error where that is wanted."""
    pointer = f"{PLACES_OF_LISTS[where]}/{field.partition(':')[0]}"
    outcome = check(tmp_path, _with_list(where, field))
    assert outcome.servable
    assert ("warning", "UNKNOWN_FIELD", pointer) in found(outcome)
    assert ("error", "UNKNOWN_FIELD", pointer) in found(
        check(tmp_path, _with_list(where, field), strict=True)
    )


@pytest.mark.parametrize("field", ["description: d", "summary: s", "x-other: 1"])
def test_prose_beside_a_list_is_not_reported(tmp_path: Path, field: str) -> None:
    """A list may be described, and may have extensions of other tools."""
    assert found(check(tmp_path, _with_list("inline", field))) == []


@pytest.mark.parametrize("message", ["{}", "{title: A}", "{payload: {}}", "{$ref: '#/x-messages/0'}"])
def test_a_nameless_message_can_not_be_served(tmp_path: Path, message: str) -> None:
    """It is valid AsyncAPI that cannot be served; an index is not used as a name."""
    outcome = check(tmp_path, publish(message, "x-messages: [{}]"))
    assert [(diagnostic.code, diagnostic.layer) for diagnostic in outcome.diagnostics] == [
        ("EVENT_NAME", "service")
    ]
    assert (outcome.accepted, outcome.servable) == (True, False)


def test_traits_are_patched_over_their_target(tmp_path: Path) -> None:
    """RFC 7386 applies in order: a trait wins, and null removes a field."""
    text = publish(
        "{name: a, summary: s, x-mine: {k: 1, l: {m: 2}}, x-gone: 1, x-handler: h.own, traits: ["
        "{summary: t, x-mine: {k: null, l: {n: 3}}, x-gone: null}, {summary: u, x-handler: h.trait}]}"
    )
    event = load(tmp_path, text).namespaces["/"].receives["a"]
    assert event.message["summary"] == "u"
    assert event.message["x-mine"] == {"l": {"m": 2, "n": 3}}
    assert "x-gone" not in event.message
    assert event.handler is not None
    assert (event.handler.path, event.handler.node.pointer) == (
        "h.trait",
        "/channels/~1/publish/message/traits/1/x-handler",
    )


def test_traits_of_an_operation_are_patched_over_it(tmp_path: Path) -> None:
    """A trait may set the operation's ack."""
    text = v2("{/: {publish: {x-ack: true, traits: [{x-ack: {args: {type: string}}}], message: {name: a}}}}")
    ack = load(tmp_path, text).namespaces["/"].receives["a"].ack
    assert ack is not None
    assert ack.kind == "single"


def test_a_schema_format_may_come_from_a_trait(tmp_path: Path) -> None:
    """A payload of a foreign format is opaque, and a warning says that it is not checked."""
    avro = "application/vnd.apache.avro;version=1.9.0"
    for message in (
        f"{{name: a, schemaFormat: '{avro}', payload: {{type: record, fields: 5}}}}",
        f"{{name: a, traits: [{{schemaFormat: '{avro}'}}], payload: [not, a, schema]}}",
        f"{{name: a, schemaFormat: '{avro}', payload: text}}",
    ):
        outcome = check(tmp_path, publish(message))
        assert found(outcome) == [("warning", "MULTIFORMAT", "/channels/~1/publish/message/payload")]
        assert outcome.spec is not None
        assert outcome.spec.namespaces["/"].receives["a"].arguments.kind == "opaque"


def test_parameters_have_schemas(tmp_path: Path) -> None:
    """Parameters follow the template's order; an undeclared one accepts any text, a surplus one warns."""
    text = v2(
        "{'/{a}/{b}/{c}': {parameters: {c: {}, a: {description: d, schema: {$ref: '#/components/schemas/S'}}, d: {}}}}",
        "components: {schemas: {S: {type: integer}}}",
    )
    outcome = check(tmp_path, text)
    assert found(outcome) == [("warning", "CHANNEL", "/channels/~1{a}~1{b}~1{c}/parameters/d")]
    assert outcome.spec is not None
    first, second, third = outcome.spec.namespaces["/{a}/{b}/{c}"].parameters
    assert (first.name, first.description) == ("a", "d")
    assert first.schema is not None
    assert first.schema.value == {"type": "integer"}
    assert (second.name, second.schema, third.name, third.schema) == ("b", None, "c", None)


@pytest.mark.parametrize(
    ("text", "pointer"),
    [
        (v2("{/: {publish: {operationId: a}, subscribe: {operationId: a}}}"), "/channels/~1/subscribe/operationId"),
        (v2("{/: {publish: {operationId: a}, subscribe: {traits: [{operationId: a}]}}}"), "/channels/~1/subscribe/traits/0/operationId"),
        (publish("{oneOf: [{messageId: a}, {messageId: a}]}"), "/channels/~1/publish/message/oneOf/1/messageId"),
    ],
)  # fmt: skip
def test_ids_are_unique(tmp_path: Path, text: str, pointer: str) -> None:
    """Ids of operations and of messages are unique, including ids from traits, case-sensitively."""
    outcome = check(tmp_path, text)
    errors = [finding for finding in found(outcome) if finding[0] == "error"]
    assert errors == [("error", "DUPLICATE_ID", pointer)]
    assert not outcome.accepted


def test_one_message_in_two_places_keeps_its_id(tmp_path: Path) -> None:
    """A message used twice has one id, and operation ids may differ only in case."""
    text = v2(
        "{/: {publish: {operationId: a, message: {$ref: '#/components/messages/M'}}, "
        "subscribe: {operationId: A, message: {$ref: '#/components/messages/M'}}}}",
        "components: {messages: {M: {messageId: m}}}",
    )
    assert found(check(tmp_path, text)) == []


def test_a_message_can_not_be_one_of_itself(tmp_path: Path) -> None:
    """A message that lists itself under ``oneOf`` is an error."""
    components = "components: {messages: {M: {oneOf: [{$ref: '#/components/messages/M'}]}}}"
    outcome = check(tmp_path, publish("{$ref: '#/components/messages/M'}", components))
    assert only(outcome).code == "REF_CYCLE"
    assert not outcome.accepted


def test_a_channel_may_be_a_reference(tmp_path: Path) -> None:
    """The key of a referenced channel remains the namespace."""
    text = v2(
        "{/a: {$ref: '#/components/channels/c'}}",
        "components: {channels: {c: {publish: {message: {name: m}}}}}",
    )
    assert list(load(tmp_path, text).namespaces["/a"].receives) == ["m"]


def test_bindings_have_three_names(tmp_path: Path) -> None:
    """``ws`` and the names that generators write are read, other protocols' bindings are not."""
    for name in ("ws", "socket.io", "socketio"):
        text = v2(f"{{/: {{bindings: {{kafka: {{x: [1]}}, {name}: {{query: {{type: object}}}}}}}}}}")
        assert load(tmp_path, text).namespaces["/"].handshake.query is not None
    assert load(tmp_path, v2("{/: {bindings: {kafka: {}}}}")).namespaces["/"].handshake.query is None


def test_the_example_of_the_first_asynction_is_served(tmp_path: Path) -> None:
    """Its misspelt extensions work, each with a warning that names the right spelling."""
    outcome = check(
        tmp_path,
        """\
        asyncapi: 2.0.0
        info: {title: User Account Service, version: 1.0.0}
        channels:
          /user:
            publish:
              message:
                oneOf:
                  - $ref: '#/components/messages/UserSignUp'
                  - $ref: '#/components/messages/UserLogIn'
            x-handers:
              error: my_api.handlers.user_error
        components:
          messages:
            UserSignUp:
              name: sign up
              payload: {type: object}
              x-hander: my_api.handlers.user_sign_up
            UserLogIn:
              name: log in
              payload: {type: object}
              x-hander: my_api.handlers.user_log_in
        """,
    )
    assert [
        (diagnostic.severity, diagnostic.code, diagnostic.line) for diagnostic in outcome.diagnostics
    ] == [
        ("warning", "UNKNOWN_EXTENSION", 10),
        ("warning", "UNKNOWN_EXTENSION", 17),
        ("warning", "UNKNOWN_EXTENSION", 21),
    ]
    assert outcome.spec is not None
    namespace = outcome.spec.namespaces["/user"]
    handlers = {name: event.handler and event.handler.path for name, event in namespace.receives.items()}
    assert handlers == {
        "sign up": "my_api.handlers.user_sign_up",
        "log in": "my_api.handlers.user_log_in",
    }
    assert namespace.handlers["error"].path == "my_api.handlers.user_error"
