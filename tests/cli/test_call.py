"""``asynction-asgi call``."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from asynction_asgi import AsynctionSocketIO, RefusedError
from asynction_asgi.cli import main
from asynction_asgi.cli.actions import call as action
from asynction_asgi.probe import before
from tests.cases import each_case

from ..serving import serve
from .served import DOCUMENT, create_app

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from click.testing import Result


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("call") / "post.yaml"
    path.write_text(DOCUMENT, "utf-8")
    return path


@pytest.fixture(scope="module")
def url(document: Path) -> Iterator[str]:
    with serve(create_app(document)) as base:
        yield base


def call(url: str, *arguments: str, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(main, ["call", url, *arguments], input=stdin)


@pytest.mark.parametrize("transport", ["auto", "websocket", "polling"])
def test_the_acknowledgement_is_printed(url: str, transport: str) -> None:
    """Standard output holds only the ack, over each transport; a negative number is an argument."""
    result = call(f"{url}/rt", "add", "44", "-2", "--transport", transport)
    assert (result.stdout, result.stderr, result.exit_code) == ("42\n", "", 0)


@pytest.mark.parametrize(
    ("address", "options"),
    [
        ("/rt", ()),
        ("/rt/", ()),
        ("/rt/socket.io/", ()),
        ("", ("--path", "/rt/socket.io")),
        ("/rt/socket.io", ("--path", "")),
    ],
    ids=["mount", "slash", "pasted", "path", "no path"],
)
def test_the_url_or_path_locates_socket_io(url: str, address: str, options: tuple[str, ...]) -> None:
    """The URL may be a mount or the full address, and ``--path`` may complete it."""
    assert call(url + address, "add", "1", "2", *options).output == "3\n"


@pytest.mark.parametrize("address", ["", "/rt"])
def test_a_document_names_the_path(url: str, document: Path, address: str) -> None:
    """``--spec`` sets the default path, relative to the path in the URL."""
    assert call(url + address, "add", "1", "2", "--spec", str(document)).output == "3\n"


def test_a_server_without_polling_is_reached(document: Path) -> None:
    """``auto`` falls back to WebSocket if the server refuses long-polling."""
    with serve(create_app(document, transports=["websocket"])) as base:
        assert call(f"{base}/rt", "add", "1", "2").output == "3\n"


def test_json_is_the_list_of_arguments(url: str) -> None:
    """``--json`` prints the arguments as one line, with bytes in the form that ``call`` accepts."""
    arguments = ['{"a": [1, null]}', '"\\u001b[31m ü"', '{"$binary": "AQID"}']
    result = call(f"{url}/rt", "mirror", *arguments, "--json")
    assert result.stdout.count("\n") == 1
    assert json.loads(result.stdout) == [json.loads(argument) for argument in arguments]


def test_text_output_is_readable_and_escaped(url: str) -> None:
    """Text shows one argument per line, indents nested values and escapes control characters."""
    result = call(f"{url}/rt", "mirror", '{"a": [{"b": "ü"}]}', '"\\u001b[31m\\u009b"', '{"$binary": "AQID"}')
    assert result.stdout == (
        '{\n  "a": [\n    {"b": "ü"}\n  ]\n}\n' + r'"\u001b[31m\u009b"' + "\n<3 bytes: 01 02 03>\n"
    )


def test_files_and_standard_input_are_bytes(url: str, tmp_path: Path) -> None:
    """``@file`` and ``@-`` become binary arguments."""
    (tmp_path / "file").write_bytes(bytes(range(256)))
    result = call(f"{url}/rt", "mirror", f"@{tmp_path / 'file'}", "@-", stdin=b"\xff")
    assert result.stdout == f"<256 bytes: {bytes(range(16)).hex(' ')} …>\n<1 byte: ff>\n"


@pytest.mark.parametrize(
    ("options", "variable", "coloured"),
    [((), "", True), (("--no-color",), "", False), ((), "1", False), (("--json",), "", False)],
    ids=["terminal", "--no-color", "NO_COLOR", "--json"],
)
def test_colours_can_be_refused(url: str, options: tuple[str, ...], variable: str, coloured: bool) -> None:
    """A terminal shows colours unless an option or ``NO_COLOR`` switches them off."""
    arguments = ["call", f"{url}/rt", "add", "1", "2", *options]
    result = CliRunner(env={"NO_COLOR": variable}).invoke(main, arguments, color=True)
    assert ("\x1b[36m3" in result.stdout) == coloured
    assert ("\x1b" in result.stdout) == coloured


def test_a_megabyte_comes_back_whole(url: str) -> None:
    """A large acknowledgement is printed without truncation."""
    text = json.dumps("x" * 900_000)
    # Longer than the operating system allows for an argument; the runner starts no process.
    assert call(f"{url}/rt", "mirror", text, "--json").stdout == f"[{text}]\n"


def test_auth_headers_and_query_reach_the_server(url: str) -> None:
    """The server receives auth, headers, and the query of the URL and of ``--query``."""
    options = ["--auth", '{"token": "t"}', "-H", "X-One: 1 2", "--query", "a=b c", "--query", "d=&"]
    result = call(f"{url}/rt?z=1", "what", "--namespace", "seen", "--json", *options)
    (seen,) = json.loads(result.stdout)
    assert seen["auth"] == {"token": "t"}
    assert seen["header"] == "1 2"
    assert seen["query"].startswith("z=1&a=b+c&d=%26&")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["add", '"x"', "2"], "the server refused: arguments/0: must be an integer [invalid_payload]"),
        (["knock", "-n", "/closed"], "  the arguments: knock first\n  /0: say who\n"),
        (["nothing"], "the server refused: the document lets no client emit this event [unknown_event]"),
        (["note", '""', "--no-ack"], "the server refused: arguments/0: must be at least 1 character long"),
        (["knock", "-n", "/closed"], r"refused the connection to /closed: members only \x1b[31m [forbidden]"),
        (["add", "-n", "/none"], "the server refused the connection to /none: Invalid namespace\n"),
        (["add", "-n", "/none"], "not have this namespace; use --namespace for another one\n"),
        (["sleep", "--timeout", "2"], "no acknowledgement within 2 s"),
        (["leave"], "the server disconnected this client"),
        (["leave", "--no-ack"], "the server disconnected this client"),
        (["leave", "--no-ack", "--transport", "polling"], "the server disconnected this client"),
        (["add", "--path", "elsewhere"], "use --path for it"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_refusal_exits_with_1(
    url: str, arguments: list[str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refusal, a timeout or a disconnect is reported on standard error without a traceback."""
    monkeypatch.setattr(action, "_GRACE_SECONDS", 30.0)  # on a busy machine
    result = call(f"{url}/rt", *arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert said in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    "command", [["call", "add", "1", "2"], ["call", "add", "--no-ack"], ["listen"]], ids=" ".join
)
@pytest.mark.parametrize("transport", ["auto", "websocket", "polling"])
def test_a_redirect_is_reported_and_not_followed(url: str, command: list[str], transport: str) -> None:
    """The error names the redirect's target, which receives no request or credential."""

    async def redirect(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"location", f"{url}/rt/socket.io/?stolen".encode())]
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.http.response.start", "status": 307, "headers": headers})
            await send({"type": "websocket.http.response.body", "body": b""})
        elif scope["type"] == "http":
            await send({"type": "http.response.start", "status": 307, "headers": headers})
            await send({"type": "http.response.body", "body": b""})

    with serve(redirect) as base:
        name, *rest = command
        options = ["--transport", transport, "--auth", '{"token": "secret"}', "-H", "X-Key: secret"]
        result = CliRunner().invoke(main, [name, f"{base}/rt", *rest, *options])
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        f"no connection to {base}/rt/socket.io/: the server redirects to {url}/rt/socket.io/ (307), which is not"
        " followed; if you trust that address, call it instead\n"
    )


