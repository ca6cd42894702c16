"""Start-up and shutdown of an application, by ASGI's lifespan protocol."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from .errors import LifespanError

if TYPE_CHECKING:
    from ..client.in_memory_websocket import ASGIApp, Message

__tracebackhide__ = True  # pytest reads it: a failure ends in the line of the test


class Lifespan:
    """One run of an application's lifespan.

    Source: ASGI, Lifespan Protocol, version 2.0; an application that raises at once does not support it. One
    that has read the message of the start, and then raises, is meant to have one.

    Attributes:
        state: The application's state, which is copied into each request's scope.
    """

    def __init__(self, app: ASGIApp, *, seconds: float) -> None:
        self.state: dict[str, Any] = {}
        self._seconds = seconds
        self._inbox: asyncio.Queue[Message] = asyncio.Queue()
        self._answers: asyncio.Queue[Message | None] = asyncio.Queue()
        self._failure: Exception | None = None
        self._supported = True
        self._is_told = False
        self._task = asyncio.get_running_loop().create_task(self._run(app))

    async def _run(self, app: ASGIApp) -> None:
        scope: Message = {
            "type": "lifespan",
            "asgi": {"version": "3.0", "spec_version": "2.0"},
            "state": self.state,
        }
        try:
            await app(scope, self._receive, self._answers.put)
        except Exception as error:  # noqa: BLE001  # an application may raise anything; the test gets it
            self._failure = error
        finally:
            self._answers.put_nowait(None)

    async def _receive(self) -> Message:
        message = await self._inbox.get()
        self._is_told = True
        return message

    async def start(self) -> None:
        """Start the application and wait until it is ready.

        Raises:
            LifespanError: The start-up failed, or took too long; the cause is the application's error.
        """
        answer = await self._tell("startup")
        self._supported = answer is not None

    async def stop(self) -> None:
        """Stop the application and wait until it is done.

        Raises:
            LifespanError: The shutdown failed, or took too long; the cause is the application's error.
        """
        if self._supported:
            await self._tell("shutdown")
            if not (await asyncio.wait([self._task], timeout=self._seconds))[0]:
                self._task.cancel()
                raise LifespanError(
                    f"the application did not return within {self._seconds:g} s after its shutdown"
                )
            await self._task

    async def _tell(self, phase: str) -> Message | None:
        self._inbox.put_nowait({"type": f"lifespan.{phase}"})
        try:
            async with asyncio.timeout(self._seconds):
                answer = await self._answers.get()
                if answer is not None and answer["type"] == f"lifespan.{phase}.failed":
                    await self._answers.get()  # the application's error says more than its message
        except TimeoutError:
            self._task.cancel()
            raise LifespanError(f"the {phase} was not complete within {self._seconds:g} s") from None
        if answer is not None and answer["type"] == f"lifespan.{phase}.failed":
            raise LifespanError(f"the {phase} failed: {answer.get('message')}") from self._failure
        if answer is None and self._is_told and self._failure is not None:
            raise LifespanError(f"the {phase} failed: {self._failure}") from self._failure
        return answer
