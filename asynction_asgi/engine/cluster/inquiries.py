"""Questions to every process on the queue, and which of them have answered."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING, Any, TypeVar

from ...errors import QueueError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from ..peers.surveys import Survey

_Question = TypeVar("_Question", "Inquiry", "Survey")


class Inquiry:
    """One question.

    Args:
        number: Identifies it among the questions of this process.
        processes: The processes that will answer.

    Attributes:
        number: As given.
        answers: By process.
    """

    def __init__(self, number: int, processes: Collection[str]) -> None:
        self.number = number
        self.answers: dict[str, Any] = {}
        self._silent = set(processes)
        self._all = len(processes)
        self._done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._advance()

    def answer(self, process: str, value: Any) -> None:
        """Record an answer; only the first of each process counts."""
        if process in self._silent:
            self.answers[process] = value
            self.leave(process)

    def leave(self, process: str) -> None:
        """Note that this process will not answer any more."""
        self._silent.discard(process)
        self._advance()

    def _advance(self) -> None:
        if not self._silent and not self._done.done():
            self._done.set_result(None)

    async def wait(self, seconds: float) -> None:
        """Wait for all answers.

        Raises:
            QueueError: Some processes did not answer in time.
        """
        await asyncio.wait([self._done], timeout=seconds)
        if self._silent:
            answered = self._all - len(self._silent)
            raise QueueError(f"{answered} of {self._all} other processes answered within {seconds:g} seconds")


class Inquiries:
    """The questions of this process that wait for answers, by number.

    Args:
        processes: Returns the other processes on the queue.
    """

    def __init__(self, processes: Callable[[], Collection[str]]) -> None:
        self._processes = processes
        self._numbers = itertools.count(1)
        self._open: dict[int, Inquiry | Survey] = {}

    def begin(self, make: Callable[[int, Collection[str]], _Question]) -> _Question:
        """Create a question from its number and the processes that will answer, and return it."""
        question = make(next(self._numbers), self._processes())
        self._open[question.number] = question
        return question

    def find(self, number: int) -> Inquiry | Survey | None:
        """Return the question with this number, or None if no answer is awaited."""
        return self._open.get(number)

    def end(self, number: int) -> None:
        """Ignore further answers to a question."""
        self._open.pop(number, None)

    def leave(self, process: str) -> None:
        """Note that a process has ended."""
        for question in list(self._open.values()):
            question.leave(process)
