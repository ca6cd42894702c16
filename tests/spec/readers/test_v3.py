"""AsyncAPI 3.x: operations at the root, messages by reference, replies as acknowledgements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.cases import each_case

from ..reading import check, found, load, only, v3

if TYPE_CHECKING:
    from pathlib import Path

    from asynction_asgi.spec.model import Arguments

C = "channel: {$ref: '#/channels/c'}"


def ref(*names: str, channel: str = "c") -> str:
    return "[" + ", ".join(f"{{$ref: '#/channels/{channel}/messages/{name}'}}" for name in names) + "]"


def shape(arguments: Arguments | None) -> Any:
    if arguments is None:
        return None
    return [shape(inner) for inner in arguments.of] if arguments.kind == "union" else arguments.kind


def test_actions_are_from_the_applications_view(tmp_path: Path) -> None:
    """Clients emit what is received, the server emits what is sent; the address is the namespace."""
    text = v3(
        "{c: {address: /chat, messages: {a: {}, b: {name: bee}}}}",
        f"{{o: {{action: receive, {C}, messages: {ref('a')}}}, p: {{action: send, {C}, messages: {ref('b')}}}}}",
    )
    (namespace,) = load(tmp_path, text).namespaces.values()
    assert (namespace.name, list(namespace.receives), list(namespace.sends)) == ("/chat", ["a"], ["bee"])


@each_case("version", ["3.0.0", "3.1.0"])
@each_case(
    ("operations", "receives"),
    [
        (f"o: {{action: receive, {C}}}", ["a", "b", "r"]),
        (f"o: {{action: receive, {C}, messages: []}}", []),
        (f"o: {{action: receive, {C}, messages: {ref('b')}}}", ["b"]),
        (f"o: {{action: receive, {C}, reply: {{{C}, messages: {ref('r')}}}}}", ["a", "b"]),
        (f"o: {{action: receive, {C}, reply: {{{C}, messages: {ref('r')}}}}}, p: {{action: send, {C}, messages: {ref('r')}}}", ["a", "b", "r"]),
        (f"o: {{action: receive, {C}, reply: {{{C}}}}}", ["a", "b", "r"]),
        (f"o: {{action: receive, {C}, reply: {{messages: {ref('r')}}}}}", ["a", "b"]),
    ],
)  # fmt: skip
def test_omitted_messages_are_all_but_the_replies(
    tmp_path: Path, version: str, operations: str, receives: list[str]
) -> None:
    """Without a list all messages but replies are events; an empty list means no events."""
    text = v3("{c: {address: /, messages: {a: {}, b: {}, r: {}}}}", f"{{{operations}}}", version=version)
    assert list(load(tmp_path, text).namespaces["/"].receives) == receives


@each_case(
    ("reply", "expected"),
    [
        ("", None),
        (", reply: {}", "any"),
        (", reply: {messages: []}", "any"),
        (f", reply: {{messages: {ref('one', 'two')}}}", ["single", "positional"]),
        (f", reply: {{messages: {ref('x', channel='inbox')}}}", "single"),
        (f", reply: {{{C}, messages: {ref('one')}}}", "single"),
        (f", reply: {{{C}, messages: {ref('one', 'two')}}}", ["single", "positional"]),
        (f", reply: {{{C}, messages: {ref('one', 'one')}}}", "single"),
        (f", reply: {{{C}, messages: {ref('any', 'one')}}}", "any"),
        (", reply: {channel: {$ref: '#/channels/inbox'}}", ["single", "positional"]),
        (
            f", reply: {{channel: {{$ref: '#/channels/inbox'}}, messages: {ref('x', channel='inbox')}}}",
            "single",
        ),
        (", reply: {channel: {$ref: '#/channels/nowhere'}}", "single"),
        (
            ", reply: {address: {location: '$message.header#/x'}, channel: {$ref: '#/channels/nowhere'}}",
            "single",
        ),
        (", reply: {$ref: '#/components/replies/r'}", "single"),
        (", reply: {x-ack: false}", None),
        (", reply: {}, x-ack: {args: {type: string}}", "single"),
        (", reply: {}, x-ack: false", None),
    ],
)
@each_case("action", ["receive", "send"])
def test_a_reply_is_the_acknowledgement(tmp_path: Path, action: str, reply: str, expected: Any) -> None:
    """In both directions the ack is the reply's messages, or all of its channel's, or any value."""
    text = v3(
        "{c: {address: /, messages: {e: {}, any: {}, one: {payload: {type: string}}, two: {payload: {items: [{}]}}}}, "
        "inbox: {address: null, messages: {x: {payload: {type: string}}, y: {payload: {items: [{}]}}}}, "
        "nowhere: {messages: {x: {payload: true}}}}",
        f"{{o: {{action: {action}, {C}, messages: {ref('e')}{reply}}}}}",
        f"components: {{replies: {{r: {{{C}, messages: {ref('one')}}}}}}}",
    )
    spec = load(tmp_path, text)
    assert list(spec.namespaces) == ["/"]
    side = spec.namespaces["/"].receives if action == "receive" else spec.namespaces["/"].sends
    assert shape(side["e"].ack) == expected


def test_the_messages_x_ack_beats_the_reply(tmp_path: Path) -> None:
    """The message's ack wins over the operation's, which wins over the reply."""
    text = v3(
        "{c: {address: /, messages: {a: {x-ack: {args: {items: [{}]}}}, b: {}}}}",
        f"{{o: {{action: receive, {C}, x-ack: {{args: {{type: string}}}}, reply: {{}}}}}}",
    )
    receives = load(tmp_path, text).namespaces["/"].receives
    assert (shape(receives["a"].ack), shape(receives["b"].ack)) == ("positional", "single")


def test_replies_in_another_namespace_are_not_acks(tmp_path: Path) -> None:
    """Such a reply is a separate message, and a warning says so."""
    text = v3(
        "{c: {address: /, messages: {a: {}}}, d: {address: /d, messages: {b: {}}}}",
        f"{{o: {{action: receive, {C}, reply: {{channel: {{$ref: '#/channels/d'}}}}}}}}",
    )
    outcome = check(tmp_path, text)
    assert found(outcome) == [("warning", "ADDRESS", "/operations/o/reply")]
    assert outcome.spec is not None
    assert outcome.spec.namespaces["/"].receives["a"].ack is None


def test_target_wins_over_its_traits(tmp_path: Path) -> None:
    """The target's fields win, even null in a payload; a later trait wins over an earlier one."""
    text = v3(
        "{c: {address: /, messages: {m: {name: own, summary: s, payload: {const: null}, x-deep: {a: 1, n: null}, "
        "traits: [{name: t, title: one, x-deep: {a: 2, b: 3, n: 4}}, {title: two}]}, "
        "q: {traits: [{name: t1}, {name: t2}]}}}}",
        f"{{o: {{action: receive, {C}, x-handler: h.own, traits: [{{x-handler: h.trait, x-ack: true}}]}}}}",
    )
    receives = load(tmp_path, text).namespaces["/"].receives
    assert list(receives) == ["own", "t2"]
    message = receives["own"].message
    assert (message["title"], message["payload"], message["x-deep"]) == (
        "two",
        {"const": None},
        {"a": 1, "n": None, "b": 3},
    )
    assert receives["own"].handler is not None
    assert receives["own"].handler.path == "h.own"
    assert shape(receives["own"].ack) == "any"


