"""``asynction-asgi run``."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import sys
import threading
import time
from importlib import import_module
from typing import TYPE_CHECKING

import httpx
import pytest
import requests
import socketio
from click.testing import CliRunner

from asynction_asgi.cli import main
from asynction_asgi.cli.actions.serve import _message_limit

from ..clients import WAIT_SECONDS
from ..ports import free_port, free_ports
from .inside import Here
from .processes import Command, finished, running, until_accepted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DOCUMENT = """\
asyncapi: 2.6.0
info: {title: Echo, version: 1.0.0}
servers:
  live: {url: 'echo.example.com/rt/socket.io', protocol: wss}
channels:
  /:
    publish:
      message:
        name: echo
        x-handler: handlers.echo
        payload: {type: string}
        x-ack: {args: {type: string}}
"""
HANDLERS = """\
async def echo(text):
    return text.upper()
"""
SHARED = """\
asyncapi: 2.6.0
info: {title: Shared, version: 1.0.0}
channels:
  /:
    publish:
      message:
        oneOf:
          - {name: say, x-handler: handlers.say, payload: {type: string}}
          - {name: process, x-handler: handlers.process, payload: {type: array, maxItems: 0}, x-ack: {args: {type: integer}}}
    subscribe:
      message: {name: said, payload: {type: string}}
"""
SHARED_HANDLERS = """\
import os
async def say(socket, text):
    await socket.emit("said", text)
    await socket.broadcast("said", text)
async def process():
    return os.getpid()
"""
APP = """\
from asynction_asgi import AsynctionSocketIO
app = AsynctionSocketIO.from_spec("echo.yaml")
"""
MOUNTED = """\
from starlette.applications import Starlette
from starlette.routing import Mount
from asynction_asgi import AsynctionSocketIO
app = Starlette(routes=[Mount("/api", AsynctionSocketIO.from_spec("echo.yaml"))])
"""
FAST = """\
from asynction_asgi import AsynctionSocketIO
from fastapi import FastAPI
app = FastAPI()
app.mount("/api", AsynctionSocketIO.from_spec("echo.yaml"))
"""
LATE = """\
from asynction_asgi import AsynctionSocketIO
from fastapi import FastAPI
sio = AsynctionSocketIO.from_spec("echo.yaml", bind="start")
app = FastAPI({options})
app.mount("/api", sio)
"""
IN_LIFESPAN_DOCUMENT = """\
asyncapi: 2.6.0
info: {title: Echo, version: 1.0.0}
channels:
  /:
    publish:
      message: {name: echo, payload: {type: string}, x-ack: {args: {type: string}}}
  /shut:
    x-security: [{token: []}]
    x-handlers: {connect: handlers.Desk.connect}
components:
  securitySchemes:
    token:
      {type: http, scheme: bearer, x-jwt: {secretEnv: ECHO_SECRET, issuer: me, audience: us}}
"""
IN_LIFESPAN_HANDLERS = """\
import os
async def echo(text):
    return text.upper()
class Desk:
    def __init__(self):
        self.secret = os.environ["ECHO_SECRET"]
    def connect(self): ...
"""
IN_LIFESPAN = """\
import contextlib
import os
from fastapi import FastAPI
from asynction_asgi import AsynctionSocketIO
from handlers import echo
sio = AsynctionSocketIO.from_spec("bare.yaml", bind="{bind}")
@contextlib.asynccontextmanager
async def lifespan(app):
    os.environ["ECHO_SECRET"] = "s" * 32
    sio.on("echo", echo)
    async with sio.lifespan():
        yield
app = FastAPI(lifespan=lifespan)
app.mount("/api", sio)
"""
WRAPPED = """\
from asynction_asgi import AsynctionSocketIO
from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware
app = GZipMiddleware(AsynctionSocketIO.from_spec("echo.yaml", app=FastAPI()))
"""
BROKEN = """\
async def app(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "no database"})
"""
# Made as the refusal of --workers asks.
FOLLOWED = """\
import os
from starlette.applications import Starlette
from starlette.routing import Mount
from asynction_asgi import AsynctionSocketIO
options = {"transports": ["websocket"], "message_queue": os.environ.get("QUEUE", "redis://127.0.0.1:1")}
app = Starlette(routes=[Mount("/api", AsynctionSocketIO.from_spec("echo.yaml", **options))])
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = {"echo.yaml": DOCUMENT, "handlers.py": HANDLERS, "myapp.py": APP, "mounted.py": MOUNTED}
    files |= {"fast.py": FAST, "wrapped.py": WRAPPED, "shared.py": FOLLOWED}
    for name, text in files.items():
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


