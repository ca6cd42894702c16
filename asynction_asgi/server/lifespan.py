"""Start-up and shutdown, composed with those of a wrapped application."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import AsynctionError
from ..logs import get_logger

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    ASGIApp = Callable[[Message, Receive, Send], Awaitable[None]]

logger = get_logger()


async def compose_lifespan(
    app: ASGIApp | None,
    scope: Message,
    receive: Receive,
    send: Send,
    start: Callable[[], Awaitable[None]],
    stop: Callable[[], Awaitable[None]],
) -> None:
    """Start before the wrapped application and stop before it, so that handlers find it running.

    An application without lifespan support, which raises as the ASGI specification allows, is served too.
    """
    await receive()  # lifespan.startup, the only message that can come first
    try:
        await start()
    except AsynctionError as error:
        await send({"type": "lifespan.startup.failed", "message": str(error)})
        return
    except Exception as error:
        logger.exception("the start failed")
        await send({"type": "lifespan.startup.failed", "message": f"{type(error).__name__}: {error}"})
        return
    stopped = False

    async def stop_once() -> None:
        nonlocal stopped
        if not stopped:
            stopped = True
            await stop()

    answer = None
    if app is not None:
        try:
            answer = await _run_wrapped(app, scope, receive, send, stop_once)
        except Exception:
            await stop_once()
            raise
    if answer is None:
        await send({"type": "lifespan.startup.complete"})
    if not stopped:
        await receive()
        await stop_once()
        await send({"type": "lifespan.shutdown.complete"})


async def _run_wrapped(
    app: ASGIApp, scope: Message, receive: Receive, send: Send, stop: Callable[[], Awaitable[None]]
) -> str | None:
    """Run the wrapped application's lifespan to its end, and return its last answer, or None if it has no lifespan.

    `stop` runs before it learns of the end, and before the server learns that it did not start. One that
    returns without waiting for the end, as it has nothing to do then, counts as running.
    """
    announced = False
    answer: str | None = None

    async def receive_for_app() -> Message:
        nonlocal announced
        if not announced:
            announced = True
            return {"type": "lifespan.startup"}
        message = await receive()
        await stop()
        return message

    async def send_for_app(message: Message) -> None:
        nonlocal answer
        answer = str(message["type"])
        if answer == "lifespan.startup.failed":
            await stop()
        await send(message)

    try:
        await app(scope, receive_for_app, send_for_app)
    except Exception:
        if answer is not None:
            raise
        logger.debug("the wrapped application has no lifespan", exc_info=True)
    return answer
