"""The README and the documentation are correct: every example runs."""

from __future__ import annotations

import ast
import contextlib
import importlib
import io
import json
import logging
import os
import re
import shlex
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import httpx
import jwt
import pytest
import socketio
from click.testing import CliRunner
from jsonschema import Draft7Validator

from asynction_asgi import AsynctionSocketIO, JWTVerifier, Socket
from asynction_asgi.cli import main
from asynction_asgi.mock import MockAsynctionSocketIO, MockSettings
from asynction_asgi.scaffold.deployments import deployment_files
from asynction_asgi.server.binding import bind_error_handler, bind_event_handler, bind_lifecycle_handler
from asynction_asgi.spec.model import Recovery
from asynction_asgi.spec.structure.meanings import MEANINGS
from asynction_asgi.spec.text.document import load_document

from .cli.inside import Here
from .cli.processes import Command
from .cli.rolling import running_nginx
from .clients import WAIT_SECONDS
from .diff.repository import Repository
from .engine.returner import Returner
from .engine.stage import Script, Stage, serve_app, until
from .forked import run_pytest
from .pages import BLOCKS, ROOT, TEXT, Block, block
from .ports import free_port
from .queues import running_broker
from .server.documents import channel, message
from .server.documents import document as channels_document
from .serving import serve
from .test_tutorial import ADDRESS, STEPS
from .typed_clients.compiling import errors, prepare, run

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLE = "A complete example"
FINDINGS = "Diagnostic codes"
TYPED = "A typed client for front ends"
START = "Starting from a document"
HOOKS = "In editors, hooks and pull requests"
RUNNING = "Testing a running server"
PYTHON = "A typed client in Python"
FRONT = "In front of another server"
TRAFFIC = "From traffic to a contract"
CODE = "From code to a contract"
SHAPED = "AsyncAPI 3, and namespaces with parameters"
ACKS = "Payloads and arguments"
DIALECTS = "Dialects of JSON Schema"
BACK = "Clients that come back"
RATES = "Rate limits"
LOG = "The log"
TOKENS = "JSON Web Tokens and roles"
REPEAT = "Repeat it in a shell"
OUTAGE = "If Redis goes away"
DEPENDENCIES = "Dependencies of FastAPI"
REQUEST_ID = "Add a request id to every line"
WHY = "Why is a token refused?"
OBSERVING = "Metrics, probes and dashboards"
BOARD = "Dashboard and alerts"
DEPLOYING = "Deploying behind nginx, with systemd, Docker or Kubernetes"
TWO_PROCESSES = "nginx in front of two processes"
ONE_PROCESS = "nginx in front of one process"
DOCUMENT, SERVER, CLIENT = block("yaml", EXAMPLE), block("python", EXAMPLE), block("python", EXAMPLE, 1)
OTHERWISE = (  # examples in Python that are run by a test of their own alone
    *(EXAMPLE, "Handlers", SHAPED, "Security", TOKENS, BACK, "Testing", START, PYTHON, CODE, WHY, LOG),
    *("Two workers", OUTAGE, DEPENDENCIES, REQUEST_ID),
)
FRAGMENTS = [
    candidate
    for candidate in BLOCKS
    if candidate.language == "python"
    and (candidate.language, candidate.heading) not in STEPS
    and candidate.heading not in OTHERWISE
] + [Block("python", block("python", "Handlers", 1), "Handlers")]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The example's two files in a working directory to import from."""
    (tmp_path / "chat.yaml").write_text(DOCUMENT, "utf-8")
    (tmp_path / "chat.py").write_text(SERVER, "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    sys.modules.pop("chat", None)


def test_every_example_is_run_by_a_test_here() -> None:
    """A block under a new heading must get a test."""
    tested = {
        *(("bash", heading) for heading in ("Install", "See the demo", "Run the tests")),
        *((language, EXAMPLE) for language in ("yaml", "python", "text")),
        *(("python", fragment.heading) for fragment in FRAGMENTS),
        *(("bash", heading) for heading in (OBSERVING, BOARD)),
        ("yaml", OBSERVING),
        *((language, SHAPED) for language in ("yaml", "python")),
        ("yaml", ACKS),
        ("yaml", DIALECTS),
        *((language, heading) for language in ("yaml", "python") for heading in ("Security", TOKENS)),
        *((language, REPEAT) for language in ("bash", "text")),
        ("python", WHY),
        *((language, BACK) for language in ("yaml", "python")),
        *((language, RATES) for language in ("yaml", "json", "js")),
        *((language, "Testing") for language in ("python", "bash", "text")),
        ("yaml", "A mock"),
        *(("bash", heading) for heading in (FRONT, TRAFFIC)),
        *((language, CODE) for language in ("python", "bash")),
        *((language, START) for language in ("bash", "python")),
        *((language, TYPED) for language in ("bash", "typescript")),
        *((language, PYTHON) for language in ("bash", "python")),
        *((language, "Two workers") for language in ("bash", "js", "python")),
        *(("python", heading) for heading in (OUTAGE, DEPENDENCIES, REQUEST_ID)),
        ("bash", DEPLOYING),
        *(("nginx", heading) for heading in (TWO_PROCESSES, ONE_PROCESS)),
        ("dockerfile", "Docker"),
        ("json", "Refusals"),
        *((language, FINDINGS) for language in ("bash", "text")),
        *(("yaml", key) for key in MEANINGS),
        *STEPS,
        *((language, LOG) for language in ("text", "python")),
        *((language, "Comparing two versions") for language in ("bash", "text")),
        *((language, RUNNING) for language in ("bash", "text")),
        *((language, HOOKS) for language in ("bash", "yaml")),
        *((language, "Talking to a server") for language in ("bash", "text")),
    }
    assert {(example.language, example.heading) for example in BLOCKS} == tested


@pytest.mark.usefixtures("folder")
def test_the_complete_example_works(capsys: pytest.CaptureFixture[str]) -> None:
    """Document, server and client do what the text says, in under 30 lines."""
    assert len((DOCUMENT + SERVER).splitlines()) < 30
    with serve(importlib.import_module("chat").app) as url:
        exec(CLIENT.replace("http://127.0.0.1:8000", url), {})
    answer, refusal = capsys.readouterr().out.splitlines()
    shown_answer, shown_refusal = block("text", EXAMPLE).splitlines()
    assert answer == shown_answer
    pattern = re.escape(shown_refusal).replace("…", ".+")
    assert re.fullmatch(pattern, refusal)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("fragment", FRAGMENTS, ids=lambda fragment: fragment.heading)
def test_a_fragment_runs(fragment: Block) -> None:
    """Each shorter example runs beside the complete one."""
    names: dict[str, Any] = {}
    exec(fragment.text, names)
    assert any(isinstance(value, AsynctionSocketIO) for value in names.values()) or "Validation" in names


@pytest.mark.usefixtures("folder")
def test_handlers_passed_in_code_are_used() -> None:
    """A handler in code replaces the document's."""
    names: dict[str, Any] = {}
    exec(block("python", "Handlers", 1), names)
    with serve(names["app"]) as url, socketio.SimpleClient(reconnection=False) as client:
        client.connect(url)
        assert client.call("say", "hello", timeout=WAIT_SECONDS) == 5


@pytest.mark.usefixtures("folder")
def test_the_error_of_a_handler_reaches_the_client() -> None:
    """It has the code and the message that the handler raised."""
    names: dict[str, Any] = {}
    exec(block("python", "Return an error"), names)
    with serve(names["app"]) as url, socketio.SimpleClient(reconnection=False) as client:
        client.connect(url)
        assert client.call("say", "hello", timeout=WAIT_SECONDS) == 5
        assert client.call("say", " ", timeout=WAIT_SECONDS) == {
            "error": {"code": "empty", "message": "say something"}
        }


def test_two_workers_are_run_as_the_tutorial_does() -> None:
    """The commands, of which the tutorial's is run, differ in the document alone."""
    assert block("bash", "Two workers") == block("bash", "Two processes").replace("desk.yaml", "chat.yaml")


def test_clients_of_two_workers_need_the_option_of_the_examples(folder: Path, node_modules: Path) -> None:
    """Without polling, the shown clients connect, and those without the option get the errors that are named."""
    shown = block("js", "Two workers") + "socket.on('connect', () => (console.log(true), socket.close()));\n"
    shown += "socket.on('connect_error', (error) => (console.log(JSON.stringify(error.message)), socket.close()));\n"
    scripts = {"page.js": shown, "polling.js": shown.replace(', { transports: ["websocket"] }', "")}
    with serve(AsynctionSocketIO.from_spec("chat.yaml", transports=["websocket"])) as url:
        prepare(folder, {name: text.replace(ADDRESS, url) for name, text in scripts.items()}, node_modules)
        assert run(folder, "page.js") == [True]
        assert run(folder, "polling.js") == ["xhr poll error"]
        program = block("python", "Two workers").replace(ADDRESS, url)
        names: dict[str, Any] = {}
        exec(program, names)
        with names["client"] as client:
            assert client.call("say", "hello", timeout=WAIT_SECONDS) == 5
        with pytest.raises(socketio.exceptions.ConnectionError, match="Unexpected status code 400"):
            exec(program.replace(', transports=["websocket"]', ""), {})


def test_a_route_and_a_handler_share_a_session(folder: Path) -> None:
    """Each commits what was said, and an answer that does not match the document commits nothing."""
    names: dict[str, Any] = {}
    exec(block("python", DEPENDENCIES), names)
    with serve(names["api"], lifespan="on") as url, socketio.SimpleClient(reconnection=False) as client:
        assert httpx.post(f"{url}/say?text=hello", trust_env=False).json() == 5
        client.connect(url, socketio_path="/realtime/socket.io")
        assert client.call("say", "by event", timeout=WAIT_SECONDS) == 8
        assert client.call("say", "", timeout=WAIT_SECONDS)["error"]["code"] == "invalid_payload"
    assert names["rows"] == ["hello", "by event"]


@pytest.mark.usefixtures("folder")
def test_lines_of_a_handler_have_the_id_of_the_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line has the field and the id of its event, which is the ref of a crash; lines outside have no id."""
    output = io.StringIO()
    names: dict[str, Any] = {}
    monkeypatch.setattr(logging.getLogger("chat"), "handlers", [])
    with contextlib.redirect_stderr(output):
        exec(block("python", REQUEST_ID), names)
    with serve(names["app"]) as url, socketio.SimpleClient(reconnection=False) as client:
        client.connect(url)
        assert client.call("say", "hello", timeout=WAIT_SECONDS) == 5
        lengths = iter([3])
        names["len"] = lambda _: next(lengths)  # fails the second time, after the line
        ref = client.call("say", "you", timeout=WAIT_SECONDS)["error"]["ref"]
    names["logger"].warning("outside")
    *lines, outside = [json.loads(line) for line in output.getvalue().splitlines()]
    assert [line["length"] for line in lines] == [5, 3]
    assert lines[0]["request_id"] != lines[1]["request_id"] == ref
    assert "request_id" not in outside


async def test_a_count_is_unknown_while_redis_is_away() -> None:
    """The example counts the clients of both processes, and returns None once they can't ask one another."""
    names: dict[str, Any] = {}
    exec(block("python", OUTAGE), names)
    with running_broker() as broker:
        apps = [AsynctionSocketIO.from_spec(channels_document(), message_queue=broker.url) for _ in range(2)]
        with serve(apps[0], lifespan="on"), serve(apps[1], lifespan="on"):
            queue = apps[0].queue
            assert queue is not None
            await until(lambda: len(queue.processes) == 2)
            assert await names["count_bidders"](apps[0]) == 0
            broker.end()
            await until(lambda: not queue.connected)
            assert await names["count_bidders"](apps[0]) is None


def test_all_forms_of_handlers_can_be_bound() -> None:
    """Every signature in the example can be bound as its comment says."""
    shown = ast.parse(block("python", "Handlers")).body
    assert len(shown) == 7
    for function in shown:
        names: dict[str, Any] = {}
        exec(ast.unparse(function), names)
        if "connect" in names:
            bind_lifecycle_handler(names["connect"], ("sid", "environ", "auth"))
        elif "disconnect" in names:
            bind_lifecycle_handler(names["disconnect"], ("sid", "reason"))
        elif "error" in names:
            bind_error_handler(names["error"])
        else:
            assert bind_event_handler(names["sign_up"]).takes == "1"


async def test_the_example_of_recovery_works(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A client that was cut off gets what it missed, as it was in its room; one that leaves is told apart."""
    (tmp_path / "news.yaml").write_text(block("yaml", BACK), "utf-8")
    shown: Any = load_document(tmp_path / "news.yaml").value["channels"]["/news"]
    assert Recovery(**shown["x-recovery"]) == Recovery()
    spec = channels_document(news=channel(sends=[message("news")], **shown))
    app = AsynctionSocketIO.from_spec(spec)
    exec(block("python", BACK), {"app": app, "Socket": Socket})
    async with serve_app(app) as url:
        client = Returner(Stage(url, app.server, Script()), namespace="/news")
        async with client.there():
            pass
        await app.emit("news", 1, to="readers", namespace="/news")
        async with client.there():
            assert client.recovered
            assert await client.take(1) == [1]
            assert capsys.readouterr().out == ""
            await client.client.send("41/news,")
            await until(lambda: not app.server.manager.members, "left")
        assert capsys.readouterr().out == f"{client.sid} has left for good: client disconnect\n"
        await app.server.shutdown(1.0)


def test_the_example_of_rates_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The third of two events is refused as shown, before time passes."""
    (tmp_path / "rated.yaml").write_text(block("yaml", RATES), "utf-8")
    handlers = {"/": {"say": len, "typing": lambda _: None}}
    app = AsynctionSocketIO.from_spec(tmp_path / "rated.yaml", handlers=handlers)
    monkeypatch.setattr("asynction_asgi.engine.buckets.monotonic", lambda: 0.0)
    with serve(app) as url, socketio.SimpleClient(reconnection=False) as client:
        client.connect(url)
        answers = [client.call("say", "hello", timeout=WAIT_SECONDS) for _ in range(3)]
    assert answers == [5, 5, json.loads(block("json", RATES))]


def test_the_example_waits_for_a_rate(tmp_path: Path, node_modules: Path) -> None:
    """The client in JavaScript tries again after `retryAfter` and gets an answer each time."""
    quicker = block("yaml", RATES).replace("per: 60", "per: 0.5")
    (tmp_path / "rated.yaml").write_text(quicker, "utf-8")
    handlers = {"/": {"say": len, "typing": lambda _: None}}
    app = AsynctionSocketIO.from_spec(tmp_path / "rated.yaml", handlers=handlers)
    talk = """
const socket = io(process.argv[2]);
for (let count = 0; count < 4; count++) console.log(JSON.stringify(await say(socket, "hello")));
socket.close();
"""
    prepare(tmp_path, {"talk.js": block("js", RATES) + talk}, node_modules)
    with serve(app) as url:
        assert run(tmp_path, "talk.js", url) == [5, 5, 5, 5]


def test_the_example_of_acknowledgements_works(folder: Path) -> None:
    """Events are answered with a valid value, with any value, or with nothing, as declared."""
    (folder / "notes.yaml").write_text(block("yaml", ACKS), "utf-8")
    answers: dict[str, Any] = {"good": {"id": 7}, "bad": {"key": 7}}
    handlers = {"/": dict.fromkeys(("save", "import", "typing"), lambda data: answers[data])}
    app = AsynctionSocketIO.from_spec("notes.yaml", handlers=handlers)
    with serve(app) as url, socketio.SimpleClient(reconnection=False) as client:
        client.connect(url)
        assert client.call("save", "good", timeout=WAIT_SECONDS) == {"id": 7}
        assert client.call("save", "bad", timeout=WAIT_SECONDS)["error"]["code"] == "invalid_ack"
        assert client.call("import", "bad", timeout=WAIT_SECONDS) == {"key": 7}
        assert client.call("typing", "good", timeout=WAIT_SECONDS) is None


def test_the_example_of_a_pasted_schema_works(folder: Path) -> None:
    """The definitions of a pasted schema apply at any depth, and nothing undeclared passes."""
    (folder / "trees.yaml").write_text(block("yaml", DIALECTS), "utf-8")
    app = AsynctionSocketIO.from_spec("trees.yaml", strict=True, handlers={"/": {"plant": lambda tree: None}})
    with serve(app) as url, socketio.SimpleClient(reconnection=False) as client:
        client.connect(url)
        assert client.call("plant", {"children": [{"children": []}]}, timeout=WAIT_SECONDS) is None
        refusal = client.call("plant", {"children": [{"age": 5}]}, timeout=WAIT_SECONDS)
        (detail,) = refusal["error"]["details"]
        assert (detail["pointer"], detail["keyword"]) == ("/0/children/0", "unevaluatedProperties")


def test_the_example_of_asyncapi_3_works(folder: Path) -> None:
    """The address is the namespace, handlers get its parameter, and both sides acknowledge."""
    (folder / "auction.yaml").write_text(block("yaml", SHAPED), "utf-8")
    (folder / "auction.py").write_text(block("python", SHAPED), "utf-8")
    try:
        app = AsynctionSocketIO.from_spec("auction.yaml")
    finally:
        sys.modules.pop("auction", None)
    with serve(app) as url:
        client = socketio.Client(reconnection=False)
        client.on("sure", lambda amount: amount > 5, namespace="/auctions/7")
        client.connect(url, namespaces=["/auctions/7"])
        assert client.call("bid", ("vase", 9.5), namespace="/auctions/7", timeout=WAIT_SECONDS) is True
        assert client.call("bid", ("vase", 2), namespace="/auctions/7", timeout=WAIT_SECONDS) is False
        client.disconnect()
        refused: list[Any] = []
        stranger = socketio.Client(reconnection=False)
        stranger.on("connect_error", refused.append, namespace="/auctions/8")
        with pytest.raises(socketio.exceptions.ConnectionError):
            stranger.connect(url, namespaces=["/auctions/8"])
    assert refused[0]["message"] == "there is no auction 8"


def test_the_secured_example_works(folder: Path) -> None:
    """A client with the token is known by name, and another is refused with ``unauthorized``."""
    (folder / "secured.yaml").write_text(block("yaml", "Security"), "utf-8")
    (folder / "accounts.py").write_text(block("python", "Security"), "utf-8")
    try:
        app = AsynctionSocketIO.from_spec("secured.yaml")
    finally:
        sys.modules.pop("accounts", None)
    with serve(app) as url:
        with socketio.SimpleClient(reconnection=False) as client:
            client.connect(url, auth={"token": "open-sesame"})
            assert client.call("who am I", timeout=WAIT_SECONDS) == "ada"
        refused: list[Any] = []
        stranger = socketio.Client(reconnection=False)
        stranger.on("connect_error", refused.append)
        with pytest.raises(socketio.exceptions.ConnectionError):
            stranger.connect(url, auth={"token": "guess"})
    assert refused[0]["data"]["code"] == "unauthorized"


def test_the_example_of_roles_works(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token's scope decides about an event; a function may take it from another claim."""
    secret = "0123456789abcdef0123456789abcdef"
    monkeypatch.setenv("DESK_SECRET", secret)
    (folder / "desk.yaml").write_text(block("yaml", TOKENS), "utf-8")
    (folder / "desk.py").write_text(block("python", TOKENS), "utf-8")
    names: dict[str, Any] = {}
    try:
        exec(block("python", TOKENS, 1), names)
        by_document = AsynctionSocketIO.from_spec("desk.yaml")
    finally:
        sys.modules.pop("desk", None)

    def answers(app: AsynctionSocketIO, **claims: Any) -> Any:
        token = jwt.encode({"sub": "ada", "exp": time.time() + 60, **claims}, secret)
        with serve(app) as url, socketio.SimpleClient(reconnection=False) as client:
            client.connect(url, auth={"token": token})
            assert client.call("say", "hello", timeout=WAIT_SECONDS) == 5
            return client.call("close", timeout=WAIT_SECONDS)

    assert answers(by_document, scope="agent") == "closed by ada"
    assert answers(by_document)["error"]["code"] == "forbidden"
    assert answers(names["app"], realm_access={"roles": ["agent"]}) == "closed by ada"


def test_the_reason_of_a_refused_token_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """With the lines of the example the reason is in the log."""
    exec(block("python", WHY), {})
    verify = JWTVerifier(secret="0123456789abcdef0123456789abcdef")
    with caplog.at_level(logging.INFO):
        assert anyio.run(verify, "no token") is None
    assert "a token was refused: " in caplog.text


def test_the_log_has_the_form_that_is_shown(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A refused event is one line as in the example, and the settings of the example write JSON."""
    caplog.set_level(logging.DEBUG, "asynction_asgi.access")
    with (
        serve(importlib.import_module("chat").app) as url,
        socketio.SimpleClient(reconnection=False) as client,
    ):
        client.connect(url)
        client.call("say", "", timeout=WAIT_SECONDS)
    shown = block("text", LOG).splitlines()[1].replace("/chat", "/").replace("/0/text", "/0")
    lines = [record.getMessage() for record in caplog.records]
    assert shown.partition(" (sid ")[0] in {line.partition(" (sid ")[0] for line in lines}
    program = block("python", LOG) + "logging.getLogger('asynction_asgi').info('hello')\n"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "hello" in json.loads(done.stderr).values()


@pytest.mark.usefixtures("folder")
def test_the_example_of_a_database_works() -> None:
    """An event that fails leaves nothing in the database, and another one its row."""
    names: dict[str, Any] = {}
    exec(block("python", "Databases"), names)
    with serve(names["app"]) as url, socketio.SimpleClient(reconnection=False) as client:
        client.connect(url)
        assert client.call("say", "a secret", timeout=WAIT_SECONDS)["error"]["code"] == "internal_error"
        assert client.call("say", "hello", timeout=WAIT_SECONDS) == 5
    with closing(sqlite3.connect("chat.db")) as connection:
        assert connection.execute("select words from said").fetchall() == [("hello",)]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("heading", "place"),
    [
        ("Coming from asynction", 0),
        ("Coming from python-socketio", 0),
        ("Coming from python-socketio", 1),
        ("Coming from Flask-SocketIO", 0),
        ("Background work", 0),
    ],
)
def test_a_chat_that_was_brought_here_works(heading: str, place: int) -> None:
    """The event is answered, and another client of the example receives what it says."""
    names: dict[str, Any] = {}
    exec(block("python", heading, place), names)
    (app,) = {id(value): value for value in names.values() if isinstance(value, AsynctionSocketIO)}.values()
    with serve(app) as url, socketio.SimpleClient() as ada, socketio.SimpleClient() as bob:
        for client in (ada, bob):
            client.connect(url)
        assert ada.call("say", "hello", timeout=WAIT_SECONDS) == 5
        receiver = ada if heading == "Background work" else bob
        event = receiver.receive(timeout=WAIT_SECONDS)
        while event == ["said", "still here"]:
            event = receiver.receive(timeout=WAIT_SECONDS)
        assert event == ["said", "hello"]


@pytest.mark.usefixtures("folder")
def test_a_refusal_is_repeated_as_shown() -> None:
    """The command prints the line of the example."""
    with serve(importlib.import_module("chat").app) as url:
        arguments = shlex.split(block("bash", REPEAT).replace("http://127.0.0.1:8000", url))[1:]
        assert CliRunner().invoke(main, arguments).stderr == block("text", REPEAT)


def test_the_example_of_tests_works(tmp_path: Path) -> None:
    """The example's tests pass, and their coverage report is the one shown."""
    for name, text in (
        ("chat.yaml", DOCUMENT),
        ("chat.py", SERVER),
        ("test_chat.py", block("python", "Testing")),
    ):
        (tmp_path / name).write_text(text, "utf-8")
    program, *options = block("bash", "Testing").split()
    assert program == "pytest"
    plugins = ("anyio.pytest_plugin", "asynction_asgi.pytest_plugin")
    code, report = run_pytest(*options, cwd=tmp_path, plugins=plugins)
    assert code == 0, report
    assert block("text", "Testing") in report


def test_the_property_test_works(tmp_path: Path) -> None:
    """The example's test passes, and finds a handler with a different answer."""
    shown = block("python", "Testing", 1)
    for name, text in (("chat.yaml", DOCUMENT), ("chat.py", SERVER), ("test_property.py", shown)):
        (tmp_path / name).write_text(text, "utf-8")
    plugins = ("anyio.pytest_plugin", "_hypothesis_pytestplugin")
    code, report = run_pytest(cwd=tmp_path, plugins=plugins)
    assert code == 0, report
    (tmp_path / "chat.py").write_text(SERVER.replace("len(text)", "len(text.encode())"), "utf-8")
    code, report = run_pytest(cwd=tmp_path, plugins=plugins)
    assert code == 1
    assert "arguments=('\\x80',)" in report


def test_deployments_are_shown_as_they_are_written(folder: Path) -> None:
    """The command writes the configuration that the page shows."""
    result = CliRunner().invoke(main, shlex.split(block("bash", DEPLOYING))[1:])
    assert result.exit_code == 0, result.output
    assert (folder / "chat" / "deploy" / "chat.nginx.conf").read_text("utf-8") == block(
        "nginx", TWO_PROCESSES
    )
    (dockerfile,) = (
        content.decode()
        for name, content in deployment_files(["docker"], title="Chat", path="/socket.io", secrets=()).items()
        if name.endswith("/Dockerfile")
    )
    assert dockerfile == block("dockerfile", "Docker")


async def test_one_process_is_reached_through_nginx(folder: Path, nginx: str) -> None:
    """Clients connect over both transports, and the documentation page is there."""
    assert nginx
    with serve(importlib.import_module("chat").app) as behind:
        port = free_port()
        text = block("nginx", ONE_PROCESS).replace("http://127.0.0.1:8000", behind)
        async with running_nginx(folder, text, port) as url:
            async with httpx.AsyncClient(trust_env=False) as http:
                assert "Chat" in (await http.get(f"{url}/docs", follow_redirects=True)).text
            for transport in ("polling", "websocket"):
                async with socketio.AsyncSimpleClient(reconnection=False) as client:
                    await client.connect(url, transports=[transport])
                    assert await client.call("say", "hello", timeout=WAIT_SECONDS) == 5


@pytest.mark.usefixtures("folder")
def test_the_monitor_answers() -> None:
    """The command of the page answers probes at a port of its own, which is the target of the page's scrapes."""
    (job,) = load_document(io.StringIO(block("yaml", OBSERVING))).value["scrape_configs"]
    assert job["static_configs"][0]["targets"] == [f"127.0.0.1:{shlex.split(block('bash', OBSERVING))[-1]}"]
    arguments = shlex.split(block("bash", OBSERVING).replace("9090", "0"))[1:]
    with Here(*arguments, "--port", "0").serving() as (_, command):
        command.wait_for("Metrics on")
        (url,) = re.findall(r"Metrics on (http://[^/]+)/", command.output)
        assert httpx.get(f"{url}/ready", trust_env=False).json()["ready"] is True


def test_dashboard_and_alerts_are_printed() -> None:
    """Both commands of the page print a file."""
    starts = []
    for line in block("bash", BOARD).splitlines():
        command, _, target = line.partition(" > ")
        result = CliRunner().invoke(main, shlex.split(command)[1:])
        assert result.exit_code == 0, result.output
        starts.append((target, result.stdout.partition("\n")[0]))
    assert starts == [("dashboard.json", "{"), ("alerts.yaml", "groups:")]


def test_the_scaffolded_application_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The example's handlers are written to files with those names, and their tests pass."""
    (tmp_path / "chat.yaml").write_text(DOCUMENT, "utf-8")
    monkeypatch.chdir(tmp_path)
    program, *arguments = block("bash", START).split()
    assert program == "asynction-asgi"
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    app = tmp_path / "myapp"
    assert (app / "chat.py").read_text("utf-8") == block("python", START)
    assert "async def said(emit: Emit, text: str)" in (app / "emits.py").read_text("utf-8")
    code, report = run_pytest(str(app), cwd=tmp_path)
    assert code == 0, report


def test_the_typed_client_in_python_talks(folder: Path) -> None:
    """The written module lets the example talk to the server."""
    assert CliRunner().invoke(main, shlex.split(block("bash", PYTHON))[1:]).exit_code == 0
    with serve(importlib.import_module("chat").app) as url:
        program = folder / "programs" / "talk.py"
        program.write_text(block("python", PYTHON).replace("http://127.0.0.1:8000", url), "utf-8")
        done = subprocess.run([sys.executable, program], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("5\ninvalid_payload /0\n", "")


@pytest.mark.usefixtures("folder")
def test_the_typed_client_compiles(tmp_path_factory: pytest.TempPathFactory, node_modules: Path) -> None:
    """The written module compiles with the example, which prints the server's answers."""
    program, *arguments = block("bash", TYPED).split()
    assert program == "asynction-asgi"
    assert CliRunner().invoke(main, arguments).exit_code == 0
    place = tmp_path_factory.mktemp("front-end")
    declaration = "declare const console: { log(value: unknown): void };\n"
    with serve(importlib.import_module("chat").app) as url:
        shown = block("typescript", TYPED).replace("http://127.0.0.1:8000", url)
        module = Path("web", "chat.ts").read_text("utf-8")
        prepare(place, {"chat.ts": module, "page.ts": declaration + shown}, node_modules)
        assert errors(place, "typescript", emit=True) == {}
        assert run(place, "page.js") == [5.0, 8]


def test_the_example_refusal_is_complete(folder: Path) -> None:
    """The example has exactly the members of a refusal."""
    shown = json.loads(block("json", "Refusals"))["error"]
    assert set(shown) == {"code", "message", "details", "ref"}
    app = AsynctionSocketIO.from_spec(folder / "chat.yaml")
    with serve(app) as url, socketio.SimpleClient(reconnection=False) as client:
        client.connect(url)
        refusal = client.call("say", "", timeout=WAIT_SECONDS)["error"]
    assert set(refusal) == {"code", "message", "details"}
    assert set(refusal["details"][0]) == set(shown["details"][0])


@pytest.mark.usefixtures("folder")
def test_check_prints_what_is_shown(folder: Path) -> None:
    """The example of a finding is the command's output."""
    (folder / "chat.yaml").write_text(DOCUMENT.replace("minLength: 1", "minLength: one"), "utf-8")
    program, *arguments = block("bash", FINDINGS).split()
    assert program == "asynction-asgi"
    assert CliRunner().invoke(main, arguments).output == block("text", FINDINGS)


@pytest.mark.usefixtures("folder")
def test_versions_compare_as_shown(folder: Path) -> None:
    """The example of a breaking change is the command's output."""
    Repository(folder).commit({"chat.yaml": DOCUMENT})
    (folder / "chat.yaml").write_text(DOCUMENT.replace("minLength: 1", "minLength: 2"), "utf-8")
    program, *arguments = block("bash", "Comparing two versions").split()
    assert program == "asynction-asgi"
    assert CliRunner().invoke(main, arguments).output == block("text", "Comparing two versions")


def test_the_command_for_editors_writes_the_schema(folder: Path) -> None:
    """The command writes the file that the comments name, and the example is valid by it."""
    program, *arguments = block("bash", HOOKS).split()
    assert program == "asynction-asgi"
    assert CliRunner().invoke(main, arguments).exit_code == 0
    assert f"$schema={arguments[-1]}" in TEXT
    schema = json.loads((folder / arguments[-1]).read_text("utf-8"))
    document = load_document(folder / "chat.yaml").value
    (ours,) = [part for part in schema["allOf"] if part.get("then", {}).get("$ref", "").endswith("2-root")]
    assert list(Draft7Validator({**schema, "allOf": [ours]}).iter_errors(document)) == []


def test_the_hooks_in_the_example_exist() -> None:
    """Each hook of the example is in the file that pre-commit reads."""
    shown = load_document(io.StringIO(block("yaml", HOOKS))).value["repos"][0]["hooks"]
    known = load_document(ROOT / ".pre-commit-hooks.yaml").value
    assert [hook["id"] for hook in shown] == [hook["id"] for hook in known]
    assert all(re.search(hook["files"], "chat.yaml") for hook in shown)


def test_the_example_workflow_works(tmp_path: Path) -> None:
    """Its commands run in a clone with the base branch, and a breaking change fails the right one."""
    steps = load_document(io.StringIO(block("yaml", HOOKS, 1))).value["jobs"]["contract"]["steps"]
    commands = [step["run"] for step in steps if "asynction-asgi" in step.get("run", "")]
    origin = Repository(tmp_path / "origin")
    origin.commit({"chat.yaml": DOCUMENT})
    clone = Repository(tmp_path / "clone", clone_of=origin)
    summary = tmp_path / "summary.md"
    environment = {
        **os.environ,
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])),
        "GITHUB_BASE_REF": "main",
        "GITHUB_STEP_SUMMARY": str(summary),
    }

    def codes() -> list[int]:
        return [
            subprocess.run(["bash", "-c", command], cwd=clone.folder, env=environment, check=False).returncode
            for command in commands
        ]

    assert codes() == [0, 0, 0]
    (clone.folder / "chat.yaml").write_text(DOCUMENT.replace("minLength: 1", "minLength: 2"), "utf-8")
    assert codes() == [0, 1, 0]
    assert "ARGUMENTS_NARROWED" in summary.read_text("utf-8")


def test_the_commands_for_servers_print_the_example(folder: Path) -> None:
    """The commands print the example's output, and the listener receives the event."""
    heading = "Talking to a server"
    with serve(importlib.import_module("chat").app) as url:
        listen, *calls = [
            shlex.split(line.replace("http://127.0.0.1:8000", url))[1:]
            for place in (0, 1)
            for line in block("bash", heading, place).splitlines()
        ]
        listener = Command(*listen, "--count", "1", cwd=folder, piped=True)
        listener.wait_for("connected to")
        output = "".join(CliRunner().invoke(main, arguments).output for arguments in calls)
        assert output == block("text", heading)
        assert f"`{listener.line()[8:].strip()}`" in TEXT
        assert listener.wait() == 0


@pytest.mark.usefixtures("folder")
def test_a_running_server_is_tested_as_shown() -> None:
    """A server that forgets a keyword gives the finding of the example, and no other."""
    sio = socketio.AsyncServer(async_mode="asgi")

    async def every(event: str, _sid: str, *values: Any) -> Any:
        if event == "say" and len(values) == 1 and isinstance(values[0], str) and len(values[0]) <= 500:
            return len(values[0])
        return {"error": {"code": "invalid_payload", "message": ""}}

    sio.on("*", every)
    with serve(socketio.ASGIApp(sio)) as url:
        arguments = shlex.split(block("bash", RUNNING).replace("http://127.0.0.1:5000", url))[1:]
        result = CliRunner().invoke(main, arguments)
    shown = block("text", RUNNING).replace("http://127.0.0.1:5000", url)
    assert result.output.startswith(f"{shown}1 finding; ")
    assert result.exit_code == 1


def test_another_server_is_kept_to_the_document(folder: Path) -> None:
    """A server that knows no document refuses what the document refuses, behind the proxy."""
    sio = socketio.AsyncServer(async_mode="asgi")
    sio.on("say", lambda _, text: {"id": 7})
    with serve(socketio.ASGIApp(sio)) as behind:
        shown = block("bash", FRONT).replace("http://127.0.0.1:5000", behind).replace("8000", "0")
        command = Here(*shlex.split(shown)[1:])
        with command.serving() as (url, _), socketio.SimpleClient() as client:
            client.connect(url, transports=["websocket"])
            assert client.call("say", "")["error"]["code"] == "invalid_payload"
            assert client.call("say", "hello")["error"]["code"] == "invalid_ack"


def test_traffic_becomes_a_contract(folder: Path) -> None:
    """The five commands lead from a bare server to one whose clients are refused what they never sent."""
    (folder / "chat.yaml").unlink()
    sio = socketio.AsyncServer(async_mode="asgi")
    sio.on("say", lambda _, text: len(text) if isinstance(text, str) else None)
    with serve(socketio.ASGIApp(sio)) as behind:
        shown = block("bash", TRAFFIC).replace("http://127.0.0.1:5000", behind).replace("8000", "0")
        record, infer, before, enforce, after = [shlex.split(line)[1:] for line in shown.splitlines()]
        assert said_through(record) == 5
        assert CliRunner().invoke(main, infer).exit_code == 0
        assert CliRunner().invoke(main, ["check", "--strict", "chat.yaml"]).exit_code == 0
        found = CliRunner().invoke(main, [*before, "--timeout", "0.5"])
        assert "INVALID_ACCEPTED: 'say'" in found.output
        assert said_through([*enforce, "--validation", "warn"], 7) is None
        with Here(*enforce).serving() as (url, _):
            after[1] = url
            kept = CliRunner().invoke(main, after)
            assert (kept.exit_code, kept.output.partition(";")[0]) == (0, "nothing found"), kept.output
            assert said_at(url, 7)["error"]["code"] == "invalid_payload"
            assert said_at(url) == 5


def test_code_becomes_a_contract(folder: Path) -> None:
    """The exported document serves the same handler, and refuses what its annotations exclude."""
    (folder / "shop.py").write_text(block("python", CODE), "utf-8")
    export, run = [shlex.split(line)[1:] for line in block("bash", CODE).splitlines()]
    result = CliRunner().invoke(main, export)
    assert result.exit_code == 0, result.output
    assert re.search(r"shop\.py:14: .*'ordered'", result.stderr)
    with Here(*run, "--port", "0").serving() as (url, _), socketio.SimpleClient() as client:
        client.connect(url, transports=["websocket"])
        assert client.call("order", {"sku": "a", "count": 2}) == 2
        assert client.call("order", {"sku": "a", "count": 0})["error"]["code"] == "invalid_payload"
    sys.modules.pop("shop", None)


def said_through(arguments: list[str], text: Any = "hello") -> Any:
    """Return the answer to ``say`` of a server that a command serves."""
    with Here(*arguments).serving() as (url, _):
        return said_at(url, text)


def said_at(url: str, text: Any = "hello") -> Any:
    """Return the answer to ``say`` of a server."""
    with socketio.SimpleClient() as client:
        client.connect(url, transports=["websocket"])
        return client.call("say", text)


def test_the_mock_example_works(folder: Path) -> None:
    """The mock answers and emits exactly what its hints say."""
    (folder / "orders.yaml").write_text(block("yaml", "A mock"), "utf-8")
    app = MockAsynctionSocketIO.from_spec("orders.yaml", settings=MockSettings(seed=1, interval=0))
    with serve(app) as url, socketio.SimpleClient(reconnection=False) as client:
        client.connect(url)
        assert client.call("order", "one", timeout=WAIT_SECONDS) == 42
        events: dict[str, Any] = {}
        while len(events) < 2:
            name, value = client.receive(timeout=WAIT_SECONDS)
            events[name] = value
    assert events["accepted"]["courier"].istitle()
    assert 5 <= events["price"] <= 9


@pytest.mark.usefixtures("folder")
def test_the_examples_of_mocks_work() -> None:
    """A mock alone, and a mock beside an existing handler, answer."""
    for place in (0, 1):
        names: dict[str, Any] = {}
        exec(block("python", "A mock", place), names)
        with serve(names["app"]) as url, socketio.SimpleClient(reconnection=False) as client:
            client.connect(url)
            answer = client.call("say", "hello", timeout=WAIT_SECONDS)
            assert isinstance(answer, int)
            assert (answer == 5) == (place == 1)
