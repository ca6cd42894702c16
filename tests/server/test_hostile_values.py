"""Values that are slow to validate hold up other clients for no longer than their own bytes take."""

from __future__ import annotations

import asyncio
from typing import Any

from asynction_asgi import AsynctionSocketIO
from benchmarks.hostile import ROWS
from tests.clients import connected
from tests.serving import serve

from .documents import channel, document, message

# Those that take longest per byte, of scalars, containers and alternatives.
NAMES = ["format regex 2", "pattern, counted, large", "anyOf of 16, none", "enum of objects"]
STRING = {"type": "string"}
BYTES = 20_000
TIMES = 6


async def accept(value: Any) -> str:
    return "accepted"


async def test_a_bystander_is_served_between_hostile_values() -> None:
    """Another client's events are answered while such values wait for their turn."""
    rows = {f"e{number}": ROWS[name] for number, name in enumerate(NAMES)}
    receives = [message(event, row.schema, **{"x-ack": {"args": STRING}}) for event, row in rows.items()]
    echo = message("echo", STRING, **{"x-ack": {"args": STRING}})
    server = AsynctionSocketIO.from_spec(
        document(root=channel(receives=[*receives, echo])),
        handlers={"/": {**dict.fromkeys(rows, accept), "echo": lambda text: text}},
    )
    answered: list[str] = []
    with serve(server) as url:
        async with connected(url) as attacker, connected(url) as bystander:

            async def attack(event: str) -> None:
                answer = await attacker.call(event, rows[event].make(BYTES))
                assert answer == "accepted" or answer["error"]["code"] == "invalid_payload"
                answered.append(event)

            async with asyncio.TaskGroup() as group:
                attacks = [group.create_task(attack(event)) for event in rows for _ in range(TIMES)]
                while not all(task.done() for task in attacks):
                    assert await bystander.call("echo", "here") == "here"
                    answered.append("echo")
    hostile = [index for index, event in enumerate(answered) if event != "echo"]
    assert "echo" in answered[hostile[0] : hostile[-1]]
