"""What users see is typed by pyright's strict mode: generated code, options, providers, and the support desk."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.javascript import node_command
from tests.scaffold.generating import DOCUMENTS, ROOT, written

from .test_python import write_clients

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

APPLICATION = ROOT / "tests" / "support_desk" / "application"
SECONDS = 300.0
# An error that does not come where one is expected is an error, too.
OPTIONS = """\
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, Any, assert_type

from asynction_asgi import AsynctionSocketIO, Call, Emission, Provide, Socket, Validation


class Transaction:
    rows: list[str] = []


async def transaction() -> AsyncIterator[Transaction]:
    yield Transaction()


def visitor(socket: Socket) -> str:
    return socket.id


Visitor = Annotated[str, Provide(visitor, scope="connection")]
Provide(visitor, scope="session")  # pyright: ignore[reportArgumentType]
Provide("visitor")  # pyright: ignore[reportArgumentType]


async def say(text: str, *, transaction: Transaction, visitor: Visitor) -> int:
    assert_type(visitor, str)
    transaction.rows.append(visitor)
    transaction.commit()  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    return len(text)


app = AsynctionSocketIO.from_spec(
    "chat.yaml",
    server_name="live",
    strict=True,
    schemas={"https://schemas.example.com/": "vendor"},
    validation=Validation(inbound="enforce", outbound="warn"),
    docs_guard=lambda request: request.client is not None,
    handlers={"/": {"say": say}},
    provide={Transaction: transaction},
    bind="start",
    cors_allowed_origins=["https://example.com"],
    ping_interval=10,
)
AsynctionSocketIO.from_spec("chat.yaml", valdation=True)  # pyright: ignore[reportCallIssue]
AsynctionSocketIO.from_spec("chat.yaml", validation="maybe")  # pyright: ignore[reportArgumentType]
AsynctionSocketIO.from_spec("chat.yaml", bind="later")  # pyright: ignore[reportArgumentType]
AsynctionSocketIO.from_spec("chat.yaml", handlers={"say": say})  # pyright: ignore[reportArgumentType]
app.serve()  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]


@app.on("say")
async def also(socket: Socket, text: str) -> int:
    assert_type(socket.user, Any)
    await socket.to("room").emit("said", text)
    await socket.emit("said", text, room="room")  # pyright: ignore[reportArgumentType]
    return len(text)


@app.around("/", "say")
async def timed(call: Call, proceed: Callable[[], Awaitable[Any]]) -> Any:
    assert_type(call.event, str)
    return await proceed()


@app.around_emit
async def shorten(emission: Emission, proceed: Callable[..., Awaitable[Any]]) -> Any:
    return await proceed(emission.data)


@app.background(every=60)
async def announce() -> None:
    await app.emit("said", "still here")


async def use(socket: Socket) -> None:
    assert_type(await also(socket, "hello"), int)
    await also(socket, 7)  # pyright: ignore[reportArgumentType]
    with app.override({Transaction: Transaction()}):
        await announce()
"""


def test_pyright_finds_no_error(tmp_path: Path, node_modules: Path) -> None:
    """One process checks everything, each application with its own modules."""
    roots = [tmp_path / name for name in ("clients", "options", "support_desk", *DOCUMENTS)]
    for root in roots[:2]:
        root.mkdir()
    write_clients(roots[0])
    (roots[1] / "options.py").write_text(OPTIONS, "utf-8")
    shutil.copytree(APPLICATION, roots[2])
    for name, document in DOCUMENTS.items():
        written(document, tmp_path / name)
    configure(tmp_path, roots)
    done = subprocess.run(
        [node_command(), str(node_modules / "pyright" / "index.js"), "--pythonpath", sys.executable],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.stdout.endswith("0 errors, 0 warnings, 0 informations\n"), done.stdout + done.stderr
    assert done.returncode == 0


def configure(folder: Path, roots: Iterable[Path]) -> None:
    """Make each of the folders a place from which modules are imported."""
    places = [{"root": root.name, "extraPaths": [str(ROOT)]} for root in roots]
    settings = {
        "typeCheckingMode": "strict",
        "reportUnnecessaryTypeIgnoreComment": True,
        "executionEnvironments": places,
    }
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
