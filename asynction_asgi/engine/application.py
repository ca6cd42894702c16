"""What applications call: python-socketio's server with calls that end, and sessions per peer.

`emit`, rooms and the other methods are upstream's own, on top of `Rooms`.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from typing import TYPE_CHECKING, Any

from socketio import exceptions

from ..errors import DisconnectedError
from ..logs import get_logger
from .addressing import AddressingServer
from .answers import Answer
from .crashes import describe_crash, is_interrupt, must_pass
from .engine_server import EngineServer
from .hop import another_loop, run_in
from .http import EngineApp
from .logs import choose_logger
from .members import Phase
from .refusals import Refusals
from .rooms import Rooms, adopt
from .serializer import create_serializer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Sequence

    from ..errors import RefusedError
    from .limits import Limits
    from .members import Member

# For a message queue, before the first client is served.
_READY_SECONDS = 2.0

logger = get_logger("engine")


class ApplicationServer(AddressingServer):
    """The side of the server that faces the application.

    Attributes:
        limits: What one client may cost.
        stopping: Set once it begins to end; new connections and events are refused.
        encode: `Serializer.encode` of its wire format.
    """

    manager: Rooms
    manager_initialized: bool
    eio: EngineServer

    def __init__(
        self,
        *,
        limits: Limits,
        refusal_body: Callable[[RefusedError], Any] | None = None,
        **options: Any,
    ) -> None:
        self.limits = limits
        self.stopping = False
        self._refusals = Refusals(refusal_body)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._serializer = create_serializer(
            options.pop("serializer", "default"), options.pop("json", None), limits
        )
        self.encode = self._serializer.encode
        namespaces = options.pop("namespaces", ())
        manager = adopt(options.pop("client_manager", None) or Rooms())
        super().__init__(
            client_manager=manager,
            serializer=self._serializer.packet_class,
            logger=choose_logger(options.pop("logger", False)),
            engineio_logger=choose_logger(options.pop("engineio_logger", False)),
            limits=limits,
            **options,
        )
        self.namespaces = namespaces  # upstream's default admits "/"
        self.app = EngineApp(self)

    def _engineio_server_class(self) -> type[EngineServer]:
        return EngineServer

    def listen(self) -> None:
        """Take connections, after `shutdown` too, and listen on the message queue.

        The first client starts the queue otherwise.
        """
        self.stopping = False
        self.loop = asyncio.get_running_loop()
        if not self.manager_initialized:
            self.manager_initialized = True
            self.manager.initialize()

    async def ready(self, seconds: float = _READY_SECONDS) -> None:
        """Wait until what other processes emit is heard here, where there is a message queue.

        Args:
            seconds: To wait at most: a queue that is away holds up nobody for longer.
        """
        link = getattr(self.manager, "link", None)
        if link is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await link.subscribed.wait()

    async def handle_request(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request or WebSocket; upstream's ASGI application calls this."""
        await self.app(scope, receive, send)

    # -- calls -----------------------------------------------------------------------------

    async def call(
        self,
        event: str,
        data: Any = None,
        to: str | None = None,
        sid: str | None = None,
        namespace: str | None = None,
        timeout: float | None = 60,  # noqa: ASYNC109  # upstream's signature
        ignore_queue: bool = False,  # noqa: FBT001, FBT002  # upstream's signature
    ) -> Any:
        """Emit to one client and wait for its acknowledgement.

        Returns:
            None, the one argument, or a tuple of several, as python-socketio has it.

        Raises:
            ValueError: no client is given.
            socketio.exceptions.TimeoutError: no answer came within `timeout` seconds, or the call was
                displaced.
            socketio.exceptions.DisconnectedError: the client is not there, or left before it
                answered. Upstream waits for the timeout.
        """
        target = to or sid
        if target is None:
            raise ValueError("Cannot use call() to broadcast.")
        try:
            arguments = await self.request(
                event, data, to=target, namespace=namespace or "/", timeout=timeout, ignore_queue=ignore_queue
            )
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
        timeout: float | None,  # noqa: ASYNC109  # as `call`
        ignore_queue: bool = False,
    ) -> tuple[Any, ...]:
        """`call`, with the acknowledgement's arguments as they came and errors of our own.

        Raises:
            TimeoutError: no answer came within `timeout` seconds.
            NoAnswerError: this was the oldest of more calls to the client than `Limits.pending_acks`.
            DisconnectedError: the client is not there, or left before it answered.
        """
        if (loop := another_loop(self.loop)) is not None:
            asking = self.request(
                event, data, to=to, namespace=namespace, timeout=timeout, ignore_queue=ignore_queue
            )
            answer: tuple[Any, ...] = await run_in(loop, asking)
            return answer
        member = self.manager.find(to, namespace)
        leaving = member is not None and member.phase in (Phase.LEAVING, Phase.GONE)
        if leaving or (member is None and not hasattr(self.manager, "host_id")):  # no queue, so nowhere else
            raise DisconnectedError(to, namespace)
        answered: asyncio.Future[tuple[Any, ...]] = asyncio.get_running_loop().create_future()
        callback = Answer(answered, to, namespace, event)
        try:
            await self.emit(
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
            answered.cancel()  # or it would be told, if there is an error, that nobody looked at it
            self._forget_callback(member, to, callback)
            del answered, callback  # an error of theirs refers to this frame

    def call_back(self, callback: Callable[..., Any], arguments: Sequence[Any]) -> None:
        """Give a callback the answer of a client; what it raises is logged, for no caller is left."""
        try:
            result = callback(*arguments)
        except BaseException as error:
            if is_interrupt(error):
                raise
            _log_callback(error)
            return
        if inspect.isawaitable(result):
            self._spawn(_run_callback(result))

    def _forget_callback(self, member: Member | None, target: str, callback: Answer) -> None:
        if member is None:
            self.manager.forget_callback(target, callback)
        elif member.callbacks:
            for ack_id in [key for key, value in member.callbacks.items() if value is callback]:
                del member.callbacks[ack_id]

    def _lose_acks(self, member: Member) -> None:
        """Tell whoever waits for an answer of this client that none will come."""
        callbacks, member.callbacks = member.callbacks, None
        for callback in (callbacks or {}).values():
            self.manager.lose(callback, gone=True)

    # -- sessions --------------------------------------------------------------------------

    async def get_session(self, sid: str, namespace: str | None = None) -> Any:
        """The session of a peer; `session` is the context manager that also saves it.

        Raises:
            KeyError: there is no such peer.
        """
        return self._member(sid, namespace).session

    async def save_session(self, sid: str, session: Any, namespace: str | None = None) -> None:
        """Replace the session of a peer.

        Raises:
            KeyError: there is no such peer.
        """
        self._member(sid, namespace).session = session

    def _member(self, sid: str, namespace: str | None) -> Member:
        member = self.manager.find(sid, namespace or "/")
        if member is None:
            raise KeyError("Session not found")
        return member

    # -- tasks and the end -----------------------------------------------------------------

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            logger.error("a background task failed", exc_info=task.exception())


async def _run_callback(result: Awaitable[Any]) -> None:
    task = asyncio.current_task()
    try:
        await result
    except BaseException as error:
        if must_pass(error, task):
            raise
        _log_callback(error)


def _log_callback(error: BaseException) -> None:
    logger.error("the callback of an acknowledgement %s", describe_crash(error), exc_info=error)
