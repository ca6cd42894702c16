"""Who is in which room, without a wire."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from asynction_asgi.engine import Limits, Server, UnencodableError, create_server
from asynction_asgi.engine.peers.members import Member, Phase
from asynction_asgi.engine.transport.session import EngineSocket

from ..stage import Script, until


class Room:
    """Members whose transports write into a list."""

    def __init__(self, **options: Any) -> None:
        self.server: Server = create_server(Script(), **options)
        self.manager = self.server.manager
        self.got: list[tuple[str, str]] = []

    def join(self, sid: str, namespace: str = "/", phase: Phase = Phase.CONNECTED) -> Member:
        """Return a peer in the given phase."""
        socket = EngineSocket(self.server.eio, f"eio-{sid}")
        self.server.eio.sockets[socket.sid] = socket

        def write(frame: Any) -> bool:
            self.got.append((sid, frame.body.decode()))
            return True

        socket.outbox.write = write
        member = Member(
            sid=sid,
            namespace=namespace,
            environ={},
            connection=socket.connection,
            endpoint=Script(),
            sender=self.server,
        )
        socket.connection.members[namespace] = member
        self.manager.add(member)
        member.phase = phase
        return member

    async def emit(self, **options: Any) -> list[str]:
        """Who gets it."""
        self.got.clear()
        await self.server.emit("n", **options)
        return [sid for sid, _ in self.got]


@pytest.fixture
async def room() -> Room:
    return Room()


async def test_recipients(room: Room) -> None:
    """By id, room, several rooms, or everybody; each once; without those who are skipped or elsewhere."""
    for sid in "abcd":
        room.join(sid)
    room.join("z", "/chat")
    for sid in "ab":
        await room.server.enter_room(sid, "x")
    for sid in "bc":
        await room.server.enter_room(sid, "y")
    await room.server.enter_room("d", 7)
    assert await room.emit() == ["a", "b", "c", "d"]
    assert await room.emit(room="x") == ["a", "b"]
    assert await room.emit(to=["x", "y", "d"]) == ["a", "b", "c", "d"]
    assert await room.emit(to="a") == ["a"]
    assert await room.emit(to=7) == ["d"]
    assert await room.emit(room="x", skip_sid="a") == ["b"]
    assert await room.emit(skip_sid=["a", "d"]) == ["b", "c"]
    assert await room.emit(namespace="/chat") == ["z"]
    assert await room.emit(to="nobody") == []
    assert await room.emit(namespace="/nowhere") == []
    assert dict(room.manager.get_participants("/", ["x", "y"])) == {sid: f"eio-{sid}" for sid in "abc"}


async def test_arguments(room: Room) -> None:
    """A tuple is several arguments, None is none, all else is one."""
    room.join("a")
    for data, text in (
        (None, '42["n"]'),
        ((1, 2), '42["n",1,2]'),
        ([1, 2], '42["n",[1,2]]'),
        ("", '42["n",""]'),
    ):
        await room.emit(data=data)
        assert room.got == [("a", text)]
    with pytest.raises(UnencodableError):
        await room.emit(data={1, 2})
    assert room.got == []


async def test_phases(room: Room) -> None:
    """Only a connected peer hears broadcasts; a pending one keeps what is for it alone."""
    pending = room.join("p", phase=Phase.PENDING)
    leaving = room.join("l", phase=Phase.LEAVING)
    room.join("c")
    for member in (pending, leaving):
        await room.server.enter_room(member.sid, "x")
    assert await room.emit() == ["c"]
    assert await room.emit(room="x") == []
    assert await room.emit(to=["p", "l"]) == []
    assert len(pending.held or ()) == 1
    manager = room.manager
    assert [manager.is_connected(sid, "/") for sid in "plc"] == [False, False, True]
    assert [manager.is_pre_connected(sid, "/") for sid in "plc"] == [True, False, False]
    pending.phase = Phase.CONNECTED
    pending.release()
    assert room.got == [("p", '42["n"]')]
    assert manager.pre_disconnect("c", "/") == "eio-c"
    assert manager.pre_disconnect("nobody", "/") is None
    assert not manager.is_connected("c", "/")


async def test_rooms_of_a_peer(room: Room) -> None:
    """Its own id is one of them; rooms vanish with their last member."""
    server, manager = room.server, room.manager
    room.join("a")
    room.join("b")
    await server.enter_room("a", "x")
    await server.enter_room("a", "a")
    await server.enter_room("b", "x")
    assert server.rooms("a") == ["a", "x"]
    assert server.rooms("nobody") == []
    await server.leave_room("a", "x")
    await server.leave_room("a", "never there")
    assert server.rooms("a") == ["a"]
    await server.close_room("x")
    await server.close_room("never there")
    assert server.rooms("b") == ["b"]
    assert list(manager.rooms["/"]) == [None]
    for wrong in (server.enter_room("nobody", "x"), server.enter_room("a", "b"), server.close_room("a")):
        with pytest.raises(ValueError, match="sid"):
            await wrong


async def test_a_disconnect_forgets_everything(room: Room) -> None:
    """By the peer's own index; what others have stays."""
    member = room.join("a")
    room.join("b")
    for name in ("x", "y"):
        await room.server.enter_room("a", name)
    await room.server.enter_room("b", "x")
    await room.emit(to="a", callback=print)
    room.manager.basic_disconnect("a", "/")
    room.manager.basic_disconnect("a", "/")
    assert (member.phase, member.callbacks) == (Phase.GONE, None)
    assert {name: list(there) for name, there in room.manager.rooms["/"].items()} == {None: ["b"], "x": ["b"]}
    room.manager.basic_disconnect("b", "/")
    assert (room.manager.rooms, room.manager.members) == ({}, {})
    assert room.manager.get_namespaces() == []


