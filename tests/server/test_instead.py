"""Errors for names of python-socketio, Flask-SocketIO and asynction say what to write instead."""

from __future__ import annotations

import asyncio
import copy
import re
from typing import Any
from uuid import UUID

import pytest
import socketio

from asynction_asgi import AsynctionSocketIO, Emitter, PayloadValidationError
from asynction_asgi.server.instead import ATTRIBUTES, OPTIONS, check_recipients
from tests.cases import each_case
from tests.clients import connected
from tests.serving import serve

from .documents import PAIR, channel, document, message

NUMBER = {"type": "array", "maxItems": 0}
DOCUMENT = document(
    root=channel(
        receives=[message("go", NUMBER, **{"x-ack": True})],
        sends=[message("pair", PAIR), message("text", {"type": "string"}), message("any")],
    )
)


def create(handler: Any = None, **options: Any) -> AsynctionSocketIO:
    return AsynctionSocketIO.from_spec(DOCUMENT, handlers={"/": {"go": handler or (lambda: None)}}, **options)


@each_case("name", sorted(ATTRIBUTES))
def test_names_of_other_libraries_have_advice(name: str) -> None:
    """The AttributeError says what to write, and `hasattr` and `dir` do not find the name."""
    app = create()
    with pytest.raises(AttributeError, match=f"'AsynctionSocketIO' object has no attribute '{name}': .*"):
        getattr(app, name)
    assert not hasattr(app, name)
    assert name not in dir(app)
    assert name not in dir(AsynctionSocketIO)


def test_every_name_of_python_socketio_has_advice() -> None:
    """Each name of python-socketio's server either exists on the application or has advice."""
    app = create()
    upstream = {name for name in dir(socketio.AsyncServer) if not name.startswith("_")}
    upstream -= {"is_asyncio_based", "reason", "reserved_events"}  # not for applications
    assert {name for name in upstream if not hasattr(app, name)} <= ATTRIBUTES.keys()
    assert not {name for name in ATTRIBUTES if name in dir(app)}


def test_type_checkers_and_copies_are_not_affected() -> None:
    """An unknown name stays an error for mypy and has no advice, and the application can be copied."""
    app = create()
    with pytest.raises(AttributeError) as raised:
        app.emitt  # type: ignore[attr-defined]  # noqa: B018  # the point of the test
    assert str(raised.value) == "'AsynctionSocketIO' object has no attribute 'emitt'"
    assert (raised.value.name, raised.value.obj) == ("emitt", app)
    with pytest.raises(AttributeError, match=r"@app\.on"):
        app.event  # type: ignore[attr-defined]  # noqa: B018  # the point of the test
    assert copy.copy(app).spec is app.spec


SAMPLES = {"broadcast": True, "include_self": False, "json": True}


@each_case("name", sorted(OPTIONS))
def test_options_of_other_libraries_have_advice(name: str) -> None:
    """The TypeError says what to write."""
    with pytest.raises(TypeError, match=f"unexpected option '{name}'; {re.escape(OPTIONS[name])}"):
        create(**{name: True})


@pytest.mark.parametrize("keyword", sorted(SAMPLES))
async def test_keywords_of_other_libraries_have_advice(keyword: str) -> None:
    """Emits of application, emitter and socket raise TypeError with advice, and nothing is sent."""
    errors: list[str] = []
    option: Any = {keyword: SAMPLES[keyword]}

    async def go(socket: Any) -> None:
        others = socket.to("room")
        for emit in (socket.emit, socket.broadcast, others.emit, app.emit, emitter.emit):
            with pytest.raises(TypeError, match=f"unexpected keyword argument '{keyword}': ") as raised:
                await emit("text", "x", **option)
            errors.append(str(raised.value))
        for send in (socket.send, others.send, app.send, emitter.send):
            with pytest.raises(TypeError, match=f"unexpected keyword argument '{keyword}': "):
                await send("x", **option)
        await socket.emit("text", "last")

    app = create(go)
    emitter = Emitter.from_spec(DOCUMENT, message_queue="redis://127.0.0.1:1/0")
    with serve(app) as url:
        async with connected(url) as client:
            await client.call("go")
            assert await client.receive() == ("text", "last")
    assert len(errors) == 5


