"""Hypothesis strategies from a contract: what clients may send, and what they may answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import UndeclaredEventError
from ..spec.instances import Choices, Instances, UnsatisfiableError
from ..spec.model.by_event import WILDCARD
from ..spec.model.namespaces import Namespaces
from ..spec.text.hints import say_known
from .subject import spec_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import SearchStrategy

    from ..spec.model import Arguments, Namespace, Spec
    from .subject import Subject

    Draw = Callable[[SearchStrategy[Any]], Any]


def arguments_of(
    contract: Subject, event: str, *, namespace: str = "/", ack: bool = False
) -> SearchStrategy[tuple[Any, ...]]:
    """Return a strategy for an event's lists of arguments, of all sizes, which shrink to small ones.

    Args:
        contract: The application, one that mounts or wraps it, or its document.
        event: An event that clients may emit, or else one that the server may emit.
        namespace: A concrete namespace, or its name in the document.
        ack: Draw the event's acknowledgement instead.

    Raises:
        ImportError: Hypothesis is not installed.
        UndeclaredEventError: The document has no such event, or no acknowledgement of it.
        ValueError: No value was found that the event's schema accepts, or the application has no document, or
            several.
    """
    spec = spec_of(contract)
    declared = _namespace(spec, namespace)
    found = None if declared is None else declared.receives.get(event) or declared.sends.get(event)
    arguments = None if found is None else found.ack if ack else found.arguments
    if arguments is None:
        raise UndeclaredEventError(
            namespace=namespace,
            event=event,
            direction="inbound",
            message=_missing(spec, namespace, event, is_declared=found is not None),
        )
    return _lists(Instances(spec, examples=False), arguments)


def events_of(contract: Subject, *, namespace: str = "/") -> SearchStrategy[tuple[str, tuple[Any, ...]]]:
    """Return a strategy for all that clients may emit in a namespace: an event's name, and its arguments.

    Args:
        contract: The application, one that mounts or wraps it, or its document.
        namespace: A concrete namespace, or its name in the document.

    Raises:
        ImportError: Hypothesis is not installed.
        ValueError: The namespace is not declared, clients may emit nothing in it, no value was found that a schema
            accepts, or the application has no document, or several.
    """
    spec = spec_of(contract)
    declared = _namespace(spec, namespace)
    events = (
        [] if declared is None else [event for name, event in declared.receives.items() if name != WILDCARD]
    )
    if declared is None:
        raise ValueError(Namespaces(spec).undeclared(namespace))
    if not events:
        raise ValueError(f"clients may emit nothing in {namespace!r}")
    strategies = _strategies()
    instances = Instances(spec, examples=False)
    return strategies.one_of(  # type: ignore[no-any-return]  # imported late
        [
            strategies.tuples(strategies.just(event.name), _lists(instances, event.arguments))
            for event in events
        ]
    )


def _strategies() -> Any:
    try:
        from hypothesis import strategies  # noqa: PLC0415  # an optional tool
    except ImportError:
        raise ImportError("strategies need Hypothesis: pip install hypothesis") from None
    return strategies


def _missing(spec: Spec, namespace: str, event: str, *, is_declared: bool) -> str:
    """Say why an event, or its acknowledgement, has no arguments to draw, and what may be meant."""
    declared = _namespace(spec, namespace)
    if declared is None:
        return Namespaces(spec).undeclared(namespace)
    if is_declared:
        return "the document has no acknowledgement of this event"
    known = [name for name in (*declared.receives, *declared.sends) if name != WILDCARD]
    return f"the document has no such event{say_known(event, known)}"


def _namespace(spec: Spec, name: str) -> Namespace | None:
    if name in spec.namespaces:
        return spec.namespaces[name]
    resolved = Namespaces(spec).resolve(name)
    return None if resolved is None else resolved.declared


def _lists(instances: Instances, arguments: Arguments) -> SearchStrategy[tuple[Any, ...]]:
    strategies = _strategies()
    try:
        instances.arguments(arguments, Choices.seeded(0), small=True)
    except UnsatisfiableError as error:
        raise ValueError(str(error)) from None

    def draw_list(draw: Draw) -> tuple[Any, ...]:
        try:
            return instances.arguments(arguments, _Drawn(draw, strategies))
        except UnsatisfiableError:  # the values drawn so far cannot be completed
            draw(strategies.nothing())
            raise

    return strategies.composite(draw_list)()  # type: ignore[no-any-return]  # imported late


class _Drawn(Choices):
    """Choices drawn by Hypothesis, which simplifies them when a test fails."""

    span = 2**53
    fineness = 1000

    def __init__(self, draw: Draw, strategies: Any) -> None:
        super().__init__(self._integer)
        self._draw = draw
        self._strategies = strategies

    def _integer(self, low: int, high: int) -> int:
        drawn: int = self._draw(self._strategies.integers(low, high))
        # If the simplest choice fails, it would fail every time: begin each attempt elsewhere.
        return low + (drawn - low + self.attempt + self.distinct) % (high - low + 1)

    def text(self, least: int, most: int, about: str = "") -> str:  # noqa: ARG002  # as any text is drawn
        characters = self._strategies.characters(
            exclude_categories=["Cs"]
        )  # no JSON has half a surrogate pair
        text: str = self._draw(self._strategies.text(characters, min_size=least, max_size=most))
        return f"{text}{self.distinct or ''}"[:most]
