"""Which namespace of the new contract takes the clients of one in the old contract."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..spec.model.namespaces import Namespaces
from ..spec.model.templates import PARAMETER, fill, shape_of
from .changes import Change, Witness, place_of
from .showing import listen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..spec.model import Namespace, Spec

_MOST_NAMES = 256  # that are tried for two templates


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A namespace in both contracts.

    Attributes:
        old: In the old contract.
        new: In the new contract.
        example: A concrete name that both have.
        is_whole: Whether the new one is to have all names of the old one, and not some of them.
    """

    old: Namespace
    new: Namespace
    example: str
    is_whole: bool = True

    @property
    def within(self) -> str:
        """The namespace as it stands after an event's name in a message; nothing for the default one."""
        return "" if self.old.name == "/" else f" of {self.old.name!r}"


def pair_namespaces(
    old: Spec, new: Spec, examples: Mapping[str, str], new_examples: Mapping[str, str]
) -> Iterator[Pair | Change]:
    """Yield each namespace that clients of today find again, and what else became of namespaces.

    Args:
        old: As it is served.
        new: As it is served.
        examples: A concrete name of each namespace of the old contract.
        new_examples: The same of the new contract.
    """
    before, after = Namespaces(old), Namespaces(new)
    shapes = {shape_of(name): namespace for name, namespace in new.namespaces.items()}
    heirs: dict[str, Namespace] = {}
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
            heirs[name] = found
            yield Pair(old=namespace, new=found, example=example)
    old_shapes = {shape_of(name) for name in old.namespaces}
    for name, namespace in new.namespaces.items():
        if shape_of(name) in old_shapes:
            continue
        if not PARAMETER.search(name):
            resolved = before.resolve(name)
            taken: list[Pair | Change] = (
                []
                if resolved is None  # else one of a template's, which has a declaration of its own now
                else [Pair(old=resolved.declared, new=namespace, example=name, is_whole=False)]
            )
        else:
            taken = [
                change
                for other in old.namespaces.values()
                if heirs.get(other.name) is not namespace
                and (
                    change := _taken_over(
                        (other, examples[other.name], before),
                        (namespace, new_examples[name], after),
                        heirs.get(other.name),
                    )
                )
            ]
        yield from taken or [_added(namespace)]


def _taken_over(
    old: tuple[Namespace, str, Namespaces], new: tuple[Namespace, str, Namespaces], heir: Namespace | None
) -> Pair | Change | None:
    """Return what becomes of the names of an old template that a new one takes over, or None if it takes none.

    Args:
        old: The old namespace, a concrete name of it, and all old namespaces.
        new: The same of the new template.
        heir: The namespace that has the other names of the old one, if there is one.
    """
    (mine, example, before), (theirs, other_example, after) = old, new
    if not PARAMETER.search(mine.name):  # its only name has been looked for
        return None
    columns = _columns((mine, example), (theirs, other_example))
    if columns is None or (heir is not None and _literals(heir) > _literals(theirs)):
        return None  # what its heir has first, the new one can't take
    others: list[Namespace] = []
    for segments in itertools.islice(itertools.product(*columns), _MOST_NAMES):
        name = "/".join(segments)
        found, resolved = before.resolve(name), after.resolve(name)
        if found is None or resolved is None:
            continue
        if found.declared is mine and resolved.declared is theirs:
            return Pair(old=mine, new=theirs, example=name, is_whole=False)
        others += [found.declared, resolved.declared]
    if others and all(columns) and not any(map(_is_limited, (mine, theirs, *others))):
        return None  # other templates have all names that both have
    return Change(
        level="unknown",
        code="NAMESPACE_ADDED",
        message=f"there is a namespace {theirs.name!r} now; it is not known whether it takes clients of {mine.name!r}",
        namespace=mine.name,
        old=place_of(mine.node),
        new=place_of(theirs.node),
    )


def _literals(namespace: Namespace) -> int:
    return len(PARAMETER.sub("", namespace.name))


def _is_limited(namespace: Namespace) -> bool:
    """Return whether other texts in place of its parameters may belong to another namespace."""
    return not PARAMETER.search(namespace.name) or any(
        parameter.enum is not None or parameter.schema is not None for parameter in namespace.parameters
    )


def _columns(old: tuple[Namespace, str], new: tuple[Namespace, str]) -> list[list[str]] | None:
    """Return texts that may stand in each segment of a name of two templates, or None if they share no name."""
    (mine, example), (theirs, other_example) = old, new
    rows = [name.split("/") for name in (mine.name, example, theirs.name, other_example)]
    if len({len(row) for row in rows}) > 1:
        return None
    columns = []
    for own, own_example, other, others_example in zip(*rows, strict=True):
        texts = [own, other] if "{" not in own + other else [text for text in (own, other) if "{" not in text]
        if not texts:
            texts = [own_example, others_example, "another", "1", _joined(own, other)]
            texts += [*_enumerated(own, mine), *_enumerated(other, theirs)]
        column = [text for text in dict.fromkeys(texts) if _has(own, text) and _has(other, text)]
        if not column and (PARAMETER.search(own) is None or PARAMETER.search(other) is None):
            return None
        columns.append(column)
    return columns


def _has(segment: str, text: str) -> bool:
    pieces = PARAMETER.split(segment)
    pattern = "".join("[^/]+" if index % 2 else re.escape(piece) for index, piece in enumerate(pieces))
    return re.fullmatch(pattern, text) is not None


def _joined(segment: str, other: str) -> str:
    """Return a segment that begins and ends as the longer ones of two do."""
    pieces, others = PARAMETER.split(segment), PARAMETER.split(other)
    return max(pieces[0], others[0], key=len) + "1" + max(pieces[-1], others[-1], key=len)


def _enumerated(segment: str, namespace: Namespace) -> Iterator[str]:
    names = PARAMETER.findall(segment)
    for parameter in namespace.parameters:
        if names == [parameter.name]:
            yield from (fill(segment, {parameter.name: value}) for value in parameter.enum or ())


def _added(namespace: Namespace) -> Change:
    return Change(
        level="compatible",
        code="NAMESPACE_ADDED",
        message=f"there is a namespace {namespace.name!r} now",
        namespace=namespace.name,
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
