"""Signed messages on a queue: without the secret, messages cannot be forged, altered or repeated.

A signed message is a line ``asynction1 <sender> <number> <milliseconds> <HMAC-SHA256>`` and the message
itself; the signature covers the channel, the line and the message. Listeners that do not know this form
find no JSON there and ignore it.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...reasons import Dropped
from .process_id import Identity
from .window import Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ..options import Secret

# How far the clocks of two machines may differ, the time in the queue included.
WINDOW_SECONDS = 60.0
_MARK = "asynction1 "
_SHORTEST = 16


class ForgedError(ValueError):
    """A message whose signature is missing, wrong, stale or repeated.

    Attributes:
        fault: What is wrong with it.
    """

    def __init__(self, fault: Dropped) -> None:
        self.fault = fault
        super().__init__(fault)


def is_sealed(text: str) -> bool:
    """Return whether a message is signed."""
    return text.startswith(_MARK)


def read_secrets(given: Secret | Iterable[Secret]) -> tuple[bytes, ...]:
    """Return one or several secrets as bytes, in the order given.

    Raises:
        ValueError: There is no secret, or one is too short. The message does not repeat it.
    """
    several = [given] if isinstance(given, (str, bytes)) else list(given)
    keys = tuple(secret.encode() if isinstance(secret, str) else bytes(secret) for secret in several)
    if not keys or any(len(key) < _SHORTEST for key in keys):
        raise ValueError(f"message_queue_secret needs at least {_SHORTEST} bytes in each secret")
    return keys


class Seal:
    """Signs what one process sends over a channel, and opens what others signed.

    Senders number their messages, and a `Window` records which of the last ones have arrived, so memory does
    not grow with traffic. Messages older than `WINDOW_SECONDS` are refused, so that senders can be forgotten.
    So are messages that are not newer than all forgotten ones: none can be repeated after a clock is set back.
    """

    def __init__(
        self, keys: Sequence[bytes], *, channel: str, clock: Callable[[], float] = time.time
    ) -> None:
        self._keys = [hmac.new(key, channel.encode() + b"\n", hashlib.sha256) for key in keys]
        self._clock = clock
        self._sender = Identity()
        self._numbers = itertools.count(1)  # shared by the server's loop and the courier's thread
        self._senders: dict[str, _Sender] = {}
        self._swept = clock()
        self._forgotten = 0.0  # when the newest of the forgotten messages was sent

    @property
    def own_prefix(self) -> bytes:
        """The first bytes of each message of this process."""
        return f"{_MARK}{self._sender.name} ".encode()

    def seal(self, text: str) -> str:
        """Sign a message with the first secret; any thread may call this."""
        line = f"{_MARK}{self._sender.name} {next(self._numbers)} {int(self._clock() * 1000)}"
        return f"{line} {_sign(self._keys[0], line, text).decode()}\n{text}"

    def open(self, sealed: str, *, now: float | None = None) -> str:
        """Return the message inside; the same message cannot be opened again.

        Args:
            sealed: The line and the message.
            now: When the broker received the message, in seconds since 1970; by default, the time of our own
                clock. With it, a reader that was paused for minutes can still open what it missed.

        Raises:
            ForgedError: None of the secrets signed it, it is too old, or it has been opened before.
        """
        if not is_sealed(sealed):
            raise ForgedError(Dropped.UNSIGNED)
        head, _, text = sealed.partition("\n")
        line, _, signature = head.rpartition(" ")
        # All are tried, so that the time taken does not reveal which one fits.
        fits = [hmac.compare_digest(_sign(key, line, text), signature.encode()) for key in self._keys]
        if not any(fits):
            raise ForgedError(Dropped.WRONG_SIGNATURE)
        _, sender, number, milliseconds = line.split(" ")
        self._admit(sender, int(number), int(milliseconds) / 1000, self._clock() if now is None else now)
        return text

    def _admit(self, sender: str, number: int, sent: float, now: float) -> None:
        if abs(now - sent) > WINDOW_SECONDS:
            raise ForgedError(Dropped.TOO_OLD)
        self._sweep(now)
        known = self._senders.get(sender)
        if known is None:
            known = _Sender(Window(number, earlier=True), latest=sent, since=self._forgotten)
        if sent <= known.since:
            raise ForgedError(Dropped.TOO_OLD)
        if not known.window.admit(number):
            raise ForgedError(Dropped.REPEATED)
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
    """What has arrived from one sender.

    Attributes:
        window: Which of its numbers have arrived.
        latest: When the latest of its messages was sent.
        since: Messages sent up to this time are refused: they may have arrived before the sender was forgotten.
    """

    window: Window
    latest: float
    since: float


def _sign(key: hmac.HMAC, line: str, text: str) -> bytes:
    signing = key.copy()
    signing.update(f"{line}\n{text}".encode())
    return signing.hexdigest().encode()