@pytest.fixture
def inside(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The working directory is the folder; modules imported from it are forgotten afterwards."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", [*sys.path])
    known = set(sys.modules)
    yield
    for name in set(sys.modules) - known:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(folder)):
            del sys.modules[name]


@pytest.mark.usefixtures("inside")
def test_all_mistakes_are_reported_at_once(folder: Path) -> None:
    """One run reports mistakes of the document, unresolvable handlers and unhandled events."""
    (folder / "echo.yaml").write_text(
        DOCUMENT.replace("handlers.echo", "handlers.eco").replace(
            "  /:\n", "  /:\n    x-handlrs: {}\n    publsh: {}\n"
        )
        + "  /more: {publish: {message: {name: more, payload: {type: string}}}}\n",
        "utf-8",
    )
    result = CliRunner().invoke(main, ["run", "echo.yaml"])
    assert result.exit_code == 1
    for words in (
        "no 'publsh'",
        "did you mean 'x-handlers'",
        "did you mean 'echo'",
        "event 'more' of namespace",
    ):
        assert result.output.count(words) == 1, result.output


def echo(url: str, path: str = "/rt/socket.io") -> object:
    with socketio.SimpleClient(reconnection=False) as client:
        client.connect(url, socketio_path=path)
        return client.call("echo", "hello", timeout=WAIT_SECONDS)


@pytest.mark.parametrize(
    ("target", "path"),
    [("echo.yaml", "/rt/socket.io"), ("myapp:app", "/rt/socket.io"), ("mounted:app", "/api/rt/socket.io")],
    ids=["document", "application", "mounted"],
)
def test_a_target_is_served(folder: Path, target: str, path: str) -> None:
    """A document, an application and a mounted application answer, and an interrupt exits with 0."""
    with running("run", target, "--port", "0", cwd=folder) as (url, command):
        assert echo(url, path) == "HELLO"
        assert command.stop() == 0


@pytest.mark.usefixtures("inside")
def test_the_startup_line_says_where_everything_is() -> None:
    """The start-up line shows the addresses of Socket.IO and the documentation, and both answer."""
    with Here("run", "echo.yaml", "--port", "0").serving() as (url, command):
        assert f"Socket.IO on {url}/rt/socket.io/, its documentation on {url}/rt/docs" in command.output
        assert httpx.get(f"{url}/rt/docs").status_code == 200


def test_missing_handlers_are_mocked_when_asked_for(folder: Path) -> None:
    """``--mock missing`` mocks and reports each missing handler; existing handlers answer themselves."""
    later = DOCUMENT.replace("handlers.echo", "handlers.later")
    (folder / "later.yaml").write_text(later.replace("{args: {type: string}}", "{args: {const: 5}}"), "utf-8")
    with running("run", "later.yaml", "--mock", "missing", "--port", "0", cwd=folder) as (url, command):
        assert "later.yaml:10:20: warning: handler of 'echo'" in command.output
        assert echo(url, "/rt/socket.io") == 5
    with running("run", "echo.yaml", "--mock", "missing", "--port", "0", cwd=folder) as (url, command):
        assert "warning" not in command.output
        assert echo(url, "/rt/socket.io") == "HELLO"


