"""What counts as exercised, over the real wire and in memory."""

from __future__ import annotations

import contextvars
import json
import threading
from typing import TYPE_CHECKING, Any

import pytest

from asynction_asgi import AsynctionSocketIO, RefusedError
from asynction_asgi.server.observer import observing
from asynction_asgi.spec import load_spec
from asynction_asgi.testing import TestServer
from asynction_asgi.testing.coverage import Coverage, Item, items_of
from tests.clients import connected
from tests.server.documents import TEXT, channel, document, message
from tests.serving import serve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asynction_asgi import Socket

SPEC = document(
    root=channel(
        receives=[
            message("say", TEXT, **{"x-ack": {"args": True}}),
            message("*", **{"x-ack": {"args": {"type": "integer"}}}),
        ],
        sends=[message("said", TEXT), message("*")],
    ),
    **{"rooms/{room}": channel(receives=[message("go", TEXT)])},
)


async def answer(*_: Any) -> int:
    return 1


def app(**handlers: Any) -> AsynctionSocketIO:
    root = {"say": answer, "*": answer, **handlers}
    return AsynctionSocketIO.from_spec(SPEC, handlers={"/": root, "/rooms/{room}": {"go": answer}})


@pytest.fixture
def coverage() -> Iterator[Coverage]:
    """A coverage that watches the applications of the test."""
    watching = Coverage()
    token = observing.set(watching.watch)
    yield watching
    observing.reset(token)


def exercised(coverage: Coverage) -> set[tuple[str, ...]]:
    return {tuple(item) for item in coverage.tallies["Test 1.0.0"].exercised}


async def test_a_real_server_counts_too(coverage: Coverage) -> None:
    """Any client and any server in this process count as well."""
    with serve(app()) as url:
        async with connected(url) as client:
            await client.call("say", {"text": "hi"})
            await client.call("say", {"text": ""})
    assert exercised(coverage) == {
        ("/", "connect", "accepted"),
        ("/", "say", "received"),
        ("/", "say", "acknowledged"),
        ("/", "say", "refused"),
    }


async def test_wildcards_and_templates_count_as_declared(coverage: Coverage) -> None:
    """An event matched by ``*`` exercises ``*``, and a concrete namespace its template."""
    served = app()
    async with TestServer(served) as server, server.connect() as client, server.connect("/rooms/7") as room:
        await client.call("anything")
        await served.emit("something")
        await room.emit("go", {"text": "now"})
        await room.emit("go", {"text": ""}, unchecked=True)
        await room.receive("exception")
    assert exercised(coverage) == {
        ("/", "connect", "accepted"),
        ("/rooms/{room}", "connect", "accepted"),
        ("/", "*", "received"),
        ("/", "*", "acknowledged"),
        ("/", "*", "sent"),
        ("/rooms/{room}", "go", "received"),
        ("/rooms/{room}", "go", "refused"),
    }


async def test_server_errors_do_not_count_as_refusals(coverage: Coverage) -> None:
    """Only a handler's refusal counts; a crash or an invalid emit exercises nothing."""
    wrong = ["crash", "emit"]

    async def say(socket: Socket, _: Any) -> None:
        kind = wrong.pop() if wrong else None
        if kind == "crash":
            raise LookupError("bug")
        if kind == "emit":
            await socket.emit("said", {"text": ""})
        raise RefusedError("forbidden")

    served = app(say=say)
    async with TestServer(served) as server, server.connect() as client:
        for _ in range(2):
            with pytest.raises(RefusedError, match="internal_error"):
                await client.call("say", {"text": "hi"})
        assert exercised(coverage) == {("/", "connect", "accepted")}
        with pytest.raises(RefusedError, match="forbidden"):
            await client.call("say", {"text": "hi"})
    assert exercised(coverage) == {("/", "connect", "accepted"), ("/", "say", "refused")}


async def test_tallies_of_several_processes_add_up(coverage: Coverage) -> None:
    """A tally survives JSON, and all applications of a document share one tally."""
    assert coverage.percent == 100.0
    app()
    async with TestServer(app()) as server, server.connect() as client:
        await client.call("say", {"text": "hi"})
    tally = coverage.tallies["Test 1.0.0"]
    assert len(coverage.tallies) == 1
    total = Coverage()
    item = Item("/", "say", "refused")
    total.add_json({"Test 1.0.0": {"items": [[*item]], "exercised": [[*item]]}})
    total.add_json(json.loads(json.dumps(coverage.as_json())))
    assert total.tallies["Test 1.0.0"].exercised == {*tally.exercised, item}
    assert total.percent > coverage.percent == 100 * len(tally.exercised) / len(tally.items)


@pytest.mark.parametrize("inherits", [False, True], ids=["bare", "with the context"])
def test_a_thread_needs_the_context_to_count(coverage: Coverage, inherits: bool) -> None:
    """An application made in a thread counts only if the thread copies the context."""
    context = contextvars.copy_context() if inherits else contextvars.Context()
    thread = threading.Thread(target=context.run, args=(app,))
    thread.start()
    thread.join()
    assert list(coverage.tallies) == (["Test 1.0.0"] if inherits else [])


def test_an_event_with_a_rate_can_be_refused() -> None:
    """A rate is something to test, also of an event whose arguments are free."""
    free, rated = message("free"), message("rated", **{"x-rate": {"limit": 1}})
    items = set(items_of(load_spec(document(root=channel([free, rated])))))
    assert Item("/", "rated", "refused") in items
    assert Item("/", "free", "refused") not in items
