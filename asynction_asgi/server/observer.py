"""What may watch contracts at work: the log, metrics, the coverage of a test run, and users' own observers."""

from __future__ import annotations

import functools
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from ..engine import Watch
from ..logs import Throttle, get_logger

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, MutableMapping, Sequence

    from ..engine import Peer
    from ..errors import RefusedError, ValidationError
    from ..reasons import Close, Rejection, Unanswered
    from ..spec import Spec

    Scope = MutableMapping[str, Any]
    Notify = Callable[..., None]

logger = get_logger()

observing: ContextVar[Callable[[Spec], Observer] | None] = ContextVar("observing", default=None)
"""Makes the observer of each contract that is bound in this context, or None.

A thread that is started by `threading.Thread` has a context of its own, so contracts that are bound in it
are not observed; `asyncio.to_thread` and anyio's worker threads run in the context of their caller.
"""


class Observer:
    """Receives what one application does under its document.

    Subclass it and define the methods that you need; the others cost nothing. They must return at once; what
    they raise is logged, and changes no answer. A `peer` has `namespace`, which is concrete, such as
    ``/rooms/7``, `sid`, and `environ` of its opening request.
    """

    def connected(self, peer: Peer[Any], schemes: Collection[str]) -> None:
        """Receive a client that was accepted, by these security schemes."""

    def disconnected(self, peer: Peer[Any], reason: str) -> None:
        """Receive the end of a client that was accepted, with the reason that its disconnect handler gets."""

    def expired(self, peer: Peer[Any]) -> None:
        """Receive a client that is disconnected because its credential has expired."""

    def handled(self, peer: Peer[Any], event: str, schemes: Collection[str], *, ack: bool) -> None:
        """Receive an event whose handler returned, and whose acknowledgement passed if there is one."""

    def refused(
        self, peer: Peer[Any], event: str | None, error: BaseException, *, code: str, ref: str | None
    ) -> None:
        """Receive an event, or with None a connection, that was refused or failed.

        Args:
            peer: Who was refused. One that asked for an unknown namespace, or for one more than allowed, has
                the sid of its transport.
            event: The event's name, as the client chose it.
            error: The reason.
            code: What the client receives. ``"other"`` if the error handler answered in place of a refusal.
            ref: Under which the log has it, or None if it is not logged.
        """

    def violated(self, error: ValidationError, namespace: str, event: str | None) -> None:
        """Receive a mismatch that the setting ``warn`` let through, with the names of the document."""

    def sent(self, namespace: str, event: str) -> None:
        """Receive an event that the server emitted."""

    def unsent(self, namespace: str, event: str, error: ValidationError) -> None:
        """Receive an event that was not emitted because it does not match the document."""

    def answered(self, namespace: str, event: str) -> None:
        """Receive an emitted event that a client acknowledged."""

    def unanswered(self, namespace: str, event: str, reason: Unanswered, error: BaseException) -> None:
        """Receive an emitted event whose acknowledgement did not come, or does not match the document."""

    def closing(self, reason: Close, sid: str, scope: Scope, detail: str) -> None:
        """Receive a connection that the server closes because of what its client did.

        Args:
            reason: The kind of reason.
            sid: Engine.IO's id of the connection, whose peers have other ids.
            scope: The ASGI scope of the request that opened it.
            detail: The limit that was exceeded, by name and value, or what else is known; for people.
        """

    def rejected(self, reason: Rejection, scope: Scope | None, detail: str) -> None:
        """Receive a request that was rejected before it belonged to a connection; arguments as `closing`."""


class Outcomes:
    """Observers by what they define; each attribute is a function, or None if no observer defines it.

    Args:
        observers: All that watch one application.
    """

    def __init__(self, observers: Iterable[Observer] = ()) -> None:
        self._observers = [*observers]
        self._failed = Throttle()
        self._bind()

    def add(self, observer: Observer) -> None:
        """Add an observer of what the engine does not report, before there are clients; a second time does nothing."""
        if observer not in self._observers:
            self._observers.append(observer)
            self._bind()

    def _bind(self) -> None:
        self.connected = self._notifier("connected")
        self.disconnected = self._notifier("disconnected")
        self.expired = self._notifier("expired")
        self.handled = self._notifier("handled")
        self.refused = self._notifier("refused")
        self.violated = self._notifier("violated")
        self.sent = self._notifier("sent")
        self.unsent = self._notifier("unsent")
        self.answered = self._notifier("answered")
        self.unanswered = self._notifier("unanswered")
        closing, rejected = self._notifier("closing"), self._notifier("rejected")
        watched = {
            "refused": None if self.refused is None else functools.partial(_refused_by_engine, self.refused),
            "closing": closing,
            "rejected": rejected,
        }
        self.watch = Watch(**{name: notify for name, notify in watched.items() if notify is not None})

    def _notifier(self, name: str) -> Notify | None:
        """Return what calls a method of all observers that define it, or None."""
        own = getattr(Observer, name)
        defined = [observer for observer in self._observers if _function(observer, name) is not own]
        methods = [self._guarded(observer, name) for observer in defined]
        if len(methods) < 2:
            return methods[0] if methods else None

        def notify_all(*about: Any, **named: Any) -> None:
            for notify in methods:
                notify(*about, **named)

        return notify_all

    def _guarded(self, observer: Observer, name: str) -> Notify:
        method = getattr(observer, name)

        def guarded(*about: Any, **named: Any) -> None:
            try:
                method(*about, **named)
            except Exception:
                if (unsaid := self._failed.admits((type(observer), name))) is not None:
                    logger.exception("%s.%s failed%s", type(observer).__name__, name, unsaid)

        return guarded


def _function(observer: Observer, name: str) -> object:
    method = getattr(observer, name)
    return getattr(method, "__func__", method)


def _refused_by_engine(
    refused: Notify, peer: Peer[Any], event: str | None, refusal: RefusedError, error: BaseException | None
) -> None:
    refused(peer, event, error or refusal, code=refusal.code, ref=refusal.ref)


def observing_now(spec: Spec) -> Sequence[Observer]:
    """Return the observer that the context makes for a contract, if there is one."""
    observe = observing.get()
    return () if observe is None else (observe(spec),)
