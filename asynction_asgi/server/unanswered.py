"""Why a client did not answer what it was asked."""

from __future__ import annotations

from ..errors import AckValidationError, DisconnectedError, NoAnswerError
from ..reasons import Unanswered


def why_unanswered(error: BaseException) -> Unanswered | None:
    """Return the reason that an error of a call stands for, or None if it is about something else."""
    if isinstance(error, NoAnswerError):
        return Unanswered.DISPLACED if error.displaced else Unanswered.TIMEOUT
    if isinstance(error, DisconnectedError):
        return Unanswered.GONE
    return Unanswered.INVALID if isinstance(error, AckValidationError) else None
