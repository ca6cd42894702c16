"""The log of what becomes of connections and events: `asynction_asgi.access` and its parts.

It explains refusals without arguments, credentials and texts of handlers, which may be private.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from ..engine.logs import access
from ..errors import LimitError, SecurityError, UndeclaredNamespaceError, ValidationError, shorten
from ..logs import Throttle, get_logger
from ..reasons import Connect
from .observer import Observer

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from ..engine import Peer
    from ..reasons import Unanswered

connections = get_logger("access.connections")
events = get_logger("access.events")

# Between two lines about alike events, which are for developers, and how many kinds are told apart meanwhile.
_SECONDS, _MOST = 1.0, 64


class AccessLog(Observer):
    """Logs refused connections and exceeded limits at INFO, and refused events and calls at DEBUG."""

    def __init__(self) -> None:
        self._throttle = Throttle()
        self._addresses = Throttle(most=_MOST)  # of namespaces that the document does not declare
        self._details = Throttle(_SECONDS, most=_MOST)

    def connected(self, peer: Peer[Any], schemes: Collection[str]) -> None:
        """Log that a client was accepted."""
        if connections.isEnabledFor(logging.DEBUG):
            by = f" by {', '.join(sorted(schemes))}" if schemes else ""
            about = peer.fields()
            place = shorten(peer.namespace), by, peer.sid, about["address"]
            connections.debug("connected to %s%s (sid %s, %s)", *place, extra=about)

    def disconnected(self, peer: Peer[Any], reason: str) -> None:
        """Log that a client left."""
        if connections.isEnabledFor(logging.DEBUG):
            extra = {**peer.fields(), "reason": reason}
            connections.debug("left %s: %s (sid %s)", shorten(peer.namespace), reason, peer.sid, extra=extra)

    def refused(
        self, peer: Peer[Any], event: str | None, error: BaseException, *, code: str, ref: str | None
    ) -> None:
        """Log why a connection or an event was refused."""
        limit = error.limit if isinstance(error, LimitError) else ""
        at_info = event is None or bool(limit)
        level = logging.INFO if at_info else logging.DEBUG
        if not access.isEnabledFor(level):
            return
        namespace, name = shorten(peer.namespace), None if event is None else shorten(event)
        reason = limit or _reason(error)
        if reason is Connect.UNDECLARED:
            unsaid = self._addresses.admits(namespace)
        elif at_info:
            unsaid = self._throttle.admits((code, reason))
        else:
            unsaid = self._details.admits((namespace, name, code, reason))
        if unsaid is None:
            return
        about = {**peer.fields(), "event": name, "code": code, "reason": reason, "ref": ref}
        access.log(
            level,
            "refused %s: %s%s%s (sid %s, %s)%s",
            f"a connection to {namespace}" if name is None else f"{name!r} in {namespace}",
            shorten(code),
            "".join(_details(error)),
            "" if ref is None else f" [ref {ref}]",
            *(peer.sid, about["address"], unsaid),
            extra={name: value for name, value in about.items() if value not in (None, "")},
        )

    def expired(self, peer: Peer[Any]) -> None:
        """Log that a session ended because its credential expired."""
        if connections.isEnabledFor(logging.DEBUG):
            place = shorten(peer.namespace), peer.sid
            connections.debug(
                "disconnecting from %s: the session has expired (sid %s)", *place, extra=peer.fields()
            )

    def unanswered(self, namespace: str, event: str, reason: Unanswered, error: BaseException) -> None:
        """Log that a client did not answer, or not as the document says."""
        del error
        if access.isEnabledFor(logging.DEBUG):
            name, place = shorten(event), shorten(namespace)
            if (unsaid := self._details.admits((place, name, reason))) is not None:
                extra = {"namespace": place, "event": name, "reason": reason}
                access.debug("no answer to %r in %s: %s%s", name, place, reason, unsaid, extra=extra)


class EventLog(Observer):
    """Logs every event that was handled."""

    def handled(self, peer: Peer[Any], event: str, schemes: Collection[str], *, ack: bool) -> None:
        """Log an event."""
        del schemes
        about = peer.fields(event)
        how = " and acknowledged" if ack else ""
        events.debug("handled%s %r in %s (sid %s)", how, event, peer.namespace, peer.sid, extra=about)


def event_log() -> EventLog | None:
    """Return what logs handled events, or None if its logger does not take them; it costs something for each."""
    return _EVENT_LOG if events.isEnabledFor(logging.DEBUG) else None


_EVENT_LOG = EventLog()


def _reason(error: BaseException) -> str:
    """Return what tells one refusal from others with the same code, of a set that clients don't choose."""
    if isinstance(error, SecurityError) and error.reason is not None:
        return error.reason
    if isinstance(error, UndeclaredNamespaceError):
        return Connect.UNDECLARED
    return error.keyword if isinstance(error, ValidationError) else ""


def _details(error: BaseException) -> Iterator[str]:
    if isinstance(error, LimitError):
        yield f": exceeds {error.limit}"
    elif isinstance(error, UndeclaredNamespaceError):
        yield ": the document declares no such namespace"
    elif isinstance(error, SecurityError) and error.detail:
        yield f": credential of {error.scheme!r}: " if error.scheme else ": "
        yield error.detail
    elif isinstance(error, ValidationError) and error.keyword:
        yield f" at {error.part}{shorten(error.pointer)} ({error.keyword})"
