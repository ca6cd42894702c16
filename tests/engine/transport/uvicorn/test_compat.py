"""What the engine uses of uvicorn beyond ASGI, and how it works without it."""

from __future__ import annotations

import asyncio
import importlib.metadata
import json
import logging
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from asynction_asgi.engine import create_server
from asynction_asgi.engine.transport.uvicorn import compat
from tests.cli.processes import running
from tests.clients import connected
from tests.forked import run_forked
from tests.protocols import LONG_WAY, OWN, SHORT_WAY

from ...stage import Script, Stage, serve, serve_app, until
from .changed import CHANGES, SIZES

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[4]
DOCUMENT = """\
asyncapi: 2.6.0
info: {title: Echo, version: 1.0.0}
channels:
  /:
    publish: {message: {name: echo, x-handler: handlers.echo, x-ack: true, payload: {type: string}}}
"""
VERSIONS = f"uvicorn {uvicorn.__version__}, websockets {importlib.metadata.version('websockets')}"

ORIGINAL: Any = SimpleNamespace(**vars(WebSocketsSansIOProtocol))


def python(*arguments: str, cwd: Path = ROOT) -> str:
    """Return the output of a separate interpreter."""
    run = subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A document with its handlers."""
    (tmp_path / "echo.yaml").write_text(DOCUMENT, "utf-8")
    (tmp_path / "handlers.py").write_text("async def echo(text): return text\n", "utf-8")
    return tmp_path


def test_an_application_is_created_without_uvicorn(folder: Path) -> None:
    """Neither uvicorn nor websockets is imported until uvicorn serves, so no release can break an import."""
    steps = (
        "import asynction_asgi",
        "from asynction_asgi import AsynctionSocketIO",
        "AsynctionSocketIO.from_spec('echo.yaml')",
    )
    code = [f"import sys; sys.path.insert(0, {str(ROOT)!r})"]
    for step in steps:
        code += [step, "print(*sys.modules)"]
    shown = python("-c", "\n".join(code), cwd=folder).splitlines()
    for step, names in zip(steps, shown, strict=True):
        imported = {name.partition(".")[0] for name in names.split()}
        assert "asynction_asgi" in imported
        assert not imported & {"uvicorn", "websockets"}, step


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_release_is_served_by_plain_asgi(change: str) -> None:
    """Small and large events are answered, and if the shortcut is off, one line names both versions."""
    command = ["-m", "tests.engine.transport.uvicorn.changed", change]
    done = run_forked(command, cwd=ROOT, again=("asynction_asgi", "tests"))
    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout)
    unchanged = change == "nothing"
    assert outcome["sizes"] == [*SIZES]
    assert outcome["short"] is unchanged
    assert len(outcome["lines"]) == (not unchanged)
    for line in outcome["lines"]:
        assert line.startswith("serving WebSockets by plain ASGI")
        assert VERSIONS in line


async def test_run_starts_on_a_changed_release(folder: Path) -> None:
    """`run` falls back to uvicorn's own protocol class if the module of ours cannot be loaded."""
    change = "from tests.engine.transport.uvicorn import changed\nchanged.without_sansio()\n"
    (folder / "sitecustomize.py").write_text(change, "utf-8")
    with running("run", "echo.yaml", "--port", "0", cwd=folder, modules=folder) as (url, command):
        async with connected(url) as client:
            assert await client.call("echo", "x") == "x"
    assert command.output.count("serving WebSockets by plain ASGI") == 1


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore:The `websockets` implementation")
async def test_another_class_of_uvicorn_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """Uvicorn's older protocol is served by plain ASGI, and the line says which option to choose."""
    compat._warn.cache_clear()
    async with serve(ws="websockets") as stage:
        for _ in range(2):
            async with stage.client() as client:
                assert await client.ask('421["a",1]') == [1]
            await stage.emptied()
    (line,) = [record.getMessage() for record in caplog.records if record.name.startswith("asynction_asgi")]
    assert "WebSocketProtocol of uvicorn.protocols.websockets.websockets_impl" in line
    assert "--ws auto" in line


def another_scope(self: Any, *arguments: Any) -> None:
    """Add to a scope what this uvicorn does not have."""
    ORIGINAL.handle_connect(self, *arguments)
    self.scope["more"] = True


def another_answer(self: Any, *arguments: Any) -> None:
    """Add a header that this uvicorn does not have."""
    ORIGINAL.handle_connect(self, *arguments)
    self.response.headers["X-More"] = "1"


async def another_middleware(self: Any, scope: Any, receive: Any, send: Any) -> None:
    """Add to the scope of a client behind no proxy what this uvicorn does not have."""
    await self.app({**scope, "more": True}, receive, send)


