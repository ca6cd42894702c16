"""`Emitter`: validated emits from a process that serves nobody, such as a worker or a script."""

from __future__ import annotations

from asyncio import wrap_future
from typing import TYPE_CHECKING, Any

from ..engine import create_emitter, name_clients, name_room, name_rooms
from ..spec.model.namespaces import Namespaces
from ..spec.model.offered import served_spec
from .document_source import load_source
from .instead import check_recipients, refuse_keywords
from .outbound import Outbound
from .validation import Validation, ViolationLog, validation_of

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Collection
    from typing import Never

    from ..engine import Audience, Room
    from ..spec import Spec
    from .document_source import Source
    from .validation import Enforcement

__all__ = ["Emitter"]


class Emitter:
    """Emits through a message queue to the clients of every server that listens on it.

    It needs no handlers, and imports none.
    """

    def __init__(
        self,
        spec: Spec,
        *,
        message_queue: str,
        validation: Validation | Enforcement | bool = True,
        **options: Any,
    ) -> None:
        self._spec = spec
        spec = served_spec(spec)
        self._violations = ViolationLog()
        self._outbound = Outbound(spec, Namespaces(spec), validation_of(validation), self._violations)
        self._queue = create_emitter(message_queue, **options)

    @classmethod
    def from_spec(cls, spec_path: Source, *, message_queue: str, **options: Any) -> Emitter:
        """Make an emitter for the servers of a document.

        Args:
            spec_path: A path, an open file, a mapping, or a `Spec` that was loaded before.
            message_queue: The URL that the servers were given.
            options: What `Emitter` takes, and ``channel`` and ``message_queue_secret`` where the servers
                were given them.

        Raises:
            SpecError: the document can't be loaded.
            ValueError: the URL is of a kind that is not supported, or a secret is too short.
        """
        return cls(load_source(spec_path), message_queue=message_queue, **options)

    @property
    def spec(self) -> Spec:
        """The compiled contract."""
        return self._spec

    @property
    def violations(self) -> Counter[tuple[str, str | None, str]]:
        """What ``warn`` let through so far: occurrences by namespace, event and part."""
        return self._violations.counts

    async def emit(
        self,
        event: str,
        data: Any = None,
        to: Audience | None = None,
        room: Audience | None = None,
        skip_sid: str | Collection[str] | None = None,
        namespace: str | None = None,
        **misplaced: Never,
    ) -> None:
        """Emit to a client, a room, several rooms, or everybody in a namespace, on any server.

        Raises:
            UndeclaredEventError: the document has no such event; nothing was sent.
            PayloadValidationError: `data` doesn't match the document; nothing was sent.
            QueueError: the queue can't be reached; nothing was sent.
            TypeError: A parameter is not known, or is of a type that names no room or client; nothing was sent.
        """
        if misplaced:
            refuse_keywords("emit", misplaced)
        namespace = namespace or "/"
        check_recipients(event, to, room)
        skipped = None if skip_sid is None else name_clients(skip_sid)
        self._outbound.check(event, data, namespace, to)
        target = room if to is None else to
        names = None if target is None else name_rooms(target)
        if names != []:
            await wrap_future(
                self._queue.emit(event, data, namespace=namespace, room=names, skip_sid=skipped)
            )

    async def send(self, data: Any, to: Audience | None = None, **options: Any) -> None:
        """Emit the event ``message``; takes and raises what `emit` does."""
        await self.emit("message", data, to, **options)

    async def enter_room(self, sid: str, room: Room, namespace: str | None = None) -> None:
        """Put a client into a room, on whichever server it is."""
        await wrap_future(self._queue.enter_room(sid, namespace or "/", name_room(room)))

    async def leave_room(self, sid: str, room: Room, namespace: str | None = None) -> None:
        """Take a client out of a room, on whichever server it is."""
        await wrap_future(self._queue.leave_room(sid, namespace or "/", name_room(room)))

    async def close_room(self, room: Room, namespace: str | None = None) -> None:
        """Take every client out of a room, on every server."""
        await wrap_future(self._queue.close_room(namespace or "/", name_room(room)))

    async def disconnect(self, sid: str, namespace: str | None = None) -> None:
        """End a client's connection, on whichever server it is."""
        await wrap_future(self._queue.disconnect(sid, namespace or "/"))

    async def close(self) -> None:
        """Close the connection to the queue; a later emit opens it again."""
        await wrap_future(self._queue.close())