@pytest.mark.parametrize(
    ("message", "operation", "expected"),
    [
        ("", ", x-handler: h.o", "h.o"),
        ("x-handler: h.m", "", "h.m"),
        ("x-handler: h.m", ", x-handler: h.m", "h.m"),
        ("x-handler: h.m", ", x-handler: h.o", None),
    ],
)
def test_an_operation_may_name_the_handler(
    tmp_path: Path, message: str, operation: str, expected: str | None
) -> None:
    """The operation's handler is the default for its messages, and two different ones conflict."""
    text = v3(
        f"{{c: {{address: /, messages: {{m: {{{message}}}}}}}}}",
        f"{{o: {{action: receive, {C}{operation}}}}}",
    )
    outcome = check(tmp_path, text)
    if expected is None:
        assert found(outcome) == [("error", "HANDLER_CONFLICT", "/channels/c/messages/m/x-handler")]
        return
    assert outcome.spec is not None
    handler = outcome.spec.namespaces["/"].receives["m"].handler
    assert handler is not None
    assert handler.path == expected


@each_case(
    ("channels", "operations", "code", "pointer"),
    [
        ("{c: {address: /}}", "{o: {action: send, channel: {$ref: '#/components/channels/x'}}}", "OP_CHANNEL", "/operations/o/channel"),
        ("{c: {address: /}}", f"{{o: {{action: send, {C}, reply: {{channel: {{$ref: '#/components/channels/x'}}}}}}}}", "OP_CHANNEL", "/operations/o/reply/channel"),
        ("{c: {address: /, messages: {m: {$ref: '#/components/messages/m'}}}}", f"{{o: {{action: send, {C}, messages: [{{$ref: '#/components/messages/m'}}]}}}}", "OP_MESSAGE_NOT_IN_CHANNEL", "/operations/o/messages/0"),
        ("{c: {address: /, messages: {m: {}}}, d: {address: /d, messages: {m: {}}}}", f"{{o: {{action: send, {C}, messages: {ref('m', channel='d')}}}}}", "OP_MESSAGE_NOT_IN_CHANNEL", "/operations/o/messages/0"),
        ("{c: {address: /, messages: {m: {}}}}", f"{{o: {{action: send, {C}, messages: {ref('n')}}}}}", "REF_DANGLING", "/operations/o/messages/0/$ref"),
        ("{c: {address: /}}", "{o: {action: send, channel: {$ref: '#/channels/d'}}}", "REF_DANGLING", "/operations/o/channel/$ref"),
        ("{c: {address: /}}", "{o: {action: send, channel: {$ref: 'nowhere.yaml'}}}", "REF_FILE", "/operations/o/channel/$ref"),
        ("{c: {address: /}}", f"{{o: {{action: send, {C}, messages: [{{$ref: 'nowhere.yaml'}}]}}}}", "REF_FILE", "/operations/o/messages/0/$ref"),
    ],
)  # fmt: skip
def test_operations_refer_to_channels_and_their_messages(
    tmp_path: Path, channels: str, operations: str, code: str, pointer: str
) -> None:
    """Operations may refer only to channels of the root and to messages of their channel."""
    components = "components: {channels: {x: {address: /x}}, messages: {m: {}}}"
    outcome = check(tmp_path, v3(channels, operations, components))
    assert found(outcome) == [("error", code, pointer)]
    assert not outcome.accepted


