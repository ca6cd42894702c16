"""Runs against servers in Python: what is sent, counted and printed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
import socketio
from click.testing import CliRunner

from asynction_asgi import AsynctionSocketIO, RefusedError
from asynction_asgi.cli import main
from asynction_asgi.demo import DOCUMENT as CHAT
from asynction_asgi.demo import create_app as create_chat
from asynction_asgi.mock import MockAsynctionSocketIO

from ..serving import serve
from .conftest import AUCTION, codes, pasted, report

if TYPE_CHECKING:
    from collections.abc import Iterator

TESTS = Path(__file__).parents[1]
QUICK = ("--examples", "3")
SILENT = ("--timeout", "0.4")  # how long to wait for what does not come
SMALL = """\
asyncapi: 2.6.0
info: {title: Small, version: 1.0.0}
channels:
  /:
    bindings: {ws: {query: {type: object, required: [page], properties: {page: {type: integer}}}}}
    publish:
      message:
        oneOf:
          - name: count
            payload: {type: integer, minimum: 0}
            x-ack: {args: {type: integer}}
          - {name: touch, payload: {type: integer}}
  /rooms/{id}:
    parameters: {id: {schema: {type: string, minLength: 2}}}
    x-auth: {type: object, required: [name], properties: {name: {type: string}}}
    publish: {message: {name: enter, payload: {type: string}, x-ack: {args: {type: 'null'}}}}
"""


ECHO = """\
asyncapi: 2.6.0
info: {title: Echo, version: 1.0.0}
channels:
  /:
    publish: {message: {name: echo, payload: {type: string}, x-ack: {args: {type: string}}}}
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("small") / "small.yaml"
    path.write_text(SMALL, "utf-8")
    return path


@pytest.fixture(scope="module")
def bare(small: Path) -> Iterator[str]:
    """The address of a server that knows the events of the small document and checks nothing."""
    server = socketio.AsyncServer(async_mode="asgi", namespaces=["/", "/rooms/ab"], logger=False)

    async def count(_sid: str, *values: Any) -> Any:
        return values[0] if values else 0

    server.on("count", count)
    server.on("touch", lambda _sid, *_: None)
    server.on("enter", lambda _sid, *_: None, namespace="/rooms/ab")
    with serve(socketio.ASGIApp(server)) as url:
        yield url


def token_info(token: str) -> dict[str, str] | None:
    return {"uid": "ada"} if token == "secret" else None


@pytest.mark.parametrize(
    ("document", "seed"),
    [
        ("spec/chat/chat-2.6.yaml", 0),
        ("docs/depot.yaml", 7),
        ("scaffold/crowded.yaml", 0),
        ("typed_clients/desk.yaml", 7),
    ],
)
def test_a_mock_keeps_its_document(document: str, seed: int) -> None:
    """Our own server gives no finding, whatever the seed; what a handshake demands is presented."""
    path = TESTS / document
    with serve(MockAsynctionSocketIO.from_spec(path)) as url:
        body = report(url, *QUICK, "--seed", str(seed), spec=path)
    # A mock admits everybody.
    assert [code for code in codes(body) if code[0] != "OPEN_DOOR"] == []
    assert (body["flaky"], body["untested"], body["stopped"]) == ([], {}, None)


def test_our_server_keeps_its_document() -> None:
    """A server with handlers and security gives no finding, and refuses every door."""
    said: list[str] = []

    async def say(socket: Any, text: str) -> int:
        said.append(text)
        await socket.broadcast("said", {"text": text})
        return len(text)

    handlers: dict[str, Any] = {
        "bid": lambda bid: {"taken": True},
        "watch": lambda day, count: count,
        "say": say,
        "wave": lambda: None,
    }
    app = AsynctionSocketIO.from_spec(
        AUCTION, handlers={"/": handlers}, security_handlers={"token": token_info}
    )
    with serve(app) as url:
        body = report(url, *QUICK, "--auth", '{"token": "secret"}', code=0)
    assert "a" * 100 in said or any(len(text) == 100 for text in said)
    assert ["/", "connect", "refused"] in body["exercised"]


def test_refusals_by_state_are_counted_and_led_past(tmp_path: Path) -> None:
    """A refusal with a code of the handler's own is no finding; --before leads to where events are accepted."""
    before = tmp_path / "before.jsonl"
    before.write_text('{"time": "…", "event": "add user", "args": ["ada"]}\n', "utf-8")
    with serve(create_chat()) as url:
        without = report(url, *QUICK, spec=CHAT, code=0)
        led = report(url, *QUICK, "--before", str(before), "--exclude", "add user", spec=CHAT, code=0)
    assert without["cases"]["refused_by_state"]["forbidden"] > 0
    assert led["cases"]["refused_by_state"] == {}
    assert ["/", "new message", "sent"] in led["exercised"]


