"""Legal misunderstandings of AsyncAPI: they are served and reported."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cases import each_case

from ..reading import check, found, only, v2, v3

if TYPE_CHECKING:
    from pathlib import Path

C = "channel: {$ref: '#/channels/c'}"


def channel_3(*messages: str) -> str:
    return f"{{c: {{address: /, messages: {{{', '.join(messages)}}}}}}}"


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


@each_case(
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
