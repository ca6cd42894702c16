"""Plain functions emit, call and change rooms by the blocking forms, and tasks run in the background."""

from __future__ import annotations

import asyncio
import inspect
import math
import threading
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from asynction_asgi import AsynctionSocketIO, DisconnectedError, PayloadValidationError, Socket
from asynction_asgi.server import sync
from asynction_asgi.server.emitting import Emitting
from tests.clients import connected
from tests.serving import serve

from .documents import TEXT, channel, document, message

if TYPE_CHECKING:
    from collections.abc import Iterator

HI = {"text": "hi"}
GONE = threading.Semaphore(0)


def spec() -> dict[str, Any]:
    received = ("everything", "ask", "own loop", "hold")
    return document(
        root=channel(
            [message(name, TEXT, **{"x-ack": True}) for name in received],
            [message("said", TEXT), message("message", TEXT), message("question", TEXT, **{"x-ack": True})],
        )
    )


def everything(socket: Socket, data: Any) -> Any:
    sync, app = socket.sync, socket.app.sync
    sync.join("all")
    with sync.session() as session:
        session["name"] = "ada"
    with app.session(socket.id) as session:
        name = session["name"]
    app.save_session(socket.id, {"name": name.upper()})
    sync.emit("said", {"text": "one"})
    sync.send({"text": "two"})
    sync.broadcast("said", {"text": "others"})
    sync.to("all").to("more").emit("said", {"text": "others of a room"})
    sync.to("all").send({"text": "others of a room"})
    app.emit("said", {"text": "three"}, to="all")
    app.send({"text": "four"}, to=socket.id)
    sync.leave("all")
    app.enter_room(socket.id, "more")
    app.leave_room(socket.id, "more")
    app.close_room("more")
    return [app.get_session(socket.id)["name"], socket.rooms == [socket.id]]


def ask(socket: Socket, data: Any) -> Any:
    if data["text"] == "app":
        return socket.app.sync.call("question", data, to=socket.id, timeout=30)
    return socket.sync.call("question", data, timeout=30)


def hold(socket: Socket, data: Any) -> Any:
    try:
        socket.sync.call("question", data, timeout=600)
    except DisconnectedError:
        GONE.release()
        raise


async def own_loop(socket: Socket, data: Any) -> Any:
    words = []
    for emit in (socket.sync.emit, socket.app.sync.emit):
        try:
            emit("said", data)
        except RuntimeError as error:
            words.append(str(error))
    return words


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    handlers: Any = {"everything": everything, "ask": ask, "own loop": own_loop, "hold": hold}
    with serve(AsynctionSocketIO.from_spec(spec(), handlers={"/": handlers})) as url:
        yield url


async def test_every_method_has_a_blocking_form(url: str) -> None:
    """Of the socket and of the application."""
    async with connected(url) as client:
        assert await client.call("everything", HI) == ["ADA", True]
        texts = [(await client.receive())[1]["text"] for _ in range(4)]
    assert texts == ["one", "two", "three", "four"]


def test_no_method_is_left_out() -> None:
    """Whatever can be awaited or looped over has its blocking form."""
    app = {name for name in vars(Emitting) if not name.startswith("_")} - {"server", "sync"}
    socket = {
        name
        for name, method in vars(Socket).items()
        if not name.startswith("_") and inspect.isroutine(method)
    } - {"seen_as"}
    assert app == {name for name in vars(sync.SyncApp) if not name.startswith("_")}
    assert socket == {name for name in vars(sync.SyncSocket) if not name.startswith("_")}


def reach_all(socket: Socket, data: Any) -> Any:
    """Address clients from a plain handler, by all that addresses many."""
    app = socket.app.sync
    app.sockets().join("all")
    found, everybody = app.find(socket.id), app.sockets("all")
    asking = app.ask("question", data, to="all", timeout=30)
    answers = {answer.sid: answer.value for answer in asking}
    everybody.emit("said", {"text": "to all"})
    same = sorted(client.id for client in everybody) == sorted(answers)
    rooms, count = app.rooms(socket.id), everybody.count()
    everybody.leave("all")
    for first in app.ask("question", data, timeout=30):  # and no more
        answers[""] = first.value
        break
    others = [sid for sid in answers if sid not in ("", socket.id)]
    app.sockets(others).disconnect()
    assert found is not None
    return [found.id == socket.id, same, "all" in rooms, count, asking.asked, *answers.values()]


async def test_plain_functions_reach_many_clients() -> None:
    """They count them, ask them, and move them between rooms."""
    app = AsynctionSocketIO.from_spec(spec(), handlers={"/": {"*": lambda event, data: None}})
    app.on("everything", reach_all)

    async def question(data: Any) -> Any:
        return data["text"]

    with serve(app) as url:
        async with (
            connected(url, on={"question": question}) as client,
            connected(url, on={"question": question}) as other,
        ):
            answer = await client.call("everything", HI)
            assert answer == [True, True, True, 2, 2, "hi", "hi", "hi"]
            for receiver in (client, other):
                assert await receiver.receive() == ("said", {"text": "to all"})


