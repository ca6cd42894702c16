"""Names of python-socketio, Flask-SocketIO and asynction are answered with what to write instead."""

from __future__ import annotations

import copy
from typing import Any
from uuid import UUID

import pytest
import socketio

from asynction_asgi import AsynctionSocketIO, Emitter, PayloadValidationError
from asynction_asgi.server.instead import ATTRIBUTES, check_recipients
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


def made(handler: Any = None, **options: Any) -> AsynctionSocketIO:
    return AsynctionSocketIO.from_spec(DOCUMENT, handlers={"/": {"go": handler or (lambda: None)}}, **options)


@pytest.mark.parametrize("name", sorted(ATTRIBUTES))
def test_a_name_of_another_library_says_what_to_write(name: str) -> None:
    """It is an AttributeError, and no attribute: programs that ask whether it is there are told no."""
    app = made()
    with pytest.raises(AttributeError, match=f"'AsynctionSocketIO' object has no attribute '{name}': .*"):
        getattr(app, name)
    assert not hasattr(app, name)
    assert name not in dir(app)
    assert name not in dir(AsynctionSocketIO)


def test_names_that_are_taken_need_no_answer() -> None:
    """What the application has is not in the table, and all else of python-socketio's server is answered."""
    app = made()
    upstream = {name for name in dir(socketio.AsyncServer) if not name.startswith("_")}
    upstream -= {"is_asyncio_based", "reason", "reserved_events"}  # not for applications
    assert {name for name in upstream if not hasattr(app, name)} <= ATTRIBUTES.keys()
    assert not {name for name in ATTRIBUTES if name in dir(app)}


def test_type_checkers_and_copies_see_no_difference() -> None:
    """An unknown attribute stays an error for mypy (or this ignore would be unused), and without advice."""
    app = made()
    with pytest.raises(AttributeError) as raised:
        app.emitt  # type: ignore[attr-defined]  # noqa: B018 - the point of the test
    assert str(raised.value) == "'AsynctionSocketIO' object has no attribute 'emitt'"
    assert (raised.value.name, raised.value.obj) == ("emitt", app)
    with pytest.raises(AttributeError, match=r"@app\.on"):
        app.event  # type: ignore[attr-defined]  # noqa: B018 - the point of the test
    assert copy.copy(app).spec is app.spec


OPTIONS = {"broadcast": True, "include_self": False, "json": True}


@pytest.mark.parametrize("keyword", sorted(OPTIONS))
async def test_a_keyword_of_another_library_says_what_to_write(keyword: str) -> None:
    """Of the application, of an emitter and of a socket; nothing is sent."""
    told: list[str] = []
    option: Any = {keyword: OPTIONS[keyword]}

    async def go(socket: Any) -> None:
        others = socket.to("room")
        for emit in (socket.emit, socket.broadcast, others.emit, app.emit, emitter.emit):
            with pytest.raises(TypeError, match=f"unexpected keyword argument '{keyword}': ") as raised:
                await emit("text", "x", **option)
            told.append(str(raised.value))
        for send in (socket.send, others.send, app.send, emitter.send):
            with pytest.raises(TypeError, match=f"unexpected keyword argument '{keyword}': "):
                await send("x", **option)
        await socket.emit("text", "last")

    app = made(go)
    emitter = Emitter.from_spec(DOCUMENT, message_queue="redis://127.0.0.1:1/0")
    with serve(app) as url:
        async with connected(url) as client:
            await client.call("go")
            assert await client.receive() == ("text", "last")
    assert len(told) == 5


async def test_what_a_socket_takes_elsewhere_is_told() -> None:
    """Rooms and namespaces are not parameters of a socket's emit; an unknown keyword has no advice."""
    app = made()
    with pytest.raises(TypeError, match=r"unexpected keyword argument 'brodcast'$"):
        await app.emit("text", "x", brodcast=True)  # type: ignore[arg-type]  # the point of the test

    async def go(socket: Any) -> str:
        with pytest.raises(TypeError, match=r"'room': use socket\.to\(room\)"):
            await socket.emit("text", "x", room="r")
        with pytest.raises(TypeError, match=r"'namespace': .*app\.emit"):
            await socket.emit("text", "x", namespace="/")
        return "told"

    with serve(made(go)) as url:
        async with connected(url) as client:
            assert await client.call("go") == "told"


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
async def test_a_second_argument_is_not_taken_for_a_room(arguments: Any, words: str) -> None:
    """As Flask-SocketIO's emit takes it; the error shows the tuple."""
    app = made()
    emitter = Emitter.from_spec(DOCUMENT, message_queue="redis://127.0.0.1:1/0")
    for emit in (app.emit, app.call, emitter.emit):
        with pytest.raises(TypeError, match=rf"{words}.*one tuple: \('any', \(first, second\)\)"):
            await emit("any", *arguments)


@pytest.mark.parametrize("method", ["emit", "call"])
async def test_a_second_argument_that_might_be_a_room_is_told_by_the_document(method: str) -> None:
    """Where the event carries two arguments, the error of the first alone has a note on the second."""
    with pytest.raises(PayloadValidationError) as raised:
        await getattr(made(), method)("pair", 1, "left")
    assert "one tuple: ('pair', (first, second))" in raised.value.__notes__[0]
    with pytest.raises(PayloadValidationError) as raised:
        await getattr(made(), method)("pair", 1, "a room")
    assert not hasattr(raised.value, "__notes__")


@pytest.mark.parametrize("to", ["room", "", ["a", "b"], ("a",), {"a"}, [7, UUID(int=1)], None, []])
def test_what_can_be_a_room_passes(to: Any) -> None:
    """One, or several; and a room that both parameters name."""
    check_recipients("any", to)
    check_recipients("any", None, to)
    check_recipients("any", to, to)
