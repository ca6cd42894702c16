"""What ``asynction-asgi listen`` does: it prints events as they arrive."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from ...client.refusals import EXCEPTION, refusal_of
from ...client.remote import connect
from ...client.remote_client import ClosedError
from ...client.remote_http import UnreachableError
from ...errors import UndeclaredEventError, ValidationError, printable
from ..arguments import as_json as json_line
from ..arguments import as_text
from ..report import INTERRUPTED
from .connection import say, say_violation, write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...client.remote import Remote
    from ...client.remote_client import Arrival
    from .connection import Connection

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 5.0  # seconds before connecting again


@dataclass(kw_only=True)
class Listening:
    """What to listen for, and what has arrived so far."""

    connection: Connection
    names: frozenset[str]
    count: int | None
    answer: tuple[Any, ...]
    as_json: bool
    came: int = field(default=0, init=False)
    violations: int = field(default=0, init=False)

    @property
    def done(self) -> bool:
        """Whether as many events as requested have arrived."""
        return self.count is not None and self.came >= self.count

    @property
    def code(self) -> int:
        """The exit code: 1 if an event did not match the document, or too few arrived."""
        return 1 if self.violations or (self.count is not None and not self.done) else 0


def check_names(listening: Listening) -> None:
    """Check that the document of ``--spec`` has the events of ``--event``; others would never come.

    Raises:
        click.UsageError: The document does not have an event.
    """
    contract = listening.connection.contract
    if contract is None:
        return
    for name in listening.names - {EXCEPTION}:
        try:
            contract.find("outbound", name)
        except UndeclaredEventError as error:
            raise click.UsageError(f"--event {name!r}: {error.message}") from None


async def listen(listening: Listening, seconds: float | None) -> int:
    """Print events until enough have arrived, time is up or Ctrl-C is pressed; return the exit code."""
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await _follow(listening)
    except asyncio.CancelledError:  # Ctrl-C, which is how listening ends
        return INTERRUPTED if listening.count is not None else listening.code
    if listening.count is not None and not listening.done:
        say(f"{listening.came} of {listening.count} events arrived in {seconds:g} s", fg="red")
    return listening.code


async def _follow(listening: Listening) -> None:
    """Print events until enough have arrived, over as many connections as that takes."""
    connection, pause, before = listening.connection, _FIRST_PAUSE, False
    while not listening.done:
        try:
            async with connect(connection.address, seconds=connection.seconds) as remote:
                namespace = printable(connection.address.namespace)
                say(f"connected to {namespace} of {connection.address.shown} ({remote.transport})")
                pause, before = _FIRST_PAUSE, True
                while not listening.done:
                    await take(listening, remote, await remote.receive())
        except ClosedError as error:
            if error.final:
                raise
            say(f"{error}; connecting again", fg="yellow")
        except UnreachableError as error:
            if not before:
                raise
            say(f"no connection: {printable(str(error))}; trying again in {pause:g} s", fg="yellow")
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)


async def take(listening: Listening, remote: Remote, arrival: Arrival) -> None:
    """Print an event if it is wanted, check it against the document, and acknowledge it."""
    answer = None if arrival.ack_id is None else listening.answer
    wanted = not listening.names or arrival.event in listening.names
    if wanted:
        listening.came += 1
        write(_as_json(arrival, answer) if listening.as_json else _as_text(arrival, answer))
    if wanted and refusal_of(arrival) is None:
        _check(listening, arrival, answer)
    if answer is not None:
        await remote.acknowledge(arrival, answer)


def _check(listening: Listening, arrival: Arrival, answer: Sequence[Any] | None) -> None:
    contract = listening.connection.contract
    if contract is None:
        return
    try:
        contract.check_event("outbound", arrival.event, arrival.arguments)
        if answer is not None:
            contract.check_ack("inbound", arrival.event, answer)
    except ValidationError as error:
        listening.violations += 1
        say_violation(error)


def _as_json(arrival: Arrival, answer: Sequence[Any] | None) -> str:
    shown = {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "event": arrival.event,
        "args": arrival.arguments,
    }
    return json_line(shown if answer is None else {**shown, "ack": answer})


def _as_text(arrival: Arrival, answer: Sequence[Any] | None) -> str:
    time = click.style(datetime.now().astimezone().strftime("%H:%M:%S"), dim=True)
    name = click.style(printable(arrival.event), bold=True)
    pieces = [time, name, *map(as_text, arrival.arguments)]
    if answer is not None:
        pieces += [click.style("acknowledged", dim=True), *map(as_text, answer)]
    return "  ".join(pieces)
