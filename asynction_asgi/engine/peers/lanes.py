"""When the handlers of one client run.

They start in the order of arrival and run at the same time once they await, as in JavaScript, up to
a bound per connection; events marked ``serial`` run one at a time. Acknowledgements never wait here,
so a handler may await an answer of its own client.

Each handler runs in a copy of the context in which its event arrived, also when it had to wait:
context variables that a handler sets are not seen by the next one.
"""

from __future__ import annotations

import asyncio
import contextvars
import sys
from collections import deque
from time import perf_counter
from typing import TYPE_CHECKING, Any

from ...errors import RefusedError
from ..crashes import must_pass
from ..endpoint import Instead
from ..wire import packets
from ..wire.codec import FiniteList, UndecodableError, UnencodableError
from ..wire.frames import NOOP
from .members import Arrival, Phase

if TYPE_CHECKING:
    from collections.abc import Awaitable, Coroutine

    from ...spec.model import Ordering
    from ..counts import Counts
    from .members import Connection, Member
    from .replies import Replies

_PROBE_SECONDS = 0.5
_EAGER = sys.version_info >= (3, 12)
# By name, because Python 3.11 takes its time to look members of an Enum up.
_GONE = Phase.GONE


class Lanes:
    """Starts handlers, and answers for them.

    Args:
        replies: Where their answers are encoded.
        default: For events whose endpoint has no opinion.
        counts: Counts pauses.
    """

    def __init__(self, replies: Replies, default: Ordering, counts: Counts) -> None:
        self._counts = counts
        self._replies = replies
        self._default = default

    def start(
        self,
        member: Member,
        ack_id: int | None,
        payload: list[Any],
        size: int,
        context: contextvars.Context | None = None,
    ) -> None:
        """Start a handler, or queue the event until one may start.

        Args:
            member: Who sent the event.
            ack_id: What the client wants to be answered under.
            payload: The event's name and arguments.
            size: On the wire, in bytes.
            context: What the handler runs in; a copy of the current one by default.
        """
        connection = member.connection
        ordering = member.endpoint.ordering(member, payload[0]) if member.ordered else None
        if (ordering or self._default) == "serial":
            if member.lane is None:
                member.lane = deque()
                connection.serial = number = connection.serial + 1
                connection.held_bytes += size
                work = self._serve_lane(member, ack_id, payload, size, number)
                self._run(connection, number, payload[0], work, context)
            else:
                arrival = Arrival(ack_id, payload, size, context or contextvars.copy_context())
                member.lane.append(arrival)
                connection.count(arrival)
        elif connection.backlog or len(connection.running) >= connection.limits.handlers:
            if connection.backlog is None:
                connection.backlog = deque()
            arrival = Arrival(ack_id, payload, size, context or contextvars.copy_context())
            connection.backlog.append((member, arrival))
            connection.count(arrival)
        else:
            connection.serial = number = connection.serial + 1
            connection.held_bytes += size
            work = self._handle(member, ack_id, payload, size, number)
            self._run(connection, number, payload[0], work, context)

    def _run(
        self,
        connection: Connection,
        number: int,
        event: str,
        work: Coroutine[Any, Any, None],
        context: contextvars.Context | None,
        *,
        eager: bool = _EAGER,
    ) -> None:
        loop = connection.loop
        if not loop.is_running():  # it ended with handlers running, which Python then closes
            work.close()
            return
        # Named at once: Python 3.11 makes up a name for every task that has none.
        if eager:
            task = asyncio.Task(work, loop=loop, name=event, context=context, eager_start=True)  # type: ignore[call-arg, unused-ignore]  # 3.12
            if task.done():
                return
        else:
            task = asyncio.Task(work, loop=loop, name=event, context=context)
        connection.running[number] = task

    async def _handle(
        self, member: Member, ack_id: int | None, payload: list[Any], size: int, number: int
    ) -> None:
        """Let the endpoint handle one event, and answer it; raise nothing but cancellation.

        Ends by `_ended` with `number`, unless that is 0, so that no callback of the task is needed.
        """
        event = payload[0]
        connection, ends = member.connection, member.ends
        if ends is not None:
            state, began = member.state, perf_counter()
        try:
            if member.phase is _GONE:
                return
            try:
                answer = await member.endpoint.event(member, event, payload[1:], ack=ack_id is not None)
                if ack_id is not None:
                    arguments = answer if type(answer) is FiniteList else list(answer)
                    try:
                        frames = self._replies.encode(packets.ACK, arguments, member.namespace, ack_id)
                    except UnencodableError as error:
                        raise self._replies.unsendable(error, member, event) from None
                if ends is not None:  # before the client can read the answer, and then look what was counted
                    times = ends.times
                    if times is None or type(answer) is Instead:
                        seconds = perf_counter() - began
                        ends.answered(member, state, event, answer, ack_id is not None, seconds)
                    else:
                        times[event].append(perf_counter() - began)
                if ack_id is not None:
                    member.deliver(frames)
            except RefusedError as error:
                if ends is not None:
                    ends.refused(state, event, error, perf_counter() - began)
                self._replies.refuse(member, ack_id, event, error)
            except UndecodableError as error:
                connection.socket.refuse(error)
            except asyncio.CancelledError:
                cancelled = RefusedError("unavailable", "the handler was cancelled")
                self._replies.turn_down(member, ack_id, event, cancelled)
                task = asyncio.current_task()
                if task is not None and task.cancelling():
                    raise
            except BaseException as error:
                if must_pass(error) or (isinstance(error, GeneratorExit) and member.phase is _GONE):
                    raise  # only the task of a handler whose client is gone can be garbage
                self._replies.refuse(member, ack_id, event, self._replies.internal(error, member, event))
            if connection.socket.outbox.frames:
                # A client that does not read its answers gets no more of them for a while.
                await connection.socket.outbox.relief()
        finally:
            connection.held_bytes -= size
            if number and (connection.running or connection.waiting):
                self._ended(connection, number)

    def _ended(self, connection: Connection, number: int) -> None:
        connection.running.pop(number, None)
        if connection.waiting and not connection.draining:
            connection.draining = True  # an eager task may end within `_run`, and come here again
            try:
                while connection.backlog and len(connection.running) < connection.limits.handlers:
                    member, (ack_id, payload, size, context) = connection.backlog.popleft()
                    connection.waiting -= 1
                    connection.serial = following = connection.serial + 1
                    work = self._handle(member, ack_id, payload, size, following)
                    self._run(connection, following, payload[0], work, context)
            finally:
                connection.draining = False
        if connection.room is not None:
            connection.made_room()

    async def _serve_lane(
        self, member: Member, ack_id: int | None, payload: list[Any], size: int, number: int
    ) -> None:
        connection, whole = member.connection, False
        try:
            await self._handle(member, ack_id, payload, size, 0)
            whole = True
        finally:
            while not whole and connection.closed and member.lane:
                connection.discount(member.lane.popleft())
            if member.lane:  # also where the handler cancelled its own task; the others go on
                self._follow(member, member.lane.popleft())
            else:
                member.lane = None
            self._ended(connection, number)

    def _follow(self, member: Member, arrival: Arrival) -> None:
        """Handle the next event of a lane in a task of its own, as contexts belong to tasks."""
        connection = member.connection
        ack_id, payload, size, context = arrival
        connection.waiting -= 1
        connection.serial = number = connection.serial + 1
        work = self._serve_lane(member, ack_id, payload, size, number)
        # Not eagerly: a long lane would become a deep stack.
        self._run(connection, number, payload[0], work, context, eager=False)

    def room(self, connection: Connection) -> Awaitable[None]:
        """Wait until the backlog has room; reading from the transport is paused meanwhile."""
        if connection.room is None:
            connection.room = connection.loop.create_future()
        return self._wait(connection, connection.room)

    async def _wait(self, connection: Connection, room: asyncio.Future[None]) -> None:
        connection.socket.paused = True
        self._counts.pauses += 1
        began = connection.loop.time()
        try:
            while not (await asyncio.wait([room], timeout=_PROBE_SECONDS))[0]:
                # Where nothing is read, only a write can find out that the peer is gone.
                connection.socket.outbox.deliver([NOOP])
        finally:
            connection.socket.paused = False
            self._counts.paused_seconds += connection.loop.time() - began

    async def drained(self, member: Member, seconds: float) -> None:
        """Wait for the events that a leaving client had sent; drop those that do not end in time."""
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
            connection.discount(member.lane.popleft())
        if connection.closed:
            connection.drop_backlog()


def _ahead(member: Member) -> int:
    """Return how many events begin before all of a leaving client's events have; it only decreases."""
    backlog = member.connection.backlog or ()
    places = [place for place, (one, _) in enumerate(backlog, 1) if one is member]
    return len(member.lane or ()) + (places[-1] if places else 0)
