"""The classes of written emits, bound to what sends."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from asynction_asgi import AsynctionSocketIO, Socket
from asynction_asgi.scaffold import make_application
from asynction_asgi.spec import load_spec
from asynction_asgi.testing import TestServer
from tests.server.documents import channel, document, message

if TYPE_CHECKING:
    from pathlib import Path

TEXT = {"type": "string"}
SENDS = [message("said", TEXT), message("sure", TEXT, **{"x-ack": {"args": {"type": "boolean"}}})]
DOCUMENT = document(
    root=channel(receives=[message("go", TEXT)], sends=SENDS),
    chat=channel(receives=[message("go", TEXT)], sends=SENDS),
)
DOCUMENT["channels"]["/rooms/{room}"] = {
    **channel(receives=[message("go", TEXT)], sends=SENDS),
    "parameters": {"room": {"schema": TEXT}},
}


@pytest.fixture
def written(tmp_path: Path) -> dict[str, dict[str, Any]]:
    """The names of each module of emits, by the name of the module."""
    path = tmp_path / "document.json"
    path.write_text(json.dumps(DOCUMENT), "utf-8")
    files = make_application(load_spec(path), tmp_path / "app", server_name=None).files
    modules: dict[str, dict[str, Any]] = {}
    for name, text in files.items():
        if name.startswith("emits/"):
            exec(compile(text, name, "exec"), modules.setdefault(name[len("emits/") : -len(".py")], {}))
    return modules


@pytest.mark.parametrize(
    ("namespace", "module"),
    [("/", "root"), ("/chat", "chat"), ("/rooms/7", "rooms_room")],
    ids=["root", "static", "dynamic"],
)
async def test_emits_are_bound_to_what_sends(
    written: dict[str, dict[str, Any]], namespace: str, module: str
) -> None:
    """An application reaches all clients of the namespace, a socket its client, ``socket.to`` the others in a room."""
    emits, calls = written[module]["Emits"], written[module]["Calls"]
    app = AsynctionSocketIO.from_spec(DOCUMENT, mock="missing")
    concrete = (namespace,) if "rooms" in namespace else ()

    async def go(socket: Socket, text: str) -> None:
        await socket.join("r")
        await emits(socket).said(f"to you: {text}")
        await emits(socket.to("r")).said(f"to others: {text}")
        await emits(app, *concrete).said(f"to all: {await calls(socket).sure(text)}")

    declared = "/rooms/{room}" if concrete else namespace
    app.on("go", go, namespace=declared)
    async with TestServer(app) as server, server.connect(namespace) as ada, server.connect(namespace) as bob:
        for client in (ada, bob):
            client.on("sure", lambda text: text == "a")
        await ada.emit("go", "a")
        assert [await ada.receive("said") for _ in range(2)] == ["to you: a", "to all: True"]
        assert await bob.receive("said") == "to all: True"
        await bob.emit("go", "b")
        assert [await ada.receive("said") for _ in range(2)] == ["to others: b", "to all: False"]
    if concrete:
        with pytest.raises(TypeError, match="pass the namespace"):
            emits(app)
