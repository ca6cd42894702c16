"""AsyncAPI 3.0 and 3.1: operations at the root, whose ``reply`` is an acknowledgement."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..model import ANY, ANY_NAMESPACE, Arguments, Parameter
from ..text.pointer import Pointer
from ..text.reference_faults import ReferenceFault
from .addresses import namespace_name, read_parameters_of
from .reading import Action, ChannelDraft, MessageDraft, OperationDraft, union
from .security import read_security

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..text.document import Document, Node
    from .reading import Reader
    from .servers import Servers

    MessageKey = tuple[Document, str]

_ACTIONS: dict[str, Action] = {"receive": "receives", "send": "sends"}


def read_channels(reader: Reader, servers: Servers) -> list[ChannelDraft]:
    """Read every channel of the document's root; its address is the namespace, its key only an id."""
    channels = []
    for key, written in reader.entries(reader.root, "channels"):
        node = reader.follow(written)
        if key.startswith("x-") or node is None or not isinstance(node.value, dict):
            continue
        found = node.get("address")
        address = found.value if found is not None and isinstance(found.value, str) else None
        namespace = None
        if found is not None and found.value is None:
            namespace = ANY_NAMESPACE
        elif found is not None and address is not None:
            namespace = namespace_name(reader, address, found)
        channels.append(
            ChannelDraft(
                node=node,
                place=written,
                address=address,
                address_node=found,
                namespace=namespace,
                parameters=_parameters(reader, node, address),
                kept=_kept(reader, node, servers),
            )
        )
    return channels


def _parameters(reader: Reader, channel: Node, address: str | None) -> tuple[Parameter, ...]:
    declared, nodes = {}, {}
    for name, written in reader.entries(channel, "parameters"):
        node = reader.follow(written)
        if node is not None and isinstance(node.value, dict):
            values = [
                element.value for element in reader.elements(node, "enum") if isinstance(element.value, str)
            ]
            declared[name] = Parameter(
                name=name,
                enum=tuple(values) if values else None,
                description=str(node.value.get("description") or ""),
            )
            nodes[name] = written
    return read_parameters_of(reader, address, declared, nodes)


def _kept(reader: Reader, channel: Node, servers: Servers) -> bool:
    names = []
    for written in reader.elements(channel, "servers"):
        target = _target(reader, written)
        if target is None:
            continue
        name = _root_member(reader, target, "servers")
        if name is None:
            message = "a channel's servers are references into the document's 'servers'"
            reader.error(written, "SERVER_UNKNOWN", message, layer="document")
        else:
            names.append(name)
    return not servers.known or not names or any(name in servers.kept for name in names)


def _target(reader: Reader, written: Node) -> Node | None:
    """Return the place that a reference points at, which may be a reference itself."""
    if not (isinstance(written.value, dict) and "$ref" in written.value):
        return None
    try:
        return reader.resolver.step(written)
    except ReferenceFault as fault:
        reader.needed(fault)
        return None


def _root_member(reader: Reader, node: Node, section: str) -> str | None:
    """Return the key of an entry in that section of the root, or None for any other place."""
    place = Pointer.parse(node.pointer)
    if node.document is not reader.root.document or place.parent != Pointer((section,)):
        return None
    return place.last


# --- operations ----------------------------------------------------------------------------------


def read_operations(reader: Reader, channels: list[ChannelDraft]) -> Iterator[OperationDraft]:
    """Read every operation of the document's root that is in a channel with an address."""
    by_place = {channel.place.pointer: channel for channel in channels}
    operations = []
    all_read = True
    for key, written in reader.entries(reader.root, "operations"):
        node = reader.follow(written)
        if key.startswith("x-"):
            continue
        if node is None or not isinstance(node.value, dict):
            all_read = False
            continue
        channel = _channel(reader, node, by_place, "an operation")
        action = node.value.get("action")
        if channel is not None and isinstance(action, str) and action in _ACTIONS:
            operations.append((node, channel, _ACTIONS[action]))
        else:
            all_read = False
            for element in reader.elements(node, "messages"):
                for message in _message(reader, element, ""):
                    reader.set_aside(message.fields)
    _refuse_without_address(reader, operations)
    operations = [(node, _placed(channel, channels), action) for node, channel, action in operations]
    only_replies = _only_replies(reader, [node for node, _, _ in operations])
    if all_read:  # else an error says why not, and what is used is not known
        _warn_of_unused(reader, channels, operations)
    for node, channel, action in operations:
        fields = reader.traited(node)
        reply, replies = _reply(reader, node, channel, by_place)
        yield OperationDraft(
            channel=channel,
            action=action,
            fields=fields,
            messages=tuple(_messages(reader, node, channel, without=only_replies)),
            security=read_security(reader, fields.get("security")),
            replies=replies,
            reply=reply,
        )


