"""The state of the message queue, as an application sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Mapping

    from .managers import QueueRooms
    from .traffic import Traffic


class Queue:
    """The state of a process's message queue; read-only, and always current."""

    def __init__(self, manager: QueueRooms) -> None:
        self._manager = manager

    def __repr__(self) -> str:
        state = "connected" if self.connected else "not connected"
        return f"<Queue {self._manager.settings.place}: {state}, {self.pending} pending>"

    @property
    def connected(self) -> bool:
        """Whether the process can write to the queue and listens to it, as far as it knows."""
        link = self._manager.link
        return link is not None and link.outages.connected

    @property
    def lost(self) -> Counter[str]:
        """Number of messages that were lost, by the reason.

        ``outage``: dropped here, as the queue could not be reached for too long. ``missed``: published by
        other processes while this one could not listen. ``retention``: no longer in the stream when this
        process could read again, or lost by the broker. ``refused``: dropped here, as the broker refused it
        repeatedly while it accepted others, such as for its size.
        """
        return self._manager.lost

    @property
    def dropped(self) -> Counter[str]:
        """Number of messages that were dropped on receipt, by the reason, such as ``repeated`` or ``unsigned``."""
        return self._manager.dropped

    @property
    def traffic(self) -> Traffic:
        """Messages and outages since the process began, and how long a message takes."""
        return self._manager.traffic

    @property
    def without(self) -> float:
        """Seconds without the queue since the process began."""
        link = self._manager.link
        return self._manager.traffic.without if link is None else link.outages.without

    @property
    def moved(self) -> Counter[str]:
        """Number of sessions whose clients came back to another process, by the outcome.

        ``given``: another process has taken it over. ``taken``: this process has taken it over. With the other
        outcomes, the client started a new session here. ``unanswered``: no process had the session, or none
        answered in time; ``incomplete``: the client had missed more than is kept; ``not JSON``: the saved session
        or the user has no JSON form; ``outage``: the queue was unreachable; ``busy``: its handlers did not end in
        time, the client had connected to yet another process, or `Limits.recovery_sessions` clients were moving
        here already.
        """
        return self._manager.moved

    @property
    def pending(self) -> int:
        """Number of messages that the broker has not confirmed yet."""
        link = self._manager.link
        return 0 if link is None else link.writer.pending

    @property
    def processes(self) -> Mapping[str, int]:
        """Number of clients by process, for each server on the queue that sent a beat recently."""
        link = self._manager.link
        return {} if link is None else link.processes
