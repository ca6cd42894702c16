"""``x-mock``: what the author of a document says about the mock of one event."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..model.arguments import compile_arguments
from ..model.by_event import WILDCARD
from ..schemas import Mismatch
from ..text.hints import did_you_mean, say_known
from .examples import with_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ...errors import Diagnostic
    from ..model import Event, Spec
    from ..text.document import Node

_KEYS = ("ack", "emit", "interval", "weight")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """What is said about one event.

    Attributes:
        ack: What it is answered with; None is anything that the contract accepts. Bytes are written as in
            `declared_examples`.
        emit: Events to emit after it.
        interval: Seconds between two of it, to each client; None is the mock's own.
        weight: How often it is emitted, beside the others.
    """

    ack: tuple[Any, ...] | None = None
    emit: tuple[str, ...] = ()
    interval: float | None = None
    weight: float = 1.0


def read_hints(
    event: Event, sends: Mapping[str, Event], spec: Spec, report: Callable[[Diagnostic], None]
) -> Hints:
    """Read the hints of an event; faulty ones are reported and left out.

    Args:
        event: Received or sent.
        sends: The events that the server may emit in its namespace.
        spec: The contract.
        report: Takes each finding.
    """
    found = event.message.get("x-mock", {})
    at = _place(event, spec)

    def problem(message: str, key: str | None = None) -> None:
        node = at.child(key) if key is not None and isinstance(at.value, dict) and key in at.value else at
        text = f"event {event.name!r}: {message}"
        report(node.diagnostic("error", "MOCK", text, layer="service"))

    if not isinstance(found, dict):
        problem("its x-mock must be an object")
        return Hints()
    for key in found:
        if key not in _KEYS:
            problem(f"its x-mock has no {key!r}{say_known(str(key), _KEYS)}", key)
    weight = _number(found, "weight", problem)
    return Hints(
        ack=_ack(event, found, spec, problem),
        emit=tuple(_emitted(found, sends, problem)),
        interval=_number(found, "interval", problem),
        weight=1.0 if weight is None else weight,
    )


def check_hints(spec: Spec) -> list[Diagnostic]:
    """Return the faults in the hints of all events, as warnings: only a mock would miss them."""
    found: list[Diagnostic] = []
    for namespace in spec.namespaces.values():
        for event in (*namespace.receives.values(), *namespace.sends.values()):
            read_hints(event, namespace.sends, spec, found.append)
    return [replace(diagnostic, severity="warning") for diagnostic in found]


def _place(event: Event, spec: Spec) -> Node:
    """Return the place of the hints, or of the message if a trait contributes them."""
    return spec.resolver.follow(event.node).get("x-mock") or event.node


def _ack(
    event: Event, hints: Mapping[str, Any], spec: Spec, problem: Callable[[str, str], None]
) -> tuple[Any, ...] | None:
    if "ack" not in hints:
        return None
    if event.ack is None:
        problem("its x-mock has an ack, but the document declares none", "ack")
        return None
    wanted = with_bytes(hints["ack"])
    accept = compile_arguments(event.ack, spec.bundle)
    for values in ([wanted], *([wanted] if isinstance(wanted, list) else [])):
        try:
            return tuple(accept(values))
        except Mismatch:
            continue
    problem("the ack of its x-mock doesn't match its x-ack", "ack")
    return None


def _emitted(
    hints: Mapping[str, Any], sends: Mapping[str, Event], problem: Callable[[str, str], None]
) -> Iterator[str]:
    wanted = hints.get("emit", [])
    for name in wanted if isinstance(wanted, list) else [wanted]:
        if isinstance(name, str) and name in sends and name != WILDCARD:
            yield name
        else:
            hint = did_you_mean(name, sends) if isinstance(name, str) else ""
            problem(f"its x-mock emits {name!r}, which the server doesn't emit here{hint}", "emit")


def _number(hints: Mapping[str, Any], key: str, problem: Callable[[str, str], None]) -> float | None:
    value = hints.get(key)
    if value is None or (
        isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < float("inf")
    ):
        return value
    problem(f"the {key} of its x-mock must be a number, zero or more", key)
    return None
