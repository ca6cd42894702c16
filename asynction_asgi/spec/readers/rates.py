"""``x-rate``: how often clients may emit, and where nothing could be counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..model import ANY_NAMESPACE, Rate, is_required, usual_burst
from ..structure.extensions import DAY, MOST_EVENTS
from .answers import read_answers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..model import Event, Security
    from ..text.document import Node
    from .reading import ChannelDraft, OperationDraft, Reader

__all__ = ["check_users", "read_channel_rate", "read_rate", "refuse_uncounted"]

# Seconds between two events in the long run; a refusal says in how many seconds the client may try again.
_SHORTEST = 1e-6
_ANSWER = "an acknowledgement is not an event, and is not counted"
_BY = ("connection", "user", "address")
_CURE = {
    True: "move it to a message of 'publish', or to the channel",
    False: "move it to a message of an operation with the action 'receive', or to the channel",
}


def read_rate(reader: Reader, node: Node | None) -> Rate | None:
    """Return what ``x-rate`` says, or None if it is absent or malformed; a faulty combination is reported."""
    said = reader.follow(node)
    if node is None or said is None or not isinstance(said.value, dict):
        return None
    known = {name: said.value[name] for name in ("limit", "per", "burst", "by") if name in said.value}
    limit: Any = known.get("limit")
    per: Any = known.get("per", 1)
    is_sound = (
        _is_number(limit, MOST_EVENTS)
        and _is_number(per, DAY)
        and _is_number(known.get("burst", 1), MOST_EVENTS)
        and known.get("by", "user") in _BY
    )
    if not is_sound:  # which the grammar has reported
        return None
    if not _SHORTEST <= per / limit <= DAY:
        what = (
            f"{limit:g} events in {per:g} s are one in {per / limit:g} s; change 'limit' or 'per', so that it is"
            f" from {_SHORTEST:f} to {DAY} s"
        )
        reader.error(node, "RATE", what, key=True)
    known.setdefault("burst", usual_burst(limit))
    return Rate(**known, node=node)


def _is_number(value: object, most: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= most


def read_channel_rate(reader: Reader, channel: ChannelDraft) -> Rate | None:
    """Return the rate of a channel, or None if it has none; without an address it is reported."""
    node = channel.node.get("x-rate")
    if node is not None and channel.namespace in (None, ANY_NAMESPACE):
        what = "a channel without an address is no namespace, so its events are not counted together; move x-rate to its messages"
        reader.error(node, "RATE", what, key=True)
        return None
    return read_rate(reader, node)


def refuse_uncounted(reader: Reader, operations: Iterable[OperationDraft], lifecycle: Iterable[str]) -> None:
    """Report rates of messages that clients do not emit; one that they may emit as well is counted then.

    Args:
        reader: Takes the findings.
        operations: All that are served.
        lifecycle: Names of messages that stand for connections.
    """
    counted: set[object] = set()
    uncounted: list[tuple[Node, str]] = []
    for operation in operations:
        for message in operation.messages:
            name = message.fields.text("name") or message.fallback or ""
            node = message.fields.get("x-rate")
            if node is not None and operation.direction == "sends":
                uncounted.append((node, f"only the server emits {name!r}, which is not counted"))
            elif node is not None and name in lifecycle:
                uncounted.append((node, f"{name!r} is not an event, and connections are not counted"))
            elif node is not None:
                counted.add(node.identity)
        rates = (answer.get("x-rate") for answer in read_answers(reader, operation))
        uncounted += [(node, _ANSWER) for node in rates if node is not None]
    for node, reason in uncounted:
        if node.identity not in counted:
            counted.add(node.identity)  # each is reported once
            reader.error(node, "RATE", f"{reason}; {_CURE[reader.traits_win]}", key=True)


def check_users(
    reader: Reader, rate: Rate | None, events: Iterable[Event], securities: Iterable[Security | None]
) -> None:
    """Report rates by user where not every client must be one.

    Args:
        reader: Takes the findings.
        rate: Of a channel, or None.
        events: Those that clients may emit there.
        securities: What connecting requires in each namespace that has these events.
    """
    if all(map(is_required, securities)):
        return
    for said in (rate, *(event.rate for event in events)):
        if said is not None and said.by == "user":
            what = (
                "'by: user' needs security that every client must satisfy to connect: add x-security to the"
                " channel, without {}; or use 'by: address'"
            )
            reader.error(said.node, "RATE", what, key=True)
