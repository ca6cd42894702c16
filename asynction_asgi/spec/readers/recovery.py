"""``x-recovery``: what a channel promises to clients that were cut off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model import OFFSET_EVENT, Recovery
from ..schemas.children import children

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..model import Event
    from ..text.document import Node
    from .reading import Reader

# What socket.io-client adds to the auth object of a CONNECT, unless the application gave it a value.
_AUTH = ("pid", "offset")


def read_recovery(node: Node) -> Recovery | None:
    """Return what ``x-recovery`` says, its references followed; None if it is off or malformed."""
    said = node.value
    if said is True:
        return Recovery()
    if not isinstance(said, dict):
        return None
    known = {name: said[name] for name in ("seconds", "events", "bytes", "offset") if name in said}
    return Recovery(**known)


def check_recovery(reader: Reader, recovery: Recovery, auth: Node | None, sends: Mapping[str, Event]) -> None:
    """Report what recovery can't go together with.

    Args:
        reader: Takes the findings.
        recovery: Of one namespace.
        auth: The schema of the namespace's auth, or None.
        sends: The events that the server may emit there.
    """
    if auth is not None:
        for member in _members(reader, auth, set()):
            name = member.pointer.rpartition("/")[2]
            what = f"x-recovery needs {name!r} in the auth object for itself; give this member another name"
            reader.error(member, "RECOVERY_AUTH", what, key=True)
    if recovery.offset == "event" and (event := sends.get(OFFSET_EVENT)) is not None:
        what = (
            f"x-recovery with 'offset: event' emits {OFFSET_EVENT!r} itself; rename the event,"
            " or use 'offset: argument'"
        )
        reader.error(event.node, "RECOVERY_EVENT", what)


def _members(reader: Reader, schema: Node, seen: set[object]) -> Iterator[Node]:
    """Yield the members of the auth object that recovery needs, wherever its schema declares them."""
    if schema.identity in seen or not isinstance(schema.value, dict):
        return
    seen.add(schema.identity)
    for child in children(schema):
        if child.kind == "member" and child.key in _AUTH:
            yield child.schema
        elif child.kind == "same" and child.keyword != "not" and (inner := reader.follow(child.schema)):
            yield from _members(reader, inner, seen)
