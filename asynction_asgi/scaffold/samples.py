"""Values that a contract accepts, for the generated tests: how they connect, and what they send."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..spec.instances import Choices, Instances, UnsatisfiableError
from ..spec.instances.addresses import concrete_name
from ..spec.model import Arguments
from ..spec.model.by_event import WILDCARD

if TYPE_CHECKING:
    from ..spec.model import Event, Namespace, Spec
    from ..spec.text.document import Node

_SEEDS = 8


@dataclass(frozen=True, slots=True)
class Handshake:
    """How a test connects: the concrete namespace, and what goes with it."""

    namespace: str
    options: tuple[tuple[str, Any], ...]


class Samples:
    """Values that a contract accepts, the simplest first."""

    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        self._instances = Instances(spec)
        self._asked: list[Arguments] = []

    def event(self, event: Event) -> tuple[Any, ...] | None:
        """Return arguments to call the event with, or None if it can't be called so or none are known."""
        if event.name == WILDCARD or event.is_reauth:
            return None
        for choices in _all_choices():
            try:
                return self._instances.event(event, choices)
            except UnsatisfiableError:
                continue
        return None

    def _single(self, schema: Node) -> Any:
        """Return a value that the schema accepts.

        Raises:
            UnsatisfiableError: No value was found.
        """
        # Kept: the instances of a list of arguments are remembered by its identity.
        single = Arguments(kind="single", minimum=1, maximum=1, schema=schema)
        self._asked.append(single)
        for choices in _all_choices():
            try:
                return self._instances.arguments(single, choices)[0]
            except UnsatisfiableError:
                continue
        raise UnsatisfiableError(schema)

    def handshake(self, namespace: Namespace) -> Handshake | None:
        """Return how to connect to a namespace, or None if no way is known that its contract accepts."""
        try:
            concrete = concrete_name(namespace, self._spec, self._instances)
            options: list[tuple[str, Any]] = []
            for key in ("auth", "headers", "query"):
                schema = getattr(namespace.handshake, key)
                value = self._single(schema) if schema is not None else None
                if key != "auth":
                    value = (
                        {name: _text(member) for name, member in value.items()}
                        if isinstance(value, dict)
                        else None
                    )
                if value:
                    options.append((key, value))
        except UnsatisfiableError:
            return None
        return None if concrete is None else Handshake(concrete, tuple(options))


def _all_choices() -> list[Choices]:
    """Return sources of choices, the simplest values first."""
    return [Choices.simplest(), *(Choices.seeded(seed) for seed in range(_SEEDS))]


def _text(value: Any) -> Any:
    """Return a value as the text of a URL or a header; a list as one text for each item."""
    if isinstance(value, list):
        return [_text(element) for element in value]
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)
