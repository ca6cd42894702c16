"""The processes on the queue, known by the beats that each sends."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_MOST = 10_000


@dataclass(slots=True)
class _Process:
    clients: int
    heard: float


class Census:
    """The processes that sent a beat recently.

    Args:
        death: Seconds of silence after which a process counts as dead.
    """

    def __init__(self, death: float) -> None:
        self._death = death
        self._processes: dict[str, _Process] = {}

    @property
    def processes(self) -> Mapping[str, int]:
        """The number of clients of each process, by its ID."""
        return {name: process.clients for name, process in self._processes.items()}

    def note(self, name: str, clients: int) -> bool:
        """Record a beat, and return whether the process was unknown."""
        known = self._processes.get(name)
        if known is None:
            if len(self._processes) < _MOST:
                self._processes[name] = _Process(clients, time.monotonic())
            return True
        known.clients, known.heard = clients, time.monotonic()
        return False

    def forget(self, name: str) -> None:
        """Forget a process that has announced its end."""
        self._processes.pop(name, None)

    def bury(self) -> list[str]:
        """Forget the processes that were silent for too long, and return their IDs."""
        oldest = time.monotonic() - self._death
        dead = [name for name, process in self._processes.items() if process.heard < oldest]
        for name in dead:
            del self._processes[name]
        return dead
