"""Client managers passed by the application: python-socketio's own and subclasses."""

from __future__ import annotations

import asyncio
import functools
import json
import textwrap
import threading
from typing import TYPE_CHECKING, Any

import pytest
import socketio
from socketio.async_pubsub_manager import AsyncPubSubManager
from socketio.exceptions import DisconnectedError

from asynction_asgi.engine import create_server
from asynction_asgi.engine.peers.rooms import Rooms
from tests.forked import run_forked

from ..stage import SECONDS, Script, serve, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from asynction_asgi.engine import Peer


class CountsEmits:
    """A mixin that records the name of each event, as an application's override might."""

    emitted: list[str]

    async def emit(self, event: str, *arguments: Any, **options: Any) -> None:
        self.emitted.append(event)
        await super().emit(event, *arguments, **options)  # type: ignore[misc]  # the manager's


class Logged(CountsEmits, socketio.AsyncManager):  # type: ignore[misc]  # python-socketio is untyped
    """A manager that overrides one method and records its calls."""

    def __init__(self, name: str = "log") -> None:
        super().__init__()
        self.name = name
        self.emitted = []


class Slotted(CountsEmits, socketio.AsyncManager):  # type: ignore[misc]  # as above
    """A manager that stores its state outside ``__dict__``."""

    __slots__ = ("emitted",)

    def __init__(self) -> None:
        super().__init__()
        self.emitted = []


class Broker(AsyncPubSubManager):  # type: ignore[misc]  # as above
    """A queue manager with its own backend: a list of the queues of all processes."""

    name = "broker"

    def __init__(self, queues: list[asyncio.Queue[str]], *, write_only: bool = False) -> None:
        super().__init__(write_only=write_only)
        self.queues = queues
        self.closed = False
        self.inbox: asyncio.Queue[str] = asyncio.Queue()
        if not write_only:
            queues.append(self.inbox)

    async def _publish(self, data: Any) -> None:
        text = self.json.dumps(data)
        for queue in self.queues:
            queue.put_nowait(text)

    async def _listen(self) -> AsyncIterator[str]:
        while True:
            yield await self.inbox.get()

    async def close(self) -> None:
        self.closed = True


class CountingBroker(CountsEmits, Broker):
    """A queue manager that also overrides a method of python-socketio's manager."""

    def __init__(self, queues: list[asyncio.Queue[str]]) -> None:
        super().__init__(queues)
        self.emitted = []


@pytest.mark.parametrize(
    "manager",
    [Logged, functools.partial(Logged, name="other"), Logged("object"), lambda: Logged("made"), Slotted],
    ids=["class", "partial", "object", "function", "class with slots"],
)
async def test_overrides_run_and_call_our_rooms(manager: Any) -> None:
    """Overridden methods are called, and a client whose connect handler still runs gets no broadcast."""
    script = Script()
    entered, go_on = asyncio.Event(), asyncio.Event()

    async def hesitate(peer: Peer[Any], _: Any) -> None:
        if peer.namespace == "/chat":
            entered.set()
            await go_on.wait()

    script.on_connect = hesitate
    async with serve(script, client_manager=manager) as stage, stage.client() as client:
        async with stage.websocket() as pending:
            await pending.send("40/chat,")
            await entered.wait()
            await stage.server.emit("n", 1, namespace="/chat")
            await stage.server.emit("n", 1)
            assert await client.receive() == '42["n",1]'
            go_on.set()
            assert (await pending.receive()).startswith("40/chat,")
        emitting: Any = stage.server.manager
        assert emitting.emitted == ["n", "n"]
    if isinstance(manager, functools.partial):
        assert emitting.name == "other"


async def test_a_passed_object_keeps_its_class() -> None:
    """The server uses an object of its own, which shares the attributes of the passed one."""
    manager = Logged()
    async with serve(client_manager=manager) as stage, stage.client() as client:
        await stage.server.emit("n")
        assert await client.receive() == '42["n"]'
        adopted = stage.server.manager
        assert (type(manager), manager.emitted) == (Logged, ["n"])
        assert manager.rooms is adopted.rooms
        assert isinstance(adopted, Rooms)
        assert isinstance(adopted, Logged)


