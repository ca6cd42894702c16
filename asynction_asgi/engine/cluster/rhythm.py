"""How often processes announce themselves, and how long silence is tolerated."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """Timeouts and intervals of a queue, in seconds.

    Attributes:
        beat: Between two beats of a process.
        silence: After which a connection is replaced on which not even the process's own beats arrive.
        death: After the last beat, until a process counts as dead.
        tick: Between two checks of beats and of missing messages, which are awaited at least this long.
        write: How long a broker may take to confirm a batch.
        retry: Before a connection is opened again.
        gather: How long the writer waits, after a reconnection, for other listeners to subscribe again.
        claim: For the process that has a client's session to say so; then the client starts a new session.
        unheld: Until processes that don't have it say so, if none has answered.
        outage: How long emits wait for room, from the beginning of an outage; then the oldest message is dropped.
    """

    beat: float = 5.0
    silence: float = 12.0
    death: float = 15.0
    tick: float = 1.0
    write: float = 3.0
    retry: float = 0.1
    gather: float = 3.0
    claim: float = 2.0
    unheld: float = 0.25
    outage: float = 5.0
