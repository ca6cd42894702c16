"""Misunderstandings of AsyncAPI that are legal: they are served, and reported."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ..reading import check, found, load, only, v2, v3

if TYPE_CHECKING:
    from pathlib import Path

C = "channel: {$ref: '#/channels/c'}"


def channel_3(*messages: str) -> str:
    return f"{{c: {{address: /, messages: {{{', '.join(messages)}}}}}}}"


@pytest.mark.parametrize(
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
            v3(channel_3("say: {x-handler: h.say}"), f"{{o: {{action: send, {C}}}}}"),
            "/channels/c/messages/say/x-handler",
            "the server emits 'say'; did you mean the action 'receive'?",
            id="3.x",
        ),
        pytest.param(
            v3(channel_3("say: {}"), f"{{o: {{action: send, {C}, x-handler: h.say}}}}"),
            "/operations/o/x-handler",
            "did you mean the action 'receive'?",
            id="3.x, on the operation",
        ),
        pytest.param(
            v3(
                channel_3("ask: {}", "told: {x-handler: h.told}"),
                f"{{o: {{action: receive, {C}, reply: {{messages: [{{$ref: '#/channels/c/messages/told'}}]}}}}}}",
            ),
            "/channels/c/messages/told/x-handler",
            "a reply is an acknowledgement",
            id="3.x, of a reply",
        ),
    ],
)
def test_a_handler_of_what_only_the_server_emits(tmp_path: Path, text: str, pointer: str, words: str) -> None:
    """It would never be called; the words are those of the document's version."""
    outcome = check(tmp_path, text)
    (problem,) = (one for one in outcome.diagnostics if one.code == "HANDLER")
    assert (problem.severity, problem.pointer, outcome.servable) == ("warning", pointer, True)
    assert words in problem.message
    assert outcome.spec is not None
    assert [one.node.pointer for one in outcome.spec.uncalled] == [pointer]


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
        v3(channel_3("m: {x-handler: h.m}"), f"{{o: {{action: send, {C}}}, p: {{action: receive, {C}}}}}"),
    ],
    ids=["message", "trait", "3.x"],
)
def test_a_handler_that_clients_reach_too_is_meant(tmp_path: Path, text: str) -> None:
    """A message or a trait of both directions has its handler for one of them."""
    assert found(check(tmp_path, text)) == []
    assert load(tmp_path, text).uncalled == ()


def test_a_channel_that_no_operation_uses(tmp_path: Path) -> None:
    """Its messages can't be emitted either way; one for replies is used, and one without messages is a namespace."""
    text = v3("{c: {address: /, messages: {a: {}, b: {}}}, empty: {address: /e}}")
    assert found(check(tmp_path, text)) == [("warning", "CHANNEL", "/channels/c")]
    assert (
        found(
            check(
                tmp_path,
                v3("{c: {address: null, messages: {a: {}}}, d: {messages: {a: {}}}, /: {address: /}}"),
            )
        )
        == []
    )
    replies = "r: {address: null, messages: {ok: {}}}"
    text = v3(
        f"{{c: {{address: /, messages: {{a: {{}}}}}}, {replies}}}",
        f"{{o: {{action: receive, {C}, reply: {{channel: {{$ref: '#/channels/r'}}}}}}}}",
    )
    assert found(check(tmp_path, text)) == []


def test_a_message_that_no_operation_uses(tmp_path: Path) -> None:
    """Each is reported where its channel is used otherwise; beside errors about operations, nothing is."""
    some = "messages: [{$ref: '#/channels/c/messages/a'}]"
    text = v3(channel_3("a: {}", "b: {}"), f"{{o: {{action: receive, {C}, {some}}}}}")
    assert found(check(tmp_path, text)) == [("warning", "OP_MESSAGES", "/channels/c/messages/b")]
    of_replies = v3(
        "{c: {address: /, messages: {a: {}}}, d: {address: /d, messages: {x: {}, y: {}}}}",
        f"{{o: {{action: receive, {C}, reply: {{messages: [{{$ref: '#/channels/d/messages/x'}}]}}}}}}",
    )
    assert found(check(tmp_path, of_replies)) == [("warning", "OP_MESSAGES", "/channels/d/messages/y")]
    broken = v3(channel_3("a: {}", "b: {}"), f"{{o: {{action: recieve, {C}, {some}}}}}")
    assert [one[:2] for one in found(check(tmp_path, broken))] == [("error", "ACTION")]


def per_event(*channels: tuple[str, str], more: str = "") -> str:
    return v2(
        f"{{{', '.join(f'{key}: {{publish: {{message: {{name: {name}}}}}}}' for key, name in channels)}{more}}}"
    )


@pytest.mark.parametrize(
    "text",
    [
        per_event(("join-room", "JoinRoom"), ("user-left", "UserLeft")),
        per_event(("/join-room", "JoinRoom"), ("/user/left", "left")),
        per_event(("a", "x"), ("b", "y"), ("c", "z")),
        per_event(
            ("a", "x"), ("b", "y"), more=", /chat: {publish: {message: {oneOf: [{name: p}, {name: q}]}}}"
        ),
        per_event(*((f"/a{number}", f"x{number}") for number in range(5))),
        v3(
            "{a: {address: join, messages: {join: {}}}, b: {address: left, messages: {left: {}}}}",
            "{o: {action: receive, channel: {$ref: '#/channels/a'}}, p: {action: send, channel: {$ref: '#/channels/b'}}}",
        ),
    ],
    ids=["no slash", "named alike", "other names", "most", "many", "3.x"],
)
def test_a_channel_for_each_event_is_one_hint(tmp_path: Path, text: str) -> None:
    """Said once for the document, in place of a warning for each namespace."""
    outcome = check(tmp_path, text)
    problem = only(outcome)
    assert (problem.severity, problem.code, problem.pointer) == ("warning", "CHANNELS", "/channels")
    assert "one channel '/'" in problem.message
    assert outcome.servable


@pytest.mark.parametrize(
    ("text", "prefixed"),
    [
        (per_event(("/chat", "say"), ("/admin", "ban")), []),
        (per_event(("chat", "say")), ["/channels/chat"]),
        (
            v3(
                "{a: {address: /, messages: {a: {}}}, b: {address: /, messages: {b: {}}}}",
                "{o: {action: receive, channel: {$ref: '#/channels/a'}}, p: {action: send, channel: {$ref: '#/channels/b'}}}",
            ),
            [],
        ),
        (
            v2(
                "{chat: {publish: {message: {oneOf: [{name: a}, {name: b}]}}}, x: {publish: {message: {name: c}}}}"
            ),
            ["/channels/chat", "/channels/x"],
        ),
        (per_event(*((f"'/{{a}}/{number}'", f"x{number}") for number in range(5))), []),
    ],
    ids=["namespaces", "a single one", "one address", "not most", "with parameters"],
)
def test_channels_that_may_be_namespaces_are_taken_for_them(
    tmp_path: Path, text: str, prefixed: list[str]
) -> None:
    """Each that lacks its slash is reported, as far as that goes."""
    assert found(check(tmp_path, text)) == [("warning", "NAMESPACE_PREFIXED", place) for place in prefixed]


def test_channels_of_other_servers_are_not_counted(tmp_path: Path) -> None:
    """The hint is about what this server serves."""
    text = v2(
        "{a: {servers: [mq], publish: {message: {name: x}}}, b: {servers: [mq], publish: {message: {name: y}}}, "
        "/: {publish: {message: {name: z}}}}",
        "servers: {ws: {url: h, protocol: ws}, mq: {url: h, protocol: mqtt}}",
    )
    assert found(check(tmp_path, text)) == []