async def test_counting_replaces_no_method_of_a_passed_object() -> None:
    """What is emitted is counted, with the override, and both objects keep their methods."""
    manager = Logged()
    delivered: list[tuple[str, int]] = []
    async with serve(client_manager=manager) as stage, stage.client() as client, stage.client() as other:
        stage.server.count_traffic(lambda *count: delivered.append(count))
        await stage.server.emit("n")
        await stage.server.emit("n", to=other.sid)
        assert await client.receive() == await other.receive() == await other.receive() == '42["n"]'
        adopted = stage.server.manager
        assert (manager.emitted, delivered) == (["n", "n"], [("/", 2), ("/", 1)])
        assert not {name for name in vars(adopted) if callable(getattr(Rooms, name, None))}


class Channelled(Logged):
    """A manager without a queue that has attributes of the names of those with one."""

    channel, host_id, link = "news", "one", "chain"


class Counting(socketio.AsyncManager):  # type: ignore[misc]  # as above
    """A manager with attributes of its own, of names that are common."""

    def __init__(self) -> None:
        super().__init__()
        self.delivered = 0
        self.thread = threading.current_thread()

    async def emit(self, *arguments: Any, **options: Any) -> None:
        self.delivered += 1
        await super().emit(*arguments, **options)


@pytest.mark.parametrize("kind", [Counting, Counting()], ids=["class", "object"])
async def test_a_manager_keeps_attributes_of_its_own(kind: Any) -> None:
    """Emits are sent and counted, and the server stops, whatever the application keeps in its manager."""
    counted: list[tuple[str, int]] = []
    async with serve(client_manager=kind) as stage, stage.client() as client:
        manager: Any = stage.server.manager
        await stage.server.emit("n", 1)
        stage.server.count_traffic(lambda *count: counted.append(count))
        await stage.server.emit("n", 2)
        assert [await client.receive() for _ in range(2)] == ['42["n",1]', '42["n",2]']
        assert (manager.delivered, counted) == (2, [("/", 1)])
        await stage.server.shutdown(1.0)


async def test_attributes_of_a_manager_do_not_make_it_a_queue() -> None:
    """A call to an unknown client fails at once, and the clients of this process can be counted."""
    async with serve(client_manager=Channelled()) as stage, stage.client():
        with pytest.raises(DisconnectedError):
            await stage.server.call("q", to="unknown", timeout=SECONDS)
        assert await stage.server.clients.count("/", None, timeout=SECONDS) == 1
        await stage.server.ready()


@pytest.mark.parametrize("manager", [socketio.AsyncManager, socketio.AsyncManager()], ids=["class", "object"])
async def test_a_manager_without_overrides_is_ignored(manager: Any) -> None:
    """python-socketio's own manager is replaced by `Rooms`, as it adds nothing."""
    async with serve(client_manager=manager) as stage, stage.client() as client:
        assert type(stage.server.manager) is Rooms
        await stage.server.emit("n", to=client.sid)
        assert await client.receive() == '42["n"]'


@pytest.mark.parametrize(
    "kind",
    [Broker, CountingBroker, lambda queues: functools.partial(CountingBroker, queues)],
    ids=["object", "object that overrides more", "class"],
)
async def test_a_queue_manager_reaches_other_processes(kind: Any) -> None:
    """Emits, calls, rooms and disconnects reach another server's clients over the manager's own backend."""
    queues: list[asyncio.Queue[str]] = []
    managers = [kind(queues), kind(queues)]
    kinds = [type(manager) for manager in managers]
    async with (
        serve(client_manager=managers[0]) as here,
        serve(client_manager=managers[1]) as there,
        here.client() as near,
        there.client() as far,
    ):
        await here.server.emit("n", (1, b"x"))
        for client in (near, far):
            assert await client.receive() == '451-["n",1,{"_placeholder":true,"num":0}]'
            assert await client.receive() == b"x"
        call = asyncio.ensure_future(here.server.call("q", to=far.sid, timeout=20))
        assert await far.receive() == '421["q"]'
        await far.send("431[2]")
        assert await call == 2
        await here.server.enter_room(far.sid, "x")
        await here.server.emit("room", to="x")
        assert await far.receive() == '42["room"]'
        await Broker(queues, write_only=True).emit("outside", 3, to="x")
        assert await far.receive() == '42["outside",3]'
        await here.server.disconnect(far.sid)
        assert await far.receive() == "41"
        await until(lambda: not there.server.manager.members)
    assert [type(manager) for manager in managers] == kinds
    if isinstance(managers[0], CountingBroker):
        assert managers[0].emitted == ["n", "q", "room"]
    if isinstance(managers[0], Broker):
        assert [manager.closed for manager in managers] == [True, True]


