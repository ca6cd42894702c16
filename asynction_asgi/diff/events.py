"""The events of a namespace, in both directions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..spec.model.arguments import compile_arguments, is_opaque
from ..spec.model.by_event import WILDCARD, ByEvent
from ..spec.schemas import Mismatch
from .changes import Change, Witness, place_of
from .lists import list_schema
from .rates import compare_rates
from .security import compare_event_security
from .showing import as_json, call, listen, quoted
from .values import Subject, Value, compare_values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..errors import Direction
    from ..spec.containment import Containment
    from ..spec.model import Arguments, Event, Spec
    from ..spec.text.document import Node
    from .pairs import Pair
    from .values import Contracts


def compare_events(contracts: Contracts, pair: Pair) -> Iterator[Change]:
    """Yield how the events changed that a client of a namespace may emit, and that it may receive."""
    before, after = pair.old.receives, pair.new.receives
    takes = ByEvent(after, None)
    for name, event in before.items():
        taken = takes[name]
        if taken is None:
            yield _removed_by_server(contracts, pair, event)
        else:
            yield from _compare_received(contracts, pair, event, taken)
    for name, event in after.items():
        if name in before:
            continue
        if WILDCARD in before:
            yield from _compare_declared(contracts, pair, before[WILDCARD], event)
        else:
            message = f"clients may emit {name!r}{pair.within} now"
            yield _change("compatible", "EVENT_ADDED", message, pair, event, new=event)
    before, after = pair.old.sends, pair.new.sends
    sends = ByEvent(after, None)
    for name, event in before.items():
        sent = sends[name]
        if sent is not None:
            yield from _compare_sent(contracts, pair, event, sent)
        elif event.message.get("x-deprecated") is True:
            message = f"the server no longer emits {name!r}{pair.within}, which was deprecated"
            yield _change("info", "EVENT_REMOVED", message, pair, event, old=event)
        else:
            message = f"the server no longer emits {name!r}{pair.within}, for which clients may wait"
            yield _change("breaking", "EVENT_REMOVED", message, pair, event, old=event)
    for name, event in after.items():
        if name not in before:
            message = (
                f"the server may emit {name!r}{pair.within} now; clients ignore events that they don't know"
            )
            yield _change("info", "EVENT_ADDED", message, pair, event, new=event)


def _change(
    level: Any,
    code: str,
    message: str,
    pair: Pair,
    event: Event,
    *,
    old: Event | None = None,
    new: Event | None = None,
    part: str = "",
    witness: Witness | None = None,
) -> Change:
    return Change(
        level=level,
        code=code,
        message=message,
        namespace=pair.old.name,
        event=event.name,
        part=part,
        witness=witness,
        old=place_of(old.node) if old is not None else None,
        new=place_of(new.node) if new is not None else None,
    )


def _removed_by_server(contracts: Contracts, pair: Pair, event: Event) -> Change:
    """Return the change for a client event that nothing takes any more; a list of arguments shows it."""
    arguments = _sample(contracts, event)
    witness = Witness(value=arguments, command=_call_of(contracts, pair, event))
    what = "an event of any name" if event.name == WILDCARD else repr(event.name)
    message = f"clients may no longer emit {what}{pair.within}"
    return _change("breaking", "EVENT_REMOVED", message, pair, event, old=event, witness=witness)


def _sample(contracts: Contracts, event: Event) -> list[Any]:
    """Arguments that the old contract accepts of an event; none where they can't be made."""
    if is_opaque(event.arguments):
        return []
    value = _value(contracts.old, event.arguments, event.node, contracts.forwards.accepts)
    sample = contracts.forwards.sample(value.schema)
    return [] if sample is None else list(sample[0])


def _call_of(contracts: Contracts, pair: Pair, event: Event) -> str:
    name = "any event" if event.name == WILDCARD else event.name
    return call(pair.example, name, _sample(contracts, event))


