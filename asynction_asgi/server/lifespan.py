"""Start-up and shutdown, composed with those of a wrapped application."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import AsynctionError
from ..logs import get_logger

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from .lifecycle import Lifecycle

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    ASGIApp = Callable[[Message, Receive, Send], Awaitable[None]]

logger = get_logger()


async def compose_lifespan(
    app: ASGIApp | None, scope: Message, receive: Receive, send: Send, lifecycle: Lifecycle
) -> None:
    """Start before the wrapped application and stop before it, so that handlers find it running.

    Background tasks begin when it runs. An application without lifespan support, which raises as the ASGI
    specification allows, is served too.
    """
    await receive()  # lifespan.startup, the only message that can come first
    try:
        await lifecycle.start()
    except AsynctionError as error:
        await send({"type": "lifespan.startup.failed", "message": str(error)})
        return
    except Exception as error:
        logger.exception("application start-up failed")
        await send({"type": "lifespan.startup.failed", "message": f"{type(error).__name__}: {error}"})
        return
    stopping = _Stopping(lifecycle)
    try:
        answer = None if app is None else await _run_wrapped(app, scope, receive, send, stopping)
        if answer is None:
            if not stopping.begun:
                lifecycle.begin()
            await send({"type": "lifespan.startup.complete"})
        if not stopping.begun:
            await receive()
            await stopping.run()
            await send(stopping.answer)
    except BaseException:
        await stopping.run()
        raise


class _Stopping:
    """The end of a lifecycle, which happens once; what it raises is logged.

    Servers hide what an application raises at its end, because it may have no lifespan.
    """

    def __init__(self, lifecycle: Lifecycle) -> None:
        self.lifecycle = lifecycle
        self._failure: Exception | None = None
        self.begun = False

    async def run(self) -> None:
        """Stop, unless that has been done."""
        if self.begun:
            return
        self.begun = True
        try:
            await self.lifecycle.stop()
        except Exception as error:
            logger.exception("application shutdown failed")
            self._failure = error

    @property
    def answer(self) -> Message:
        """What the server is told."""
        error = self._failure
        if error is None:
            return {"type": "lifespan.shutdown.complete"}
        return {"type": "lifespan.shutdown.failed", "message": f"{type(error).__name__}: {error}"}


async def _run_wrapped(
    app: ASGIApp, scope: Message, receive: Receive, send: Send, stopping: _Stopping
) -> str | None:
    """Run the wrapped application's lifespan to its end, and return its last answer, or None if it has no lifespan.

    The lifecycle stops before the wrapped application learns of the end, and before the server learns that it
    did not start. One that returns without waiting for the end, as it has nothing to do then, counts as running.
    """
    announced = False
    answer: str | None = None

    async def receive_for_app() -> Message:
        nonlocal announced
        if not announced:
            announced = True
            return {"type": "lifespan.startup"}
        message = await receive()
        await stopping.run()
        return message

    async def send_for_app(message: Message) -> None:
        nonlocal answer
        answer = str(message["type"])
        if answer == "lifespan.startup.failed":
            await stopping.run()
        elif answer == "lifespan.startup.complete":
            stopping.lifecycle.begin()
        elif answer == "lifespan.shutdown.complete":
            message = stopping.answer
        await send(message)

    try:
        await app(scope, receive_for_app, send_for_app)
    except Exception:
        if answer is not None:
            raise
        if announced:
            logger.warning(
                "the wrapped application raised an error when it was told to start, and counts as one without"
                " lifespan; to make the start fail, answer lifespan.startup.failed",
                exc_info=True,
            )
        else:
            logger.debug("the wrapped application has no lifespan", exc_info=True)
    return answer