@pytest.mark.usefixtures("inside")
@pytest.mark.parametrize(
    ("target", "options", "place", "rest"),
    [
        ("mounted:app", (), "http://127.0.0.1:{port}/api", ""),
        ("echo.yaml", ("--host", "::1"), "http://[::1]:{port}", ""),
        (
            "echo.yaml",
            ("--host", "0.0.0.0"),
            "http://127.0.0.1:{port}",
            "; from other machines, use this one's name",
        ),
        (
            "echo.yaml",
            ("--root-path", "/below"),
            "http://127.0.0.1:{port}",
            "; clients of the proxy in front put /below before these paths",
        ),
    ],
    ids=["mounted", "IPv6", "every address", "root path"],
)
def test_the_addresses_of_the_startup_line_answer(
    target: str, options: tuple[str, ...], place: str, rest: str
) -> None:
    """The printed addresses can be opened on this machine, whatever the host, mount or root path."""
    with Here("run", target, "--port", "0", *options).serving() as (url, command):
        place = place.format(port=url.rpartition(":")[2])
        line = f"Socket.IO on {place}/rt/socket.io/, its documentation on {place}/rt/docs{rest}"
        assert command.output.endswith(f"{line}\n")
        assert httpx.get(f"{place}/rt/docs").status_code == 200
        assert httpx.get(f"{place}/rt/socket.io/?EIO=4&transport=polling").status_code == 200


@pytest.mark.usefixtures("inside")
def test_other_origins_are_admitted_by_name() -> None:
    """``--cors`` adds origins to the server's own; the log names a refused origin in escaped form."""
    options = ["--cors", "http://front.example", "--cors", "http://other.example:81", "--port", "0"]
    with Here("run", "echo.yaml", *options).serving() as (url, command):
        query = {"EIO": "4", "transport": "polling"}
        for origin in ("http://front.example", "http://other.example:81", url):
            answer = httpx.get(f"{url}/rt/socket.io/", params=query, headers={"Origin": origin})
            assert answer.status_code == 200
            assert answer.headers["access-control-allow-origin"] == origin
        foreign = {"Origin": b"http://foreign.example\xc2\x9b31m"}
        answer = httpx.get(f"{url}/rt/socket.io/", params=query, headers=foreign)  # type: ignore[arg-type]  # bytes do
        assert answer.status_code == 400
        assert "access-control-allow-origin" not in answer.headers
        command.wait_for("--cors of run, mock run and proxy")
    assert r"its origin is not admitted: 'http://foreign.example" in command.output
    assert "\x9b" not in command.output.partition("rejected a request")[2]


@pytest.mark.parametrize("target", ["echo.yaml", "myapp:app", "fast:app"])
@pytest.mark.usefixtures("inside")
def test_ids_begin_with_the_route(target: str) -> None:
    """``--route`` names the process in each id, and requests with such an id reach their session."""
    path = "/api/rt/socket.io/" if target == "fast:app" else "/rt/socket.io/"
    with Here("run", target, "--route", "a-1", "--port", "0").serving() as (url, _):
        query = {"EIO": "4", "transport": "polling"}
        opened = httpx.get(f"{url}{path}", params=query)
        sid = json.loads(opened.text[1:])["sid"]
        assert re.fullmatch(r"a-1\.[\w-]{20}", sid)
        assert httpx.post(f"{url}{path}", params={**query, "sid": sid}, content="40").text == "ok"


@pytest.mark.usefixtures("inside")
def test_no_docs_removes_the_documentation() -> None:
    """With ``--no-docs`` the server has no documentation, and the start-up line omits it."""
    with Here("run", "echo.yaml", "--port", "0", "--no-docs").serving() as (url, command):
        assert "documentation" not in command.output
        assert httpx.get(f"{url}/rt/docs").status_code == 404


@pytest.mark.usefixtures("inside")
def test_compression_is_off_unless_asked_for() -> None:
    """The server declines a client's offer of permessage-deflate."""
    offer = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
        "Sec-WebSocket-Extensions": "permessage-deflate",
    }
    with Here("run", "echo.yaml", "--port", "0").serving() as (url, _):
        address = f"{url}/rt/socket.io/?EIO=4&transport=websocket"
        with httpx.stream("GET", address, headers=offer) as response:
            assert response.status_code == 101
            assert "sec-websocket-extensions" not in response.headers


@pytest.mark.usefixtures("inside")
@pytest.mark.parametrize(
    ("options", "holder"),
    [
        ([], "OwnWebSocket"),
        (["--ws", "websockets-sansio"], "OwnWebSocket"),
        (["--http", "h11"], "UvicornHolder"),
    ],
    ids=["default", "other class", "other parser"],
)
def test_websockets_are_opened_without_uvicorn(options: list[str], holder: str) -> None:
    """Uvicorn's classes serve WebSockets only if `--http` asks for another parser."""
    with Here("run", "myapp:app", "--port", "0", *options).serving() as (url, _):
        client = socketio.SimpleClient()
        client.connect(url, socketio_path="rt/socket.io", transports=["websocket"])
        [open_socket] = import_module("myapp").app.server.eio.sockets.values()
        shortcut = open_socket.outbox.write.__self__
        assert type(shortcut._holder).__name__ == holder
        client.disconnect()


