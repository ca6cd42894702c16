"""Written applications are clean, typed, tested and running."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import pytest
import socketio

from asynction_asgi.spec import load_spec

from ..cli.processes import running
from ..clients import WAIT_SECONDS
from .generating import DOCUMENTS, scaffold, sources, written

if TYPE_CHECKING:
    from pathlib import Path

    from .generating import Tools

# The statements that a module of an application may contain.
STATEMENTS = (ast.Import, ast.ImportFrom, ast.AsyncFunctionDef, ast.FunctionDef, ast.ClassDef)
ASSIGNED = {"DOCUMENT", "app", "pytestmark", "Emit", "Call"}
REPLACED = """\
asyncapi: 2.6.0
info: {title: T, version: 1.0.0}
servers: {s: {url: localhost, protocol: ws, security: [{token: []}]}}
channels: {/: {x-security: [], publish: {message: {name: say, payload: {type: string}}}}}
components: {securitySchemes: {token: {@ type: http, scheme: bearer}}}
"""


@pytest.mark.parametrize("name", DOCUMENTS)
def test_what_is_written_is_clean_typed_and_tested(name: str, folder: Path, tools: Tools) -> None:
    """Linter, formatter, strict type checker and the application's own tests report no problem."""
    written(DOCUMENTS[name], folder)
    tools.lint(folder)
    tools.check_types(folder)
    passed = re.search(r"(\d+) passed", tools.test(folder))
    assert passed
    assert int(passed[1]) == sources(folder)["test_app.py"].count("async def test_")


@pytest.mark.parametrize("name", [name for name in DOCUMENTS if not name.startswith("chat")])
def test_every_public_event_has_a_test(name: str, folder: Path) -> None:
    """Each event that clients may emit without credentials has a test that calls it."""
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
    """Named handlers are defined at their paths, with typed arguments, and not passed in code."""
    modules = sources(written(DOCUMENTS["chat-2.6"], folder))
    assert "handlers=" not in modules["app.py"]
    handlers = modules["chat/handlers.py"]
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
    assert "async def bearer_info(token: str) -> Mapping[str, Any] | None:" in modules["chat/security.py"]
    assert "refuses every client" in modules["chat/security.py"]


def test_a_handler_of_several_uses_fits_all(folder: Path) -> None:
    """A shared handler has the types common to its uses; a conflicting use is attached in code."""
    modules = sources(written(DOCUMENTS["shared"], folder))
    for line in (
        "async def connect(socket: Socket, auth: Any) -> None:",
        "async def same(socket: Socket, text: str) -> Any:",
        "async def other(socket: Socket, *arguments: Any) -> None:",
        "async def info(*arguments: Any) -> Mapping[str, Any] | None:",
    ):
        assert line in modules["h.py"]
    assert '"third": handlers.third,' in modules["app.py"]


def test_unnamed_handlers_are_attached_in_code(folder: Path) -> None:
    """Each namespace has one module of handlers, with docstrings from the document."""
    modules = sources(written(DOCUMENTS["unnamed"], folder))
    assert '"store": root.store,' in modules["app.py"]
    assert '"list": shelves_id.list_,' in modules["app.py"]
    module = ast.parse(modules["handlers/root.py"])
    store = next(
        node for node in module.body if isinstance(node, ast.AsyncFunctionDef) and node.name == "store"
    )
    assert ast.get_docstring(store) == (
        'Store a crate.\n\nThe crate gets a number.\n\n- It is "fragile" where it says so.\n- A backslash \\ stays one.'
    )
    assert "async def list_(socket: Socket, *, id: int) -> list[Crate]:" in modules["handlers/shelves_id.py"]
    assert "async def moved(emit: Emit, number: int, *others: str) -> None:" in modules["emits/root.py"]
    assert "async def still_there(call: Call) -> bool:" in modules["emits/root.py"]


@pytest.mark.parametrize("scheme", ["x-jwt: {secretEnv: SECRET},", ""], ids=["x-jwt", "function"])
def test_a_scheme_that_nothing_requires_is_left_out(folder: Path, scheme: str) -> None:
    """A server's security that every namespace replaces needs no function and no secret, as at start-up."""
    document = folder.with_suffix(".yaml")
    document.write_text(REPLACED.replace("@", scheme), "utf-8")
    files = sources(written(document, folder))
    assert "security.py" not in files
    assert not any("SECRET" in text or "security" in text for text in files.values())


