"""How often processes tell of one another, and how long silence is tolerated."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """Times of a queue, in seconds.

    Attributes:
        beat: Between two beats of a process.
        silence: A connection on which the process does not even receive its own beats is replaced.
        death: Seconds after the last beat at which a process counts as dead.
        tick: Between two looks at all that; a message that is missing is waited for at least so long.
        write: How long a broker may take to answer for a batch.
        retry: Before a connection is opened again.
        gather: After the writer's connection was replaced, for the other listeners to subscribe again.
        claim: The process that has a client's session says so, or the client starts a new session.
        unheld: Processes that don't have it say so if none has answered by then.
        outage: Emits wait for room since the beginning of an outage; then the oldest message is dropped.
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
