"""Signatures of messages, without a queue."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from asynction_asgi.engine.cluster.seals import WINDOW_SECONDS, ForgedError, Seal, is_sealed, read_secrets

OLD, NEW, OTHER = b"an old secret of 16", b"a new secret of 16 b", b"somebody's own secret"


class Clock:
    """Time that a test moves."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def seal(*keys: bytes, channel: str = "one", clock: Clock | None = None) -> Seal:
    return Seal(keys, channel=channel, clock=clock or Clock())


def fault(receiver: Seal, message: str) -> str:
    with pytest.raises(ForgedError) as refused:
        receiver.open(message)
    return refused.value.fault


def test_what_is_sealed_is_opened_once() -> None:
    """Another process with the secret reads it, and what is sent again is a repetition."""
    sender, receiver = seal(OLD), seal(OLD)
    text = '{"method":"emit","data":"\n ż \\n"}'
    message = sender.seal(text)
    assert is_sealed(message)
    assert not is_sealed(text)
    assert receiver.open(message) == text
    assert fault(receiver, message) == "repeated"
    assert sender.open(message) == text, "every process hears itself, too"


@pytest.mark.parametrize(
    "change",
    [
        lambda one: one.replace("emit", "exit"),
        lambda one: one + " ",
        lambda one: one.replace(" 1 ", " 2 ", 1),
        lambda one: one.replace(" 1000000000 ", " 1000000001 "),
        lambda one: one.replace("\n", " \n", 1),
        lambda one: one.partition("\n")[0],
        lambda one: one.replace(one.partition("\n")[0].rpartition(" ")[2], "0" * 64),
        lambda one: one.replace(one.partition("\n")[0].rpartition(" ")[2], "é"),
        lambda one: "asynction1 ",
        lambda one: "asynction1 a b c d\n{}",
    ],
    ids=["message", "end", "number", "time", "line", "cut", "zeros", "not hex", "nothing", "words"],
)
def test_any_change_is_a_wrong_signature(change: Any) -> None:
    """Of the message, its number, its time or the signature; the message itself is taken afterwards."""
    message, receiver = seal(OLD).seal('{"method":"emit"}'), seal(OLD)
    assert fault(receiver, change(message)) == "wrong signature"
    assert receiver.open(message)


def test_a_message_of_another_channel_or_secret_is_not_taken() -> None:
    """What was caught on one channel can't be sent on another."""
    assert fault(seal(OLD), seal(OTHER).seal("{}")) == "wrong signature"
    assert fault(seal(OLD), seal(OLD, channel="two").seal("{}")) == "wrong signature"
    assert fault(seal(OLD), '{"method":"emit"}') == "unsigned"


def test_a_secret_is_replaced_in_three_steps() -> None:
    """First everybody verifies the new one, then everybody signs with it, then the old one goes."""
    steps = [(OLD,), (OLD, NEW), (NEW, OLD), (NEW,)]
    for before, after in itertools.pairwise(steps):
        assert seal(*after).open(seal(*before).seal("{}")) == "{}"
        assert seal(*before).open(seal(*after).seal("{}")) == "{}"
    assert fault(seal(OLD), seal(NEW).seal("{}")) == "wrong signature"
    assert fault(seal(NEW), seal(OLD).seal("{}")) == "wrong signature"


@pytest.mark.parametrize("by", [WINDOW_SECONDS + 1, -WINDOW_SECONDS - 1], ids=["late", "early"])
def test_a_message_of_another_time_is_not_taken(by: float) -> None:
    """Clocks may differ by less than the window."""
    clock = Clock()
    sender, receiver = seal(OLD), seal(OLD, clock=clock)
    message = sender.seal("{}")
    clock.now += by
    assert fault(receiver, message) == "too old"
    clock.now -= by * 0.1
    assert receiver.open(message) == "{}"


def test_messages_may_overtake_one_another_but_none_comes_twice() -> None:
    """A process has several connections to the queue."""
    sender, receiver = seal(OLD), seal(OLD)
    messages = [sender.seal(str(number)) for number in range(5000)]
    for message in (messages[3], messages[0], messages[4], messages[1]):
        receiver.open(message)
    for message in (messages[0], messages[1], messages[3], messages[4]):
        assert fault(receiver, message) == "repeated"
    assert receiver.open(messages[2]) == "2"
    receiver.open(messages[-1])
    assert fault(receiver, messages[5]) == "repeated", "so far behind, nothing is known of it"
    assert receiver.open(messages[-4096]) == "904"
    assert fault(receiver, messages[-4096]) == "repeated"


def test_senders_are_forgotten_once_their_messages_would_be_too_old() -> None:
    """Processes come and go: what is kept of them does not grow, and nothing can be repeated."""
    clock = Clock()
    receiver = seal(OLD, clock=clock)
    messages = []
    for _ in range(50):
        messages.append(seal(OLD, clock=clock).seal("{}"))
        receiver.open(messages[-1])
        clock.now += WINDOW_SECONDS / 4
    assert len(receiver._senders) < 12
    assert {fault(receiver, one) for one in messages} == {"repeated", "too old"}


def test_nothing_comes_again_after_the_clock_was_set_back() -> None:
    """What was forgotten stays too old, also of a sender who came back; who is known goes on sending."""
    clock = Clock()
    receiver = seal(OLD, clock=clock)
    idle, busy = seal(OLD, clock=clock), seal(OLD, clock=clock)
    early = [idle.seal("{}"), idle.seal("{}")]
    for message in early:
        receiver.open(message)
    for _ in range(5):
        clock.now += WINDOW_SECONDS / 2
        receiver.open(busy.seal("{}"))
    assert len(receiver._senders) == 1, "the idle one is forgotten"
    back = idle.seal("{}")
    receiver.open(back)
    clock.now -= WINDOW_SECONDS * 2.5
    assert [fault(receiver, one) for one in early] == ["too old", "too old"]
    clock.now += WINDOW_SECONDS * 2
    assert fault(receiver, back) == "repeated"
    clock.now -= WINDOW_SECONDS
    assert receiver.open(busy.seal("{}")) == "{}", "known by its numbers"
    clock.now += WINDOW_SECONDS
    assert receiver.open(seal(OLD, clock=clock).seal("{}")) == "{}", "later than all that was forgotten"


@pytest.mark.parametrize(
    "given", ["", "short", [], [OLD, "short"]], ids=["empty", "short", "none", "one of two"]
)
def test_secrets_that_are_none_are_refused(given: Any) -> None:
    """Before anything is sent, and without showing them."""
    with pytest.raises(ValueError, match="at least 16 bytes") as refused:
        read_secrets(given)
    assert "short" not in str(refused.value)


def test_secrets_may_be_text_or_bytes() -> None:
    """One, or several in their order."""
    assert read_secrets(OLD.decode()) == (OLD,)
    several: list[str | bytes] = [NEW, OLD.decode()]
    assert read_secrets(iter(several)) == (NEW, OLD)


def test_a_reader_that_stood_still_opens_what_the_broker_kept() -> None:
    """The signed time is compared with the broker's, where it tells: a late copy is refused all the same."""
    clock = Clock()
    sender, receiver = seal(OLD, clock=clock), seal(OLD, clock=clock)
    message, taken = sender.seal("{}"), clock.now + 1
    clock.now += 5 * WINDOW_SECONDS
    with pytest.raises(ForgedError, match="too old"):
        receiver.open(message)
    assert receiver.open(message, now=taken) == "{}"
    with pytest.raises(ForgedError, match="repeated"):
        receiver.open(message, now=taken + 1)
    with pytest.raises(ForgedError, match="too old"):
        receiver.open(message, now=clock.now)