def test_the_same_seed_sends_the_same(small: Path, bare: str) -> None:
    """Equal seeds send equal events in equal order, another seed sends others, and --dry-run prints them."""
    seen: list[list[Any]] = []
    server = socketio.AsyncServer(async_mode="asgi", namespaces=["/"], logger=False)

    async def every(event: str, _sid: str, *values: Any) -> Any:
        seen[-1].append([event, *values])
        return (
            0
            if len(values) == 1 and type(values[0]) is int and values[0] >= 0
            else {"error": {"code": "invalid_payload", "message": ""}}
        )

    server.on("*", every)
    with serve(socketio.ASGIApp(server)) as url:
        for seed in ("1", "1", "2"):
            seen.append([])
            report(url, *QUICK, "--seed", seed, "-n", "/", "--include", "count", spec=small)
    assert seen[0] == seen[1] != seen[2]
    options = ("--dry-run", "--seed", "1", "--examples", "3", "-n", "/", "--include", "count")
    planned = CliRunner().invoke(main, ["test", "http://127.0.0.1:9", "-s", str(small), *options])
    lines = [json.loads(line) for line in planned.stdout.splitlines()]
    assert [[line["event"], *line["args"]] for line in lines] == seen[0]


def test_what_a_bare_server_lacks_is_found(small: Path, bare: str) -> None:
    """Each keyword that is not checked is a finding; what can't be observed is counted instead."""
    body = report(bare, *QUICK, *SILENT, "--namespace", "/rooms/ab", "-n", "/", spec=small, code=1)
    assert {
        ("INVALID_ACCEPTED", "count", "minimum"),
        ("OPEN_DOOR", "connect", "auth required"),
        ("OPEN_DOOR", "connect", "query required"),
        ("UNDECLARED_SILENCE", "undeclared", ""),
    } <= set(codes(body))


