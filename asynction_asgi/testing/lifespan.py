"""The start and the stop of an application, as a server would tell it of them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from .errors import LifespanError

if TYPE_CHECKING:
    from ..client.in_memory_websocket import ASGIApp, Message

__all__ = ["Lifespan"]


class Lifespan:
    """One run of an application's lifespan.

    Source: ASGI, Lifespan Protocol, version 2.0; an application that raises at once has none.

    Attributes:
        state: What the application keeps for its requests.
    """

    def __init__(self, app: ASGIApp, *, seconds: float) -> None:
        self.state: dict[str, Any] = {}
        self._seconds = seconds
        self._inbox: asyncio.Queue[Message] = asyncio.Queue()
        self._answers: asyncio.Queue[Message | None] = asyncio.Queue()
        self._failure: Exception | None = None
        self._supported = True
        self._task = asyncio.get_running_loop().create_task(self._run(app))

    async def _run(self, app: ASGIApp) -> None:
        scope: Message = {
            "type": "lifespan",
            "asgi": {"version": "3.0", "spec_version": "2.0"},
            "state": self.state,
        }
        try:
            await app(scope, self._inbox.get, self._answers.put)
        except Exception as error:  # noqa: BLE001 - an application may raise anything; the test gets it
            self._failure = error
        finally:
            self._answers.put_nowait(None)

    async def start(self) -> None:
        """Tell of the start-up and wait until it is complete.

        Raises:
            LifespanError: it failed, or took too long; its cause is what the application raised.
        """
        answer = await self._tell("startup")
        self._supported = answer is not None

    async def stop(self) -> None:
        """Tell of the shutdown and wait until it is complete.

        Raises:
            LifespanError: it failed, or took too long; its cause is what the application raised.
        """
        if self._supported:
            await self._tell("shutdown")
            await self._task

    async def _tell(self, phase: str) -> Message | None:
        self._inbox.put_nowait({"type": f"lifespan.{phase}"})
        try:
            async with asyncio.timeout(self._seconds):
                answer = await self._answers.get()
                if answer is not None and answer["type"] == f"lifespan.{phase}.failed":
                    await self._answers.get()  # the end: what it raised says more than its message
        except TimeoutError:
            self._task.cancel()
            raise LifespanError(f"the {phase} was not complete within {self._seconds:g} s") from None
        if answer is not None and answer["type"] == f"lifespan.{phase}.failed":
            raise LifespanError(f"the {phase} failed: {answer.get('message')}") from self._failure
        if answer is None and phase == "shutdown" and self._failure is not None:
            raise LifespanError(f"the {phase} failed: {self._failure}") from self._failure
        return answer
