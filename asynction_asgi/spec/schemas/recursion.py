"""Which definitions are recursive, and which of those could take exponential time.

A schema that reaches itself by two ways at the same place of a value, such as two branches of an
``anyOf`` that both descend into ``child``, doubles its work per level. Their functions keep a memo;
all others, plain trees among them, need none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .normalise import REF

if TYPE_CHECKING:
    from .normalise import Definitions, Schema

__all__ = ["Recursion", "find_recursion"]

# A step down into a value: a member's name, an index, or any of a kind of each that has a schema's identity.
Step = tuple[str, Any]
Site = tuple[tuple[Step, ...], str]


@dataclass(frozen=True, slots=True)
class Recursion:
    """Names of definitions.

    Attributes:
        recursive: Those that reach themselves.
        risky: Those of them that need a memo.
    """

    recursive: frozenset[str]
    risky: frozenset[str]


def find_recursion(definitions: Definitions) -> Recursion:
    """Look at every reference from one definition to another."""
    sites = {name: _sites(schema, ()) for name, schema in definitions.items()}
    component = _components({name: [target for _, target in found] for name, found in sites.items()})
    recursive: set[str] = set()
    risky: set[str] = set()
    for name, found in sites.items():
        inner = [path for path, target in found if component[target] == component[name]]
        if inner:
            recursive.add(component[name])
        if any(_overlap(one, other) for index, one in enumerate(inner) for other in inner[:index]):
            risky.add(component[name])
    return Recursion(
        recursive=frozenset(name for name in definitions if component[name] in recursive),
        risky=frozenset(name for name in definitions if component[name] in risky),
    )


def _sites(schema: Schema, path: tuple[Step, ...]) -> list[Site]:
    """Every reference within a definition, and the place of the value that it applies to."""
    if isinstance(schema, bool):
        return []
    if REF in schema:
        return [(path, schema[REF])]
    found: list[Site] = []
    holder = id(schema)
    for key in ("allOf", "anyOf", "oneOf"):
        for inner in schema.get(key, ()):
            found += _sites(inner, path)
    for key in ("not", "if", "then", "else"):
        found += _sites(schema.get(key, True), path)
    for inner in schema.get("dependencies", {}).values():
        found += _sites(inner, path)
    for name, inner in schema.get("properties", {}).items():
        found += _sites(inner, (*path, ("member", (holder, name))))
    for inner in schema.get("patternProperties", {}).values():
        found += _sites(inner, (*path, ("members", None)))
    found += _sites(schema.get("additionalProperties", True), (*path, ("others", holder)))
    items = schema.get("items", True)
    if isinstance(items, list):
        for index, inner in enumerate(items):
            found += _sites(inner, (*path, ("item", (holder, index))))
    else:
        found += _sites(items, (*path, ("items", holder)))
    found += _sites(schema.get("additionalItems", True), (*path, ("item", (holder, -1))))
    found += _sites(schema.get("contains", True), (*path, ("items", None)))
    return found


def _overlap(one: tuple[Step, ...], other: tuple[Step, ...]) -> bool:
    """Whether two places can be one, or one within the other."""
    return all(_meet(a, b) for a, b in zip(one, other, strict=False))


def _meet(one: Step, other: Step) -> bool:
    (kind, what), (other_kind, other_what) = sorted((one, other), key=str)
    members = ("member", "members", "others")
    if (kind in members) != (other_kind in members):
        return False
    if kind == other_kind == "member":
        return bool(what[1] == other_what[1])
    if kind == other_kind == "item":
        return bool(what == other_what) or bool(what[0] != other_what[0])
    if kind == "member" and other_kind == "others":
        return bool(what[0] != other_what)
    return True


def _components(edges: dict[str, list[str]]) -> dict[str, str]:
    """The strongly connected component of each name, called by one of its names (Tarjan, iterative)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    component: dict[str, str] = {}
    for start in edges:
        if start in index:
            continue
        work: list[tuple[str, int]] = [(start, 0)]
        while work:
            name, position = work.pop()
            if position == 0:
                index[name] = low[name] = len(index)
                stack.append(name)
            following = edges[name]
            if position:
                low[name] = min(low[name], low[following[position - 1]])
            while position < len(following):
                target = following[position]
                position += 1
                if target not in index:
                    work += [(name, position), (target, 0)]
                    break
                if target not in component:
                    low[name] = min(low[name], index[target])
            else:
                if low[name] == index[name]:
                    while name not in component:
                        component[stack.pop()] = name
    return component