LARGE = """\
from asynction_asgi import AsynctionSocketIO, Limits
app = AsynctionSocketIO.from_spec("echo.yaml", limits=Limits(packet_bytes=20_000_000))
"""


@pytest.mark.usefixtures("inside")
def test_a_raised_limit_holds_for_websockets(folder: Path) -> None:
    """Uvicorn accepts packets up to the server's limit."""
    (folder / "large.py").write_text(LARGE, "utf-8")
    with Here("run", "large:app", "--port", "0").serving() as (url, command):
        answer = httpx.get(f"{url}/rt/socket.io/?EIO=4&transport=polling").text
        assert json.loads(answer[1:])["maxPayload"] == 20_000_000
        command.stop()
        assert "--ws-max-size" not in command.output


@pytest.mark.usefixtures("inside")
@pytest.mark.parametrize(
    ("target", "limit"), [("myapp", 1_000_000), ("mounted", 16 * 1024 * 1024)], ids=["alone", "beside others"]
)
def test_other_websocket_routes_keep_uvicorns_limit(folder: Path, target: str, limit: int) -> None:
    """Uvicorn's own limit stays if the application may have other WebSocket routes."""
    sys.path.insert(0, str(folder))
    assert _message_limit(import_module(target).app) == limit


def test_waiting_polls_do_not_delay_the_shutdown(folder: Path) -> None:
    """On shutdown the server answers a waiting poll, and exits soon after."""
    with running("run", "echo.yaml", "--port", "0", cwd=folder) as (url, command):
        address = f"{url}/rt/socket.io/?EIO=4&transport=polling"
        with httpx.Client() as client:
            sid = client.get(address).text.split('"sid":"')[1].split('"')[0]
            polled = threading.Thread(target=lambda: client.get(f"{address}&sid={sid}", timeout=20))
            polled.start()
            begun = time.monotonic()
            assert command.stop() == 0
            assert time.monotonic() - begun < 10
            polled.join()


@pytest.mark.parametrize("transport", ["polling", "websocket"])
@pytest.mark.parametrize("target", ["echo.yaml", "mounted:app"])
def test_connected_clients_do_not_hold_the_shutdown_up(folder: Path, target: str, transport: str) -> None:
    """On shutdown the server closes each client's session over either transport, and exits soon after."""
    options = ("--port", "0", "--timeout-graceful-shutdown", "60")
    gone = threading.Event()
    with running("run", target, *options, cwd=folder) as (url, command), requests.Session() as session:
        client = socketio.Client(reconnection=False, http_session=session)
        client.on("disconnect", lambda _: gone.set())
        path = "/api/rt/socket.io" if target == "mounted:app" else "/rt/socket.io"
        client.connect(url, socketio_path=path, transports=[transport])
        begun = time.monotonic()
        assert command.stop() == 0
        assert time.monotonic() - begun < 15
        assert gone.wait(5)
        if transport == "websocket":
            client.eio.ws.shutdown()  # the client leaves open what the server closes


