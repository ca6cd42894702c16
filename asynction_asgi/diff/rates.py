"""How often clients may emit: a tighter rate refuses what was let through before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .changes import Change, place_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..spec.model import Event, Namespace, Rate

__all__ = ["compare_rates"]


def compare_rates(
    old: Event | Namespace, new: Event | Namespace, name: str, *, namespace: str, event: str | None = None
) -> Iterator[Change]:
    """Yield how the rate of an event, or of all events of a namespace, changed, if it did.

    Args:
        old: As it was declared.
        new: As it is declared now.
        name: Of what has the rate, for the message.
        namespace: In the old contract.
        event: The event, or None for a namespace.
    """
    before, after = old.rate, new.rate
    if before == after:
        return
    tighter = _is_tighter(before, after)
    what = f"x-rate of {name}"
    if before is None:
        message = f"{what} is new: {after}"
    elif after is None:
        message = f"{what} is gone, which was {before}"
    else:
        message = f"{what} has become {after}, and was {before}"
    yield Change(
        level="breaking" if tighter else "compatible",
        code="RATE_TIGHTENED" if tighter else "RATE_LOOSENED",
        message=message + ("; clients may be refused with rate_limited" if tighter else ""),
        namespace=namespace,
        event=event,
        old=place_of(old.node if before is None else before.node),
        new=place_of(new.node if after is None else after.node),
    )


def _is_tighter(old: Rate | None, new: Rate | None) -> bool:
    """Return whether there are events that only the old rate lets through."""
    if old is None or new is None:
        return new is not None
    is_counted_wider = new.by not in (old.by, "connection")
    is_slower = new.limit * old.per < old.limit * new.per
    return is_slower or new.burst < old.burst or is_counted_wider
