"""Stopping a server: handlers end and answer, then clients are disconnected, then the process ends."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import re
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import pytest
from websockets.exceptions import InvalidStatus

from asynction_asgi.engine import Limits
from asynction_asgi.engine.peers import stopping as stopping_module
from tests.clients import connected
from tests.forked import ForkedProcess
from tests.protocols import LONG_WAY, SHORT_WAY

from ..stage import Script, serve, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from asynction_asgi.engine import Peer

SECONDS = 30.0
ROOT = Path(__file__).parents[2]
APPLICATION = """\
import asyncio

from asynction_asgi import AsynctionSocketIO

ANY = {"x-ack": True}
DOCUMENT = {
    "asyncapi": "2.6.0",
    "info": {"title": "Stop", "version": "1.0.0"},
    "channels": {
        "/": {
            "publish": {"message": {"oneOf": [{"name": "work", **ANY}, {"name": "ask", **ANY}, {"name": "hang", **ANY}]}},
            "subscribe": {"message": {"name": "question", **ANY}},
        }
    },
}
app = AsynctionSocketIO.from_spec(DOCUMENT, default_error_handler=lambda error: None)


async def told_to_stop():
    print("begun", flush=True)
    while not app.server.stopping:
        await asyncio.sleep(0.01)


@app.on("work")
async def work():
    await told_to_stop()
    return "done"


@app.on("ask")
async def ask(socket):
    await told_to_stop()
    return await socket.call("question")


@app.on("hang")
async def hang():
    await told_to_stop()
    await asyncio.Event().wait()


@app.on("disconnect")
async def disconnect(reason):
    print("disconnect:", reason, flush=True)


class Middleware:
    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        async def received():
            return await receive()

        await self.app(scope, received, send)


wrapped = Middleware(app)
"""
COMMANDS = {
    "run": ("asynction_asgi", "run", "application:app", "--port", "0"),
    "run, wrapped receive": ("asynction_asgi", "run", "application:wrapped", "--port", "0"),
    "uvicorn": ("uvicorn", "application:app", "--port", "0"),
}


class Process:
    """A server in its own process."""

    def __init__(self, process: ForkedProcess, url: str) -> None:
        self.process = process
        self.url = url

    async def says(self, beginning: str) -> None:
        """Wait until a handler prints a line with this beginning; the server's own lines are skipped."""
        assert self.process.stdout is not None
        while line := await read_line(self.process.stdout):
            if line.startswith(beginning):
                return
        raise AssertionError(f"the process ended without printing {beginning!r}")

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    async def end(self) -> None:
        await asyncio.to_thread(self.process.wait, SECONDS)


@contextlib.asynccontextmanager
async def running(command: Sequence[str], folder: Path) -> AsyncIterator[Process]:
    (folder / "application.py").write_text(APPLICATION, "utf-8")
    environment = {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}
    process = ForkedProcess(("-m", *command), cwd=folder, env=environment)
    assert process.stderr is not None
    log = ""
    try:
        while (match := re.search(r"running on (http://\S+)", log)) is None:
            line = await read_line(process.stderr)
            assert line, log
            log += line
        yield Process(process, match[1])
        if process.returncode is not None:
            assert "Traceback" not in process.communicate()[1]
    finally:
        process.kill()
        process.communicate()


async def read_line(pipe: TextIO) -> str:
    async with asyncio.timeout(SECONDS):
        return await asyncio.to_thread(pipe.readline)


@pytest.mark.parametrize(
    ("server_name", "transport", "event"),
    [
        *itertools.product(("run", "run, wrapped receive"), ("websocket", "polling"), ("work", "ask")),
        *itertools.product(("uvicorn",), ("websocket",), ("work", "ask")),
        ("uvicorn", "polling", "work"),  # uvicorn reads no further request of that client, such as an answer
    ],
)
async def test_handlers_answer_before_their_clients_leave(
    server_name: str, transport: str, event: str, tmp_path: Path
) -> None:
    """On SIGTERM a running handler answers, also if it first waits for the client's answer."""

    async def question() -> str:
        return "done"

    async with running(COMMANDS[server_name], tmp_path) as server:
        async with connected(server.url, on={"question": question}, transports=[transport]) as client:
            call = asyncio.ensure_future(client.call(event))
            await server.says("begun")
            server.stop()
            assert await call == "done"
            await client.wait_gone()
            await server.says("disconnect: server shutting down")
        await server.end()