def test_channels_and_operations_may_be_references(tmp_path: Path) -> None:
    """Messages are referenced by the channel's key, wherever the channel is defined."""
    text = v3(
        "{c: {$ref: '#/components/channels/x'}}",
        "{o: {$ref: '#/components/operations/o'}}",
        f"components: {{channels: {{x: {{address: /x, messages: {{m: {{}}, n: {{}}}}}}}}, operations: {{o: {{action: receive, {C}, messages: {ref('m')}}}}}}}",
    )
    assert list(load(tmp_path, text).namespaces["/x"].receives) == ["m"]


def test_a_null_address_is_any_namespace(tmp_path: Path) -> None:
    """A used channel with a null address serves any namespace; an unused one is a place for replies."""
    text = v3(
        "{c: {address: /}, any: {address: null, messages: {m: {}}}, inbox: {address: null, messages: {r: {}}}}",
        "{o: {action: send, channel: {$ref: '#/channels/any'}}}",
    )
    namespaces = load(tmp_path, text).namespaces
    assert list(namespaces) == ["/", "*"]
    assert list(namespaces["*"].sends) == ["m"]


def test_an_operated_channel_needs_an_address(tmp_path: Path) -> None:
    """Each used channel without an address is reported."""
    text = v3(
        "{c: {messages: {m: {}}}, d: {address: /}, e: {}}",
        f"{{o: {{action: send, {C}}}, p: {{action: send, channel: {{$ref: '#/channels/d'}}}}}}",
    )
    outcome = check(tmp_path, text)
    assert found(outcome) == [("error", "CHANNEL_NO_ADDRESS", "/channels/c")]
    assert (outcome.accepted, outcome.servable) == (True, False)


def test_documents_of_fastapi_sio_are_explained(tmp_path: Path) -> None:
    """Channels per event without addresses, and actions of the client's view, are explained."""
    text = v3(
        "{join: {messages: {join: {name: join}}}, joined: {messages: {joined: {name: joined}}}}",
        "{join: {action: send, channel: {$ref: '#/channels/join'}}, joined: {action: receive, channel: {$ref: '#/channels/joined'}}}",
    )
    outcome = check(tmp_path, text)
    assert found(outcome) == [("error", "CHANNEL_NO_ADDRESS", "/channels")]
    for words in ("fastapi-sio", "no channel has an address", "from the client's view"):
        assert words in only(outcome).message
    assert outcome.accepted


def test_channels_of_one_address_are_one_namespace(tmp_path: Path) -> None:
    """Their events, handlers and handshake are merged."""
    text = v3(
        "{a: {address: /x, messages: {m: {}}, x-handlers: {connect: h.c}, x-auth: {type: object}}, "
        "b: {address: /x, messages: {n: {}}, x-handlers: {error: h.e, connect: h.c}, bindings: {ws: {query: {type: object}}}}}",
        "{o: {action: receive, channel: {$ref: '#/channels/a'}}, p: {action: send, channel: {$ref: '#/channels/b'}}}",
    )
    (namespace,) = load(tmp_path, text).namespaces.values()
    assert (list(namespace.receives), list(namespace.sends)) == (["m"], ["n"])
    assert {key: handler.path for key, handler in namespace.handlers.items()} == {
        "connect": "h.c",
        "error": "h.e",
    }
    assert namespace.handshake.auth is not None
    assert namespace.handshake.query is not None


