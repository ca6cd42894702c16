"""``x-ordering``: which handlers of a client wait for each other, over the real wire."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from asynction_asgi import AsynctionSocketIO
from tests.clients import connected
from tests.server.documents import channel, document, message
from tests.serving import serve


@pytest.mark.parametrize(
    ("declared", "default", "overlap"),
    [
        ({"x-ordering": "serial"}, "concurrent", False),
        ({"x-ordering": "concurrent"}, "serial", True),
        ({}, "concurrent", True),
        ({}, "serial", False),
    ],
    ids=["serial", "concurrent", "default", "serial by default"],
)
@pytest.mark.parametrize("name", ["step", "*"])
async def test_the_documents_ordering_precedes_the_default(
    declared: dict[str, str], default: Any, name: str, *, overlap: bool
) -> None:
    """Two events that wait for each other run concurrently or one after the other, as declared."""
    begun: list[str] = []
    released = asyncio.Event()

    async def step(*arguments: str) -> str:
        begun.append(arguments[-1])
        if arguments[-1] == "second":
            released.set()
        await asyncio.wait_for(released.wait(), 30 if overlap else 0.5)
        return arguments[-1]

    spec = document(root=channel(receives=[message(name, **{"x-ack": True}, **declared)]))
    app = AsynctionSocketIO.from_spec(spec, handlers={"/": {name: step}}, ordering=default)
    with serve(app) as url:
        async with connected(url) as client:
            answers = await asyncio.gather(client.call("step", "first"), client.call("step", "second"))
    assert begun == ["first", "second"]
    assert (answers[0] == "first") is overlap
    assert answers[1] == "second"
