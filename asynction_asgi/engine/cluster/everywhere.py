"""Questions to the clients of a room, and changes to them, in every process on the queue.

Processes of python-socketio, and those without a server, do not take part.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from ...errors import QueueError
from ...reasons import Unanswered
from ..carrier import carried
from ..peers.here import MOVES, Found
from ..peers.surveys import Survey, forget_questions
from ..room_names import name_room
from .inquiries import Inquiries, Inquiry
from .relayed import (
    LONGEST_SECONDS,
    emitted,
    name_namespace,
    read_answer,
    read_clients,
    read_number,
    read_room,
    read_sids,
    read_timeout,
)
from .remote_calls import RemoteCalls

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..carrier import Carrier
    from ..peers.here import Here, Move
    from ..peers.relayed_callbacks import RelayedCallbacks
    from ..tasks import Tasks
    from .link import Link
    from .settings import QueueSettings

# Methods of the messages that are taken here.
METHODS = frozenset({"find", "found", "move", "ask", "asked", "answer", "taken"})


class OnQueue(Protocol):
    """A process's access to the others.

    Attributes:
        link: Its end of the queue, while its server runs.
        settings: The queue, and how to use it.
        check: Raises for an event that must not reach clients; None takes all.
        carrier: Takes traces along with messages, or None.
        relayed: Callbacks that wait for answers over the queue.
    """

    link: Link | None
    settings: QueueSettings
    check: Callable[[str, Any, str], None] | None
    carrier: Carrier | None
    relayed: RelayedCallbacks

    @property
    def host_id(self) -> str:
        """The ID of this process."""

    def put(self, message: dict[str, Any]) -> None:
        """Queue a message without waiting, unless this process is leaving the queue."""

    def answer(self, method: str, host: Any, number: Any, **members: Any) -> None:
        """Queue the answer to the question `number` of the process `host`, as `put` does."""


class Everywhere:
    """The clients of all processes on a queue.

    Args:
        rooms: This process's access to the others.
        here: Its own clients.
        tasks: Runs disconnect handlers, and searches for clients of other processes.
    """

    def __init__(self, rooms: OnQueue, here: Here, tasks: Tasks) -> None:
        self._rooms = rooms
        self._here = here
        self._tasks = tasks
        self._inquiries = Inquiries(lambda: self._link.others)
        self.calls = RemoteCalls(
            tasks, self._is_nowhere, lambda sid, number: rooms.relayed.lose(sid, number, Unanswered.GONE)
        )
        rooms.relayed.ended = self.calls.end

    # -- what this process asks for ----------------------------------------------------------

    async def find(self, namespace: str, room: Any, *, timeout: float) -> list[Found]:  # noqa: ASYNC109  # of the protocol
        """Return the clients in a room; raises QueueError if not every process has answered in time.

        A client of this process is found without asking the others, even during an outage of the queue.
        """
        answers = await self._inquire(namespace, room, timeout, count=False)
        own = self._here.listed(namespace, room)
        return [
            Found(sid, namespace, tuple(rooms), process)
            for process, clients in [(self._rooms.host_id, own), *answers.items()]
            for sid, rooms in clients
        ]

    async def count(self, namespace: str, room: Any, *, timeout: float) -> int:  # noqa: ASYNC109  # of the protocol
        """Return how many clients are in a room; raises the errors of `find`."""
        answers = await self._inquire(namespace, room, timeout, count=True)
        elsewhere: int = sum(answers.values())
        return self._here.number(namespace, room) + elsewhere

    async def _inquire(self, namespace: str, room: Any, seconds: float, *, count: bool) -> dict[str, Any]:
        if self._here.has(namespace, room):
            return {}
        await self._link.acquainted()
        inquiry = self._inquiries.begin(Inquiry)
        try:
            self._put("find", id=inquiry.number, namespace=namespace, room=room, count=count)
            await inquiry.wait(seconds)
        finally:
            self._inquiries.end(inquiry.number)
        answers: dict[str, Any] = inquiry.answers
        return answers

    async def _is_nowhere(self, sid: str, namespace: str) -> bool:
        """Return whether no process has a client, as far as this can be known."""
        link = self._link
        return not link.strangers and not await self.count(namespace, sid, timeout=1.0)

    async def move(self, move: Move, namespace: str, room: Any, target: Any = None) -> None:
        """Let the clients of a room join or leave another one, or disconnect them."""
        if self._here.has(namespace, room):
            await self._here.move(move, namespace, room, target)
            return
        members = {"namespace": namespace, "room": room, "target": target}
        self._put("move", move=move, **members, **carried(self._rooms.carrier))
        await self._here.move(move, namespace, room, target)
        await self._link.writer.room()

    async def ask(self, event: str, data: Any, namespace: str, room: Any, *, timeout: float) -> Survey:  # noqa: ASYNC109  # of the protocol
        """Ask the clients of a room."""
        if self._here.has(namespace, room):
            return await self._here.ask(event, data, namespace, room, timeout=timeout)
        await self._link.acquainted()
        own = self._rooms.host_id
        survey = self._inquiries.begin(
            lambda number, others: Survey(namespace, event, [own, *others], number)
        )
        try:
            members = {"host_id": own, "id": survey.number, "namespace": namespace, "room": room}
            members |= carried(self._rooms.carrier)
            text = self._rooms.settings.codec.emit(
                data, method="ask", event=event, timeout=min(timeout, LONGEST_SECONDS), **members
            )
            survey.put(own, self._here.put(event, data, namespace, room, survey.answer))
            self._link.write(text)
            await self._link.writer.room()
        except BaseException:
            await self.forget(survey)
            raise
        return survey

    async def forget(self, survey: Survey) -> None:
        """Ignore further answers to a question; other processes accept them until its timeout."""
        self._inquiries.end(survey.number)
        survey.forget()

    def leave(self, process: str) -> None:
        """Note that a process has ended, and its clients with it."""
        self._inquiries.leave(process)
        self.calls.leave(process)

    # -- what other processes ask for --------------------------------------------------------

    def take(self, message: dict[str, Any]) -> None:
        """Carry out the request of another process, or take its answer.

        Raises:
            TypeError, ValueError, LookupError: The message is malformed.
            RefusedError: The document does not allow the question.
        """
        method, host, own = message["method"], message["host_id"], self._rooms.host_id
        if not isinstance(host, str):
            raise TypeError
        if method in ("find", "move", "ask"):
            if host != own:
                {"find": self._take_find, "move": self._take_move, "ask": self._take_ask}[method](
                    message, host
                )
        elif host == own:
            sender = message["sender"]
            if not isinstance(sender, str):
                raise TypeError
            self._take_answer(method, message, sender)

    def _take_find(self, message: dict[str, Any], host: str) -> None:
        namespace, room = name_namespace(message), read_room(message)
        if message.get("count"):
            found: dict[str, Any] = {"count": self._here.number(namespace, room)}
        else:
            found = {"clients": self._here.listed(namespace, room)}
        self._rooms.answer("found", host, read_number(message), **found)

    def _take_move(self, message: dict[str, Any], _: str) -> None:
        move, target = message["move"], message.get("target")
        if move not in MOVES:
            raise ValueError("no such move")
        if move != "disconnect":
            target = name_room(target)  # type: ignore[arg-type]  # which raises if it is not a room
        for parting in self._here.moved(move, name_namespace(message), read_room(message), target):
            self._tasks.spawn(parting)

    def _take_ask(self, message: dict[str, Any], host: str) -> None:
        number = read_number(message)
        event, data, namespace = emitted(message)
        if self._rooms.check is not None:
            self._rooms.check(event, data, namespace)
        seconds = read_timeout(message)
        questions = self._here.put(
            event, data, namespace, read_room(message), partial(self._return, host, number)
        )
        if questions and seconds is not None:
            asyncio.get_running_loop().call_later(seconds, forget_questions, questions)
        self._rooms.answer("asked", host, number, sids=[question.sid for question in questions])

    def _return(self, host: str, number: int, sid: str, answer: Sequence[Any] | Unanswered) -> None:
        """Send a client's answer to the process that asked, or the reason why there will be none."""
        if not isinstance(answer, Unanswered):
            members = {"sender": self._rooms.host_id, "host_id": host, "id": number, "sid": sid}
            text = self._rooms.settings.codec.answer(answer, method="answer", **members)
            if text is not None:
                if self._rooms.link is not None:
                    self._rooms.link.write(text)
                return
            answer = Unanswered.INVALID
        self._rooms.answer("answer", host, number, sid=sid, lost=answer.value)

    def _take_answer(self, method: str, message: dict[str, Any], sender: str) -> None:
        number = read_number(message)
        if method == "taken":
            self.calls.take(number, sender)
            return
        question = self._inquiries.find(number)
        if method == "found" and isinstance(question, Inquiry):
            question.answer(sender, read_clients(message))
        elif method == "asked" and isinstance(question, Survey):
            question.report(sender, read_sids(message))
        elif method == "answer" and isinstance(question, Survey):
            question.answer(message["sid"], read_answer(message))

    # -- the queue ---------------------------------------------------------------------------

    @property
    def _link(self) -> Link:
        """The connection of this process to the others.

        Raises:
            QueueError: It was not started, or has stopped.
        """
        link = self._rooms.link
        if link is None:
            raise QueueError(
                "this process is not on the message queue: its server has not started, or it has stopped"
            )
        return link

    def _put(self, method: str, **members: Any) -> None:
        message = {"host_id": self._rooms.host_id, "method": method, **members}
        self._link.write(self._rooms.settings.codec.check(message))
