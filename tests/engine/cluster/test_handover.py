"""Clients that come back to another process of their queue, and find there what they were."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from asynction_asgi.engine import Limits, create_server
from asynction_asgi.engine.cluster.managers import QueueRooms
from asynction_asgi.engine.cluster.rhythm import Rhythm
from asynction_asgi.engine.cluster.settings import create_settings
from asynction_asgi.engine.peers import stopping
from asynction_asgi.engine.peers.sessions import new_pid
from asynction_asgi.errors import RefusedError
from asynction_asgi.spec.model import Recovery
from tests.engine.returner import Returner

from ..stage import SECONDS, Script, Stage, payload, serve_app, until
from .movers import ROOMS, Mover, expected, plan
from .processes import RHYTHM, acquainted, processes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from asynction_asgi.engine import Peer

LIMITS = Limits(drain_seconds=20.0)


@contextlib.asynccontextmanager
async def cluster(
    queue_url: str,
    count: int = 2,
    *,
    form: Any = "argument",
    limits: Limits = LIMITS,
    rhythm: dict[str, float] | None = None,
    bounds: dict[str, Any] | None = None,
    last: dict[str, float] | None = None,
    channel: str = "",
    others: int = 0,
    **options: Any,
) -> AsyncIterator[list[Stage]]:
    """Run servers with recovery that know each other, on a channel of their own by default.

    Args:
        queue_url: The broker's.
        count: How many servers.
        form: How clients learn offsets.
        limits: Of each server.
        rhythm: Times of all servers.
        bounds: What the document says of recovery.
        last: Other times of the last server.
        channel: On which others may be, too.
        others: How many those are.
        options: For each server.
    """
    channel = channel or f"test-{id(asyncio.current_task())}-{random.random()}"
    async with contextlib.AsyncExitStack() as stack:
        stages = []
        for number in range(count):
            times = {
                **RHYTHM,
                "tick": 0.05,
                **(rhythm or {}),
                **((last or {}) if number == count - 1 else {}),
            }
            script = Script()
            script.recoveries["/"] = Recovery(**(bounds or {}), offset=form)
            settings = create_settings(queue_url, channel=channel, rhythm=Rhythm(**times))
            server = create_server(script, client_manager=QueueRooms(settings), limits=limits, **options)
            url = await stack.enter_async_context(serve_app(server.app))
            stack.push_async_callback(server.shutdown, 1.0)
            server.listen()
            stages.append(Stage(url, server, script))
        for stage in stages:
            manager: Any = stage.server.manager
            await until(partial(knows, manager.link, count + others), "acquainted")
        yield stages


def knows(link: Any, count: int) -> bool:
    """Return whether a process knows this number of processes, and has waited for more."""
    return len(link.processes) == count and link.is_acquainted


@pytest.fixture(params=["redis", "redis+stream"])
def broker(queue_url: str, request: pytest.FixtureRequest) -> str:
    """The URL of a queue, of each kind that has one order for all."""
    return queue_url.replace("redis:", f"{request.param}:")


@pytest.fixture
def stream(queue_url: str) -> str:
    """The URL of a stream."""
    return queue_url.replace("redis:", "redis+stream:")


def moved(stage: Stage) -> dict[str, int]:
    """Return what has become of sessions, as a process counts it."""
    manager: Any = stage.server.manager
    return dict(manager.moved)


@pytest.mark.parametrize("form", ["argument", "event"])
async def test_a_client_moves_with_all_that_it_had(broker: str, form: str) -> None:
    """Sid, rooms, session and what it missed, whichever process emitted that; and it moves on from there."""
    async with cluster(broker, 3, form=form) as (first, second, third):
        one = Returner(first, form)
        async with one.there():
            sid = one.sid
            for room in ("a", 7):
                await first.server.enter_room(sid, room)
            await first.server.save_session(sid, {"visits": [1, None, "x"]})
            await second.server.emit("news", 1, to="a")
            assert await one.take(1) == [1]
        await first.server.emit("news", 2, to=7)
        await second.server.emit("news", 3, to=sid)
        await third.server.emit("news", 4)
        one.stage = second
        async with one.there():
            assert (one.recovered, one.sid) == (True, sid)
            assert sorted(map(str, second.server.rooms(sid))) == sorted([sid, "a", "7"])
            assert await second.server.get_session(sid) == {"visits": [1, None, "x"]}
            assert [peer.recovered for peer in second.script.peers] == [True]
            assert await one.take(4) == [1, 2, 3, 4]
            await first.server.emit("news", 5, to="a")
            await third.server.emit("news", 6, to=sid)
            assert sorted(await one.take(6)) == [1, 2, 3, 4, 5, 6]
        assert sid not in first.server.manager.members.get("/", {})
        await third.server.emit("news", 7, to="a")
        one.stage = third
        async with one.there():
            assert (one.recovered, one.sid) == (True, sid)
            assert (await one.take(7))[6:] == [7]
        assert [moved(stage) for stage in (first, second, third)] == [
            {"given": 1},
            {"given": 1, "taken": 1},
            {"taken": 1},
        ]


async def test_attachments_move(stream: str) -> None:
    """Bytes that a client has missed arrive as they were."""
    async with cluster(stream) as (first, second):
        one = Returner(first)
        async with one.there():
            pass
        await first.server.emit("picture", {"a": [b"\x00", b"\xff"]})
        one.stage = second
        async with one.there():
            head = await one.client.receive()
            assert head.startswith('452-["picture",{"a":[{"_placeholder":true,"num":0},')
            assert [await one.client.receive(), await one.client.receive()] == [b"\x00", b"\xff"]


async def test_another_user_does_not_get_the_session(stream: str) -> None:
    """It is answered as if there were no session, which stays its owner's."""
    async with cluster(stream) as (first, second):
        one = Returner(first)
        async with one.there(user="ada"):
            before = one.pid
        one.stage = second
        async with one.there(user="bob"):
            assert not one.recovered
        one.pid = before
        async with one.there(user="ada"):
            assert one.recovered
        assert moved(second) == {"unanswered": 1, "taken": 1}


