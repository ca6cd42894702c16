"""Membership in rooms, tested without a wire."""

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
        self.sent: list[tuple[str, str]] = []

    def join(self, sid: str, namespace: str = "/", phase: Phase = Phase.CONNECTED) -> Member:
        """Return a peer in the given phase."""
        socket = EngineSocket(self.server.eio, f"eio-{sid}", {})
        self.server.eio.sockets[socket.sid] = socket

        def write(frame: Any) -> bool:
            self.sent.append((sid, frame.body.decode()))
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
        """Emit an event, and return the sids that it was sent to."""
        self.sent.clear()
        await self.server.emit("n", **options)
        return [sid for sid, _ in self.sent]


@pytest.fixture
async def room() -> Room:
    return Room()


async def test_recipients_of_an_emit(room: Room) -> None:
    """An emit reaches a sid, a room, several rooms or all clients once, without skipped or other clients."""
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


async def test_arguments_of_an_emit(room: Room) -> None:
    """A tuple is several arguments, None is no argument, and any other value is a single argument."""
    room.join("a")
    for data, text in (
        (None, '42["n"]'),
        ((1, 2), '42["n",1,2]'),
        ([1, 2], '42["n",[1,2]]'),
        ("", '42["n",""]'),
    ):
        await room.emit(data=data)
        assert room.sent == [("a", text)]
    with pytest.raises(UnencodableError):
        await room.emit(data={1, 2})
    assert room.sent == []


async def test_only_connected_peers_receive_emits(room: Room) -> None:
    """Only connected peers receive broadcasts, and a pending peer receives its own events later."""
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
    assert room.sent == [("p", '42["n"]')]
    assert manager.pre_disconnect("c", "/") == "eio-c"
    assert manager.pre_disconnect("nobody", "/") is None
    assert not manager.is_connected("c", "/")


async def test_rooms_of_a_peer(room: Room) -> None:
    """A peer's own sid is one of its rooms, and a room disappears with its last member."""
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
    with pytest.raises(ValueError, match="client nobody is not connected to /"):
        await server.enter_room("nobody", "x")
    with pytest.raises(ValueError, match="sid room"):
        await server.enter_room("a", "b")
    with pytest.raises(ValueError, match="sid room"):
        await server.close_room("a")


async def test_a_disconnect_removes_a_peer_everywhere(room: Room) -> None:
    """A disconnect removes the peer from all rooms, and other members stay."""
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


async def test_a_broadcast_is_encoded_once(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """A packet is encoded once for any number of recipients."""
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


async def test_ack_ids_are_counted_per_peer(room: Room) -> None:
    """Ack ids begin at one for each peer, and an unencodable packet leaves no pending callback."""
    members = [room.join(sid) for sid in "ab"]
    await room.emit(to="a", callback=print)
    assert room.sent == [("a", '421["n"]')]
    await room.emit(to="a", callback=print)
    await room.emit(to="b", callback=print)
    assert room.sent == [("b", '421["n"]')]
    with pytest.raises(UnencodableError):
        await room.emit(to="b", data={1}, callback=print)
    assert [len(member.callbacks or ()) for member in members] == [2, 1]


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (None, "all clients"),
        ("x", "a room"),
        (7, "a room"),
        (["x", "y"], "several rooms"),
        (["a"], "several rooms"),
    ],
    ids=str,
)
async def test_a_callback_is_for_one_client(room: Room, target: Any, words: str) -> None:
    """A callback for a room or a list raises, as several clients might run it, and nothing is sent."""
    member = room.join("a")
    await room.server.enter_room("a", "x")
    with pytest.raises(ValueError, match=f"pass its sid as 'to', not {words}"):
        await room.emit(to=target, callback=print)
    assert room.sent == []
    assert not member.callbacks
    assert await room.emit(to="a", callback=print) == ["a"]
    room.manager.basic_disconnect("a", "/")
    assert await room.emit(to="a", callback=print) == []


async def test_upstreams_lookups_by_id(room: Room) -> None:
    """Upstream's lookups from one id to the other, and of the transport, work."""
    room.join("a", "/chat")
    manager = room.manager
    assert manager.sid_from_eio_sid("eio-a", "/chat") == "a"
    assert manager.sid_from_eio_sid("eio-a", "/") is None
    assert manager.sid_from_eio_sid("nobody", "/") is None
    assert manager.eio_sid_from_sid("a", "/chat") == "eio-a"
    assert manager.eio_sid_from_sid("a", "/") is None
    assert room.server.transport("a", "/chat") == "polling"


def stop_reading(member: Member) -> EngineSocket:
    """Make a member's transport accept nothing from now on, and return its socket."""
    socket: EngineSocket = member.connection.socket  # type: ignore[assignment]  # the only Transport
    socket.outbox.write = lambda _: False
    return socket


async def test_an_emit_waits_for_slow_readers_concurrently() -> None:
    """Twenty slow readers delay the sender no longer than a single one, and other clients not at all."""
    room = Room(limits=Limits(queued_bytes=4000, patience_seconds=2))
    slow = [stop_reading(room.join(f"slow {number}")) for number in range(20)]
    room.join("quick")
    loop = asyncio.get_running_loop()
    start = loop.time()
    emit = asyncio.ensure_future(room.server.emit("n", "x" * 1500))
    await until(lambda: all(reader.outbox.relieved is not None for reader in slow))
    assert [sid for sid, _ in room.sent] == ["quick"]
    assert not emit.done()
    await emit
    assert 1 < loop.time() - start < 20, "one after another they would take 40 seconds"
    start = loop.time()
    await room.server.emit("n", "x" * 1500)
    assert loop.time() - start < 1.5, "their patience is used up until they have caught up"
    assert all(reader.outbox.queued > 3000 for reader in slow)


async def test_an_emit_ends_once_all_have_read() -> None:
    """The emit ends when the last slow reader has read or left, before the timeout."""
    room = Room(limits=Limits(queued_bytes=4000, patience_seconds=30.0))
    first, second, third = (stop_reading(room.join(sid)) for sid in "abc")
    emit = asyncio.ensure_future(room.server.emit("n", "x" * 1500, room=["a", "b", "c"]))
    await until(lambda: third.outbox.relieved is not None)
    for socket in (first, second):
        socket.outbox.write = lambda _: True
        socket.flush()
        await until(lambda: socket.outbox.relieved is None)  # noqa: B023  # awaited in this iteration
        assert not emit.done()
    third.drop("transport error")  # a leaving reader is no longer waited for
    async with asyncio.timeout(2):
        await emit
    await until(lambda: third.closed)


async def test_a_cancelled_emit_leaves_no_tasks() -> None:
    """A cancelled emit is still sent, and none of its waiting tasks remains."""
    room = Room(limits=Limits(queued_bytes=4000, patience_seconds=30.0))
    slow = [stop_reading(room.join(sid)) for sid in "abc"]
    before = asyncio.all_tasks()
    emit = asyncio.ensure_future(room.server.emit("n", "x" * 1500))
    await until(lambda: all(reader.outbox.relieved is not None for reader in slow))
    assert len(asyncio.all_tasks()) > len(before)
    emit.cancel()
    await asyncio.wait([emit])
    await until(lambda: asyncio.all_tasks() == before, "no task of the waits is left")
    assert all(len(reader.outbox.frames or ()) == 1 for reader in slow)
