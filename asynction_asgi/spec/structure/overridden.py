"""Fields that have no effect, because a ``$ref`` or a ``oneOf`` stands beside them.

Those that narrow access are an error: the author believes that they are enforced.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..text.document import Node
    from .walk import Row, Walk

_PROSE = frozenset({"description", "summary"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """A field beside which no other one counts.

    Attributes:
        key: Its name.
        called: What messages call it.
        code: Of the diagnostics.
        cure: What to do about a field that narrows access; ``{it}`` stands for what to move, ``{title}`` for
            the object.
    """

    key: str
    called: str
    code: str
    cure: str


# JSON Reference, section 3.
BY_REFERENCE = Override(
    key="$ref",
    called="a $ref",
    code="REF_TYPE",
    cure="move {it} to the target of the reference, or write {title} here in place of the reference",
)
# The same, where nothing but a reference may stand.
BY_ONLY_REFERENCE = replace(BY_REFERENCE, cure="move {it} to the target of the reference")
# AsyncAPI 2.x: what an operation has as its message is "a map containing a single Message Object or oneOf".
BY_ONE_OF = Override(
    key="oneOf",
    called="oneOf",
    code="UNKNOWN_FIELD",
    cure="write {it} in each message of the list",
)


def report_overridden(
    walk: Walk, row: Row, node: Node, override: Override, keys: Iterable[str] | None = None
) -> None:
    """Report the fields beside the one that overrides them.

    Args:
        walk: Takes the findings.
        row: What the object would be without that field.
        node: The object.
        override: The field that counts.
        keys: Those to report; all of the object when None.
    """
    idle = [
        key for key in (node.value if keys is None else keys) if key != override.key and key not in _PROSE
    ]
    narrowing = {key for key in idle if _narrows(walk, row, key)}
    faults = [
        (node.child(key), repr(key), _advice(walk, row, node, override, key))
        for key in idle
        if key in narrowing
    ]
    if "traits" in idle and (traits := [*_narrowing_traits(walk, row, node.child("traits"))]):
        narrowing.add("traits")
        advice = override.cure.format(it="the trait", title=row.title)
        faults += [(trait, f"{key!r} of a trait", advice) for trait, key in traits]
    for place, what, advice in faults:
        message = f"{what} beside {override.called} is ignored, and would leave access open; {advice}"
        walk.refuse(place, override.code, message, key=True)
    left = [key for key in idle if key not in narrowing]
    if left:
        listed = ", ".join(map(repr, left))
        report = walk.refuse if walk.strict else walk.warn
        report(
            node.child(left[0]), override.code, f"has no effect beside {override.called}: {listed}", key=True
        )


def _advice(walk: Walk, row: Row, node: Node, override: Override, key: str) -> str:
    """Return what to do about a field that narrows access."""
    if row is walk.table["security scheme"] and key in {"scopes", "x-scopes"}:
        return f"use {_scopes(node.value[key])} beside the list of requirements"
    meant = walk.nearest(key) if key.startswith("x-") else None
    if meant is not None and meant not in row.fields:
        return f"{meant!r} belongs on {walk.places_of(meant)}"
    it = "it" if meant in (None, key) else f"it, as {meant!r},"
    return override.cure.format(it=it, title=row.title)


def _narrows(walk: Walk, row: Row, key: str) -> bool:
    return "*" in row.guards or key in row.guards or (key.startswith("x-") and walk.narrows(key))


def _narrowing_traits(walk: Walk, row: Row, traits: Node) -> Iterator[tuple[Node, str]]:
    """Yield each trait that has a field which narrows access, with the name of that field."""
    for trait in traits.elements() if isinstance(traits.value, list) else ():
        target = walk.follow(trait)
        if target is not None and isinstance(target.value, dict):
            yield from ((trait, key) for key in target.value if _narrows(walk, row, key))


def _scopes(value: Any) -> str:
    """Write a list of scopes as ``x-scopes``, as far as it is one."""
    if isinstance(value, list) and value and all(isinstance(scope, str) for scope in value):
        return f"'x-scopes: [{', '.join(value)}]'"
    return "'x-scopes'"