async def test_a_packet_for_many_is_encoded_once(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many hear it."""
    for number in range(50):
        room.join(str(number))
    encoded: list[Any] = []
    encode = room.server.encode

    def count(*arguments: Any, **options: Any) -> Any:
        encoded.append(arguments)
        return encode(*arguments, **options)

    monkeypatch.setattr(room.server, "encode", count)
    assert len(await room.emit(data=1)) == 50
    assert len(encoded) == 1


async def test_every_recipient_of_a_callback_has_an_id_of_its_own(room: Room) -> None:
    """Ids begin at one per peer, and a packet that can't be sent leaves nobody waiting."""
    members = [room.join(sid) for sid in "ab"]
    await room.emit(to="a", callback=print)
    assert room.got == [("a", '421["n"]')]
    await room.emit(to="a", callback=print)
    await room.emit(to="b", callback=print)
    assert room.got == [("b", '421["n"]')]
    with pytest.raises(UnencodableError):
        await room.emit(to="b", data={1}, callback=print)
    assert [len(member.callbacks or ()) for member in members] == [2, 1]


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (None, "everybody"),
        ("x", "a room"),
        (7, "a room"),
        (["x", "y"], "several rooms"),
        (["a"], "several rooms"),
    ],
    ids=str,
)
async def test_a_callback_is_for_one_client(room: Room, target: Any, words: str) -> None:
    """A room's members would all run it; a list is several rooms, whatever it holds. Nothing is sent."""
    member = room.join("a")
    await room.server.enter_room("a", "x")
    with pytest.raises(ValueError, match=f"pass its sid as 'to', not {words}"):
        await room.emit(to=target, callback=print)
    assert room.got == []
    assert not member.callbacks
    assert await room.emit(to="a", callback=print) == ["a"]
    room.manager.basic_disconnect("a", "/")
    assert await room.emit(to="a", callback=print) == []


async def test_ids_and_addresses(room: Room) -> None:
    """Upstream's ways from one id to another, and the environ and transport behind them."""
    room.join("a", "/chat")
    manager = room.manager
    assert manager.sid_from_eio_sid("eio-a", "/chat") == "a"
    assert manager.sid_from_eio_sid("eio-a", "/") is None
    assert manager.sid_from_eio_sid("nobody", "/") is None
    assert manager.eio_sid_from_sid("a", "/chat") == "eio-a"
    assert manager.eio_sid_from_sid("a", "/") is None
    assert room.server.transport("a", "/chat") == "polling"


def stop_reading(member: Member) -> EngineSocket:
    """Its transport takes nothing from now on."""
    socket: EngineSocket = member.connection.socket  # type: ignore[assignment]  # the only Transport
    socket.outbox.write = lambda _: False
    return socket


async def test_an_emit_waits_for_all_slow_readers_at_the_same_time() -> None:
    """Twenty that don't read cost the sender no more than one does; everybody else has it at once."""
    room = Room(limits=Limits(queued_bytes=4000, patience_seconds=0.2))
    slow = [stop_reading(room.join(f"slow {number}")) for number in range(20)]
    room.join("quick")
    loop = asyncio.get_running_loop()
    start = loop.time()
    emit = asyncio.ensure_future(room.server.emit("n", "x" * 1500))
    await until(lambda: all(one.outbox.relieved is not None for one in slow))
    assert [sid for sid, _ in room.got] == ["quick"]
    assert not emit.done()
    await emit
    assert 0.1 < loop.time() - start < 2.0
    start = loop.time()
    await room.server.emit("n", "x" * 1500)
    assert loop.time() - start < 0.1, "their patience is used up until they have caught up"
    assert all(one.outbox.queued > 3000 for one in slow)


async def test_an_emit_goes_on_when_the_last_slow_reader_has_read() -> None:
    """Not before, and not as late as patience would end."""
    room = Room(limits=Limits(queued_bytes=4000, patience_seconds=30.0))
    first, second, third = (stop_reading(room.join(sid)) for sid in "abc")
    emit = asyncio.ensure_future(room.server.emit("n", "x" * 1500, room=["a", "b", "c"]))
    await until(lambda: third.outbox.relieved is not None)
    for socket in (first, second):
        socket.outbox.write = lambda _: True
        socket.flush()
        await until(lambda: socket.outbox.relieved is None)  # noqa: B023 - it is waited for here
        assert not emit.done()
    third.drop("transport error")  # one that leaves holds up nobody
    async with asyncio.timeout(2):
        await emit
    assert third.closing_task is not None
    await third.closing_task


async def test_a_sender_that_is_cancelled_leaves_no_waits_behind() -> None:
    """Whoever gave up on an emit has sent it all the same, and nothing goes on waiting."""
    room = Room(limits=Limits(queued_bytes=4000, patience_seconds=30.0))
    slow = [stop_reading(room.join(sid)) for sid in "abc"]
    before = asyncio.all_tasks()
    emit = asyncio.ensure_future(room.server.emit("n", "x" * 1500))
    await until(lambda: all(one.outbox.relieved is not None for one in slow))
    assert len(asyncio.all_tasks()) > len(before)
    emit.cancel()
    await asyncio.wait([emit])
    await until(lambda: asyncio.all_tasks() == before, "no task of the waits is left")
    assert all(len(one.outbox.frames) == 1 for one in slow)
