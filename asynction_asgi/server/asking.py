"""A question to many clients, and their answers as they come."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import AckValidationError, DisconnectedError, NoAnswerError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

    from ..engine import Server, Survey


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one client answered, or why it did not.

    Attributes:
        sid: The client.
        value: As `AsynctionSocketIO.call` returns it: None, the only argument, or a tuple of several.
        error: `AckValidationError`: the answer doesn't match the document, or can't be sent over the message
            queue. `DisconnectedError`: the client has left. `NoAnswerError`: it did not answer in time. None if
            `value` is its answer.
    """

    sid: str
    value: Any = None
    error: AckValidationError | DisconnectedError | NoAnswerError | None = None


class Asking:
    """The answers to a question; the question is sent when the loop over them begins.

    Args:
        server: Where the clients are.
        begin: Sends the question; returns None if it was not sent.
        check: Checks the arguments of an answer; raises `AckValidationError`.
        on_unanswered: Receives why a client has not answered.
        timeout: Seconds that the clients have to answer.
    """

    def __init__(
        self,
        server: Server,
        begin: Callable[[], Awaitable[Survey | None]],
        check: Callable[[Sequence[Any]], None],
        on_unanswered: Callable[[DisconnectedError | NoAnswerError], None],
        *,
        timeout: float,
    ) -> None:
        self._server = server
        self._begin = begin
        self._check = check
        self._on_unanswered = on_unanswered
        self._timeout = timeout
        self._survey: Survey | None = None

    @property
    def asked(self) -> int | None:
        """Number of clients that were asked; None until every process on the message queue has answered."""
        return None if self._survey is None else self._survey.asked

    async def __aiter__(self) -> AsyncGenerator[Answer, None]:
        """Ask, and yield an answer for each client; a loop that ends early forgets the others."""
        self._survey = survey = await self._begin()
        if survey is None:
            return
        loop = self._server.loop or asyncio.get_running_loop()
        deadline = loop.time() + self._timeout
        try:
            while (reply := await self._server.run_here(survey.next(deadline))) is not None:
                if reply.error is not None:
                    self._on_unanswered(reply.error)
                    yield Answer(sid=reply.sid, error=reply.error)
                else:
                    yield self._checked(reply.sid, reply.arguments)
        finally:
            await self._server.run_here(self._server.clients.forget(survey))

    def _checked(self, sid: str, arguments: Sequence[Any]) -> Answer:
        try:
            self._check(arguments)
        except AckValidationError as error:
            return Answer(sid=sid, error=error)
        value = None if not arguments else arguments[0] if len(arguments) == 1 else tuple(arguments)
        return Answer(sid=sid, value=value)
