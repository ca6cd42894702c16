"""``x-rate``: what it means, and where it can't be enforced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from asynction_asgi.spec import check_document
from tests.cases import each_case

from ..reading import check, found, load, v2, v3

if TYPE_CHECKING:
    from pathlib import Path

TOKENS = "components: {securitySchemes: {token: {type: http, scheme: bearer}}}"
SECURED = "x-security: [{token: []}]"
M = "/channels/~1/publish/message"


def figures(rate: Any) -> tuple[Any, ...]:
    """Return the figures of a rate."""
    assert rate is not None
    return rate.limit, rate.per, rate.burst, rate.by


@each_case(
    ("said", "meant", "shown"),
    [
        ("{limit: 5}", (5, 1, 5, "connection"), "5 per 1 s by connection"),
        (
            "{limit: 5, per: 60, burst: 10, by: address}",
            (5, 60, 10, "address"),
            "5 per 60 s with bursts of 10 by address",
        ),
        ("{limit: 0.5, by: user}", (0.5, 1, 1, "user"), "0.5 per 1 s by user"),
        ("{limit: 2.5, per: 0.25}", (2.5, 0.25, 2.5, "connection"), "2.5 per 0.25 s by connection"),
        (
            "{limit: 1000000, per: 86400, burst: 123456}",
            (1_000_000, 86_400, 123_456, "connection"),
            "1,000,000 per 86,400 s with bursts of 123,456 by connection",
        ),
        ("{limit: 123456.75}", (123_456.75, 1, 123_456.75, "connection"), "123,456.75 per 1 s by connection"),
        ("{$ref: '#/components/x-rates/slow'}", (1, 60, 1, "connection"), "1 per 60 s by connection"),
    ],
)
def test_messages_and_channels_have_rates(
    tmp_path: Path, said: str, meant: tuple[Any, ...], shown: str
) -> None:
    """Figures in place or by reference, in both major versions; `burst` defaults to `limit`, at least 1."""
    components = f"{TOKENS[:-1]}, x-rates: {{slow: {{limit: 1, per: 60}}}}}}"
    operations = "{a: {action: receive, channel: {$ref: '#/channels/a'}}}"  # for all messages of the channel
    message = f"{{name: say, x-rate: {said}}}"
    old = load(
        tmp_path, v2(f"{{/a: {{x-rate: {said}, {SECURED}, publish: {{message: {message}}}}}}}", components)
    )
    channel = f"{{address: /a, x-rate: {said}, {SECURED}, messages: {{m: {message}}}}}"
    new = load(tmp_path, v3(f"{{a: {channel}}}", operations, components))
    for spec in (old, new):
        namespace = spec.namespaces["/a"]
        assert figures(namespace.rate) == figures(namespace.receives["say"].rate) == meant
        assert str(namespace.rate) == shown


def test_traits_complete_a_rate(tmp_path: Path) -> None:
    """A trait wins in 2.x, and the message in 3.x; both may say a part."""
    trait, own = "traits: [{x-rate: {limit: 9, per: 60}}]", "x-rate: {limit: 5, by: address}"
    message = f"{{name: say, {own}, {trait}}}"
    old = load(tmp_path, v2(f"{{/: {{publish: {{message: {message}}}}}}}"))
    operations = "{a: {action: receive, channel: {$ref: '#/channels/a'}}}"
    new = load(tmp_path, v3(f"{{a: {{address: /, messages: {{m: {message}}}}}}}", operations))
    assert figures(old.namespaces["/"].receives["say"].rate) == (9, 60, 9, "address")
    assert figures(new.namespaces["/"].receives["say"].rate) == (5, 60, 5, "address")


@each_case(
    ("said", "code", "place"),
    [
        ("5", "TYPE", ""),
        ("{}", "REQUIRED", ""),
        ("{per: 5}", "REQUIRED", ""),
        ("{limit: 0}", "TYPE", "/limit"),
        ("{limit: -1}", "TYPE", "/limit"),
        ("{limit: true}", "TYPE", "/limit"),
        ("{limit: '5'}", "TYPE", "/limit"),
        ("{limit: 1e9}", "TYPE", "/limit"),
        ("{limit: 1, per: 0}", "TYPE", "/per"),
        ("{limit: 1, per: 1e5}", "TYPE", "/per"),
        ("{limit: 1, burst: 0}", "TYPE", "/burst"),
        ("{limit: 1, burst: 0.5}", "TYPE", "/burst"),
        ("{limit: 1, by: ip}", "ENUM", "/by"),
        ("{limit: 1, bursts: 5}", "UNKNOWN_FIELD", "/bursts"),
        ("{limit: 1e-320}", "RATE", ""),
        ("{limit: 0.5, per: 86400}", "RATE", ""),
        ("{limit: 1000000, per: 1e-300}", "RATE", ""),
        ("{$ref: '#/channels/~1x/x-rate', limit: 5}", "REF_TYPE", "/limit"),
    ],
)
def test_a_faulty_rate_is_an_error_at_its_place(tmp_path: Path, said: str, code: str, place: str) -> None:
    """Positive numbers, in a range in which a client can be told when to try again."""
    outcome = check(
        tmp_path,
        v2(f"{{/: {{publish: {{message: {{name: a, x-rate: {said}}}}}}}, /x: {{x-rate: {{limit: 1}}}}}}"),
    )
    assert found(outcome) == [("error", code, f"{M}/x-rate{place}")]
    assert outcome.accepted


@pytest.mark.parametrize("number", [float("nan"), float("inf")], ids=str)
@pytest.mark.parametrize("field", ["limit", "per"])
def test_a_rate_is_a_finite_number(field: str, number: float) -> None:
    """A document from Python can hold what JSON has no number for; it is refused."""
    document = {
        "asyncapi": "2.6.0",
        "info": {"title": "T", "version": "1"},
        "channels": {"/": {"x-rate": {"limit": 1, field: number}}},
    }
    assert not check_document(document).servable


@each_case(
    ("text", "code", "place", "hint"),
    [
        (
            v2("{/: {publish: {x-rate: {limit: 1}, message: {name: a}}}}"),
            "UNKNOWN_EXTENSION",
            "/channels/~1/publish/x-rate",
            "it belongs on a message or a channel",
        ),
        (
            v2("{/: {}}", "servers: {a: {url: x, protocol: ws, x-rate: {limit: 1}}}"),
            "UNKNOWN_EXTENSION",
            "/servers/a/x-rate",
            "it belongs on a message or a channel",
        ),
        (
            v2("{/: {publish: {message: {name: a, x-rates: {limit: 1}}}}}"),
            "UNKNOWN_EXTENSION",
            "/channels/~1/publish/message/x-rates",
            "it belongs on the components object; did you mean 'x-rate'?",
        ),
        (
            v2("{/: {x-rate: {limit: 1, window: 5}}}"),
            "UNKNOWN_FIELD",
            "/channels/~1/x-rate/window",
            "x-rate has no 'window'; it has limit, per, burst, by",
        ),
        (v2("{/: {x-rat: {limit: 1}}}"), "UNKNOWN_EXTENSION", "/channels/~1/x-rat", "did you mean 'x-rate'?"),
        (
            v2("{/: {publish: {message: {$ref: '#/components/messages/a', x-rate: {limit: 1}}}}}")
            + "\ncomponents: {messages: {a: {name: a}}}",
            "REF_TYPE",
            f"{M}/x-rate",
            "beside a $ref is ignored",
        ),
        (
            v2("{/: {subscribe: {message: {name: a, x-rate: {limit: 1}}}}}"),
            "RATE",
            "/channels/~1/subscribe/message/x-rate",
            "the server emits 'a'; move it to a message that clients emit, by 'publish', or to the channel",
        ),
        (
            v2("{/: {publish: {message: {name: a, x-ack: {payload: {}, x-rate: {limit: 1}}}}}}"),
            "RATE",
            f"{M}/x-ack/x-rate",
            "an acknowledgement is not an event",
        ),
        (
            v3(
                "{a: {address: /, messages: {m: {name: a}, r: {name: r, x-rate: {limit: 1}}}}}",
                "{o: {action: receive, channel: {$ref: '#/channels/a'}, messages: [{$ref: '#/channels/a/messages/m'}],"
                " reply: {channel: {$ref: '#/channels/a'}, messages: [{$ref: '#/channels/a/messages/r'}]}}}",
            ),
            "RATE",
            "/channels/a/messages/r/x-rate",
            "an acknowledgement is not an event; move it to the message of the event",
        ),
        (
            v3(
                "{a: {address: null, x-rate: {limit: 1}, messages: {m: {name: a}}}, b: {address: /b}}",
                "{o: {action: receive, channel: {$ref: '#/channels/a'}}}",
            ),
            "RATE",
            "/channels/a/x-rate",
            "move it to a channel with an address",
        ),
        (
            v3("{a: {x-rate: {limit: 1}}}"),
            "RATE",
            "/channels/a/x-rate",
            "move it to a channel with an address",
        ),
        (
            v3("{a: {address: /x, x-rate: {limit: 1}}, b: {address: /x, x-rate: {limit: 2}}}"),
            "ADDRESS",
            "/channels/b/x-rate",
            "disagree on x-rate",
        ),
        (
            v2("{/: {x-rate: {limit: 1, by: user}}}"),
            "RATE",
            "/channels/~1/x-rate",
            "needs security that every client must satisfy",
        ),
        (
            v2(
                "{/: {x-security: [{token: []}, {}], publish: {message: {name: a, x-rate: {limit: 1, by: user}}}}}",
                TOKENS,
            ),
            "RATE",
            f"{M}/x-rate",
            "without {}",
        ),
        (
            v3(
                "{a: {address: null, messages: {m: {name: a, x-rate: {limit: 1, by: user}}}},"
                " b: {address: /b, x-security: [{token: []}]}, c: {address: /c}}",
                "{o: {action: receive, channel: {$ref: '#/channels/a'}}}",
                TOKENS,
            ),
            "RATE",
            "/channels/a/messages/m/x-rate",
            "or use 'by: address'",
        ),
    ],
    ids=[
        *(
            "operation",
            "server",
            "near another place",
            "unknown member",
            "misspelt",
            "reference",
            "sent",
            "ack",
            "reply",
            "unknown address",
        ),
        *("no address", "two channels", "public", "optional security", "shared events"),
    ],
)
def test_a_rate_that_is_not_enforced_is_an_error(
    tmp_path: Path, text: str, code: str, place: str, hint: str
) -> None:
    """The author learns where to write it; ignoring it would leave the server open."""
    outcome = check(tmp_path, text)
    errors = [found for found in outcome.diagnostics if found.severity == "error"]
    assert [(error.code, error.pointer) for error in errors] == [(code, place)]
    assert hint in errors[0].message


def test_a_message_named_connect_has_no_rate(tmp_path: Path) -> None:
    """Connections are not events."""
    outcome = check(tmp_path, v2("{/: {publish: {message: {name: connect, x-rate: {limit: 1}}}}}"))
    assert ("error", "RATE", f"{M}/x-rate") in found(outcome)


def test_a_message_of_both_directions_is_counted_in_one(tmp_path: Path) -> None:
    """A message, or a trait, that clients emit as well is not a mistake; the server's events have no rate."""
    messages = "components: {messages: {a: {name: a, x-rate: {limit: 1}}}}"
    reference = "{message: {$ref: '#/components/messages/a'}}"
    spec = load(tmp_path, v2(f"{{/: {{publish: {reference}, subscribe: {reference}}}}}", messages))
    assert spec.namespaces["/"].receives["a"].rate is not None
    assert spec.namespaces["/"].sends["a"].rate is None


def test_two_declarations_of_an_event_agree_on_its_rate(tmp_path: Path) -> None:
    """Alternatives of a payload are one event, which has one rate."""
    messages = "[{name: a, payload: true, x-rate: {limit: 1}}, {name: a, payload: {}}]"
    outcome = check(tmp_path, v2(f"{{/: {{publish: {{message: {{oneOf: {messages}}}}}}}}}"))
    assert found(outcome) == [("error", "DUPLICATE_EVENT", f"{M}/oneOf/1")]
