"""From channels and operations to namespaces, for both major versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.cases import each_case

from ..reading import check, found, load, only, v2, v3

if TYPE_CHECKING:
    from pathlib import Path

    from asynction_asgi.spec.model import Arguments

M = "/channels/~1/publish/message"


def receive(*messages: str, **options: Any) -> str:
    return v2(f"{{/: {{publish: {{message: {{oneOf: [{', '.join(messages)}]}}}}}}}}", **options)


def send(*messages: str) -> str:
    return v2(f"{{/: {{subscribe: {{message: {{oneOf: [{', '.join(messages)}]}}}}}}}}")


def shape(arguments: Arguments | None) -> Any:
    if arguments is None:
        return None
    return [shape(inner) for inner in arguments.of] if arguments.kind == "union" else arguments.kind


@pytest.mark.parametrize(
    ("key", "namespace"),
    [
        ("/", "/"),
        ("/a/b", "/a/b"),
        ("/rooms/{id}", "/rooms/{id}"),
        ("/ναός", "/ναός"),
        ("/a-{x}.{y}", "/a-{x}.{y}"),
    ],
)
def test_a_channel_is_a_namespace(tmp_path: Path, key: str, namespace: str) -> None:
    """The channel's address is the namespace, unchanged."""
    assert list(load(tmp_path, v2(f"{{'{key}': {{description: d}}}}")).namespaces) == [namespace]


def test_a_missing_slash_is_added(tmp_path: Path) -> None:
    """A missing leading slash is added with a warning."""
    outcome = check(tmp_path, v2("{a: {publish: {message: {name: x}}}, /a: {publish: {message: {name: y}}}}"))
    assert found(outcome) == [("warning", "NAMESPACE_PREFIXED", "/channels/a")]
    assert outcome.spec is not None
    assert list(outcome.spec.namespaces["/a"].receives) == ["x", "y"]


@each_case(
    ("key", "code", "accepted"),
    [
        ("/a?b=c", "CHANNEL_QUERY", False),
        ("/a#b", "CHANNEL_QUERY", False),
        ("/{a", "ADDRESS", False),
        ("/a}", "ADDRESS", False),
        ("/{}", "ADDRESS", False),
        ("/{a}/{a}", "ADDRESS", True),
        ("/{a{b}}", "ADDRESS", False),
    ],
)
def test_an_unusable_address_is_an_error(tmp_path: Path, key: str, code: str, accepted: bool) -> None:
    """An address with a query, a fragment or malformed parameters is refused."""
    outcome = check(tmp_path, v2(f"{{'{key}': {{}}, /: {{}}}}"))
    assert [diagnostic.code for diagnostic in outcome.diagnostics] == [code]
    assert (outcome.accepted, outcome.servable) == (accepted, False)


@pytest.mark.parametrize(
    ("keys", "ambiguous"),
    [
        (("/a/{x}", "/a/{y}"), True),
        (("/{x}/{y}", "/{y}/{x}"), True),
        (("/a/{x}", "/a/{x}/b"), False),
        (("/a/{x}", "/b/{x}"), False),
        (("/a/{x}", "/a/b"), False),
    ],
)
def test_templates_of_one_shape_are_ambiguous(tmp_path: Path, keys: tuple[str, str], ambiguous: bool) -> None:
    """Two templates for the same namespaces are an error of the service, not of AsyncAPI."""
    outcome = check(tmp_path, v2(f"{{'{keys[0]}': {{}}, '{keys[1]}': {{}}}}"))
    assert [diagnostic.code for diagnostic in outcome.diagnostics] == (
        ["AMBIGUOUS_NAMESPACE"] if ambiguous else []
    )
    assert outcome.accepted


@each_case(
    "name", ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"]
)
def test_reserved_events_can_not_be_sent(tmp_path: Path, name: str) -> None:
    """Events that Socket.IO emits itself may not be declared as sent."""
    outcome = check(tmp_path, send(f"{{name: {name}}}"))
    assert [finding[:2] for finding in found(outcome)] == [("error", "RESERVED_EVENT")]
    assert outcome.accepted


