"""Events that lead a connection to where others make sense, as ``listen --json`` prints them."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..client.refusals import refusal_in
from ..spec.readers.examples import with_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..client.remote import Remote

_SECONDS = 0.5  # to wait for an acknowledgement, which a server may not give


class LeadError(Exception):
    """A step can't be read, or the server refused it; the message names its line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One event to emit as soon as a connection is open.

    Attributes:
        line: Its number in the file, from 1.
        event: The event's name.
        arguments: In wire order.
        namespace: The only namespace in which it is emitted, or None for every one.
    """

    line: int
    event: str
    arguments: tuple[Any, ...]
    namespace: str | None = None


def read_steps(lines: Iterable[str]) -> tuple[Step, ...]:
    """Read an object per line: ``event``, ``args`` and perhaps ``namespace``; other members are ignored.

    Raises:
        LeadError: A line is not such an object.
    """
    return tuple(_step(number, line) for number, line in enumerate(lines, 1) if line.strip())


def _step(number: int, line: str) -> Step:
    try:
        body = json.loads(line)
    except (ValueError, RecursionError):
        raise LeadError(f"line {number} is not JSON") from None
    event, arguments = (body.get("event"), body.get("args", [])) if isinstance(body, dict) else (None, None)
    namespace = body.get("namespace") if isinstance(body, dict) else None
    if not isinstance(event, str) or not isinstance(arguments, list) or not isinstance(namespace, str | None):
        raise LeadError(f'line {number}: expected an object such as {{"event": "join", "args": ["Ada"]}}')
    return Step(line=number, event=event, arguments=tuple(with_bytes(arguments)), namespace=namespace)


def steps_of(steps: Sequence[Step], namespace: str) -> tuple[Step, ...]:
    """Return the steps to take in a namespace."""
    return tuple(step for step in steps if step.namespace in (None, namespace))


async def lead(remote: Remote, steps: Sequence[Step]) -> None:
    """Emit each step and wait a while for its acknowledgement.

    Raises:
        LeadError: The server refused a step.
        ClosedError: The connection has ended.
    """
    for step in steps:
        try:
            async with asyncio.timeout(_SECONDS):
                answer = await remote.call(step.event, step.arguments)
        except TimeoutError:
            continue
        refusal = refusal_in(answer[0]) if len(answer) == 1 else None
        if refusal is not None:
            raise LeadError(f"line {step.line}: the server refused {step.event!r}: {refusal}")
