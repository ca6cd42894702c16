"""Extensions that nothing reads where they stand, such as the rate of what only the server emits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..model import ANY_NAMESPACE
from ..structure.extensions import CHANNEL_EXTENSIONS, GUARDS, PLACES
from .reading import LIFECYCLE

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Sequence

    from ..text.document import Node
    from .reading import ChannelDraft, OperationDraft, Reader, Traited

# The roles of messages in which each extension has a meaning. Scopes of connecting are the assembly's to report.
_READ: dict[str, tuple[str, ...]] = {
    "x-handler": ("received", *LIFECYCLE),
    "x-scopes": ("received", "connect"),
    **dict.fromkeys(("x-rate", "x-trace", "x-ordering", "x-reauth"), ("received",)),
    **dict.fromkeys(("x-ack", "x-mock", "x-deprecated"), ("received", "sent")),
    "x-positional": ("received", "sent", "answer"),
}
_OF_OPERATIONS = frozenset(key for key, places in PLACES.items() if "an operation" in places)
_CODES = {**dict.fromkeys(("x-scopes", "x-security"), "SECURITY_SHAPE"), "x-rate": "RATE"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Use:
    """An extension of a message, or of an operation for all of its messages.

    Attributes:
        node: Where it stands.
        role: What the message is: ``received`` or ``sent`` as an event, a name of `LIFECYCLE`, or an ``answer``.
        name: The message's name, or None without one, for an acknowledgement, and for an operation of events.
    """

    node: Node
    role: str
    name: str | None = None

    @property
    def why(self) -> str:
        """Why it has no effect."""
        if self.role == "answer":
            return "an acknowledgement is not an event"
        if self.role == "sent":
            return f"the server emits {'what this operation sends' if self.name is None else repr(self.name)}"
        return f"{self.name!r} is not an event"


def report_unread(reader: Reader, operations: Sequence[OperationDraft]) -> None:
    """Report each extension that nothing reads, once; it is an error if it narrows access.

    An extension of a message, or of a trait, that is read elsewhere is not a mistake.

    Args:
        reader: Takes the findings, and handlers that are never called.
        operations: All that are served.
    """
    for key, roles in _READ.items():
        uses = [*_uses(reader, operations, key)]
        done = {use.node.identity for use in uses if use.role in roles}
        for use in uses:
            if use.node.identity not in done:
                done.add(use.node.identity)
                _report(reader, key, use)


def report_unaddressed(
    reader: Reader, channels: Iterable[ChannelDraft], operated: Container[object], *, alone: bool
) -> None:
    """Report extensions of channels without an address, to which no client connects.

    Args:
        reader: Takes the findings.
        channels: All of the document's.
        operated: The places of those that operations use; their events are those of all namespaces.
        alone: Whether no other channel is served, so that such a channel is the namespace ``/``.
    """
    for channel in channels:
        if not channel.kept or channel.address is not None or channel.namespace not in (None, ANY_NAMESPACE):
            continue
        is_used = channel.place.identity in operated
        unread = (() if alone else ("x-rate", "x-recovery")) if is_used else CHANNEL_EXTENSIONS
        cure = "move it to a channel with an address" + ("" if is_used else ", or give this one an address")
        for key in unread:
            if (node := reader.traited(channel.node).get(key)) is not None:
                _say(reader, key, node, "a channel without an address is not a namespace", cure)


def _uses(reader: Reader, operations: Sequence[OperationDraft], key: str) -> Iterator[_Use]:
    on_operation = key in _OF_OPERATIONS or (key == "x-handler" and not reader.traits_win)
    for operation in operations:
        role = "received" if operation.action == "receives" else "sent"
        shared = operation.fields.get(key) if on_operation else None
        if shared is not None and not operation.messages:
            yield _Use(node=shared, role=role)
        for message in operation.messages:
            is_event = role == "sent" or message.name not in LIFECYCLE
            of_message = role if is_event else message.name
            if shared is not None:
                yield _Use(node=shared, role=of_message, name=None if is_event else message.name)
            if (node := message.fields.get(key)) is not None:
                yield _Use(node=node, role=of_message, name=message.name or None)
        for answer in _answers(reader, operation):
            if (node := answer.get(key)) is not None:
                yield _Use(node=node, role="answer")


def _answers(reader: Reader, operation: OperationDraft) -> Iterator[Traited]:
    """Yield each message that is an acknowledgement: of ``x-ack``, and of the operation's ``reply``."""
    for fields in (operation.fields, *(message.fields for message in operation.messages)):
        target = reader.follow(fields.get("x-ack"))
        if target is not None and isinstance(target.value, dict) and "payload" in target.value:
            yield reader.traited(target)
    for reply in operation.replies:
        yield reply.fields


def _report(reader: Reader, key: str, use: _Use) -> None:
    by = "'publish'" if reader.traits_win else "the action 'receive'"
    if key == "x-handler":
        handler = reader.handler(use.node)
        if handler is None:
            return
        reader.uncalled.append(handler)
        hint = f"; did you mean {by}?" if use.role == "sent" else ""
        reader.warn(use.node, "HANDLER", f"this handler is never called: {use.why}{hint}", key=True)
        return
    if use.role == "answer":
        cure = "move it to the message of the event"
    else:
        cure = f"move it to a message that clients emit, by {by}"
        cure += ", or to the channel" if key in GUARDS else ""
    _say(reader, key, use.node, use.why, cure)


def _say(reader: Reader, key: str, node: Node, why: str, cure: str) -> None:
    report = reader.error if key in GUARDS else reader.ignored
    message = f"{key!r} has no effect here: {why}; {cure}"
    report(node, _CODES.get(key, "UNKNOWN_EXTENSION"), message, key=True)
