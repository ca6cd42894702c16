"""The client manager that reaches other processes through a message queue."""

from __future__ import annotations

import asyncio
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any

from socketio.async_pubsub_manager import AsyncPubSubManager

from ...reasons import Unanswered
from ..carrier import carried
from ..peers.rooms import Rooms, relieve
from .claims import Claims
from .courier import Courier
from .everywhere import METHODS, Everywhere
from .giving import Giving
from .link import Link
from .process_id import Identified
from .settings import create_settings
from .taking import Taking
from .traffic import Traffic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ..carrier import Carrier
    from ..limits import Limits
    from ..options import Secret
    from ..peers.calls import Calls
    from ..peers.event_log import Log
    from ..peers.here import Here
    from ..peers.parting import Parting
    from ..peers.returning import Returning
    from ..tasks import Tasks
    from .settings import QueueSettings


class QueueRooms(Identified, AsyncPubSubManager, Rooms):  # type: ignore[misc]  # python-socketio is untyped
    """Rooms whose emits reach the clients of every process on a queue.

    It is still a manager of python-socketio, and reads and writes the same messages. Between a message and the
    clients, no code of python-socketio runs: that would wait for slow clients and for handlers.

    Args:
        settings: The queue, and how to use it.
        check: Raises for an emit of another process that must not reach clients; None takes all.
        carrier: Takes traces along with messages, or None.
        logger: Where outages are logged; the server's by default.

    Attributes:
        server: The server; None in a process without one.
        check: As given.
        carrier: As given.
        settings: As given.
        lost: How many messages were lost, by the reason.
        traffic: What went over the queue since the process began.
        moved: Counts what became of sessions whose clients came back to another process.
        link: The connection to the queue, from the server's start to its end.
        everywhere: The clients of all processes; set by `reach`.
    """

    has_queue = True
    server: Any

    def __init__(
        self,
        settings: QueueSettings,
        *,
        check: Callable[[str, Any, str], None] | None = None,
        carrier: Carrier | None = None,
        logger: Any = None,
    ) -> None:
        super().__init__(channel=settings.channel, logger=logger, json=settings.codec)
        self.check = check
        self.carrier = carrier
        self.link: Link | None = None
        self.lost: Counter[str] = Counter()
        self.traffic = Traffic()
        self.moved: Counter[str] = Counter()
        self.settings = settings
        self._is_needed = False
        self._courier = Courier(settings)
        self.everywhere: Everywhere
        self._taking: Taking

    @property
    def reached(self) -> bool:
        """Whether the process was subscribed at least once and, if it needs the queue, is connected now."""
        link = self.link
        return link is not None and link.reached and (link.outages.connected or not self._is_needed)

    def need_queue(self) -> None:
        """Let `reached` be False during each outage."""
        self._is_needed = True

    @property
    def dropped(self) -> Counter[str]:
        """Number of messages that were dropped on receipt, by the reason."""
        return self.settings.codec.dropped

    def set_server(self, server: Any) -> None:
        """Attach to a server; messages on the queue stay strict JSON, whatever it sends to clients."""
        super().set_server(server)
        self.json = self.settings.codec

    def reach(self, here: Here, *, parting: Parting, calls: Calls, tasks: Tasks) -> Everywhere:
        """Return the clients of all processes; `here` are those of this one."""
        self._taking = Taking(self, self, self._return_callback, parting=parting, calls=calls, tasks=tasks)
        self.everywhere = Everywhere(self, here, tasks)
        self._taking.add(dict.fromkeys(METHODS, self.everywhere.take), self.everywhere.leave)
        return self.everywhere

    def exchange(
        self, returning: Returning, *, log: Log, parting: Parting, tasks: Tasks, limits: Limits
    ) -> Claims | None:
        """Return the sessions of clients that come from other processes, and hand over those of clients that leave.

        Return None if the queue does not deliver in the same order to all processes: clients that come back to
        another process start a new session then.
        """
        if not self.settings.ordered:
            return None
        claims = Claims(
            self,
            self,
            returning,
            log=log,
            dismiss=parting.dismiss,
            most=limits.recovery_sessions,
            most_bytes=limits.recovery_bytes,
            patience=limits.drain_seconds,
            moved=self.moved,
        )
        giving = Giving(
            self, self._identity, returning, claims, cut=parting.cut, tasks=tasks, moved=self.moved
        )

        taking = self._taking
        takers = {
            "claim": giving.take,
            "held": taking.ours(claims.hold),
            "unheld": taking.ours(claims.miss),
            "adopt": taking.ours(claims.take, giving.forget),
        }
        taking.add(takers, claims.leave)
        return claims

    def initialize(self) -> None:
        """Start listening, in the running event loop."""
        self.link = Link(
            self.settings,
            identity=self._identity,
            take=self._taking.take if self.carrier is None else partial(self._taking.resume, self.carrier),
            clients=lambda: len(self.server.eio.sockets),
            left=self._taking.leave,
            lost=self.lost,
            logger=self._get_logger(),
            traffic=self.traffic,
        )
        super().initialize()

    async def _thread(self) -> None:
        if self.link is not None:
            await self.link.listen()

    async def wait_subscribed(self) -> None:
        """Wait until this process receives what others emit, if it has begun to listen."""
        if self.link is not None:
            await self.link.subscribed.wait()

    def stop_seeking(self) -> None:
        """Stop asking other processes for clients."""
        self.everywhere.calls.stop_seeking()

    async def close(self) -> None:
        """Close the connections to the queue; a later emit opens one again."""
        link, self.link = self.link, None
        if link is not None:
            await link.close()
        await asyncio.wrap_future(self._courier.close())

    # -- what this process asks for ----------------------------------------------------------

    async def emit(
        self,
        event: str,
        data: Any,
        namespace: str | None = None,
        room: Any = None,
        skip_sid: Any = None,
        callback: Callable[..., Any] | None = None,
        to: Any = None,
        **options: Any,
    ) -> None:
        """Emit to the clients of every process; the event is encoded before any wait.

        Returns once the event is delivered to the clients of this process and queued for the others. Waits
        for a short time if clients read slowly or too much is queued.

        Raises:
            RoomCallbackError: A callback is given, and not a client's id; nothing was sent.
            UnencodableError: The data have no JSON form; nothing was sent.
            QueueError: The server was not started, and the queue can't be reached or did not answer in time.
        """
        target, namespace = to or room, namespace or "/"
        if callback is not None:
            self.check_callback(namespace, target)
        if options.get("ignore_queue"):
            recipients = self.deliver(event, data, namespace, target, skip_sid=skip_sid, callback=callback)
            await relieve(recipients)
            return
        if callback is not None and self.server is None:
            raise RuntimeError("a process without a server can't receive answers: callback= is not for it")
        asked = answer = None
        if callback is not None:
            asked = [target, namespace, self._generate_ack_id(target, callback)]
            answer = partial(self._return_callback, self.host_id, *asked)
        try:
            text = self.settings.codec.emit(
                data,
                host_id=self._sender,
                event=event,
                namespace=namespace,
                room=target,
                skip_sid=skip_sid,
                callback=asked,
                **carried(self.carrier),
            )
            recipients = self.deliver(event, data, namespace, target, skip_sid=skip_sid, callback=answer)
        except BaseException:
            if asked is not None:
                self.relayed.take(target, asked[-1])
            raise
        if asked is not None and not recipients:
            self.everywhere.calls.begin(asked[-1], target, namespace)
        await self._send(text)
        await relieve(recipients)

    async def enter_room(self, sid: str, namespace: str, room: Any, eio_sid: str | None = None) -> None:
        """Put a client into a room, whatever its process and phase."""
        if self.find(sid, namespace) is not None:
            self.basic_enter_room(sid, namespace, room, eio_sid)
        else:
            await self._ask_room("enter_room", sid, namespace, room)

    async def leave_room(self, sid: str, namespace: str, room: Any) -> None:
        """Take a client out of a room, whatever its process and phase."""
        if self.find(sid, namespace) is not None:
            self.basic_leave_room(sid, namespace, room)
        else:
            await self._ask_room("leave_room", sid, namespace, room)

    async def _ask_room(self, method: str, sid: str, namespace: str, room: Any) -> None:
        await self._publish(
            {"method": method, "host_id": self.host_id, "sid": sid, "namespace": namespace, "room": room}
        )

    def put(self, message: dict[str, Any]) -> None:
        """Queue a message without waiting, unless this process is leaving the queue."""
        if self.link is not None:
            self.link.put(message)

    def answer(self, method: str, host: Any, number: Any, **members: Any) -> None:
        """Queue the answer to the question `number` of the process `host`, as `put` does."""
        self.put({"sender": self.host_id, "method": method, "host_id": host, "id": number, **members})

    async def _publish(self, data: Any) -> None:
        """Send a request of python-socketio's methods to the other processes."""
        named = "sender" if data["method"] == "callback" else "host_id"  # which there is whom it is for
        members = {name: value for name, value in data.items() if name != named} | carried(self.carrier)
        text = self.settings.codec.relay({named: self._sender, **members})
        if text is not None:
            await self._send(text)
        else:
            asked = (data[name] for name in ("host_id", "sid", "namespace", "id"))
            self.lose(partial(self._return_callback, *asked), Unanswered.INVALID)

    @property
    def _sender(self) -> str:
        return self._courier.name if self.link is None else self.host_id

    async def _send(self, text: str) -> None:
        if self.link is None:
            await asyncio.wrap_future(self._courier.send(text))
        else:
            self.link.write(text)
            await self.link.writer.room()

    def lose(self, callback: Callable[..., Any], why: Unanswered) -> None:
        """Notify the process that waits for this callback, which may be another one."""
        if not (isinstance(callback, partial) and callback.func == self._return_callback):
            super().lose(callback, why)
            return
        host_id, room, namespace, ack_id = callback.args
        if host_id == self.host_id:
            self.relayed.lose(room, ack_id, why)
        else:  # without "args", so that managers of python-socketio ignore it
            self.answer("callback", host_id, ack_id, sid=room, namespace=namespace, lost=why.value)


def create_manager(
    url: str,
    *,
    channel: str = "socketio",
    secret: Secret | Iterable[Secret] | None = None,
    retention: float | None = None,
    check: Callable[[str, Any, str], None] | None = None,
    carrier: Carrier | None = None,
    logger: Any = None,
) -> QueueRooms:
    """Make the client manager for a message queue.

    Arguments and errors are those of `create_settings` and `QueueRooms`.
    """
    settings = create_settings(url, channel=channel, secret=secret, retention=retention)
    return QueueRooms(settings, check=check, carrier=carrier, logger=logger)
