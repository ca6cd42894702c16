"""One client's connection to the upstream server, in one namespace."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

from ..client.refusals import refusal_in
from ..client.remote import connect
from ..client.remote_client import ClosedError, ConnectRefusedError
from ..client.remote_http import UnreachableError
from ..errors import RefusedError
from ..logs import get_logger

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from ..client.remote import Remote
    from ..client.remote_client import Address, Arrival
    from .client_record import ClientRecord

    Answered = Callable[..., Awaitable[None]]

logger = get_logger("proxy")


class _PassedRefusalError(RefusedError):
    """A refusal of the upstream server, which reaches the client as it came."""

    def __init__(self, refusal: RefusedError, body: dict[str, Any]) -> None:
        super().__init__(refusal.code, refusal.message)
        self._body = body

    def as_json(self) -> dict[str, Any]:
        """Return the body that came."""
        return self._body


class ClientLink:
    """Passes a client's events on to the upstream server, and that server's to the client.

    Args:
        deliver: Emits to the client what has arrived, or drops it and returns False; the second argument
            takes the client's answer, or is None.
        part: Ends the client's connection after that to the upstream server has ended, for this reason.
        record: Records what passes.
        seconds: How long to wait for the upstream server.
    """

    def __init__(
        self,
        deliver: Callable[[Arrival, Answered | None], Awaitable[bool]],
        part: Callable[[ClosedError], Awaitable[None]],
        record: ClientRecord,
        *,
        seconds: float,
    ) -> None:
        self._deliver = deliver
        self._part = part
        self._record = record
        self._seconds = seconds
        self._opened: asyncio.Future[Remote] = asyncio.get_running_loop().create_future()
        self._task: asyncio.Task[None] | None = None
        self._calls = 0
        self._settled = asyncio.Event()
        self._is_over = False

    async def open(self, address: Address) -> str:
        """Connect to the upstream server, begin to deliver what it emits, and return its id of the connection.

        Raises:
            ConnectRefusedError: It refused the connection.
            UnreachableError: It can't be reached.
            ClosedError: It closed the connection before it answered.
        """
        self._task = asyncio.create_task(self._run(address), name="proxy")
        try:
            return (await asyncio.shield(self._opened)).sid
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """End the connection to the upstream server, after the client's has ended."""
        if self._task is not None and not self._is_over:  # else this end closes because the other did
            self._task.cancel()
            await asyncio.wait([self._task])
        self._record.close()

    async def relay(self, event: str, arguments: Sequence[Any], *, wants_ack: bool) -> Any:
        """Pass an event on; return the arguments of its acknowledgement, or None if none is wanted.

        Raises:
            RefusedError: The upstream server refused, did not answer in time, or is gone.
        """
        self._calls += 1
        answer = refusal = None
        try:
            answer = await self._pass_on(event, arguments, wants_ack=wants_ack)
            refusal = refusal_in(answer[0]) if answer is not None and len(answer) == 1 else None
        finally:
            self._calls -= 1
            self._settled.set()
            self._record.received(event, arguments, asked=wants_ack, ack=answer, refusal=refusal)
        if refusal is not None and answer is not None:
            raise _PassedRefusalError(refusal, answer[0]["error"])
        return answer

    async def _pass_on(
        self, event: str, arguments: Sequence[Any], *, wants_ack: bool
    ) -> tuple[Any, ...] | None:
        try:
            remote = self._opened.result()
            async with asyncio.timeout(self._seconds):
                if wants_ack:
                    return await remote.call(event, arguments)
                await remote.emit(event, arguments)
        except TimeoutError:
            raise RefusedError("timeout", "the upstream server did not answer in time") from None
        except ClosedError:
            raise RefusedError("unavailable", "the connection to the upstream server has ended") from None
        return None

    async def _run(self, address: Address) -> None:
        try:
            async with connect(address, seconds=self._seconds, paced=True) as remote:
                self._record.connected(refused=False)
                self._opened.set_result(remote)
                await self._deliver_all(remote)
        except (ClosedError, ConnectRefusedError, UnreachableError) as error:
            if not self._opened.done():
                if isinstance(error, ConnectRefusedError):
                    self._record.connected(refused=True)
                self._opened.set_exception(error)
            elif isinstance(error, ClosedError):
                await self._end(error)
        except Exception:  # a client must not stay connected to nothing
            logger.exception("relaying failed")
            failed = ClosedError("relaying failed")
            if not self._opened.done():
                self._opened.set_exception(failed)
            else:
                await self._end(failed)

    async def _end(self, error: ClosedError) -> None:
        self._is_over = True
        while self._calls:  # the client is still told that they failed
            self._settled.clear()
            await self._settled.wait()
        await self._part(error)

    async def _deliver_all(self, remote: Remote) -> None:
        while True:
            arrival = await remote.receive()
            self._record.asked(arrival)  # before the client can answer
            asked = arrival.ack_id is not None
            if await self._deliver(arrival, partial(self._answer, remote, arrival) if asked else None):
                self._record.sent(arrival)
            else:
                self._record.dropped(arrival)

    async def _answer(self, remote: Remote, arrival: Arrival, *answer: Any) -> None:
        """Pass the client's answer on, unless the upstream server has gone."""
        self._record.answered(arrival, answer)
        try:
            await remote.acknowledge(arrival, answer)
        except ClosedError:
            return