@pytest.mark.parametrize("form", ["text", "github", "junit"])
def test_a_report_for_every_reader(small: Path, bare: str, form: str, tmp_path: Path) -> None:
    """People get places and lines to try, GitHub annotations, CI a test case per event and keyword."""
    options = (*QUICK, "-n", "/", "--include", "count", "--phase", "faults", "--format", form)
    arguments = ["test", bare, "--spec", str(small), *options, "--output", str(tmp_path / "report")]
    result = CliRunner().invoke(main, arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    text = (tmp_path / "report").read_text("utf-8")
    where = f"{small}:10:47"
    if form == "text":
        assert f"{where}: INVALID_ACCEPTED: 'count' was accepted" in text
        assert f"try: asynction-asgi call {bare} count -1 --query page=1" in text
    elif form == "github":
        assert f"::error file={small},line=10,col=47,title=INVALID_ACCEPTED::'count' was" in text
        assert "::notice title=asynction-asgi test::" in text
    else:
        root = ET.fromstring(text)
        names = {test.get("name"): test.find("failure") for test in root.iter("testcase")}
        assert names["count minimum"] is not None
        assert root.find(".//property[@name='seed']") is not None
        assert int(root.get("failures", "0")) == sum(failure is not None for failure in names.values())


def test_the_printed_lines_show_their_findings(auction: str) -> None:
    """Each line works when pasted into a shell, with the credentials in variables."""
    body = report(
        f"{auction}/?bugs=limit,undeclared,others,additional,door",
        *("--auth", '{"token": "secret"}', *QUICK, "--phase", "edges", "--phase", "faults"),
        code=1,
    )
    shown = {
        "VALID_REFUSED": "the server refused: no [invalid_payload]",
        "INVALID_ACCEPTED": '{"taken": true}',
        "UNDECLARED_EMIT": "'waved' does not match the document",
        "INVALID_EMIT": "'said' does not match the document",
        "OPEN_DOOR": "connected to /",
    }
    lines = [finding["try"] for finding in body["findings"]]
    assert all("secret" not in line for line in lines)
    assert body["variables"].keys() == {"AUTH_TOKEN", "QUERY_BUGS"}
    environment = {"AUTH_TOKEN": "secret", "QUERY_BUGS": "limit,undeclared,others,additional,door"}
    printed = {finding["code"]: pasted(finding["try"], environment) for finding in body["findings"]}
    assert printed.keys() == shown.keys()
    for code, text in shown.items():
        assert text in printed[code], (code, printed[code])


def test_another_form_of_refusal_is_described_by_a_schema(tmp_path: Path) -> None:
    """With --refusal a server that refuses in its own way is understood; --schemas counts for it, too."""
    document = tmp_path / "own.yaml"
    document.write_text(SMALL.partition("  /rooms")[0], "utf-8")
    base = "https://schemas.example.com/"
    (tmp_path / "refusal.json").write_text(f'{{"$ref": "{base}own.json"}}', "utf-8")
    (tmp_path / "own.json").write_text('{"type": "object", "required": ["reason"]}', "utf-8")
    own = ("--schemas", f"{base}={tmp_path}", "--refusal", str(tmp_path / "refusal.json"))
    server = socketio.AsyncServer(async_mode="asgi", logger=False)

    async def every(event: str, _sid: str, *values: Any) -> Any:
        is_valid = event != "undeclared" and len(values) == 1 and type(values[0]) is int
        return 0 if is_valid and (event == "touch" or values[0] >= 0) else {"reason": "no"}

    server.on("*", every)
    options = (*QUICK, "--phase", "edges", "--phase", "faults", "--include", "count")
    with serve(socketio.ASGIApp(server)) as url:
        plain = report(url, *options, spec=document, code=1)
        described = report(url, *options, *own, spec=document)
    assert {code for code, _, _ in codes(plain)} >= {"INVALID_ACCEPTED"}
    assert {code for code, _, _ in codes(described)} == {"OPEN_DOOR"}


def test_broken_packets_are_sent_only_when_asked_for(small: Path, bare: str) -> None:
    """The phase wire asks whether the server and its other clients live on."""
    options = (*QUICK, "-n", "/", "--include", "count", "--phase", "examples", "--phase", "wire")
    body = report(bare, *options, spec=small, code=0)
    assert body["keywords"] == 1
    with serve(MockAsynctionSocketIO.from_spec(small)) as url:
        assert codes(report(url, *options, spec=small, code=0)) == []


@pytest.mark.parametrize(
    ("url", "options", "message"),
    [
        ("http://example.com", (), "'example.com' is not this machine"),
        ("http://example.com", ("--allow-host", "example.org"), "--allow-host names 'example.org'"),
        ("http://127.0.0.1:1", ("--include", "cuont"), "did you mean 'count'?"),
        ("http://127.0.0.1:1", ("-n", "/nowhere"), "declares no namespace '/nowhere'"),
        ("http://127.0.0.1:1", (), "no connection to http://127.0.0.1:1/socket.io/"),
        ("http://127.0.0.1:1", ("--before", __file__), "--before: line 1 is not JSON"),
        ("http://127.0.0.1:1", ("--refusal", __file__), "error"),
        ("http://127.0.0.1:1", ("-o", "no/folder"), "--output: can't write no/folder: No such file"),
    ],
    ids=["host", "other host", "event", "namespace", "unreachable", "before", "refusal", "output"],
)
def test_wrong_use_exits_with_2(small: Path, url: str, options: tuple[str, ...], message: str) -> None:
    """A test that did not happen is never a success; another machine must be named twice."""
    result = CliRunner().invoke(main, ["test", url, "--spec", str(small), *options])
    assert result.exit_code == 2
    assert message in result.output


def test_a_namespace_that_is_refused_for_nothing_is_a_finding(small: Path) -> None:
    """A namespace that the server lacks is a finding if the document demands nothing of clients."""
    document = small.parent / "public.yaml"
    document.write_text(SMALL.replace("  /:\n", "  /other: {}\n  /:\n"), "utf-8")
    server = socketio.AsyncServer(async_mode="asgi", logger=False)
    with serve(socketio.ASGIApp(server)) as url:
        body = report(url, *QUICK, "--phase", "examples", spec=document, code=1)
    assert codes(body) == [("VALID_REFUSED", "connect", "")]
    assert list(body["untested"]) == ["/rooms/{id}"]


def test_a_namespace_that_is_not_tested_is_no_success(small: Path) -> None:
    """A namespace that refuses the client by a code of its own exits with 2, unless that is allowed, and is named."""

    async def count(value: int) -> int:
        return value

    async def refuse() -> None:
        raise RefusedError("forbidden", "members only")

    app = AsynctionSocketIO.from_spec(
        small,
        handlers={"/": {"count": count, "touch": count}, "/rooms/{id}": {"connect": refuse, "enter": count}},
    )
    with serve(app) as url:
        arguments = ["test", url, "--spec", str(small), *QUICK, "--phase", "examples"]
        result = CliRunner().invoke(main, arguments)
        assert result.exit_code == 2
        assert "not tested: /rooms/{id}, which refuses the connection: members only" in result.stdout
        assert "1 of 2 namespaces not tested" in result.stderr
        allowed = CliRunner().invoke(main, [*arguments, "--allow-untested"])
        assert (allowed.exit_code, "not tested: /rooms/{id}" in allowed.stdout) == (0, True)
        alone = CliRunner().invoke(main, [*arguments, "-n", "/rooms/ab"])
    assert alone.exit_code == 2
    assert "the server refused the connection to /rooms/ab: members only [forbidden]" in alone.stderr


def test_a_handler_that_refuses_a_step_is_named(small: Path, tmp_path: Path) -> None:
    """A step of --before that the server refuses ends the run with the line's number."""

    async def count(_value: int) -> int:
        raise RefusedError("forbidden", "not today")

    steps = tmp_path / "steps.jsonl"
    steps.write_text('\n{"event": "count", "args": [1], "namespace": "/"}\n', "utf-8")
    with serve(
        AsynctionSocketIO.from_spec(
            small, handlers={"/": {"count": count, "touch": count}, "/rooms/{id}": {"enter": count}}
        )
    ) as url:
        arguments = ["test", url, "--spec", str(small), "--before", str(steps)]
        result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert "--before: line 2: the server refused 'count': not today [forbidden]" in result.output


def answering(answer: Any, **options: Any) -> Any:
    """Serve a bare server that answers every event with ``answer(sid, event, arguments)``."""
    server = socketio.AsyncServer(async_mode="asgi", logger=False, **options)

    async def every(event: str, sid: str, *arguments: Any) -> Any:
        return await answer(server, sid, event, arguments)

    server.on("*", every)
    return serve(socketio.ASGIApp(server))


@pytest.fixture(scope="module")
def counting(small: Path) -> Path:
    """A document of one event that demands nothing of clients."""
    path = small.parent / "counting.yaml"
    path.write_text(SMALL.partition("  /rooms")[0].replace("    bindings", "    x-bindings"), "utf-8")
    return path


def test_what_happens_once_is_no_finding(counting: Path) -> None:
    """An event that the server sends once and never again is shown as info, and the run succeeds."""
    sent: list[str] = []

    async def answer(server: Any, sid: str, event: str, _arguments: Any) -> Any:
        if not sent:
            sent.append(event)
            await server.emit("odd", to=sid)
        return 0

    with answering(answer) as url:
        options = (*QUICK, "--include", "count", "--phase", "edges")
        result = CliRunner().invoke(main, ["test", url, "--spec", str(counting), *options])
    assert result.exit_code == 0
    assert "info: UNDECLARED_EMIT did not repeat on a new connection: the server sent 'odd'" in result.output
    assert "nothing found" in result.output


@pytest.mark.parametrize("phases", [("edges",), ("edges", "faults")], ids=["last", "behind refusals"])
def test_what_is_sent_late_is_blamed_on_what_was_accepted(counting: Path, phases: tuple[str, ...]) -> None:
    """An event that comes behind many refusals, or after the last case, is found all the same."""
    refusals: Counter[str] = Counter()
    many_refusals: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)

    async def emit_late(server: Any, sid: str) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(many_refusals[sid].wait(), 0.06)
        await server.emit("odd", to=sid)

    async def answer(server: Any, sid: str, _event: str, arguments: Any) -> Any:
        if len(arguments) == 1 and type(arguments[0]) is int and arguments[0] >= 0:
            late.append(asyncio.create_task(emit_late(server, sid)))
            return 0
        refusals[sid] += 1
        if refusals[sid] == 5:
            many_refusals[sid].set()
        return {"error": {"code": "invalid_payload", "message": "no"}}

    late: list[asyncio.Task[None]] = []
    chosen = [word for phase in phases for word in ("--phase", phase)]
    with answering(answer) as url:
        body = report(url, *QUICK, "--include", "count", *chosen, spec=counting, code=1)
    assert codes(body) == [("UNDECLARED_EMIT", "odd", "")]
    assert body["findings"][0]["sent"]["event"] == "count"
    assert body["findings"][0]["sent"]["valid"]


