"""What managers of every message queue share: a name for their process, and payloads that stay as they are."""

from __future__ import annotations

import os
import secrets
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ...logs import Throttle
from ...reasons import Dropped
from ..logs import logger
from ..room_names import RoomCallbackError
from ..wire.snapshot import take_snapshot

if TYPE_CHECKING:
    from collections.abc import Callable


class Identity:
    """A random process ID that stays unique across forks.

    Servers fork: an application that was imported before (gunicorn's ``--preload``, ``multiprocessing``)
    exists in each worker, and workers of one name take each other's messages for their own.
    """

    def __init__(self) -> None:
        self._process: int | None = None
        self._name = ""
        self._last = 0

    @property
    def name(self) -> str:
        """32 hexadecimal digits, the same for as long as this process lives."""
        process = os.getpid()
        if process != self._process:
            self._process, self._name, self._last = process, secrets.token_hex(16), 0
        return self._name

    @property
    def last(self) -> int:
        """The last number that was given to a message of this process, or 0."""
        return self._last if self.name else 0

    def number(self) -> int:
        """Return the next number of a message; each is given once, from 1 on."""
        self._last = self.last + 1
        return self._last


class Identified:
    """A client manager of upstream's whose `host_id` belongs to the process that uses it.

    It publishes what it was given: upstream encodes a payload again for each attempt to publish it, and
    only after clients of this process that read slowly were waited for.
    """

    reaches_others = True
    _identity: Identity
    check_callback: Callable[[str, Any], None]  # of `Rooms`

    @property
    def host_id(self) -> str:
        """How this process knows its own messages again."""
        return self._identity.name

    @host_id.setter
    def host_id(self, given: str) -> None:
        del given  # upstream's, made where the manager was, which may be before a fork
        self._identity = Identity()

    async def emit(
        self,
        event: str,
        data: Any,
        namespace: str | None = None,
        room: Any = None,
        skip_sid: Any = None,
        callback: Callable[..., Any] | None = None,
        to: Any = None,
        **options: Any,
    ) -> None:
        """Emit to the clients of every process; what happens to `data` meanwhile changes nothing.

        Raises:
            RoomCallbackError: A callback is given, and not a client's id; nothing was sent.
            UnencodableError: The data have no JSON form; nothing was sent.
        """
        if not options.get("ignore_queue"):
            if callback is not None:  # before upstream begins to wait for its answer
                self.check_callback(namespace or "/", to or room)
            data = take_snapshot(data)
        await super().emit(  # type: ignore[misc]  # upstream's, further down the line
            event, data, namespace, room=to or room, skip_sid=skip_sid, callback=callback, **options
        )

    async def _handle_emit(self, message: dict[str, Any]) -> None:
        try:
            await super()._handle_emit(message)  # type: ignore[misc]  # as above
        except RoomCallbackError:  # of another process, for our own emits are checked before
            self.drop(Dropped.ROOM_CALLBACK)

    def drop(self, reason: Dropped) -> None:
        """Log, now and then, that a message of another process is not taken."""
        unsaid = self._dropped.admits(reason)
        if unsaid is not None:
            logger.warning("a message of the queue was dropped: %s%s", reason, unsaid)

    @cached_property
    def _dropped(self) -> Throttle:
        return Throttle()