# More than a test waits for a client: only the processes' answers can end a claim in time.
PATIENT = {"claim": 2 * SECONDS}
# No process denies a claim before the end of the test.
NEVER_DENIED = {**PATIENT, "unheld": 2 * SECONDS}


async def test_a_claim_ends_once_every_process_has_denied_it(stream: str) -> None:
    """Also if some say so before others do."""
    async with cluster(stream, 3, rhythm=PATIENT, last={"unheld": 0.5}) as (first, *_):
        one = Returner(first)
        one.pid = new_pid()
        async with one.there():
            assert not one.recovered
        assert moved(first) == {"unanswered": 1}


async def test_a_process_that_waited_in_vain_says_so(stream: str) -> None:
    """A client that claims one session in two processes at once starts over in both."""
    async with cluster(stream, 3, rhythm=PATIENT, last={"unheld": 0.5}) as (first, second, _):
        one, two = Returner(first), Returner(second)
        one.pid = two.pid = new_pid()
        async with asyncio.TaskGroup() as group, first.websocket() as client:
            await client.send("40" + json.dumps({"pid": one.pid}))
            await until(lambda: first.holdings["members"], "claimed")
            group.create_task(stays(two))
            assert payload(await client.receive())["pid"] != one.pid
        assert [moved(stage) for stage in (first, second)] == [{"unanswered": 1}] * 2


@pytest.mark.parametrize(
    "shown", [{"offset": "\ud800"}, {"pid": "r1" + "\ud800" * 24}], ids=["offset", "pid"]
)
async def test_what_has_no_form_on_the_queue_is_not_asked_for(stream: str, shown: dict[str, str]) -> None:
    """A JSON module may take half a surrogate pair from a client: that client starts over at once."""
    async with cluster(stream, form="event", json=json) as (first, second):
        one = Returner(first, "event")
        async with one.there():
            pass
        one.stage = second
        async with one.there(**shown):
            assert not one.recovered
        manager: Any = second.server.manager
        assert moved(second) == {}
        assert manager.link.write == manager.link.writer.put  # nothing is kept of the queue


