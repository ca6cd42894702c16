"""Which counters each fault moves: by its class, and where it differs by its own name.

Each is the name of a metric, and of its outcome or reason. Counters of what went well move in any fault, as
bystanders are served.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from asynction_asgi.metrics import families

if TYPE_CHECKING:
    from asynction_asgi.metrics import Metrics

    from .faults import Fault

_FAMILIES = (families.EVENTS, families.CONNECTS, families.CLOSED, families.REJECTED, families.ACKS)
_GOOD = ("handled", "accepted", "answered")
# Also moves if a busy machine lets a client of the tests take too long until it connects.
_BY_CHANCE = {"closed no_namespace"}

_BY_KIND: dict[str, tuple[str, ...]] = {
    "undecodable packet": ("closed undecodable",),
    "reserved name": ("events reserved_event",),
    "wrong arguments": ("events invalid_payload",),
    "broken frame": (),
    "attachments": ("closed undecodable",),
    "acknowledgements": (),
    "polling POST": ("closed undecodable",),
    "polling GET": (),
    "foreign request": ("rejected malformed",),
    "upgrade": (),
    "connect": (),
    "client": (),
    "handler": ("events internal_error",),
    "poison for others": ("closed undecodable",),
    "memory": ("closed too_large",),
    "head of a request": ("closed no_namespace",),
}

_BY_FAULT: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (
        (),
        (
            "undecodable packet: an Engine.IO upgrade out of place",
            "undecodable packet: an Engine.IO noop",
            "undecodable packet: an unrequested pong",
            "undecodable packet: a namespace with a query",
            "undecodable packet: a fraction of 900,000 digits",
            "undecodable packet: an exponent of 900,000 digits",
            "undecodable packet: 150,000 escapes",
            "undecodable packet: 900,000 spaces",
            "undecodable packet: 100,000 keys",
            "undecodable packet: a duplicate key",
            "undecodable packet: 100,000 arguments",
            "undecodable packet: an integer of more than 64 bits is not rounded",
            "attachments: a placeholder in a text packet",
            "attachments: an unrequested acknowledgement",
            "attachments: an empty attachment",
            "attachments: missing, then a reset",
            "attachments: missing for ever",
            "attachments: valid attachments are returned, websocket",
            "attachments: valid attachments are returned, polling",
            "polling POST: 40 packets at once",
            "polling POST: 100,000 packets at once",
            "polling POST: an event whose length is not announced",
            "polling POST: half a body, then a reset",
            "polling POST: two at once",
            "foreign request: a POST without a session",
            "foreign request: an unknown path",
            "foreign request: a WebSocket to an unknown path",
            "foreign request: OPTIONS of a session",
            "handler: hangs: the same client is served meanwhile",
            "handler: hangs, and the client leaves",
            "handler: hangs, and its namespace is left",
            "handler: 500 hang for one client",
            "handler: blocks: no other client waits",
            "handler: disconnect raises",
            "handler: emits to a client that has left",
            "handler: disconnects its own client",
        ),
    ),
    (
        ("connects payload_too_large",),
        (
            "undecodable packet: a namespace of 100,000 characters",
            "memory: auth of 900,000 bytes, accepted and stored",
        ),
    ),
    (
        ("connects forbidden",),
        (
            "undecodable packet: a namespace of control characters",
            "connect: a handler's refuse",
            "connect: a handler's false",
            "connect: a handler's greet, refuse",
            "connect: an unknown namespace",
            "connect: unknown namespaces, 2,000 of them",
            "connect: events while it is pending",
        ),
    ),
    (
        ("events unknown_event",),
        (
            "reserved name: an undeclared event, with an ack id",
            "reserved name: an undeclared event, without an ack id",
            "reserved name: an event called error, with an ack id",
            "reserved name: an event called error, without an ack id",
            "reserved name: an event without characters, with an ack id",
            "reserved name: an event without characters, without an ack id",
            "reserved name: an event called __class__, with an ack id",
            "reserved name: an event called __class__, without an ack id",
        ),
    ),
    (
        ("closed too_large",),
        (
            "broken frame: a frame of 2 to the 62 bytes",
            "broken frame: a text message over the limit",
            "broken frame: a binary message over the limit",
            "polling POST: a body over the limit",
            "polling POST: a body over the limit that is announced and never sent",
            "polling POST: a body over the limit whose length is not announced",
        ),
    ),
    (
        ("closed no_pong",),
        (
            "broken frame: half a frame, then nothing more",
            "client: stalls on a WebSocket",
            "client: stalls on polling",
            "client: goes on sending, but answers no ping",
        ),
    ),
    (
        ("closed undecodable",),
        (
            "acknowledgements: in a namespace that is not connected",
            "acknowledgements: in a namespace that does not exist",
            "acknowledgements: an id of 400 digits",
            "connect: an event before CONNECT",
            "connect: a DISCONNECT before CONNECT",
            "connect: an event to a namespace that is not connected",
            "memory: auth of 900,000 bytes to a namespace of 90,000 characters",
        ),
    ),
    (("acks gone", "closed undecodable", "events unavailable"), ("acknowledgements: of the wrong shape",)),
    (("acks invalid", "events invalid_ack"), ("acknowledgements: a value that the contract does not allow",)),
    (("acks invalid",), ("acknowledgements: an invalid value for a callback",)),
    (("acks timeout", "events timeout"), ("acknowledgements: no answer",)),
    (("acks gone", "events unavailable"), ("acknowledgements: no answer, as the client has left",)),
    (("closed slow_body",), ("polling POST: half a body, then nothing more",)),
    (("closed overlap", "rejected unknown_session"), ("polling GET: two at once close the session",)),
    (
        ("rejected unknown_session",),
        (
            "polling GET: aborted: later packets are not lost silently",
            "foreign request: an unknown session",
            "foreign request: a POST to an unknown session",
            "foreign request: a WebSocket to an unknown session",
            "upgrade: nothing is lost or reordered",
            "head of a request: a session named twice",
        ),
    ),
    (
        ("closed no_pong", "rejected unknown_session"),
        (
            "polling GET: never again",
            "memory: events for a hanging handler over polling, then gone",
        ),
    ),
    (
        ("rejected version",),
        (
            "foreign request: Engine.IO 3",
            "foreign request: Engine.IO abc",
            "foreign request: a WebSocket of Engine.IO 3",
        ),
    ),
    (
        ("rejected malformed", "rejected unknown_session"),
        ("upgrade: twice",),
    ),
    (
        ("rejected origin",),
        (
            "foreign request: a page of another origin",
            "head of a request: a foreign origin that is not ASCII",
            "head of a request: the own origin, and not ASCII",
            "head of a request: an invalid forwarded host",
        ),
    ),
    (
        ("closed no_namespace",),
        (
            "foreign request: a WebSocket with transport polling",
            "foreign request: 200 sessions with a single request each",
            "connect: no CONNECT",
            "client: opens 200 connections and no namespace",
        ),
    ),
    (
        ("connects internal_error",),
        (
            "connect: a handler's boom",
            "connect: a handler's bad type",
            "connect: a handler's cancelled",
        ),
    ),
    (("connects rate_limited",), ("connect: 500 times, each followed by DISCONNECT",)),
    (
        ("closed slow_reader",),
        (
            "client: does not read, websocket",
            "memory: pings without reading the pongs, and unrequested pongs",
        ),
    ),
    (("closed slow_reader", "rejected unknown_session"), ("client: does not read, polling",)),
    (("events internal_error",), ("poison for others: a placeholder of its own beside the server's bytes",)),
    (("closed no_namespace", "connects forbidden"), ("memory: CONNECT to unknown namespaces, for ever",)),
    (("rejected too_large",), ("head of a request: a header of 1,000,000 bytes",)),
    (("closed no_namespace", "rejected unknown_session"), ("head of a request: an empty session",)),
)
_EXPECTED = {name: set(counters) for counters, names in _BY_FAULT for name in names}


def bad_outcomes(metrics: Metrics) -> Counter[str]:
    """Return what was counted of anything that did not go well."""
    counts: Counter[str] = Counter()
    for sample in metrics.sample(*_FAMILIES):
        *_, outcome = sample.labels.values()
        if outcome not in _GOOD:
            counts[f"{sample.family.name.removeprefix('asynction_')} {outcome}"] += int(sample.value)
    return counts


def misses(fault: Fault, moved: Counter[str]) -> list[str]:
    """Return which counters a fault should have moved, and did not, or moved without reason."""
    expected = _EXPECTED.get(fault.id, set(_BY_KIND[fault.kind]))
    return [
        *(f"{name} has not moved" for name in sorted(expected - set(moved))),
        *(f"{name} has moved" for name in sorted(set(moved) - expected - _BY_CHANCE)),
    ]
