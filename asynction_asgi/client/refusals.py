"""Refusals as a client reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import RefusedError, Violation

if TYPE_CHECKING:
    from .remote_client import Arrival

EXCEPTION = "exception"  # the event that refuses another one, which no document needs to declare


def refusal_in(value: Any) -> RefusedError | None:
    """Parse a standard refusal, or return None."""
    body = value.get("error") if isinstance(value, dict) else None
    if not isinstance(body, dict):
        return None
    code, message, details = body.get("code"), body.get("message"), body.get("details", [])
    if not isinstance(code, str) or not isinstance(message, str) or not isinstance(details, list):
        return None
    try:
        violations = [Violation(**detail) for detail in details]
    except TypeError:  # details of another shape
        return None
    after = body.get("retryAfter")
    if isinstance(after, bool) or not isinstance(after, int | float):
        after = None
    return RefusedError(code, message, details=violations, ref=body.get("ref"), retry_after=after)


def refusal_of(arrival: Arrival) -> RefusedError | None:
    """Return the standard refusal that an event is, or None."""
    if arrival.event != EXCEPTION or len(arrival.arguments) != 1:
        return None
    return refusal_in(arrival.arguments[0])


def connect_refusal(answer: Any) -> RefusedError:
    """Return CONNECT_ERROR as a refusal: the standard one, or the message of another kind of server."""
    fields = answer if isinstance(answer, dict) else {"message": str(answer)}
    return refusal_in({"error": fields.get("data")}) or RefusedError(message=str(fields.get("message", "")))
