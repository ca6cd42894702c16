"""What can be asked of the clients of a room, and done to them: those of this process."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

from .surveys import Question, Survey

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from ...reasons import Unanswered
    from .rooms import Rooms

Move = Literal["join", "leave", "disconnect"]
MOVES: tuple[Move, ...] = ("join", "leave", "disconnect")
# What answers of a process that is alone are counted under.
_ALONE = ""


class Found(NamedTuple):
    """A client, as its process described it.

    Attributes:
        id: Its sid.
        namespace: The concrete namespace.
        rooms: The rooms that it is in, without its own.
        process: The process that it is connected to, as `Queue.processes` names it; "" without a queue.
    """

    id: str
    namespace: str
    rooms: tuple[str | int, ...]
    process: str


class Clients(Protocol):
    """The clients of a server: in one process, or in all those on a queue.

    A room is a sid, the name of a room, or None for the whole namespace. Times are in seconds.
    """

    async def find(self, namespace: str, room: Any, *, timeout: float) -> list[Found]:  # noqa: ASYNC109  # part of the question
        """Return the clients in a room.

        Raises:
            QueueError: Not every process has answered in time.
        """
        ...

    async def count(self, namespace: str, room: Any, *, timeout: float) -> int:  # noqa: ASYNC109  # as above
        """Return how many clients are in a room; raises what `find` does."""
        ...

    async def move(self, move: Move, namespace: str, room: Any, target: Any = None) -> None:
        """Let the clients of a room join or leave another one, or disconnect them."""
        ...

    async def ask(self, event: str, data: Any, namespace: str, room: Any, *, timeout: float) -> Survey:  # noqa: ASYNC109  # as above
        """Ask the clients of a room, each of which answers by an acknowledgement.

        Other processes take no answers after `timeout`, this one until `forget`.

        Raises:
            UnencodableError: The data have no JSON form; nothing was sent.
        """
        ...

    async def forget(self, survey: Survey) -> None:
        """Take no more answers to a question; does not wait."""
        ...


class Here:
    """The clients of this process.

    Args:
        rooms: Where they are.
        dismiss: Disconnects one from a namespace; the result, if any, must be awaited.
    """

    def __init__(self, rooms: Rooms, dismiss: Callable[[str, str], Coroutine[Any, Any, None] | None]) -> None:
        self._rooms = rooms
        self._dismiss = dismiss

    def has(self, namespace: str, room: Any) -> bool:
        """Return whether a room is the sid of a client of this process, and so of no other one."""
        return isinstance(room, str) and self._rooms.is_connected(room, namespace)

    def listed(self, namespace: str, room: Any) -> list[tuple[str, list[Any]]]:
        """Return the clients of a room, each with its rooms."""
        return [(member.sid, list(member.rooms or ())) for member in self._rooms.connected(namespace, room)]

    def number(self, namespace: str, room: Any) -> int:
        """Return how many clients are in a room."""
        return len(self._rooms.connected(namespace, room))

    async def find(self, namespace: str, room: Any, *, timeout: float) -> list[Found]:  # noqa: ASYNC109  # of the protocol
        """Return the clients in a room."""
        del timeout
        return [Found(sid, namespace, tuple(rooms), _ALONE) for sid, rooms in self.listed(namespace, room)]

    async def count(self, namespace: str, room: Any, *, timeout: float) -> int:  # noqa: ASYNC109  # of the protocol
        """Return how many clients are in a room."""
        del timeout
        return self.number(namespace, room)

    async def move(self, move: Move, namespace: str, room: Any, target: Any = None) -> None:
        """Let the clients of a room join or leave another one, or disconnect them."""
        if parting := self.moved(move, namespace, room, target):
            await asyncio.gather(*parting)

    def moved(self, move: Move, namespace: str, room: Any, target: Any) -> list[Coroutine[Any, Any, None]]:
        """Do what `move` does; the results run disconnect handlers and must be awaited."""
        parting = []
        for member in self._rooms.kept(namespace, room):
            if move == "join":
                self._rooms.basic_enter_room(member.sid, namespace, target)
            elif move == "leave":
                self._rooms.basic_leave_room(member.sid, namespace, target)
            elif (ending := self._dismiss(member.sid, namespace)) is not None:
                parting.append(ending)
        return parting

    async def ask(self, event: str, data: Any, namespace: str, room: Any, *, timeout: float) -> Survey:  # noqa: ASYNC109  # of the protocol
        """Ask the clients of a room."""
        del timeout
        survey = Survey(namespace, event, [_ALONE])
        survey.put(_ALONE, self.put(event, data, namespace, room, survey.answer))
        return survey

    async def forget(self, survey: Survey) -> None:
        """Take no more answers to a question."""
        survey.forget()

    def put(
        self,
        event: str,
        data: Any,
        namespace: str,
        room: Any,
        answer: Callable[[str, Sequence[Any] | Unanswered], None],
    ) -> list[Question]:
        """Put a question to the clients of a room, and return what waits for each.

        Args:
            event: What they are asked.
            data: As for an emit.
            namespace: Where they are.
            room: The room, a sid, or None for all.
            answer: Receives later what each answers: its sid, and the arguments or why there are none.

        Raises:
            UnencodableError: The data have no JSON form; nothing was sent.
        """
        questions = [Question(member, answer) for member in self._rooms.connected(namespace, room)]
        for question in questions:
            self._rooms.deliver(event, data, namespace, question.sid, callback=question)
        return questions
