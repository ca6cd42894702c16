"""Events to send to a server: what the contract accepts, up to its edges, and what narrowly misses it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ..spec.instances import Choices, Instances, UnsatisfiableError
from ..spec.instances.variants import Variants
from ..spec.model.arguments import is_opaque
from ..spec.model.by_event import WILDCARD
from ..spec.readers.examples import declared_examples, written_bytes
from .subject import spec_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from ..spec.instances.variants import Variant
    from ..spec.model import Event, Spec
    from ..spec.schemas import Mismatch
    from .subject import Subject

Phase = Literal["examples", "edges", "faults", "random"]
PHASES: tuple[Phase, ...] = ("examples", "edges", "faults", "random")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An event that a client sends, and what the document says of it.

    Attributes:
        phase: ``examples`` are the author's, ``edges`` meet a limit exactly, ``faults`` miss the document at
            one place, ``random`` is any value that it accepts.
        namespace: The namespace, as declared.
        event: The event's name.
        arguments: In wire order, with bytes in place.
        pointer: The place that the case is about, from the list of arguments.
        keyword: The keyword that it is about; ``""`` if it is about none.
        base: Arguments like these that the document accepts, of a fault; None of other cases.
        mismatch: How the arguments miss the document, or None if it accepts them.
        declared: The event in the document, or None for one that it does not declare.
    """

    phase: Phase
    namespace: str
    event: str
    arguments: tuple[Any, ...]
    pointer: str = ""
    keyword: str = ""
    base: tuple[Any, ...] | None = None
    mismatch: Mismatch | None = None
    declared: Event | None = None

    @property
    def is_valid(self) -> bool:
        """Whether the document lets a client send this."""
        return self.mismatch is None and self.declared is not None

    def __str__(self) -> str:
        about = " ".join(part for part in (self.pointer, self.keyword) if part)
        return f"{self.event}: {self.phase}{f' {about}' if about else ''}"


class Cases:
    """Makes the cases of a contract, the same ones for the same seed.

    Args:
        spec: The contract, as it is served.
        seed: Another one makes other values.
        examples: How many random lists of arguments there are of each event.
    """

    def __init__(self, spec: Spec, *, seed: int = 0, examples: int = 20) -> None:
        self._spec = spec
        self._seed = seed
        self._count = examples
        self._variants = Variants(spec, seed=seed)
        self._instances = Instances(spec, examples=False)
        self._made: dict[tuple[str, str], list[Variant]] = {}

    def of_event(self, namespace: str, event: Event, phase: Phase) -> Iterator[Case]:
        """Yield the cases of one event; none if the document does not say how its arguments are written."""
        if is_opaque(event.arguments):
            return
        if phase == "examples":
            for _, arguments in declared_examples(event, self._spec):
                yield Case(
                    phase=phase, namespace=namespace, event=event.name, arguments=arguments, declared=event
                )
        elif phase == "random":
            for arguments in self._random(namespace, event):
                yield Case(
                    phase=phase, namespace=namespace, event=event.name, arguments=arguments, declared=event
                )
        else:
            for variant in self._variants_of(namespace, event):
                if (variant.mismatch is None) is (phase == "edges"):
                    yield Case(
                        phase=phase,
                        namespace=namespace,
                        event=event.name,
                        arguments=tuple(variant.value),
                        pointer=variant.pointer,
                        keyword=variant.keyword,
                        base=None if variant.mismatch is None else tuple(variant.base),
                        mismatch=variant.mismatch,
                        declared=event,
                    )

    def undeclared(self, namespace: str, taken: Collection[str]) -> Case:
        """Return the case of an event that the document does not declare."""
        names = ("undeclared", *(f"undeclared{number}" for number in range(len(taken))))
        name = next(name for name in names if name not in taken)
        return Case(phase="faults", namespace=namespace, event=name, arguments=())

    def _variants_of(self, namespace: str, event: Event) -> list[Variant]:
        known = self._made.get((namespace, event.name))
        if known is None:
            known = self._made[namespace, event.name] = list(self._variants.of_arguments(event.arguments))
        return known

    def _random(self, namespace: str, event: Event) -> Iterator[tuple[Any, ...]]:
        seen: set[str] = set()
        for number in range(self._count):
            choices = Choices.seeded(f"{self._seed} {namespace} {event.name} {number}")
            try:
                arguments = self._instances.arguments(event.arguments, choices)
            except UnsatisfiableError:
                return
            text = json.dumps(arguments, default=written_bytes, sort_keys=True)
            if text not in seen:
                seen.add(text)
                yield arguments


def contract_cases(
    contract: Subject,
    *,
    namespace: str | None = None,
    events: Iterable[str] | None = None,
    phases: Iterable[Phase] = PHASES,
    seed: int = 0,
    examples: int = 20,
) -> list[Case]:
    """Return the events that ``asynction-asgi test`` sends, to parametrize a test with.

    Args:
        contract: The application, one that mounts or wraps it, or its document.
        namespace: Only this one, by its name in the document.
        events: Only these.
        phases: Only these kinds of cases.
        seed: Another one makes other values.
        examples: How many random lists of arguments there are of each event.
    """
    spec = spec_of(contract)
    cases = Cases(spec, seed=seed, examples=examples)
    wanted = None if events is None else frozenset(events)
    return [
        case
        for phase in phases
        for name, declared in spec.namespaces.items()
        if namespace in (None, name)
        for event in declared.receives.values()
        if event.name != WILDCARD and (wanted is None or event.name in wanted)
        for case in cases.of_event(name, event, phase)
    ]