async def test_a_client_that_claims_again_and_again_has_few_claims(stream: str) -> None:
    """The oldest ones are not awaited any more, and what they keep of the queue is dropped."""
    async with cluster(stream, rhythm=NEVER_DENIED) as (first, second), contextlib.AsyncExitStack() as stack:
        pid = json.dumps({"pid": new_pid()})
        clients = [await stack.enter_async_context(first.websocket()) for _ in range(12)]
        for number, client in enumerate(clients, 1):
            await client.send("40" + pid)
            await until(partial(holds, first, number), "claimed")
        for client in clients[:-1]:
            assert (await client.receive()).startswith("40")
        manager: Any = second.server.manager
        own: Any = first.server.manager
        for number in range(1, 13):
            manager.answer("adopt", own.host_id, number, lost="incomplete")
        assert (await clients[-1].receive()).startswith("40")
        assert (own.dropped["unasked"], moved(first)) == (4, {"incomplete": 1})


def holds(stage: Stage, count: int) -> bool:
    """Return whether a process has this number of clients, connected or not yet."""
    return bool(stage.holdings["members"] == count)


async def test_an_event_that_was_forgotten_is_kept_again(stream: str) -> None:
    """Of two clients that have missed it, the second one comes when the first one's copy had to go."""
    async with cluster(stream, limits=Limits(recovery_bytes=4000)) as (first, second):
        one, two = Returner(first), Returner(first)
        async with one.there(), two.there():
            pass
        await first.server.emit("news", 1)
        for returner in (one, two):
            returner.stage = second
        async with one.there():
            assert await one.take(1) == [1]
            for number in range(2, 4):
                await second.server.emit("news", [number, "x" * 3000], to=one.sid)
            async with two.there():
                assert two.recovered
                assert await two.take(1) == [1]


async def test_a_claim_that_others_overtake_again_and_again_ends_at_once(stream: str) -> None:
    """Its client starts over without waiting for the end of the claim, and why is counted."""
    async with cluster(stream, rhythm=NEVER_DENIED) as (first, second):
        manager: Any = second.server.manager
        own: Any = first.server.manager
        one = Returner(first)
        one.pid = new_pid()
        coming = asyncio.ensure_future(stays(one))
        await until(lambda: first.holdings["members"], "claimed")
        for number in range(1, 5):
            manager.answer("adopt", own.host_id, number, lost="superseded")
        await coming
        assert moved(first) == {"busy": 1}


@pytest.mark.parametrize("is_ready", [False, True], ids=["overtaken", "and called ready where it was"])
async def test_a_session_comes_to_a_claim_that_others_have_overtaken(stream: str, *, is_ready: bool) -> None:
    """What a process says of an earlier claim, which had the session then, does not end the later one."""
    async with cluster(stream, rhythm=NEVER_DENIED) as (first, second):
        manager: Any = second.server.manager
        own: Any = first.server.manager
        one = Returner(first)
        one.pid = new_pid()
        coming = asyncio.ensure_future(returns(one))
        for number in range(1, 4):
            await put(first, number)
            manager.answer("adopt", own.host_id, number, lost="superseded")
        await put(first, 4)
        if is_ready:
            manager.answer("held", own.host_id, 1, ready=True)
            manager.answer("adopt", own.host_id, 5, lost="superseded")
        give(second, first, 4)
        await coming
        assert moved(first) == {"taken": 1}


@pytest.mark.parametrize("is_awaited", [False, True], ids=["unknown", "awaited by an older connection"])
async def test_a_session_that_came_after_its_claim_is_given_on(stream: str, *, is_awaited: bool) -> None:
    """A process that did not have it when it read the claim looks again before it says so."""
    async with (
        cluster(stream, rhythm=NEVER_DENIED, last={"unheld": 1.0}) as (first, second),
        second.websocket() as older,
        second.websocket() as client,
    ):
        one = Returner(first)
        one.pid = new_pid()
        shown = "40" + json.dumps({"pid": one.pid})
        if is_awaited:
            await older.send(shown)
            await put(second, 1)
        coming = asyncio.ensure_future(returns(one))
        await put(first, 1)
        if is_awaited:
            await until(lambda: claims(first)._asks[1].claim.holders, "held")
        await client.send(shown)
        await put(second, 1 + is_awaited)
        give(first, second, 1 + is_awaited)
        assert payload(await client.receive())["pid"] == one.pid
        await coming
        assert [moved(stage) for stage in (first, second)] == [{"taken": 1}, {"taken": 1, "given": 1}]


