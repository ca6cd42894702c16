"""Handlers whose first parameter may be meant for the connection, but would receive an argument."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..callables import name_function
from ..spec.model import count_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .bound_handler import BoundHandler


def explain_missing_lead(
    bound: BoundHandler, what: str, ranges: Sequence[tuple[int, int | None]] | None, *, named: bool = False
) -> str | None:
    """Explain why the first parameter of a handler may have to take the connection.

    Args:
        bound: The handler.
        what: What it handles, in words.
        ranges: Fewest and most arguments of each alternative; None is any number.
        named: Whether the event's name comes before the arguments.

    Returns:
        What is wrong and what to do, or None if the signature leaves nothing in doubt.
    """
    if not bound.without_connection:
        return None
    first, extra = bound.without_connection[0], 1 if named else 0
    name = name_function(bound.function)
    cure = f"if {first!r} is the connection, call it sid or socket, or annotate it with Socket"
    if ranges is None:
        more = len(bound.without_connection) - extra
        if more < 1 or (more == 1 and bound.maximum is not None):
            return None
        return (
            f"no schema checks {what}, so that nothing says whether the first parameter of {name}, {first!r},"
            f" takes the connection or an argument: {cure}; if it is an argument, put socket before it"
        )
    calls = [(least + extra, None if most is None else most + extra) for least, most in ranges]
    fewest, most = max(bound.minimum - 1, 0), None if bound.maximum is None else bound.maximum - 1
    if not _takes(fewest, most, calls):
        return None
    least, highest = min(low for low, _ in ranges), _highest(ranges)
    carried = f"{count_words(least, highest)} argument{'' if least == highest == 1 else 's'}"
    mismatch = f"{name} takes {bound.takes}, and {what} carries {carried}{' after its name' if named else ''}"
    if not _takes(bound.minimum, bound.maximum, calls):
        return f"{mismatch}: {cure}; if it is an argument, declare as many (type: array, items: […])"
    room = len(bound.without_connection) if bound.maximum is None else bound.maximum - 1
    if highest is not None and highest + extra <= room:
        return (
            f"{mismatch}: {cure}; if it is an argument, make the parameters that nothing fills keyword-only"
        )
    return None


def _takes(minimum: int, maximum: int | None, calls: Sequence[tuple[int, int | None]]) -> bool:
    return all(
        minimum <= least and (maximum is None or (least if most is None else most) <= maximum)
        for least, most in calls
    )


def _highest(ranges: Sequence[tuple[int, int | None]]) -> int | None:
    highest = [most for _, most in ranges]
    return None if None in highest else max(most for most in highest if most is not None)
