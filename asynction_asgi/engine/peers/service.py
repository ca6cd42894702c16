"""What a server still takes from clients, on the way to its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .members import Connection


@dataclass(slots=True)
class Service:
    """What a server takes: all of it, until it begins to end.

    Attributes:
        stopping: Whether it has begun to end.
        admitting: Whether new clients are taken.
        leaving: The connections that are leaving while the others go on; None if none goes on.
    """

    stopping: bool = False
    admitting: bool = True
    leaving: set[Connection] | None = None

    def refuses(self, connection: Connection) -> bool:
        """Return whether nothing new is taken from a client any more."""
        return self.stopping and (self.leaving is None or connection in self.leaving)

    def draining(self, connection: Connection) -> bool:
        """Return whether a client leaves while others go on; what it sends is not answered, as it will come back."""
        return self.leaving is not None and connection in self.leaving

    def begin_drain(self, *, admitting: bool) -> None:
        """Let clients leave one after another."""
        self.stopping, self.admitting, self.leaving = True, admitting, set()

    def begin_stop(self) -> None:
        """Take nothing new from any client."""
        self.stopping, self.admitting, self.leaving = True, False, None

    def restart(self) -> None:
        """Take everything again."""
        self.stopping, self.admitting, self.leaving = False, True, None
