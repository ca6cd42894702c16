"""A question to many clients: which were asked, which have answered, and which will not."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

from ...errors import QueueError
from ...reasons import Unanswered
from .answers import no_reply

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from .answers import NoReply
    from .members import Member


class Reply(NamedTuple):
    """What became of the question to one client.

    Attributes:
        sid: The client.
        arguments: Those of its acknowledgement, or None.
        error: Why there is none, or None.
    """

    sid: str
    arguments: Sequence[Any] | None
    error: NoReply | None = None


class Question:
    """The callback of a question to one client of this process.

    Attributes:
        sid: The client.
    """

    __slots__ = ("_answer", "_member", "sid")

    def __init__(self, member: Member, answer: Callable[[str, Sequence[Any] | Unanswered], None]) -> None:
        self.sid = member.sid
        self._member = member
        self._answer = answer

    def __call__(self, *arguments: Any) -> None:
        """Hand on the client's answer."""
        self._answer(self.sid, arguments)

    def lose(self, why: Unanswered) -> None:
        """Hand on that there will be no answer."""
        self._answer(self.sid, why)

    def forget(self) -> None:
        """Take no answer any more, so that this client no longer counts as owing an answer."""
        self._member.forget_ack(self)


def forget_questions(questions: Iterable[Question]) -> None:
    """Take no answers to questions of this process any more."""
    for question in questions:
        question.forget()


class Survey:
    """The asking side of one question.

    Args:
        namespace: Where the clients are.
        event: What they are asked.
        processes: Each will report which of its clients it has asked.
        number: Names it among the questions of this process.

    Attributes:
        number: As given.
        asked: How many clients were asked; None until every process has reported.
    """

    def __init__(self, namespace: str, event: str, processes: Collection[str], number: int = 0) -> None:
        self.number = number
        self.asked: int | None = None
        self._namespace = namespace
        self._event = event
        self._all = len(processes)
        self._silent = set(processes)
        self._waiting: dict[str, str] = {}  # by client, the process that it is in
        self._count = 0
        self._ready: deque[Reply] = deque()
        self._wake: asyncio.Future[None] | None = None
        self._questions: Sequence[Question] = ()

    def put(self, process: str, questions: Sequence[Question]) -> None:
        """Report the questions to clients of this process, and keep them until `forget`."""
        self._questions = questions
        self.report(process, [question.sid for question in questions])

    def forget(self) -> None:
        """Take no more answers of clients of this process."""
        forget_questions(self._questions)
        self._questions = ()

    def report(self, process: str, sids: Collection[str]) -> None:
        """Note which clients a process has asked."""
        if process in self._silent:
            self._silent.discard(process)
            self._waiting.update(dict.fromkeys(sids, process))
            self._count += len(sids)
            self._advance()

    def answer(self, sid: str, answer: Sequence[Any] | Unanswered) -> None:
        """Take the arguments that a client has answered, or the reason why there will be none."""
        if self._waiting.pop(sid, None) is not None:
            self._put(sid, answer)
            self._advance()

    def _put(self, sid: str, answer: Sequence[Any] | Unanswered) -> None:
        if isinstance(answer, Unanswered):
            self._ready.append(Reply(sid, None, no_reply(answer, sid, self._namespace, self._event)))
        else:
            self._ready.append(Reply(sid, answer))

    def leave(self, process: str) -> None:
        """Note that a process has ended, and its clients with it."""
        self._silent.discard(process)
        for sid in [sid for sid, where in self._waiting.items() if where == process]:
            self.answer(sid, Unanswered.GONE)
        self._advance()

    def _advance(self) -> None:
        if not self._silent:
            self.asked = self._count
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    async def next(self, deadline: float) -> Reply | None:
        """Wait for the next answer; after the last one, return None.

        Args:
            deadline: By the clock of the loop; after it, each client that is silent has not answered.

        Raises:
            QueueError: The deadline is over, and not every process has reported.
        """
        loop = asyncio.get_running_loop()
        while not self._ready and (self._silent or self._waiting):
            patience = deadline - loop.time()
            if patience <= 0:
                self._give_up()
                break
            self._wake = loop.create_future()
            await asyncio.wait([self._wake], timeout=patience)
        if self._ready:
            return self._ready.popleft()
        if self._silent:
            raise QueueError(
                f"{self._all - len(self._silent)} of {self._all} processes reported which clients they asked;"
                " the answers of the others are missing"
            )
        return None

    def _give_up(self) -> None:
        for sid in self._waiting:
            self._put(sid, Unanswered.TIMEOUT)
        self._waiting.clear()
