"""What becomes of an exception that user code raised: a refusal of its author's, or a failure."""

from __future__ import annotations

from ..errors import RefusedError, ValidationError

__all__ = ["is_refusal", "is_refusal_by_hand"]


def is_refusal(error: BaseException, *, ours: bool) -> bool:
    """Return whether the client is told the error unchanged.

    A validation error that left a handler is about what the handler sent or asked for, not about
    what this client sent: to the client it is a failure like any other.
    """
    return isinstance(error, RefusedError) and (ours or not isinstance(error, ValidationError))


def is_refusal_by_hand(error: BaseException) -> bool:
    """Return whether the error is the builtin ConnectionRefusedError, which python-socketio lets handlers raise.

    One with an errno comes from a failed connection to a backend.
    """
    return isinstance(error, ConnectionRefusedError) and error.errno is None
