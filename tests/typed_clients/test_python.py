"""The module for python-socketio: what type checkers say of its uses, and what a real server answers."""

from __future__ import annotations

import ast
import asyncio
import importlib.util
import queue
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import socketio

from asynction_asgi import AsynctionSocketIO, RefusedError
from asynction_asgi.python_source.source import literal
from asynction_asgi.spec import load_spec
from asynction_asgi.spec.instances import Choices, Instances, UnsatisfiableError
from asynction_asgi.spec.model.offered import served_spec
from asynction_asgi.testing import TestServer, wire
from asynction_asgi.typed_clients import write_python, write_typescript

from ..serving import serve
from .test_agreement import DOCUMENTS
from .test_names import hostile_document

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from asynction_asgi import Socket
    from asynction_asgi.spec.model import Spec

HERE = Path(__file__).parent
DESK = HERE / "desk.yaml"
SAMPLES = 3
USAGE = """\
from __future__ import annotations

from desk import Client, RefusedError, Rooms, Ticket, Wire


async def use(wire: Wire) -> None:
    desk = Client(wire)
    number: int = await desk.open_ticket({"title": "It burns", "tags": ["hot"]})
    await desk.move(number, "up")
    await desk.move(number)
    text, count = await desk.both("a")
    print(text.upper(), count)
    print((await Rooms(wire, room_id="7").say("hi")).upper())

    async def opened(ticket: Ticket) -> None:
        print(ticket["title"])

    def sure(question: str) -> bool:
        return bool(question)

    desk.on_opened(opened)
    desk.on_sure(sure)
    try:
        await desk.tick()
    except RefusedError as error:
        print(error.code, [detail["pointer"] for detail in error.details])

    await desk.open_ticket({})  # type: ignore[typeddict-item]
    await desk.open_ticket({"title": "a", "colour": 1})  # type: ignore[typeddict-unknown-key]
    await desk.open_ticket({"title": 1})  # type: ignore[typeddict-item]
    await desk.move("1")  # type: ignore[arg-type]
    await desk.move(1, "left")  # type: ignore[arg-type]
    await desk.tick(1)  # type: ignore[call-arg]
    await desk.attach({"file": "text"})  # type: ignore[typeddict-item]
    Rooms(wire)  # type: ignore[call-arg]
    desk.on_sure(opened)  # type: ignore[arg-type]
    word: str = await desk.open_ticket({"title": "a"})  # type: ignore[assignment]
"""


def loaded(text: str) -> ModuleType:
    """Return the module of a text."""
    spec = importlib.util.spec_from_loader("desk_client", loader=None)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["desk_client"] = module
    try:
        exec(compile(text, "desk_client.py", "exec"), module.__dict__)
    finally:
        del sys.modules["desk_client"]
    return module


