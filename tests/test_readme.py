"""The README, held to its word: every example runs, every table is complete."""

from __future__ import annotations

import ast
import importlib
import io
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections import Counter
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import socketio
from click.testing import CliRunner
from jsonschema import Draft7Validator

from asynction_asgi import AsynctionSocketIO, Limits
from asynction_asgi.cli import main
from asynction_asgi.mock import MockAsynctionSocketIO, MockSettings
from asynction_asgi.server.binding import bind_error_handler, bind_event_handler, bind_lifecycle_handler
from asynction_asgi.spec.text.document import load_document

from .cli.processes import Command
from .diff.repository import Repository
from .serving import serve
from .typed_clients.compiling import errors, prepare, run
from .wire.report import EVERYTHING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "asynction_asgi"
TEXT = (ROOT / "README.md").read_text("utf-8")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text and the heading it stands under."""

    language: str
    text: str
    heading: str


def read_blocks() -> list[Block]:
    found, heading = [], ""
    for match in re.finditer(r"^#+ ([^\n]+)$|^```(\w+)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL):
        if match[1]:
            heading = match[1]
        else:
            found.append(Block(match[2], match[3], heading))
    return found


BLOCKS = read_blocks()


def block(language: str, heading: str, place: int = 0) -> str:
    return [one.text for one in BLOCKS if (one.language, one.heading) == (language, heading)][place]


NOT_CODES = {"POST", "HEAD", "NFKC"}
EXAMPLE = "A complete example"
TYPED = "A typed client for front ends"
START = "Starting from a document"
HOOKS = "In editors, hooks and pull requests"
SHAPED = "AsyncAPI 3, and namespaces with parameters"
ACKS = "Payloads and arguments"
DOCUMENT, SERVER, CLIENT = block("yaml", EXAMPLE), block("python", EXAMPLE), block("python", EXAMPLE, 1)
FRAGMENTS = [
    one
    for one in BLOCKS
    if one.language == "python"
    and one.heading not in (EXAMPLE, "Handlers", SHAPED, "Security", "Testing", START)
] + [Block("python", block("python", "Handlers", 1), "Handlers")]


def table(heading: str) -> list[list[str]]:
    """Return the rows of the first table under a heading, without its head."""
    _, _, rest = TEXT.partition(f"# {heading}\n")
    rows = re.search(r"^\|---.*\n((?:\|.*\n)+)", rest, re.MULTILINE)
    assert rows, f"no table under {heading}"
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows[1].splitlines()]


def codes(cells: list[str]) -> set[str]:
    return {code for cell in cells for code in re.findall(r"`(\w+)`", cell)}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where the example's two files are, as a working directory to import from."""
    (tmp_path / "chat.yaml").write_text(DOCUMENT, "utf-8")
    (tmp_path / "chat.py").write_text(SERVER, "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    sys.modules.pop("chat", None)


def test_every_example_is_run_by_a_test_here() -> None:
    """A block under a new heading needs a test of its own."""
    tested = {
        *(("bash", one) for one in ("Install", "See the demo", "Run the tests", "Command line")),
        *((language, EXAMPLE) for language in ("yaml", "python", "text")),
        *(("python", one.heading) for one in FRAGMENTS),
        *((language, SHAPED) for language in ("yaml", "python")),
        ("yaml", ACKS),
        ("yaml", "Security"),
        ("python", "Security"),
        *((language, "Testing") for language in ("python", "bash", "text")),
        ("yaml", "A mock"),
        *((language, START) for language in ("bash", "python")),
        *((language, TYPED) for language in ("bash", "typescript")),
        ("json", "Refusals"),
        ("text", "Command line"),
        *((language, "Comparing two versions") for language in ("bash", "text")),
        *((language, HOOKS) for language in ("bash", "yaml")),
        *((language, "Talking to a server") for language in ("bash", "text")),
    }
    assert {(one.language, one.heading) for one in BLOCKS} == tested


@pytest.mark.usefixtures("folder")
def test_the_complete_example(capsys: pytest.CaptureFixture[str]) -> None:
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
@pytest.mark.parametrize("fragment", FRAGMENTS, ids=lambda one: one.heading)
def test_a_fragment_runs(fragment: Block) -> None:
    """Each of the shorter examples runs as it stands beside the complete one."""
    names: dict[str, Any] = {}
    exec(fragment.text, names)
    assert any(isinstance(one, AsynctionSocketIO) for one in names.values()) or "Validation" in names


@pytest.mark.usefixtures("folder")
def test_handlers_given_in_code() -> None:
    """Code wins over the document, and a handler's own refusal reaches the client."""
    names: dict[str, Any] = {}
    exec(block("python", "Handlers", 1), names)
    with serve(names["app"]) as url, socketio.SimpleClient(reconnection=False) as client:
        client.connect(url)
        assert client.call("say", "hello", timeout=5) == 5
        assert client.call("say", " ", timeout=5) == {
            "error": {"code": "forbidden", "message": "say something"}
        }


def test_the_forms_of_handlers() -> None:
    """Every signature that is shown can be bound to what its comment says."""
    shown = ast.parse(block("python", "Handlers")).body
    assert len(shown) == 7
    for one in shown:
        names: dict[str, Any] = {}
        exec(ast.unparse(one), names)
        if "connect" in names:
            bind_lifecycle_handler(names["connect"], ("sid", "environ", "auth"))
        elif "disconnect" in names:
            bind_lifecycle_handler(names["disconnect"], ("sid", "reason"))
        elif "error" in names:
            bind_error_handler(names["error"])
        else:
            assert bind_event_handler(names["sign_up"]).takes == "1"


def test_the_example_of_acknowledgements(folder: Path) -> None:
    """Each event is answered: with what the schema accepts, with anything, or with nothing."""
    (folder / "notes.yaml").write_text(block("yaml", ACKS), "utf-8")
    answers: dict[str, Any] = {"good": {"id": 7}, "bad": {"key": 7}}
    handlers = {"/": dict.fromkeys(("save", "import", "typing"), lambda data: answers[data])}
    app = AsynctionSocketIO.from_spec("notes.yaml", handlers=handlers)
    with serve(app) as url, socketio.SimpleClient(reconnection=False) as client:
        client.connect(url)
        assert client.call("save", "good", timeout=5) == {"id": 7}
        assert client.call("save", "bad", timeout=5)["error"]["code"] == "invalid_ack"
        assert client.call("import", "bad", timeout=5) == {"key": 7}
        assert client.call("typing", "good", timeout=5) is None


def test_the_example_of_asyncapi_3(folder: Path) -> None:
    """The address is the namespace, its parameter comes to the handlers, and both sides acknowledge."""
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
        assert client.call("bid", ("vase", 9.5), namespace="/auctions/7", timeout=5) is True
        assert client.call("bid", ("vase", 2), namespace="/auctions/7", timeout=5) is False
        client.disconnect()
        refused: list[Any] = []
        stranger = socketio.Client(reconnection=False)
        stranger.on("connect_error", refused.append, namespace="/auctions/8")
        with pytest.raises(socketio.exceptions.ConnectionError):
            stranger.connect(url, namespaces=["/auctions/8"])
    assert refused[0]["message"] == "there is no auction 8"


def test_the_secured_example(folder: Path) -> None:
    """Who has the token is known by name; who has another is refused with ``unauthorized``."""
    (folder / "secured.yaml").write_text(block("yaml", "Security"), "utf-8")
    (folder / "accounts.py").write_text(block("python", "Security"), "utf-8")
    try:
        app = AsynctionSocketIO.from_spec("secured.yaml")
    finally:
        sys.modules.pop("accounts", None)
    with serve(app) as url:
        with socketio.SimpleClient(reconnection=False) as client:
            client.connect(url, auth={"token": "open-sesame"})
            assert client.call("who am I", timeout=5) == "ada"
        refused: list[Any] = []
        stranger = socketio.Client(reconnection=False)
        stranger.on("connect_error", refused.append)
        with pytest.raises(socketio.exceptions.ConnectionError):
            stranger.connect(url, auth={"token": "guess"})
    assert refused[0]["data"]["code"] == "unauthorized"


def test_the_tested_example(pytester: pytest.Pytester) -> None:
    """The tests that are shown pass, and the report of what they exercise is the one that is shown."""
    for name, text in (
        ("chat.yaml", DOCUMENT),
        ("chat.py", SERVER),
        ("test_chat.py", block("python", "Testing")),
    ):
        (pytester.path / name).write_text(text, "utf-8")
    program, *options = block("bash", "Testing").split()
    assert program == "pytest"
    result = pytester.runpytest_subprocess(*options, "-p", "no:asyncio")
    assert result.ret == 0
    assert block("text", "Testing") in result.stdout.str()


def test_the_property_test(pytester: pytest.Pytester) -> None:
    """The test that is shown passes; it finds a handler that answers something else."""
    shown = block("python", "Testing", 1)
    for name, text in (("chat.yaml", DOCUMENT), ("chat.py", SERVER), ("test_property.py", shown)):
        (pytester.path / name).write_text(text, "utf-8")
    options = ("-p", "no:asyncio", "-p", "no:cacheprovider")
    assert pytester.runpytest_subprocess(*options).ret == 0
    (pytester.path / "chat.py").write_text(SERVER.replace("len(text)", "len(text.encode())"), "utf-8")
    result = pytester.runpytest_subprocess(*options)
    assert result.ret == 1
    assert "arguments=('\\x80',)" in result.stdout.str()


def test_the_application_to_start_from(pytester: pytest.Pytester) -> None:
    """The handlers that are shown are written, in files of those names, and their tests pass."""
    (pytester.path / "chat.yaml").write_text(DOCUMENT, "utf-8")
    program, *arguments = block("bash", START).split()
    assert program == "asynction-asgi"
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    app = pytester.path / "myapp"
    assert (app / "chat.py").read_text("utf-8") == block("python", START)
    assert "async def said(emit: Emit, text: str)" in (app / "emits.py").read_text("utf-8")
    pytester.chdir()
    assert pytester.runpytest_subprocess("-p", "no:asyncio", str(app)).ret == 0


@pytest.mark.usefixtures("folder")
def test_the_typed_client(tmp_path_factory: pytest.TempPathFactory, node_modules: Path) -> None:
    """The module that is written compiles with the example, which prints what the server answers."""
    program, *arguments = block("bash", TYPED).split()
    assert program == "asynction-asgi"
    assert CliRunner().invoke(main, arguments).exit_code == 0
    place = tmp_path_factory.mktemp("front-end")
    said = "declare const console: { log(value: unknown): void };\n"
    with serve(importlib.import_module("chat").app) as url:
        shown = block("typescript", TYPED).replace("http://127.0.0.1:8000", url)
        module = Path("web", "chat.ts").read_text("utf-8")
        prepare(place, {"chat.ts": module, "page.ts": said + shown}, node_modules)
        assert errors(place, "typescript", emit=True) == {}
        assert run(place, "page.js") == [5.0, 8]


def test_the_shape_of_a_refusal(folder: Path) -> None:
    """What is shown has the members, and no others, that a refusal has."""
    shown = json.loads(block("json", "Refusals"))["error"]
    assert set(shown) == {"code", "message", "details", "ref"}
    app = AsynctionSocketIO.from_spec(folder / "chat.yaml")
    with serve(app) as url, socketio.SimpleClient(reconnection=False) as client:
        client.connect(url)
        refusal = client.call("say", "", timeout=5)["error"]
    assert set(refusal) == {"code", "message", "details"}
    assert set(refusal["details"][0]) == set(shown["details"][0])


@pytest.mark.usefixtures("folder")
def test_check_prints_what_is_shown(folder: Path) -> None:
    """The sample of a finding is what the command prints."""
    (folder / "chat.yaml").write_text(DOCUMENT.replace("minLength: 1", "minLength: one"), "utf-8")
    program, *arguments = block("bash", "Command line").split()
    assert program == "asynction-asgi"
    assert CliRunner().invoke(main, arguments).output == block("text", "Command line")


@pytest.mark.usefixtures("folder")
def test_versions_compare_as_shown(folder: Path) -> None:
    """The sample of a breaking change is what the command prints."""
    Repository(folder).commit({"chat.yaml": DOCUMENT})
    (folder / "chat.yaml").write_text(DOCUMENT.replace("minLength: 1", "minLength: 2"), "utf-8")
    program, *arguments = block("bash", "Comparing two versions").split()
    assert program == "asynction-asgi"
    assert CliRunner().invoke(main, arguments).output == block("text", "Comparing two versions")


def test_editors_get_a_schema_as_shown(folder: Path) -> None:
    """The command writes the file that the comments name."""
    program, *arguments = block("bash", HOOKS).split()
    assert program == "asynction-asgi"
    assert CliRunner().invoke(main, arguments).exit_code == 0
    assert f"$schema={arguments[-1]}" in TEXT
    schema = json.loads((folder / arguments[-1]).read_text("utf-8"))
    document = load_document(folder / "chat.yaml").value
    (ours,) = [part for part in schema["allOf"] if part.get("then", {}).get("$ref", "").endswith("2-root")]
    assert list(Draft7Validator({**schema, "allOf": [ours]}).iter_errors(document)) == []


def test_the_hooks_that_are_shown_exist() -> None:
    """Each is in the file that pre-commit reads."""
    shown = load_document(io.StringIO(block("yaml", HOOKS))).value["repos"][0]["hooks"]
    known = load_document(ROOT / ".pre-commit-hooks.yaml").value
    assert [hook["id"] for hook in shown] == [hook["id"] for hook in known]
    assert all(re.search(hook["files"], "chat.yaml") for hook in shown)


def test_the_workflow_that_is_shown_works(tmp_path: Path) -> None:
    """Its commands run in a clone with the branch beside it; a breaking change fails the right one."""
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


def test_the_codes_of_changes_are_listed() -> None:
    """Each code of the table is made somewhere, and each that is made is in the table."""
    made = {
        word
        for path in (ROOT / "asynction_asgi" / "diff").rglob("*.py")
        for word in re.findall(r'"((?:[A-Z]+_)+[A-Z]+|CLOSED|OPENED)"', path.read_text("utf-8"))
    }
    listed = {
        code for codes, _ in table("Comparing two versions") for code in re.findall(r"`([A-Z_]+)`", codes)
    }
    assert made == listed


def test_a_server_is_talked_to_as_shown(folder: Path) -> None:
    """The commands print what is shown, and the listener hears of it."""
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


def test_the_commands_of_the_table_exist() -> None:
    """Each command and each flag that is named is there."""
    for command, words in table("Command line"):
        name = [one for one in command.strip("`").split()[1:] if re.fullmatch("[a-z]+", one)]
        output = CliRunner().invoke(main, [*name, "--help"]).output
        flags = set(re.findall(r"--[a-z-]+", words))
        assert flags <= set(re.findall(r"--[a-z-]+", output)), name


def test_installs_name_extras_that_exist() -> None:
    """The extras in the commands, and those named in prose, are the project's."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    for heading in ("Install", "See the demo", "Run the tests"):
        assert set(re.findall(r"\.\[(\w+)\]", block("bash", heading))) <= set(extras)
    assert set(re.findall(r"`\[(\w+)\]`", TEXT)) <= set(extras)


def test_links_lead_somewhere() -> None:
    """Files that the README links to are there."""
    links = re.findall(r"\]\(([^):]+)\)", TEXT)
    assert links
    assert all((ROOT / one).is_file() for one in links)


def test_guarantees_point_at_tests() -> None:
    """Each guarantee names a test file that is there and has tests."""
    for _, places in table("Guarantees"):
        for place in re.findall("`(tests/.+?)`", places) or [""]:
            assert "def test_" in (ROOT / place).read_text("utf-8")


def test_the_faults_are_those_of_the_suite() -> None:
    """Each class with its number, all of them passed by ours; what the bare server does is measured by hand."""
    kinds = Counter(fault.kind for fault in EVERYTHING)
    shown = table("Faults")
    assert {row[0]: row[1] for row in shown} == {
        **{kind: str(n) for kind, n in kinds.items()},
        "all": str(kinds.total()),
    }
    for _, count, bare, ours in shown:
        assert ours == f"{count} (100 %)"
        passed = int(bare.split()[0])
        assert bare == f"{passed} ({100 * passed // int(count)} %)"
    assert int(shown[-1][2].split()[0]) == sum(int(row[2].split()[0]) for row in shown[:-1])


def test_the_limits_are_complete() -> None:
    """Names and defaults are those of the code."""
    shown = {name.strip("`"): default for name, default, _ in table("Limits")}
    assert shown == {one.name: str(one.default) for one in fields(Limits)}


def constants(folder: Path) -> Iterator[str]:
    """Strings that are passed to calls, stand in mappings, or are defaults of parameters."""
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            values: list[ast.expr | None] = []
            if isinstance(node, ast.Call):
                values = [*node.args, *(one.value for one in node.keywords)]
            elif isinstance(node, ast.Dict):
                values = [*node.values]
            elif isinstance(node, ast.arguments):
                values = [*node.defaults, *node.kw_defaults]
            for one in values:
                if isinstance(one, ast.Constant) and isinstance(one.value, str):
                    yield one.value


def test_the_diagnostic_codes_are_complete() -> None:
    """Each code that a load can report is explained, and no other."""
    shown = codes([row[0] for row in table("Diagnostic codes")])
    used = {one for part in ("spec", "server", "mock") for one in constants(PACKAGE / part)}
    assert {one for one in used if re.fullmatch("[A-Z]{4,}|[A-Z]{2,}(_[A-Z]+)+", one)} - NOT_CODES == shown


def test_the_refusal_codes_are_complete() -> None:
    """Each code that a client can get from the server itself is explained."""
    shown = codes([row[0] for row in table("Refusals")])
    raised: set[str] = set()
    for path in [
        *(PACKAGE / "server").rglob("*.py"),
        *(PACKAGE / "engine").rglob("*.py"),
        PACKAGE / "errors.py",
    ]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            values: list[ast.expr | None] = []
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in (
                "RefusedError",
                "SecurityError",
            ):
                values = [*node.args[:1]]
            elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "code":
                values = [node.value]
            raised |= {str(one.value) for one in values if isinstance(one, ast.Constant)}
    assert raised - {"refused"} <= shown


def test_every_dependency_is_explained() -> None:
    """Nothing is installed that the README does not give a reason for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = [
        one
        for name, some in project["optional-dependencies"].items()
        if name not in ("test", "dev")
        for one in some
    ]
    wanted = {re.split(r"[<>=;\[ ]", one)[0] for one in [*project["dependencies"], *extras]}
    shown = {
        name for row in table("Why each dependency") for name in re.findall(r"[\w.-]+", row[0].split("(")[0])
    }
    assert shown == wanted


def test_the_mocked_example(folder: Path) -> None:
    """It answers and emits what its hints say, and nothing else."""
    (folder / "orders.yaml").write_text(block("yaml", "A mock"), "utf-8")
    app = MockAsynctionSocketIO.from_spec("orders.yaml", settings=MockSettings(seed=1, interval=0))
    with serve(app) as url, socketio.SimpleClient(reconnection=False) as client:
        client.connect(url)
        assert client.call("order", "one", timeout=5) == 42
        heard: dict[str, Any] = {}
        while len(heard) < 2:
            name, value = client.receive(timeout=5)
            heard[name] = value
    assert heard["accepted"]["courier"].istitle()
    assert 5 <= heard["price"] <= 9


@pytest.mark.usefixtures("folder")
def test_mocks_of_the_example() -> None:
    """Alone, and beside the handler that is there."""
    for place in (0, 1):
        names: dict[str, Any] = {}
        exec(block("python", "A mock", place), names)
        with serve(names["app"]) as url, socketio.SimpleClient(reconnection=False) as client:
            client.connect(url)
            answer = client.call("say", "hello", timeout=5)
            assert isinstance(answer, int)
            assert (answer == 5) == (place == 1)
