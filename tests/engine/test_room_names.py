"""Which values may name a room when joining and emitting, in one process and over a queue."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from asynction_asgi import AsynctionSocketIO, Emitter
from asynction_asgi.engine import Room, name_clients, name_room, name_rooms
from tests.clients import connected
from tests.server.documents import channel, document, message
from tests.serving import serve

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from asynction_asgi import Socket

IDENTITY = UUID("00000000-0000-0000-0000-000000000007")


class Floor(enum.Enum):
    FIRST = 1
    TOP = "top"


class Level(enum.IntEnum):
    SEVEN = 7


ROOMS: list[tuple[str, Room, Room]] = [
    ("a text", "hall", "hall"),
    ("an integer", 7, 7),
    ("zero", 0, 0),
    ("a negative integer", -7, Level.SEVEN * -1),
    ("an IntEnum", Level.SEVEN, 7),
    ("a UUID", IDENTITY, UUID(str(IDENTITY))),
    ("a UUID's text", IDENTITY, str(IDENTITY)),
    ("an Enum of a text", Floor.TOP, "top"),
    ("an Enum of an integer", Floor.FIRST, 1),
]
BAD: dict[str, Any] = {
    "None": None,
    "a bool": True,
    "a float": 7.0,
    "bytes": b"hall",
    "a tuple": ("hall", 7),
    "a list": ["hall"],
    "an object": object(),
    "an Enum of bytes": enum.Enum("Bytes", {"ONE": b"1"}).ONE,  # type: ignore[attr-defined]  # made above
}
SPEC = document(
    root=channel(
        receives=[message(name, **{"x-ack": True}) for name in ("mine", "leave", "close")],
        sends=[message("news", {"type": "string"})],
    )
)


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD.keys())
def test_an_invalid_room_name_is_refused(bad: Any) -> None:
    """The error says which types may name a room."""
    with pytest.raises(TypeError, match="a room is a str, an int, a UUID or an Enum"):
        name_room(bad)
    with pytest.raises(TypeError, match="a room is a str, an int, a UUID or an Enum"):
        name_rooms([bad])


@pytest.mark.parametrize(("bad", "says"), [("", "empty text"), (1 << 63, "64 bits")])
def test_unstorable_room_names_are_refused(bad: Any, says: str) -> None:
    """An empty text, or an integer beyond 64 bits, does not name a room."""
    with pytest.raises(ValueError, match=says):
        name_room(bad)


def test_several_rooms_may_be_any_collection() -> None:
    """Lists, tuples and sets name several rooms; an empty list or text addresses no client."""
    assert name_rooms((7, IDENTITY)) == [7, str(IDENTITY)]
    assert name_rooms({Floor.TOP}) == ["top"]
    assert name_rooms([]) == name_rooms("") == []
    assert name_clients({"a"}) == ["a"]
    with pytest.raises(TypeError, match="skip_sid"):
        name_clients(7)  # type: ignore[arg-type]  # on purpose


def server(joined: Room, **options: Any) -> AsynctionSocketIO:
    """Return a server whose clients are in the room `joined`."""
    app = AsynctionSocketIO.from_spec(SPEC, **options)

    @app.on("connect")
    async def connect(socket: Socket) -> None:
        await socket.join(joined)

    @app.on("mine")
    async def mine(socket: Socket) -> list[str | int]:
        return socket.rooms[1:]

    @app.on("leave")
    async def leave(socket: Socket) -> None:
        await socket.leave(joined)

    @app.on("close")
    async def close() -> None:
        await app.close_room(joined)

    return app


@pytest.mark.parametrize(
    ("joined", "addressed"), [pair[1:] for pair in ROOMS], ids=[pair[0] for pair in ROOMS]
)
async def test_equal_room_names_reach_the_same_room(joined: Room, addressed: Room) -> None:
    """emit, `to`, lists of rooms, leave and close_room treat equal values as the same room."""
    app = server(joined)
    with serve(app) as url:
        async with connected(url) as inside, connected(url) as outside:
            assert await inside.call("mine") == [name_room(addressed)]
            await outside.call("leave")
            audience: list[Callable[[str], Awaitable[None]]] = [
                lambda text: app.emit("news", text, to=addressed),
                lambda text: app.emit("news", text, room=[addressed, "nobody's"]),
                lambda text: app.server.emit("news", text, to=(addressed,)),
                lambda text: app.socket(outside.sid).to(addressed).emit("news", text),  # type: ignore[union-attr]  # connected
                lambda text: app.socket(outside.sid).to("nobody's").to({addressed}).emit("news", text),  # type: ignore[union-attr]  # connected
            ]
            for number, emit in enumerate(audience):
                await emit(str(number))
                assert await inside.receive() == ("news", str(number))
            await inside.call("close")
            assert await inside.call("mine") == []
            assert outside.events.empty()


async def test_an_integer_and_its_text_are_two_rooms() -> None:
    """A client that may choose a text cannot enter the room of an integer."""
    app = server(7)
    with serve(app) as url:
        async with connected(url) as client:
            await app.emit("news", "not for 7", to="7")
            await app.emit("news", "for 7", to=7)
            assert await client.receive() == ("news", "for 7")


@pytest.mark.parametrize("bad", [None, 7.5, b"hall"], ids=["None", "a float", "bytes"])
async def test_bad_rooms_raise_in_the_call(bad: Any) -> None:
    """join, leave, to, emit and close_room raise TypeError, and nothing is sent."""
    app = server("hall")
    with serve(app) as url:
        async with connected(url) as client:
            socket = app.socket(client.sid)
            assert socket is not None
            calls: list[Callable[[], Awaitable[None]]] = [
                lambda: socket.join(bad),
                lambda: socket.leave(bad),
                lambda: app.close_room(bad),
                lambda: app.server.enter_room(client.sid, bad),
                lambda: socket.to(bad).emit("news", "x"),
                lambda: app.emit("news", "x", to=["hall", bad]),
            ]
            for call in calls:
                with pytest.raises(TypeError, match="a room is"):
                    await call()
            await app.emit("news", "the only one", to="hall")
            assert await client.receive() == ("news", "the only one")


@pytest.mark.parametrize("joined", [0, 7, IDENTITY, Floor.TOP], ids=repr)
async def test_rooms_are_the_same_over_a_queue(joined: Room, queue_url: str) -> None:
    """Another server and an Emitter reach a room by the value that it was joined with."""
    here, there = (server(joined, message_queue=queue_url, channel=f"rooms-{joined!r}") for _ in range(2))
    emitter = Emitter.from_spec(SPEC, message_queue=queue_url, channel=f"rooms-{joined!r}")
    with serve(here) as url, serve(there) as other_url:
        async with connected(url) as client, connected(other_url) as leaver:
            await leaver.call("leave")
            subscribed = False
            while not subscribed:  # a server subscribes with its first client
                await leaver.call("mine")
                await emitter.emit("news", "0", to=joined)
                subscribed = not client.events.empty()
            await emitter.emit("news", "1", to={joined})
            await emitter.leave_room(client.sid, joined)
            await emitter.emit("news", "2", to=joined)
            await emitter.enter_room(client.sid, joined)
            await emitter.emit("news", "3", to=[joined])
            while (received := await client.receive()) == ("news", "0"):
                pass
            assert received == ("news", "1")
            assert await client.receive() == ("news", "3")
            assert leaver.events.empty()
        with pytest.raises(TypeError, match="a room is"):
            await emitter.emit("news", "x", to=b"hall")
    await emitter.close()
