"""Which definitions are recursive, and which could take exponential time.

A schema that reaches itself by two ways at the same place of a value, such as two branches of an
``anyOf`` that both descend into ``child``, doubles its work per level of the value. One that applies
another twice, which applies a third twice, and so on, doubles it per level of the document. Their
functions keep a memo; all others, plain trees among them, need none.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .normalise import REF

if TYPE_CHECKING:
    from .normalise import Definitions, Schema

__all__ = ["Recursion", "find_recursion"]

# A step down into a value: a member's name, an index, or any of a kind of each that has a schema's identity.
Step = tuple[str, Any]
Path = tuple[Step, ...]
Site = tuple[Path, str]

# How many times as many calls as there are definitions one place of a value may take, and how many in any case.
_EACH, _ANYWAY = 4, 1000


@dataclass(frozen=True, slots=True)
class Recursion:
    """Names of definitions.

    Attributes:
        recursive: Those that reach themselves.
        risky: Those that need a memo, recursive or not.
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
        risky=frozenset(name for name in definitions if component[name] in risky)
        | _repeating(sites, component),
    )


def _repeating(sites: dict[str, list[Site]], component: dict[str, str]) -> frozenset[str]:
    """Definitions that call others at one place of a value much more often than there are definitions."""
    most = _ANYWAY + _EACH * len(sites)
    # Who descends into a value to itself is at another place there.
    onward = {
        name: [target for path, target in found if not path or component[target] != component[name]]
        for name, found in sites.items()
    }
    calls: dict[str, int] = {}
    for name in _components(onward):  # each after those that it refers to
        at: Counter[Path] = Counter()
        for path, target in sites[name]:
            at[path] += calls.get(target, 1)
        calls[name] = min(1 + _at_one_place(at), most + 1)
    return frozenset(name for name, count in calls.items() if count > most)


def _at_one_place(at: Counter[Path]) -> int:
    """How many calls there are at most at any one place and on the way to it."""
    by_name: defaultdict[str | None, list[Path]] = defaultdict(list)
    for path in at:
        by_name[_first_name(path)].append(path)
    highest = 0
    for path in at:
        name = _first_name(path)
        near = at if name is None else [*by_name[name], *by_name[None]]
        calls = sum(at[one] for one in near if len(one) <= len(path) and _overlap(one, path))
        highest = max(highest, calls)
    return highest


def _first_name(path: Path) -> str | None:
    """The member of the value that a path leads into, where it is one alone."""
    return path[0][1][1] if path and path[0][0] == "member" else None


def _sites(schema: Schema, path: Path) -> list[Site]:
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


def _overlap(one: Path, other: Path) -> bool:
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
    """The strongly connected component of each name, called by one of its names (Tarjan, iterative).

    Names come after those in other components that they lead to.
    """
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
