"""Questions to single clients, and the callbacks that wait for their answers."""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING, Any

from socketio import exceptions

from ...errors import DisconnectedError
from ...reasons import Unanswered
from ..crashes import describe_crash, is_interrupt, must_pass
from ..logs import logger
from .answers import Answer
from .members import Phase

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from ..tasks import Tasks
    from .members import Member
    from .rooms import Rooms


class Calls:
    """Sends events whose acknowledgement a caller awaits, and runs the callbacks of others.

    Args:
        rooms: Where the clients are found.
        emit: Sends an event; `Server.emit`.
        tasks: Runs callbacks that are coroutine functions.
    """

    def __init__(self, rooms: Rooms, emit: Callable[..., Awaitable[None]], tasks: Tasks) -> None:
        self._rooms = rooms
        self._emit = emit
        self._tasks = tasks

    async def call(self, event: str, data: Any, *, to: str | None, **options: Any) -> Any:
        """Do what `request` does, with the results and errors of python-socketio's `call`."""
        if to is None:
            raise ValueError("Cannot use call() to broadcast.")
        try:
            arguments = await self.request(event, data, to=to, **options)
        except TimeoutError as error:
            raise exceptions.TimeoutError(str(error)) from None
        except DisconnectedError as error:
            raise exceptions.DisconnectedError(str(error)) from None
        return arguments if len(arguments) > 1 else arguments[0] if arguments else None

    async def request(
        self,
        event: str,
        data: Any,
        *,
        to: str,
        namespace: str,
        timeout: float | None,  # noqa: ASYNC109  # as `Server.call`
        ignore_queue: bool = False,
    ) -> tuple[Any, ...]:
        """Emit to one client and wait for the arguments of its acknowledgement.

        Raises:
            TimeoutError: No answer came within `timeout` seconds.
            NoAnswerError: There are more calls to the client than `Limits.pending_acks`, and this is the oldest.
            DisconnectedError: The client is not connected, or left before it answered.
            AckValidationError: The answer can't be sent over the message queue.
        """
        member = self._rooms.find(to, namespace)
        leaving = member is not None and member.phase in (Phase.AWAY, Phase.LEAVING, Phase.GONE)
        if leaving or (member is None and not self._rooms.reaches_others):
            raise DisconnectedError(to, namespace)
        answered: asyncio.Future[tuple[Any, ...]] = asyncio.get_running_loop().create_future()
        callback = Answer(answered, to, namespace, event)
        try:
            await self._emit(
                event,
                data,
                to=to,
                namespace=namespace,
                callback=callback,
                ignore_queue=ignore_queue or member is not None,
            )
            async with asyncio.timeout(timeout):
                return await answered
        finally:
            answered.cancel()  # otherwise asyncio logs an error that was never retrieved
            self._forget(member, to, callback)
            del answered, callback  # an error of theirs refers to this frame

    def call_back(self, callback: Callable[..., Any], arguments: Sequence[Any]) -> None:
        """Call a callback with a client's answer; log what it raises, since no caller is waiting."""
        try:
            result = callback(*arguments)
        except BaseException as error:
            if is_interrupt(error):
                raise
            _log_callback(error)
            return
        if inspect.isawaitable(result):
            self._tasks.spawn(_run_callback(lambda: result))

    def spawn_callback(self, callback: Callable[..., Any], arguments: Sequence[Any]) -> None:
        """Do what `call_back` does in a task of its own: no callback may run in the task that reads a queue."""
        self._tasks.spawn(_run_callback(callback, *arguments))

    def lose(self, member: Member) -> None:
        """Fail the calls and forget the callbacks that wait for this client's answer."""
        callbacks, member.callbacks = member.callbacks, None
        for callback in (callbacks or {}).values():
            self._rooms.lose(callback, Unanswered.GONE)

    def _forget(self, member: Member | None, target: str, callback: Answer) -> None:
        if member is None:
            self._rooms.relayed.forget(target, callback)
        else:
            member.forget_ack(callback)


async def _run_callback(callback: Callable[..., Any], *arguments: Any) -> None:
    task = asyncio.current_task()
    try:
        result = callback(*arguments)
        if inspect.isawaitable(result):
            await result
    except BaseException as error:
        if must_pass(error, task):
            raise
        _log_callback(error)


def _log_callback(error: BaseException) -> None:
    logger.error("the callback of an acknowledgement %s", describe_crash(error), exc_info=error)