def test_lifecycle_messages_become_lifecycle_handlers(tmp_path: Path) -> None:
    """Such a message warns and gives the handler; its payload validates the auth object."""
    outcome = check(
        tmp_path,
        receive(
            "{name: connect, x-handler: h.c, payload: {type: object}}",
            "{name: disconnect, x-handler: h.d, payload: {type: string}}",
            "{name: disconnecting}",
            "{name: other}",
        ),
    )
    assert [finding[:2] for finding in found(outcome)] == [("warning", "RESERVED_EVENT")] * 3
    assert outcome.spec is not None
    namespace = outcome.spec.namespaces["/"]
    assert list(namespace.receives) == ["disconnecting", "other"]
    assert {key: handler.path for key, handler in namespace.handlers.items()} == {
        "connect": "h.c",
        "disconnect": "h.d",
    }
    assert namespace.handshake.auth is not None
    assert namespace.handshake.auth.value == {"type": "object"}


def test_a_lifecycle_handler_is_named_once(tmp_path: Path) -> None:
    """Two different handlers conflict, and the channel's auth schema takes precedence."""
    channel = "x-handlers: {connect: h.a}, x-auth: {type: object}"
    text = v2(
        f"{{/: {{{channel}, publish: {{message: {{name: connect, x-handler: h.b, payload: {{type: string}}}}}}}}}}"
    )
    outcome = check(tmp_path, text)
    assert [finding[:2] for finding in found(outcome)] == [
        ("warning", "RESERVED_EVENT"),
        ("error", "HANDLER_CONFLICT"),
    ]
    same = load(tmp_path, text.replace("h.b", "h.a")).namespaces["/"].handshake.auth
    assert same is not None
    assert same.value == {"type": "object"}


def test_one_event_with_two_handlers_is_a_duplicate(tmp_path: Path) -> None:
    """Different handlers of one event are an error, and no handler is chosen."""
    outcome = check(tmp_path, receive("{name: a, x-handler: h.a}", "{name: a, x-handler: h.b}"))
    assert found(outcome) == [("error", "DUPLICATE_EVENT", f"{M}/oneOf/1")]
    assert (outcome.accepted, outcome.servable) == (True, False)


@pytest.mark.parametrize(
    ("messages", "arguments", "ack"),
    [
        (("payload: {type: string}", "payload: {items: [{}]}"), ["single", "positional"], None),
        (("payload: {type: string}", "x-ack: true"), "any", "any"),
        (("payload: {type: string}, x-ack: {args: {items: [{}]}}", "payload: {type: integer}, x-ack: {type: string}"), ["single", "single"], ["positional", "single"]),
    ],
)  # fmt: skip
def test_one_event_with_one_handler_is_a_union(
    tmp_path: Path, messages: tuple[str, str], arguments: Any, ack: Any
) -> None:
    """Payloads, and acks if both are declared, form a union with a warning."""
    for text in (
        receive(*(f"{{name: a, x-handler: h.a, {message}}}" for message in messages)),
        send(*(f"{{name: a, {message}}}" for message in messages)),
    ):
        outcome = check(tmp_path, text)
        assert [finding[:2] for finding in found(outcome)] == [("warning", "DUPLICATE_EVENT")]
        assert outcome.spec is not None
        namespace = outcome.spec.namespaces["/"]
        event = (namespace.receives or namespace.sends)["a"]
        assert (shape(event.arguments), shape(event.ack)) == (arguments, ack)


