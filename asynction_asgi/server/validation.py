"""How strictly the contract is enforced, per direction."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ..errors import UndeclaredEventError
from ..logs import Throttle, get_logger

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..errors import ValidationError

Enforcement = Literal["enforce", "warn", "off"]

logger = get_logger("validation")


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """What happens to values that do not match the document.

    ``enforce`` refuses them, ``warn`` logs and lets them through, and ``off`` does not check.

    Attributes:
        inbound: What clients send: handshakes, events' arguments, answers to our calls.
        outbound: What the server sends: emits, and the acks that handlers return.
    """

    inbound: Enforcement = "enforce"
    outbound: Enforcement = "enforce"

    def __post_init__(self) -> None:
        for direction in (self.inbound, self.outbound):
            if direction not in ("enforce", "warn", "off"):
                raise ValueError(f"validation must be 'enforce', 'warn' or 'off', not {direction!r}")


def validation_of(setting: Validation | Enforcement | bool) -> Validation:  # noqa: FBT001  # the public option is a bool
    """Return the option ``validation`` per direction: True enforces both, False ignores both.

    Raises:
        ValueError: It has another value.
    """
    if isinstance(setting, Validation):
        return setting
    if isinstance(setting, bool):
        setting = "enforce" if setting else "off"
    return Validation(inbound=setting, outbound=setting)


# A server may emit undeclared events whose names contain what clients sent.
_MOST_KEYS = 1000


class ViolationLog:
    """Counts and logs what ``warn`` lets through; memory and the number of lines are bounded.

    Args:
        tell: Is called with each error, and the namespace and event of the document; `Observer.violated`.

    Attributes:
        counts: Occurrences by ``(namespace, event, part)``, as the document names them: a dynamic
            namespace by its template, what a wildcard takes by ``*``. The event is None in a
            handshake. Undeclared names beyond the first thousand count as ``*`` too.
    """

    def __init__(self, tell: Callable[..., None] | None = None) -> None:
        self._tell = tell
        self._undeclared = 0
        self.counts: Counter[tuple[str, str | None, str]] = Counter()
        self._throttle = Throttle(most=_MOST_KEYS)

    def let_through(
        self,
        error: ValidationError,
        namespace: str,
        event: str | None,
        *,
        finish: Callable[[ValidationError], None] | None = None,
    ) -> None:
        """Record a violation that was not enforced.

        Args:
            error: The violation; its own names are those that a peer chose.
            namespace: The declared namespace.
            event: The declared event, or one that the code names and the document does not.
            finish: Completes the error's message, if it is logged.
        """
        key = namespace, event, error.part
        if isinstance(error, UndeclaredEventError) and key not in self.counts:
            # The document bounds the number of other names.
            if self._undeclared >= _MOST_KEYS:
                key = "*", "*", error.part
            else:
                self._undeclared += 1
        self.counts[key] += 1
        if self._tell is not None:
            self._tell(error, namespace, event)
        unsaid = self._throttle.admits(key)
        if unsaid is not None:
            if finish is not None:
                finish(error)
            extra = {"namespace": namespace, "event": event, "code": error.code, "reason": error.keyword}
            logger.warning("let through: %s%s", error, unsaid, extra=extra)
