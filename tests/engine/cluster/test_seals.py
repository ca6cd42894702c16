"""Signatures of messages, tested without a queue."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from asynction_asgi.engine.cluster.seals import WINDOW_SECONDS, ForgedError, Seal, is_sealed, read_secrets
from tests.cases import each_case

from .threads import in_threads

OLD, NEW, OTHER = b"an old secret of 16", b"a new secret of 16 b", b"somebody's own secret"


class Clock:
    """A clock that the test moves."""

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


def test_a_sealed_message_is_opened_once() -> None:
    """A process with the same secret opens a message once, and a second copy counts as repeated."""
    sender, receiver = seal(OLD), seal(OLD)
    text = '{"method":"emit","data":"\n ż \\n"}'
    message = sender.seal(text)
    assert is_sealed(message)
    assert not is_sealed(text)
    assert receiver.open(message) == text
    assert fault(receiver, message) == "repeated"
    assert sender.open(message) == text, "every process receives its own messages, too"


def test_threads_number_their_messages_together() -> None:
    """A server's loop and the thread of a courier sign at the same time, and no number is used twice."""
    sender = seal(OLD)
    messages = in_threads(4, lambda: [sender.seal("{}") for _ in range(20_000)])
    numbers = {message.split(" ")[2] for message in messages}
    assert len(numbers) == len(messages) == 80_000


@each_case(
    "change",
    [
        lambda message: message.replace("emit", "exit"),
        lambda message: message + " ",
        lambda message: message.replace(" 1 ", " 2 ", 1),
        lambda message: message.replace(" 1000000000 ", " 1000000001 "),
        lambda message: message.replace("\n", " \n", 1),
        lambda message: message.partition("\n")[0],
        lambda message: message.replace(message.partition("\n")[0].rpartition(" ")[2], "0" * 64),
        lambda message: message.replace(message.partition("\n")[0].rpartition(" ")[2], "é"),
        lambda message: "asynction1 ",
        lambda message: "asynction1 a b c d\n{}",
    ],
    ids=["message", "end", "number", "time", "line", "cut", "zeros", "not hex", "nothing", "words"],
)
def test_any_change_is_a_wrong_signature(change: Any) -> None:
    """A change of message, number, time or signature is refused, and the original is accepted afterwards."""
    message, receiver = seal(OLD).seal('{"method":"emit"}'), seal(OLD)
    assert fault(receiver, change(message)) == "wrong signature"
    assert receiver.open(message)


def test_other_channels_and_secrets_are_refused() -> None:
    """A message recorded on one channel cannot be replayed on another."""
    assert fault(seal(OLD), seal(OTHER).seal("{}")) == "wrong signature"
    assert fault(seal(OLD), seal(OLD, channel="two").seal("{}")) == "wrong signature"
    assert fault(seal(OLD), '{"method":"emit"}') == "unsigned"


def test_a_secret_is_replaced_in_three_steps() -> None:
    """Processes verify with the new secret, then sign with it, then drop the old one, without a gap."""
    steps = [(OLD,), (OLD, NEW), (NEW, OLD), (NEW,)]
    for before, after in itertools.pairwise(steps):
        assert seal(*after).open(seal(*before).seal("{}")) == "{}"
        assert seal(*before).open(seal(*after).seal("{}")) == "{}"
    assert fault(seal(OLD), seal(NEW).seal("{}")) == "wrong signature"
    assert fault(seal(NEW), seal(OLD).seal("{}")) == "wrong signature"


@pytest.mark.parametrize("by", [WINDOW_SECONDS + 1, -WINDOW_SECONDS - 1], ids=["late", "early"])
def test_a_message_outside_the_time_window_is_refused(by: float) -> None:
    """Clocks may differ by less than the window."""
    clock = Clock()
    sender, receiver = seal(OLD), seal(OLD, clock=clock)
    message = sender.seal("{}")
    clock.now += by
    assert fault(receiver, message) == "too old"
    clock.now -= by * 0.1
    assert receiver.open(message) == "{}"


def test_reordered_messages_are_accepted_only_once() -> None:
    """Messages may arrive out of order, as a process has several connections, but never twice."""
    sender, receiver = seal(OLD), seal(OLD)
    messages = [sender.seal(str(number)) for number in range(5000)]
    for message in (messages[3], messages[0], messages[4], messages[1]):
        receiver.open(message)
    for message in (messages[0], messages[1], messages[3], messages[4]):
        assert fault(receiver, message) == "repeated"
    assert receiver.open(messages[2]) == "2"
    receiver.open(messages[-1])
    assert fault(receiver, messages[5]) == "repeated", "older than the window of numbers"
    assert receiver.open(messages[-4096]) == "904"
    assert fault(receiver, messages[-4096]) == "repeated"


def test_senders_are_forgotten_after_the_time_window() -> None:
    """The number of known senders stays limited, and no message can be repeated."""
    clock = Clock()
    receiver = seal(OLD, clock=clock)
    messages = []
    for _ in range(50):
        messages.append(seal(OLD, clock=clock).seal("{}"))
        receiver.open(messages[-1])
        clock.now += WINDOW_SECONDS / 4
    assert len(receiver._senders) < 12
    assert {fault(receiver, message) for message in messages} == {"repeated", "too old"}


def test_a_clock_set_back_permits_no_repetition() -> None:
    """Forgotten messages stay too old after the clock was set back, and known senders can go on sending."""
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
    assert [fault(receiver, message) for message in early] == ["too old", "too old"]
    clock.now += WINDOW_SECONDS * 2
    assert fault(receiver, back) == "repeated"
    clock.now -= WINDOW_SECONDS
    assert receiver.open(busy.seal("{}")) == "{}", "recognized by its numbers"
    clock.now += WINDOW_SECONDS
    assert receiver.open(seal(OLD, clock=clock).seal("{}")) == "{}", "later than every forgotten message"


@pytest.mark.parametrize(
    "secrets", ["", "short", [], [OLD, "short"]], ids=["empty", "short", "none", "one of two"]
)
def test_invalid_secrets_are_refused(secrets: Any) -> None:
    """Too short or missing secrets raise an error that does not show them."""
    with pytest.raises(ValueError, match="at least 16 bytes") as refused:
        read_secrets(secrets)
    assert "short" not in str(refused.value)


def test_secrets_may_be_text_or_bytes() -> None:
    """A single secret, or several in order, are read."""
    assert read_secrets(OLD.decode()) == (OLD,)
    several: list[str | bytes] = [NEW, OLD.decode()]
    assert read_secrets(iter(several)) == (NEW, OLD)


def test_a_paused_reader_uses_the_brokers_time() -> None:
    """The signed time is compared with the broker's if known, and a late copy is still refused."""
    clock = Clock()
    sender, receiver = seal(OLD, clock=clock), seal(OLD, clock=clock)
    message, arrival = sender.seal("{}"), clock.now + 1
    clock.now += 5 * WINDOW_SECONDS
    with pytest.raises(ForgedError, match="too old"):
        receiver.open(message)
    assert receiver.open(message, now=arrival) == "{}"
    with pytest.raises(ForgedError, match="repeated"):
        receiver.open(message, now=arrival + 1)
    with pytest.raises(ForgedError, match="too old"):
        receiver.open(message, now=clock.now)