async def test_a_question_is_checked_when_it_is_asked() -> None:
    """By a plain function; in a coroutine it raises."""
    app = AsynctionSocketIO.from_spec(spec(), handlers={"/": {"*": lambda event, data: None}})
    async with app.lifespan():
        with pytest.raises(PayloadValidationError):
            await asyncio.to_thread(app.sync.ask, "question", {"text": 7})
        with pytest.raises(RuntimeError, match="this would block the event loop"):
            app.sync.ask("question", HI)
        assert await asyncio.to_thread(lambda: list(app.sync.ask("question", HI))) == []


async def test_a_hundred_plain_handlers_wait_for_their_clients(url: str) -> None:
    """More than there are threads; none waits for another for ever."""

    async def question(data: Any) -> Any:
        return data["text"]

    async with connected(url, on={"question": question}) as client:
        texts = [{"text": "app" if number % 2 else f"{number}"} for number in range(100)]
        answers = await asyncio.gather(*(client.call("ask", text) for text in texts))
    assert answers == [text["text"] for text in texts]


async def test_the_event_loop_is_not_blocked(url: str) -> None:
    """In a coroutine the blocking form raises, and says what to write."""
    async with connected(url) as client:
        words = await client.call("own loop", HI)
    assert words == ["this would block the event loop; await the method of the same name without .sync"] * 2


def test_without_a_running_application_nothing_blocks() -> None:
    """It raises at once."""
    app = AsynctionSocketIO.from_spec(spec(), handlers={"/": {}})
    with pytest.raises(RuntimeError, match="the application does not run"):
        app.sync.emit("said", HI)
    with pytest.raises(ValueError, match="give it a timeout"):
        app.sync.call("question", HI, to="x", timeout=None)  # type: ignore[arg-type]  # on purpose


async def test_a_server_stops_while_plain_handlers_wait() -> None:
    """Their clients leave, which ends their calls."""
    handlers: Any = {"everything": everything, "ask": ask, "own loop": own_loop, "hold": hold}
    asked = asyncio.Semaphore(0)

    async def question(data: Any) -> None:
        asked.release()
        await asyncio.Event().wait()

    with serve(AsynctionSocketIO.from_spec(spec(), handlers={"/": handlers})) as url:
        async with connected(url, on={"question": question}) as client:
            for _ in range(3):
                await client.emit("hold", HI)
                await asyncio.wait_for(asked.acquire(), 30)
    assert all(GONE.acquire(timeout=30) for _ in range(3))


async def test_an_answer_between_two_looks_is_returned(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may come when the wait has expired, and before the look whether it is there."""
    monkeypatch.setattr(sync, "_LOOK_SECONDS", 0)
    async with connected(url) as client:
        assert await client.call("everything", HI) == ["ADA", True]


async def test_background_tasks_run_from_start_to_stop(caplog: pytest.LogCaptureFixture) -> None:
    """Once, or again and again, also after a failure; they end before the clients."""
    log: list[str] = []
    twice = threading.Semaphore(0)
    app = AsynctionSocketIO.from_spec(spec(), handlers={"/": {"*": lambda event, data: None}})

    @app.background
    async def forever() -> None:
        log.append("begin")
        try:
            await asyncio.Event().wait()
        finally:
            log.append("end")

    @app.background(every=0.01)
    async def failing() -> None:
        twice.release()
        raise OSError("no database")

    @app.on("disconnect")
    async def disconnect(sid: str) -> None:
        log.append("disconnect")

    for _ in range(2):  # an application may be served again
        log.clear()
        with serve(app) as url:
            async with connected(url):
                assert await asyncio.to_thread(twice.acquire, timeout=30)
                assert await asyncio.to_thread(twice.acquire, timeout=30)
        assert log[0] == "begin"
        assert "end" in log
    assert (
        "background task test_background_tasks_run_from_start_to_stop.<locals>.failing failed" in caplog.text
    )


async def crash(error: type[BaseException], again: threading.Semaphore) -> None:
    again.release()
    raise error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (asyncio.CancelledError, "background task crash failed; it runs again in 0.01 s"),
        (SystemExit, "raised SystemExit, which ends it and not the process; it runs again"),
    ],
)
async def test_a_background_task_runs_again_after_any_crash(
    error: type[BaseException], words: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Such as a cancellation by what it awaits, which is not the end of the application."""
    again = threading.Semaphore(0)
    app = AsynctionSocketIO.from_spec(spec(), handlers={"/": {"*": lambda event, data: None}})
    app.background(every=0.01)(partial(crash, error, again))
    with serve(app):
        for _ in range(2):
            assert await asyncio.to_thread(again.acquire, timeout=30)
    assert words in caplog.text


def test_a_background_task_is_checked_when_it_is_registered() -> None:
    """It is a coroutine function without parameters, and its period is positive."""
    app = AsynctionSocketIO.from_spec(spec(), handlers={"/": {}})

    async def task() -> None: ...
    async def taking(app: Any) -> None: ...
    def plain() -> None: ...

    with pytest.raises(TypeError, match="takes a coroutine function"):
        app.background(plain)
    with pytest.raises(TypeError, match="without arguments"):
        app.background(taking)
    with pytest.raises(TypeError, match="background calls crash without arguments"):
        app.background(partial(crash, OSError))
    for every in (0, -1, math.nan):
        with pytest.raises(ValueError, match="more than 0"):
            app.background(every=every)(task)
    for text in ("1", True):
        with pytest.raises(TypeError, match=f"seconds as a number, not {type(text).__name__}"):
            app.background(every=text)(task)  # type: ignore[arg-type]  # the point of the test