def test_a_refusal_without_a_code_counts_if_another_value_is_accepted(counting: Path) -> None:
    """A server that refuses one value in its own words is found out; one that refuses all may be in a state."""

    async def picky(_server: Any, _sid: str, _event: str, arguments: Any) -> Any:
        return {"error": "too large"} if arguments[0] > 2**40 else 0

    async def closed(_server: Any, _sid: str, _event: str, _arguments: Any) -> Any:
        return {"error": "come back later"}

    options = (*QUICK, "--include", "count", "--phase", "edges")
    with answering(picky) as url:
        assert codes(report(url, *options, spec=counting, code=1)) == [("VALID_REFUSED", "count", "type")]
    with answering(closed) as url:
        body = report(url, *options, spec=counting, code=0)
    assert body["cases"]["refused_by_state"] == {"no code": body["cases"]["sent"]}


def test_another_machine_gets_one_connection_at_a_pace(counting: Path) -> None:
    """For a host that is not this machine, there is one connection at a time, and a rate that may be set."""
    connected: list[int] = []
    open_now: set[str] = set()

    async def answer(_server: Any, _sid: str, event: str, arguments: Any) -> Any:
        return (
            0
            if event == "count" and arguments[0] < 2**40
            else {"error": {"code": "invalid_payload", "message": ""}}
        )

    server = socketio.AsyncServer(async_mode="asgi", logger=False)

    async def connect(sid: str, *_: Any) -> None:
        open_now.add(sid)
        connected.append(len(open_now))

    async def every(event: str, sid: str, *arguments: Any) -> Any:
        return await answer(server, sid, event, arguments)

    server.on("connect", connect)
    server.on("disconnect", lambda sid, *_: open_now.discard(sid))
    server.on("*", every)
    options = (*QUICK, "--include", "count", "--phase", "edges")
    with serve(socketio.ASGIApp(server)) as url:
        # It is this machine, under an address that is not a loopback one.
        foreign = url.replace("127.0.0.1", "0.0.0.0")
        body = report(foreign, *options, "--allow-host", "0.0.0.0", spec=counting, code=1)
        assert set(connected) == {1}
        assert body["seconds"] >= (body["events"] - 2) / 20
        connected.clear()
        report(foreign, *options, "--allow-host", "0.0.0.0", "--rate", "1000", spec=counting, code=1)
        assert 2 in connected


