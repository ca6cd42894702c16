"""The clients of this package take off what a server adds for clients that come back."""

from __future__ import annotations

from typing import Any

import pytest

from asynction_asgi import AsynctionSocketIO, Socket
from asynction_asgi.client.offsets import Offsets
from asynction_asgi.client.remote import connect
from asynction_asgi.client.remote_client import Address
from asynction_asgi.testing import TestServer
from tests.cases import each_case
from tests.server.documents import channel, document, message
from tests.serving import serve

TEXT = {"type": "string"}
FORMS: dict[str, Any] = {"argument": True, "event": {"offset": "event"}, "none": False}
each_form = pytest.mark.parametrize("form", FORMS)


def application(form: str) -> AsynctionSocketIO:
    """Return a server that emits one text to each client, and asks another."""
    extensions = {"x-recovery": FORMS[form]}
    sends = [message("news", TEXT), message("question", TEXT, **{"x-ack": {"args": TEXT}})]
    app = AsynctionSocketIO.from_spec(document(root=channel(sends=sends, **extensions)))

    @app.on("connect")
    async def tell(socket: Socket) -> None:
        await socket.emit("news", "hello")
        await socket.emit("question", "why", callback=lambda answer: None)

    return app


@each_form
async def test_the_test_client_receives_what_the_document_declares(form: str) -> None:
    """Arguments match the document, whether offsets are arguments, events, or not there."""
    async with TestServer(application(form)) as server, server.connect() as client:
        assert (await client.receive_event()).arguments == ("hello",)
        question = await client.receive_event()
        assert question.arguments == ("why",)
        await question.ack("because")
        await client.expect_nothing(within=0.05)


@each_form
async def test_a_test_client_that_drops_does_not_wait(form: str) -> None:
    """The server has done its work when the disconnect handler has run, though the client could return."""
    async with TestServer(application(form)) as server, server.connect() as client:
        await client.drop()


@each_form
async def test_the_remote_client_receives_what_the_document_declares(form: str) -> None:
    """As ``call`` and ``listen`` use it."""
    with serve(application(form)) as url:
        async with connect(Address(url=url), seconds=10) as remote:
            arrivals = [await remote.receive(), await remote.receive()]
    assert [(arrival.event, arrival.arguments) for arrival in arrivals] == [
        ("news", ("hello",)),
        ("question", ("why",)),
    ]


@each_case(
    ("answer", "payload", "ack_id", "left"),
    [
        ({"sid": "s"}, ["a", "x"], None, ["a", "x"]),
        (None, ["a", "x"], None, ["a", "x"]),
        ({"sid": "s", "pid": "p"}, ["a", 1, "x"], None, ["a", 1]),
        ({"sid": "s", "pid": "p"}, ["a"], None, ["a"]),
        ({"sid": "s", "pid": "p"}, ["a", {}], None, ["a", {}]),
        ({"sid": "s", "pid": "p"}, ["a", "x"], 1, ["a", "x"]),
        ({"sid": "s", "pid": "p", "offset": "event"}, ["a", "x"], None, ["a", "x"]),
        ({"sid": "s", "pid": "p", "offset": "event"}, ["~", "x"], None, None),
    ],
)
def test_only_offsets_are_taken_off(
    answer: Any, payload: list[Any], ack_id: int | None, left: list[Any] | None
) -> None:
    """Neither the event's name, nor another type than a string, nor an argument of an event with an ack id."""
    offsets = Offsets()
    offsets.begin(answer)
    assert offsets.take_off(payload, ack_id) == left
