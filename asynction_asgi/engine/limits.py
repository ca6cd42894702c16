"""What one client may cost the server."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds on one client; sizes are bytes, durations seconds.

    Attributes:
        packet_bytes: Largest WebSocket message and largest polling body taken from a client.
        attachments: Most binary attachments that one packet may announce.
        attachment_bytes: Largest size of one packet's attachments together.
        auth_bytes: Largest CONNECT: its auth is kept as long as the connection.
        json_depth: Deepest nesting of arrays and objects in one packet.
        namespaces: Most namespaces that one connection may be in at the same time.
        refusals: Most CONNECTs that may be refused on one connection before it is closed, so that
            guessing costs a new connection each time.
        handlers: Handlers of one connection that run at the same time. Further events wait.
        backlog: Events of one connection that wait for their turn before its input is paused.
        backlog_bytes: The same, by their size and that of the events whose handlers run, as they were on the
            wire. As Python objects, JSON takes up to about 20 times as much.
        events_per_second: Events taken from one connection, in bursts of as many; the others are
            refused with ``rate_limited``. None is unbounded.
        pending_acks: Acknowledgements that the server awaits from one client in one namespace;
            a new one takes the place of the oldest, whose call fails at once.
        connect_seconds: A connection without a namespace is closed after this time.
        body_seconds: A polling request must have delivered its body within this time.
        upgrade_seconds: Each step of an upgrade to WebSocket must come within this time.
        drain_seconds: Once a client is gone, the events that it had sent are still handled before its
            disconnect handler runs, as long as none of them takes more than this time.
        queued_bytes: Packets may wait for a client up to this size, with 120 bytes for each; a client that
            reads more slowly is dropped.
        patience_seconds: Once a quarter of `queued_bytes` waits for a client, emits and acks to it
            wait for it to read, but no longer than this in all until it has caught up.
        recovery_bytes: Size of all events that are kept for clients that may return, by ``x-recovery``, with 120
            bytes for each. Beyond it the oldest are forgotten; a client that missed one of them can't recover.
        recovery_sessions: Clients that are away and may return; a new one takes the place of the one that left
            first.
    """

    packet_bytes: int = 1_000_000
    attachments: int = 64
    attachment_bytes: int = 10_000_000
    auth_bytes: int = 65536
    json_depth: int = 128
    namespaces: int = 64
    refusals: int = 16
    handlers: int = 64
    backlog: int = 128
    backlog_bytes: int = 4 * 1024 * 1024
    events_per_second: float | None = None
    pending_acks: int = 1024
    connect_seconds: float = 45.0
    body_seconds: float = 20.0
    upgrade_seconds: float = 10.0
    drain_seconds: float = 2.0
    queued_bytes: int = 4 * 1024 * 1024
    patience_seconds: float = 1.0
    recovery_bytes: int = 64 * 1024 * 1024
    recovery_sessions: int = 10_000

    @classmethod
    def kinds(cls) -> Mapping[str, type[int | float]]:
        """Return the type of each limit by its name; one that may be None is a float."""
        return {field.name: int if isinstance(field.default, int) else float for field in fields(cls)}

    def name(self, field: str) -> str:
        """Return the name and value of a limit, for the log."""
        return f"Limits.{field}, {getattr(self, field)}"

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value is None and field.default is None:
                continue
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise TypeError(f"{field.name} must be a number, not {value!r}")
            if not value > 0:
                raise ValueError(f"{field.name} must be above zero, not {value!r}")