@pytest.mark.parametrize("name", ["call", "listen"])
def test_an_answer_for_another_namespace_is_one_line(name: str) -> None:
    """The error names both namespaces and escapes control characters."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.accept"})
            frames = [
                '0{"sid":"x","upgrades":[],"pingInterval":9000,"pingTimeout":9000}',
                '40/\x1b[31m,{"sid":"y"}',
            ]
            for frame in frames:
                await send({"type": "websocket.send", "text": frame})
            while (await receive())["type"] != "websocket.disconnect":
                pass

    event = ["add"] if name == "call" else []
    with serve(app) as base:
        arguments = [name, base, *event, "-n", "/chat", "--transport", "websocket"]
        result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 1
    assert result.stderr == (
        f"no connection to {base}/socket.io/: the server answered for namespace '/\\x1b[31m' in place of '/chat'\n"
    )


def test_a_refusal_is_data_in_json(url: str) -> None:
    """``--json`` prints a refusal as the server sent it, and the exit code is 1."""
    result = call(f"{url}/rt", "add", "null", "2", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)[0]["error"]["details"][0]["pointer"] == "/0"


def test_an_event_without_acknowledgement(url: str) -> None:
    """``--no-ack`` reports that the event was emitted if no refusal follows at once."""
    result = call(f"{url}/rt", "note", '"hello"', "--no-ack")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "emitted\n")


@pytest.mark.parametrize(
    ("arguments", "code", "out", "said"),
    [
        (["add", "1", "2"], 0, "3\n", ""),
        (["add", '"x"', "2"], 1, "", "'add' does not match the document: arguments/0: must be an integer"),
        (["note", '""', "--no-ack"], 1, "", "'note' does not match the document"),
        (["nothing"], 1, "", "'nothing' does not match the document: the document has no such event"),
        (["lie"], 1, '"not a number"\n', "the acknowledgement of 'lie' does not match the document: ack/0"),
    ],
    ids=["valid", "argument", "no ack", "undeclared", "ack"],
)
def test_both_directions_are_checked_against_a_document(
    url: str, document: Path, arguments: list[str], code: int, out: str, said: str
) -> None:
    """``--spec`` blocks invalid arguments, and prints and reports an invalid answer."""
    result = call(url, *arguments, "--spec", str(document))
    assert (result.exit_code, result.stdout) == (code, out)
    assert said in result.stderr


def test_a_broken_document_is_reported_with_its_place(url: str, tmp_path: Path) -> None:
    """An invalid document is reported as by ``check``, and the command exits with 1."""
    (tmp_path / "broken.yaml").write_text("asyncapi: 9.9.9\n", "utf-8")
    result = call(url, "add", "--spec", str(tmp_path / "broken.yaml"))
    assert result.exit_code == 1
    assert "broken.yaml:1:11: error" in result.stderr


@each_case(
    ("arguments", "complaint"),
    [
        (["add", "1", "hello"], "argument 2 is not JSON: expecting value at character 1: hello"),
        (["add", "hello"], """within the shell's: '"hello"'"""),
        (["add", "{a: 1}"], "put the whole argument in single quotes"),
        (["add", "NaN"], "argument 1 is not JSON: NaN is not a JSON number"),
        (["add", "@nowhere"], "argument 1: can't read 'nowhere': No such file"),
        (["add", "@-", "@-"], "@- is given twice"),
        (["add", "--auth", "x"], "--auth is not JSON"),
        (["add", "-H", "x"], "--header takes 'Name: value', not 'x'"),
        (["add", "--query", "x"], "--query takes NAME=VALUE, not 'x'"),
        (["add", "--namspace", "/x"], "No such option '--namspace'"),
        (["add", "--timeout", "0"], "0.0 is not in the range"),
        (["add", "--timeout", "nan"], "nan is not a number of seconds"),
        (["add", "--timeout", "inf"], "inf is not a number of seconds"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_usage_exits_with_2(arguments: list[str], complaint: str) -> None:
    """The message names the argument, the place and the fix; no connection is made."""
    result = call("http://127.0.0.1:1", *arguments)
    assert result.exit_code == 2
    assert complaint in result.output


@pytest.mark.parametrize(
    ("address", "complaint"),
    [
        ("localhost:8000", "did you mean 'http://localhost:8000'?"),
        ("ftp://localhost", "is not the URL of a server"),
        ("http://", "is not the URL of a server"),
        ("http://localhost:port", "is not a URL: Port could not be cast"),
    ],
)
def test_an_invalid_url_exits_with_2(address: str, complaint: str) -> None:
    """The message suggests a scheme if the URL lacks one."""
    result = call(address, "add")
    assert result.exit_code == 2
    assert complaint in " ".join(result.output.split())


@pytest.mark.parametrize("transport", ["auto", "websocket", "polling"])
def test_an_unreachable_server_exits_with_1(transport: str) -> None:
    """One line states the address and the reason, without the password."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    result = call(f"http://user:secret@127.0.0.1:{port}", "add", "--transport", transport)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"no connection to http://127.0.0.1:{port}/socket.io/: Cannot connect")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("transport", ["auto", "websocket", "polling"])
def test_a_silent_server_exits_with_1(transport: str) -> None:
    """The command gives up after ``--timeout`` if the server accepts but never answers."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        result = call(address, "add", "--transport", transport, "--timeout", "0.3")
    assert result.exit_code == 1
    assert "no answer within 0.3 s" in result.stderr


def test_without_aiohttp_the_extra_is_named() -> None:
    """The message says which extra to install."""
    program = (
        "import sys; sys.modules['aiohttp'] = None; from asynction_asgi.cli import main; main(sys.argv[1:])"
    )
    result = subprocess.run(
        [sys.executable, "-c", program, "call", "http://127.0.0.1:1", "add"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert result.returncode == 1
    assert result.stderr == "this command needs aiohttp: pip install 'asynction-asgi[client]'\n"


@pytest.mark.parametrize("transport", ["auto", "websocket", "polling"])
def test_certificates_are_verified(document: Path, certificate: tuple[str, str], transport: str) -> None:
    """An untrusted certificate is refused with a hint, and accepted with ``--insecure``."""
    cert, key = certificate
    with serve(create_app(document), ssl_certfile=cert, ssl_keyfile=key, log_level="critical") as base:
        secure = f"{base.replace('http', 'https')}/rt"
        refused = call(secure, "add", "1", "2", "--transport", transport)
        assert refused.exit_code == 1
        assert "--insecure accepts any certificate" in refused.stderr
        assert call(secure, "add", "1", "2", "--transport", transport, "--insecure").output == "3\n"


def test_a_slow_server_has_time_to_refuse() -> None:
    """With ``--no-ack``, as much as it took to connect."""
    channels = {"/": {"publish": {"message": {"name": "note", "payload": {"type": "string"}}}}}
    document = {"asyncapi": "2.6.0", "info": {"title": "Slow", "version": "1"}, "channels": channels}
    app = AsynctionSocketIO.from_spec(document)

    @app.on("connect")
    async def connect() -> None:
        await asyncio.sleep(3)

    @app.on("note")
    async def note(text: str) -> None:
        await asyncio.sleep(1.5)
        raise RefusedError("forbidden", "not now")

    with serve(app) as base:
        result = call(base, "note", '"x"', "--no-ack")
    assert (result.exit_code, result.stderr) == (1, "the server refused: not now [forbidden]\n")


def test_what_follows_is_printed_and_checked(url: str, document: Path) -> None:
    """``--follow`` prints what the server emits; with ``--others``, what another client receives."""
    spec = ("--spec", str(document))
    alone = call(f"{url}/rt", "note", '"hello"', "--follow", "2", *spec)
    assert (alone.exit_code, "noted" in alone.stdout) == (0, False)
    heard = call(f"{url}/rt", "note", '"hello"', "--follow", "2", "--others", *spec)
    assert heard.exit_code == 0
    assert [line.split("  ")[1:] for line in heard.stdout.splitlines()] == [
        ["noted", '"hello"'],
        ["count", "5"],
    ]
    refused = call(f"{url}/rt", "note", '""', "--no-ack", "--follow", "2", "--json")
    assert json.loads(refused.stdout)["event"] == "exception"
    assert call(f"{url}/rt", "note", '"x"', "--others").exit_code == 2


def test_events_are_emitted_before(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``--before`` emits events first, and a refused one is named by its line."""
    steps = tmp_path / "steps.jsonl"
    steps.write_text('{"event": "note", "args": ["first"]}\n{"event": "add", "args": [1, 2]}\n', "utf-8")
    assert call(f"{url}/rt", "add", "1", "2", "--before", str(steps)).output == "3\n"
    monkeypatch.setattr(before, "_SECONDS", 30.0)  # on a busy machine
    steps.write_text('{"event": "note", "args": [1]}\n', "utf-8")
    result = call(f"{url}/rt", "add", "1", "2", "--before", str(steps))
    assert result.exit_code == 2
    assert "--before: line 1: the server refused 'note'" in result.output
    steps.write_text("[]\n", "utf-8")
    assert "line 1: expected an object" in call(f"{url}/rt", "add", "1", "2", "--before", str(steps)).output
