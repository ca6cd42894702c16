"""Messages of the queue: strict, numbered JSON in python-socketio's form."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from enum import StrEnum
from typing import Any

import pytest

from asynction_asgi.engine import UnencodableError
from asynction_asgi.engine.cluster.messages import QueueJson, numbered, read_number, repeated, sender_of
from asynction_asgi.engine.cluster.relayed import read_answer
from tests.cases import each_case


def test_messages_are_strict_json() -> None:
    """NaN, bytes outside a packet and text that is not UTF-8 are refused in both directions."""
    codec = QueueJson()
    assert codec.loads(codec.dumps({"a": [1, None]}).encode()) == {"a": [1, None]}
    for invalid in (float("inf"), b"x"):
        with pytest.raises(UnencodableError):
            codec.dumps(invalid)
    with pytest.raises(UnencodableError, match=r"^a set at /0/a is not JSON: use list"):
        codec.dumps({"method": "emit", "event": "x", "data": [{"a": {1}}]})
    for text in ("NaN", b"\xff"):
        with pytest.raises(ValueError, match="not"):
            codec.loads(text)


def test_bytes_travel_as_base64_after_the_data() -> None:
    """Bytes are written in python-socketio's form."""
    text = QueueJson().emit(({"a": b"x"}, 1), host_id="h", event="e", namespace="/", room=None)
    assert json.loads(text) == {
        "host_id": "h",
        "event": "e",
        "namespace": "/",
        "room": None,
        "method": "emit",
        "binary": True,
        "data": [[{"a": {"_placeholder": True, "num": 0}}, 1], "eA=="],
    }


def test_only_an_answer_carries_bytes_beside_an_emit() -> None:
    """The answer to a call has bytes in the form of an emit, and others have none."""
    codec = QueueJson()
    answer = {"sender": "s", "method": "callback", "host_id": "h", "sid": "a", "id": 1, "args": (b"x",)}
    assert read_answer(json.loads(codec.relay(answer) or "")) == (b"x",)
    assert read_answer(json.loads(codec.relay({**answer, "args": ["x"]}) or "")) == ["x"]
    assert codec.relay({**answer, "args": [b"x", {"_placeholder": True}]}) is None
    with pytest.raises(UnencodableError, match="outside"):
        codec.relay({"host_id": "h", "method": "enter_room", "room": b"x"})


def test_data_that_imitates_a_placeholder_is_refused() -> None:
    """Data that looks like a placeholder raises beside bytes, as a receiver would replace it or fail."""
    with pytest.raises(UnencodableError, match="_placeholder"):
        QueueJson().emit([{"_placeholder": True, "num": 0}, b"x"], host_id="h", event="e")


def test_numbers_and_repeats_are_members_of_the_message() -> None:
    """Number and repetition are appended to the encoded message, and read by name."""
    message = json.loads(repeated(numbered(QueueJson().check({"host_id": "h", "method": "m"}), 7)))
    assert message == {"host_id": "h", "method": "m", "n": 7, "again": True}
    assert (read_number(message), read_number({})) == (7, None)


@each_case("number", [0, -1, 1 << 53, 1.5, "1", True], ids=repr)
def test_an_invalid_message_number_is_refused(number: Any) -> None:
    """An invalid number raises, as it could move its sender's mark for good."""
    with pytest.raises(ValueError, match="not a number"):
        read_number({"n": number})


class Colour(StrEnum):
    """A str that comes back as a plain one."""

    RED = "red"


@each_case(
    ("value", "does"),
    [
        pytest.param({"a": [1, 2.5, "x", None, True, {}]}, True, id="JSON"),
        pytest.param([[[]]] * 2, True, id="lists"),
        pytest.param({"a": (1,)}, False, id="a tuple"),
        pytest.param({1: 2}, False, id="an integer as a key"),
        pytest.param({"a": defaultdict(list)}, False, id="a defaultdict"),
        pytest.param([Counter(x=1)], False, id="a Counter"),
        pytest.param({"a": Colour.RED}, False, id="a StrEnum"),
        pytest.param({Colour.RED: 1}, False, id="a StrEnum as a key"),
        pytest.param(b"x", False, id="bytes"),
        pytest.param({"a": {1, 2}}, False, id="a set"),
    ],
)
def test_what_comes_out_as_it_was_put_in(value: Any, does: bool) -> None:
    """A value of another type that is equal to what comes out does not."""
    assert QueueJson().returns(value) is does


def test_deep_values_come_out_or_not_without_a_crash() -> None:
    """A value is searched to any depth that the queue takes."""
    value: list[Any] = []
    for _ in range(500):
        value = [value]
    assert QueueJson().returns(value)


def test_the_sender_of_a_message() -> None:
    """In an answer `host_id` names the recipient and `sender` the sender; otherwise `host_id` does."""
    assert sender_of({"method": "emit", "host_id": "h"}) == "h"
    assert sender_of({"method": "callback", "host_id": "h", "sender": "s"}) == "s"
    assert sender_of({"method": "callback", "host_id": "h"}) is None


def test_a_process_recognizes_its_own_messages() -> None:
    """A process's own messages are recognized by their beginning, without parsing."""
    codec = QueueJson()
    own = codec.check({"host_id": "h", "method": "beat"}).encode()
    answer = codec.check({"sender": "h", "host_id": "other", "method": "callback"}).encode()
    assert codec.is_own(own, "h")
    assert codec.is_own(answer, "h")
    assert not codec.is_own(own, "other")
    question = codec.emit((7,), method="ask", event="sure", host_id="h").encode()
    returned = codec.emit((7,), method="answer", host_id="other", sender="h").encode()
    assert codec.is_own(question, "h")
    assert codec.is_own(returned, "h")
    assert not codec.is_own(returned, "other")
