"""Connection state recovery: what a client shows, what it gets back, and when it starts a new session."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from asynction_asgi.engine import DisconnectedError, Limits
from asynction_asgi.engine.wire.frames import OVERHEAD
from asynction_asgi.errors import DisconnectedError as GoneError
from asynction_asgi.errors import RefusedError
from asynction_asgi.spec.model import Recovery

from .returner import Returner
from .stage import Script, payload, serve, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from asynction_asgi.engine import Peer

    from .stage import Stage

SIZE = len('42["news","0xxxxxxxxxx","process_.00000001"]') + OVERHEAD
each_form = pytest.mark.parametrize("form", ["argument", "event"])


@contextlib.asynccontextmanager
async def staged(
    form: Any = "argument", *, limits: Limits | None = None, script: Script | None = None, **bounds: Any
) -> AsyncIterator[tuple[Stage, Returner]]:
    """Serve a namespace with recovery."""
    script = script or Script()
    script.recoveries["/"] = Recovery(**{"seconds": 20, **bounds}, offset=form)
    async with serve(script, limits=limits) as stage:
        yield stage, Returner(stage, form)


async def test_a_namespace_without_recovery_sends_no_offsets() -> None:
    """The answer to CONNECT has no pid, events have no more arguments, and nothing is kept."""
    async with serve() as stage, stage.websocket() as client:
        answer = await client.ask("40")
        assert list(answer) == ["sid"]
        await stage.server.emit("news", 1)
        assert await client.receive() == '42["news",1]'
        assert stage.server.log.bytes == 0


async def test_offsets_on_the_wire() -> None:
    """One more argument, last, behind an attachment too; none on events with an ack id, nor on acks."""
    async with staged() as (stage, one), one.there():
        await stage.server.emit("news", ("hello", 1))
        event = payload(await one.client.receive())
        assert event[:-1] == ["news", "hello", 1]
        assert event[-1].endswith(".00000001")
        await stage.server.emit("bin", b"\x00")
        head = await one.client.receive()
        assert head.startswith('451-["bin",{"_placeholder":true,"num":0},"')
        assert await one.client.receive() == b"\x00"
        await stage.server.emit("question", "why", to=one.sid, callback=print)
        assert await one.client.receive() == '421["question","why"]'
        assert await one.client.ask_raw('427["echo",1]') == "437[1]"


async def test_offsets_as_events() -> None:
    """Each event is followed by its offset; its arguments stay those of the document."""
    async with staged("event") as (stage, one), one.there():
        await stage.server.emit("news", "hello")
        assert await one.client.receive() == '42["news","hello"]'
        assert (await one.client.receive()).startswith('42["~","')


@each_form
async def test_rooms_and_session_come_back(form: str) -> None:
    """With the sid; what the disconnect handler did to them counts."""
    script = Script()
    left: list[bool] = []

    async def disconnected(peer: Peer[Any], reason: str) -> None:
        await peer.sender.leave_room(peer.sid, "b")
        await peer.sender.save_session(peer.sid, {"visits": 2})
        left.append(peer.recoverable)

    script.on_disconnect = disconnected
    async with staged(form, script=script) as (stage, one):
        async with one.there():
            for room in "ab":
                await stage.server.enter_room(one.sid, room)
            await stage.server.save_session(one.sid, {"visits": 1})
        await until(lambda: left, "the disconnect handler")
        await stage.server.emit("news", 1, to="a")
        await stage.server.emit("news", 2, to="b")
        await stage.server.emit("news", 3, to=one.sid)
        async with one.there():
            assert one.recovered
            assert await one.take(2) == [1, 3]
            assert sorted(stage.server.rooms(one.sid)) == sorted([one.sid, "a"])
            assert await stage.server.get_session(one.sid) == {"visits": 2}
            assert [peer.recovered for peer in script.peers] == [False, True]
        await until(lambda: left == [True, True], "the disconnect handler")


@each_form
async def test_a_pong_confirms_what_came_before_its_ping(form: str) -> None:
    """A connected client costs what it was sent since then, and still misses nothing."""
    async with staged(form) as (stage, one):
        stage.server.eio.ping_interval = 0.05
        async with one.there():
            await stage.server.emit("news", 1)
            await one.take(1)
            (member,) = stage.server.manager.members["/"].values()
            assert member.trail is not None
            trail = member.trail
            reading = asyncio.ensure_future(one.client.receive())  # answers pings
            await until(lambda: not trail.entries, "confirmed")
            assert stage.server.log.bytes == 0
            reading.cancel()
            await asyncio.wait([reading])
        await stage.server.emit("news", 2)
        async with one.there():
            assert one.recovered
            assert await one.take(2) == [1, 2]


async def test_a_connection_that_breaks_between_an_event_and_its_offset() -> None:
    """The client shows the event's own string; the first event that it could mean is the last one received."""
    async with staged("event") as (stage, one):
        async with one.there():
            for text in ("a", "cut", "b", "cut"):
                await stage.server.emit("news", text)
            for _ in range(3):
                await one.client.receive()
            one.offset = "cut"  # of the second event or the fourth
        async with one.there():
            assert one.recovered
            assert await one.take(2) == ["b", "cut"]


