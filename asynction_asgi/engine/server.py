"""python-socketio's server, wrapped: packets in, an endpoint's decisions out.

Reading is synchronous from the transport up to the start of a handler's task, so that handlers of
one client start in the order in which its events arrived. Everything that python-socketio's server
offers to applications (emit, rooms, sessions, call) is upstream's own, on top of `Rooms`.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import logging
import secrets
from collections import deque
from typing import TYPE_CHECKING, Any

import socketio
from socketio import exceptions

from ..errors import DisconnectedError, RefusedError
from . import packets
from .codec import UndecodableError, UnencodableError, choose_codec
from .engine_server import EngineServer
from .frames import Frame, binary_frame
from .http import EngineApp
from .lanes import Lanes
from .members import Arrival, Connection, Member, Partial, Phase
from .registered import RegisteredHandlers
from .rooms import Rooms, adopt
from .transport import PayloadTooLargeError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Sequence

    from ..spec.model import Ordering
    from .endpoint import Endpoint
    from .limits import Limits
    from .transport import EngineSocket

logger = logging.getLogger("asynction_asgi.engine")
_HOLD_SECONDS = 0.005
_FOREIGN_ERRORS = (ValueError, TypeError, LookupError, AttributeError, RecursionError)


class Server(socketio.AsyncServer):  # type: ignore[misc]  # python-socketio is untyped
    """A Socket.IO server whose events and connections an `Endpoint` decides.

    Namespaces that the endpoint does not admit, but for which handlers were registered here, are
    served as python-socketio serves them.

    Attributes:
        limits: What one client may cost.
        stopping: Set once `shutdown` began; new connections are refused.
    """

    manager: Rooms
    manager_initialized: bool
    eio: EngineServer

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        limits: Limits,
        ordering: Ordering = "concurrent",
        refusal_body: Callable[[RefusedError], Any] | None = None,
        **options: Any,
    ) -> None:
        self.limits = limits
        self.stopping = False
        self._endpoint = endpoint
        self._refusal_body = refusal_body
        self._tasks: set[asyncio.Task[Any]] = set()
        self._codec = choose_codec(options.pop("json", None), depth=limits.json_depth)
        serializer = options.pop("serializer", "default")
        self._foreign = serializer != "default"
        if not self._foreign:
            serializer = packets.packet_class(self._codec, max_attachments=limits.attachments)
        namespaces = options.pop("namespaces", ())
        manager = adopt(options.pop("client_manager", None) or Rooms())
        super().__init__(
            client_manager=manager,
            serializer=serializer,
            logger=_choose_logger(options.pop("logger", False)),
            engineio_logger=_choose_logger(options.pop("engineio_logger", False)),
            limits=limits,
            **options,
        )
        self.namespaces = namespaces  # upstream's default admits "/"
        self.eio.owner = self
        self.app = EngineApp(self)
        self._registered = RegisteredHandlers(self)
        self._lanes = Lanes(self._handle, ordering)

    def _engineio_server_class(self) -> type[EngineServer]:
        return EngineServer

    def listen(self) -> None:
        """Take connections, after `shutdown` too, and listen on the message queue.

        The first client starts the queue otherwise.
        """
        self.stopping = False
        if not self.manager_initialized:
            self.manager_initialized = True
            self.manager.initialize()

    # -- Engine.IO's events ----------------------------------------------------------------

    async def _handle_eio_connect(self, eio_sid: str, environ: dict[str, Any]) -> None:
        await super()._handle_eio_connect(eio_sid, environ)
        self._expect_connect(self.eio.sockets[eio_sid].connection)

    async def _handle_eio_message(self, eio_sid: str, data: str | bytes) -> None:
        socket = self.eio.sockets.get(eio_sid)
        if socket is not None:
            pause = self.take_message(socket.connection, f"4{data}" if isinstance(data, str) else data)
            if pause is not None:
                await pause

    async def _handle_eio_disconnect(self, eio_sid: str, reason: str) -> None:
        connection = self.eio.sockets[eio_sid].connection
        connection.closed = True
        connection.partial = None
        connection.made_room()
        if connection.timer is not None:
            connection.timer.cancel()
        try:
            await asyncio.gather(*(self._part(one, reason) for one in list(connection.members.values())))
        finally:
            self.environ.pop(eio_sid, None)

    def _expect_connect(self, connection: Connection) -> None:
        """Close the connection unless it is in a namespace soon."""
        if connection.timer is not None:
            connection.timer.cancel()
        loop = asyncio.get_running_loop()
        connection.timer = loop.call_later(self.limits.connect_seconds, self._check_connected, connection)

    def _check_connected(self, connection: Connection) -> None:
        connection.timer = None
        if not connection.members and not connection.closed:
            self.logger.info("%s: no namespace was joined in time", connection.socket.sid)
            connection.socket.drop(self.reason.SERVER_DISCONNECT)

    # -- inwards ---------------------------------------------------------------------------

    def take_message(self, connection: Connection, data: str | bytes) -> Awaitable[None] | None:
        """Take one Engine.IO message; what is returned must be awaited before the next one.

        Raises:
            UndecodableError: it can't be understood; the connection must be closed.
        """
        if connection.closed:
            return None
        if self._foreign:
            packet = self._read_foreign(connection, data)
        elif connection.partial is None and type(data) is str and data.startswith("42"):
            # Nearly all that clients send: an event without attachments.
            namespace, ack_id, payload = packets.decode_event(data, 2, self._codec.loads)
            member = connection.members.get(namespace)
            if member is not None and member.phase is not Phase.LEAVING:
                return self._take_event(member, ack_id, payload, len(data))
            packet = packets.Packet(packets.EVENT, namespace, ack_id, payload)
        elif isinstance(data, bytes):
            packet = self._complete(connection, data)
        elif connection.partial is not None:
            raise UndecodableError("text in place of an attachment")
        else:
            packet = packets.decode_packet(data, self._codec, max_attachments=self.limits.attachments)
        if packet is None:
            return None
        if packet.attachments:
            if packet.namespace not in connection.members:
                self._stray(connection, packet)
            connection.partial = Partial(packet, [], len(data))
            return None
        return self._route(connection, packet, packet.size or len(data))

    def _complete(self, connection: Connection, attachment: bytes) -> packets.Packet | None:
        """Add an attachment; the packet once it has all of them.

        Raises:
            UndecodableError: none was due, or they are too large together.
        """
        partial = connection.partial
        if partial is None:
            raise UndecodableError("attachment without a packet")
        partial.attachments.append(attachment)
        partial.size += len(attachment)
        if partial.size > self.limits.attachment_bytes:
            raise PayloadTooLargeError
        if len(partial.attachments) < partial.packet.attachments:
            return None
        connection.partial = None
        payload = packets.attach(partial.packet.payload, partial.attachments)
        return partial.packet._replace(payload=payload, attachments=0, size=partial.size)

    def _route(self, connection: Connection, packet: packets.Packet, size: int) -> Awaitable[None] | None:
        kind = packet.type
        if kind == packets.CONNECT:
            self._begin_connect(connection, packet.namespace, packet.payload)
            return None
        member = connection.members.get(packet.namespace)
        if member is None or member.phase is Phase.LEAVING:
            if member is None:
                self._stray(connection, packet)
        elif kind in (packets.EVENT, packets.BINARY_EVENT):
            return self._take_event(member, packet.id, packet.payload, size)
        elif kind == packets.DISCONNECT:
            self._spawn(self._part(member, self.reason.CLIENT_DISCONNECT))
        else:
            self._take_ack(member, packet)
        return None

    def _stray(self, connection: Connection, packet: packets.Packet) -> None:
        """A packet for a namespace that the client is not in.

        It may have crossed our DISCONNECT on its way; else the client does not speak the protocol.
        """
        if connection.left is None or packet.namespace not in connection.left:
            raise UndecodableError("packet for a namespace that was not joined")

    def _take_event(
        self, member: Member, ack_id: int | None, payload: list[Any], size: int
    ) -> Awaitable[None] | None:
        connection = member.connection
        if payload[0] in packets.RESERVED_EVENTS:
            error = RefusedError("reserved_event", "the name belongs to the protocol")
        elif self.limits.events_per_second is not None and not connection.take_token():
            error = RefusedError("rate_limited", "too many events")
        elif member.phase is Phase.PENDING:
            if member.early is None:
                member.early = deque()
            if connection.full:
                raise UndecodableError("events before the connection was accepted")
            arrival = Arrival(ack_id, payload, size)
            member.early.append(arrival)
            connection.count(arrival, 1)
            return None
        elif connection.full and connection.awaits_acks:
            # Its input can't be paused: a handler may be waiting for an ack that is behind this.
            error = RefusedError("rate_limited", "too many events at a time")
        else:
            self._lanes.start(member, ack_id, payload, size)
            paused = connection.waiting and connection.full and not connection.awaits_acks
            return self._lanes.room(connection) if paused else None
        self._refuse(member, ack_id, payload[0], error)
        return None

    def _take_ack(self, member: Member, packet: packets.Packet) -> None:
        callback = member.callbacks.pop(packet.id, None) if member.callbacks and packet.id else None
        if callback is None:
            return  # nobody asked, or nobody waits any more
        try:
            result = callback(*packet.payload)
        except Exception:
            logger.exception("the callback of an acknowledgement failed")
            return
        if inspect.iscoroutine(result):
            self._spawn(result)

    # -- connecting ------------------------------------------------------------------------

    def _begin_connect(self, connection: Connection, namespace: str, auth: Any) -> None:
        if namespace in connection.members:
            return  # socket.io-client sends it twice when `connect` is called before the first answer
        endpoint = self._find_endpoint(namespace)
        if endpoint is None:
            self._answer_connect_error(connection, namespace, {"message": "Invalid namespace"})
        elif len(connection.members) >= self.limits.namespaces:
            error = RefusedError("rate_limited", "too many namespaces")
            self._answer_connect_error(connection, namespace, self._connect_error(error))
        else:
            if connection.timer is not None:
                connection.timer.cancel()
                connection.timer = None
            eio_sid = connection.socket.sid
            member = Member(
                sid=self.eio.generate_id(),
                namespace=namespace,
                environ=self.environ[eio_sid],
                connection=connection,
                endpoint=endpoint,
            )
            connection.members[namespace] = member
            self.manager.add(member)
            member.connecting = self._spawn(self._connect(member, auth))

    def _find_endpoint(self, namespace: str) -> Endpoint | None:
        if self._endpoint.admits(namespace):
            return self._endpoint
        return self._registered if self._registered.admits(namespace) else None

    async def _connect(self, member: Member, auth: Any) -> None:
        """Run the connect handler once; whatever it raises refuses the client."""
        body: Any = None
        try:
            await member.endpoint.connect(member, auth)
        except RefusedError as error:
            body = self._connect_error(error)
        except exceptions.ConnectionRefusedError as error:
            body = error.error_args
        except asyncio.CancelledError:
            body = self._connect_error(RefusedError("unavailable", "the connection was given up"))
        except Exception as error:  # noqa: BLE001  # logged under a ref
            body = self._connect_error(self._internal(error, "connect", member.namespace))
        member.connecting = None
        vanished = member.phase is not Phase.PENDING
        if body is not None:
            self._forget(member)
            if not vanished:
                self._answer_connect_error(member.connection, member.namespace, body)
                self._count_refusal(member.connection)
        elif vanished:
            await self._tell_disconnect(member, self.reason.TRANSPORT_CLOSE)
        else:
            self._accept(member)

    def _count_refusal(self, connection: Connection) -> None:
        connection.refusals += 1
        if connection.refusals >= self.limits.refusals:
            self.logger.info("%s: refused too often", connection.socket.sid)
            connection.socket.drop(self.reason.SERVER_DISCONNECT)

    def _accept(self, member: Member) -> None:
        member.phase = Phase.CONNECTED
        answer = self.encode(packets.CONNECT, {"sid": member.sid}, member.namespace)
        member.connection.socket.deliver(answer)
        if member.held is not None:
            # Behind the answer by a moment, for clients that subscribe once they have read it.
            asyncio.get_running_loop().call_later(_HOLD_SECONDS, member.release)
        for arrival in _take_early(member):
            self._lanes.start(member, *arrival)

    def _connect_error(self, error: RefusedError) -> dict[str, Any]:
        body = error.as_json() if self._refusal_body is None else self._refusal_body(error)
        return {"message": error.message, "data": body}

    def _answer_connect_error(self, connection: Connection, namespace: str, body: Any) -> None:
        try:
            frames = self.encode(packets.CONNECT_ERROR, body, namespace)
        except UnencodableError:
            logger.exception("the refusal of a connection has no JSON form")
            frames = self.encode(packets.CONNECT_ERROR, {"message": "Connection refused"}, namespace)
        connection.socket.deliver(frames)
        if not connection.members:
            self._expect_connect(connection)

    # -- events ----------------------------------------------------------------------------

    async def _handle(self, member: Member, ack_id: int | None, payload: list[Any], number: int) -> None:
        """Let the endpoint handle one event and answer it; raises nothing but cancellation."""
        event = payload[0]
        connection = member.connection
        try:
            if member.phase is Phase.GONE:
                return
            answer = await member.endpoint.event(member, event, payload[1:], ack=ack_id is not None)
            if ack_id is not None:
                member.deliver(self.encode(packets.ACK, list(answer), member.namespace, ack_id=ack_id))
        except RefusedError as error:
            self._refuse(member, ack_id, event, error)
        except asyncio.CancelledError:
            self._refuse(member, ack_id, event, RefusedError("unavailable", "the handler was cancelled"))
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
        except Exception as error:  # noqa: BLE001  # logged under a ref
            self._refuse(member, ack_id, event, self._internal(error, event, member.namespace))
        finally:
            if number:
                self._lanes.ended(connection, number)
        if connection.socket.outbox:
            await connection.socket.relief()  # a client that does not read its answers gets no more of them

    def _refuse(self, member: Member, ack_id: int | None, event: str | None, error: RefusedError) -> None:
        body = {"error": error.as_json()} if self._refusal_body is None else self._refusal_body(error)
        try:
            if ack_id is not None:
                frames = self.encode(packets.ACK, [body], member.namespace, ack_id=ack_id)
            else:
                told = {**body, "event": event} if isinstance(body, dict) and event is not None else body
                frames = self.encode(packets.EVENT, ["exception", told], member.namespace)
        except UnencodableError:
            logger.exception("a refusal has no JSON form")
            return
        member.deliver(frames)

    def _internal(self, error: Exception, event: str, namespace: str) -> RefusedError:
        """Log a crash; what the peer learns of it is where the log has it."""
        ref = secrets.token_hex(6)
        logger.error("%s: %r of namespace %s failed", ref, event, namespace, exc_info=error)
        return RefusedError("internal_error", "the server failed to handle this", ref=ref)

    # -- disconnecting ---------------------------------------------------------------------

    async def disconnect(self, sid: str, namespace: str | None = None, ignore_queue: bool = False) -> None:  # noqa: FBT001, FBT002  # upstream's signature
        """Disconnect a client from a namespace; its transport stays.

        Over a message queue, a client of another process too.
        """
        namespace = namespace or "/"
        member = self.manager.find(sid, namespace)
        if member is None:
            if not ignore_queue:
                await self.manager.can_disconnect(sid, namespace)
        elif member.phase is Phase.PENDING:
            await self._cancel_connect(member)
            if member.phase is Phase.PENDING:  # its handler had not even begun
                self._forget(member)
                error = self._connect_error(RefusedError("unavailable", "the connection was given up"))
                self._answer_connect_error(member.connection, namespace, error)
        elif member.phase is Phase.CONNECTED:
            member.release()
            member.deliver(self.encode(packets.DISCONNECT, None, namespace))
            await self._part(member, self.reason.SERVER_DISCONNECT)

    def expel(self, sid: str, namespace: str, error: RefusedError) -> None:
        """Tell a client of this process why, by the event ``exception``, and disconnect it from a namespace."""
        member = self.manager.find(sid, namespace)
        if member is not None and member.phase is Phase.CONNECTED:
            self._refuse(member, None, None, error)
            member.release()
            member.deliver(self.encode(packets.DISCONNECT, None, namespace))
            self._spawn(self._part(member, self.reason.SERVER_DISCONNECT))

    def _part(self, member: Member, reason: str) -> Coroutine[Any, Any, None]:
        """Take a peer out, at once; what is returned tells its handlers, and must be awaited.

        The first reason counts: the transport often closes right behind a client's DISCONNECT.
        """
        phase = member.phase
        if phase in (Phase.PENDING, Phase.CONNECTED):
            member.phase = Phase.LEAVING
            connection = member.connection
            if not connection.closed:
                # From now on the client may connect to the namespace anew.
                connection.members.pop(member.namespace, None)
                connection.remember_left(member.namespace)
        return self._finish_parting(member, phase, reason)

    async def _finish_parting(self, member: Member, phase: Phase, reason: str) -> None:
        """Run the disconnect handler of a peer whose connect handler had returned."""
        if phase is Phase.PENDING:
            await self._cancel_connect(member)
            if member.phase is Phase.LEAVING:  # its handler had not even begun
                self._forget(member)
        elif phase is Phase.CONNECTED:
            self._lose_acks(member)
            await self._lanes.drained(member, self.limits.drain_seconds)
            await self._tell_disconnect(member, reason)

    async def _cancel_connect(self, member: Member) -> None:
        if member.connecting is not None:
            member.connecting.cancel()
            await asyncio.wait([member.connecting])

    async def _tell_disconnect(self, member: Member, reason: str) -> None:
        try:
            await member.endpoint.disconnect(member, reason)
        except Exception:
            logger.exception("the disconnect handler of namespace %s failed", member.namespace)
        finally:
            self._forget(member)

    def _forget(self, member: Member) -> None:
        connection = member.connection
        if connection.members.get(member.namespace) is member:
            del connection.members[member.namespace]
        self._lose_acks(member)
        _take_early(member)
        self.manager.basic_disconnect(member.sid, member.namespace)
        if not connection.members and not connection.closed:
            self._expect_connect(connection)

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

    # -- outwards --------------------------------------------------------------------------

    def encode(self, kind: int, payload: Any, namespace: str, *, ack_id: int | None = None) -> list[Frame]:
        """The frames of one packet.

        Raises:
            UnencodableError: the payload has no form on the wire.
        """
        if not self._foreign:
            return packets.encode_packet(kind, payload, self._codec, namespace=namespace, ack_id=ack_id)
        try:
            encoded = self.packet_class(kind, data=payload, namespace=namespace, id=ack_id).encode()
        except _FOREIGN_ERRORS as error:
            raise UnencodableError(str(error)) from error
        parts = encoded if isinstance(encoded, list) else [encoded]
        return [
            Frame(b"4" + part.encode()) if isinstance(part, str) else binary_frame(bytes(part))
            for part in parts
        ]

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
            socketio.exceptions.TimeoutError: no answer came within `timeout` seconds.
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
        except TimeoutError:
            raise exceptions.TimeoutError from None
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
            DisconnectedError: the client is not there, or left before it answered.
        """
        member = self.manager.find(to, namespace)
        if member is None and not hasattr(self.manager, "host_id"):  # no queue, so nowhere else
            raise DisconnectedError(to, namespace)
        answered: asyncio.Future[tuple[Any, ...]] = asyncio.get_running_loop().create_future()
        callback = _Answer(answered, to, namespace)
        await self.emit(
            event,
            data,
            to=to,
            namespace=namespace,
            callback=callback,
            ignore_queue=ignore_queue or member is not None,
        )
        try:
            async with asyncio.timeout(timeout):
                return await answered
        finally:
            self._forget_callback(member, to, callback)

    def _forget_callback(self, member: Member | None, target: str, callback: _Answer) -> None:
        if member is None:
            self.manager.forget_callback(target, callback)
        elif member.callbacks:
            for ack_id in [key for key, value in member.callbacks.items() if value is callback]:
                del member.callbacks[ack_id]

    def _lose_acks(self, member: Member) -> None:
        """Tell whoever waits for an answer of this client that none will come."""
        callbacks, member.callbacks = member.callbacks, None
        for callback in (callbacks or {}).values():
            if isinstance(callback, _Answer):
                callback.lose()

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

    async def handle_request(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request or WebSocket; upstream's ASGI application calls this."""
        await self.app(scope, receive, send)

    async def shutdown(self, seconds: float = 5.0) -> None:
        """Close every connection, run the disconnect handlers, and stop what runs.

        Args:
            seconds: Handlers still running after this time are cancelled.
        """
        self.stopping = True
        sockets = list(self.eio.sockets.values())
        for socket in sockets:
            socket.drop(self.reason.SERVER_DISCONNECT)
        running = [task for socket in sockets for task in _tasks_of(socket)]
        running += self._tasks
        thread = getattr(self.manager, "thread", None)
        if thread is not None:
            thread.cancel()
            running.append(thread)
        current = asyncio.current_task()
        running = [task for task in running if task is not current and not task.done()]
        if running:
            _, late = await asyncio.wait(running, timeout=seconds)
            for task in late:
                task.cancel()
            if late:
                logger.warning("%d handlers did not end in time and were cancelled", len(late))
                await asyncio.wait(late, timeout=1.0)
        close = getattr(self.manager, "close", None)
        if close is not None:  # connections to a message queue
            await close()
        self.manager_initialized = False
        with contextlib.suppress(Exception):
            await super().shutdown()

    def _read_foreign(self, connection: Connection, data: str | bytes) -> packets.Packet | None:
        """Read with another packet class, such as python-socketio's for MessagePack."""
        if connection.partial is not None:
            if isinstance(data, str):
                raise UndecodableError("text in place of an attachment")
            return self._complete(connection, data)
        try:
            packet = self.packet_class(encoded_packet=data[1:] if isinstance(data, str) else data)
            kind, payload, namespace = packet.packet_type, packet.data, packet.namespace or "/"
            attachments = packet.attachment_count
        except _FOREIGN_ERRORS as error:
            raise UndecodableError("not a packet") from error
        return packets.check_packet(
            packets.Packet(kind, namespace, packet.id, payload, attachments),
            max_attachments=self.limits.attachments,
        )


class _Answer:
    """The callback behind `Server.call`."""

    __slots__ = ("_future", "_namespace", "_sid")

    def __init__(self, future: asyncio.Future[tuple[Any, ...]], sid: str, namespace: str) -> None:
        self._future = future
        self._sid = sid
        self._namespace = namespace

    def __call__(self, *arguments: Any) -> None:
        if not self._future.done():
            self._future.set_result(arguments)

    def lose(self) -> None:
        if not self._future.done():
            self._future.set_exception(DisconnectedError(self._sid, self._namespace))


def _take_early(member: Member) -> Sequence[Arrival]:
    """What arrived before the connect handler decided; it waits no more."""
    early, member.early = member.early or (), None
    for arrival in early:
        member.connection.count(arrival, -1)
    return early


def _tasks_of(socket: EngineSocket) -> list[asyncio.Task[None]]:
    tasks = list(socket.connection.running.values())
    return tasks if socket.closing_task is None else [*tasks, socket.closing_task]


def _choose_logger(option: Any) -> Any:
    """A logger without handlers of its own; upstream's narration only when it is asked for."""
    if option is True:
        narrator = logger.getChild("upstream")
        narrator.setLevel(logging.INFO)
        return narrator
    return _Quiet(logger, {}) if option in (False, None) else option


class _Quiet(logging.LoggerAdapter[logging.Logger]):
    """Upstream tells at INFO of every packet, with its data."""

    def isEnabledFor(self, level: int) -> bool:  # noqa: N802  # the standard library's name
        return level >= logging.WARNING and super().isEnabledFor(level)
