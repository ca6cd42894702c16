"""Signed messages on a queue: who lacks the secret can neither forge, alter nor repeat one.

A signed message is a line ``asynction1 <sender> <number> <milliseconds> <HMAC-SHA256>`` and the message
itself; the signature covers the channel, the line and the message. Listeners that know nothing of it
find no JSON there and pass it over.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from .process_id import Identity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    Secret = str | bytes
    Fault = Literal["unsigned", "signed", "wrong signature", "too old", "repeated"]

# How far the clocks of two machines and the way through the queue may be apart.
WINDOW_SECONDS = 60.0
# So many messages of one sender may overtake one another: its process has several connections.
_REORDERED = 4096
_SEEN = (1 << _REORDERED) - 1
_MARK = "asynction1 "
_SHORTEST = 16


class ForgedError(ValueError):
    """A message that was not sent by who has the secret, or not just now.

    Attributes:
        fault: What is wrong with it.
    """

    def __init__(self, fault: Fault) -> None:
        self.fault: Fault = fault
        super().__init__(fault)


def is_sealed(text: str) -> bool:
    """Whether somebody signed this message."""
    return text.startswith(_MARK)


def read_secrets(given: Secret | Iterable[Secret]) -> tuple[bytes, ...]:
    """One secret or several as bytes, in the order given.

    Raises:
        ValueError: there is none, or one is too short to be secret. It is not repeated in the message.
    """
    several = [given] if isinstance(given, (str, bytes)) else list(given)
    keys = tuple(one.encode() if isinstance(one, str) else bytes(one) for one in several)
    if not keys or any(len(one) < _SHORTEST for one in keys):
        raise ValueError(f"message_queue_secret needs at least {_SHORTEST} bytes in each secret")
    return keys


class Seal:
    """Signs what one process sends over a channel, and opens what others signed.

    A sender numbers its messages. Which of the last numbers of a sender have been seen is a bit mask, as
    in RFC 4303, 3.4.3, so memory does not grow with traffic. What is older than `WINDOW_SECONDS` is
    refused, so senders can be forgotten; and what is not younger than all that was forgotten, so that
    nothing comes again where the clock is set back.
    """

    def __init__(
        self, keys: Sequence[bytes], *, channel: str, clock: Callable[[], float] = time.time
    ) -> None:
        self._keys = [hmac.new(key, channel.encode() + b"\n", hashlib.sha256) for key in keys]
        self._clock = clock
        self._sender = Identity()
        self._number = 0
        self._senders: dict[str, _Sender] = {}
        self._swept = clock()
        self._forgotten = 0.0  # when the last message was sent of which nothing is known any more

    def seal(self, text: str) -> str:
        """Sign a message with the first secret."""
        self._number += 1
        line = f"{_MARK}{self._sender.name} {self._number} {int(self._clock() * 1000)}"
        return f"{line} {_sign(self._keys[0], line, text).decode()}\n{text}"

    def open(self, sealed: str) -> str:
        """The message inside; each is opened once.

        Raises:
            ForgedError: it was signed by none of the secrets, too long ago, or has been opened before.
        """
        if not is_sealed(sealed):
            raise ForgedError("unsigned")
        head, _, text = sealed.partition("\n")
        line, _, signature = head.rpartition(" ")
        # All are tried, so that time tells nothing of which one fits.
        fits = [hmac.compare_digest(_sign(key, line, text), signature.encode()) for key in self._keys]
        if not any(fits):
            raise ForgedError("wrong signature")
        _, sender, number, milliseconds = line.split(" ")
        self._admit(sender, int(number), int(milliseconds) / 1000)
        return text

    def _admit(self, sender: str, number: int, sent: float) -> None:
        now = self._clock()
        if abs(now - sent) > WINDOW_SECONDS:
            raise ForgedError("too old")
        self._sweep(now)
        known = self._senders.get(sender)
        if known is None:
            known = _Sender(highest=number, latest=sent, since=self._forgotten)
        if sent <= known.since:
            raise ForgedError("too old")
        known.note(number)
        known.latest = max(known.latest, sent)
        self._senders[sender] = known

    def _sweep(self, now: float) -> None:
        """Forget senders whose messages would all be too old by now."""
        if abs(now - self._swept) > WINDOW_SECONDS:
            self._swept = now
            for name, sender in list(self._senders.items()):
                if now - sender.latest > WINDOW_SECONDS:
                    self._forgotten = max(self._forgotten, sender.latest)
                    del self._senders[name]


@dataclass(slots=True)
class _Sender:
    """What has come from one sender.

    Attributes:
        highest: The highest of its numbers.
        latest: When the latest of its messages was sent.
        since: What was sent up to then may have come before anything was known of it.
        seen: A bit for each of the last numbers, the lowest bit for the highest number.
    """

    highest: int
    latest: float
    since: float
    seen: int = 0

    def note(self, number: int) -> None:
        """Remember a number.

        Raises:
            ForgedError: it has come before, or so long ago that nobody knows.
        """
        if number > self.highest:
            self.seen = (self.seen << min(number - self.highest, _REORDERED)) & _SEEN
            self.highest = number
        behind = self.highest - number
        if behind >= _REORDERED or self.seen >> behind & 1:
            raise ForgedError("repeated")
        self.seen |= 1 << behind


def _sign(key: hmac.HMAC, line: str, text: str) -> bytes:
    signing = key.copy()
    signing.update(f"{line}\n{text}".encode())
    return signing.hexdigest().encode()
