"""python-socketio's server, wrapped: packets in, an endpoint's decisions out.

The parts of the server are objects of their own; `Server` puts them together and offers what
python-socketio's server offers to applications, which is upstream's own on top of `Rooms`.
"""

from __future__ import annotations

import asyncio
import contextlib
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn, cast

import socketio

from ..errors import UnknownSocketError
from .counts import Counts
from .logs import choose_logger
from .peers.addressing import AddressingServer
from .peers.calls import Calls
from .peers.event_log import Log
from .peers.gate import Gate
from .peers.here import Here
from .peers.intake import Intake
from .peers.lanes import Lanes
from .peers.parting import Parting
from .peers.refusals import Refusals
from .peers.registered import RegisteredHandlers
from .peers.replies import Replies
from .peers.returning import Returning
from .peers.rooms import Rooms
from .peers.service import Service
from .peers.stopping import STOP_SECONDS, Stopping
from .reports import Reports
from .tasks import Tasks
from .transport.asgi import EngineApp
from .transport.engineio_server import EngineServer
from .wire.codec import check_depth
from .wire.serializer import create_serializer

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..errors import RefusedError
    from ..spec.model import Ordering
    from .cluster.managers import QueueRooms
    from .endpoint import Endpoint
    from .limits import Limits
    from .peers.here import Clients
    from .peers.members import Member
    from .watch import Watch

# For a message queue, before the first client is served.
_READY_SECONDS = 2.0