async def test_callbacks_run_outside_the_task_that_reads() -> None:
    """A callback can cancel its own task, and another process's answers still arrive."""
    queues: list[asyncio.Queue[str]] = []
    answers: asyncio.Queue[str] = asyncio.Queue()

    def callback(answer: str) -> None:
        answers.put_nowait(answer)
        task = asyncio.current_task()
        assert task is not None
        task.cancel()

    async with (
        serve(client_manager=Broker(queues)) as here,
        serve(client_manager=Broker(queues)) as there,
        there.client() as far,
    ):
        here.server.listen()
        for number in (1, 2):
            await here.server.emit("q", to=far.sid, callback=callback)
            assert await far.receive() == f'42{number}["q"]'
            await far.send(f'43{number}["{number}"]')
            async with asyncio.timeout(SECONDS):
                assert await answers.get() == str(number)


FORK = """
    import asyncio, os
    import socketio
    from asynction_asgi.engine.cluster.adopt import adopt

    class Counting(socketio.AsyncRedisManager):
        async def emit(self, *arguments, **options):
            await super().emit(*arguments, **options)

    async def main():
        for passed in (socketio.AsyncRedisManager(), Counting()):
            manager = adopt(passed)
            parent = manager.host_id
            assert manager.host_id == parent != passed.host_id
            child = os.fork()
            if not child:
                os._exit(manager.host_id == parent or manager.host_id != manager.host_id)
            assert os.waitpid(child, 0)[1] == 0
            assert manager.host_id == parent

    asyncio.run(main())
"""


def test_queue_managers_have_a_host_id_per_process() -> None:
    """The host ID changes after a fork, as copies of a manager would otherwise share it."""
    completed = run_forked(("-c", textwrap.dedent(FORK)))
    assert (completed.returncode, completed.stderr) == (0, "")


async def test_a_queue_manager_drops_callbacks_for_rooms(caplog: pytest.LogCaptureFixture) -> None:
    """A callback for a room from another process is logged in one line, and nothing is sent."""
    queues: list[asyncio.Queue[str]] = []
    emit = {"method": "emit", "event": "n", "data": [1], "namespace": "/", "room": "x", "host_id": "another"}
    async with serve(client_manager=Broker(queues)) as stage, stage.client() as client:
        await stage.server.enter_room(client.sid, "x")
        queues[0].put_nowait(json.dumps({**emit, "callback": ["x", "/", 1]}))
        queues[0].put_nowait(json.dumps({**emit, "data": [2]}))
        assert await client.receive() == '42["n",2]'
    assert [record.getMessage() for record in caplog.records] == [
        "a message of the queue was dropped: callback for a room"
    ]


def _replaced() -> Logged:
    manager = Logged()
    manager.close_room = print
    return manager


@pytest.mark.parametrize(
    ("manager", "words"),
    [
        (object(), "a manager for asyncio, not object"),
        (object, "a manager for asyncio, not object"),
        (socketio.RedisManager(write_only=True), "a manager for asyncio, not RedisManager"),
        (Slotted(), r"__slots__ can't be used; pass the class Slotted"),
        (_replaced(), "close_room is set on the object; override it in a class"),
    ],
    ids=["not a manager", "a class of others", "for threads", "slots", "replaced on the object"],
)
def test_an_unusable_manager_is_refused_at_start_up(manager: Any, words: str) -> None:
    """The error says which manager to pass instead."""
    with pytest.raises(TypeError, match=words):
        create_server(Script(), client_manager=manager)