def _compare_received(contracts: Contracts, pair: Pair, old: Event, new: Event) -> Iterator[Change]:
    name = repr(old.name)
    yield from _compare_arguments(contracts, pair, old, new, "inbound")
    if old.ack is not None or new.ack is not None:
        yield from _compare_ack(contracts, pair, old, new, "outbound")
    where = f"{name}{pair.within}"
    yield from _compare_security(contracts, pair, old, new, where)
    yield from _compare_reauth(pair, old, new, where)
    joined = _joined(pair, old)
    yield from compare_rates(old, new, where, namespace=pair.old.name, event=old.name, joined=joined)
    if old.ordering != new.ordering:
        message = f"{name}{pair.within} is handled in another order: {old.ordering} has become {new.ordering}"
        yield _change("info", "ORDERING_CHANGED", message, pair, old, old=old, new=new)


def _compare_security(
    contracts: Contracts, pair: Pair, old: Event, new: Event, where: str
) -> Iterator[Change]:
    change = compare_event_security((old, pair.old, contracts.old), (new, pair.new, contracts.new), where)
    if change is not None:
        yield change


def _compare_reauth(pair: Pair, old: Event, new: Event, where: str) -> Iterator[Change]:
    """Yield the change for an event that no longer renews credentials, or does now."""
    if old.is_reauth is new.is_reauth:
        return
    level, message = (
        ("breaking", f"{where} no longer carries fresh credentials: clients are cut off when theirs expire")
        if old.is_reauth
        else ("unknown", f"{where} carries fresh credentials now; it is not known whether clients send them")
    )
    yield _change(level, "REAUTH_CHANGED", message, pair, old, old=old, new=new, part="security")


def _joined(pair: Pair, event: Event) -> list[Event]:
    """Return the other events that are declared by the new wildcard alone, if this one is."""
    before, after = pair.old.receives, pair.new.receives
    if event.name in after:
        return []
    return [
        other
        for name, other in before.items()
        if other is not event and (name == WILDCARD or name not in after)
    ]


def _compare_sent(contracts: Contracts, pair: Pair, old: Event, new: Event) -> Iterator[Change]:
    yield from _compare_arguments(contracts, pair, old, new, "outbound")
    if old.ack is not None or new.ack is not None:
        yield from _compare_ack(contracts, pair, old, new, "inbound")


def _compare_declared(contracts: Contracts, pair: Pair, wildcard: Event, new: Event) -> Iterator[Change]:
    """Yield the change for an event that is declared now, and was taken by the one for any name before."""
    where = f"{new.name!r}{pair.within}"
    taken = replace(wildcard, name=new.name)
    yield from compare_rates(wildcard, new, where, namespace=pair.old.name, event=new.name)
    yield from _compare_security(contracts, pair, taken, new, where)
    if wildcard.ack is not None:
        yield from _compare_ack(contracts, pair, taken, new, "outbound")
    changes = list(_compare_arguments(contracts, pair, taken, new, "inbound"))
    if any(change.level in ("breaking", "unknown") for change in changes):
        message = (
            f"{new.name!r}{pair.within} is now declared; until now clients could emit it with any arguments"
        )
        yield _change("info", "EVENT_NOW_DECLARED", message, pair, new, old=wildcard, new=new)
    else:
        message = f"{new.name!r}{pair.within} is declared now, and carries all that it may carry today"
        yield _change("compatible", "EVENT_NOW_DECLARED", message, pair, new, old=wildcard, new=new)


def _compare_arguments(
    contracts: Contracts, pair: Pair, old: Event, new: Event, direction: Direction
) -> Iterator[Change]:
    name = old.name

    def command(arguments: Any) -> str:
        if direction == "inbound":
            return call(pair.example, name, arguments)
        return listen(pair.example, "-e", name, spec=contracts.old.root.document)

    subject = Subject(
        name=f"{name!r}{pair.within}",
        part="arguments",
        direction=direction,
        namespace=pair.old.name,
        event=name,
        show=quoted,
        command=command,
    )
    yield from _compare_lists(contracts, subject, (old.arguments, old.node), (new.arguments, new.node))