class Server(AddressingServer):
    """A Socket.IO server whose events and connections an `Endpoint` decides.

    Namespaces that the endpoint does not admit, but for which handlers were registered here, are
    served as python-socketio serves them.

    Attributes:
        limits: What one client may cost.
        encode: Make the frames of one packet; `Serializer.encode`.
        check_depth: Raises `UndecodableError` for arguments that nest too deep.
        parting: How clients leave namespaces.
        log: Events that clients may get again.
        calls: Events that wait for an answer, and callbacks.
        tasks: What runs in the background.
        counts: What only the engine sees, in numbers.
        delivered: Is called for each emit, with the namespace and the number of clients of this process that it
            goes to; None while nothing counts that. It is not the manager's, whose attributes may be the
            application's.
    """

    manager: Rooms
    manager_initialized: bool
    eio: EngineServer

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        limits: Limits,
        watch: Watch,
        ordering: Ordering = "concurrent",
        refusal_body: Callable[[RefusedError], Any] | None = None,
        **options: Any,
    ) -> None:
        serializer = create_serializer(
            options.pop("serializer", "default"), options.pop("json", None), limits
        )
        namespaces = options.pop("namespaces", None) or ()
        reports = Reports(watch)
        self.counts = Counts()
        self.delivered: Callable[[str, int], None] | None = None
        super().__init__(
            client_manager=options.pop("client_manager", None) or Rooms(),
            serializer=serializer.packet_class,
            logger=choose_logger(options.pop("logger", False)),
            engineio_logger=choose_logger(options.pop("engineio_logger", False)),
            limits=limits,
            reports=reports,
            counts=self.counts,
            **options,
        )
        self.namespaces = namespaces  # upstream's default admits "/"
        self.limits = limits
        self.encode = serializer.encode
        self.check_depth = partial(check_depth, depth=limits.json_depth)
        self.log = Log(serializer, limits.recovery_bytes)
        self._returning = Returning(self.manager, limits, self.log)
        self.tasks = Tasks()
        self._endpoint = endpoint
        self._registered = RegisteredHandlers(self)
        replies = Replies(serializer, Refusals(refusal_body), watch)
        lanes = Lanes(replies, ordering, self.counts)
        self.calls = Calls(self.manager, self.emit, self.tasks)
        self._service = service = Service()
        self.parting = Parting(
            transports=self.eio,
            limits=limits,
            rooms=self.manager,
            lanes=lanes,
            calls=self.calls,
            replies=replies,
            tasks=self.tasks,
            service=service,
            returning=self._returning,
            reports=reports,
        )
        gate = Gate(
            endpoints=(endpoint, self._registered),
            sender=self,
            environs=self.environ,
            limits=limits,
            rooms=self.manager,
            lanes=lanes,
            replies=replies,
            tasks=self.tasks,
            service=service,
            returning=self._returning,
            watch=watch,
            parting=self.parting,
        )
        here = Here(self.manager, self.parting.dismiss)
        self._clients: Clients = here
        if self.manager.has_queue:
            queue = cast("QueueRooms", self.manager)
            self._clients = queue.reach(here, parting=self.parting, calls=self.calls, tasks=self.tasks)
            self._returning.elsewhere = queue.exchange(
                self._returning, log=self.log, parting=self.parting, tasks=self.tasks, limits=limits
            )
        self._stopping = Stopping(
            transports=self.eio,
            service=service,
            replies=replies,
            rooms=self.manager,
            tasks=self.tasks,
            returning=self._returning,
        )
        self._intake = Intake(
            serializer=serializer,
            limits=limits,
            gate=gate,
            parting=self.parting,
            lanes=lanes,
            replies=replies,
            calls=self.calls,
            stopping=self._stopping,
            service=service,
        )
        self.eio.owner = self._intake
        self.eio.own_handlers = {event: self.eio.handlers[event] for event in ("connect", "disconnect")}
        self.app = EngineApp(self)

    def count_traffic(self, delivered: Callable[[str, int], None]) -> None:
        """Count bytes in `counts` from now on, for new connections, and what is emitted.

        Args:
            delivered: Is called for each emit, with the namespace and the number of clients of this process
                that it goes to.
        """
        self.eio.count_bytes()
        self.delivered = delivered

    def _engineio_server_class(self) -> type[EngineServer]:
        return EngineServer

    def on(self, event: str, handler: Any = None, namespace: str | None = None) -> Any:
        """Register a handler as upstream does, in a namespace that the endpoint leaves to it.

        Raises:
            BindingError: The namespace belongs to the endpoint, which would never call the handler.
            ValueError: No client can connect to the namespace.
        """
        self._check_registration(namespace or "/", event)
        return super().on(event, handler, namespace)

    def register_namespace(self, namespace_handler: Any) -> None:
        """Register a class of handlers as upstream does; raises what `on` raises, ValueError for others."""
        if isinstance(namespace_handler, socketio.AsyncNamespace):
            self._check_registration(namespace_handler.namespace, None)
        super().register_namespace(namespace_handler)

    def _check_registration(self, namespace: str, event: str | None) -> None:
        if namespace != "*":
            self._endpoint.check_registration(namespace, event)
        self._registered.check_registration(namespace, event)

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
            ValueError: No client is given.
            socketio.exceptions.TimeoutError: No answer came within `timeout` seconds, or the call was
                displaced.
            socketio.exceptions.DisconnectedError: The client is not connected, or left before it
                answered. Upstream waits for the timeout.
        """
        asking = self.calls.call(
            event, data, to=to or sid, namespace=namespace or "/", timeout=timeout, ignore_queue=ignore_queue
        )
        return await self.run_here(asking)

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
        """`call`, with the acknowledgement's arguments as they came, and the errors of `Calls.request`."""
        asking = self.calls.request(
            event, data, to=to, namespace=namespace, timeout=timeout, ignore_queue=ignore_queue
        )
        answer: tuple[Any, ...] = await self.run_here(asking)
        return answer

    async def get_session(self, sid: str, namespace: str | None = None) -> Any:
        """Return the session of a peer; `session` is the context manager that also saves it.

        Raises:
            UnknownSocketError: The peer is not here; a KeyError.
        """
        return self._member(sid, namespace).session

    async def save_session(self, sid: str, session: Any, namespace: str | None = None) -> None:
        """Replace the session of a peer.

        Raises:
            UnknownSocketError: The peer is not here; a KeyError.
        """
        self._member(sid, namespace).session = session

    def rooms(self, sid: str, namespace: str | None = None) -> Any:
        """Return the rooms of a client of this process, its own included.

        Raises:
            UnknownSocketError: There is a message queue, and the client is not here.
        """
        if self.manager.has_queue:
            self._member(sid, namespace)
        return super().rooms(sid, namespace=namespace)

    def _member(self, sid: str, namespace: str | None) -> Member:
        member = self.manager.find(sid, namespace or "/")
        if member is None:
            raise UnknownSocketError(sid, namespace or "/")
        return member

    async def disconnect(self, sid: str, namespace: str | None = None, ignore_queue: bool = False) -> None:  # noqa: FBT001, FBT002  # upstream's signature
        """Disconnect a client from a namespace; its transport stays.

        Over a message queue, a client of another process too. One whose connect handler still runs, such as
        the caller, is disconnected when that has ended: it gets what the handler emits, and no event of it
        is handled.
        """
        await self.run_here(self.parting.disconnect(sid, namespace or "/", ignore_queue=ignore_queue))

    def expel(self, sid: str, namespace: str, error: RefusedError) -> None:
        """Tell a client of this process why, by the event ``exception``, and disconnect it from a namespace."""
        self.parting.expel(sid, namespace, error)

    @property
    def clients(self) -> Clients:
        """What can be asked of the clients of a room, in every process on the message queue.

        Raises:
            TypeError: The manager is one of python-socketio's over a queue, which reaches only this process.
        """
        if self.manager.reaches_others and not self.manager.has_queue:
            raise TypeError(
                "clients of other processes can't be reached by this client_manager; use message_queue in its place"
            )
        return self._clients

    def listen(self) -> None:
        """Take connections, after `shutdown` too, and listen on the message queue.

        The first client starts the queue otherwise.
        """
        self._service.restart()
        self.loop = asyncio.get_running_loop()
        if not self.manager_initialized:
            self.manager_initialized = True
            self.manager.initialize()

    async def ready(self, seconds: float = _READY_SECONDS) -> None:
        """Wait until this process receives what others emit, if there is a message queue.

        Args:
            seconds: The longest wait; an unreachable queue delays the start no longer.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.manager.wait_subscribed()

    @property
    def stopping(self) -> bool:
        """Whether the server has begun to end."""
        return self._service.stopping

    @property
    def admitting(self) -> bool:
        """Whether new clients are taken."""
        return self._service.admitting

    @property
    def reached(self) -> bool:
        """Whether the message queue, if there is one, counts as reached; see `Rooms.reached`."""
        return self.manager.reached

    async def drain(self, seconds: float, *, admitting: bool = False) -> None:
        """Let clients leave one after another, so that they come back to other processes; then `shutdown`.

        A client that leaves has its handlers finished and its acks sent, in `STOP_SECONDS` at most; what it
        sends meanwhile is not taken. Its connection closes in a way after which clients come back.

        Args:
            seconds: Over which they leave, evenly, the oldest first.
            admitting: Take clients that come meanwhile instead of refusing them with 503, because no other
                process would get them: they leave last.

        Raises:
            ValueError: `seconds` is negative or not a number; nothing has changed.
        """
        if not seconds >= 0:
            raise ValueError(f"drain() takes seconds, 0 or more, not {seconds}")
        await self.run_here(self._stopping.drain(seconds, admitting=admitting))

    async def shutdown(self, seconds: float = STOP_SECONDS) -> None:
        """Let handlers end and answer, close every connection, run the disconnect handlers, and stop what runs.

        Events that arrive meanwhile are refused with ``unavailable``, new connections with 503.

        Args:
            seconds: Handlers still running after this time are cancelled.
        """
        await self._stopping.finish(seconds)
        self._returning.close()
        self.manager_initialized = False
        self.loop = None
        await super().shutdown()

    async def handle_request(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request or WebSocket; upstream's ASGI application calls this."""
        await self.app(scope, receive, send)

    async def _handle_eio_connect(self, eio_sid: str, environ: dict[str, Any]) -> None:
        self.loop = self.loop or asyncio.get_running_loop()
        await super()._handle_eio_connect(eio_sid, environ)
        self.parting.expect_connect(self.eio.sockets[eio_sid].connection)

    async def _handle_eio_message(self, eio_sid: str, data: str | bytes) -> None:
        socket = self.eio.sockets.get(eio_sid)
        if socket is not None:
            message = f"4{data}" if isinstance(data, str) else data
            pause = self._intake.take_message(socket.connection, message)
            if pause is not None:
                await pause

    async def _handle_eio_disconnect(self, eio_sid: str, reason: str) -> None:
        try:
            await self.parting.close(self.eio.sockets[eio_sid].connection, reason)
        finally:
            self.environ.pop(eio_sid, None)

    async def _trigger_event(self, event: str, namespace: str, *arguments: Any) -> Any:
        """Call what was registered on this server; upstream's `instrument` wraps it."""
        return await self._registered.trigger(event, namespace, arguments)

    async def _not_used(self, *arguments: Any) -> NoReturn:
        """Replace upstream's handling of packets, which this server never calls."""
        raise NotImplementedError("packets of clients are handled by Intake and Gate")

    _handle_connect = _handle_disconnect = _handle_event = _handle_event_internal = _handle_ack = _not_used
