"""Two contracts, surface by surface."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..spec.model.offered import served_spec
from .changes import Change, Comparison, place_of
from .events import compare_events
from .handshake import compare_handshakes, compare_parameters, example_of
from .pairs import pair_namespaces
from .rates import compare_rates
from .security import compare_schemes, compare_security
from .values import Contracts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..spec.model import Namespace, Security, Spec
    from ..spec.text.document import Node
    from .changes import Level
    from .pairs import Pair


def compare_specs(old: Spec, new: Spec, *, effort: float = 1, seed: int = 0) -> Comparison:
    """Return how a contract changed for its clients.

    Descriptions, examples, handlers and what only mocks read are no changes. Verdicts depend on nothing but
    the arguments.

    Args:
        old: What clients rely on today.
        new: What takes its place.
        effort: Multiplies how much is tried for a verdict before it is ``unknown``.
        seed: The same values are tried for the same number.
    """
    contracts = Contracts(served_spec(old), served_spec(new), effort=effort, seed=seed)
    return Comparison(changes=tuple(_changes(contracts)), old_version=old.version, new_version=new.version)


def _changes(contracts: Contracts) -> Iterator[Change]:
    old, new = contracts.old, contracts.new
    if old.path != new.path:
        yield Change(
            level="breaking",
            code="PATH_CHANGED",
            message=f"Engine.IO has moved from {old.path!r} to {new.path!r}",
            old=place_of(old.root.get("servers") or old.root),
            new=place_of(new.root.get("servers") or new.root),
        )
    yield from compare_schemes(old, new)
    examples = {
        name: example_of(namespace, old, contracts.forwards) for name, namespace in old.namespaces.items()
    }
    new_examples = {
        name: example_of(namespace, new, contracts.backwards) for name, namespace in new.namespaces.items()
    }
    for found in pair_namespaces(old, new, examples, new_examples):
        if isinstance(found, Change):
            yield found
        else:
            yield from _compare_namespaces(contracts, found)


def _compare_namespaces(contracts: Contracts, pair: Pair) -> Iterator[Change]:
    change = compare_security(
        (*_security(pair.old, contracts.old),),
        (*_security(pair.new, contracts.new),),
        repr(pair.old.name),
        pair.old.name,
    )
    if change is not None:
        yield change
    yield from compare_parameters(contracts, pair)
    yield from compare_handshakes(contracts, pair)
    yield from compare_rates(pair.old, pair.new, repr(pair.old.name), namespace=pair.old.name)
    yield from compare_events(contracts, pair)
    yield from _compare_recovery(pair)


def _compare_recovery(pair: Pair) -> Iterator[Change]:
    old, new = pair.old.recovery, pair.new.recovery
    if old == new:
        return
    was, form = (None if said is None else said.offset for said in (old, new))
    where = f"x-recovery of {pair.old.name!r}"
    level: Level = "info"
    if form == "argument" != was:
        level = "breaking"
        message = f"{where} adds an argument to every event the server emits; Python listeners must accept it"
    elif was == "argument" != form:
        level = "breaking"
        message = f"{where} takes an argument from every event the server emits; Python listeners must not require it"
    elif new is None:
        message = f"{where} is gone: clients that were cut off start a new session"
    else:
        message = f"{where} has become {new}"
    yield Change(
        level=level,
        code="RECOVERY_CHANGED",
        message=message,
        namespace=pair.old.name,
        old=place_of(pair.old.node),
        new=place_of(pair.new.node),
    )


def _security(namespace: Namespace, spec: Spec) -> tuple[Security | None, Spec, Node]:
    """Return what is required for a namespace, and where it is said."""
    if namespace.security is not None:
        return namespace.security, spec, namespace.node
    return spec.security, spec, spec.root.get("servers") or spec.root