def _compare_ack(
    contracts: Contracts, pair: Pair, old: Event, new: Event, direction: Direction
) -> Iterator[Change]:
    """Acks: the server's to what clients emit are outbound, those of clients inbound."""
    name = f"the ack of {old.name!r}{pair.within}"
    if old.ack is None:
        if direction == "inbound":
            message = f"clients must answer {old.name!r}{pair.within} now as the document says"
            yield _change("breaking", "ACK_DEMANDED", message, pair, old, old=old, new=new, part="ack")
        else:
            message = f"{name} is declared now"
            yield _change("compatible", "ACK_DECLARED", message, pair, old, old=old, new=new, part="ack")
        return
    if new.ack is None:
        yield from _without_ack(contracts, pair, old, new, direction)
        return

    def command(arguments: Any) -> str:
        if direction == "inbound":
            answer = arguments[0] if len(arguments) == 1 else arguments
            return listen(pair.example, "-e", old.name, "--ack", as_json(answer))
        return _call_of(contracts, pair, old)

    subject = Subject(
        name=name,
        part="ack",
        direction=direction,
        namespace=pair.old.name,
        event=old.name,
        show=quoted,
        command=command,
    )
    yield from _compare_lists(contracts, subject, (old.ack, old.node), (new.ack, new.node))


def _without_ack(
    contracts: Contracts, pair: Pair, old: Event, new: Event, direction: Direction
) -> Iterator[Change]:
    """Yield the change for an ack that is no longer declared.

    The server then answers ``[]``, and takes any answer of clients.
    """
    name = f"the ack of {old.name!r}{pair.within}"
    if direction == "inbound":
        message = f"{name} is no longer declared: clients may answer as they like"
        yield _change(
            "compatible", "ACK_NO_LONGER_DECLARED", message, pair, old, old=old, new=new, part="ack"
        )
        return
    assert old.ack is not None  # noqa: S101  # the caller has looked
    value = _value(contracts.old, old.ack, old.node, contracts.backwards.accepts)
    if value.mismatch([]) is None:
        message = f"{name} is no longer declared, and empty, as it may be today"
        yield _change(
            "compatible", "ACK_NO_LONGER_DECLARED", message, pair, old, old=old, new=new, part="ack"
        )
    else:
        message = f"{name} is no longer declared, and empty, which clients do not expect today"
        witness = Witness(value=[], command=_call_of(contracts, pair, old))
        yield _change(
            "breaking",
            "ACK_NO_LONGER_DECLARED",
            message,
            pair,
            old,
            old=old,
            new=new,
            part="ack",
            witness=witness,
        )


def _compare_lists(
    contracts: Contracts, subject: Subject, old: tuple[Arguments, Node], new: tuple[Arguments, Node]
) -> Iterator[Change]:
    if is_opaque(old[0]) or is_opaque(new[0]):
        if _written(old[0]) != _written(new[0]):
            yield Change(
                level="unknown",
                code=f"{subject.part.upper()}_CHANGED",
                message=f"{subject.name} changed, and is of a schema format that is not compared",
                namespace=subject.namespace,
                event=subject.event,
                part=subject.part,
                old=place_of(old[1]),
                new=place_of(new[1]),
            )
        return
    if _is_same(contracts.forwards, old[0], new[0], contracts):
        return
    accepts_old, accepts_new = contracts.forwards.accepts, contracts.backwards.accepts
    change = compare_values(
        contracts,
        subject,
        _value(contracts.old, *old, accepts_old),
        _value(contracts.new, *new, accepts_new),
    )
    if change is not None:
        yield change


def _is_same(containment: Containment, old: Arguments, new: Arguments, contracts: Contracts) -> bool:
    """Return whether arguments are the same at a glance, so that nothing is compiled for them."""
    if (old.kind, old.minimum, old.maximum, len(old.of)) != (new.kind, new.minimum, new.maximum, len(new.of)):
        return False
    if old.schema is not None and new.schema is not None:
        return containment.is_same(
            contracts.old.bundle.definition(old.schema), contracts.new.bundle.definition(new.schema)
        )
    return all(_is_same(containment, *parts, contracts) for parts in zip(old.of, new.of, strict=True))


def _written(arguments: Arguments) -> Any:
    return (
        arguments.kind,
        arguments.schema and arguments.schema.value,
        [_written(part) for part in arguments.of],
    )


def _value(spec: Spec, arguments: Arguments, node: Node, accepts: Callable[[Any, Any], bool]) -> Value:
    """Return what a contract says of a list of arguments."""
    check = compile_arguments(arguments, spec.bundle.only(arguments.schemas()))

    def check_list(value: Any) -> None:
        if not isinstance(value, list):
            raise Mismatch(())
        check(value)

    schema = list_schema(arguments, spec.bundle, node, accepts)
    return Value(spec=spec, schema=schema, check=check_list, node=node)