def checked(folder: Path, tool: str, *arguments: str) -> str:
    """Return what a tool prints about a folder."""
    done = subprocess.run(
        [sys.executable, "-m", tool, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


def calls(spec: Spec, text: str) -> Iterator[str]:
    """Yield a call with values that the contract accepts, for each event and each of some samples."""
    instances = Instances(spec)
    classes = [node for node in ast.parse(text).body if isinstance(node, ast.ClassDef)]
    named = classes[len(classes) - len(spec.namespaces) :]
    for written, namespace in zip(named, spec.namespaces.values(), strict=True):
        functions = [node.name for node in written.body if isinstance(node, ast.AsyncFunctionDef)]
        events = [event for name, event in namespace.receives.items() if name != "*"]
        for function, event in zip(functions, events, strict=True):
            for seed in range(SAMPLES):
                try:
                    values = instances.arguments(event.arguments, Choices.seeded(f"{event.name}{seed}"))
                except UnsatisfiableError:
                    break
                arguments = ", ".join(literal(value) for value in values)
                yield f"    await cast(m.{written.name}, made).{function}({arguments})"


def recovering(offset: str) -> dict[str, Any]:
    """Return a document whose clients get what they missed."""
    pair = {"type": "array", "items": [{"type": "integer"}, {"type": "string"}], "minItems": 2, "maxItems": 2}
    sent = [
        {"name": "number", "payload": {"type": "integer"}},
        {"name": "pair", "payload": pair, "x-positional": True},
        {"name": "some", "payload": {"type": "array", "items": {"type": "integer"}}, "x-positional": True},
        {"name": "last", "payload": {"type": "boolean"}},
    ]
    return {
        "asyncapi": "2.6.0",
        "info": {"title": "Recovering", "version": "1.0.0"},
        "channels": {"/": {"x-recovery": {"offset": offset}, "subscribe": {"message": {"oneOf": sent}}}},
    }


def write_clients(folder: Path) -> None:
    """Write the modules of all documents, for both clients, and files that use them with accepted values."""
    documents: dict[str, Any] = {f"{path.parent.name}_{path.stem}": path for path in DOCUMENTS}
    documents["hostile"] = hostile_document()
    documents |= {f"recovering_{offset}": recovering(offset) for offset in ("argument", "event")}
    for name, document in documents.items():
        spec = served_spec(load_spec(document))
        stem = "".join(char if char.isalnum() else "_" for char in name)
        text = write_python(spec).text
        (folder / f"m_{stem}.py").write_text(text, "utf-8")
        (folder / f"s_{stem}.py").write_text(write_python(spec, sync=True).text, "utf-8")
        uses = [line.replace("m.", f"m_{stem}.", 1) for line in dict.fromkeys(calls(spec, text))]
        if uses:
            head = f"from typing import Any, cast\nimport m_{stem}\n\nasync def use(made: Any) -> None:\n"
            (folder / f"u_{stem}.py").write_text(head + "\n".join(uses) + "\n", "utf-8")
    (folder / "desk.py").write_text(write_python(load_spec(DESK)).text, "utf-8")
    (folder / "usage.py").write_text(USAGE, "utf-8")


def test_accepted_values_are_of_their_types(tmp_path: Path) -> None:
    """Modules of all documents are typed, for both clients, and accept what the contracts accept."""
    write_clients(tmp_path)
    assert checked(tmp_path, "mypy", "--strict", "--cache-dir", ".cache", ".").startswith("Success")
    modules = [path.name for path in tmp_path.glob("[ms]_*.py")]
    assert checked(tmp_path, "ruff", "check", "--no-cache", *modules) == "All checks passed!\n"
    formatted = f"{len(modules)} files already formatted\n"
    assert checked(tmp_path, "ruff", "format", "--no-cache", "--check", *modules) == formatted


def desk() -> AsynctionSocketIO:
    """Return a server of the desk."""
    app = AsynctionSocketIO.from_spec(DESK, mock="missing")

    @app.on("open ticket")
    async def open_ticket(socket: Socket, ticket: Any) -> int:
        await socket.emit("opened", ticket)
        return 7 if await socket.call("sure", "really?") else 0

    @app.on("move")
    async def move(number: int, way: str | None = None) -> None:
        assert (number, way) == (1, "up")

    @app.on("both")
    async def both(text: str) -> tuple[str, None]:
        return text, None

    @app.on("attach")
    async def attach(attachment: Any) -> int:
        return len(attachment["file"])

    @app.on("say", namespace="/rooms/{roomId}")
    async def say(text: str, *, roomId: str) -> str:  # noqa: N803  # the document's name
        return f"{roomId}: {text}"

    return app


async def talk(module: ModuleType, desk_wire: Any, room_wire: Any) -> None:
    """Use every form of an event, and see answers, refusals and events."""
    opened: asyncio.Queue[Any] = asyncio.Queue()
    refused: asyncio.Queue[Any] = asyncio.Queue()
    client = module.Client(desk_wire)
    client.on_opened(opened.put_nowait)
    client.on_exception(refused.put_nowait)
    client.on_sure(lambda question: question == "really?")
    assert await client.open_ticket({"title": "It burns"}) == 7
    assert await asyncio.wait_for(opened.get(), 10) == {"title": "It burns"}
    assert await client.both("a") == ("a", None)
    assert await client.attach({"file": b"abc"}) == 3
    await client.move(1, "up")
    room = module.Rooms(room_wire, room_id="7")
    assert room.namespace == "/rooms/7"
    assert await room.say("hi") == "7: hi"


async def test_the_module_works_against_a_real_server() -> None:
    """Over python-socketio's client, answers are returned, and refusals raise the module's error."""
    module = loaded(write_python(load_spec(DESK)).text)
    with serve(desk()) as url:
        sio = socketio.AsyncClient(reconnection=False)
        await sio.connect(
            url,
            socketio_path=module.PATH,
            namespaces=["/", "/rooms/7"],
            auth={"name": "Ada"},
            transports=["websocket"],
        )
        try:
            await talk(module, sio, sio)
            with pytest.raises(module.RefusedError, match="invalid_payload") as refused:
                await module.Client(sio).open_ticket({"title": ""})
            assert refused.value.details[0]["pointer"] == "/0/title"
            assert refused.value.retry_after is None
            with pytest.raises(ValueError, match="can't be a part of a namespace"):
                module.Rooms(sio, room_id="a/b")
        finally:
            await sio.disconnect()


def test_the_module_for_clients_that_block_works() -> None:
    """The same classes without ``await``."""
    module = loaded(write_python(load_spec(DESK), sync=True).text)
    with serve(desk()) as url:
        sio = socketio.Client(reconnection=False)
        sio.connect(url, socketio_path=module.PATH, auth={"name": "Ada"}, transports=["websocket"])
        try:
            client = module.Client(sio)
            client.on_sure(lambda _: True)
            assert client.open_ticket({"title": "It burns"}) == 7
            with pytest.raises(module.RefusedError, match="invalid_payload"):
                client.open_ticket({"title": ""})
        finally:
            sio.disconnect()


async def test_the_module_works_over_a_test_client() -> None:
    """`testing.wire` lets the classes run in the process, where both directions are checked."""
    module = loaded(write_python(load_spec(DESK)).text)
    async with (
        TestServer(desk()) as server,
        server.connect(auth={"name": "Ada"}) as client,
        server.connect("/rooms/7") as room,
    ):
        await talk(module, wire(client), wire(room))
        with pytest.raises(ValueError, match="is connected to '/'"):
            await module.Rooms(wire(client), room_id="7").say("hi")


async def test_a_refusal_raises_the_error_of_the_module() -> None:
    """Over a test client too, so that tests see what programs see, and after how many seconds to try again."""
    app = AsynctionSocketIO.from_spec(DESK, mock="missing")

    @app.on("both")
    async def both(text: str) -> None:
        raise RefusedError("closed", text, retry_after=2.5)

    module = loaded(write_python(load_spec(DESK)).text)
    async with TestServer(app) as server, server.connect(auth={"name": "Ada"}) as client:
        with pytest.raises(module.RefusedError) as refused:
            await module.Client(wire(client)).both("at night")
    assert (refused.value.code, refused.value.message) == ("closed", "at night")
    assert refused.value.retry_after == 2.5


@pytest.mark.parametrize("offset", ["argument", "event"])
@pytest.mark.parametrize("sync", [False, True], ids=["async", "sync"])
async def test_handlers_get_the_arguments_that_are_declared(offset: str, sync: bool) -> None:
    """Where clients that come back get what they missed, an offset follows them on the wire."""
    app = AsynctionSocketIO.from_spec(recovering(offset))
    module = loaded(write_python(load_spec(recovering(offset)), sync=sync).text)
    received: queue.Queue[Any] = queue.Queue()
    done = threading.Event()

    async def pair(number: int, text: str) -> None:
        received.put((number, text))

    def listen(sio: Any) -> None:
        client = module.Client(sio)
        client.on_number(received.put)
        client.on_pair(pair if not sync else lambda *given: received.put(given))
        client.on_some(lambda *given: received.put(given[:1]))
        client.on_last(lambda ended: done.set() if ended else None)

    with serve(app) as url:
        sio = socketio.Client(reconnection=False) if sync else socketio.AsyncClient(reconnection=False)
        listen(sio)
        if sync:
            await asyncio.to_thread(sio.connect, url, transports=["websocket"])
        else:
            await sio.connect(url, transports=["websocket"])
        await app.emit("number", 7)
        await app.emit("pair", (8, "x"))
        await app.emit("some", (9,))
        await app.emit("last", True)
        assert await asyncio.to_thread(done.wait, 20)
        ended = sio.disconnect()
        if not sync:
            await ended
    assert [received.get_nowait() for _ in range(3)] == [7, (8, "x"), (9,)]
    assert ("_first(1, handler)" in write_python(load_spec(recovering(offset))).text) == (
        offset == "argument"
    )


def test_hostile_texts_stay_texts() -> None:
    """No text of a document leaves its comment or its string, and no handler is named."""
    text = write_python(load_spec(hostile_document())).text
    names = {node.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ClassDef)}
    assert "evil" not in {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)} | names
    assert not {char for char in text if not char.isprintable() and char != "\n"}