def test_the_same_message_twice_is_one_event(tmp_path: Path) -> None:
    """A repeated message is one event without a warning; in both directions it is two."""
    text = v2(
        "{/: {publish: {message: {oneOf: [{$ref: '#/components/messages/M'}, {$ref: '#/components/messages/N'}]}}, "
        "subscribe: {message: {$ref: '#/components/messages/M'}}}}",
        "components: {messages: {M: {name: m, x-handler: h.m}, N: {$ref: '#/components/messages/M'}}}",
    )
    outcome = check(tmp_path, text)
    assert found(outcome) == []
    assert outcome.spec is not None
    namespace = outcome.spec.namespaces["/"]
    assert (list(namespace.receives), list(namespace.sends)) == (["m"], ["m"])
    assert namespace.receives["m"].handler is not None
    assert namespace.sends["m"].handler is None


@each_case(
    ("ack", "expected"),
    [
        ("true", "any"),
        ("false", None),
        ("{args: {type: string}}", "single"),
        ("{args: {items: [{}, {}]}}", "positional"),
        ("{args: {type: array, items: {}}, x-positional: true}", "positional"),
        ("{args: {}, description: d}", "single"),
        ("{args: true}", "single"),
        ("{name: saved, payload: {items: [{}]}}", "positional"),
        ("{payload: {type: string}}", "single"),
        ("{type: object, properties: {args: {}}}", "single"),
        ("{args: {}, type: object}", "single"),
        ("{type: array, maxItems: 0}", "positional"),
        ("{}", "single"),
        ("{$ref: '#/components/x-messageAcks/Saved'}", "positional"),
        ("{$ref: '#/components/x-messageAcks/None'}", None),
        ("{$ref: '#/components/messages/M'}", "single"),
        ("{$ref: '#/components/schemas/S'}", "positional"),
    ],
)
def test_an_ack_in_each_of_its_forms(tmp_path: Path, ack: str, expected: str | None) -> None:
    """An ack is a boolean, ``{args: schema}``, a message or a schema, also by reference."""
    components = (
        "components: {messages: {M: {payload: {type: string}}}, schemas: {S: {items: [{}]}}, "
        "x-messageAcks: {Saved: {args: {items: [{}]}}, None: false}}"
    )
    text = v2(f"{{/: {{publish: {{message: {{name: a, x-ack: {ack}}}}}}}}}", components)
    assert shape(load(tmp_path, text).namespaces["/"].receives["a"].ack) == expected


def test_the_ack_of_a_message_beats_its_operations(tmp_path: Path) -> None:
    """The message's ack wins, even if it declares none."""
    text = v2(
        "{/: {publish: {x-ack: {args: {type: string}}, x-ordering: serial, message: {oneOf: "
        "[{name: a}, {name: b, x-ack: false, x-ordering: concurrent}, {name: c, x-ack: true}]}}}}"
    )
    receives = load(tmp_path, text).namespaces["/"].receives
    assert [shape(event.ack) for event in receives.values()] == ["single", None, "any"]
    assert [event.ordering for event in receives.values()] == ["serial", "concurrent", "serial"]


def test_a_trace_is_a_place_in_the_arguments(tmp_path: Path) -> None:
    """Of what clients emit; an argument that there can't be is an error."""
    one, pair = "payload: {type: object}", "payload: {items: [{}, {}], additionalItems: false}"
    text = v2(
        f"{{/: {{publish: {{message: {{oneOf: [{{name: a, {one}, x-trace: /0/a~1b}}, {{name: b, {pair}, x-trace: /1}},"
        f" {{name: c, x-trace: /7}}, {{name: d}}]}}}}}}}}"
    )
    receives = load(tmp_path, text).namespaces["/"].receives
    assert [event.trace for event in receives.values()] == [("0", "a/b"), ("1",), ("7",), ()]
    for trace in ("/2/meta", f"/{'9' * 5000}"):
        wrong = v2(f"{{/: {{publish: {{message: {{name: a, {pair}, x-trace: {trace}}}}}}}}}")
        assert found(check(tmp_path, wrong)) == [
            ("error", "TYPE", "/channels/~1/publish/message/x-trace"),
        ]


