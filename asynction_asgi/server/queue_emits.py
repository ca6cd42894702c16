"""Validated emits over a message queue, each as a future: what both kinds of emitters have."""

from __future__ import annotations

from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from ..engine import name_clients, name_entered, name_room, name_rooms
from ..spec.model.namespaces import Namespaces
from ..spec.model.offered import served_spec
from .emitter_options import EmitterOptions
from .instead import check_recipients, refuse_keywords
from .observer import Outcomes
from .options import check_names
from .outbound import Outbound
from .tracing.create import create_traces
from .validation import Validation, ViolationLog, validation_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from typing import Unpack

    from ..engine import Audience, Room
    from ..engine.options import SenderOptions
    from ..spec import Spec
    from .tracing.option import Tracing
    from .validation import Enforcement


class QueueEmits:
    """Checks and queues what emitters send.

    The futures end once the broker has answered, and raise `QueueError` if it does not in time.

    Attributes:
        spec: The compiled contract.
        violations: What ``warn`` let through.
    """

    def __init__(
        self,
        spec: Spec,
        *,
        message_queue: str,
        validation: Validation | Enforcement | bool = True,
        tracing: Tracing | bool = False,
        **options: Unpack[SenderOptions],
    ) -> None:
        from ..engine.emitter import create_emitter  # noqa: PLC0415  # servers have none

        check_names(options, EmitterOptions)
        self.spec = spec
        served = served_spec(spec)
        self.violations = ViolationLog()
        namespaces = Namespaces(served)
        self._outbound = Outbound(served, namespaces, validation_of(validation), self.violations, Outcomes())
        traces = create_traces(tracing)
        carrier = None if traces is None else traces.carrier
        self._queue = create_emitter(message_queue, carrier=carrier, **options)
        emit = self._queue.emit
        self._emit = emit if traces is None else traces.around_emits(emit, served, namespaces)

    def emit(
        self,
        event: str,
        data: Any,
        to: Audience | None,
        room: Audience | None,
        skip_sid: str | Collection[str] | None,
        namespace: str | None,
        misplaced: Mapping[str, Any],
    ) -> Future[None]:
        """Emit to a client, a room, several rooms, or every client of a namespace.

        Raises:
            UndeclaredEventError: The document has no such event; nothing was sent.
            PayloadValidationError: `data` doesn't match the document; nothing was sent.
            TypeError: A parameter is not known, or is of a type that names no room or client; nothing was sent.
        """
        if misplaced:
            refuse_keywords("emit", misplaced)
        namespace = namespace or "/"
        check_recipients(event, to, room)
        skipped = None if skip_sid is None else name_clients(skip_sid)
        data = self._outbound.check(event, data, namespace, to)
        target = room if to is None else to
        names = None if target is None else name_rooms(target)
        if names == []:
            sent: Future[None] = Future()
            sent.set_result(None)
            return sent
        return self._emit(event, data, namespace=namespace, room=names, skip_sid=skipped)

    def enter_room(self, sid: str, room: Room, namespace: str | None) -> Future[None]:
        """Put a client into a room."""
        return self._queue.enter_room(sid, namespace or "/", name_entered(room, sid))

    def leave_room(self, sid: str, room: Room, namespace: str | None) -> Future[None]:
        """Take a client out of a room."""
        return self._queue.leave_room(sid, namespace or "/", name_room(room))

    def close_room(self, room: Room, namespace: str | None) -> Future[None]:
        """Take every client out of a room."""
        return self._queue.close_room(namespace or "/", name_room(room))

    def disconnect(self, sid: str, namespace: str | None) -> Future[None]:
        """End a client's connection."""
        return self._queue.disconnect(sid, namespace or "/")

    def close(self) -> Future[None]:
        """Close the connection to the queue."""
        return self._queue.close()