def test_an_ack_that_accepts_refusals_is_warned_of() -> None:
    """The warning is the same as for TypeScript."""
    (warning,) = write_python(load_spec(DESK)).warnings
    assert "'vague'" in warning


def test_an_ack_that_no_value_meets_is_of_any_type() -> None:
    """A method of type Never may not return, and this one returns what the server answered."""
    message = {"name": "say", "x-ack": {"args": {"not": {}}}}
    document = {
        "asyncapi": "2.6.0",
        "info": {"title": "T", "version": "1.0.0"},
        "channels": {"/": {"publish": {"message": message}}},
    }
    tree = ast.parse(write_python(load_spec(document)).text)
    (method,) = [
        node for node in ast.walk(tree) if isinstance(node, ast.AsyncFunctionDef) and node.name == "say"
    ]
    assert method.returns is not None
    assert ast.unparse(method.returns) == "Any"


@pytest.mark.parametrize("write", [write_python, write_typescript], ids=["Python", "TypeScript"])
def test_both_languages_write_as_many_alternatives(write: Any) -> None:
    """Ten alternatives beside a property are written one by one in either language."""
    branches = [{"properties": {f"member{number}": {"type": "string"}}} for number in range(10)]
    payload = {"type": "object", "properties": {"kind": {"type": "string"}}, "oneOf": branches}
    document = {
        "asyncapi": "2.6.0",
        "info": {"title": "T", "version": "1.0.0"},
        "channels": {"/": {"publish": {"message": {"name": "say", "payload": payload}}}},
    }
    assert "member9" in write(load_spec(document)).text
