"""The clients of a room in every process: counted, found, moved and asked."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import socketio
from socketio.async_pubsub_manager import AsyncPubSubManager

from asynction_asgi import (
    AckValidationError,
    AsynctionSocketIO,
    DisconnectedError,
    Emitter,
    Found,
    NoAnswerError,
    PayloadValidationError,
    QueueError,
    UnknownSocketError,
)
from tests.clients import connected
from tests.engine.stage import SECONDS, until
from tests.queues import running_broker
from tests.serving import serve

from .documents import BYTES, channel, document, message

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.clients import Client

SPEC = document(
    root=channel(
        sends=[
            message("sure", {"type": "integer"}, **{"x-ack": {"args": {"type": "boolean"}}}),
            message("picture", BYTES, **{"x-ack": {"args": BYTES}}),
            message("news", {"type": "string"}),
        ]
    )
)
KINDS = ["alone", "redis", "redis+stream"]


class World(NamedTuple):
    """Applications, each with a server of its own, and their addresses."""

    apps: list[AsynctionSocketIO]
    urls: list[str]


@pytest.fixture(scope="module", params=KINDS)
async def world(request: pytest.FixtureRequest, queue_url: str) -> AsyncIterator[World]:
    """Two servers on a queue, or one without."""
    kind = request.param
    options: dict[str, Any] = {}
    if kind != "alone":
        url = queue_url.replace("redis:", f"{kind}:")
        options = {"message_queue": url, "channel": uuid.uuid4().hex, "message_queue_validation": True}
    apps = [AsynctionSocketIO.from_spec(SPEC, **options) for _ in range(1 if kind == "alone" else 2)]
    with contextlib.ExitStack() as stack:
        yield World(apps, [stack.enter_context(serve(app, lifespan="on")) for app in apps])


@contextlib.asynccontextmanager
async def members(world: World, count: int, **on: Any) -> AsyncIterator[list[Client]]:
    """Clients of one room, in turn on each server."""
    async with contextlib.AsyncExitStack() as stack:
        clients = []
        for number in range(count):
            where = number % len(world.urls)
            client = await stack.enter_async_context(connected(world.urls[where], on=on))
            await world.apps[where].enter_room(client.sid, "bidders")
            clients.append(client)
        yield clients


async def test_clients_are_counted_and_found(world: World) -> None:
    """With their rooms and processes, from any process; those of other rooms are not among them."""
    app = world.apps[0]
    async with members(world, 3) as clients, connected(world.urls[-1]) as other:
        bidders = app.sockets("bidders", timeout=SECONDS)
        assert await bidders.count() == 3
        assert await app.sockets(timeout=SECONDS).count() == 4
        assert await app.sockets(["bidders", other.sid], timeout=SECONDS).count() == 4
        found = [client async for client in bidders]
        assert {client.id for client in found} == {client.sid for client in clients}
        assert {client.rooms for client in found} == {("bidders",)}
        assert len({client.process for client in found}) == len(world.apps)
        for client in (*clients, other):
            rooms = () if client is other else ("bidders",)
            found_again = await app.find(client.sid, timeout=SECONDS)
            assert found_again is not None
            assert found_again == Found(client.sid, "/", rooms, found_again.process)
        assert await app.find("bidders", timeout=SECONDS) is None
        for wrong in (None, ["bidders"]):
            with pytest.raises(TypeError, match=r"find\(\) looks for one client"):
                await app.find(wrong)  # type: ignore[arg-type]  # what is shown
        assert await app.find(clients[0].sid, "/none", timeout=SECONDS) is None


async def test_clients_are_moved(world: World) -> None:
    """Into a room, out of one, and out of the namespace, in every process by one message."""
    app = world.apps[-1]
    async with members(world, 3) as clients, connected(world.urls[0]) as other:
        await app.sockets("bidders").join("winners")
        await until_count(app, "winners", 3)
        await app.sockets("winners").emit("news", "you have won")
        for client in clients:
            assert await client.receive() == ("news", "you have won")
        await app.sockets("winners").leave("bidders")
        await until_count(app, "bidders", 0)
        await app.sockets("winners").disconnect()
        for client in clients:
            await client.wait_gone()
        await until_count(app, None, 1)
        assert other.sio.connected
        with pytest.raises(PayloadValidationError):
            await app.sockets().emit("news", 1)
        with pytest.raises(TypeError):
            await app.sockets().join(None)  # type: ignore[arg-type]  # what a caller may do


async def test_nobody_enters_the_room_of_another_client(world: World, queue_url: str) -> None:
    """Its own messages would reach both; the id is known in every process, by each way into a room."""
    app, far = world.apps[0], world.apps[-1]
    async with connected(world.urls[0]) as one, connected(world.urls[-1]) as other:
        for asked in (app, far):
            with pytest.raises(ValueError, match="is a client's id"):
                await asked.enter_room(one.sid, other.sid)
        with pytest.raises(ValueError, match="is a client's id"):
            await app.sockets().join(other.sid)
        emitter = Emitter.from_spec(SPEC, message_queue=queue_url)
        with pytest.raises(ValueError, match="is a client's id"):
            await emitter.enter_room(one.sid, other.sid)
        await emitter.close()
        await app.enter_room(one.sid, one.sid)  # where it is already
        await app.emit("news", "for one", to=other.sid)
        await app.emit("news", "for all")
        assert await one.receive() == ("news", "for all")
        assert [await other.receive() for _ in range(2)] == [("news", "for one"), ("news", "for all")]


async def until_count(app: AsynctionSocketIO, room: str | None, count: int) -> None:
    async with asyncio.timeout(SECONDS):
        while await app.sockets(room, timeout=SECONDS).count() != count:  # noqa: ASYNC110  # it may be in another process
            await asyncio.sleep(0.02)


async def test_clients_are_asked(world: World) -> None:
    """Each answer is checked; one that is silent, has left or answers wrongly counts as an error."""
    app, answers = world.apps[0], iter([True, "yes"])

    def sure(amount: int) -> Any:
        assert amount == 7
        return next(answers)

    leaving = asyncio.Event()

    async def say_nothing(_: int) -> bool:
        await asyncio.sleep(1000)
        return True

    async def leave(_: int) -> bool:
        leaving.set()
        await asyncio.sleep(1000)
        return True

    async with (
        members(world, 2, sure=sure),
        members(world, 2, sure=say_nothing) as [mute, _],
        members(world, 1, sure=leave) as [gone],
    ):
        asking = app.ask("sure", 7, to="bidders", timeout=5)
        assert asking.asked is None
        results: dict[str, Any] = {}
        left = gone.sid

        async def drop() -> None:
            await leaving.wait()
            await gone.sio.disconnect()

        dropping = asyncio.ensure_future(drop())
        async for answer in asking:
            results[answer.sid] = answer
        await dropping
        assert asking.asked == len(results) == 5
        assert sorted(str(answer.value) for answer in results.values()) == ["None"] * 4 + ["True"]
        assert isinstance(results[mute.sid].error, NoAnswerError)
        assert isinstance(results[left].error, DisconnectedError)
        errors = [type(answer.error) for answer in results.values()]
        assert errors.count(AckValidationError) == 1
        assert errors.count(NoAnswerError) == 2


async def test_bytes_are_asked_and_answered(world: World) -> None:
    """Over the queue, too."""
    app = world.apps[-1]
    async with members(world, 2, picture=lambda data: data[::-1]):
        values = [answer.value async for answer in app.ask("picture", b"\x00\xff", to="bidders")]
        sids = [client.id async for client in app.sockets("bidders")]
        called = [await app.call("picture", b"\x00\xff", to=sid, timeout=10) for sid in sids]
    assert values == called == [b"\xff\x00"] * 2


async def test_an_answer_without_a_form_on_the_queue(
    queue_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A client of MessagePack can send bytes beside what stands for bytes elsewhere; who asks learns it at once.

    It is counted under the same reason in the queue's state, in the log and in the metrics.
    """
    options: dict[str, Any] = {
        "message_queue": queue_url,
        "channel": uuid.uuid4().hex,
        "serializer": "msgpack",
        "metrics": True,
    }
    apps = [AsynctionSocketIO.from_spec(SPEC, validation=False, **options) for _ in range(2)]
    with contextlib.ExitStack() as stack:
        url, _ = (stack.enter_context(serve(app, lifespan="on")) for app in apps)
        client = socketio.AsyncClient(serializer="msgpack")
        client.on("picture", lambda _: ({"_placeholder": True}, b"x"))
        await client.connect(url)
        try:
            sid = client.get_sid("/")
            asked = [answer async for answer in apps[1].ask("picture", b"", to=sid)]
            assert [type(answer.error) for answer in asked] == [AckValidationError]
            with pytest.raises(AckValidationError, match="the answer has no JSON form"):
                await apps[1].call("picture", b"", to=sid, timeout=60)
        finally:
            await client.disconnect()
    assert apps[0].queue is not None
    dropped = apps[0].queue.dropped
    reason = "an answer without a form on the queue"
    await until(lambda: dropped == {reason: 2}, "both were dropped")
    assert f"a message of the queue was dropped: {reason}: " in caplog.text
    assert apps[0].metrics is not None
    assert f'asynction_queue_dropped_total{{reason="{reason}"}} 2' in apps[0].metrics.exposition()
    assert not [record for record in caplog.records if record.exc_info]


