"""What is legal AsyncAPI and can't be meant of a Socket.IO server: the usual misunderstandings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model import ANY_NAMESPACE
from ..structure.extensions import CHANNEL_EXTENSIONS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .reading import ChannelDraft, OperationDraft, Reader

# From this many channels with a single message each, they are not taken for namespaces even if they look it.
_MANY = 5
_SHOWN = 3


def warn_of_unlike_namespaces(
    reader: Reader, channels: Iterable[ChannelDraft], operations: Iterable[OperationDraft]
) -> None:
    """Report addresses without a slash; once for all of them if they are events rather than namespaces.

    Many write a channel for each event. Each is a namespace here, which clients must connect to.
    """
    names: dict[str, set[str]] = {}
    for operation in operations:
        if operation.channel.kept and operation.channel.namespace is not None:
            names.setdefault(operation.channel.namespace, set()).update(
                message.name for message in operation.messages
            )
    served = [
        channel
        for channel in channels
        if channel.kept
        and channel.address_node is not None
        and channel.namespace not in (None, ANY_NAMESPACE)
    ]
    peopled = {str(channel.namespace): channel for channel in served if names.get(str(channel.namespace))}
    single = {name: channel for name, channel in peopled.items() if len(names[name]) == 1}
    alike = [
        name
        for name, channel in single.items()
        if _is_prefixed(channel) or _letters(name.rpartition("/")[2]) == _letters(min(names[name]))
    ]
    if len(peopled) == len(single) >= _MANY and not any(map(_is_set_up, single.values())):
        alike = list(single)
    place = reader.root.get("channels")
    if len(alike) > max(1, len(peopled) / 2) and place is not None:
        shown = ", ".join(map(repr, alike[:_SHOWN])) + (", …" if len(alike) > _SHOWN else "")
        message = (
            f"{len(alike)} channels hold one message each; a channel is a namespace here, and events are its"
            " messages: put the messages into one channel '/', or clients must connect to each of"
            f" {shown}"
        )
        reader.warn(place, "CHANNELS", message, key=True)
    else:
        alike = []
    hinted = set(alike)
    for channel in served:
        if _is_prefixed(channel) and channel.namespace not in hinted and channel.address_node is not None:
            message = (
                f"a namespace begins with a slash: {channel.address!r} is served as {channel.namespace!r}"
            )
            reader.warn(channel.address_node, "NAMESPACE_PREFIXED", message, key=True)


def _is_prefixed(channel: ChannelDraft) -> bool:
    return channel.address is not None and channel.address != channel.namespace


def _is_set_up(channel: ChannelDraft) -> bool:
    """Return whether it has what only a namespace has use for."""
    return bool(channel.parameters) or not CHANNEL_EXTENSIONS.keys().isdisjoint(channel.node.value)


def _letters(name: str) -> str:
    return "".join(filter(str.isalnum, name)).lower()
