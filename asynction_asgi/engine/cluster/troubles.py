"""Why a broker can't be used, and what to do about it, by the error of its client."""

from __future__ import annotations

import asyncio
from typing import NamedTuple


class Trouble(NamedTuple):
    """One kind of trouble with a queue.

    Attributes:
        state: What the queue does; continues a sentence after its name.
        remedy: What to do.
    """

    state: str
    remedy: str


_AWAY = Trouble("can't be reached", "Start it, or correct message_queue")
_FULL = Trouble("refuses messages", "Free memory, or shorten message_queue_retention")
_STRANGER = Trouble("refuses the user or password", "Correct them in message_queue")
_FORBIDDEN = Trouble("denies its user a required permission", "Permit it, or correct message_queue")
_ERROR = Trouble("answers with an error", "Correct what the error names, or message_queue")
# By the names of classes, as the clients of Redis, Valkey and RabbitMQ have no common base.
_TROUBLES = {
    "FullError": _FULL,
    "AuthenticationError": _STRANGER,
    "AuthenticationWrongNumberOfArgsError": _STRANGER,
    "ProbableAuthenticationError": _STRANGER,
    "NoPermissionError": _FORBIDDEN,
    "ChannelAccessRefused": _FORBIDDEN,
    "ConnectionNotAllowed": _FORBIDDEN,
    "ResponseError": _ERROR,
    "ChannelClosed": _ERROR,
}


def name_trouble(error: BaseException) -> Trouble:
    """Return the kind of trouble that an error means; by default, the broker can't be reached."""
    return next((_TROUBLES[name] for name in _kinds(error) if name in _TROUBLES), _AWAY)


def is_answer(error: BaseException) -> bool:
    """Return whether the broker itself has refused, and was reachable."""
    return name_trouble(error) is not _AWAY


def timed_out(error: BaseException) -> bool:
    """Return whether the broker did not answer in time."""
    return "TimeoutError" in _kinds(error)


def describe_error(error: BaseException) -> str:
    """Return the text of an error, or its class if it has none."""
    if isinstance(error, asyncio.CancelledError):
        return "its connection was lost"
    return str(error) or type(error).__name__


def _kinds(error: BaseException) -> list[str]:
    return [kind.__name__ for kind in type(error).__mro__]
