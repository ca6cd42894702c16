"""The cases of a run, in the order in which they are sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..spec.instances import Instances
from ..spec.instances.addresses import concrete_name
from ..spec.model.by_event import WILDCARD
from ..spec.model.namespaces import Namespaces
from ..testing.cases import Cases

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from ..spec.model import Spec
    from ..testing.cases import Case, Phase


class UnknownNamespaceError(Exception):
    """The document has no such namespace, or no concrete name of one can be made; says which."""


@dataclass(frozen=True, slots=True)
class Batch:
    """The cases of one phase and one event.

    Attributes:
        phase: Of all of them.
        namespace: As declared.
        cases: In the order in which they are sent.
    """

    phase: Phase
    namespace: str
    cases: tuple[Case, ...]


def name_namespaces(spec: Spec, chosen: Iterable[str]) -> dict[str, str]:
    """Return the concrete name of each declared namespace that is to be tested.

    Args:
        spec: The contract, as it is served.
        chosen: Concrete names; none stands for every declared namespace.

    Raises:
        UnknownNamespaceError: The document declares none for a name, or no name of a template was found.
    """
    known = Namespaces(spec)
    chosen = [name if name.startswith("/") else f"/{name}" for name in chosen]
    named: dict[str, str] = {}
    for name in chosen:
        resolved = known.resolve(name)
        if resolved is None:
            raise UnknownNamespaceError(known.undeclared(name))
        named[resolved.declared.name] = name
    if chosen:
        return named
    instances = Instances(spec)
    for declared in spec.namespaces.values():
        concrete = concrete_name(declared, spec, instances)
        if concrete is None:
            raise UnknownNamespaceError(f"no name of {declared.name!r} was found; give one with --namespace")
        named[declared.name] = concrete
    return named


def plan_cases(
    spec: Spec,
    namespaces: Iterable[str],
    *,
    phases: Collection[Phase],
    include: Collection[str] = (),
    exclude: Collection[str] = (),
    seed: int = 0,
    examples: int = 20,
) -> Iterator[Batch]:
    """Yield the cases phase by phase, and within a phase by namespace and event, as the document has them.

    Args:
        spec: The contract, as it is served.
        namespaces: The declared namespaces that are tested.
        phases: Which, in the order in which they come.
        include: Only these events; none stands for all.
        exclude: Not these events.
        seed: Another one makes other values.
        examples: How many random lists of arguments there are of each event.
    """
    cases = Cases(spec, seed=seed, examples=examples)
    for number, phase in enumerate(phases):
        for name in namespaces:
            declared = spec.namespaces[name]
            if not number:
                yield Batch(phase, name, ())  # a namespace without events is connected to, too
            for event in declared.receives.values():
                if (
                    event.name != WILDCARD
                    and event.name not in exclude
                    and (not include or event.name in include)
                ):
                    yield Batch(phase, name, tuple(cases.of_event(name, event, phase)))
            if phase == "faults" and not include and WILDCARD not in declared.receives:
                undeclared = cases.undeclared(name, {*declared.receives, *declared.sends})
                yield Batch(phase, name, (undeclared,))