def claims(stage: Stage) -> Any:
    """Return the sessions that a process has asked for."""
    return stage.server._returning.elsewhere


async def put(stage: Stage, number: int) -> None:
    """Wait until a process has read on the queue a claim of its own."""

    def is_read() -> bool:
        ask = claims(stage)._asks.get(number)
        return ask is not None and ask.read is not None

    await until(is_read, "put on the queue")


def give(giver: Stage, taker: Stage, number: int) -> None:
    """Answer a claim with a session that the process never had."""
    manager: Any = giver.server.manager
    other: Any = taker.server.manager
    kept = {"sid": "x", "shown_sid": "x", "rooms": [], "session": {}, "last_ack": 0, "last": 0}
    head = {"sender": manager.host_id, "method": "adopt", "host_id": other.host_id, "id": number}
    manager.link.write(manager.settings.codec.emit([], **head, **kept))


async def returns(one: Returner) -> None:
    """Connect for a moment, with the session that it had."""
    async with one.there():
        assert one.recovered


async def test_claims_beyond_the_limit_are_counted(stream: str) -> None:
    """The client starts over at once."""
    limits = Limits(recovery_sessions=1)
    async with (
        cluster(stream, limits=limits, rhythm=NEVER_DENIED) as (first, _),
        first.websocket() as client,
    ):
        await client.send("40" + json.dumps({"pid": new_pid()}))
        await until(lambda: first.holdings["members"], "claimed")
        one = Returner(first)
        one.pid = new_pid()
        await stays(one)
        assert moved(first) == {"busy": 1}


async def stays(one: Returner) -> None:
    """Connect for a moment, with a new session."""
    async with one.there():
        assert not one.recovered


@pytest.mark.parametrize(
    ("session", "bounds", "reason"),
    [
        pytest.param({"when": (1, 2)}, {}, "not JSON", id="a session with a tuple"),
        pytest.param({}, {"events": 1}, "incomplete", id="too many events"),
    ],
)
async def test_a_session_that_cannot_move_ends(
    stream: str, session: dict[str, Any], bounds: dict[str, Any], reason: str
) -> None:
    """Its client starts a new session, and the reason is counted."""
    async with cluster(stream, bounds=bounds) as (first, second):
        one = Returner(first)
        async with one.there():
            await first.server.save_session(one.sid, session)
        for number in range(2):
            await first.server.emit("news", number)
        one.stage = second
        async with one.there():
            assert not one.recovered
        assert moved(second) == {reason: 1}
        assert first.holdings["members"] == 0


async def test_a_user_without_a_form_in_json_starts_over(stream: str) -> None:
    """Nothing is asked, as no process could tell whether it is the same user."""
    async with cluster(stream) as (first, second):
        one = Returner(first)
        async with one.there():
            pass
        one.stage = second
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(second.script, "user", lambda _: object())
            async with one.there():
                assert not one.recovered
        assert moved(second) == {"not JSON": 1}


async def test_a_return_waits_for_the_handlers_of_the_other_process(broker: str) -> None:
    """The connection there is closed first, if its loss was not noticed; what its handler does counts."""
    left, gate = [], asyncio.Event()

    async def disconnected(peer: Peer[Any], reason: str) -> None:
        await gate.wait()
        left.append((peer.recoverable, reason))
        await peer.sender.leave_room(peer.sid, "a")
        await peer.sender.emit("news", 2, to=peer.sid)

    async with cluster(broker) as (first, second):
        first.script.on_disconnect = disconnected
        one = Returner(first)
        async with one.there():
            await first.server.enter_room(one.sid, "a")
            await second.server.emit("news", 1, to=one.sid)
            again = Returner(second)
            again.pid = one.pid
            asyncio.get_running_loop().call_later(0.05, gate.set)
            async with again.there():
                assert (again.recovered, again.sid) == (True, one.sid)
                assert await again.take(2) == [1, 2]
                assert second.server.rooms(one.sid) == [one.sid]
                assert left == [(True, "transport close")]


