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

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from ..spec.model import Ordering
    from .members import Connection, Member

_PROBE_SECONDS = 0.5
_EAGER = sys.version_info >= (3, 12)


class Lanes:
    """Starts handlers.

    Args:
        handle: Handles one event; raises nothing but cancellation.
        default: For events whose endpoint has no opinion.
    """

    def __init__(
        self,
        handle: Callable[[Member, int | None, list[Any]], Coroutine[Any, Any, None]],
        default: Ordering,
    ) -> None:
        self._handle = handle
        self._default = default

    def start(self, member: Member, ack_id: int | None, payload: list[Any]) -> None:
        """Start a handler, or queue the event until one may start."""
        connection = member.connection
        ordering = member.endpoint.ordering(member.namespace, payload[0]) or self._default
        if ordering == "serial":
            if member.lane is not None:
                member.lane.append((ack_id, payload))
                connection.waiting += 1
                return
            member.lane = deque()
            self._run(connection, self._serve_lane(member, ack_id, payload))
        elif connection.backlog or len(connection.running) >= connection.limits.handlers:
            if connection.backlog is None:
                connection.backlog = deque()
            connection.backlog.append((member, ack_id, payload))
            connection.waiting += 1
        else:
            self._run(connection, self._handle(member, ack_id, payload))

    def _run(self, connection: Connection, work: Coroutine[Any, Any, None]) -> None:
        connection.serial = number = connection.serial + 1
        loop = asyncio.get_running_loop()
        coroutine = self._counted(connection, number, work)
        if _EAGER:
            task = asyncio.Task(coroutine, loop=loop, eager_start=True)  # type: ignore[call-arg, unused-ignore]  # 3.12
            if task.done():
                return
        else:
            task = loop.create_task(coroutine)
        connection.running[number] = task

    async def _counted(self, connection: Connection, number: int, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        finally:
            connection.running.pop(number, None)
            self._go_on(connection)

    def _go_on(self, connection: Connection) -> None:
        while connection.backlog and len(connection.running) < connection.limits.handlers:
            member, ack_id, payload = connection.backlog.popleft()
            connection.waiting -= 1
            self._run(connection, self._handle(member, ack_id, payload))
        connection.made_room()

    async def _serve_lane(self, member: Member, ack_id: int | None, payload: list[Any]) -> None:
        try:
            while True:
                await self._handle(member, ack_id, payload)
                if not member.lane:
                    return
                ack_id, payload = member.lane.popleft()
                member.connection.waiting -= 1
                member.connection.made_room()
        finally:
            connection = member.connection
            left, member.lane = member.lane or deque(), None
            connection.waiting -= len(left)
            connection.made_room()
            if not connection.closed:  # the handler cancelled its own task; the others go on
                for each in left:
                    self.start(member, *each)

    async def room(self, connection: Connection) -> None:
        """Wait until the backlog has a place again; the transport reads nothing meanwhile."""
        room = connection.room
        if room is None:
            room = connection.room = asyncio.get_running_loop().create_future()
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
        while connection.waiting:
            running = [task for task in connection.running.values() if task is not asyncio.current_task()]
            if not running:
                break
            ended, _ = await asyncio.wait(running, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if not ended:
                break
        if member.lane:
            connection.waiting -= len(member.lane)
            member.lane.clear()
        if connection.backlog and connection.closed:
            connection.waiting -= len(connection.backlog)
            connection.backlog.clear()
