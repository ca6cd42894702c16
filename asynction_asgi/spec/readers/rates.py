"""``x-rate``: how often clients may emit, and where users can't be counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..model import Rate, is_required, usual_burst
from ..structure.extensions import DAY, RATE_FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..model import Event, Security
    from ..text.document import Node
    from .reading import Reader

# Seconds between two events in the long run; a refusal says in how many seconds the client may try again.
_SHORTEST = 1e-6


def read_rate(reader: Reader, node: Node | None) -> Rate | None:
    """Return what ``x-rate`` says, or None if it is absent or malformed; a faulty combination is reported."""
    said = reader.follow(node)
    if node is None or said is None or not isinstance(said.value, dict):
        return None
    known: dict[str, Any] = {name: said.value[name] for name in RATE_FIELDS if name in said.value}
    if "limit" not in known or not all(RATE_FIELDS[name].admits(value) for name, value in known.items()):
        return None  # as the grammar has reported
    rate = Rate(**{"burst": usual_burst(known["limit"]), **known}, node=node)
    interval = rate.per / rate.limit
    if not _SHORTEST <= interval <= DAY:
        what = (
            f"one event in {interval:g} s is out of range; change 'limit' or 'per', so that it is one in"
            f" {_SHORTEST:f} to {DAY:,} s"
        )
        reader.error(node, "RATE", what, key=True)
    return rate


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
