"""Which definitions are recursive, and which could take exponential time.

A schema that reaches itself by two ways at the same place of a value, such as two branches of an
``anyOf`` that both descend into ``child``, doubles its work per level of the value. One that applies
another twice, which applies a third twice, and so on, doubles it per level of the document. Two with
``uniqueItems`` at one place, or one within the other, compare the same values, as one that reaches itself
does. Their functions keep a memo; all others, plain trees among them, need none.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .children import children
from .definitions import REF

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .children import Child
    from .definitions import Definitions, Schema

# A step down into a value: a member's name, an index, or any of a kind of each that has a schema's identity.
Step = tuple[str, Any]
Path = tuple[Step, ...]
Site = tuple[Path, str]

# How many times as many calls as there are definitions one place of a value may take, and how many in any case.
_EACH, _ANYWAY = 4, 100


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
    within = {name: list(_within(schema, ())) for name, schema in definitions.items()}
    sites = {
        name: [(path, schema[REF]) for path, schema in found if REF in schema]
        for name, found in within.items()
    }
    compared = {
        name: [path for path, schema in found if "uniqueItems" in schema] for name, found in within.items()
    }
    component = _components({name: [target for _, target in found] for name, found in sites.items()})
    recursive: set[str] = set()
    risky: set[str] = set()
    for name, found in sites.items():
        inner = [path for path, target in found if component[target] == component[name]]
        if inner:
            recursive.add(component[name])
            if compared[name]:
                risky.add(component[name])
        if any(_overlap(path, other) for index, path in enumerate(inner) for other in inner[:index]):
            risky.add(component[name])
    return Recursion(
        recursive=frozenset(name for name in definitions if component[name] in recursive),
        risky=frozenset(name for name in definitions if component[name] in risky)
        | _repeating(sites, component)
        | _comparing(sites, compared, component),
    )


def in_place_order(definitions: Definitions) -> list[str]:
    """Order names so that each comes after those that apply to the same place of a value."""
    return list(_components(_in_place(definitions)))


def find_loops(definitions: Definitions) -> list[str]:
    """Return the names of definitions that apply themselves to the same place of a value."""
    edges = _in_place(definitions)
    component = _components(edges)
    return [
        name
        for name, targets in edges.items()
        if any(component[target] == component[name] for target in targets)
    ]


def _in_place(definitions: Definitions) -> dict[str, list[str]]:
    """Return the definitions that each one applies to the same place of a value."""
    return {
        name: [
            inner[REF]
            for path, inner in _within(schema, ())
            if not path and REF in inner and inner[REF] in definitions
        ]
        for name, schema in definitions.items()
    }


def _repeating(sites: dict[str, list[Site]], component: dict[str, str]) -> frozenset[str]:
    """Return definitions that call others at one place far more often than there are definitions."""
    most = _ANYWAY + _EACH * len(sites)
    # Who descends into a value to itself is at another place there.
    onward = {
        name: [target for path, target in found if not path or component[target] != component[name]]
        for name, found in sites.items()
    }
    calls: dict[str, int] = {}
    for name in _components(onward):  # each after those that it refers to
        count = 1 + _at_one_place((path, calls.get(target, 1)) for path, target in sites[name])
        calls[name] = min(count, most + 1)
    return frozenset(name for name, count in calls.items() if count > most)


def _comparing(
    sites: dict[str, list[Site]], compared: dict[str, list[Path]], component: dict[str, str]
) -> frozenset[str]:
    """Return definitions by which what is within one place of a value is compared more than once."""
    if not any(compared.values()):
        return frozenset()
    most: dict[str, int] = {}
    for name in component:  # each after those that it refers to
        here = [(path, 1) for path in compared[name]]
        most[name] = min(
            _at_one_place([*here, *((path, most.get(target, 0)) for path, target in sites[name])]), 2
        )
    found: set[str] = set()
    waiting = [name for name, count in most.items() if count > 1]
    while waiting:
        name = waiting.pop()
        if name not in found and most[name]:
            found.add(name)
            waiting += (target for _, target in sites[name])
    return frozenset(found)


def _at_one_place(calls: Iterable[tuple[Path, int]]) -> int:
    """Return the most calls at one place and on the way to it; rather too many than too few."""
    here = 0
    below: defaultdict[Step, list[tuple[Path, int]]] = defaultdict(list)
    for path, count in calls:
        if path:
            below[path[0]].append((path[1:], count))
        else:
            here += count
    members, elements = _Family(), _Family()
    for (kind, what), rest in below.items():
        count = _at_one_place(rest)
        if kind == "member" or (kind == "item" and what[1] >= 0):
            holder, name = what
            (members if kind == "member" else elements).named[name][holder] += count
        elif kind == "members":
            members.matched[what] += count
        elif kind in ("others", "item"):
            holder = what if kind == "others" else what[0]
            (members if kind == "others" else elements).others[holder] += count
        else:
            elements.every += count
    return here + max(members.most(), elements.most())


@dataclass(slots=True)
class _Family:
    """Calls for the members of an object, or the elements of an array.

    Attributes:
        named: By name or index, and by the schema that names it.
        matched: Those for what a schema's patterns match, by the schema.
        others: Those for what a schema neither names nor matches, by the schema.
        every: Those that may be for any.
    """

    named: defaultdict[Any, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    matched: Counter[int] = field(default_factory=Counter)
    others: Counter[int] = field(default_factory=Counter)
    every: int = 0

    def most(self) -> int:
        """Return the number of calls for the member or item that has most."""
        either = self.matched | self.others  # by the schema, the more of the two
        unnamed = self.every + either.total()
        return max(
            unnamed,
            *(
                unnamed + by.total() - sum(either[holder] - self.matched[holder] for holder in by)
                for by in self.named.values()
            ),
            0,
        )


def _within(schema: Schema, path: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield every schema and reference within a definition, and the place of the value that it applies to."""
    if isinstance(schema, bool):
        return
    yield path, schema
    if REF not in schema:
        for child in children(schema):
            if child.kind != "name":  # a text, which holds nothing
                yield from _within(child.schema, (*path, *_steps(child, id(schema))))


def _steps(child: Child[Schema], holder: int) -> Path:
    """Return the steps from a value to what a schema within `holder` describes: one, or none."""
    match child.kind:
        case "same":
            return ()
        case "member" | "item":
            return ((child.kind, (holder, child.key)),)
        case "matched":
            return (("members", holder),)
        case "rest":
            return (("item", (holder, -1)),)
        case "some":
            return (("items", None),)
        case "left":  # which is not known, so that it may meet any other
            return (("items", None),) if child.keyword == "unevaluatedItems" else (("members", None),)
        case _:
            return ((child.kind, holder),)


def _overlap(path: Path, other: Path) -> bool:
    """Return whether two places can be one, or one within the other."""
    return all(_meet(step, other_step) for step, other_step in zip(path, other, strict=False))


def _meet(step: Step, other: Step) -> bool:
    (kind, what), (other_kind, other_what) = sorted((step, other), key=str)
    members = ("member", "members", "others")
    if (kind in members) != (other_kind in members):
        return False
    if kind == other_kind == "member":
        return bool(what[1] == other_what[1])
    if kind == other_kind == "item":
        return bool(what == other_what) or bool(what[0] != other_what[0])
    if kind == "member" and other_kind == "others":
        return bool(what[0] != other_what)
    if kind == "members" and other_kind == "others":
        return bool(what != other_what)
    return True


def _components(edges: dict[str, list[str]]) -> dict[str, str]:
    """Return the strongly connected component of each name, identified by a member (Tarjan, iterative).

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