@pytest.mark.parametrize(
    ("owner", "name", "changed"),
    [
        (WebSocketsSansIOProtocol, "handle_connect", another_scope),
        (WebSocketsSansIOProtocol, "handle_connect", another_answer),
        (ProxyHeadersMiddleware, "__call__", another_middleware),
    ],
    ids=["scope", "answer", "middleware"],
)
async def test_a_release_that_answers_otherwise_answers_itself(
    owner: type,
    name: str,
    changed: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """`run` leaves handshakes to a uvicorn whose scopes or answers differ, and logs that once with the difference."""
    compat.opens.cache_clear()
    monkeypatch.setattr(owner, name, changed)
    try:
        assert not compat.opens()
        assert compat.choose_http().endswith(":DeferringHttpProtocol")
    finally:
        compat.opens.cache_clear()
    (record,) = caplog.records
    assert record.getMessage().startswith("leaving handshakes to uvicorn")
    assert "more" in record.getMessage().lower()
    assert VERSIONS in record.getMessage()


def test_no_trace_of_the_self_test_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """The WebSockets that the self-test opens are in no log."""
    caplog.set_level(logging.INFO)
    compat.opens.cache_clear()
    assert compat.opens()
    assert not caplog.records


@pytest.mark.parametrize("ws", [SHORT_WAY, OWN, LONG_WAY], ids=["stock", "ours", "subclass"])
async def test_supported_protocol_classes_are_not_logged(ws: str, caplog: pytest.LogCaptureFixture) -> None:
    """Known classes use the shortcut, subclasses by others do not, and neither is logged."""
    async with serve(ws=ws) as stage, stage.client() as client:
        assert await client.ask('421["a",1]') == [1]
        [socket] = stage.server.eio.sockets.values()
        await until(lambda: socket.websocket is not None)
        assert (getattr(socket.outbox.write, "__self__", None) is socket.websocket) is (ws == LONG_WAY)
    assert not caplog.records


def test_the_decision_is_made_at_start_up(folder: Path) -> None:
    """Start-up under uvicorn loads its modules, and start-up elsewhere loads none."""
    code = f"""if True:
    import asyncio, sys
    sys.path.insert(0, {str(ROOT)!r})
    from asynction_asgi import AsynctionSocketIO
    from asynction_asgi.engine.transport.uvicorn import compat
    app = AsynctionSocketIO.from_spec("echo.yaml")

    async def start():
        messages = [{{"type": "lifespan.startup"}}, {{"type": "lifespan.shutdown"}}]
        async def receive(): return messages.pop(0)
        async def send(message): assert message["type"].endswith(".complete"), message
        await app({{"type": "lifespan"}}, receive, send)

    asyncio.run(start())
    print(compat.load.cache_info().currsize, "uvicorn" in sys.modules)
    import uvicorn

    async def serve():
        config = uvicorn.Config(app, log_config=None, lifespan="on")
        config.load()
        lifespan = config.lifespan_class(config)
        await lifespan.startup()
        print(compat.load.cache_info().currsize)
        await lifespan.shutdown()

    asyncio.run(serve())
    """
    assert python("-c", code, cwd=folder).split() == ["0", "False", "1"]


async def test_a_wrapped_send_hides_the_transport() -> None:
    """With a wrapped send, the buffered size counts as 0 and a connection ends by its close frame."""
    script = Script()
    server = create_server(script)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        async def watched(message: Any) -> None:
            await send(message)

        await server.app(scope, receive, watched)

    async with serve_app(app, ws=LONG_WAY) as url:
        stage = Stage(url, server, script)
        async with stage.client() as client:
            [socket] = server.eio.sockets.values()
            assert socket.websocket is not None
            assert socket.websocket.buffered == 0
            assert socket.websocket._transport is None
            socket.drop("over")
            assert await client.closed() == 1000
        await stage.emptied()


class Runner:
    """A server of another kind that handles signals by a method."""

    def stop(self, *_: object) -> None: ...


@pytest.fixture
def handler() -> Iterator[None]:
    """Restore the handler of SIGTERM."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.mark.usefixtures("handler")
def test_only_uvicorn_reveals_that_it_exits() -> None:
    """`is_exiting` reads uvicorn's signal handler, and is False with any other handler or none."""
    for action in (signal.SIG_DFL, Runner().stop, lambda *_: None):
        signal.signal(signal.SIGTERM, action)
        assert not compat.is_exiting()
    server = uvicorn.Server(uvicorn.Config(asyncio.run, log_config=None))
    signal.signal(signal.SIGTERM, server.handle_exit)
    assert not compat.is_exiting()
    signal.raise_signal(signal.SIGTERM)
    assert compat.is_exiting()