async def test_a_question_to_nobody_and_one_that_is_left(world: World) -> None:
    """The first has no answers; the second is forgotten with its loop, and others go on."""
    app = world.apps[0]
    asking = app.ask("sure", 7, to="nobody")
    assert [answer async for answer in asking] == []
    assert asking.asked == 0
    async with members(world, 2, sure=lambda _: True) as clients:
        async for answer in app.ask("sure", 7, to="bidders"):
            assert answer.value is True
            break
        answers = [answer async for answer in app.ask("sure", 7, to=[client.sid for client in clients])]
        assert {answer.value for answer in answers} == {True}
        with pytest.raises(PayloadValidationError):
            app.ask("sure", "seven")
        with pytest.raises(ValueError, match=r"ask\(\) asks many"):
            await app.emit("sure", 7, to="bidders", callback=print)


async def test_unanswered_questions_are_forgotten(world: World) -> None:
    """After the timeout in every process, and at once where the loop ends early: the clients owe nothing more."""

    def owed() -> bool:
        sockets = [socket for app in world.apps for socket in app.server.eio.sockets.values()]
        return any(socket.connection.awaits_acks for socket in sockets)

    async def say_nothing(_: int) -> bool:
        await asyncio.sleep(1000)
        return True

    async with members(world, 2, sure=say_nothing), members(world, 1, sure=lambda _: True):
        asking = world.apps[0].ask("sure", 7, to="bidders", timeout=3)
        assert [answer.value async for answer in asking].count(None) == 2
        await until(lambda: not owed())
    async with members(world, 1, sure=say_nothing), members(world, 1, sure=lambda _: True):
        async for answer in world.apps[0].ask("sure", 7, to="bidders"):
            assert answer.value is True
            assert owed()
            break
        await until(lambda: not owed())


