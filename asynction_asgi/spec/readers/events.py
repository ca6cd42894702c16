"""Events from messages and operations, and two declarations of an event as one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..model import ANY, Arguments, Event, HandlerName, count_words
from ..text.pointer import Pointer
from .rates import read_rate
from .reading import union
from .security import meaning_of, narrow

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..model import Ordering, Security
    from ..text.document import Node
    from .reading import Action, MessageDraft, OperationDraft, Reader

_OF_MESSAGES = ("x-reauth", "x-mock", "x-deprecated")
_ORDERINGS: dict[str, Ordering] = {"concurrent": "concurrent", "serial": "serial"}


def read_handler(reader: Reader, operation: OperationDraft, message: MessageDraft) -> HandlerName | None:
    """Return the message's handler or, in 3.x, its operation's."""
    own = reader.handler(message.fields.get("x-handler"))
    if reader.traits_win:
        return own
    default = reader.handler(operation.fields.get("x-handler"))
    if own is not None and default is not None and own.path != default.path:
        message_ = f"the message names the handler {own.path}, and its operation {default.path}"
        reader.error(own.node, "HANDLER_CONFLICT", message_)
        reader.uncalled.append(default)
    return own or default


def read_event(
    reader: Reader,
    operation: OperationDraft,
    message: MessageDraft,
    name: str,
    *,
    required: Security | None,
) -> Event:
    """Read an event from its message and operation.

    Args:
        reader: Takes the findings.
        operation: Says whether clients or the server emit it.
        message: Says the rest.
        name: The event's name.
        required: What a client must present to connect.
    """
    receives = operation.action == "receives"
    arguments = reader.arguments(message.fields)
    headers = message.fields.get("headers")
    if headers is not None and reader.strict:
        reader.error(
            headers, "SCHEMA", "Socket.IO events carry no headers, so these are not enforced", key=True
        )
    return Event(
        name=name,
        arguments=arguments,
        ack=_ack(reader, operation, message),
        handler=read_handler(reader, operation, message) if receives else None,
        security=read_requirement(reader, required, operation, message) if receives else None,
        ordering=_ordering(operation, message) if receives else None,
        rate=read_rate(reader, reader.merged(message.fields, "x-rate")) if receives else None,
        trace=_trace(reader, message, arguments) if receives else (),
        message=message.fields.value,
        node=message.fields.node,
    )


def read_requirement(
    reader: Reader, required: Security | None, operation: OperationDraft, message: MessageDraft
) -> Security | None:
    """Return what a client must present to emit an event, besides what connecting required."""
    lists = [
        node for fields in (operation.fields, message.fields) if (node := fields.get("x-scopes")) is not None
    ]
    return narrow(reader, operation.security or required, lists) if lists else operation.security or None


def _ack(reader: Reader, operation: OperationDraft, message: MessageDraft) -> Arguments | None:
    """Return ``x-ack`` of the message, else of the operation, else the operation's reply."""
    for fields in (message.fields, operation.fields):
        ack = reader.ack(reader.merged(fields, "x-ack"))
        if ack is not None:
            return ack or None
    return operation.reply


def _ordering(operation: OperationDraft, message: MessageDraft) -> Ordering | None:
    word = message.fields.text("x-ordering") or operation.fields.text("x-ordering")
    return _ORDERINGS.get(word) if word is not None else None


def _trace(reader: Reader, message: MessageDraft, arguments: Arguments) -> tuple[str, ...]:
    """Return ``x-trace`` as a path into the arguments, empty without one."""
    pointer = message.fields.text("x-trace") or ""
    path = Pointer.parse(pointer).tokens if pointer.startswith("/") else ()
    if not path or not path[0].isdecimal() or len(path[0]) > 2:  # which the grammar has reported
        return ()
    if arguments.maximum is not None and int(path[0]) >= arguments.maximum:
        node = message.fields.get("x-trace") or message.place
        count = count_words(arguments.minimum, arguments.maximum)
        what = f"there is no argument /{path[0]}: the number of arguments is {count}, and /0 is the first"
        reader.error(node, "TYPE", what)
        return ()
    if arguments.kind == "opaque":
        return path
    way = path if arguments.kind == "positional" else path[1:]
    if other := _other_than_object(reader, arguments.schema, way):
        node = message.fields.get("x-trace") or message.place
        what = f"'x-trace' has no effect here: it leads to {other}, and only an object can name a trace"
        reader.ignored(node, "TYPE", what, key=True)
    return path