@pytest.mark.parametrize(
    ("bounds", "limits"),
    [
        pytest.param({"events": 3}, {}, id="events"),
        pytest.param({"bytes": 3 * SIZE}, {}, id="bytes"),
        pytest.param({}, {"recovery_bytes": 3 * SIZE}, id="bytes of all"),
        pytest.param({}, {"queued_bytes": 2 * 3 * SIZE}, id="bytes that can be sent at once"),
    ],
)
async def test_a_client_that_missed_too_much_starts_over(
    bounds: dict[str, Any], limits: dict[str, Any]
) -> None:
    """Up to the bound all is there; beyond it the client starts a new session, and gets none of the rest."""
    for missed, recovered in ((3, True), (4, False)):
        async with staged(limits=Limits(**limits), **bounds) as (stage, one):
            async with one.there():
                before = one.sid
            for number in range(missed):
                await stage.server.emit("news", f"{number}" + "x" * 10, to=one.sid)
            assert stage.server.log.bytes <= 4 * SIZE
            async with one.there():
                assert (one.recovered, one.sid == before) == (recovered, recovered)
                await stage.server.emit("last", "the last", to=one.sid)
                texts = await one.take(missed + 1 if recovered else 1)
                assert texts[-1] == "the last"


async def test_the_bound_of_events_is_exact() -> None:
    """Events beyond it are dropped several at once, but one too many already ends the session."""
    bound = 48
    for missed in (bound, bound + 1, bound + 2, bound + 4):
        async with staged(events=bound) as (stage, one):
            async with one.there():
                pass
            for number in range(missed):
                await stage.server.emit("news", number, to=one.sid)
            async with one.there():
                assert one.recovered == (missed == bound)
                if one.recovered:
                    assert await one.take(bound) == list(range(bound))
        assert stage.server.log.bytes == 0