async def test_a_socket_says_where_its_parameters_are() -> None:
    """Rooms and namespaces in a socket's emit raise with advice, and an unknown keyword without."""
    app = create()
    with pytest.raises(TypeError, match=r"unexpected keyword argument 'brodcast'$"):
        await app.emit("text", "x", brodcast=True)  # type: ignore[arg-type]  # the point of the test

    async def go(socket: Any) -> str:
        with pytest.raises(TypeError, match=r"'room': use socket\.to\(room\)"):
            await socket.emit("text", "x", room="r")
        with pytest.raises(TypeError, match=r"'namespace': .*app\.emit"):
            await socket.emit("text", "x", namespace="/")
        return "raised"

    with serve(create(go)) as url:
        async with connected(url) as client:
            assert await client.call("go") == "raised"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(({"a": 1}, {"b": 2}), "not dict", id="object"),
        pytest.param((1, 2.5), "not float", id="number"),
        pytest.param((1, True), "not bool", id="boolean"),
        pytest.param((1, b"x"), "not bytes", id="bytes"),
        pytest.param((1, [{"b": 2}]), "not dict", id="list"),
        pytest.param((1, "a", "b"), "the same parameter", id="three"),
        pytest.param((1, "a", {"c": 3}), "not dict", id="object third"),
    ],
)
async def test_a_second_argument_is_not_a_room(arguments: Any, words: str) -> None:
    """A second argument, as for Flask-SocketIO's emit, raises, and the error shows the tuple."""
    app = create()
    emitter = Emitter.from_spec(DOCUMENT, message_queue="redis://127.0.0.1:1/0")
    for emit in (app.emit, app.call, emitter.emit):
        with pytest.raises(TypeError, match=rf"{words}.*one tuple: \('any', \(first, second\)\)"):
            await emit("any", *arguments)


async def test_several_arguments_of_a_socket_are_one_tuple() -> None:
    """A further argument raises, and the error shows the tuple; nothing is sent."""
    errors: list[str] = []

    async def go(socket: Any) -> None:
        room: Any = socket.to("room")
        sync: Any = app.sockets("room")
        for emit in (socket.emit, socket.broadcast, socket.call, room.emit, sync.emit):
            with pytest.raises(TypeError, match=r"'pair', not 2; .*one tuple: \('pair', \(first, second\)\)"):
                await emit("pair", 1, "left")
        for send in (socket.send, room.send):
            with pytest.raises(TypeError, match="one tuple"):
                await send(1, "left")
        await asyncio.to_thread(block, socket)
        await socket.emit("text", "last")

    def block(socket: Any) -> None:
        own = socket.sync
        room: Any = own.to("room")
        sync: Any = app.sync.sockets("room")
        for emit in (own.emit, own.broadcast, own.call, room.emit, sync.emit):
            with pytest.raises(TypeError, match="one tuple") as raised:
                emit("pair", 1, "left")
            errors.append(str(raised.value))

    app = create(go)
    with serve(app) as url:
        async with connected(url) as client:
            await client.call("go")
            assert await client.receive() == ("text", "last")
    assert len(errors) == 5


@pytest.mark.parametrize("method", ["emit", "call"])
async def test_a_possible_room_has_a_note(method: str) -> None:
    """If the event takes two arguments and the first alone is invalid, a note shows the tuple."""
    with pytest.raises(PayloadValidationError) as raised:
        await getattr(create(), method)("pair", 1, "left")
    assert "one tuple: ('pair', (first, second))" in raised.value.__notes__[0]
    with pytest.raises(PayloadValidationError) as raised:
        await getattr(create(), method)("pair", 1, "a room")
    assert not hasattr(raised.value, "__notes__")


@each_case("to", ["room", "", ["a", "b"], ("a",), {"a"}, [7, UUID(int=1)], None, []])
def test_valid_recipients_are_accepted(to: Any) -> None:
    """A room, several rooms, or the same room in both parameters is accepted."""
    check_recipients("any", to)
    check_recipients("any", None, to)
    check_recipients("any", to, to)
