"""What is wrong with the type of a handler."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What is wrong with a type; only a contradiction is an error."""

    message: str
    is_error: bool