@pytest.mark.parametrize("command", [COMMANDS["run"], COMMANDS["uvicorn"]], ids=["run", "uvicorn"])
async def test_a_hanging_handler_is_cancelled_and_answered(command: Sequence[str], tmp_path: Path) -> None:
    """After the timeout its client receives the refusal `unavailable` before it is disconnected."""
    async with running(command, tmp_path) as server:
        async with connected(server.url) as client:
            call = asyncio.ensure_future(client.sio.call("hang", timeout=SECONDS))
            await server.says("begun")
            server.stop()
            answer = await call
            assert answer["error"]["code"] == "unavailable"
        await server.end()


WAYS = pytest.mark.parametrize("ws", [LONG_WAY, SHORT_WAY], ids=["long way", "short way"])


def stopping(server: Any) -> asyncio.Task[None]:
    return asyncio.get_running_loop().create_task(server.shutdown(0.2))


@WAYS
async def test_new_events_are_refused_while_stopping(ws: str) -> None:
    """While handlers finish, new events and CONNECTs are refused, and acks are still accepted."""
    gate = asyncio.Event()

    async def wait(peer: Peer[Any], *_: Any) -> Sequence[Any]:
        await gate.wait()
        return ["done"]

    async with serve(ws=ws) as stage, stage.client() as client:
        stage.script.handlers["wait"] = wait
        await client.send('421["wait"]')
        await until(lambda: ("wait",) in stage.script.told)
        ending = asyncio.get_running_loop().create_task(stage.server.shutdown(5.0))
        await until(lambda: stage.server.stopping)
        assert (await client.ask('422["echo"]'))[0]["error"]["code"] == "unavailable"
        await client.send("40/chat,")
        assert (await client.receive()).startswith("44/chat,")
        gate.set()
        assert await client.receive() == '431["done"]'
        await client.closed()
        await ending
    assert ("echo",) not in stage.script.told


@WAYS
@pytest.mark.parametrize("drains", [False, True], ids=["stop", "drain"])
async def test_a_client_may_leave_while_the_server_stops(
    ws: str, monkeypatch: pytest.MonkeyPatch, *, drains: bool
) -> None:
    """The others are answered and sent away, and the server ends when its own handler has ended, too."""
    monkeypatch.setattr(stopping_module, "STOP_SECONDS", SECONDS)
    gates = {"work": asyncio.Event(), "last": asyncio.Event()}

    async def wait(peer: Peer[Any], event: str) -> Sequence[Any]:
        await gates[event].wait()
        return ["done"]

    async with serve(ws=ws) as stage, stage.client() as client, stage.client() as leaver:
        stage.script.handlers["wait"] = wait
        await leaver.send('42["wait","last"]')
        await client.send('421["wait","work"]')
        await until(lambda: {("wait", "last"), ("wait", "work")} <= set(stage.script.told))
        end = stage.server.drain(0.0) if drains else stage.server.shutdown(SECONDS)
        ending = asyncio.get_running_loop().create_task(end)
        await until(lambda: stage.server.stopping)
        leaver.raw.transport.abort()
        await until(lambda: len(stage.server.eio.sockets) == 1)
        gates["work"].set()
        assert await client.receive() == '431["done"]'
        assert not ending.done()
        gates["last"].set()
        assert await client.closed() == 1012
        await ending
        await stage.emptied()


@WAYS
@pytest.mark.parametrize("ordering", ["serial", "concurrent"])
async def test_waiting_events_are_refused_when_stopping(ws: str, ordering: Any) -> None:
    """After the timeout no waiting event starts in place of a cancelled one, and every event is answered."""

    async def hang(peer: Peer[Any], *_: Any) -> Sequence[Any]:
        await asyncio.Event().wait()
        return []

    script = Script()
    script.handlers["hang"] = hang
    options: dict[str, Any] = {"ordering": ordering, "limits": Limits(handlers=1)}
    async with serve(script, ws=ws, **options) as stage, stage.client() as client:
        await client.send('421["hang"]', '422["hang"]', '423["hang"]')
        await until(lambda: ("hang",) in script.told)
        ending = stopping(stage.server)
        answers = sorted([await client.receive() for _ in range(3)])
        assert [answer[:3] for answer in answers] == ["431", "432", "433"]
        assert all("unavailable" in answer for answer in answers)
        await client.closed()
        await ending
    assert [entry[0] for entry in script.told] == ["connect", "hang", "disconnect"]


