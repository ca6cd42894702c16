"""What becomes of an exception that user code raised: a refusal of its author's, or a failure."""

from __future__ import annotations

import secrets

from ..engine.crashes import describe_crash
from ..errors import RefusedError, ValidationError
from ..logs import get_logger

__all__ = ["internal_error", "is_refusal", "is_refusal_by_hand", "new_ref"]

logger = get_logger()


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


def new_ref() -> str:
    """Return what a refusal and the log have in common."""
    return secrets.token_hex(6)


def internal_error(error: BaseException, what: str, *, log: bool = True) -> RefusedError:
    """Log a failure under a reference, and return the refusal that carries nothing but it."""
    ref = new_ref()
    if log:
        logger.error("%s %s [ref %s]", what, describe_crash(error), ref, exc_info=error)
    return RefusedError("internal_error", "the server failed to handle this", ref=ref)