def _other_than_object(reader: Reader, schema: Node | None, path: tuple[str, ...]) -> str | None:
    """Return what a value at a place is by its schema, if that says so and means no object, or None."""
    target = reader.follow(schema)
    if target is None or not isinstance(target.value, dict):
        return None
    kind = target.value.get("type")
    if isinstance(kind, str) and kind != "object" and not (path and kind == "array"):
        return f"a value of type {kind!r}"
    return _other_than_object(reader, _part(reader, target, path[0]), path[1:]) if path else None


def _part(reader: Reader, schema: Node, token: str) -> Node | None:
    """Return the schema that a member or an item has by its name or number, or None."""
    if (member := reader.member(schema.get("properties"), token)) is not None or not token.isdecimal():
        return member
    listed = [*reader.elements(schema, "prefixItems")] or [*reader.elements(schema, "items")]
    by_number = {str(number): item for number, item in enumerate(listed)}
    return by_number.get(token) or schema.get("items")


def merge_events(reader: Reader, known: Event, event: Event, message: MessageDraft, action: Action) -> Event:
    """Merge two declarations of an event: the same message, or alternatives."""
    receives = action == "receives"
    paths = [declared.handler.path if declared.handler is not None else None for declared in (known, event)]
    if receives and paths[0] != paths[1]:
        handlers = " and ".join(str(path) for path in paths)
        what = f"the event {event.name!r} is declared twice, with different handlers ({handlers})"
        reader.error(message.place, "DUPLICATE_EVENT", what)
        reader.set_aside(message.fields)
        return known
    if receives and meaning_of(known.security) != meaning_of(event.security):
        what = f"the event {event.name!r} is declared twice, with different security"
        reader.error(message.place, "DUPLICATE_EVENT", what)
        reader.set_aside(message.fields)
        return known
    if known.rate != event.rate:
        what = f"the event {event.name!r} is declared twice, with different x-rate"
        reader.error(message.place, "DUPLICATE_EVENT", what)
        reader.set_aside(message.fields)
        return known
    unequal = _unequal(known, event)
    known = replace(known, message=_completed(known.message, event.message))
    more = f"; of {', '.join(unequal)} the first counts" if unequal else ""
    ordering, trace = known.ordering or event.ordering, known.trace or event.trace
    acks = [ack for ack in (known.ack, event.ack) if ack is not None]
    ack = union(acks) if acks else None
    if known.node.identity == event.node.identity:
        if ack is not None and any(len(ack.of) > max(1, len(part.of)) for part in acks):
            what = f"the event {event.name!r} is declared twice, with different acks; either one is accepted{more}"
            reader.warn(message.place, "DUPLICATE_EVENT", what)
        elif unequal:
            what = f"the event {event.name!r} is declared twice{more}"
            reader.warn(message.place, "DUPLICATE_EVENT", what)
        return replace(known, ack=ack, ordering=ordering)
    what = f"the event {event.name!r} is declared twice; a payload of either one is accepted{more}"
    reader.warn(message.place, "DUPLICATE_EVENT", what)
    arguments = (known.arguments, event.arguments)
    merged = ANY if ANY in arguments else union(arguments)
    return replace(known, arguments=merged, ack=ack, ordering=ordering, trace=trace)


def _unequal(known: Event, event: Event) -> list[str]:
    """Return the extensions of which an event can have one, and that two declarations of it say differently."""
    said = (
        ("x-ordering", known.ordering, event.ordering),
        ("x-trace", known.trace, event.trace),
        *((key, known.message.get(key), event.message.get(key)) for key in _OF_MESSAGES),
    )
    return [key for key, first, second in said if first and second and first != second]


def _completed(message: Mapping[str, Any], other: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a message with the extensions that only another declaration of its event says."""
    return {**message, **{key: other[key] for key in _OF_MESSAGES if other.get(key) and not message.get(key)}}