def test_workers_share_their_clients_over_a_queue(
    folder: Path, queue_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a client of one process says reaches the clients of both processes, signed."""
    monkeypatch.setenv("QUEUE_SECRET", "the-next-one-of-them  the-one-that-was-before")
    (folder / "echo.yaml").write_text(SHARED, "utf-8")
    (folder / "handlers.py").write_text(SHARED_HANDLERS, "utf-8")
    port = str(free_port())
    options = ["--workers", "2", "--websocket-only", "--message-queue", queue_url, "--port", port]
    options += ["--message-queue-secret", "QUEUE_SECRET", "--message-queue-validation"]
    with running("run", "echo.yaml", *options, cwd=folder) as (url, command):
        command.wait_for("All 2 workers accept clients")
        assert command.output.count("Application startup complete") == 2
        before, _, _ = command.output.partition("Socket.IO on")
        assert before.count("Application startup complete") == 2, "clients are refused before that"
        with contextlib.ExitStack() as stack:
            clients: dict[str, socketio.SimpleClient] = {}
            while len(clients) < 2:  # until each process has a client
                client = stack.enter_context(socketio.SimpleClient(reconnection=False))
                client.connect(url, transports=["websocket"])
                clients[client.call("process", timeout=WAIT_SECONDS)] = client
            for speaker in clients.values():
                speaker.emit("say", "hello")
                assert [client.receive(timeout=WAIT_SECONDS) for client in clients.values()] == [
                    ["said", "hello"]
                ] * 2
        assert command.stop() == 0


def test_workers_serve_an_application_that_follows_the_advice(
    folder: Path, queue_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An application made as the refusal of ``--workers`` asks shares its clients across workers."""
    monkeypatch.setenv("QUEUE", queue_url)
    (folder / "echo.yaml").write_text(SHARED, "utf-8")
    (folder / "handlers.py").write_text(SHARED_HANDLERS, "utf-8")
    port = str(free_port())
    with running("run", "shared:app", "--workers", "2", "--port", port, cwd=folder) as (url, command):
        command.wait_for("All 2 workers accept clients")
        until_accepted(url)
        with contextlib.ExitStack() as stack:
            clients: dict[str, socketio.SimpleClient] = {}
            while len(clients) < 2:  # until each process has a client
                client = stack.enter_context(socketio.SimpleClient(reconnection=False))
                client.connect(url, socketio_path="/api/socket.io", transports=["websocket"])
                clients[client.call("process", timeout=WAIT_SECONDS)] = client
            for speaker in clients.values():
                speaker.emit("say", "hello")
                assert [client.receive(timeout=WAIT_SECONDS) for client in clients.values()] == [
                    ["said", "hello"]
                ] * 2
        assert command.stop() == 0


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_workers_name_an_unreachable_queue(folder: Path, scheme: str) -> None:
    """Each worker logs the unreachable queue once, without its password, and serves its own clients."""
    ports = free_ports(2)
    away = f"{scheme}://127.0.0.1:{ports[0]}/"
    options = ["--workers", "2", "--websocket-only", "--port", str(ports[1])]
    options += ["--message-queue", away.replace("://", "://ada:sesame@")]
    with running("run", "echo.yaml", *options, cwd=folder) as (url, command):
        until_accepted(url)
        with socketio.SimpleClient(reconnection=False) as client:
            client.connect(url, socketio_path="/rt/socket.io", transports=["websocket"])
            assert client.call("echo", "hello", timeout=WAIT_SECONDS) == "HELLO"
        assert command.stop() == 0
    assert command.output.count(f"ERROR:    the message queue {away} can't be reached") == 2
    assert command.output.count("ERROR") == 2
    assert "Traceback" not in command.output
    assert "sesame" not in command.output


@pytest.mark.usefixtures("inside")
@pytest.mark.parametrize(
    ("change", "codes"),
    [
        ({"echo.yaml": DOCUMENT.replace("        name: echo\n", "")}, ["[EVENT_NAME]"]),
        (
            {"echo.yaml": DOCUMENT.replace("handlers.echo", "handlers.ecko")},
            ["[HANDLER]", "did you mean 'echo'"],
        ),
        ({"handlers.py": "def echo(): ...\n"}, ["[ARITY]"]),
    ],
    ids=["document", "handler", "arity"],
)
@pytest.mark.parametrize("target", ["echo.yaml", "myapp:app"])
def test_a_broken_contract_is_reported_with_its_place(
    folder: Path, target: str, change: dict[str, str], codes: list[str]
) -> None:
    """The diagnostics of ``check`` are printed without a traceback, and the exit code is 1."""
    for name, text in change.items():
        (folder / name).write_text(text, "utf-8")
    result = CliRunner().invoke(main, ["run", target, "--port", "0"])
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit), "Python would print the traceback of another"
    assert "echo.yaml:" in result.output
    assert "^" in result.output
    assert "Traceback" not in result.output
    assert all(code in result.output for code in codes)


