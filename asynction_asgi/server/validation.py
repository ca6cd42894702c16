"""How strictly the contract is enforced, per direction."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from ..errors import ValidationError

__all__ = ["Enforcement", "Validation", "ViolationLog", "validation_of"]

Enforcement = Literal["enforce", "warn", "off"]

logger = logging.getLogger("asynction_asgi.validation")


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """What happens to values that miss the document: refuse, log and let through, or don't look.

    Attributes:
        inbound: What clients send: handshakes, events' arguments, answers to our calls.
        outbound: What the server sends: emits, and the acks that handlers return.
    """

    inbound: Enforcement = "enforce"
    outbound: Enforcement = "enforce"

    def __post_init__(self) -> None:
        for direction in (self.inbound, self.outbound):
            if direction not in ("enforce", "warn", "off"):
                raise ValueError(f"validation is 'enforce', 'warn' or 'off', not {direction!r}")


def validation_of(setting: Validation | Enforcement | bool) -> Validation:  # noqa: FBT001 - the public option is a bool
    """``True`` enforces and ``False`` ignores both directions; a word sets both.

    Raises:
        ValueError: another word.
    """
    if isinstance(setting, Validation):
        return setting
    if isinstance(setting, bool):
        setting = "enforce" if setting else "off"
    return Validation(inbound=setting, outbound=setting)


class ViolationLog:
    """Counts and logs what ``warn`` lets through.

    Attributes:
        counts: Occurrences by ``(namespace, event, part)``; the event is None in a handshake.
    """

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str | None, str]] = Counter()

    def let_through(self, error: ValidationError) -> None:
        """Record a violation that was not enforced."""
        self.counts[error.namespace, error.event, error.part] += 1
        logger.warning("let through: %s", error)