@pytest.mark.parametrize(
    ("first", "second", "code"),
    [
        ("x-handlers: {connect: h.a}", "x-handlers: {connect: h.b}", "HANDLER_CONFLICT"),
        ("x-auth: {type: object}", "x-auth: {type: string}", "ADDRESS"),
        ("x-security: []", "x-security: [{}]", "ADDRESS"),
    ],
)
def test_channels_of_one_address_must_agree(tmp_path: Path, first: str, second: str, code: str) -> None:
    """A conflict between channels of one address is an error."""
    outcome = check(tmp_path, v3(f"{{a: {{address: /x, {first}}}, b: {{address: /x, {second}}}}}"))
    assert [diagnostic.code for diagnostic in outcome.diagnostics] == [code]
    assert (outcome.accepted, outcome.servable) == (True, False)


def test_parameters_have_enums(tmp_path: Path) -> None:
    """A parameter accepts the strings of its enum, or any text without one."""
    text = v3(
        "{c: {address: '/{a}/{b}', parameters: {b: {enum: [x, y], description: d}, a: {$ref: '#/components/parameters/p'}}}}",
        "{}",
        "components: {parameters: {p: {}}}",
    )
    first, second = load(tmp_path, text).namespaces["/{a}/{b}"].parameters
    assert (first.name, first.enum) == ("a", None)
    assert (second.name, second.enum, second.description) == ("b", ("x", "y"), "d")


def test_a_multi_format_schema_is_not_a_subschema(tmp_path: Path) -> None:
    """A reference to one within a schema is an error; a reference to its inner schema works."""
    text = v3(
        "{c: {address: /, messages: {m: {payload: {properties: {a: {$ref: '#/components/schemas/Multi'}}}}}}}",
        f"{{o: {{action: receive, {C}}}}}",
        "components: {schemas: {Multi: {schemaFormat: application/vnd.aai.asyncapi;version=3.0.0, schema: {type: string}}}}",
    )
    outcome = check(tmp_path, text)
    assert found(outcome) == [("error", "MULTIFORMAT", "/channels/c/messages/m/payload/properties/a/$ref")]
    assert "refer to '#/components/schemas/Multi/schema'" in only(outcome).message
    assert check(tmp_path, text.replace("Multi'}", "Multi/schema'}")).servable


@pytest.mark.parametrize(
    ("payload", "kind"),
    [
        ("{schemaFormat: application/schema+json;version=draft-07, schema: {type: string}}", "single"),
        ("{$ref: '#/components/schemas/Multi'}", "positional"),
        ("{schemaFormat: application/vnd.apache.avro;version=1.9.0, schema: {$ref: nowhere.avsc}}", "opaque"),
        ("{type: object, properties: {schema: {}}}", "single"),
    ],
)
def test_payloads_may_be_multi_format(tmp_path: Path, payload: str, kind: str) -> None:
    """A multi-format payload may be inline or referenced, and a foreign format is not read."""
    text = v3(
        f"{{c: {{address: /, messages: {{m: {{payload: {payload}}}}}}}}}",
        f"{{o: {{action: receive, {C}}}}}",
        "components: {schemas: {Multi: {schemaFormat: application/vnd.aai.asyncapi;version=3.0.0, schema: {items: [{}]}}}}",
    )
    outcome = check(tmp_path, text)
    assert [diagnostic.code for diagnostic in outcome.diagnostics] == (
        ["MULTIFORMAT"] if kind == "opaque" else []
    )
    assert outcome.spec is not None
    assert outcome.spec.namespaces["/"].receives["m"].arguments.kind == kind


@pytest.mark.parametrize(
    ("second", "expected", "warned"), [("one", "single", False), ("two", ["single", "positional"], True)]
)
def test_replies_of_two_operations_form_a_union(
    tmp_path: Path, second: str, expected: Any, *, warned: bool
) -> None:
    """Either reply is a valid ack, with a warning if they differ."""
    replies = [f"reply: {{messages: {ref(name)}}}" for name in ("one", second)]
    operations = [
        f"o{number}: {{action: receive, {C}, messages: {ref('e')}, {reply}}}"
        for number, reply in enumerate(replies)
    ]
    text = v3(
        "{c: {address: /, messages: {e: {}, one: {payload: {type: string}}, two: {payload: {items: [{}]}}}}}",
        f"{{{', '.join(operations)}, other: {{action: send, {C}, messages: [], reply: {{messages: {ref('two')}}}}}}}",
    )
    outcome = check(tmp_path, text)
    assert found(outcome) == ([("warning", "DUPLICATE_EVENT", "/operations/o1/messages/0")] if warned else [])
    assert shape(load(tmp_path, text).namespaces["/"].receives["e"].ack) == expected
