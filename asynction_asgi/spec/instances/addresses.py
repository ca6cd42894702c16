"""Concrete names of namespaces that are templates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model.coercion import text_of
from ..model.namespaces import Namespaces
from ..model.templates import fill
from .choices import Choices
from .generator import UnsatisfiableError

if TYPE_CHECKING:
    from ..model import Namespace, Parameter, Spec
    from .generator import Instances

_SEEDS = 8
_UNSENDABLE = frozenset("/,?")  # end a segment, a namespace in a packet, and its name before a query


def concrete_name(declared: Namespace, spec: Spec, instances: Instances) -> str | None:
    """Return a name of the namespace that a server takes for it, the plainest found, or None."""
    known = Namespaces(spec)
    for choices in (Choices.simplest(), *map(Choices.seeded, range(_SEEDS))):
        values = {}
        for parameter in declared.parameters:
            segment = _segment(parameter, instances, choices)
            if segment:
                values[parameter.name] = segment
        name = fill(declared.name, values)
        resolved = known.resolve(name)
        if resolved is not None and resolved.declared is declared:
            return name
    return None


def _segment(parameter: Parameter, instances: Instances, choices: Choices) -> str | None:
    """Return what may stand in place of a parameter, or None if the choices lead to nothing of the kind."""
    if parameter.enum is not None:
        return next(filter(_is_sendable, parameter.enum), None)
    if parameter.schema is None:
        return None
    try:
        text = text_of(instances.value(parameter.schema, choices))
    except UnsatisfiableError:
        return None
    return text if text is not None and _is_sendable(text) else None


def _is_sendable(segment: str) -> bool:
    return segment != "" and _UNSENDABLE.isdisjoint(segment)