async def test_the_wait_for_a_session_is_bounded(stream: str) -> None:
    """A process that stands still, or has a handler that does not end, costs its client the session and no more."""
    gate = asyncio.Event()

    async def disconnected(peer: Peer[Any], reason: str) -> None:
        await gate.wait()

    limits = Limits(drain_seconds=0.2)
    async with cluster(stream, limits=limits, rhythm={"claim": 0.2}) as (first, second):
        first.script.on_disconnect = disconnected
        one = Returner(first)
        async with one.there():
            pass
        one.stage = second
        async with one.there():
            assert not one.recovered
        assert moved(second) in ({"unanswered": 1}, {"busy": 1})
        gate.set()


async def test_a_client_that_leaves_before_it_is_answered_finds_its_session_there(stream: str) -> None:
    """It is away in the process that it came to, whose handlers run as for any client that was cut off."""
    async with cluster(stream) as (first, second):
        one = Returner(first)
        async with one.there():
            pass
        await first.server.emit("news", 1)
        async with second.websocket() as client:
            await client.send("40" + json.dumps({"pid": one.pid}))
            await until(lambda: second.holdings["members"], "claimed")
            client.raw.transport.abort()
        await until(lambda: moved(second) == {"taken": 1}, "taken")
        await second.server.emit("news", 2)
        one.stage = second
        async with one.there():
            assert one.recovered
            assert await one.take(2) == [1, 2]
        assert [told[0] for told in second.script.told] == ["connect", "disconnect"] * 2


async def test_rooms_change_while_a_client_is_away_or_on_its_way(broker: str) -> None:
    """By whichever process, also by the handlers of the client's own."""
    async with cluster(broker, 3) as (first, second, third):
        one = Returner(first)
        async with one.there():
            await first.server.enter_room(one.sid, "a")
        await first.server.leave_room(one.sid, "a")
        await first.server.enter_room(one.sid, "b")
        await third.server.enter_room(one.sid, "c")
        await until(lambda: "c" in first.server.rooms(one.sid), "entered")

        async def connect(peer: Peer[Any], auth: Any) -> None:
            await second.server.clients.move("leave", "/", "b", "b")
            await third.server.enter_room(one.sid, "d")

        second.script.on_connect = connect
        one.stage = second
        async with one.there():
            assert one.recovered
            await until(lambda: sorted(second.server.rooms(one.sid)) == sorted([one.sid, "c", "d"]), "moved")


@pytest.mark.parametrize("count", [1, 2])
async def test_a_process_that_drains_hands_its_sessions_over(stream: str, count: int) -> None:
    """It waits for that if there is another process, and then takes part in the queue no longer than needed."""
    recoverable = []

    async def disconnected(peer: Peer[Any], reason: str) -> None:
        recoverable.append((reason, peer.recoverable))

    async with cluster(stream, count) as (first, *others):
        first.script.on_disconnect = disconnected
        one = Returner(first)
        async with one.there():
            draining = asyncio.ensure_future(first.server.drain(0.0))
            assert await one.client.closed() == 1012
        assert recoverable == [("server shutting down", count > 1)]
        for other in others:
            await other.server.emit("news", 1)
            assert not draining.done()
            one.stage = other
            async with one.there():
                assert one.recovered
                assert await one.take(1) == [1]
        await draining
        assert first.holdings["members"] == 0


