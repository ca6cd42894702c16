"""Legal misunderstandings of AsyncAPI: they are served and reported."""

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
def test_a_handler_of_a_sent_event_is_reported(tmp_path: Path, text: str, pointer: str, words: str) -> None:
    """It would never be called; the warning uses the terms of the document's version."""
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
        v3(channel_3("m: {x-handler: h.m}"), f"{{o: {{action: send, {C}}}, p: {{action: receive, {C}}}}}"),
    ],
    ids=["message", "trait", "3.x"],
)
def test_a_handler_of_a_received_event_is_silent(tmp_path: Path, text: str) -> None:
    """A message or trait used in both directions may have a handler."""
    assert found(check(tmp_path, text)) == []
    assert load(tmp_path, text).uncalled == ()


@pytest.mark.parametrize(
    ("text", "pointers"),
    [
        (
            v2("{/: {subscribe: {message: {name: a, x-trace: /0}}, publish: {message: {name: a}}}}"),
            ["/channels/~1/subscribe/message/x-trace"],
        ),
        (
            v3(channel_3("m: {x-trace: /0}"), f"{{o: {{action: send, {C}}}, p: {{action: send, {C}}}}}"),
            ["/channels/c/messages/m/x-trace"],
        ),
        (v3(channel_3("m: {x-trace: /0}"), f"{{o: {{action: send, {C}}}, p: {{action: receive, {C}}}}}"), []),
    ],
    ids=["2.x", "3.x, once", "in both directions"],
)
def test_the_trace_of_a_sent_event_is_reported(tmp_path: Path, text: str, pointers: list[str]) -> None:
    """The server reads traces of what clients emit only."""
    assert found(check(tmp_path, text)) == [("warning", "UNKNOWN_EXTENSION", pointer) for pointer in pointers]


def test_an_unused_channel_is_reported(tmp_path: Path) -> None:
    """A channel with messages but without operations is reported, unless it is for replies."""
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


def test_an_unused_message_is_reported(tmp_path: Path) -> None:
    """An unused message of a used channel is reported, unless an operation has an error."""
    some = "messages: [{$ref: '#/channels/c/messages/a'}]"
    text = v3(channel_3("a: {}", "b: {}"), f"{{o: {{action: receive, {C}, {some}}}}}")
    assert found(check(tmp_path, text)) == [("warning", "OP_MESSAGES", "/channels/c/messages/b")]
    of_replies = v3(
        "{c: {address: /, messages: {a: {}}}, d: {address: /d, messages: {x: {}, y: {}}}}",
        f"{{o: {{action: receive, {C}, reply: {{messages: [{{$ref: '#/channels/d/messages/x'}}]}}}}}}",
    )
    assert found(check(tmp_path, of_replies)) == [("warning", "OP_MESSAGES", "/channels/d/messages/y")]
    broken = v3(channel_3("a: {}", "b: {}"), f"{{o: {{action: recieve, {C}, {some}}}}}")
    assert [finding[:2] for finding in found(check(tmp_path, broken))] == [("error", "ACTION")]


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
    """One hint for the document replaces the warnings for each namespace."""
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
def test_plausible_namespaces_get_separate_warnings(tmp_path: Path, text: str, prefixed: list[str]) -> None:
    """Each channel without a slash is reported if the channels may be namespaces."""
    assert found(check(tmp_path, text)) == [("warning", "NAMESPACE_PREFIXED", place) for place in prefixed]


def test_channels_of_other_servers_are_not_counted(tmp_path: Path) -> None:
    """The hint counts only channels of the selected server."""
    text = v2(
        "{a: {servers: [mq], publish: {message: {name: x}}}, b: {servers: [mq], publish: {message: {name: y}}}, "
        "/: {publish: {message: {name: z}}}}",
        "servers: {ws: {url: h, protocol: ws}, mq: {url: h, protocol: mqtt}}",
    )
    assert found(check(tmp_path, text)) == []