@each_case(
    ("payload", "trace", "kind"),
    [
        ("{type: string}", "/0", "'string'"),
        ("{$ref: '#/components/schemas/S'}", "/0/meta", "'string'"),
        ("{properties: {meta: {$ref: '#/components/schemas/S'}}}", "/0/meta", "'string'"),
        ("{type: array}", "/0", "'array'"),
        ("{type: array}", "/0/3", ""),
        ("{properties: {meta: {type: [string, object]}}}", "/0/meta", ""),
        ("{properties: {meta: {type: object}}}", "/0/meta", ""),
        ("{type: object}", "/0/meta/deep", ""),
        ("true", "/0/meta", ""),
        ("{type: array, items: [{}], additionalItems: {type: string}}", f"/0/{'9' * 5000}", ""),
        ("{items: [{type: string}, {}], additionalItems: false}", "/0/1", ""),
        ("{items: [{type: string}, {}], additionalItems: false}", "/0/0", "'string'"),
        ("{type: array, items: {properties: {meta: {type: string}}}}", "/0/3/meta", "'string'"),
    ],
)
def test_a_trace_is_named_by_an_object(tmp_path: Path, payload: str, trace: str, kind: str) -> None:
    """A place where the schema wants anything else is reported; where it says nothing, an object may come."""
    message = f"{{name: a, payload: {payload}, x-trace: {trace}, x-positional: false}}"
    text = v2(f"{{/: {{publish: {{message: {message}}}}}}}", "components: {schemas: {S: {type: string}}}")
    outcome = check(tmp_path, text)
    assert found(outcome) == [("warning", "TYPE", "/channels/~1/publish/message/x-trace")] * bool(kind)
    assert all(f"leads to a value of type {kind}" in diagnostic.message for diagnostic in outcome.diagnostics)


@pytest.mark.parametrize("keyword", ["items", "prefixItems"])
@pytest.mark.parametrize(
    ("trace", "kind"),
    [("/0", "'string'"), ("/1", ""), ("/1/meta", "'integer'"), ("/2", ""), ("/2/0", "")],
)
def test_a_trace_in_several_arguments_is_an_object(
    tmp_path: Path, keyword: str, trace: str, kind: str
) -> None:
    """A place that can't hold an object is reported among several arguments, too."""
    second = "{properties: {meta: {type: integer}}}"
    payload = f"{{type: array, {keyword}: [{{type: string}}, {second}]}}"
    message = f"{{name: a, payload: {payload}, x-trace: {trace}, x-positional: true}}"
    outcome = check(tmp_path, v2(f"{{/: {{publish: {{message: {message}}}}}}}"))
    assert found(outcome) == [("warning", "TYPE", "/channels/~1/publish/message/x-trace")] * bool(kind)
    assert all(f"leads to a value of type {kind}" in diagnostic.message for diagnostic in outcome.diagnostics)


def test_an_event_has_one_place_of_traces(tmp_path: Path) -> None:
    """Of two places the first is used, as the warning says; a declaration without a place does not conflict."""
    text = v2(
        "{/: {publish: {message: {oneOf: [{name: a, x-trace: /0/a~1b}, {name: a, x-trace: /0/c},"
        " {name: d}, {name: d, x-trace: /1}]}}}}"
    )
    outcome = check(tmp_path, text)
    assert [finding[:2] for finding in found(outcome)] == [("warning", "DUPLICATE_EVENT")] * 2
    assert ["of x-trace the first counts" in diagnostic.message for diagnostic in outcome.diagnostics] == [
        True,
        False,
    ]
    assert outcome.spec is not None
    receives = outcome.spec.namespaces["/"].receives
    assert [event.trace for event in receives.values()] == [("0", "a/b"), ("1",)]


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ("x-ordering: serial", "x-ordering: concurrent", "; of x-ordering the first counts"),
        ("title: t", "x-ordering: serial", ""),
        ("x-reauth: true", "x-reauth: false, x-deprecated: true", ""),
        ("x-reauth: false", "x-reauth: true", ""),
        ("x-mock: {weight: 1}", "x-mock: {weight: 2}", "; of x-mock the first counts"),
    ],
)
def test_two_declarations_of_an_event_disagree_aloud(
    tmp_path: Path, first: str, second: str, words: str
) -> None:
    """What an event can have once is reported if both declarations say it and differ; else it is what one says."""
    text = v2(f"{{/: {{publish: {{message: {{oneOf: [{{name: a, {first}}}, {{name: a, {second}}}]}}}}}}}}")
    problem = only(check(tmp_path, text))
    assert problem.message.endswith(f"a payload of either one is accepted{words}")
    event = load(tmp_path, text).namespaces["/"].receives["a"]
    said = first + second
    assert event.ordering == ("serial" if "x-ordering" in said else None)
    assert bool(event.message.get("x-reauth")) == ("x-reauth" in said)
    assert bool(event.message.get("x-deprecated")) == ("x-deprecated" in said)
    assert event.message.get("x-mock") == ({"weight": 1} if "x-mock" in said else None)