async def test_a_polling_client_fetches_its_last_answer() -> None:
    """An ack sent between two polls is not lost, as the session ends only after it was fetched."""
    gate = asyncio.Event()

    async def wait(peer: Peer[Any], *_: Any) -> Sequence[Any]:
        await gate.wait()
        return ["done"]

    async with serve() as stage, stage.polling() as client:
        stage.script.handlers["wait"] = wait
        await client.post("40")
        await client.poll()
        await client.post('421["wait"]')
        ending = asyncio.get_running_loop().create_task(stage.server.shutdown(5.0))
        await until(lambda: stage.server.stopping)
        gate.set()
        [socket] = stage.server.eio.sockets.values()
        await until(lambda: bool(socket.outbox.frames))
        assert await client.poll() == ['431["done"]']
        assert await client.poll() == ["6"], "not CLOSE: python-socketio would not come back"
        await ending
        assert (await client.get()).status_code == 503


@WAYS
async def test_a_client_that_leaves_gets_its_answers_alone(ws: str) -> None:
    """What it sends once it is leaving is not taken, so that it may send it to another process; acks are."""

    async def ask(peer: Peer[Any], *_: Any) -> Sequence[Any]:
        return await stage.server.request("question", None, to=peer.sid, namespace="/", timeout=SECONDS)

    async with serve(ws=ws) as stage, stage.client() as client:
        stage.script.handlers["ask"] = ask
        await client.send('421["ask"]')
        assert await client.receive() == '421["question"]'
        draining = asyncio.ensure_future(stage.server.drain(0.0))
        await until(lambda: stage.server.stopping)
        await client.send('422["echo"]', "40/chat,", '431["yes"]')
        assert await client.receive() == '431["yes"]'
        assert await client.closed() == 1012
        await draining
    assert [told[0] for told in stage.script.told] == ["connect", "ask", "disconnect"]


async def test_a_polling_client_that_leaves_fetches_its_answers() -> None:
    """Also one whose handlers had ended before, and whose next poll comes late."""
    async with serve() as stage, stage.polling() as client:
        await client.post("40")
        await client.poll()
        await client.post('421["echo"]')
        [socket] = stage.server.eio.sockets.values()
        await until(lambda: bool(socket.outbox.frames))
        draining = asyncio.ensure_future(stage.server.drain(0.0))
        await until(lambda: socket.connection in (stage.server._service.leaving or ()))
        await client.post('422["echo"]')
        assert not socket.closing
        assert await client.poll() == ["431[]"]
        assert await client.poll() == ["6"]
        await draining
    assert [told[0] for told in stage.script.told] == ["connect", "echo", "disconnect"]


@WAYS
async def test_what_waits_behind_a_hanging_handler_is_not_answered(
    ws: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client learns by its disconnect that another process may take it; the handler is cancelled."""

    async def hang(peer: Peer[Any], *_: Any) -> Sequence[Any]:
        await asyncio.Event().wait()
        return []

    monkeypatch.setattr(stopping_module, "STOP_SECONDS", 0.1)
    async with serve(ws=ws, limits=Limits(handlers=1)) as stage, stage.client() as client:
        stage.script.handlers["hang"] = hang
        await client.send('421["hang"]', '422["echo"]')
        await until(lambda: ("hang",) in stage.script.told)
        draining = asyncio.ensure_future(stage.server.drain(0.0))
        answer = await client.receive()
        assert (answer[:3], "unavailable" in answer) == ("431", True)
        assert await client.closed() == 1012
        await draining
    assert [told[0] for told in stage.script.told] == ["connect", "hang", "disconnect"]


@WAYS
async def test_newcomers_are_refused_or_leave_last(ws: str) -> None:
    """They are refused with 503, and taken if this process alone can take them."""
    async with serve(ws=ws) as stage, stage.client() as client:
        draining = asyncio.ensure_future(stage.server.drain(5, admitting=True))
        await until(lambda: stage.server.stopping)
        async with stage.client() as late:
            assert await late.ask('421["echo",1]') == [1]
            assert await client.closed() == await late.closed() == 1012
        await draining
        with pytest.raises(InvalidStatus) as refused:
            async with stage.websocket():
                pass
        response = refused.value.response
        assert (response.status_code, response.headers["retry-after"]) == (503, "1")


async def test_draining_can_be_given_up_for_a_stop() -> None:
    """The stop then sees to the clients, and a later start takes new ones."""
    async with serve() as stage:
        async with stage.client() as client:
            with pytest.raises(ValueError, match="0 or more"):
                await stage.server.drain(-1)
            assert not stage.server.stopping
            draining, waiting = (asyncio.ensure_future(stage.server.drain(1000.0)) for _ in range(2))
            await until(lambda: stage.server.stopping)
            draining.cancel()
            assert await client.ask('421["echo",1]') == [1]
            assert not waiting.done(), "as only the other was cancelled"
            await stage.server.shutdown(1.0)
            await waiting
            assert await client.closed() == 1012
        stage.server.listen()
        async with stage.client() as client:
            assert await client.ask('421["echo",1]') == [1]
