"""Which namespace of the new contract takes the clients of one in the old contract."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..spec.model.namespaces import Namespaces
from ..spec.model.templates import PARAMETER, fill, shape_of
from .changes import Change, Witness, place_of
from .showing import listen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..spec.model import Namespace, Spec


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A namespace in both contracts.

    Attributes:
        old: In the old contract.
        new: In the new contract.
        example: A concrete name that both have.
    """

    old: Namespace
    new: Namespace
    example: str

    @property
    def within(self) -> str:
        """The namespace as it stands after an event's name in a message; nothing for the default one."""
        return "" if self.old.name == "/" else f" of {self.old.name!r}"


def pair_namespaces(old: Spec, new: Spec, examples: Mapping[str, str]) -> Iterator[Pair | Change]:
    """Yield each namespace that clients of today find again, and what else became of namespaces.

    Args:
        old: As it is served.
        new: As it is served.
        examples: A concrete name of each namespace of the old contract.
    """
    before, after = Namespaces(old), Namespaces(new)
    shapes = {shape_of(name): namespace for name, namespace in new.namespaces.items()}
    for name, namespace in old.namespaces.items():
        example = examples[name]
        found = shapes.get(shape_of(name))
        if found is None:
            resolved = after.resolve(example)
            found = resolved.declared if resolved is not None else None
            if found is not None and PARAMETER.search(name) and not _is_wider(name, found.name):
                found = None
                example = fill(name, dict.fromkeys(PARAMETER.findall(name), "another"))
        if found is None:
            yield _removed(namespace, example)
        else:
            yield Pair(old=namespace, new=found, example=example)
    shapes = {shape_of(name): namespace for name, namespace in old.namespaces.items()}
    for name, namespace in new.namespaces.items():
        if shape_of(name) in shapes:
            continue
        resolved = None if PARAMETER.search(name) else before.resolve(name)
        if resolved is not None:  # one of a template's, which has a declaration of its own now
            yield Pair(old=resolved.declared, new=namespace, example=name)
        else:
            yield Change(
                level="compatible",
                code="NAMESPACE_ADDED",
                message=f"there is a namespace {name!r} now",
                namespace=name,
                new=place_of(namespace.node),
            )


def _is_wider(name: str, other: str) -> bool:
    """Return whether every name of a template is one of another, by their segments."""
    segments, others = shape_of(name).split("/"), shape_of(other).split("/")
    return len(segments) == len(others) and all(
        wider in ("{}", segment) for segment, wider in zip(segments, others, strict=True)
    )


def _removed(namespace: Namespace, example: str) -> Change:
    return Change(
        level="breaking",
        code="NAMESPACE_REMOVED",
        message=f"there is no namespace {namespace.name!r} any more"
        + ("" if example == namespace.name else f", such as {example!r}"),
        namespace=namespace.name,
        witness=Witness(value=example, command=listen(example)),
        old=place_of(namespace.node),
    )
