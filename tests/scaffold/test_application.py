"""Written applications: clean, typed, tested, and running."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import pytest
import socketio

from asynction_asgi.spec import load_spec

from ..cli.processes import running
from .generating import DOCUMENTS, scaffold, sources, written

if TYPE_CHECKING:
    from pathlib import Path

    from .generating import Tools

# What a module of an application may consist of.
STATEMENTS = (ast.Import, ast.ImportFrom, ast.AsyncFunctionDef, ast.FunctionDef, ast.ClassDef)
ASSIGNED = {"DOCUMENT", "app", "pytestmark", "Emit", "Call"}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_what_is_written_is_clean_typed_and_tested(name: str, folder: Path, tools: Tools) -> None:
    """Linter, formatter, strict type checker and the tests that come with it find nothing."""
    written(DOCUMENTS[name], folder)
    tools.lint(folder)
    tools.check_types(folder)
    passed = re.search(r"(\d+) passed", tools.test(folder))
    assert passed
    assert int(passed[1]) == sources(folder)["test_app.py"].count("async def test_")


@pytest.mark.parametrize("name", [name for name in DOCUMENTS if not name.startswith("chat")])
def test_every_public_event_has_a_test(name: str, folder: Path) -> None:
    """By its own name, where clients may emit it without credentials."""
    spec = load_spec(DOCUMENTS[name])
    text = sources(written(DOCUMENTS[name], folder))["test_app.py"]
    called = {
        ast.literal_eval(node.args[0])
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "call"
    }
    for namespace in spec.namespaces.values():
        if not namespace.security or () in namespace.security:
            assert namespace.receives.keys() - {"*"} <= called


def test_named_handlers_are_where_the_document_says(folder: Path) -> None:
    """Module and function as named, the code gives none, and arguments have their names and types."""
    found = sources(written(DOCUMENTS["chat-2.6"], folder))
    assert "handlers=" not in found["app.py"]
    handlers = found["chat/handlers.py"]
    for line in (
        "async def connect(socket: Socket, auth: ConnectAuth) -> None:",
        "async def on_error(socket: Socket, error: Exception) -> Any:",
        "async def send_message(socket: Socket, comment: Comment) -> SendMessageAck:",
        'async def move(socket: Socket, number: int, choice: Literal["left", "right"]) -> bool:',
        ") -> tuple[str | None, str]:",
        "async def say_in_room(socket: Socket, text: str, *, roomId: str) -> None:",
        'raise RefusedError("unavailable", "send message is not written yet")',
    ):
        assert line in handlers
    assert "async def bearer_info(token: str) -> Mapping[str, Any] | None:" in found["chat/security.py"]
    assert "refuses everybody" in found["chat/security.py"]


def test_a_handler_of_several_uses_fits_all(folder: Path) -> None:
    """What its uses have in common is typed; another use of its name is given in code."""
    found = sources(written(DOCUMENTS["shared"], folder))
    for line in (
        "async def connect(socket: Socket, auth: Any) -> None:",
        "async def same(socket: Socket, text: str) -> Any:",
        "async def other(socket: Socket, *arguments: Any) -> None:",
        "async def info(*arguments: Any) -> Mapping[str, Any] | None:",
    ):
        assert line in found["h.py"]
    assert '"third": handlers.third,' in found["app.py"]


def test_unnamed_handlers_are_attached_in_code(folder: Path) -> None:
    """One module per namespace, with docstrings from the document."""
    found = sources(written(DOCUMENTS["unnamed"], folder))
    assert '"store": root.store,' in found["app.py"]
    assert '"list": shelves_id.list_,' in found["app.py"]
    module = ast.parse(found["handlers/root.py"])
    store = next(one for one in module.body if isinstance(one, ast.AsyncFunctionDef) and one.name == "store")
    assert ast.get_docstring(store) == (
        'Store a crate.\n\nThe crate gets a number.\n\n- It is "fragile" where it says so.\n- A backslash \\ stays one.'
    )
    assert "async def list_(socket: Socket, *, id: int) -> list[Crate]:" in found["handlers/shelves_id.py"]
    assert "async def moved(emit: Emit, number: int, *others: str) -> None:" in found["emits/root.py"]
    assert "async def still_there(call: Call) -> bool:" in found["emits/root.py"]


def test_it_serves_named_handlers(folder: Path) -> None:
    """A handler and a security function that are filled in answer over the wire; the rest is refused."""
    written(DOCUMENTS["chat-2.6"], folder)
    replace(folder / "chat" / "security.py", r"return None  #.*", 'return {"sub": "ada"}')
    replace(
        folder / "chat" / "handlers.py",
        r'raise RefusedError\("unavailable", "send message.*',
        'await root.new_message(socket.emit, comment)\n    return {"id": comment["text"]}',
    )
    replace(folder / "chat" / "handlers.py", "\n\n\n", "\nfrom emits import root\n\n\n", count=1)
    with running("run", "app:app", "--port", "0", cwd=folder) as (url, _), socketio.SimpleClient() as client:
        # The path of the document's server.
        client.connect(f"{url}?v=2", auth={"token": "t"}, socketio_path="/rt/socket.io")
        assert client.call("send message", {"text": "hello"}, timeout=10) == {"id": "hello"}
        assert client.receive(timeout=10) == ["new message", {"text": "hello"}]
        for event, *arguments in (["move", 1, "left"], ["upload", {"name": "a"}, b"\0"], ["typing"]):
            refusal = client.call(event, tuple(arguments), timeout=10)
            assert refusal["error"]["code"] == "unavailable"
            assert refusal["error"]["message"] == f"{event} is not written yet"


def test_it_serves_unnamed_handlers(folder: Path) -> None:
    """Each event is answered, undeclared ones included, and the contract is enforced."""
    written(DOCUMENTS["unnamed"], folder)
    command = ("run", "app:app", "--port", "0")
    with running(*command, cwd=folder) as (url, _), socketio.SimpleClient() as client:
        client.connect(url)
        for event, argument in (("store", {"weight": 1}), ("move", (1, "left", True)), ("else", ())):
            assert client.call(event, argument, timeout=10)["error"]["code"] == "unavailable"
        assert client.call("store", {}, timeout=10)["error"]["code"] == "invalid_payload"


def replace(path: Path, pattern: str, text: str, *, count: int = 0) -> None:
    before = path.read_text("utf-8")
    after = re.sub(pattern, lambda _: text, before, count=count)
    assert after != before
    path.write_text(after, "utf-8")


def test_a_hostile_document_writes_neither_code_nor_paths(folder: Path) -> None:
    """Names, texts and values with quotes, line ends, paths and code end up as text alone."""
    before = set(folder.parent.rglob("*"))
    result = scaffold(DOCUMENTS["nasty"], folder)
    assert result.exit_code == 0, result.output
    made = set(folder.parent.rglob("*")) - before - {folder}
    assert made
    assert all(path.is_relative_to(folder) and re.fullmatch(r"[\w.]+", path.name) for path in made)
    for text in sources(folder).values():
        tree = ast.parse(text)
        imported = {
            alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
        }
        assert imported <= {"builtins", "handlers", "pytest"}
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        assert not names & {"os", "system", "exec", "eval", "open"}
        for one in tree.body:
            is_text = isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant)
            assert is_text or isinstance(one, (*STATEMENTS, ast.Assign, ast.AnnAssign))


def test_texts_of_a_hostile_document_stay_what_they_are(folder: Path) -> None:
    """Event names and values are the document's own, character by character."""
    spec = load_spec(DOCUMENTS["nasty"])
    found = sources(written(DOCUMENTS["nasty"], folder))
    table = next(
        node
        for node in ast.walk(ast.parse(found["app.py"]))
        if isinstance(node, ast.Dict) and len(node.keys) > 1
    )
    (namespace,) = spec.namespaces.values()
    attached = {ast.literal_eval(key) for key in table.keys if key is not None}
    assert attached <= namespace.receives.keys()
    values = namespace.receives["line\nbreak'); import os; ('"].arguments.schema
    assert values is not None
    literals = {
        node.value for node in ast.walk(ast.parse(found["payloads.py"])) if isinstance(node, ast.Constant)
    }
    assert set(values.value["enum"]) <= literals


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("email.send", "a module of Python's own"),
        ("h.class", "can't be defined"),
        ("app.x", "a module of the application itself"),
        ("socketio.x", "installed here already"),
        ("pkg.sub", "one name for two things"),
    ],
)
def test_a_name_that_can_not_be_had_is_told(path: str, why: str, folder: Path) -> None:
    """Its handler is given in code, so that the document works unchanged all the same."""
    result = scaffold(DOCUMENTS["nasty"], folder)
    assert f"warning: {path!r}" in result.stderr
    assert why in next(line for line in result.stderr.splitlines() if repr(path) in line)
    module = f"{path.partition('.')[0]}.py"
    assert module in {"h.py", "app.py"} or not (folder / module).exists()


def test_a_method_that_is_named_is_made(folder: Path) -> None:
    """Classes as deep as the path goes, each made without arguments."""
    found = ast.parse(sources(written(DOCUMENTS["nasty"], folder))["h.py"])
    outer = next(one for one in found.body if isinstance(one, ast.ClassDef))
    inner = next(one for one in outer.body if isinstance(one, ast.ClassDef))
    assert (outer.name, inner.name) == ("Cls", "Inner")
    assert [one.name for one in inner.body if isinstance(one, ast.AsyncFunctionDef)] == ["method"]
