"""`TestClient`: a client of a server in this process, checked against the document both ways."""

from __future__ import annotations

import asyncio
import inspect
import time
from typing import TYPE_CHECKING, Any

from ..client.in_memory import Connection
from ..client.offsets import Offsets
from ..client.refusals import EXCEPTION, refusal_in
from ..engine.wire import packets
from ..errors import DisconnectedError, ValidationError
from ..server.conversion.outgoing import arguments_of
from .arrivals import Arrivals
from .codec import Wire
from .errors import ConnectError, NothingReceivedError, UnexpectedEventError
from .received import Received, data_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..client.in_memory_websocket import ASGIApp, Message
    from ..engine.wire.packets import Packet
    from .contract import NamespaceContract

__tracebackhide__ = True  # pytest reads it: a failure ends in the line of the test

WAIT_SECONDS = 5.0
_GOING_AWAY, _ABNORMAL = 1001, 1006  # RFC 6455, 7.4.1


class TestClient:
    """One connection to one namespace, made by `TestServer.connect`.

    Events of the test are checked against the document before they are sent, events of the server when
    they arrive. An arrival that does not match raises in the next call on this client, at the latest when
    the block of `TestServer.connect` ends.

    Attributes:
        namespace: The concrete namespace.
        sid: The server's id of this connection.
        connected: Whether the connection is open.
    """

    __test__ = False  # pytest collects classes of this name

    def __init__(
        self,
        namespace: str,
        contract: NamespaceContract,
        *,
        app: ASGIApp,
        scope: Message,
        auth: Any,
        is_refusal: Callable[[Any], bool],
        gone: Callable[[str, str], bool],
    ) -> None:
        self.namespace = namespace
        self.sid = ""
        self.connected = False
        self._contract = contract
        self._is_refusal = is_refusal
        self._gone = gone
        self._over = False
        self._refused: Any = None
        self._arrivals = Arrivals(lambda: self._disconnected() if self._over else None)
        self._handlers: dict[str, Callable[..., Any]] = {}
        self._handling: set[asyncio.Task[Any]] = set()
        self._answers: dict[int, Sequence[Any]] = {}
        self._awaited: set[int] = set()
        self._last_ack = 0
        self._offsets = Offsets()
        self._connection = Connection(
            app, scope, wire=Wire(), namespace=namespace, auth=auth, arrived=self._arrived, ended=self._ended
        )

    # -- what a test does ------------------------------------------------------------------

    async def emit(self, event: str, *arguments: Any, unchecked: bool = False) -> None:
        """Emit an event without asking for an acknowledgement.

        Args:
            event: The event's name.
            arguments: The event's arguments in wire order; bytes travel as attachments.
            unchecked: Send arguments that the document forbids, to see the server refuse them.

        Raises:
            UndeclaredEventError: The document has no such event; nothing was sent.
            PayloadValidationError: `arguments` do not match the document; nothing was sent.
            DisconnectedError: The connection has ended.
        """
        self._send_event(event, arguments, None, unchecked=unchecked)
        await asyncio.sleep(0)

    async def call(
        self,
        event: str,
        *arguments: Any,
        timeout: float = WAIT_SECONDS,  # noqa: ASYNC109  # as the server's own call
        unchecked: bool = False,
    ) -> Any:
        """Emit an event and wait for its acknowledgement.

        Returns:
            None for an empty acknowledgement, its argument if it has one, a tuple if it has more.

        Raises:
            UndeclaredEventError: The document has no such event; nothing was sent.
            PayloadValidationError: `arguments` do not match the document; nothing was sent.
            RefusedError: The server answered with the standard refusal; ``code``, ``message``,
                ``details`` and ``ref`` are the server's.
            AckValidationError: The acknowledgement does not match the document.
            NothingReceivedError: No acknowledgement came within `timeout` seconds.
            DisconnectedError: The connection has ended.
        """
        self._last_ack += 1
        ack_id = self._last_ack
        self._send_event(event, arguments, ack_id, unchecked=unchecked)
        self._awaited.add(ack_id)
        try:
            answer = await self._arrivals.until(
                lambda: self._answers.pop(ack_id, None), timeout, f"the acknowledgement of {event!r}"
            )
        finally:
            self._awaited.discard(ack_id)
            self._answers.pop(ack_id, None)
        refusal = refusal_in(answer[0]) if len(answer) == 1 else None
        if refusal is not None:
            raise refusal
        if len(answer) != 1 or not self._is_refusal(answer[0]):
            self._contract.check_ack("outbound", event, answer)
        return data_of(answer)

    async def receive(self, event: str, *, timeout: float = WAIT_SECONDS) -> Any:  # noqa: ASYNC109  # as `call`
        """Wait for an event and take it; events that came before it stay.

        Returns:
            None for an event without arguments, the argument if it has one, a tuple if it has more.

        Raises:
            UndeclaredEventError: The document does not declare the event, or another that the server sent.
            PayloadValidationError: The server sent arguments that do not match the document.
            NothingReceivedError: The event did not come within `timeout` seconds.
            DisconnectedError: The connection has ended.
        """
        return (await self.receive_event(event, timeout=timeout)).data

    async def receive_event(
        self,
        event: str | None = None,
        *,
        timeout: float = WAIT_SECONDS,  # noqa: ASYNC109  # as `call`
    ) -> Received:
        """Wait for an event, any if None is given; return it with its name and a way to acknowledge it."""
        what = "any event" if event is None else f"{event!r}"
        self._check_expected(event)
        return await self._arrivals.until(lambda: self._arrivals.take(event), timeout, what)

    async def expect_nothing(self, event: str | None = None, *, within: float = 0.2) -> None:
        """Check that an event does not come for some time, and has not come before.

        Args:
            event: The event's name, or None for any event.
            within: Seconds to wait.

        Raises:
            UnexpectedEventError: The event came.
            UndeclaredEventError: The document does not declare the event, so it could never come.
            DisconnectedError: The connection has ended, so no event could come.
        """
        try:
            found = await self.receive_event(event, timeout=within)
        except NothingReceivedError:
            return
        raise UnexpectedEventError(found.name, found.arguments)

    def on(self, event: str, handler: Callable[..., Any]) -> None:
        """Pass an event to `handler` from now on, instead of keeping it for `receive`.

        A plain function or a coroutine function, called with the event's arguments. What it returns
        is the acknowledgement, where the server asks for one: a tuple is many arguments, None is none.

        Raises:
            UndeclaredEventError: the document doesn't declare the event.
        """
        self._check_expected(event)
        self._handlers[event] = handler
        while (waiting := self._arrivals.take(event)) is not None:
            self._handle(handler, waiting)

    async def drop(self) -> None:
        """Lose the transport without a close frame, as a broken network does, and wait for the server."""
        await self._close(_ABNORMAL)

    async def disconnect(self) -> None:
        """Leave the namespace, close the transport and wait until disconnect handlers have run."""
        if self.connected:
            self._put(packets.DISCONNECT, None)
            self.connected = False
        await self._close(_GOING_AWAY)

    async def wait_disconnected(self, *, timeout: float = WAIT_SECONDS) -> None:  # noqa: ASYNC109  # as `call`
        """Wait until the server has ended the connection.

        Raises:
            NothingReceivedError: The server did not end it within `timeout` seconds.
        """
        await self._arrivals.until(lambda: self._over or None, timeout, "the end of the connection")

    # -- what `TestServer` does ------------------------------------------------------------

    async def open(self, *, timeout: float) -> None:  # noqa: ASYNC109  # as `call`
        """Wait until the server has answered CONNECT.

        Raises:
            ConnectError: The server refused the connection.
            NothingReceivedError: The server did not answer within `timeout` seconds.
        """
        await self._arrivals.until(
            lambda: True if self.connected or self._refused is not None else None,
            timeout,
            "the answer to CONNECT",
        )
        if self._refused is not None:
            raise ConnectError(self._refused)

    async def close(self) -> None:
        """End the connection and cancel running handlers of events."""
        for task in self._handling:
            task.cancel()
        await self.disconnect()

    def raise_trouble(self) -> None:
        """Raise the first error since the test last looked."""
        self._arrivals.raise_trouble()

    # -- outwards --------------------------------------------------------------------------

    def _send_event(
        self, event: str, arguments: Sequence[Any], ack_id: int | None, *, unchecked: bool
    ) -> None:
        self._arrivals.raise_trouble()
        if not unchecked:
            self._contract.check_event("inbound", event, arguments)
        self._put(packets.EVENT, [event, *arguments], ack_id)

    def _check_expected(self, event: str | None) -> None:
        """Refuse to wait for an event that can't come: a test that expects it not to come would always pass."""
        if event not in (None, EXCEPTION):
            self._contract.find("outbound", event)

    def _put(self, kind: int, payload: Any, ack_id: int | None = None) -> None:
        if not self.connected:
            raise self._disconnected()
        self._connection.put(kind, payload, ack_id)

    async def _close(self, code: int) -> None:
        self.connected, self._over = False, True
        done = await self._connection.close(code, seconds=WAIT_SECONDS)
        failure = self._connection.take_failure()
        if failure is not None:
            self._arrivals.put_trouble(failure)
        # The disconnect handler may run after the transport is closed.
        end = time.monotonic() + WAIT_SECONDS
        while not self._gone(self.sid, self.namespace) and time.monotonic() < end:  # noqa: ASYNC110  # the server offers no event of it
            await asyncio.sleep(0.001)
        if not done or not self._gone(self.sid, self.namespace):
            self._arrivals.put_trouble(NothingReceivedError("the end of the server's work", WAIT_SECONDS, ()))

    def _disconnected(self) -> DisconnectedError:
        error = DisconnectedError(self.sid, self.namespace)
        if self._connection.code is not None:
            error.add_note(f"the WebSocket was closed with code {self._connection.code}")
        return error

    # -- inwards ---------------------------------------------------------------------------

    def _ended(self) -> None:
        self.connected, self._over = False, True
        failure = self._connection.take_failure()
        if failure is not None:
            self._arrivals.put_trouble(failure)
        elif not self.sid and self._refused is None:
            self._refused = "the server closed the WebSocket before it answered CONNECT"
        self._arrivals.tell()

    def _arrived(self, packet: Packet) -> None:
        kind, payload = packet.type, packet.payload
        if kind == packets.CONNECT:
            self.sid, self.connected = payload["sid"], True
            self._offsets.begin(payload)
        elif kind == packets.CONNECT_ERROR:
            self._refused = {} if payload is None else payload
        elif kind == packets.DISCONNECT:
            self.connected, self._over = False, True
        elif packet.id in self._awaited and kind in (packets.ACK, packets.BINARY_ACK):
            self._answers[packet.id] = payload
        elif kind in (packets.EVENT, packets.BINARY_EVENT):
            event = self._offsets.take_off(payload, packet.id)
            if event is not None:
                self._take_event(event[0], tuple(event[1:]), packet.id)
        self._arrivals.tell()

    def _take_event(self, name: str, arguments: tuple[Any, ...], ack_id: int | None) -> None:
        try:
            if not (name == EXCEPTION and len(arguments) == 1 and self._is_refusal(arguments[0])):
                self._contract.check_event("outbound", name, arguments)
        except ValidationError as error:
            self._arrivals.put_trouble(error)
            return

        def acknowledge(answer: Sequence[Any], unchecked: bool) -> None:  # noqa: FBT001  # called by `Received` alone
            nonlocal ack_id
            if ack_id is None:
                raise ValueError(f"{name!r} was acknowledged already")
            if not unchecked:
                self._contract.check_ack("inbound", name, answer)
            self._put(packets.ACK, list(answer), ack_id)
            ack_id = None

        received = Received(name, arguments, None if ack_id is None else acknowledge)
        handler = self._handlers.get(name)
        if handler is None:
            self._arrivals.put(received)
        else:
            self._handle(handler, received)

    def _handle(self, handler: Callable[..., Any], event: Received) -> None:
        task = asyncio.get_running_loop().create_task(self._run_handler(handler, event))
        self._handling.add(task)
        task.add_done_callback(self._handling.discard)

    async def _run_handler(self, handler: Callable[..., Any], event: Received) -> None:
        try:
            result = handler(*event.arguments)
            if inspect.isawaitable(result):
                result = await result
            if event.acknowledge is not None and self.connected:
                event.acknowledge(arguments_of(result), False)
        except Exception as error:  # noqa: BLE001  # a handler may raise anything; the test gets it
            self._arrivals.put_trouble(error)
