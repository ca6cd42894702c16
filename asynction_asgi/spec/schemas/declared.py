"""Required properties that no schema declares, by all schemas that may be about the same object."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .keywords import KEYWORDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ..text.document import Document, Node
    from ..text.references import Resolver

    Place = tuple[Document, str]

# With these, an object may have properties that its author declares in another way than by name.
_OPENING = ("patternProperties", "propertyNames", "unevaluatedProperties")


@dataclass(slots=True)
class _Family:
    """Schemas that may be about one and the same value.

    Attributes:
        names: The properties that any of them declares.
        is_open: Whether one of them admits properties that are not declared by name, and says so.
    """

    names: dict[str, None] = field(default_factory=dict)
    is_open: bool = False


def find_undeclared(
    nodes: Mapping[Place, Node], in_place: Mapping[Place, Sequence[Place]], resolver: Resolver
) -> Iterator[tuple[Node, str]]:
    """Yield the names in ``required`` that nothing declares, each with a message.

    Only of schemas with ``properties`` of their own: what merely requires may refine any object. Every
    schema that combines with another, by whatever keyword or reference, counts for both.

    Args:
        nodes: The schemas, by place.
        in_place: For each, the schemas that it applies to the same value.
        resolver: Finds what a name may have been meant for.
    """
    families = _families(nodes, in_place)
    for place, node in nodes.items():
        value = node.value
        if not isinstance(value, dict) or "$ref" in value or value.get("additionalProperties") is False:
            continue
        required = value.get("required")
        if not value.get("properties") or not required or not KEYWORDS["required"].admits(required):
            continue
        family = families[place]
        if family.is_open:
            continue
        for index, name in enumerate(required):
            if name not in family.names:
                hint = resolver.did_you_mean(name, family.names)
                message = (
                    f"{name!r} is required, and no schema here declares it{hint or '; add it to properties'}"
                )
                yield node.child("required").child(index), message


def _families(nodes: Mapping[Place, Node], in_place: Mapping[Place, Sequence[Place]]) -> dict[Place, _Family]:
    neighbours: dict[Place, list[Place]] = {place: [] for place in nodes}
    for place, others in in_place.items():
        for other in others:
            if other in neighbours:
                neighbours[place].append(other)
                neighbours[other].append(place)
    families: dict[Place, _Family] = {}
    for start in nodes:
        if start in families:
            continue
        family = families[start] = _Family()
        waiting = [start]
        while waiting:
            place = waiting.pop()
            _add(family, nodes[place], is_known=place in in_place)
            for other in neighbours[place]:
                if other not in families:
                    families[other] = family
                    waiting.append(other)
    return families


def _add(family: _Family, node: Node, *, is_known: bool) -> None:
    value = node.value
    if not isinstance(value, dict):
        return
    if not is_known:  # a reference that leads nowhere
        family.is_open = True
        return
    properties = value.get("properties")
    if isinstance(properties, dict):
        family.names.update(dict.fromkeys(properties))
    if value.get("additionalProperties", False) is not False or any(key in value for key in _OPENING):
        family.is_open = True
