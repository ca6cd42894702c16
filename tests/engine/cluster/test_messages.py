"""What travels over the queue: strict JSON, numbered, in python-socketio's form."""

from __future__ import annotations

import json
from typing import Any

import pytest

from asynction_asgi.engine import UnencodableError
from asynction_asgi.engine.cluster.messages import QueueJson, numbered, read_number, repeated, sender_of


def test_what_travels_over_the_queue_is_strict() -> None:
    """No NaN out or in, no bytes outside a packet, no text that is not UTF-8."""
    codec = QueueJson()
    assert codec.loads(codec.dumps({"a": [1, None]}).encode()) == {"a": [1, None]}
    for wrong in (float("inf"), b"x"):
        with pytest.raises(UnencodableError):
            codec.dumps(wrong)
    with pytest.raises(UnencodableError, match=r"^a set at /0/a is not JSON: use list"):
        codec.dumps({"method": "emit", "event": "x", "data": [{"a": {1}}]})
    for text in ("NaN", b"\xff"):
        with pytest.raises(ValueError, match="not"):
            codec.loads(text)


def test_bytes_travel_as_base64_behind_the_data() -> None:
    """As python-socketio writes them."""
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


def test_what_confuses_bytes_with_their_placeholders_is_refused() -> None:
    """A receiver would put the bytes in its place, or fail."""
    with pytest.raises(UnencodableError, match="_placeholder"):
        QueueJson().emit([{"_placeholder": True, "num": 0}, b"x"], host_id="h", event="e")


def test_numbers_and_repeats_are_members_of_the_message() -> None:
    """They are put behind what was encoded before, and read by their names."""
    message = json.loads(repeated(numbered(QueueJson().check({"host_id": "h", "method": "m"}), 7)))
    assert message == {"host_id": "h", "method": "m", "n": 7, "again": True}
    assert (read_number(message), read_number({})) == (7, None)


@pytest.mark.parametrize("number", [0, -1, 1 << 53, 1.5, "1", True], ids=repr)
def test_what_is_not_a_number_of_a_message(number: Any) -> None:
    """It could move the mark of its sender for ever."""
    with pytest.raises(ValueError, match="not a number"):
        read_number({"n": number})


def test_who_sent_a_message() -> None:
    """An answer names the process that it is for where others name the sender."""
    assert sender_of({"method": "emit", "host_id": "h"}) == "h"
    assert sender_of({"method": "callback", "host_id": "h", "sender": "s"}) == "s"
    assert sender_of({"method": "callback", "host_id": "h"}) is None


def test_a_process_knows_its_own_messages_unread() -> None:
    """By how they begin."""
    codec = QueueJson()
    own = codec.check({"host_id": "h", "method": "beat"}).encode()
    answer = codec.check({"sender": "h", "host_id": "other", "method": "callback"}).encode()
    assert codec.is_own(own, "h")
    assert codec.is_own(answer, "h")
    assert not codec.is_own(own, "other")
