"""Keywords about objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..patterns import UndecidedError
from .names import Members, schemas_of_member
from .obligation import LARGEST, Obligation, missed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .facts import Facts
    from .obligation import Undeclared
    from .proving import Proving


def members(
    prover: Proving, parts: Sequence[dict[str, Any]], facts: Facts, schema: dict[str, Any], depth: int
) -> list[Obligation]:
    """Each member that the inner schemas admit is one that the outer schema admits."""
    if "object" not in facts.types:
        return []
    known, universe = Members(prover, parts, facts), prover.universe
    found: list[Obligation] = []

    def compare(name: str) -> Iterator[Obligation]:
        for wanted in schemas_of_member([schema], name):
            for left in prover.prove(known.schemas(name), wanted, depth + 1):
                yield left.in_member(name, universe)

    names = dict.fromkeys((*known.named, *schema.get("properties", ())))
    for name in names:
        if known.can_have(name):
            found += [known.mark(obligation, name) for obligation in compare(name)]
    try:
        for name in known.others([*parts, schema]):
            mark: Undeclared = "other" if _refuses_any(prover, schema, name) else "name"
            found += [
                obligation.marked(mark) if known.is_silent else obligation for obligation in compare(name)
            ]
    except UndecidedError:
        found.append(missed(schema, "patternProperties").marked("other" if known.is_silent else ""))
    return found


def _refuses_any(prover: Proving, schema: dict[str, Any], name: str) -> bool:
    """Return whether a member of that name is refused whatever it is."""
    return any(prover.universe.resolve(wanted) is False for wanted in schemas_of_member([schema], name))


def required(
    prover: Proving, _: Sequence[dict[str, Any]], facts: Facts, schema: dict[str, Any], __: int
) -> list[Obligation]:
    """Each name is required by the inner schemas too."""
    if "object" not in facts.types:
        return []
    universe = prover.universe
    return [
        missed(schema, "required", universe.fresh({"type": ["object"], "not": requiring(name, prover)}))
        for name in schema["required"]
        if name not in facts.required
    ]


def requiring(name: str, prover: Proving) -> dict[str, Any]:
    """Return a schema of objects that have a member."""
    return prover.universe.made(("required", name), {"required": [name]})


def max_properties(
    prover: Proving, parts: Sequence[dict[str, Any]], facts: Facts, schema: dict[str, Any], _: int
) -> list[Obligation]:
    """``maxProperties``, from that of the inner schemas or the number of names that they admit."""
    limit = int(schema["maxProperties"])
    if "object" not in facts.types:
        return []
    known = Members(prover, parts, facts)
    if known.count() <= limit:
        return []
    more = prover.universe.fresh({"type": ["object"], "minProperties": limit + 1})
    wanted = more if limit <= LARGEST else None
    return [missed(schema, "maxProperties", wanted).marked("other" if known.is_silent else "")]


def property_names(
    prover: Proving, parts: Sequence[dict[str, Any]], facts: Facts, schema: dict[str, Any], depth: int
) -> list[Obligation]:
    """``propertyNames``, from that of the inner schemas or from the names that they admit."""
    if "object" not in facts.types:
        return []
    known, universe, wanted = Members(prover, parts, facts), prover.universe, schema["propertyNames"]
    text = universe.made(("type", "string"), {"type": ["string"]})
    left = prover.prove([*known.names(), text], wanted, depth + 1)
    if not left:
        return []
    found = [
        known.mark(missed(schema, "propertyNames", requiring(name, prover)), name)
        for name in known.named
        if known.can_have(name) and not universe.accepts(wanted, name)
    ]
    try:
        has_others = next(known.others(parts), None) is not None
    except UndecidedError:
        has_others = True
    if has_others:
        found += [
            missed(
                schema,
                "propertyNames",
                universe.fresh({"type": ["object"], "propertyNames": obligation.schema, "minProperties": 1}),
            ).marked("other" if known.is_silent else "")
            for obligation in left
        ]
    return found


def dependencies(
    prover: Proving, parts: Sequence[dict[str, Any]], facts: Facts, schema: dict[str, Any], depth: int
) -> list[Obligation]:
    """Prove what the outer schema asks for beside a member, for objects that have the member."""
    if "object" not in facts.types:
        return []
    known, universe = Members(prover, parts, facts), prover.universe
    found: list[Obligation] = []
    for name, wanted in schema["dependencies"].items():
        if not known.can_have(name):
            continue
        present = universe.made(("object with", name), {"type": ["object"], "required": [name]})
        left = prover.prove([*parts, present], wanted, depth)
        found += [known.mark(obligation.also(present, universe), name) for obligation in left]
    return found