@pytest.mark.usefixtures("inside")
@pytest.mark.parametrize("options", ["", "lifespan=sio.lifespan"], ids=["no lifespan", "lifespan"])
def test_handlers_of_mounted_servers_are_imported_before_the_start(folder: Path, options: str) -> None:
    """As those of a server that is served alone, whether the application starts it or not."""
    (folder / "echo.yaml").write_text(DOCUMENT.replace("handlers.echo", "handlers.ecko"), "utf-8")
    (folder / "late.py").write_text(LATE.format(options=options), "utf-8")
    result = CliRunner().invoke(main, ["run", "late:app", "--port", "0"])
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit), "Python would print the traceback of another"
    assert "did you mean 'echo'" in result.output
    assert "^" in result.output


@pytest.mark.usefixtures("inside")
@pytest.mark.parametrize("bind", ["now", "start"])
def test_handlers_and_secrets_of_mounted_servers_may_come_in_the_lifespan(
    folder: Path, bind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing that the application completes before it starts its server is missed earlier, also by instances."""
    monkeypatch.setenv("ECHO_SECRET", "s" * 32)
    if bind == "start":
        monkeypatch.delenv("ECHO_SECRET")
    (folder / "bare.yaml").write_text(IN_LIFESPAN_DOCUMENT, "utf-8")
    (folder / "handlers.py").write_text(IN_LIFESPAN_HANDLERS, "utf-8")
    (folder / "lively.py").write_text(IN_LIFESPAN.format(bind=bind), "utf-8")
    with Here("run", "lively:app", "--port", "0").serving() as (url, command):
        with socketio.SimpleClient(reconnection=False) as client:
            client.connect(url, socketio_path="/api/socket.io", transports=["websocket"])
            assert client.call("echo", "hello", timeout=WAIT_SECONDS) == "HELLO"
        # An old uvicorn is left the handshakes.
        warnings = [
            line for line in command.output.splitlines() if "WARNING" in line and "handshakes" not in line
        ]
        assert warnings == []


@pytest.mark.usefixtures("inside")
@pytest.mark.parametrize("options", ["", "lifespan=sio.lifespan"], ids=["no lifespan", "lifespan"])
def test_a_mounted_server_that_is_not_started_is_named(folder: Path, options: str) -> None:
    """With the option that starts it; what the application starts has no warning."""
    (folder / "late.py").write_text(LATE.format(options=options), "utf-8")
    with Here("run", "late:app", "--port", "0").serving() as (_, command):
        assert ("server at /api" in command.output) == (not options)
        assert ("use lifespan=sio.lifespan" in command.output) == (not options)


def test_a_failed_import_shows_the_applications_line(folder: Path) -> None:
    """The traceback shows the failing line of the application, and no line of this package."""
    (folder / "broken.py").write_text("app = None\nraise LookupError('no luck')\n", "utf-8")
    code, output = finished("run", "broken:app", cwd=folder)
    assert code == 1
    assert 'broken.py", line 2' in output
    assert "LookupError: no luck" in output
    assert "asynction_asgi" not in output


@pytest.mark.usefixtures("inside")
def test_a_module_that_cannot_be_compiled_shows_its_line(folder: Path) -> None:
    """And none of Python's own, as for other errors of an import."""
    (folder / "uncompiled.py").write_text("app = (\n", "utf-8")
    result = CliRunner().invoke(main, ["run", "uncompiled:app"])
    assert result.exit_code == 1
    assert 'uncompiled.py", line 1' in result.output
    assert "SyntaxError" in result.output
    assert "importlib" not in result.output


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["nowhere.yaml"], "neither a file nor module:app"),
        ([":app"], "neither a file nor module:app"),
        (["myapp:"], "neither a file nor module:app"),
        (["../myapp:app"], "neither a file nor module:app"),
        (["myapp"], "neither a file nor module:app; did you mean 'myapp:app'?"),
        (
            ["myapp.py"],
            "'myapp.py' is a Python module, not a document; to serve an application in it, use 'myapp:app'",
        ),
        (["echo.yaml", "--reload", "--workers", "2"], "--reload serves in one process"),
        (
            ["echo.yaml", "--limits", "packet_byte=1"],
            "there is no limit 'packet_byte'; did you mean 'packet_bytes'?",
        ),
        (["echo.yaml", "--limits", "refusals=1.5"], "refusals takes a whole number above zero, not '1.5'"),
        (["echo.yaml", "--limits", "body_seconds=0"], "body_seconds takes a number above zero, not '0'"),
        (["echo.yaml", "--limits", "refusals=1", "--limits", "refusals=2"], "refusals is given twice"),
        (["myapp:app", "--limits", "refusals=1"], "--limits is for documents"),
        (["myapp:app", "--no-docs"], "--no-docs is for documents"),
        (["myapp:app", "--mock", "missing"], "--mock is for documents"),
        (["echo.yaml", "--mock", "all"], "--mock"),
        (["myapp:app", "--message-queue", "redis://"], "--message-queue is for documents"),
        (["myapp:app", "--message-queue-secret", "X"], "--message-queue-secret is for documents"),
        (["myapp:app", "--cors", "http://a.example"], "--cors is for documents"),
        (
            ["echo.yaml", "--cors", "localhost:5173"],
            "'localhost:5173' is not an origin; use 'http://localhost:5173'",
        ),
        (["echo.yaml", "--cors", "http://a.example/"], "is not an origin; use 'http://a.example'"),
        (["echo.yaml", "--validation", "maybe"], "'maybe' is not one of"),
        (["echo.yaml", "--workers", "2"], "--workers needs --websocket-only"),
        (["echo.yaml", "--workers", "2", "--websocket-only"], "--workers needs --message-queue"),
        (
            ["myapp:app", "--workers", "2"],
            """the server of 'myapp:app' to be made with transports=["websocket"]""",
        ),
        (["myapp:app", "--workers", "2"], """and message_queue="redis://…" (without one"""),
        (
            ["mounted:app", "--workers", "2"],
            "--workers needs the server at /api of 'mounted:app' to be made with",
        ),
        (["fast:app", "--workers", "2"], "--workers needs the server at /api of 'fast:app' to be made with"),
        (["wrapped:app", "--workers", "2"], "--workers needs the server of 'wrapped:app' to be made with"),
        (["echo.yaml", "--route", "a.b"], "route takes up to 32 letters, digits, '-' and '_', not 'a.b'"),
        (["echo.yaml", "--route", "a" * 33], "route takes up to 32 letters"),
        (
            ["echo.yaml", "--route", "a", "--workers", "2"],
            "--workers share one port, so a route can't select one of them",
        ),
        (["echo.yaml", "--header", "nothing"], "--header takes Name:Value"),
        (["echo.yaml", "--ssl-keyfile", "myapp.py"], "--ssl-keyfile needs --ssl-certfile"),
        (["echo.yaml", "--ssl-certfile", "nowhere.pem"], "there is no file 'nowhere.pem'"),
        (["echo.yaml", "--port", "99999"], "99999 is not in the range 0<=x<=65535"),
        (["shared:app", "--workers", "2", "--port", "0"], "--port 0 is for a single process"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
@pytest.mark.usefixtures("inside")
def test_wrong_usage_exits_with_2(arguments: list[str], complaint: str) -> None:
    """The message says what to do instead, and no server starts."""
    result = CliRunner().invoke(main, ["run", *arguments])
    assert result.exit_code == 2
    assert complaint in " ".join(result.output.split())


@pytest.mark.usefixtures("inside")
def test_workers_need_posix(monkeypatch: pytest.MonkeyPatch) -> None:
    """On Windows, the refusal comes before the application is imported, and says what to do instead."""
    monkeypatch.setattr("asynction_asgi.cli.actions.run._ON_POSIX", False)
    result = CliRunner().invoke(main, ["run", "nowhere:app", "--workers", "2"])
    assert result.exit_code == 2
    assert "--workers needs a POSIX system" in result.output
    assert "run one process per port instead" in " ".join(result.output.split())


def test_the_reloader_serves_in_one_process(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that asks for workers does not make it demand what several workers need."""
    monkeypatch.setenv("WEB_CONCURRENCY", "2")
    with running("run", "echo.yaml", "--reload", "--port", "0", cwd=folder) as (url, _):
        until_accepted(url)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["nomodule:app"], "there is no module 'nomodule'"),
        (["handlers:app"], "'handlers' has no 'app'"),
        (["myapp:ap"], "'myapp' has no 'ap'; did you mean 'app'?"),
        (["echo.yaml", "--ssl-certfile", "echo.yaml"], "the server can't start"),
        (["echo.yaml", "--server-name", "staging"], "[SERVER_UNKNOWN]"),
        (["echo.yaml", "--message-queue", "kafka://"], "Kafka is not supported"),
        (
            ["echo.yaml", "--message-queue", "redis://", "--message-queue-secret", "NOT_SET_ANYWHERE"],
            "--message-queue-secret takes the name of an environment variable",
        ),
        (["echo.yaml", "--message-queue-validation"], "need message_queue"),
        (["echo.yaml", "--message-queue-retention", "60"], "need message_queue"),
        (
            ["echo.yaml", "--message-queue", "redis://", "--message-queue-retention", "60"],
            "message_queue_retention is for streams",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
@pytest.mark.usefixtures("inside")
def test_an_unservable_target_exits_with_1(arguments: list[str], complaint: str) -> None:
    """The error is a clear line without a traceback."""
    result = CliRunner().invoke(main, ["run", *arguments])
    assert result.exit_code == 1
    assert complaint in result.output
    assert "Traceback" not in result.output
    assert "NOT_SET_ANYWHERE" not in result.output, "it may be the secret itself"


def test_a_port_in_use_exits_with_1(folder: Path) -> None:
    """The message says what to do, before the application starts, and the exit code is 1."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        code, output = finished("run", "echo.yaml", "--port", str(taken.getsockname()[1]), cwd=folder)
        port = taken.getsockname()[1]
    assert code == 1
    assert f"another process listens on port {port} of 127.0.0.1; end it, or use --port" in output
    assert "startup" not in output


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_the_monitor_has_a_port_of_its_own(folder: Path, host: str) -> None:
    """One port for clients and the monitor is refused before the application starts."""
    command = ("run", "echo.yaml", "--host", host, "--port", "8765", "--monitor", "8765")
    code, output = finished(*command, cwd=folder)
    assert code == 2
    assert "--port and --monitor are both 8765; use another port for one of them" in output
    assert "startup" not in output


def test_workers_that_fail_to_start_exit_with_1(folder: Path) -> None:
    """A supervisor such as systemd learns of the failure, which is logged once."""
    (folder / "broken.py").write_text(BROKEN, "utf-8")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
    code, output = finished("run", "broken:app", "--workers", "2", "--port", port, cwd=folder)
    assert code == 1
    assert output.count("failed to start; stopping") == 1


@pytest.mark.usefixtures("inside")
def test_limits_of_the_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """``--limits`` and its variable change what one client may cost; several are separated by spaces."""
    monkeypatch.setenv("ASYNCTION_ASGI_RUN_LIMITS", "packet_bytes=30000000 events_per_second=0.001")
    for options, announced in (((), 30_000_000), (("--limits", "packet_bytes=5000"), 5000)):
        with Here("run", "echo.yaml", "--port", "0", *options).serving() as (url, _):
            answer = httpx.get(f"{url}/rt/socket.io/?EIO=4&transport=polling").text
            assert json.loads(answer[1:])["maxPayload"] == announced


def test_a_file_at_the_sockets_path_is_kept(folder: Path) -> None:
    """A failed start keeps the existing file, and a stopped server removes its own socket."""
    (folder / "notes.txt").write_text("mine", "utf-8")
    code, output = finished("run", "echo.yaml", "--uds", "notes.txt", cwd=folder)
    assert code == 1
    assert "the server can't start" in output
    assert (folder / "notes.txt").read_text("utf-8") == "mine"
    command = Command("run", "echo.yaml", "--uds", "socket", cwd=folder)
    command.wait_for("Socket.IO on unix:")
    assert (folder / "socket").is_socket()
    assert command.stop() == 0
    assert not (folder / "socket").exists()


def test_the_options_are_uvicorns_own() -> None:
    """``run`` accepts uvicorn's flags under their own names."""
    output = CliRunner().invoke(main, ["run", "--help"]).output
    for flag in (
        "--host",
        "--uds",
        "--reload",
        "--root-path",
        "--proxy-headers",
        "--ssl-certfile",
        "--ws-max-size",
    ):
        assert flag in output