def test_two_operations_disagree_on_an_ordering_aloud(tmp_path: Path) -> None:
    """The message is the same, but one of its operations has an ordering of its own."""
    operation = "action: receive, channel: {$ref: '#/channels/c'}"
    operations = f"{{o: {{{operation}, x-ordering: serial}}, p: {{{operation}, x-ordering: concurrent}}}}"
    problem = only(check(tmp_path, v3("{c: {address: /, messages: {a: {}}}}", operations)))
    assert (problem.severity, problem.code) == ("warning", "DUPLICATE_EVENT")
    assert problem.message == "the event 'a' is declared twice; of x-ordering the first counts"


def test_a_handshake_is_read_through_references(tmp_path: Path) -> None:
    """Query and headers come from the binding, the auth object from ``x-auth``."""
    text = v2(
        "{/: {bindings: {$ref: '#/components/channelBindings/B'}, x-auth: {$ref: '#/components/schemas/A'}}}",
        "components: {schemas: {A: {type: object}, Q: {type: object, required: [q]}}, channelBindings: "
        "{B: {ws: {query: {$ref: '#/components/schemas/Q'}, headers: {type: object, required: [h]}}}}}",
    )
    handshake = load(tmp_path, text).namespaces["/"].handshake
    assert [
        schema.value for schema in (handshake.auth, handshake.query, handshake.headers) if schema is not None
    ] == [
        {"type": "object"},
        {"type": "object", "required": ["q"]},
        {"type": "object", "required": ["h"]},
    ]


def test_a_method_other_than_get_is_refused(tmp_path: Path) -> None:
    """A binding for POST would admit no client and is an error."""
    outcome = check(tmp_path, v2("{/: {bindings: {ws: {method: POST}}}}"))
    assert found(outcome) == [("error", "BINDING", "/channels/~1/bindings/ws/method")]
    assert outcome.accepted


def test_every_alias_of_the_binding_is_enforced(tmp_path: Path) -> None:
    """``ws`` and ``socketio`` are merged, and a conflict between them is an error."""
    query, headers = "query: {type: object, required: [t]}", "headers: {type: object, required: [h]}"
    handshake = (
        load(tmp_path, v2(f"{{/: {{bindings: {{ws: {{{query}}}, socketio: {{{headers}}}}}}}}}"))
        .namespaces["/"]
        .handshake
    )
    assert handshake.query is not None
    assert handshake.headers is not None
    both = f"{{/: {{bindings: {{ws: {{{query}}}, socketio: {{query: {{type: object}}}}}}}}}}"
    assert found(check(tmp_path, v2(both))) == [("error", "ADDRESS", "/channels/~1/bindings/socketio/query")]


def test_a_document_without_namespaces_warns(tmp_path: Path) -> None:
    """A document that would refuse every client gets a warning."""
    assert only(check(tmp_path, v2("{}"))).code == "CHANNELS"