def test_an_interrupt_while_the_second_connection_opens_is_quiet(tmp_path: Path) -> None:
    """The connection that only listens is closed, and nothing but the end of the run is printed."""
    (tmp_path / "echo.yaml").write_text(ECHO, "utf-8")
    clients: list[str] = []
    opening = threading.Event()

    async def connect(sid: str) -> None:
        clients.append(sid)
        if len(clients) == 2:
            opening.set()
            await asyncio.Event().wait()

    handlers = {"/": {"connect": connect, "echo": lambda text: text}}
    with serve(AsynctionSocketIO.from_spec(tmp_path / "echo.yaml", handlers=handlers)) as url:
        run = subprocess.Popen(
            [sys.executable, "-m", "asynction_asgi", "test", url, "-s", "echo.yaml", "--timeout", "60"],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            text=True,
        )
        assert opening.wait(60)
        run.send_signal(signal.SIGINT)
        output, errors = run.communicate(timeout=60)
    assert errors == ""
    assert output.endswith("stopped early: interrupted\n")
    assert run.returncode == 130


def test_an_interrupted_run_shows_its_progress_and_what_it_found(
    small: Path, bare: str, tmp_path: Path
) -> None:
    """On a terminal a line says what is being done; Ctrl-C ends the run, and its findings are printed."""
    terminal, other_end = os.openpty()
    arguments = ("test", bare, "--spec", str(small), "-n", "/", "--include", "count", "--phase", "faults")
    run = subprocess.Popen(
        [sys.executable, "-m", "asynction_asgi", *arguments, "--rate", "2", "--timeout", "0.5"],
        stdout=subprocess.PIPE,
        stderr=other_end,
        start_new_session=True,
        text=True,
    )
    os.close(other_end)
    shown = b""
    while b"faults of 'count' in /: " not in shown:
        shown += os.read(terminal, 10_000)
    run.send_signal(signal.SIGINT)
    output, _ = run.communicate(timeout=30)
    os.close(terminal)
    assert run.returncode == 130
    assert "stopped early: interrupted" in output
    assert "OPEN_DOOR" in output