def _channel(reader: Reader, node: Node, by_place: dict[str, ChannelDraft], what: str) -> ChannelDraft | None:
    written = node.get("channel")
    target = _target(reader, written) if written is not None else None
    if written is None or target is None:
        return None
    if _root_member(reader, target, "channels") is None:
        message = f"the channel of {what} is a reference into the document's 'channels'"
        reader.error(written, "OP_CHANNEL", message, layer="document")
        return None
    return by_place.get(target.pointer)


def _refuse_without_address(reader: Reader, operations: list[tuple[Node, ChannelDraft, Action]]) -> None:
    """Refuse channels that are operated and lack an address, which alone names a namespace."""
    operated = {channel.place.pointer: channel for _, channel, _ in operations}
    without = {at: channel for at, channel in operated.items() if "address" not in channel.node.value}
    # Its mark: one name for the event, its channel and its operation.
    alike = {node.pointer.replace("/operations/", "/channels/", 1) for node, _, _ in operations}
    if without and without.keys() == operated.keys() == alike:
        reader.error(
            reader.root.child("channels"),
            "CHANNEL_NO_ADDRESS",
            "no channel has an address, so there is no namespace. fastapi-sio writes such documents: a channel per "
            "event, without an address, and actions from the client's view. Put the events of a namespace "
            "into one channel with 'address: /', and say 'receive' for what clients emit",
            key=True,
        )
        return
    for channel in without.values():
        message = "a channel with operations needs an 'address', which is its namespace; null means any"
        reader.error(channel.place, "CHANNEL_NO_ADDRESS", message, key=True)


def _placed(channel: ChannelDraft, channels: list[ChannelDraft]) -> ChannelDraft:
    """Return an operated channel with a namespace, a made-up one if an error says that it has none."""
    if channel.namespace is not None:
        return channel
    for index, draft in enumerate(channels):
        if draft.place.identity == channel.place.identity:
            channels[index] = (
                draft if draft.namespace is not None else replace(draft, namespace=draft.place.pointer)
            )
            return channels[index]
    return channel


def _only_replies(reader: Reader, operations: list[Node]) -> set[MessageKey]:
    """Return the messages that operations refer to as replies only."""
    replies: set[MessageKey] = set()
    others: set[MessageKey] = set()
    for node in operations:
        others.update(_places(reader, node))
        replies.update(_places(reader, reader.member(node, "reply")))
    return replies - others


def _places(reader: Reader, node: Node | None) -> Iterator[MessageKey]:
    for written in reader.elements(node, "messages"):
        target = _target(reader, written)
        if target is not None:
            yield target.identity


