"""What a process says of itself to probes."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Whether clients may be sent to a process, and what that depends on.

    Attributes:
        handlers: Whether the handlers are bound, and the application has started.
        queue: Whether the message queue was reached once, or there is none. A later outage changes nothing:
            the process goes on serving its clients.
        draining: Whether clients are being sent away, or the process stops.
    """

    handlers: bool
    queue: bool
    draining: bool

    @property
    def ready(self) -> bool:
        """Whether clients may be sent here."""
        return self.handlers and self.queue and not self.draining

    @property
    def body(self) -> Mapping[str, bool]:
        """The same as the members of an answer."""
        return {"ready": self.ready, **asdict(self)}

    @property
    def flags(self) -> int:
        """The same as bits."""
        return self.handlers | self.queue << 1 | self.draining << 2

    @classmethod
    def of(cls, flags: int) -> Health:
        """Read `flags`."""
        return cls(handlers=bool(flags & 1), queue=bool(flags & 2), draining=bool(flags & 4))


def combined(parts: Iterable[Health]) -> Health:
    """Return the health of several applications in one process."""
    parts = list(parts)
    return Health(
        handlers=all(part.handlers for part in parts),
        queue=all(part.queue for part in parts),
        draining=any(part.draining for part in parts),
    )
