"""When the handlers of one client run.

They start in the order of arrival and run at the same time once they await, as in JavaScript, up to
a bound per connection; events marked ``serial`` run one at a time. Acknowledgements never wait here,
so a handler may await an answer of its own client.
"""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from typing import TYPE_CHECKING, Any

from .frames import NOOP
from .members import Arrival

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from ..spec.model import Ordering
    from .members import Connection, Member

_PROBE_SECONDS = 0.5
_EAGER = sys.version_info >= (3, 12)


class Lanes:
    """Starts handlers.

    Args:
        handle: Handles one event, and calls `ended` with the number it is given unless that is 0;
            raises nothing but cancellation.
        default: For events whose endpoint has no opinion.
    """

    def __init__(
        self,
        handle: Callable[[Member, int | None, list[Any], int], Coroutine[Any, Any, None]],
        default: Ordering,
    ) -> None:
        self._handle = handle
        self._default = default

    def start(self, member: Member, ack_id: int | None, payload: list[Any], size: int) -> None:
        """Start a handler, or queue the event until one may start."""
        connection = member.connection
        ordering = member.endpoint.ordering(member, payload[0]) if member.ordered else None
        if (ordering or self._default) == "serial":
            if member.lane is None:
                member.lane = deque()
                connection.serial = number = connection.serial + 1
                self._run(connection, number, payload[0], self._serve_lane(member, ack_id, payload, number))
            else:
                arrival = Arrival(ack_id, payload, size)
                member.lane.append(arrival)
                connection.count(arrival, 1)
        elif connection.backlog or len(connection.running) >= connection.limits.handlers:
            if connection.backlog is None:
                connection.backlog = deque()
            arrival = Arrival(ack_id, payload, size)
            connection.backlog.append((member, arrival))
            connection.count(arrival, 1)
        else:
            connection.serial = number = connection.serial + 1
            self._run(connection, number, payload[0], self._handle(member, ack_id, payload, number))

    def _run(self, connection: Connection, number: int, event: str, work: Coroutine[Any, Any, None]) -> None:
        loop = connection.loop
        if not loop.is_running():  # it ended with handlers running, which Python then closes
            work.close()
            return
        # Named at once: Python 3.11 makes up a name for every task that has none.
        if _EAGER:
            task = asyncio.Task(work, loop=loop, name=event, eager_start=True)  # type: ignore[call-arg, unused-ignore]  # 3.12
            if task.done():
                return
        else:
            task = asyncio.Task(work, loop=loop, name=event)
        connection.running[number] = task

    def ended(self, connection: Connection, number: int) -> None:
        """Every task calls this last, so that no callback of the task is needed."""
        connection.running.pop(number, None)
        if not connection.waiting or connection.draining:
            return
        connection.draining = True  # an eager task may end within `_run`, and come here again
        try:
            while connection.backlog and len(connection.running) < connection.limits.handlers:
                member, arrival = connection.backlog.popleft()
                connection.count(arrival, -1)
                connection.serial = following = connection.serial + 1
                work = self._handle(member, arrival.ack_id, arrival.payload, following)
                self._run(connection, following, arrival.payload[0], work)
        finally:
            connection.draining = False
        connection.made_room()

    async def _serve_lane(self, member: Member, ack_id: int | None, payload: list[Any], number: int) -> None:
        connection = member.connection
        try:
            while True:
                await self._handle(member, ack_id, payload, 0)
                if not member.lane:
                    return
                arrival = member.lane.popleft()
                ack_id, payload = arrival.ack_id, arrival.payload
                connection.count(arrival, -1)
                connection.made_room()
        finally:
            left, member.lane = member.lane or deque(), None
            for arrival in left:
                connection.count(arrival, -1)
            connection.made_room()
            if not connection.closed:  # the handler cancelled its own task; the others go on
                for arrival in left:
                    self.start(member, *arrival)
            self.ended(connection, number)

    def room(self, connection: Connection) -> Awaitable[None]:
        """Resolves once the backlog has a place again; the transport reads nothing meanwhile."""
        if connection.room is None:
            connection.room = connection.loop.create_future()
        return self._wait(connection, connection.room)

    async def _wait(self, connection: Connection, room: asyncio.Future[None]) -> None:
        connection.socket.paused = True
        try:
            while not (await asyncio.wait([room], timeout=_PROBE_SECONDS))[0]:
                # Where nothing is read, only a write can find out that the peer is gone.
                connection.socket.deliver([NOOP])
        finally:
            connection.socket.paused = False

    async def drained(self, member: Member, seconds: float) -> None:
        """Wait for the events that a leaving client had sent; drop those that come to no end."""
        connection = member.connection
        left, deadline = _ahead(member), connection.loop.time() + seconds
        while left:
            running = [task for task in connection.running.values() if task is not asyncio.current_task()]
            patience = deadline - connection.loop.time()
            if not running or patience <= 0:
                break
            await asyncio.wait(running, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            # What ends may be of another namespace, in which the client can go on for ever.
            before, left = left, _ahead(member)
            if left < before:
                deadline = connection.loop.time() + seconds
        while member.lane:
            connection.count(member.lane.popleft(), -1)
        if connection.closed:
            connection.drop_backlog()


def _ahead(member: Member) -> int:
    """How many events begin until none of a leaving client's waits any more; it becomes less only."""
    backlog = member.connection.backlog or ()
    places = [place for place, (one, _) in enumerate(backlog, 1) if one is member]
    return len(member.lane or ()) + (places[-1] if places else 0)
