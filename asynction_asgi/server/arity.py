"""How many arguments an event carries, and whether its handler can take them."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from ..callables import name_function
from ..spec.model import count_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..errors import Diagnostic, Severity
    from ..spec.model import Arguments, Event
    from ..spec.text.document import Node
    from .bound_handler import BoundHandler


def check_arity(
    event: Event, bound: BoundHandler, node: Node, params: Sequence[str], *, named: bool
) -> Iterator[Diagnostic]:
    """Report a handler that can't take what the event carries.

    A tuple without an upper bound may carry more than any fixed signature takes, so that is a warning
    as long as some legal call of each alternative gets through.

    Args:
        event: The event.
        bound: Its handler.
        node: Where the findings belong.
        params: Names of the namespace's parameters, which are passed by name.
        named: Whether the handler gets the event's name before the arguments.
    """
    counted, extra = count_arguments(event.arguments), 1 if named else 0
    if counted is None:
        return
    ranges = [(least + extra, None if most is None else most + extra) for least, most in counted]
    minimum = min(least for least, _ in ranges)
    highest = [most for _, most in ranges]
    maximum = None if None in highest else max(most for most in highest if most is not None)
    name = name_function(bound.function)
    noun = "argument" if minimum - extra == 1 and minimum == maximum else "arguments"
    after = " after the event's name" if named else ""
    what = (
        f"{name} takes {bound.takes}, and {event.name!r} carries"
        f" {count_words(minimum - extra, None if maximum is None else maximum - extra)} {noun}{after}"
    )
    most = bound.maximum
    if bound.minimum > minimum:
        yield _misfit(node, "error", f"{what}: {_remedy(event, bound, params)}")
    elif most is None:
        return
    elif any(least > most or (high is not None and high > most) for least, high in ranges):
        yield _misfit(node, "error", f"{what}: take them all, or end the parameters with *arguments")
    elif maximum is None:
        yield _misfit(
            node, "warning", f"{what}: more than it takes are refused; say so by additionalItems: false"
        )


def _remedy(event: Event, bound: BoundHandler, params: Sequence[str]) -> str:
    """Say what to do about a handler that requires more than the event carries."""
    misplaced = [parameter.name for parameter in bound.taken if parameter.name in params]
    if misplaced:
        return (
            f"{misplaced[0]!r} is a parameter of the address and is passed by name: make it keyword-only,"
            f" (…, *, {misplaced[0]})"
        )
    if event.arguments.kind == "single":
        return "a payload that is a tuple (type: array, items: […]) carries several"
    return "require them by minItems, or give the parameters defaults"


def _misfit(node: Node, severity: Severity, message: str) -> Diagnostic:
    return node.diagnostic(severity, "ARITY", message, layer="service")


def count_arguments(arguments: Arguments) -> list[tuple[int, int | None]] | None:
    """Return how many arguments each alternative carries, or None if the document leaves one open."""
    if arguments.kind == "single":
        return [(1, 1)]
    if arguments.kind == "positional":
        return list(arguments.ranges)
    if arguments.kind != "union":
        return None
    counted = [count_arguments(alternative) for alternative in arguments.of]
    known = [ranges for ranges in counted if ranges is not None]
    return list(chain.from_iterable(known)) if len(known) == len(counted) and known else None