def _warn_of_unused(
    reader: Reader, channels: list[ChannelDraft], operations: list[tuple[Node, ChannelDraft, Action]]
) -> None:
    """Report messages that no operation and no reply refers to; a channel's at once if it has no others."""
    entries = {channel.place.pointer: dict(reader.entries(channel.node, "messages")) for channel in channels}
    known = {entry.identity for messages in entries.values() for entry in messages.values()}
    named: set[str] = set()
    doubtful: set[str] = set()
    used: set[MessageKey] = set()
    for node, channel, _ in operations:
        for holder in (node, reader.member(node, "reply")):
            written = holder.get("channel") if holder is not None else None
            target = _target(reader, written) if written is not None else None
            target = target if target is not None and target.pointer in entries else None
            if target is not None:
                named.add(target.pointer)
            if holder is not None and holder.get("messages") is not None:
                places = [_target(reader, element) for element in reader.elements(holder, "messages")]
                own = (
                    known
                    if target is None
                    else {entry.identity for entry in entries[target.pointer].values()}
                )
                if any(place is None or place.identity not in own for place in places):
                    doubtful.add(channel.place.pointer)  # an error says so
                used.update(place.identity for place in places if place is not None)
            elif target is not None:
                used.update(entry.identity for entry in entries[target.pointer].values())
    for channel in channels:
        place = channel.place.pointer
        unused = {key: entry for key, entry in entries[place].items() if entry.identity not in used}
        if channel.address is None:  # a place for replies
            continue
        if unused and len(unused) == len(entries[place]) and place not in named:
            message = (
                "no operation uses this channel, so no event of it can be emitted, either way:"
                " add one to 'operations'"
            )
            reader.warn(channel.place, "CHANNEL", message, key=True)
        elif place not in doubtful:
            for key, entry in unused.items():
                message = f"no operation uses the message {key!r}, so no event carries it; reference it from an operation"
                reader.warn(entry, "OP_MESSAGES", message, key=True)


def _messages(
    reader: Reader, node: Node, channel: ChannelDraft, *, without: set[MessageKey]
) -> Iterator[MessageDraft]:
    """Yield the messages that ``messages`` refers to, or all of the channel's without that field."""
    entries = {message.identity: (key, message) for key, message in reader.entries(channel.node, "messages")}
    if node.get("messages") is None:
        for identity, (key, written) in entries.items():
            if identity not in without:
                yield from _message(reader, written, key)
        return
    for written in reader.elements(node, "messages"):
        target = _target(reader, written)
        if target is None:
            continue
        if target.identity in entries:
            key, entry = entries[target.identity]
            yield from _message(reader, entry, key, place=written)
        else:
            message = f"this message does not belong to the channel; reference one under {_shown(channel)}"
            reader.error(written, "OP_MESSAGE_NOT_IN_CHANNEL", message, layer="document")
            for message_ in _message(reader, written, ""):
                reader.set_aside(message_.fields)


def _shown(channel: ChannelDraft) -> str:
    return f"'#{channel.place.pointer}/messages'"


def _message(reader: Reader, written: Node, key: str, *, place: Node | None = None) -> Iterator[MessageDraft]:
    node = reader.follow(written)
    if node is not None and isinstance(node.value, dict):
        yield MessageDraft(fields=reader.traited(node), place=place or written, fallback=key)


def _reply(
    reader: Reader, node: Node, channel: ChannelDraft, by_place: dict[str, ChannelDraft]
) -> tuple[Arguments | None, tuple[MessageDraft, ...]]:
    """Return the acknowledgement and the messages of a reply: one of them, or anything if there are none.

    Where the reply names no channel, its messages may be of any, and none is implied.
    """
    reply = reader.member(node, "reply")
    if reply is None or not isinstance(reply.value, dict):
        return None, ()
    answered = None
    if reply.get("channel") is None:
        written = reader.elements(reply, "messages")
        messages = tuple(found for reference in written for found in _message(reader, reference, ""))
    else:
        answered = _channel(reader, reply, by_place, "a reply")
        messages = () if answered is None else tuple(_messages(reader, reply, answered, without=set()))
    if reply.value.get("x-ack") is False:
        return None, messages
    if answered is not None and answered.namespace not in {None, ANY_NAMESPACE, channel.namespace}:
        message = f"a reply in another namespace ({answered.namespace}) is not an acknowledgement"
        reader.ignored(reply, "ADDRESS", message, key=True)
        return None, messages
    return _any_of(reader, messages), messages


def _any_of(reader: Reader, messages: Iterable[MessageDraft]) -> Arguments:
    """Return the payload of any one of the messages, or anything if there are no messages."""
    payloads = [reader.arguments(message.fields) for message in messages]
    return ANY if not payloads or ANY in payloads else union(payloads)