async def test_hooks_run_around_a_question() -> None:
    """Once per question; they may ask something else, or nothing."""
    app = AsynctionSocketIO.from_spec(SPEC)
    amounts: list[int] = []

    @app.around_emit
    async def double(emission: Any, proceed: Any) -> None:
        assert (emission.kind, emission.to) == ("ask", None)
        if emission.data[0] > 0:
            await proceed(2 * emission.data[0])

    def sure(amount: int) -> bool:
        amounts.append(amount)
        return True

    with serve(app, lifespan="on") as url:
        async with connected(url, on={"sure": sure}):
            assert [answer.value async for answer in app.ask("sure", 7)] == [True]
            assert [answer.value async for answer in app.ask("sure", 0)] == []
    assert amounts == [14]


async def test_a_manager_of_python_socketio_reaches_one_process() -> None:
    """Instead of an incomplete answer, the caller learns what to use."""
    manager = AsyncPubSubManager()
    app = AsynctionSocketIO.from_spec(SPEC, client_manager=manager)
    with pytest.raises(TypeError, match="use message_queue in its place"):
        await app.sockets().count()


async def test_rooms_and_sessions_are_those_of_a_process(queue_url: str) -> None:
    """Over a queue, the error for a client of another process says how to find it."""
    channel_name = uuid.uuid4().hex
    one, two = (
        AsynctionSocketIO.from_spec(SPEC, message_queue=queue_url, channel=channel_name) for _ in range(2)
    )
    with pytest.raises(QueueError, match="not on the message queue"):
        await one.sockets().count()
    with serve(one, lifespan="on") as url, serve(two, lifespan="on"):
        async with connected(url) as client:
            await one.save_session(client.sid, {"name": "ada"})
            assert one.rooms(client.sid) == [client.sid]
            with pytest.raises(UnknownSocketError, match=r"app\.find\(sid\)"):
                two.rooms(client.sid)
            with pytest.raises(KeyError):
                await two.get_session(client.sid)
            with pytest.raises(KeyError):
                await two.save_session(client.sid, {})
            await until(lambda: two.queue is not None and len(two.queue.processes) == 2)
            found = await two.find(client.sid, timeout=SECONDS)
            assert found is not None
            assert found.process in (one.queue.processes if one.queue is not None else ())


async def test_a_client_of_this_process_is_reached_in_an_outage() -> None:
    """By its sid it is found, counted, moved, asked and called; what concerns all processes raises."""
    with running_broker() as broker:
        app = AsynctionSocketIO.from_spec(SPEC, message_queue=broker.url.replace("redis:", "redis+stream:"))
        other = AsynctionSocketIO.from_spec(SPEC, message_queue=broker.url.replace("redis:", "redis+stream:"))
        with serve(app, lifespan="on") as url, serve(other, lifespan="on"):
            async with connected(url, on={"sure": lambda _: True}) as client:
                await until(lambda: len(app.queue.processes) == 2, "the other process")  # type: ignore[union-attr]
                broker.end()
                sockets = app.sockets(client.sid, timeout=0.05)
                await sockets.join("bidders")
                found = await app.find(client.sid, timeout=0.05)
                assert found is not None
                assert (found.id, found.rooms) == (client.sid, ("bidders",))
                assert await sockets.count() == 1
                answers = [answer async for answer in app.ask("sure", 7, to=client.sid)]
                assert [(answer.sid, answer.value) for answer in answers] == [(client.sid, True)]
                assert await app.call("sure", 7, to=client.sid) is True
                with pytest.raises(QueueError, match="0 of 1"):
                    await app.sockets("bidders", timeout=0.05).count()
                with pytest.raises(QueueError, match="0 of 1"):
                    await app.find("nobody", timeout=0.05)
                await sockets.leave("bidders")
                assert app.rooms(client.sid) == [client.sid]
                await sockets.disconnect()
                await client.wait_gone()