async def test_the_oldest_events_of_all_are_forgotten_first() -> None:
    """Beyond `Limits.recovery_bytes`, the client that missed them starts over; others get theirs."""
    async with staged(limits=Limits(recovery_bytes=3 * SIZE + SIZE // 2)) as (stage, one):
        other = Returner(stage)
        for client in (one, other):
            async with client.there():
                pass
        for client in (one, one, other, other):
            await stage.server.emit("news", "0" + "x" * 10, to=client.sid)
        async with one.there(), other.there():
            assert (one.recovered, other.recovered) == (False, True)
            assert len(await other.take(2)) == 2


async def test_a_client_of_too_many_that_are_away_starts_over() -> None:
    """The one that left first."""
    async with staged(limits=Limits(recovery_sessions=1)) as (stage, one):
        other = Returner(stage)
        async with one.there():
            pass
        async with other.there():
            pass
        await until(lambda: stage.holdings["members"] == 1, "forgotten")
        async with one.there(), other.there():
            assert (one.recovered, other.recovered) == (False, True)


async def test_a_client_that_stays_away_is_forgotten() -> None:
    """Its member, its rooms and what was kept for it."""
    async with staged(seconds=0.05) as (stage, one):
        async with one.there():
            await stage.server.enter_room(one.sid, "a")
        await stage.server.emit("news", 1)
        await stage.emptied()
        assert stage.server.log.bytes == 0
        async with one.there():
            assert not one.recovered


@pytest.mark.parametrize(
    "shown",
    [
        {"pid": "r1" + "x" * 24},
        {"pid": "x" * 26},
        {"pid": 7},
        {"offset": 7},
        {"offset": ["x"]},
        {"offset": "x" * 65},
    ],
    ids=str,
)
async def test_a_claim_that_means_nothing_starts_a_new_session(shown: dict[str, Any]) -> None:
    """Unknown or malformed, it is answered as any other CONNECT; nothing tells a guess from an expiry."""
    async with staged() as (_, one):
        async with one.there():
            before = one.sid
        async with one.there(**shown):
            assert not one.recovered
            assert one.sid != before


async def test_what_a_client_shows_is_no_part_of_its_auth() -> None:
    """Handlers see what the application's own code sent, also where a namespace has no recovery any more."""
    async with staged() as (stage, one):
        async with one.there(user="ada"):
            pass
        async with one.there(user="ada"):
            assert one.recovered
        async with one.there():
            assert not one.recovered
        stage.script.recoveries.clear()
        async with stage.client("/", {"pid": one.pid, "offset": "x", "user": "ada"}):
            pass
        auths = [told[2] for told in stage.script.told if told[0] == "connect"]
        assert auths == [{"user": "ada"}, {"user": "ada"}, None, {"user": "ada"}]


async def test_another_user_does_not_get_the_session() -> None:
    """Socket.IO's client shows its pid to whoever logs in next; the session stays its owner's."""
    async with staged() as (_, one):
        async with one.there(user="ada"):
            before = one.pid
        async with one.there(user="bob"):
            assert not one.recovered
        one.pid = before
        async with one.there(user="ada"):
            assert one.recovered


@pytest.mark.parametrize("how", ["client", "server", "parse error", "while away"])
async def test_sessions_that_ended_do_not_come_back(how: str) -> None:
    """A DISCONNECT of either side, also of one that is away, and a client that breaks the protocol."""
    async with staged() as (stage, one):
        async with one.there():
            before = one.sid
            if how == "client":
                await one.client.send("41")
            elif how == "server":
                await stage.server.disconnect(one.sid)
            elif how == "parse error":
                await one.client.send("4nonsense")
            if how != "while away":
                await until(lambda: before not in stage.server.manager.members.get("/", {}), "forgotten")
        await stage.server.disconnect(one.sid)
        await until(lambda: before not in stage.server.manager.members.get("/", {}), "forgotten")
        async with one.there():
            assert not one.recovered


async def test_a_connect_handler_that_refuses_ends_the_session() -> None:
    """The client can't come back to it."""
    script = Script()
    async with staged(script=script) as (stage, one):
        async with one.there():
            pass

        async def refuse(peer: Peer[Any], auth: Any) -> None:
            raise RefusedError("forbidden", "not now")

        script.on_connect = refuse
        async with stage.websocket() as client:
            assert (await client.ask_raw("40" + json.dumps({"pid": one.pid}))).startswith("44")
        await stage.emptied()
        script.on_connect = None
        async with one.there():
            assert not one.recovered


@each_form
async def test_what_is_emitted_while_the_connect_handler_runs_is_not_lost(form: str) -> None:
    """To rooms, by the handler itself, and by callbacks; the answer to CONNECT comes first."""
    script, gate = Script(), asyncio.Event()
    answers: list[Any] = []

    async def connect(peer: Peer[Any], auth: Any) -> None:
        if peer.recovered:
            await peer.sender.emit("mine", 2, to=peer.sid)
            await peer.sender.emit("ask", 4, to=peer.sid, callback=answers.append)
            await gate.wait()

    async with staged(form, script=script) as (stage, one):
        async with one.there():
            pass
        await stage.server.emit("news", 1)
        script.on_connect = connect

        async def later() -> None:
            await until(lambda: stage.server.manager.is_pre_connected(one.sid, "/"), "returning")
            await stage.server.emit("news", 3)
            gate.set()

        task = asyncio.ensure_future(later())
        async with one.there():
            assert one.recovered
            assert await one.take(3) == [1, 2, 3]
            assert await one.client.ask_raw('42["none"]') == '421["ask",4]'
            await one.client.send('431["yes"]')
            await until(lambda: answers == ["yes"], "answered")
        await task


async def test_a_client_that_misses_too_much_while_it_returns_is_cut_off() -> None:
    """Its handler was told that it has recovered, so it can only start a new session."""
    script = Script()

    async def connect(peer: Peer[Any], auth: Any) -> None:
        if peer.recovered:
            for number in range(3):
                await peer.sender.emit("news", number, to=peer.sid)

    script.on_connect = connect
    async with staged(script=script, events=2) as (stage, one):
        async with one.there():
            pass
        async with stage.websocket() as client:
            await client.send("40" + json.dumps({"pid": one.pid}))
            assert await client.closed() == 1000
        await until(lambda: script.told[-1][0] == "disconnect", "the disconnect handler")
        assert [told[0] for told in script.told] == ["connect", "disconnect", "connect", "disconnect"]
        async with one.there():
            assert not one.recovered


async def test_a_client_that_is_cut_off_while_it_returns_may_return_again() -> None:
    """Each connect handler ends, and its disconnect handler, before the next one begins."""
    script, gate = Script(), asyncio.Event()

    async def connect(peer: Peer[Any], auth: Any) -> None:
        if peer.recovered and not gate.is_set():
            await gate.wait()

    script.on_connect = connect
    async with staged(script=script) as (stage, one):
        async with one.there():
            pass
        await stage.server.emit("news", 1)
        async with stage.websocket() as client:
            await client.send("40" + json.dumps({"pid": one.pid}))
            await until(lambda: stage.server.manager.is_pre_connected(one.sid, "/"), "returning")
            client.raw.transport.abort()
        await stage.server.emit("news", 2)
        asyncio.get_running_loop().call_later(0.05, gate.set)
        async with one.there():
            assert one.recovered
            assert await one.take(2) == [1, 2]
        await until(lambda: script.told[-1][0] == "disconnect", "the disconnect handler")
        assert [told[0] for told in script.told] == ["connect", "disconnect"] * 3


@pytest.mark.parametrize("how", ["cut off", "returns again"])
async def test_a_client_that_is_dismissed_while_it_returns_starts_over(how: str) -> None:
    """Its connection may break, or be replaced, before the connect handler has ended and it is disconnected."""
    script, gate = Script(), asyncio.Event()

    async def connect(peer: Peer[Any], auth: Any) -> None:
        if peer.recovered:
            await gate.wait()

    script.on_connect = connect
    async with staged(script=script) as (stage, one):
        async with one.there():
            pass
        before = one.sid

        async def end_handler() -> None:
            await until(lambda: not stage.server.manager.is_pre_connected(before, "/"), "gone")
            gate.set()

        async with stage.websocket() as client:
            await client.send("40" + json.dumps({"pid": one.pid}))
            await until(lambda: stage.server.manager.is_pre_connected(before, "/"), "returning")
            await stage.server.disconnect(before)
            ending = asyncio.ensure_future(end_handler())
            if how == "cut off":
                client.raw.transport.abort()
                await ending
            async with one.there():
                assert (one.recovered, one.sid == before) == (False, False)
                await ending
                await until(lambda: before not in stage.server.manager.members["/"], "forgotten")


@pytest.mark.parametrize(("seconds", "recovered"), [(2.0, True), (0.01, False)])
async def test_a_return_waits_for_the_disconnect_handler(seconds: float, recovered: bool) -> None:
    """Not longer than events of a leaving client may take; then the client starts a new session."""
    script, gate = Script(), asyncio.Event()

    async def disconnected(peer: Peer[Any], reason: str) -> None:
        if not gate.is_set():
            await gate.wait()

    script.on_disconnect = disconnected
    async with staged(script=script, limits=Limits(drain_seconds=seconds)) as (_, one):
        async with one.there():
            pass
        if recovered:
            asyncio.get_running_loop().call_later(0.05, gate.set)
        async with one.there():
            assert one.recovered == recovered
            gate.set()


async def test_a_client_on_two_connections_has_the_newer_one() -> None:
    """The older one is closed, and its disconnect handler runs before the connect handler of the newer."""
    async with staged() as (stage, one), one.there():
        first = one.client
        await stage.server.emit("news", 1)
        again = Returner(stage)
        again.pid = one.pid
        async with again.there():
            assert (again.recovered, again.sid) == (True, one.sid)
            assert await first.closed() == 1000
            assert await again.take(1) == [1]
            assert [told[0] for told in stage.script.told] == ["connect", "disconnect", "connect"]


async def test_a_client_that_is_away_moves_with_its_room() -> None:
    """It is not counted, as nothing could be asked of it; disconnecting the room ends its session."""
    async with staged() as (stage, one):
        async with one.there():
            await stage.server.enter_room(one.sid, "a")
        clients = stage.server.clients
        assert await clients.count("/", "a", timeout=1.0) == 0
        await clients.move("join", "/", "a", "b")
        await stage.server.emit("news", 1, to="b")
        async with one.there():
            assert await one.take(1) == [1]
            assert await clients.count("/", "b", timeout=1.0) == 1
        await clients.move("disconnect", "/", "b")
        await stage.emptied()
        async with one.there():
            assert not one.recovered


async def test_calls_to_a_client_that_is_away_fail_at_once() -> None:
    """Also those that it had not answered when it was cut off; callbacks are forgotten."""
    async with staged() as (stage, one):
        async with one.there():
            calling = asyncio.ensure_future(stage.server.call("ask", to=one.sid))
            await one.client.receive()
        with pytest.raises(DisconnectedError):
            await calling
        with pytest.raises(DisconnectedError):
            await stage.server.call("ask", to=one.sid)
        with pytest.raises(GoneError):
            await stage.server.request("ask", None, to=one.sid, namespace="/", timeout=None)
        await stage.server.emit("ask", to=one.sid, callback=print)
        (member,) = stage.server.manager.members["/"].values()
        assert not member.callbacks


@each_form
async def test_a_refusal_that_is_a_text_is_not_taken_for_an_offset(form: str) -> None:
    """``refusal_body`` may make one, and clients take any string at the end for an offset."""
    script = Script()

    async def refuse(peer: Peer[Any]) -> list[Any]:
        raise RefusedError("forbidden", "no")

    script.handlers["bad"] = refuse
    script.recoveries["/"] = Recovery(offset=form)  # type: ignore[arg-type]  # one of the two
    body: Callable[[RefusedError], Any] = lambda error: error.message  # noqa: E731  # as users write the option
    async with serve(script, refusal_body=body) as stage:
        one = Returner(stage, form)
        async with one.there():
            await stage.server.emit("news", 1)
            await one.take(1)
            last = one.offset
            await one.client.send('42["bad"]')
            refusal = payload(await one.client.receive())
            if form == "argument":
                assert refusal == ["exception", "no", last]
            else:
                assert refusal == ["exception", "no"]
                assert payload(await one.client.receive()) == ["~", last]


async def test_a_server_that_ends_forgets_all_sessions() -> None:
    """Those of clients that are away, too."""
    async with staged() as (stage, one):
        async with one.there():
            pass
        assert stage.holdings["members"] == 1
        await stage.server.shutdown(1.0)
        assert stage.holdings["members"] == stage.holdings["rooms"] == 0
