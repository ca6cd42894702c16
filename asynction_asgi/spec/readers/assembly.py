"""From channels and operations, as either version drafts them, to the model's namespaces."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..model import ANY_NAMESPACE, Event, HandlerName, Handshake, Namespace
from ..model.templates import shape_of
from ..structure.grammar_shared import WS_ALIASES
from ..text.pointer import Pointer
from .events import merge_events, read_event, read_handler, read_requirement
from .rates import check_users, read_rate
from .reading import LIFECYCLE
from .recovery import check_recovery, read_recovery
from .security import meaning_of, narrow, read_security, refuse_unsupported
from .unread import report_unaddressed, report_unread

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..model import Parameter, Rate, Recovery, Security
    from ..text.document import Node
    from .reading import Action, ChannelDraft, MessageDraft, OperationDraft, Reader

# What Socket.IO's client and server emit themselves (protocol 5, "reserved events").
RESERVED = ("connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener")


@dataclass(slots=True)
class _Namespace:
    """A namespace in the making: everything that its channels said so far."""

    name: str
    node: Node
    parameters: tuple[Parameter, ...] = ()
    events: dict[Action, dict[str, Event]] = field(default_factory=lambda: {"receives": {}, "sends": {}})
    handlers: dict[str, HandlerName] = field(default_factory=dict)
    handshake: dict[str, Node] = field(default_factory=dict)
    security: Security | None = None
    security_node: Node | None = None
    inherited: Security | None = None
    scopes: list[Node] = field(default_factory=list)
    recovery: Recovery | None = None
    recovery_node: Node | None = None
    rate: Rate | None = None
    description: str = ""

    @property
    def required(self) -> Security | None:
        """What a client must present to connect."""
        return self.inherited if self.security is None else self.security


def assemble(
    reader: Reader,
    channels: Iterable[ChannelDraft],
    operations: Iterable[OperationDraft],
    security: Security | None,
) -> dict[str, Namespace]:
    """Return every namespace that is served, in document order.

    Args:
        reader: Takes the findings.
        channels: All of the document's.
        operations: Likewise.
        security: What the server requires of namespaces that say nothing themselves.
    """
    drafts: dict[str, _Namespace] = {}
    served = [
        operation
        for operation in operations
        if operation.channel.kept and operation.channel.namespace is not None
    ]
    operated = {operation.channel.place.identity for operation in served}
    for channel in channels:
        # An unknown address without operations is a place for replies.
        if channel.namespace != ANY_NAMESPACE or channel.place.identity in operated:
            _add_channel(reader, drafts, channel)
    report_unaddressed(reader, channels, operated, alone=drafts.keys() <= {ANY_NAMESPACE})
    for draft in drafts.values():
        draft.inherited = security
        if draft.scopes:
            draft.security = narrow(reader, draft.required, draft.scopes)
    for operation in served:
        _add_operation(reader, drafts[operation.channel.namespace or ""], operation)
    report_unread(reader, served)
    if not drafts and not any(diagnostic.severity == "error" for diagnostic in reader.found):
        place = reader.root.get("channels") or reader.root
        reader.warn(place, "CHANNELS", "no channel is served, so every client is refused", key=True)
    _refuse_ambiguous(reader, drafts)
    named = [draft for draft in drafts.values() if draft.name != ANY_NAMESPACE]
    for draft in drafts.values():
        refuse_unsupported(reader, draft.security, draft.security_node)
        # Events of a channel without an address are those of all the others, too.
        having = (named or [draft]) if draft.name == ANY_NAMESPACE else [draft]
        required = [other.required for other in having]
        check_users(reader, draft.rate, draft.events["receives"].values(), required)
        if draft.recovery is not None:
            check_recovery(reader, draft.recovery, draft.handshake.get("auth"), draft.events["sends"])
    return {
        draft.name: Namespace(
            name=draft.name,
            parameters=draft.parameters,
            receives=draft.events["receives"],
            sends=draft.events["sends"],
            handlers={key: handler for key, handler in draft.handlers.items() if key != "class"},
            handler_class=draft.handlers.get("class"),
            handshake=Handshake(**draft.handshake),
            security=draft.security,
            recovery=draft.recovery,
            rate=draft.rate,
            description=draft.description,
            node=draft.node,
        )
        for draft in drafts.values()
    }


def _refuse_ambiguous(reader: Reader, drafts: dict[str, _Namespace]) -> None:
    shapes: dict[str, str] = {}
    for name, draft in drafts.items():
        if not draft.parameters:
            continue
        shape = shape_of(name)
        if shape in shapes:
            message = f"{name!r} and {shapes[shape]!r} admit the same namespaces"
            reader.error(draft.node, "AMBIGUOUS_NAMESPACE", message, key=True)
        shapes.setdefault(shape, name)


# --- channels ------------------------------------------------------------------------------------


def _add_channel(reader: Reader, drafts: dict[str, _Namespace], channel: ChannelDraft) -> None:
    name = channel.namespace
    if name is None or not channel.kept:
        return
    draft = drafts.get(name)
    if draft is None:
        draft = drafts[name] = _Namespace(name, channel.node, channel.parameters)
    description = channel.node.value.get("description")
    if isinstance(description, str) and not draft.description:
        draft.description = description
    for key, node in reader.entries(_ours(reader, channel.node, "x-handlers")):
        handler = reader.handler(node)
        if handler is not None and key in {"connect", "disconnect", "error", "*", "class"}:
            _set_handler(reader, draft, key, handler)
    binding = reader.member(channel.node, "bindings")
    for alias in WS_ALIASES:
        if (ws := reader.member(binding, alias)) is not None:
            _add_binding(reader, draft, ws)
    if (scopes := channel.node.get("x-scopes")) is not None:
        draft.scopes.append(scopes)
    if (auth := channel.node.get("x-auth")) is not None:
        _set_schema(reader, draft, "auth", auth)
    if (listed := channel.node.get("x-security")) is not None:
        security = read_security(reader, listed, ours=True)
        if draft.security_node is not None and meaning_of(draft.security) != meaning_of(security):
            _disagree(reader, draft, listed, "x-security")
        draft.security, draft.security_node = security, listed
    if (said := reader.member(channel.node, "x-recovery")) is not None:
        recovery = read_recovery(said)
        if draft.recovery_node is not None and draft.recovery != recovery:
            _disagree(reader, draft, said, "x-recovery")
        draft.recovery, draft.recovery_node = recovery, said
    if (rate := read_rate(reader, channel.node.get("x-rate"))) is not None:
        if draft.rate is not None and draft.rate != rate:
            _disagree(reader, draft, rate.node, "x-rate")
        draft.rate = rate


def _ours(reader: Reader, node: Node, name: str) -> Node | None:
    """Return one of our extensions, in whichever spelling is honoured."""
    return reader.follow(reader.traited(node).get(name))


def _add_binding(reader: Reader, draft: _Namespace, ws: Node) -> None:
    for key in ("query", "headers"):
        if (node := ws.get(key)) is not None:
            _set_schema(reader, draft, key, node)


def _set_schema(reader: Reader, draft: _Namespace, key: str, node: Node) -> None:
    schema = reader.follow(node)
    if schema is None or not isinstance(schema.value, dict | bool):
        return
    known = draft.handshake.setdefault(key, schema)
    if known.identity != schema.identity and known.value != schema.value:
        _disagree(reader, draft, node, key)


def _disagree(reader: Reader, draft: _Namespace, node: Node, what: str) -> None:
    reader.error(
        node, "ADDRESS", f"two channels have the address {draft.name!r} and disagree on {what}", key=True
    )


def _set_handler(reader: Reader, draft: _Namespace, key: str, handler: HandlerName) -> None:
    known = draft.handlers.setdefault(key, handler)
    if known.path != handler.path:
        message = f"{draft.name!r} has two handlers for {key!r}: {known.path} and {handler.path}"
        reader.error(handler.node, "HANDLER_CONFLICT", message)
        reader.uncalled.append(handler)


# --- operations ----------------------------------------------------------------------------------


def _add_operation(reader: Reader, draft: _Namespace, operation: OperationDraft) -> None:
    for message in operation.messages:
        name = message.name
        if not name:
            if message.fields.value.get("name") in (None, ""):
                what = "the message has no name, so no event can carry it; add 'name'"
                reader.error(message.place, "EVENT_NAME", what)
            reader.set_aside(message.fields)
            continue
        if operation.action == "sends" and name in RESERVED:
            what = f"{name!r} is emitted by Socket.IO itself; rename the event"
            reader.error(message.place, "RESERVED_EVENT", what)
            reader.set_aside(message.fields)
        elif operation.action == "receives" and name in LIFECYCLE:
            _add_lifecycle(reader, draft, operation, message, name)
        else:
            if name in RESERVED:
                reader.warn(message.place, "RESERVED_EVENT", f"no JavaScript client can emit {name!r}")
            _add_event(reader, draft, operation, message, name)
    security = operation.fields.get("security")
    if operation.action == "receives":
        refuse_unsupported(reader, operation.security, security)
    elif security is not None and operation.security:
        what = "security of what the server sends is never checked; put it on the channel as x-security"
        reader.ignored(security, "SECURITY_SHAPE", what, key=True)


def _add_lifecycle(
    reader: Reader, draft: _Namespace, operation: OperationDraft, message: MessageDraft, name: str
) -> None:
    reader.warn(
        message.place,
        "RESERVED_EVENT",
        f"{name!r} is a lifecycle event; put its handler in x-handlers",
    )
    handler = read_handler(reader, operation, message)
    if handler is not None:
        _set_handler(reader, draft, name, handler)
    if (
        name == "connect"
        and (read_requirement(reader, draft.required, operation, message) or draft.required) != draft.required
    ):
        places = (
            message.fields.get("x-scopes"),
            operation.fields.get("x-scopes"),
            operation.fields.get("security"),
        )
        place = next(node for node in places if node is not None)
        key = Pointer.parse(place.pointer).last
        ours = f"x-{key.removeprefix('x-')}"
        what = f"{key!r} of an operation or a message does not apply to connecting; put it on the channel as {ours}"
        reader.error(place, "SECURITY_SHAPE", what, key=True)
    if name == "connect" and "auth" not in draft.handshake:
        schema = reader.arguments(message.fields).schema
        if schema is not None:
            draft.handshake["auth"] = schema


def _add_event(
    reader: Reader, draft: _Namespace, operation: OperationDraft, message: MessageDraft, name: str
) -> None:
    event = read_event(reader, operation, message, name, required=draft.required)
    events = draft.events[operation.action]
    known = events.get(name)
    events[name] = event if known is None else merge_events(reader, known, event, message, operation.action)
