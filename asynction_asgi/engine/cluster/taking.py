"""What a process does for others on its queue: messages of python-socketio, and of parts that add their own."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from ...errors import RefusedError
from ...reasons import Dropped, Unanswered
from ..peers.members import Phase
from ..room_names import RoomCallbackError, name_room
from .relayed import check_names, emitted, name_namespace, read_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..carrier import Carrier
    from ..peers.calls import Calls
    from ..peers.parting import Parting
    from ..peers.rooms import Rooms
    from ..tasks import Tasks
    from .everywhere import OnQueue

    Message = dict[str, Any]
    Take = Callable[[Message], None]

# Managers of python-socketio send these to all processes, the sender included.
_FOR_OTHERS = frozenset({"emit", "disconnect", "enter_room", "leave_room", "close_room"})


def _pass_over(message: Message) -> None:
    """Do nothing: the message is for another process."""


class Taking:
    """Carries out the messages of other processes.

    Args:
        queue: How this process reaches the others.
        rooms: Its clients.
        return_callback: Sends the answer of a client to the process that asked; python-socketio's.
        parting: Disconnects clients.
        calls: Calls back.
        tasks: Runs handlers and callbacks.
    """

    def __init__(
        self,
        queue: OnQueue,
        rooms: Rooms,
        return_callback: Callable[..., Any],
        *,
        parting: Parting,
        calls: Calls,
        tasks: Tasks,
    ) -> None:
        self._queue = queue
        self._rooms = rooms
        self._return_callback = return_callback
        self._parting = parting
        self._calls = calls
        self._tasks = tasks
        self._takers: dict[Any, Take] = {
            "callback": self._take_callback,
            "emit": self._take_emit,
            "disconnect": self._take_disconnect,
            **dict.fromkeys(("enter_room", "leave_room", "close_room"), self._take_room),
        }
        self._leavers: list[Callable[[str], None]] = []

    def add(self, takers: Mapping[str, Take], leave: Callable[[str], None]) -> None:
        """Accept messages of other methods, too.

        Args:
            takers: Functions that take the messages, by method.
            leave: Called with the ID of a process that has ended.
        """
        self._takers |= takers
        self._leavers.append(leave)

    def ours(self, take: Take, otherwise: Take = _pass_over) -> Take:
        """Return a taker for messages to this process; `otherwise` takes those to others."""
        return lambda message: (take if message["host_id"] == self._queue.host_id else otherwise)(message)

    def leave(self, process: str) -> None:
        """Note that a process has ended."""
        for leave in self._leavers:
            leave(process)

    def resume(self, carrier: Carrier, message: Message) -> None:
        """Do what `take` does, in the trace of the sender."""
        with carrier.resume(message.get("trace")):
            self.take(message)

    def take(self, message: Message) -> None:
        """Carry out a message; handlers and callbacks run in tasks of their own.

        Raises:
            TypeError, ValueError, LookupError, AttributeError: The message is malformed.
        """
        method = message.get("method")
        take = self._takers.get(method)
        if take is None or (method in _FOR_OTHERS and message.get("host_id") == self._queue.host_id):
            return
        try:
            take(message)
        except RefusedError as error:
            self._queue.settings.codec.drop(Dropped.NOT_ALLOWED, detail=str(error))
        except RoomCallbackError:
            self._queue.settings.codec.drop(Dropped.ROOM_CALLBACK)

    def _take_emit(self, message: Message) -> None:
        check_names(message)
        event, data, namespace = emitted(message)
        if self._queue.check is not None:
            self._queue.check(event, data, namespace)
        asked, callback = message.get("callback"), None
        if asked is not None:
            callback = partial(self._return_callback, message.get("host_id"), *asked)
            try:
                self._rooms.check_callback(namespace, message.get("room"))
            except RoomCallbackError:
                self._rooms.lose(callback, Unanswered.GONE)
                raise
            if self._rooms.find(message.get("room"), namespace) is not None:
                self._queue.answer("taken", message.get("host_id"), asked[-1])
        self._rooms.deliver(
            event, data, namespace, message.get("room"), skip_sid=message.get("skip_sid"), callback=callback
        )

    def _take_disconnect(self, message: Message) -> None:
        sid: Any = message.get("sid")
        parting = self._parting.dismiss(sid, name_namespace(message))
        if parting is not None:
            self._tasks.spawn(parting)

    def _take_room(self, message: Message) -> None:
        sid: Any = message.get("sid")
        namespace = name_namespace(message)
        room = name_room(message["room"])  # refuses None, the room of the whole namespace
        if message["method"] == "close_room":
            self._rooms.basic_close_room(room, namespace)
            return
        member = self._rooms.find(sid, namespace)
        if member is None or member.phase in (Phase.LEAVING, Phase.GONE):
            return
        if message["method"] == "enter_room":
            self._rooms.basic_enter_room(sid, namespace, room)
        else:
            self._rooms.basic_leave_room(sid, namespace, room)

    def _take_callback(self, message: Message) -> None:
        if message.get("host_id") != self._queue.host_id:
            return  # another process asked
        answer, sid, number = read_answer(message), message.get("sid"), message["id"]
        if isinstance(answer, Unanswered):
            self._queue.relayed.lose(sid, number, answer)
            return
        if (callback := self._queue.relayed.take(sid, number)) is not None:
            self._calls.spawn_callback(callback, answer)
