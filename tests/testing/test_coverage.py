"""What counts as exercised, over the real wire as in memory."""

from __future__ import annotations

import contextvars
import json
import threading
from typing import TYPE_CHECKING, Any

import pytest

from asynction_asgi import AsynctionSocketIO, RefusedError
from asynction_asgi.server.observer import observing
from asynction_asgi.testing import TestServer
from asynction_asgi.testing.coverage import Coverage, Item
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
    """Watches the applications that a test makes."""
    watching = Coverage()
    token = observing.set(watching.watch)
    yield watching
    observing.reset(token)


def exercised(coverage: Coverage) -> set[tuple[str, ...]]:
    return {tuple(one) for one in coverage.tallies["Test 1.0.0"].exercised}


async def test_a_real_server_counts_too(coverage: Coverage) -> None:
    """Whatever serves the application, in this process, and whichever client talks to it."""
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
    """An event that only ``*`` declares exercises ``*``, a concrete namespace its template."""
    served = app()
    async with TestServer(served) as server, server.connect() as client, server.connect("/rooms/7") as other:
        await client.call("anything")
        await served.emit("something")
        await other.emit("go", {"text": "now"})
        await other.emit("go", {"text": ""}, unchecked=True)
        await other.receive("exception")
    assert exercised(coverage) == {
        ("/", "connect", "accepted"),
        ("/rooms/{room}", "connect", "accepted"),
        ("/", "*", "received"),
        ("/", "*", "acknowledged"),
        ("/", "*", "sent"),
        ("/rooms/{room}", "go", "received"),
        ("/rooms/{room}", "go", "refused"),
    }


async def test_the_servers_own_faults_are_no_refusals(coverage: Coverage) -> None:
    """A crash, and an emit that misses the document, exercise nothing; a handler's refusal does."""
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


async def test_what_several_processes_exercised_adds_up(coverage: Coverage) -> None:
    """A tally survives its way as JSON, and a document is one however many applications serve it."""
    assert coverage.percent == 100.0
    app()
    async with TestServer(app()) as server, server.connect() as client:
        await client.call("say", {"text": "hi"})
    tally = coverage.tallies["Test 1.0.0"]
    assert len(coverage.tallies) == 1
    other = Coverage()
    item = Item("/", "say", "refused")
    other.add_json({"Test 1.0.0": {"items": [[*item]], "exercised": [[*item]]}})
    other.add_json(json.loads(json.dumps(coverage.as_json())))
    assert other.tallies["Test 1.0.0"].exercised == {*tally.exercised, item}
    assert other.percent > coverage.percent == 100 * len(tally.exercised) / len(tally.items)


@pytest.mark.parametrize("inherits", [False, True], ids=["bare", "with the context"])
def test_an_application_made_in_a_thread_counts_with_its_context(coverage: Coverage, inherits: bool) -> None:
    """A bare thread has a context of its own, in which nothing watches; a copied context is watched."""
    context = contextvars.copy_context() if inherits else contextvars.Context()
    thread = threading.Thread(target=context.run, args=(app,))
    thread.start()
    thread.join()
    assert list(coverage.tallies) == (["Test 1.0.0"] if inherits else [])
