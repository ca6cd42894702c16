"""How often clients may emit: a tighter rate refuses what was let through before."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from .changes import Change, place_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..spec.model import Event, Namespace, Rate


def compare_rates(
    old: Event | Namespace,
    new: Event | Namespace,
    name: str,
    *,
    namespace: str,
    event: str | None = None,
    joined: Sequence[Event] = (),
) -> Iterator[Change]:
    """Yield how the rate of an event, or of all events of a namespace, changed, if it did.

    Args:
        old: As it was declared.
        new: As it is declared now.
        name: Of what has the rate, for the message.
        namespace: In the old contract.
        event: The event, or None for a namespace.
        joined: Other events, as they were declared, that the new rate counts together with this one.
    """
    before, after = old.rate, new.rate
    if not joined and _terms(before) == _terms(after):
        return
    if before is None and after is None:
        return
    tighter = _is_tighter([before, *(other.rate for other in joined)], after)
    what = f"x-rate of {name}"
    if before is None:
        message = f"{what} is new: {after}"
    elif after is None:
        message = f"{what}, {before}, is removed"
    else:
        together = f", together with {', '.join(repr(other.name) for other in joined)}" if joined else ""
        message = f"{what} was {before}, and is now {after}{together}"
    yield Change(
        level="breaking" if tighter else "compatible",
        code="RATE_TIGHTENED" if tighter else "RATE_LOOSENED",
        message=message + ("; clients may be refused with rate_limited" if tighter else ""),
        namespace=namespace,
        event=event,
        old=place_of(old.node if before is None else before.node),
        new=place_of(new.node if after is None else after.node),
    )


def _terms(rate: Rate | None) -> tuple[Fraction, float, str] | None:
    """Return what a rate means: events per second, as exactly as they are written, the burst, and by what."""
    if rate is None:
        return None
    return Fraction(str(rate.limit)) / Fraction(str(rate.per)), rate.burst, rate.by


def _is_tighter(old: Sequence[Rate | None], new: Rate | None) -> bool:
    """Return whether the new rate refuses events that the old ones, which it replaces, let through."""
    after = _terms(new)
    if after is None:
        return False
    before = [terms for terms in map(_terms, old) if terms is not None]
    return (
        len(before) < len(old)
        or after[0] < sum(speed for speed, _, _ in before)
        or after[1] < sum(burst for _, burst, _ in before)
        or any(after[2] not in (by, "connection") for _, _, by in before)
    )
