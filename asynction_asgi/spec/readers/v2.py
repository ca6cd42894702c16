"""AsyncAPI 2.0 to 2.6: channel items with ``publish`` and ``subscribe``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model import Parameter
from ..text.document import Node
from ..text.references import name_by_reference
from .addresses import namespace_name, read_parameters_of
from .reading import Action, ChannelDraft, MessageDraft, OperationDraft, Traited
from .security import read_security

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .reading import Reader
    from .servers import Servers

# The words are those of a client's: what is published to the application, the server receives.
_ACTIONS: dict[str, Action] = {"publish": "receives", "subscribe": "sends"}


def read_channels(reader: Reader, servers: Servers) -> list[ChannelDraft]:
    """Read every channel item; its key is the namespace."""
    channels = []
    for key, written in reader.entries(reader.root, "channels"):
        node = reader.follow(written)
        if key.startswith("x-") or node is None or not isinstance(node.value, dict):
            continue
        channels.append(
            ChannelDraft(
                node=node,
                place=written,
                address=key,
                address_node=written,
                namespace=namespace_name(reader, key, written),
                parameters=_parameters(reader, node, key),
                kept=_kept(reader, node, servers),
            )
        )
    return channels


def _parameters(reader: Reader, channel: Node, address: str) -> tuple[Parameter, ...]:
    declared, nodes = {}, {}
    for name, written in reader.entries(channel, "parameters"):
        node = reader.follow(written)
        if node is not None and isinstance(node.value, dict):
            description = node.value.get("description")
            declared[name] = Parameter(
                name=name,
                schema=reader.member(node, "schema"),
                description=description if isinstance(description, str) else "",
            )
            nodes[name] = written
    return read_parameters_of(reader, address, declared, nodes)


def _kept(reader: Reader, channel: Node, servers: Servers) -> bool:
    names = [element for element in reader.elements(channel, "servers") if isinstance(element.value, str)]
    for name in names:
        if name.value not in servers.known:
            message = f"the document has no server {name.value!r}{reader.resolver.did_you_mean(name.value, servers.known)}"
            reader.error(name, "SERVER_UNKNOWN", message, layer="document")
    return not servers.known or not names or any(name.value in servers.kept for name in names)


def read_operations(reader: Reader, channels: list[ChannelDraft]) -> Iterator[OperationDraft]:
    """Read every operation of the channels."""
    identifiers: dict[str, dict[str, Node]] = {"operationId": {}, "messageId": {}}
    for channel in channels:
        for word, action in _ACTIONS.items():
            node = channel.node.get(word)
            if node is None or not isinstance(node.value, dict):
                continue
            fields = reader.traited(node)
            _identify(reader, identifiers["operationId"], "operationId", fields)
            messages = tuple(_messages(reader, node.get("message")))
            for message in messages:
                _identify(reader, identifiers["messageId"], "messageId", message.fields)
            yield OperationDraft(
                channel=channel,
                action=action,
                fields=fields,
                messages=messages,
                security=read_security(reader, fields.get("security")),
            )


def _identify(reader: Reader, known: dict[str, Node], word: str, fields: Traited) -> None:
    """Report an id that occurs twice among the document's operations, or messages."""
    node = fields.get(word)
    if node is None or not isinstance(node.value, str):
        return
    first = known.setdefault(node.value, fields.node)
    if first.identity != fields.node.identity:
        reader.error(node, "DUPLICATE_ID", f"the {word} {node.value!r} occurs twice", layer="document")


def _messages(reader: Reader, written: Node | None) -> Iterator[MessageDraft]:
    """Yield the messages of an operation: one, or those of ``oneOf``, which may nest; a list is read once."""
    open_: dict[object, bool] = {}  # by the place of a oneOf: whether it is being read
    waiting: list[Node | object] = [] if written is None else [written]
    while waiting:
        place = waiting.pop()
        if not isinstance(place, Node):
            open_[place] = False
            continue
        if not isinstance(place.value, dict):
            continue
        reference = place.value.get("$ref")
        fallback = name_by_reference(reference) if isinstance(reference, str) else None
        node = reader.follow(place)
        if node is None or not isinstance(node.value, dict):
            continue
        if "oneOf" not in node.value:
            fields = reader.traited(node)
            yield MessageDraft(fields=fields, place=place, fallback=fields.text("messageId") or fallback)
        elif open_.get(node.identity):
            reader.error(place, "REF_CYCLE", "this message contains itself in its oneOf", layer="document")
        elif node.identity not in open_:
            open_[node.identity] = True
            waiting += [node.identity, *[*reader.elements(node, "oneOf")][::-1]]
