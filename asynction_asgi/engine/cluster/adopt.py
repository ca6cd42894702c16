"""Rooms that behave like a client manager passed by the application.

The passed object keeps its class. Its overrides must find our rooms by ``super()``, so the server gets another
object.
"""

from __future__ import annotations

import functools
import types
from typing import TYPE_CHECKING, Any

from socketio.async_manager import AsyncManager
from socketio.async_pubsub_manager import AsyncPubSubManager

from ...logs import Throttle
from ...reasons import Dropped
from ..logs import logger
from ..peers.rooms import Rooms
from ..room_names import RoomCallbackError
from ..wire.snapshot import take_snapshot
from .process_id import Identified

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

# What each backend of python-socketio implements, and its name for the log.
_BACKEND = {"_publish", "_listen", "name"}


class Snapshots:
    """A client manager of python-socketio that publishes payloads as they were when they were emitted.

    python-socketio encodes a payload again for each attempt to publish it, and only after it has waited for
    slow clients of this process.
    """

    check_callback: Callable[[str, Any], None]  # of `Rooms`

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
        """Emit to the clients of every process; later changes to `data` have no effect.

        Raises:
            RoomCallbackError: A callback is given, and not a client's id; nothing was sent.
            UnencodableError: The data have no JSON form; nothing was sent.
        """
        if not options.get("ignore_queue"):
            if callback is not None:  # before python-socketio begins to wait for its answer
                self.check_callback(namespace or "/", to or room)
            data = take_snapshot(data)
        await super().emit(  # type: ignore[misc]  # python-socketio's, later in the MRO
            event, data, namespace, room=to or room, skip_sid=skip_sid, callback=callback, **options
        )

    async def _handle_emit(self, message: dict[str, Any]) -> None:
        try:
            await super()._handle_emit(message)  # type: ignore[misc]  # as above
        except RoomCallbackError:  # of another process, as our own emits are checked before
            reason = Dropped.ROOM_CALLBACK
            if (unsaid := self._dropped.admits(reason)) is not None:
                logger.warning("a message of the queue was dropped: %s%s", reason, unsaid)

    @functools.cached_property
    def _dropped(self) -> Throttle:
        return Throttle()


class BorrowedQueueRooms(Snapshots, Identified, AsyncPubSubManager, Rooms):  # type: ignore[misc]  # python-socketio is untyped
    """Rooms that reach other processes through another manager, of which only the connections are used.

    Args:
        manager: A queue manager that overrides only the names in `_BACKEND`.
    """

    def __init__(self, manager: AsyncPubSubManager) -> None:
        super().__init__(channel=manager.channel, write_only=manager.write_only, logger=manager.logger)
        self.name = manager.name
        self._manager = manager

    def set_server(self, server: Any) -> None:
        """Attach to a server, whose JSON and logger the other manager uses, too."""
        super().set_server(server)
        self._manager.set_server(server)

    async def close(self) -> None:
        """Close the connections of the other manager, if it has a method for that."""
        close = getattr(self._manager, "close", None)
        if close is not None:
            await close()

    async def _publish(self, data: Any) -> None:
        await self._manager._publish(data)  # noqa: SLF001  # what backends of python-socketio implement

    def _listen(self) -> AsyncIterator[Any]:
        messages: AsyncIterator[Any] = self._manager._listen()  # noqa: SLF001  # as above
        return messages


def adopt(manager: Any) -> Rooms:
    """Return rooms that behave like a client manager of the application.

    Args:
        manager: A manager of python-socketio for asyncio, or of a class derived from one; such a class or a
            `functools.partial` of it, which is called here; or a function that returns a manager.

    Raises:
        TypeError: It is not a manager for asyncio, or an object whose overrides can't be called here.
    """
    if isinstance(manager, Rooms):
        return manager
    if isinstance(manager, AsyncManager):
        return _adopt_object(manager)
    construction = manager if isinstance(manager, functools.partial) else _without_arguments(manager)
    if isinstance(construction.func, type) and issubclass(construction.func, AsyncManager):
        combined = _combine(construction.func)
        return _begin(combined(*construction.args, **construction.keywords))
    if not isinstance(made := construction(), AsyncManager):
        raise _not_a_manager(made)
    return adopt(made)


def _without_arguments(factory: Any) -> functools.partial[Any]:
    if not callable(factory):
        raise _not_a_manager(factory)
    return functools.partial(factory)


def _adopt_object(manager: AsyncManager) -> Rooms:
    cls = type(manager)
    is_queue = issubclass(cls, AsyncPubSubManager)
    base = AsyncPubSubManager if is_queue else AsyncManager
    borrowed = _BACKEND if is_queue else set()
    if replaced := _methods(base) & vars(manager).keys() - borrowed:
        names = ", ".join(sorted(replaced))
        raise TypeError(
            f"client_manager: {names} is set on the object; override it in a class, and pass the class"
        )
    defined = _names_below(base, cls)
    if is_queue and not defined & _methods(base) - borrowed:
        return BorrowedQueueRooms(manager)
    if not is_queue and not defined:
        return Rooms()
    if any(vars(ancestor).get("__slots__") for ancestor in cls.__mro__):
        raise TypeError(
            f"client_manager: an object with __slots__ can't be used; pass the class {cls.__name__},"
            " or functools.partial of it and its arguments"
        )
    combined = _combine(cls)
    adopted = combined.__new__(combined)
    adopted.__dict__ = vars(manager)  # so the application's object has the attributes that the overrides set
    return _begin(adopted)


def _combine(cls: type[AsyncManager]) -> type[Rooms]:
    """Return a class with the overrides of `cls`, whose calls by ``super()`` reach our rooms."""
    if issubclass(Rooms, cls):
        return Rooms
    bases = (Snapshots, Identified, cls, Rooms) if issubclass(cls, AsyncPubSubManager) else (cls, Rooms)
    combined: type[Rooms] = types.new_class(cls.__name__, bases)
    return combined


def _begin(rooms: Rooms) -> Rooms:
    """Set up what python-socketio's constructors do not set up, or set up differently."""
    rooms.begin()
    if isinstance(rooms, Identified):
        rooms.host_id = ""  # replaces python-socketio's
    return rooms


def _methods(base: type[AsyncManager]) -> set[str]:
    """Return the names that the server, or python-socketio's own methods, may call."""
    return {name for name in dir(base) if not name.startswith("__")}


def _names_below(base: type[AsyncManager], cls: type[AsyncManager]) -> set[str]:
    """Return the names that classes derived from `base` define, up to `cls`, without special methods."""
    names: set[str] = set().union(
        *(vars(ancestor) for ancestor in cls.__mro__ if ancestor not in base.__mro__)
    )
    return {name for name in names if not name.startswith("__")}


def _not_a_manager(given: object) -> TypeError:
    return TypeError(f"client_manager must be a manager for asyncio, not {type(given).__name__}")