async def test_a_process_that_drains_waits_for_its_successor(
    stream: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that was started in its place is ready before others have heard of it; sessions move there nevertheless."""
    monkeypatch.setattr(stopping, "_SUCCESSOR_SECONDS", SECONDS)
    channel = f"test-{random.random()}"
    async with cluster(stream, 1, channel=channel) as [first]:
        one = Returner(first)
        async with one.there():
            draining = asyncio.ensure_future(first.server.drain(0.0))
            await until(lambda: first.server.stopping, "draining")
            async with cluster(stream, 1, channel=channel, others=1) as [second]:
                assert await one.client.closed() == 1012
                one.stage = second
                async with one.there():
                    assert one.recovered
                await draining


async def test_a_process_waits_for_as_long_as_clients_come_back(
    stream: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Those that don't come back end its waiting, and the log says how many they are."""
    caplog.set_level("INFO", "asynction_asgi.engine")
    monkeypatch.setattr(stopping, "_RETURN_SECONDS", SECONDS)
    async with cluster(stream) as (first, second):
        one, two = Returner(first), Returner(first)
        async with one.there(), two.there():
            draining = asyncio.ensure_future(first.server.drain(0.0))
            assert [await returner.client.closed() for returner in (one, two)] == [1012, 1012]
        one.stage = second
        async with one.there():
            assert one.recovered
            assert not draining.done()
            monkeypatch.setattr(stopping, "_RETURN_SECONDS", 0.0)
            await draining
    assert "the sessions of 1 clients end" in caplog.text


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"method": "claim", "id": 1}, id="a claim without a session"),
        pytest.param(
            {"method": "claim", "id": 1, "key": 7, "offset": None, "user": "", "ready": None}, id="a key"
        ),
        pytest.param({"method": "held", "id": "1"}, id="a number"),
        pytest.param({"method": "adopt", "host_id": "x"}, id="a session without a number"),
    ],
)
async def test_malformed_messages_are_counted(stream: str, claims: dict[str, Any]) -> None:
    """The listener goes on."""
    async with cluster(stream) as (first, second):
        manager: Any = first.server.manager
        other: Any = second.server.manager
        answers = {"sender": manager.host_id, "host_id": other.host_id}
        asks = {"host_id": manager.host_id}
        manager.put({**(asks if claims["method"] == "claim" else answers), **claims})
        await until(lambda: other.dropped["malformed"] == 1, "counted")


async def test_a_session_that_was_not_asked_for_is_dropped(stream: str) -> None:
    """It changes nothing."""
    async with cluster(stream) as (first, second):
        other: Any = second.server.manager
        give(first, second, 1)
        await until(lambda: other.dropped["unasked"] == 1, "dropped")
        assert second.holdings["members"] == 0


async def test_sessions_that_the_document_does_not_allow_are_dropped(stream: str) -> None:
    """With validation of what comes over the queue, what a client has missed is checked as well."""
    async with cluster(stream) as (first, second):
        one = Returner(first)
        async with one.there():
            pass
        await first.server.emit("forbidden", 1, ignore_queue=True)
        manager: Any = second.server.manager

        def check(event: str, data: Any, namespace: str) -> None:
            raise RefusedError("unknown_event", f"{event} {data} {namespace}")

        manager.check = check
        one.stage = second
        async with one.there():
            assert not one.recovered
        assert manager.dropped["not allowed by the document"] == 1


# The process of a busy machine may be silent for seconds; its clients would start new sessions.
LONG_SILENCE = {"silence": 15.0, "death": 20.0, "claim": 15.0}


@pytest.mark.parametrize(
    ("kind", "form", "secret"),
    [("redis", "argument", None), ("redis+stream", "argument", "s" * 16)],
    ids=["pub/sub", "a signed stream"],
)
async def test_clients_that_move_at_random_receive_what_others_do(
    queue_url: str, kind: str, form: str, secret: str | None
) -> None:
    """Through cuts at any moment, some unnoticed: each event once, in the order of its process, in one session."""
    chance, names = random.Random(13), ("p0", "p1", "p2")
    url = queue_url.replace("redis:", f"{kind}:")
    async with (
        processes(url, len(names), secret=secret, rhythm=LONG_SILENCE, recovery={"offset": form}) as running,
        contextlib.AsyncExitStack() as stack,
    ):
        controls = [await stack.enter_async_context(process.client()) for process in running]
        await acquainted(*controls)
        urls = [process.url for process in running]
        movers = [Mover(urls, ROOMS[:rooms], random.Random(chance.random())) for rooms in range(3)]
        for mover in movers:
            await mover.begin()
        plans = {name: plan(name, chance, len(movers), 200) for name in names}
        over = asyncio.Event()
        moving = [asyncio.ensure_future(mover.move(over.is_set)) for mover in movers]
        sids = [mover.sid for mover in movers]
        await asyncio.gather(
            *(
                client.ask("spray", name, sids, plans[name])
                for name, client in zip(names, controls, strict=True)
            )
        )
        over.set()
        await asyncio.gather(*moving)
        for number, mover in enumerate(movers):
            wanted = {name: expected(name, plans[name], number, mover.rooms) for name in names}
            await mover.stay(sum(map(len, wanted.values())))
            assert mover.received == wanted
            assert mover.sessions == 1
            assert mover.stays > 1
            await mover.close()
