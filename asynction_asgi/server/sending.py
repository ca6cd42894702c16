"""Emits and calls, checked against the document before they are sent, and the clients' answers to them."""

from __future__ import annotations

import asyncio
import inspect
from time import perf_counter
from typing import TYPE_CHECKING, Any

from ..engine import name_rooms
from ..engine.crashes import must_pass
from ..errors import AckValidationError, DisconnectedError, NoAnswerError
from .around_emits import AroundEmits, Emission
from .asking import Asking
from .instead import check_recipients

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from ..engine import Audience, Sender, Server, Survey
    from .connections import Connections
    from .emitting import Emitting
    from .failures import Failures
    from .outbound import Outbound


class Sending:
    """Sends what matches the document by whatever sender it is given: a server, or that of a client.

    Args:
        outbound: Checks what is sent, and the answers.
        failures: Receives what callbacks raise.
        connections: Where the clients of callbacks are found.
        app: The application, on whose behalf it sends.

    Attributes:
        app: The application.
        around: The hooks around what is sent.
        measure_answer: Receives namespace and event of a call, and the seconds until its answer; or None.
    """

    def __init__(
        self, outbound: Outbound, failures: Failures, connections: Connections, app: Emitting
    ) -> None:
        self.app = app
        self.around = AroundEmits()
        self.measure_answer: Callable[[str, str, float], None] | None = None
        self._outbound = outbound
        self._failures = failures
        self._connections = connections

    async def emit(
        self,
        sender: Sender,
        event: str,
        data: Any,
        *,
        namespace: str,
        to: Audience | None = None,
        room: Audience | None = None,
        skip_sid: str | Collection[str] | None = None,
        callback: Callable[..., Any] | None = None,
        ignore_queue: bool = False,
    ) -> None:
        """Emit an event; arguments and errors are those of `AsynctionSocketIO.emit`."""
        check_recipients(event, to, room)
        data = self._outbound.check(event, data, namespace, to)
        if callback is not None:
            callback = self._checked_callback(callback, event, namespace, to or room)
        if self.around:
            emission = Emission(
                "emit",
                event,
                data,
                namespace=namespace,
                to=room if to is None else to,
                skip_sid=skip_sid,
            )
            await self._emit_around(
                emission, sender, to=to, room=room, callback=callback, ignore_queue=ignore_queue
            )
            return
        self._outbound.tell_sent(event, namespace)
        await sender.emit(
            event,
            data,
            to=to,
            room=room,
            skip_sid=skip_sid,
            namespace=namespace,
            callback=callback,
            ignore_queue=ignore_queue,
        )

    async def _emit_around(
        self,
        emission: Emission,
        sender: Sender,
        *,
        to: Audience | None,
        room: Audience | None,
        callback: Callable[..., Any] | None,
        ignore_queue: bool,
    ) -> None:
        """Emit within the hooks, apart from `emit`, whose locals a closure would slow down."""

        async def send(emission: Emission) -> None:
            event, namespace = emission.event, emission.namespace
            self._outbound.tell_sent(event, namespace)
            await sender.emit(
                event,
                emission.data,
                to=to,
                room=room,
                skip_sid=emission.skip_sid,
                namespace=namespace,
                callback=callback,
                ignore_queue=ignore_queue,
            )

        await self.around.run(emission, self._outbound.check, send)

    async def call(
        self,
        sender: Sender,
        event: str,
        data: Any,
        *,
        to: str,
        namespace: str,
        timeout: float | None,  # noqa: ASYNC109  # python-socketio's parameter
        ignore_queue: bool = False,
    ) -> Any:
        """Emit to one client and return its answer; arguments and errors are those of `AsynctionSocketIO.call`."""
        data = self._outbound.check(event, data, namespace, to)
        ask = self._ask_around if self.around else self._ask
        return await ask(sender, event, data, to, namespace, timeout, ignore_queue)

    async def _ask_around(
        self, sender: Sender, event: str, data: Any, to: str, namespace: str, *options: Any
    ) -> Any:
        """Ask within the hooks; see `_emit_around`."""

        async def send(emission: Emission) -> Any:
            return await self._ask(sender, event, emission.data, to, namespace, *options)

        emission = Emission("call", event, data, namespace=namespace, to=to)
        return await self.around.run(emission, self._outbound.check, send)

    async def _ask(
        self,
        sender: Sender,
        event: str,
        data: Any,
        to: str,
        namespace: str,
        timeout: float | None,  # noqa: ASYNC109  # as above
        ignore_queue: bool,  # noqa: FBT001  # by place, as those before
    ) -> Any:
        self._outbound.tell_sent(event, namespace)
        began = 0.0 if self.measure_answer is None else perf_counter()
        try:
            answer = await sender.request(
                event, data, to=to, namespace=namespace, timeout=timeout, ignore_queue=ignore_queue
            )
        except (AckValidationError, DisconnectedError, NoAnswerError) as error:
            self._outbound.tell_unanswered(event, namespace, error)
            raise
        except TimeoutError:
            late = NoAnswerError(to, namespace, event)
            self._outbound.tell_unanswered(event, namespace, late)
            try:
                raise late from None
            finally:
                del late  # a frame that holds what it raises is garbage that only the collector finds
        self._outbound.check_answer(event, namespace, answer)
        if self.measure_answer is not None:
            self.measure_answer(namespace, event, perf_counter() - began)
        if not answer:
            return None
        return answer[0] if len(answer) == 1 else answer

    def ask(
        self,
        server: Server,
        event: str,
        data: Any,
        *,
        to: Audience | None,
        namespace: str,
        timeout: float,  # part of the question
    ) -> Asking:
        """Make a question to many clients; arguments and errors are those of `AsynctionSocketIO.ask`."""
        data = self._outbound.check(event, data, namespace, to)
        room = None if to is None else name_rooms(to)
        surveys: list[Survey] = []

        async def send(emission: Emission) -> None:
            self._outbound.tell_sent(event, namespace)
            asking = server.clients.ask(event, emission.data, namespace, room, timeout=timeout)
            surveys.append(await server.run_here(asking))

        async def begin() -> Survey | None:
            emission = Emission("ask", event, data, namespace=namespace, to=to)
            await self.around.run(emission, self._outbound.check, send)
            return surveys.pop() if surveys else None  # a hook may not have passed it on

        def check(answer: Sequence[Any]) -> None:
            self._outbound.check_answer(event, namespace, answer)

        def on_unanswered(error: DisconnectedError | NoAnswerError) -> None:
            self._outbound.tell_unanswered(event, namespace, error)

        return Asking(server, begin, check, on_unanswered, timeout=timeout)

    def _checked_callback(
        self, callback: Callable[..., Any], event: str, namespace: str, client: Any
    ) -> Callable[..., Any]:
        async def checked(*answer: Any) -> None:
            task = asyncio.current_task()
            try:
                self._outbound.check_answer(event, namespace, answer)
                result = callback(*answer)
                if inspect.isawaitable(result):
                    await result
            except BaseException as error:
                if must_pass(error, task):
                    raise
                socket = self._connections.get(namespace, client) if isinstance(client, str) else None
                await self._failures.report_callback(error, event, socket)

        return checked
