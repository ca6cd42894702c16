"""What ``asynction-asgi call`` does: it emits one event and prints the answer."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...client.refusals import EXCEPTION, refusal_in, refusal_of
from ...client.remote import connect
from ...probe.before import LeadError, lead, read_steps, steps_of
from ..arguments import as_json as json_line
from ..arguments import as_text
from .connection import say, say_refusal, write
from .listen import Listening, take

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from ...client.remote import Remote
    from ...errors import RefusedError
    from ...probe.before import Step
    from .connection import Connection

# How long to wait for an ``exception``, which refuses an event without an acknowledgement; or as long as
# connecting took, as a server that is slow to admit a client is slow to refuse its events.
_GRACE_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """One event to send, as the options describe it.

    Attributes:
        connection: Where to send it, and what to check.
        steps: Events that are emitted first.
        follow: How many seconds to print events for, after the acknowledgement; None prints none.
        others: Whether to print the events of another client, which connects first.
        as_json: Whether to print JSON.
    """

    connection: Connection
    steps: tuple[Step, ...]
    follow: float | None
    others: bool
    as_json: bool


def read_before(path: str | None) -> tuple[Step, ...]:
    """Read the file of ``--before``.

    Raises:
        click.UsageError: It is not a list of events.
    """
    if path is None:
        return ()
    try:
        return read_steps(Path(path).read_text("utf-8").splitlines())
    except (LeadError, ValueError) as error:
        raise click.UsageError(f"--before: {error}") from None


@contextlib.asynccontextmanager
async def _connected(sending: Sending, events: tuple[str, ...]) -> AsyncIterator[Remote]:
    """Yield a connection on which the steps of ``--before`` have been emitted."""
    connection = sending.connection
    wanted = None if sending.follow is not None else events
    async with connect(connection.address, seconds=connection.seconds, events=wanted) as remote:
        try:
            await lead(remote, steps_of(sending.steps, connection.address.namespace))
        except LeadError as error:
            raise click.UsageError(f"--before: {error}") from None
        yield remote


async def call(sending: Sending, event: str, values: Sequence[Any]) -> int:
    """Emit an event, print its acknowledgement and what follows, and return the exit code."""
    connection = sending.connection
    if connection.contract is not None:
        connection.contract.check_event("inbound", event, values)
    async with contextlib.AsyncExitStack() as stack:
        other = await stack.enter_async_context(_connected(sending, ())) if sending.others else None
        remote = await stack.enter_async_context(_connected(sending, ()))
        try:
            async with asyncio.timeout(connection.seconds):
                answer = await remote.call(event, values)
        except TimeoutError:
            say(
                f"no acknowledgement within {connection.seconds:g} s; --no-ack emits without one",
                fg="red",
            )
            code = 1
        else:
            code = _show_answer(sending, event, answer)
        return max(code, await _follow(sending, other or remote))


def _show_answer(sending: Sending, event: str, answer: tuple[Any, ...]) -> int:
    """Print an acknowledgement and return the exit code.

    Raises:
        AckValidationError: It does not match the document.
    """
    as_json, contract = sending.as_json, sending.connection.contract
    if as_json:
        write(json_line(answer))
    refusal = refusal_in(answer[0]) if len(answer) == 1 else None
    if refusal is not None:
        say_refusal("the server refused", refusal)
        return 1
    if not as_json:
        for value in answer:
            write(as_text(value, lines=True))
        if not answer:
            say("acknowledged, without arguments")
    if contract is not None:
        contract.check_ack("outbound", event, answer)
    return 0


async def _follow(sending: Sending, remote: Remote) -> int:
    """Print what the server emits for a while; return 1 if something does not match the document."""
    if sending.follow is None:
        return 0
    listening = Listening(
        connection=sending.connection, names=frozenset(), count=None, answer=(), as_json=sending.as_json
    )
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(sending.follow):
            while True:
                await take(listening, remote, await remote.receive())
    return listening.code


async def emit(sending: Sending, event: str, values: Sequence[Any]) -> int:
    """Emit an event without asking for an acknowledgement and return the exit code."""
    connection = sending.connection
    if connection.contract is not None:
        connection.contract.check_event("inbound", event, values)
    loop = asyncio.get_running_loop()
    begun = loop.time()
    async with _connected(sending, (EXCEPTION,)) as remote:
        grace = max(_GRACE_SECONDS, loop.time() - begun)
        try:
            async with asyncio.timeout(connection.seconds):
                await remote.emit(event, values)
        except TimeoutError:
            say(f"the server did not take the event within {connection.seconds:g} s", fg="red")
            return 1
        if sending.follow is not None:  # which prints a refusal, too
            return await _follow(sending, remote)
        refusal = await _refused(remote, event, grace)
    if refusal is None:
        say("emitted")
        return 0
    say_refusal("the server refused", refusal)
    return 1


async def _refused(remote: Remote, event: str, seconds: float) -> RefusedError | None:
    """Return the refusal of an event that was just emitted, or None if none comes in so many seconds.

    Raises:
        ClosedError: The server closed the connection instead.
    """
    try:
        async with asyncio.timeout(seconds):
            while True:
                arrival = await remote.receive()
                refusal = refusal_of(arrival)
                if refusal is not None and arrival.arguments[0].get("event", event) == event:
                    return refusal
    except TimeoutError:
        return None
