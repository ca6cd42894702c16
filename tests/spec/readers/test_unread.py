"""Extensions of messages where nothing reads them: reported once each, and refused if they narrow access."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from asynction_asgi.spec.model.offered import served_spec
from asynction_asgi.spec.structure.extensions import MESSAGE_EXTENSIONS
from tests.cases import each_case

from ..reading import check, found, load, only, v2, v3

if TYPE_CHECKING:
    from pathlib import Path

C = "channel: {$ref: '#/channels/c'}"
JWT = "components: {securitySchemes: {jwt: {type: http, scheme: bearer}}}"
SECURED = "x-security: [{jwt: []}]"
VALUES = {
    "x-scopes": "[a]",
    "x-rate": "{limit: 1}",
    "x-trace": "/0",
    "x-ordering": "serial",
    "x-reauth": "true",
    "x-ack": "true",
    "x-mock": "{weight: 1}",
    "x-deprecated": "true",
    "x-positional": "true",
}
OF_EVENTS = [key for key in VALUES if key != "x-positional"]
CODES = {"x-scopes": "SECURITY_SHAPE", "x-rate": "RATE"}
OF_CLIENTS = ("x-scopes", "x-rate", "x-trace", "x-ordering", "x-reauth")
SENT = "/channels/~1/subscribe/message"
RECEIVED = "/channels/~1/publish/message"
REPLY = (
    f"{{c: {{address: /, {SECURED}, messages: {{ask: {{}}, told: {{KEY}}}}}}}}",
    f"{{o: {{action: receive, {C}, reply: {{messages: [{{$ref: '#/channels/c/messages/told'}}]}}}}}}",
    JWT,
)
CASES = [
    *(
        pytest.param(v2(f"{{/: {{{SECURED}, subscribe: {{message: {{name: a, KEY}}}}}}}}", JWT), key, SENT, "the server emits 'a'; move it to a message that clients emit, by 'publish'", id=f"{key} of a sent message")
        for key in OF_CLIENTS
    ),
    *(
        pytest.param(v3(f"{{c: {{address: /, {SECURED}, messages: {{a: {{KEY}}}}}}}}", f"{{o: {{action: send, {C}}}, p: {{action: send, {C}}}}}", JWT), key, "/channels/c/messages/a", "the server emits 'a'; move it to a message that clients emit, by the action 'receive'", id=f"{key} of a sent message of 3.x")
        for key in OF_CLIENTS
    ),
    *(
        pytest.param(v2(f"{{/: {{{SECURED}, subscribe: {{KEY, message: {{name: a}}}}}}}}", JWT), key, SENT.removesuffix("/message"), "the server emits what this operation sends", id=f"{key} of a sent operation")
        for key in ("x-scopes", "x-ordering")
    ),
    *(
        pytest.param(v2(f"{{/: {{{SECURED}, publish: {{message: {{name: a, x-ack: {{payload: {{}}, KEY}}}}}}}}}}", JWT), key, f"{RECEIVED}/x-ack", "an acknowledgement is not an event; move it to the message of the event", id=f"{key} of x-ack")
        for key in OF_EVENTS
    ),
    *(
        pytest.param(v3(*REPLY), key, "/channels/c/messages/told", "an acknowledgement is not an event", id=f"{key} of a reply")
        for key in OF_EVENTS
    ),
    *(
        pytest.param(v2(f"{{/: {{{SECURED}, publish: {{message: {{name: disconnect, KEY}}}}}}}}", JWT), key, RECEIVED, "'disconnect' is not an event", id=f"{key} of disconnecting")
        for key in VALUES
    ),
    *(
        pytest.param(v2(f"{{/: {{{SECURED}, publish: {{KEY, message: {{name: disconnect}}}}}}}}", JWT), key, RECEIVED.removesuffix("/message"), "'disconnect' is not an event", id=f"{key} of an operation of disconnecting")
        for key in ("x-scopes", "x-ordering", "x-ack")
    ),
]  # fmt: skip


@each_case(("text", "key", "place", "words"), CASES)
def test_an_extension_that_nothing_reads_is_reported_once(
    tmp_path: Path, text: str, key: str, place: str, words: str
) -> None:
    """It is a warning, or an error if the check is strict or the extension narrows access."""
    text = text.replace("KEY", f"{key}: {VALUES[key]}")
    for strict in (False, True):
        (problem,) = (
            diagnostic
            for diagnostic in check(tmp_path, text, strict=strict).diagnostics
            if diagnostic.code != "RESERVED_EVENT"
        )
        assert (problem.code, problem.pointer) == (CODES.get(key, "UNKNOWN_EXTENSION"), f"{place}/{key}")
        assert problem.severity == ("error" if strict or key in CODES else "warning")
        assert problem.message.startswith(f"{key!r} has no effect here: {words}")


def test_every_extension_of_messages_is_known_here() -> None:
    """A new one says where it is read; handlers that are never called have tests of their own."""
    assert {*VALUES, "x-handler"} == MESSAGE_EXTENSIONS.keys()


@pytest.mark.parametrize("key", OF_CLIENTS)
def test_an_extension_that_is_read_elsewhere_is_silent(tmp_path: Path, key: str) -> None:
    """A message of both directions may have what counts in one of them only."""
    operations = f"{{o: {{action: send, {C}}}, p: {{action: receive, {C}}}}}"
    channel = f"{{c: {{address: /, {SECURED}, messages: {{m: {{{key}: {VALUES[key]}}}}}}}}}"
    assert found(check(tmp_path, v3(channel, operations, JWT))) == []


CHANNEL = {
    "x-handlers": "{connect: a.b}",
    "x-auth": "{type: object}",
    "x-security": "[{jwt: []}]",
    "x-scopes": "[a]",
    "x-rate": "{limit: 1}",
    "x-recovery": "true",
}
REPLIES = "{n: {KEY, messages: {a: {}}}, d: {address: /d}}"
SHARED = f"{{n: {{address: null, {SECURED}, KEY, messages: {{a: {{}}}}}}, d: {{address: /d}}}}"


@each_case("key", CHANNEL)
@each_case("address", ["", "address: null, "])
def test_an_extension_of_a_channel_for_replies_is_reported(tmp_path: Path, key: str, address: str) -> None:
    """Without an address and operations it is not a namespace; its author may have forgotten the address."""
    channels = REPLIES.replace("KEY", f"{address}{key}: {CHANNEL[key]}")
    problem = only(check(tmp_path, v3(channels, "{}", JWT)))
    assert problem.pointer == f"/channels/n/{key}"
    assert problem.severity == ("warning" if key == "x-recovery" else "error")
    assert "not a namespace; move it to a channel with an address, or give this one" in problem.message


def test_an_old_spelling_is_reported_too(tmp_path: Path) -> None:
    """Where ``x-handers`` would be read, it is reported like ``x-handlers`` if it is not."""
    channels = REPLIES.replace("KEY", "x-handers: {connect: a.b}")
    outcome = check(tmp_path, v3(channels, "{}", JWT))
    assert ("error", "UNKNOWN_EXTENSION", "/channels/n/x-handers") in found(outcome)


def test_a_channel_of_all_namespaces_has_neither_rate_nor_recovery(tmp_path: Path) -> None:
    """Its events are those of all namespaces, each of which counts and keeps them by its own."""
    operations = "{o: {action: receive, channel: {$ref: '#/channels/n'}}}"
    channels = SHARED.replace("KEY", "x-rate: {limit: 1}, x-recovery: true")
    outcome = check(tmp_path, v3(channels, operations, JWT))
    assert found(outcome) == [
        ("error", "RATE", "/channels/n/x-rate"),
        ("warning", "UNKNOWN_EXTENSION", "/channels/n/x-recovery"),
    ]


def test_an_only_channel_without_an_address_has_both(tmp_path: Path) -> None:
    """It is served as the namespace ``/``."""
    channels = "{n: {address: null, x-rate: {limit: 7}, x-recovery: true, messages: {a: {}}}}"
    operations = "{o: {action: receive, channel: {$ref: '#/channels/n'}}}"
    (namespace,) = served_spec(load(tmp_path, v3(channels, operations))).namespaces.values()
    assert namespace.name == "/"
    assert namespace.recovery is not None
    assert namespace.rate is not None
    assert namespace.rate.limit == 7


def test_other_channels_are_not_searched(tmp_path: Path) -> None:
    """What another server of the document serves is its own matter."""
    text = v2(
        "{/: {servers: [mq], subscribe: {message: {name: a, x-rate: {limit: 1}, x-handler: h.a}}}}",
        "servers: {ws: {url: h, protocol: ws}, mq: {url: h, protocol: mqtt}}",
    )
    assert only(check(tmp_path, text)).code == "CHANNELS"


@each_case(
    ("text", "pointer", "words"),
    [
        pytest.param(
            v2("{/: {subscribe: {message: {name: say, x-handler: h.say}}}}"),
            "/channels/~1/subscribe/message/x-handler",
            "the server emits 'say'; did you mean 'publish'?",
            id="2.x",
        ),
        pytest.param(
            v2("{/: {subscribe: {message: {name: say, x-hander: h.say}}}}"),
            "/channels/~1/subscribe/message/x-hander",
            "did you mean 'publish'?",
            id="the old spelling",
        ),
        pytest.param(
            v2(
                "{/: {subscribe: {message: {name: a, traits: [{$ref: '#/components/messageTraits/T'}]}}}}",
                "components: {messageTraits: {T: {x-handler: h.t}}}",
            ),
            "/components/messageTraits/T/x-handler",
            "did you mean 'publish'?",
            id="by a trait",
        ),
        pytest.param(
            v3("{c: {address: /, messages: {say: {x-handler: h.say}}}}", f"{{o: {{action: send, {C}}}}}"),
            "/channels/c/messages/say/x-handler",
            "the server emits 'say'; did you mean the action 'receive'?",
            id="3.x",
        ),
        pytest.param(
            v3("{c: {address: /, messages: {say: {}}}}", f"{{o: {{action: send, {C}, x-handler: h.say}}}}"),
            "/operations/o/x-handler",
            "did you mean the action 'receive'?",
            id="3.x, on the operation",
        ),
        pytest.param(
            v3(
                "{c: {address: /, messages: {ask: {}, told: {x-handler: h.told}}}}",
                f"{{o: {{action: receive, {C}, reply: {{messages: [{{$ref: '#/channels/c/messages/told'}}]}}}}}}",
            ),
            "/channels/c/messages/told/x-handler",
            "an acknowledgement is not an event",
            id="3.x, of a reply",
        ),
        pytest.param(
            v2("{/: {publish: {message: {name: ask, x-ack: {payload: {}, x-handler: h.told}}}}}"),
            "/channels/~1/publish/message/x-ack/x-handler",
            "an acknowledgement is not an event",
            id="of x-ack",
        ),
    ],
)
def test_a_handler_that_is_never_called_is_reported(
    tmp_path: Path, text: str, pointer: str, words: str
) -> None:
    """The warning uses the terms of the document's version."""
    outcome = check(tmp_path, text)
    (problem,) = (diagnostic for diagnostic in outcome.diagnostics if diagnostic.code == "HANDLER")
    assert (problem.severity, problem.pointer, outcome.servable) == ("warning", pointer, True)
    assert words in problem.message
    assert outcome.spec is not None
    assert [handler.node.pointer for handler in outcome.spec.uncalled] == [pointer]


@pytest.mark.parametrize(
    "text",
    [
        v2(
            "{/: {subscribe: {message: {$ref: '#/components/messages/M'}}, publish: {message: {$ref: '#/components/messages/M'}}}}",
            "components: {messages: {M: {name: m, x-handler: h.m}}}",
        ),
        v2(
            "{/: {subscribe: {message: {name: a, traits: [{$ref: '#/components/messageTraits/T'}]}}, "
            "publish: {message: {name: b, traits: [{$ref: '#/components/messageTraits/T'}]}}}}",
            "components: {messageTraits: {T: {x-handler: h.t}}}",
        ),
        v3(
            "{c: {address: /, messages: {m: {x-handler: h.m}}}}",
            f"{{o: {{action: send, {C}}}, p: {{action: receive, {C}}}}}",
        ),
    ],
    ids=["message", "trait", "3.x"],
)
def test_a_handler_of_a_received_event_is_silent(tmp_path: Path, text: str) -> None:
    """A message or trait used in both directions may have a handler."""
    assert found(check(tmp_path, text)) == []
    assert load(tmp_path, text).uncalled == ()
