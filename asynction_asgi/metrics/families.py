"""Every metric: its name, its labels, and what it says.

The layout of cells, the expositions, the reference, the dashboard and the alerts are all made from this table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

_DURATIONS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_ANSWERS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Family:
    """One metric with all its series; equal only to itself, so that it is quickly found in a dictionary.

    Attributes:
        name: Without the suffix of its samples, such as ``_total``.
        kind: As in Prometheus.
        help: What it says, as a sentence for operators.
        labels: Names of its labels.
        buckets: Of a histogram: the upper bounds in seconds; infinity is not among them.
        combined: Of a gauge: how the values of several workers become one.
    """

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()
    combined: Literal["sum", "max"] = "sum"

    @property
    def sample(self) -> str:
        """The name of its samples; a histogram's have suffixes of their own."""
        return f"{self.name}_total" if self.kind == "counter" else self.name

    @property
    def unit(self) -> str:
        """``seconds``, ``bytes`` or nothing."""
        last = self.name.rpartition("_")[2]
        return last if last in ("seconds", "bytes") else ""


def _counter(name: str, text: str, *labels: str) -> Family:
    return Family(name=f"asynction_{name}", kind="counter", help=text, labels=labels)


def _gauge(name: str, text: str, *labels: str, combined: Literal["sum", "max"] = "sum") -> Family:
    return Family(name=f"asynction_{name}", kind="gauge", help=text, labels=labels, combined=combined)


def _histogram(name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Family:
    return Family(name=f"asynction_{name}", kind="histogram", help=text, labels=labels, buckets=buckets)


INFO = _gauge(
    "info",
    "Always 1; the labels say what is served.",
    *("version", "document", "document_version", "inbound", "outbound"),
    combined="max",
)
CONNECTIONS = _gauge("connections", "Clients that are in a namespace.", "namespace")
TRANSPORTS = _gauge("transports", "Open connections of Engine.IO.", "transport")
CONNECTS = _counter(
    "connects",
    "Clients that asked to join a namespace: accepted, or the code of the refusal.",
    *("namespace", "outcome"),
)
DISCONNECTS = _counter("disconnects", "Clients that left a namespace, by the reason.", "namespace", "reason")
EVENTS = _counter(
    "events",
    "Events of clients: handled, or the code of the refusal. An event outside the document is ''.",
    *("namespace", "event", "outcome"),
)
EVENT_SECONDS = _histogram(
    "event_duration_seconds",
    "Time from an event's validation to its answer, if it was handled or the server failed to.",
    _DURATIONS,
    *("namespace", "event"),
)
VIOLATIONS = _counter(
    "violations",
    "Values that did not match the document, by the first keyword; those that warn let through as well.",
    *("namespace", "event", "direction", "part", "keyword"),
)
EMITS = _counter(
    "emits",
    "Events that the server emitted: sent, or the code of the error.",
    *("namespace", "event", "outcome"),
)
DELIVERIES = _counter(
    "deliveries", "Emitted events given to clients of this process, once for each.", "namespace"
)
ACKS = _counter(
    "acks",
    "Answers of clients that the server asked for, by what became of them.",
    *("namespace", "event", "outcome"),
)
ACK_SECONDS = _histogram(
    "ack_duration_seconds", "Time until a client's answer to a call.", _ANSWERS, *("namespace", "event")
)
RECEIVED = _counter("received_bytes", "Sizes of messages from clients, as Limits counts them.", "transport")
SENT = _counter("sent_bytes", "Sizes of messages for clients, before framing and compression.", "transport")
WAITING = _gauge("events_waiting", "Events that wait until handlers of the same client have ended.")
PAUSES = _counter("input_pauses", "Times that a client's input was paused because its events wait.")
PAUSED = _counter("input_paused_seconds", "Time for which input was paused, over all clients.")
CLOSED = _counter("closed", "Connections that the server closed to protect itself, by the reason.", "reason")
REJECTED = _counter("rejected", "Requests and handshakes that were rejected, by the reason.", "reason")
RECOVERIES = _counter("recoveries", "Clients that returned and went on with their session.", "namespace")
EXPIRED = _counter(
    "sessions_expired", "Clients that were disconnected because their credential had expired.", "namespace"
)
CREDENTIALS_REFUSED = _counter(
    "credentials_refused", "Credentials that were refused, by the reason in the log.", "scheme", "reason"
)
QUEUE_MESSAGES = _counter(
    "queue_messages", "Messages written to the message queue and read from it.", "direction"
)
QUEUE_DROPPED = _counter(
    "queue_dropped", "Messages of the queue that were not taken, by the reason.", "reason"
)
QUEUE_LOST = _counter("queue_lost", "Messages that did not arrive, by the reason.", "reason")
QUEUE_RECONNECTS = _counter("queue_reconnects", "Outages of the message queue that have ended.")
QUEUE_LOST_SECONDS = _counter("queue_lost_seconds", "Time without the message queue.")
QUEUE_PENDING = _gauge("queue_pending", "Messages that the broker has not answered for.")
QUEUE_SILENCE = _gauge(
    "queue_silence_seconds",
    "Time since the process last received its own message from the queue.",
    combined="max",
)
QUEUE_LAG = _gauge("queue_lag_seconds", "Time that the last such message took.", combined="max")
DRAINING = _gauge("draining", "Processes that let their clients leave, or stop.")
LOOP_LAG = _gauge(
    "loop_lag_seconds", "How late the event loop ran a timer, at most in the last 15 seconds.", combined="max"
)

FAMILIES: tuple[Family, ...] = (
    *(INFO, CONNECTIONS, TRANSPORTS, CONNECTS, DISCONNECTS),
    *(EVENTS, EVENT_SECONDS, VIOLATIONS, EMITS, DELIVERIES, ACKS, ACK_SECONDS),
    *(RECEIVED, SENT, WAITING, PAUSES, PAUSED, CLOSED, REJECTED, RECOVERIES, EXPIRED, CREDENTIALS_REFUSED),
    *(QUEUE_MESSAGES, QUEUE_DROPPED, QUEUE_LOST, QUEUE_RECONNECTS, QUEUE_LOST_SECONDS),
    *(QUEUE_PENDING, QUEUE_SILENCE, QUEUE_LAG),
    *(DRAINING, LOOP_LAG),
)
