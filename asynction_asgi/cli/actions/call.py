"""What ``asynction-asgi call`` does: it emits one event and prints the answer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from ...client.refusals import refusal_in
from ...client.remote import connect
from ..arguments import as_json as json_line
from ..arguments import as_text
from .connection import say, say_refusal, write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...client.remote import Remote
    from ...errors import RefusedError
    from .connection import Connection

__all__ = ["call", "emit"]

# How long to wait for an ``exception``, which refuses an event without an acknowledgement.
_GRACE_SECONDS = 0.3
_REFUSAL = "exception"  # the event that carries a refusal


async def call(connection: Connection, event: str, values: Sequence[Any], *, as_json: bool) -> int:
    """Emit an event, print its acknowledgement and return the exit code."""
    contract = connection.contract
    if contract is not None:
        contract.check_event("inbound", event, values)
    async with connect(connection.address, seconds=connection.seconds, events=()) as remote:
        try:
            async with asyncio.timeout(connection.seconds):
                answer = await remote.call(event, values)
        except TimeoutError:
            say(
                f"no acknowledgement within {connection.seconds:g} s; --no-ack emits without one",
                fg="red",
            )
            return 1
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


async def emit(connection: Connection, event: str, values: Sequence[Any]) -> int:
    """Emit an event without asking for an acknowledgement and return the exit code."""
    if connection.contract is not None:
        connection.contract.check_event("inbound", event, values)
    async with connect(connection.address, seconds=connection.seconds, events=(_REFUSAL,)) as remote:
        try:
            async with asyncio.timeout(connection.seconds):
                await remote.emit(event, values)
        except TimeoutError:
            say(f"the server did not take the event within {connection.seconds:g} s", fg="red")
            return 1
        refusal = await _refused(remote, event)
    if refusal is None:
        say("emitted")
        return 0
    say_refusal("the server refused", refusal)
    return 1


async def _refused(remote: Remote, event: str) -> RefusedError | None:
    """Return the refusal of an event that was just emitted, or None if none comes in time.

    Raises:
        ClosedError: The server closed the connection instead.
    """
    try:
        async with asyncio.timeout(_GRACE_SECONDS):
            while True:
                arrival = await remote.receive()
                if len(arrival.arguments) == 1:
                    body = arrival.arguments[0]
                    refusal = refusal_in(body)
                    if refusal is not None and body.get("event", event) == event:
                        return refusal
    except TimeoutError:
        return None