def test_it_serves_named_handlers(folder: Path) -> None:
    """Completed handlers answer over the wire, and the others refuse as unavailable."""
    written(DOCUMENTS["chat-2.6"], folder)
    replace(folder / "chat" / "security.py", r"return None  #.*", 'return {"sub": "ada"}')
    replace(
        folder / "chat" / "handlers.py",
        r'raise RefusedError\("unavailable", "send message.*',
        'await root.new_message(socket.emit, comment)\n    return {"id": comment["text"]}',
    )
    replace(folder / "chat" / "handlers.py", "\n\n\n", "\nfrom emits import root\n\n\n", count=1)
    with running("run", "app:app", "--port", "0", cwd=folder) as (url, _), socketio.SimpleClient() as client:
        # The path comes from the document's server.
        client.connect(f"{url}?v=2", auth={"token": "t"}, socketio_path="/rt/socket.io")
        assert client.call("send message", {"text": "hello"}, timeout=WAIT_SECONDS) == {"id": "hello"}
        assert client.receive(timeout=WAIT_SECONDS) == ["new message", {"text": "hello"}]
        for event, *arguments in (["move", 1, "left"], ["upload", {"name": "a"}, b"\0"], ["typing"]):
            refusal = client.call(event, tuple(arguments), timeout=WAIT_SECONDS)
            assert refusal["error"]["code"] == "unavailable"
            assert refusal["error"]["message"] == f"{event} is not written yet"


def test_it_serves_unnamed_handlers(folder: Path) -> None:
    """Each event is answered, even an undeclared one, and the contract is enforced."""
    written(DOCUMENTS["unnamed"], folder)
    command = ("run", "app:app", "--port", "0")
    with running(*command, cwd=folder) as (url, _), socketio.SimpleClient() as client:
        client.connect(url)
        for event, argument in (("store", {"weight": 1}), ("move", (1, "left", True)), ("else", ())):
            assert client.call(event, argument, timeout=WAIT_SECONDS)["error"]["code"] == "unavailable"
        assert client.call("store", {}, timeout=WAIT_SECONDS)["error"]["code"] == "invalid_payload"


def replace(path: Path, pattern: str, text: str, *, count: int = 0) -> None:
    before = path.read_text("utf-8")
    after = re.sub(pattern, lambda _: text, before, count=count)
    assert after != before
    path.write_text(after, "utf-8")


def test_a_hostile_document_injects_no_code_or_paths(folder: Path) -> None:
    """Names, texts and values of a document appear in the code only as text."""
    before = set(folder.parent.rglob("*"))
    result = scaffold(DOCUMENTS["nasty"], folder)
    assert result.exit_code == 0, result.output
    paths = set(folder.parent.rglob("*")) - before - {folder}
    assert paths
    assert all(path.is_relative_to(folder) and re.fullmatch(r"[\w.]+", path.name) for path in paths)
    for text in sources(folder).values():
        tree = ast.parse(text)
        imported = {
            alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
        }
        assert imported <= {"builtins", "handlers", "pytest"}
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        assert not names & {"os", "system", "exec", "eval", "open"}
        for node in tree.body:
            is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            assert is_text or isinstance(node, (*STATEMENTS, ast.Assign, ast.AnnAssign))


def test_texts_of_a_hostile_document_are_exact(folder: Path) -> None:
    """Event names and values are those of the document, character by character."""
    spec = load_spec(DOCUMENTS["nasty"])
    modules = sources(written(DOCUMENTS["nasty"], folder))
    table = next(
        node
        for node in ast.walk(ast.parse(modules["app.py"]))
        if isinstance(node, ast.Dict) and len(node.keys) > 1
    )
    (namespace,) = spec.namespaces.values()
    attached = {ast.literal_eval(key) for key in table.keys if key is not None}
    assert attached <= namespace.receives.keys()
    values = namespace.receives["line\nbreak'); import os; ('"].arguments.schema
    assert values is not None
    literals = {
        node.value for node in ast.walk(ast.parse(modules["payloads.py"])) if isinstance(node, ast.Constant)
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
def test_an_unusable_name_is_reported(path: str, why: str, folder: Path) -> None:
    """A handler with an unusable path is attached in code, so that the document stays unchanged."""
    result = scaffold(DOCUMENTS["nasty"], folder)
    assert f"warning: {path!r}" in result.stderr
    assert why in next(line for line in result.stderr.splitlines() if repr(path) in line)
    module = f"{path.partition('.')[0]}.py"
    assert module in {"h.py", "app.py"} or not (folder / module).exists()


def test_a_named_method_gets_its_classes(folder: Path) -> None:
    """A path through classes becomes nested classes with the method."""
    tree = ast.parse(sources(written(DOCUMENTS["nasty"], folder))["h.py"])
    outer = next(node for node in tree.body if isinstance(node, ast.ClassDef))
    inner = next(node for node in outer.body if isinstance(node, ast.ClassDef))
    assert (outer.name, inner.name) == ("Cls", "Inner")
    assert [node.name for node in inner.body if isinstance(node, ast.AsyncFunctionDef)] == ["method"]
