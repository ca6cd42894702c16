"""``scaffold --update``: what changes when the document does, and what stays its author's."""

from __future__ import annotations

import inspect
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from asynction_asgi import BindingError, load_spec
from asynction_asgi.scaffold import make_application, make_update, outdated, remove_files, write_files

from .generating import bound, is_kept, scaffold

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

    from .generating import Tools

TEXT = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"], "title": "Line"}
NUMBER = {"type": "integer"}
STUB = 'raise RefusedError("unavailable", "say is not written yet")'
MINE = "return line  # mine"


def message(name: str, payload: Any, *, handler: str | None = None, ack: Any = TEXT) -> dict[str, Any]:
    named = {} if handler is None else {"x-handler": handler}
    return {"name": name, "payload": payload, "x-ack": {"args": ack}, **named}


def write_document(path: Path, *messages: dict[str, Any], **others: dict[str, Any]) -> Path:
    """Write a document with messages in ``/``, and with one in each of other namespaces."""
    channels = {
        f"/{name}": {
            "publish": {"message": {"oneOf": list(received)}},
            "subscribe": {"message": {"name": "told", "payload": TEXT}},
        }
        for name, received in {"": messages, **{name: (other,) for name, other in others.items()}}.items()
    }
    info = {"title": "Desk", "version": "1.0.0"}
    path.write_text(json.dumps({"asyncapi": "2.6.0", "info": info, "channels": channels}), "utf-8")
    return path


SAY = message("say", TEXT, handler="desk.handlers.say")
MOVE = message("move", TEXT, handler="desk.handlers:Mover.move")


@pytest.fixture
def document(tmp_path: Path) -> Path:
    return write_document(tmp_path / "desk.json", SAY, MOVE)


@pytest.fixture
def folder(folder: Path, document: Path) -> Path:
    """An application whose author has written one of its handlers."""
    assert scaffold(document, folder).exit_code == 0
    handlers = folder / "desk" / "handlers.py"
    text = handlers.read_text("utf-8")
    assert STUB in text
    text = text.replace(STUB, MINE).replace("class Mover:\n", "class Mover:\n    mine = True\n\n")
    handlers.write_text(text, "utf-8")
    return folder


def update(document: Path, folder: Path, *options: str) -> Result:
    return scaffold(document, folder, "--update", *options)


def update_files(document: Path, folder: Path) -> tuple[str, ...]:
    """Bring the files up to date without a process that binds them, and return the notes."""
    change = make_update(make_application(load_spec(document), folder), folder)
    write_files(change.files, folder, force=True)
    remove_files(change.removed, folder)
    application = make_application(load_spec(document), folder)
    assert not outdated(application, folder)
    again = make_update(application, folder)
    assert (again.files, again.removed) == ({}, ())
    return change.notes


CHANGES: dict[str, tuple[list[dict[str, Any]], str]] = {
    "an event added": ([SAY, MOVE, message("ask", NUMBER, handler="desk.handlers.ask")], ""),
    "a method added": ([SAY, MOVE, message("stop", TEXT, handler="desk.handlers:Mover.stop")], ""),
    "a class added": ([SAY, MOVE, message("stop", TEXT, handler="desk.handlers:Other.stop")], ""),
    "a nested class added": ([SAY, MOVE, message("stop", TEXT, handler="desk.handlers:Mover.Fast.stop")], ""),
    "a module added": ([SAY, MOVE, message("stop", TEXT, handler="desk.more.stop")], ""),
    "an event renamed": (
        [message("speak", TEXT, handler="desk.handlers.speak"), MOVE],
        "say is not named by the document any more",
    ),
    "an event removed": ([MOVE], "say is not named by the document any more"),
    "an argument added": (
        [
            message(
                "say",
                {"type": "array", "items": [TEXT, NUMBER], "minItems": 2, "additionalItems": False},
                handler="desk.handlers.say",
            ),
            MOVE,
        ],
        "",
    ),
    "a payload retyped": (
        [message("say", {**TEXT, "properties": {"text": NUMBER}}, handler="desk.handlers.say"), MOVE],
        "",
    ),
    "nothing": ([SAY, MOVE], ""),
}
# What the author's handlers have to follow.
BREAKING = {
    "an argument added": "say takes 1, and 'say' carries 2 arguments",
    "an event removed": "cannot import name 'Line4' from 'payloads'",
}


@pytest.mark.parametrize("change", CHANGES)
def test_an_update_changes_no_line_of_its_author(change: str, document: Path, folder: Path) -> None:
    """Stubs and imports are added, what is ours is written again, and a second update does nothing."""
    messages, words = CHANGES[change]
    before = {path: path.read_text("utf-8") for path in folder.rglob("*.py")}
    write_document(document, *messages)
    notes = update_files(document, folder)
    assert words in "".join(notes)
    assert bool(words) == bool(notes)
    for path, text in before.items():
        if path.name not in {"payloads.py", "emits.py"}:
            assert is_kept(text, path.read_text("utf-8")), path
    assert MINE in (folder / "desk" / "handlers.py").read_text("utf-8")
    assert json.loads((folder / "desk.json").read_bytes()) == json.loads(document.read_bytes())
    if change in BREAKING:
        with pytest.raises(BindingError, match=BREAKING[change]):
            bound(folder, "desk.handlers")
        return
    handlers = bound(folder, "desk.handlers")
    assert handlers.Mover.mine
    assert inspect.iscoroutinefunction(handlers.say)


@pytest.mark.parametrize("change", ["a method added", "a nested class added"])
def test_code_may_be_laid_out_in_another_way(change: str, document: Path, folder: Path) -> None:
    """Stubs fit a class indented by two spaces, and a form feed ends no line."""
    handlers = folder / "desk" / "handlers.py"
    text = handlers.read_text("utf-8").replace("\nclass Mover", '\nPAGE = "\f"\n\n\f\nclass Mover')
    head, _, rest = text.partition("class Mover:\n")
    text = f"{head}class Mover:\n{rest.replace('    ', '  ')}"
    handlers.write_text(text, "utf-8")
    write_document(document, *CHANGES[change][0])
    assert not update_files(document, folder)
    assert is_kept(text, handlers.read_text("utf-8"))
    mover = bound(folder, "desk.handlers").Mover
    assert mover.mine
    assert inspect.iscoroutinefunction((mover.Fast if "nested" in change else mover).stop)


def test_what_no_longer_fits_is_said(document: Path, folder: Path) -> None:
    """By the application itself, with the place in the copied document."""
    write_document(document, *CHANGES["an argument added"][0])
    result = update(document, folder)
    assert result.exit_code == 0
    assert str(folder / "desk.json") in result.stdout
    assert "error: say takes 1, and 'say' carries 2 arguments" in result.stderr


def test_what_an_update_adds_is_typed_and_tested(document: Path, folder: Path, tools: Tools) -> None:
    """As what was written at first."""
    messages = [
        *CHANGES["a method added"][0],
        *CHANGES["a class added"][0][2:],
        *CHANGES["an event added"][0][2:],
    ]
    more = message("halt", NUMBER, handler="desk.more.halt")
    messages[3] = {**messages[3], "name": "stop other"}
    write_document(document, *messages, more)
    handlers = folder / "desk" / "handlers.py"
    text = handlers.read_text("utf-8")
    handlers.write_text(text.replace(MINE, STUB), "utf-8")  # its tests are those of stubs
    assert not update_files(document, folder)
    tools.check_types(folder)
    assert "6 passed" in tools.test(folder)


def test_new_events_get_tests_beside_those_of_the_author(document: Path, folder: Path) -> None:
    """With the imports and the client that they lack, and never twice; other tests are not written again."""
    tests = folder / "test_app.py"
    text = tests.read_text("utf-8")
    mine = text[: text.index("\n\n@pytest.fixture\nasync def client")].replace(
        "from asynction_asgi import RefusedError\n", "from asynction_asgi import RefusedError as Refused\n"
    )
    mine += (
        '\n\nasync def test_mine() -> None:\n    """The author has replaced the tests."""\n    assert Refused'
    )
    tests.write_text(mine, "utf-8")
    write_document(document, *CHANGES["an event added"][0])
    assert update_files(document, folder) == ()
    added = tests.read_text("utf-8")
    assert is_kept(mine, added)
    functions = re.findall(r"^async def (\w+)", added, re.MULTILINE)
    assert functions == ["test_mine", "client", "test_ask"]
    assert 'with pytest.raises(Refused, match="not written yet"):' in added
    assert added.count("import pytest\n") == 1


def test_without_a_module_of_tests_it_is_said_what_to_test(document: Path, folder: Path) -> None:
    """One that its author has removed is not written again."""
    (folder / "test_app.py").unlink()
    write_document(document, *CHANGES["an event added"][0])
    assert update_files(document, folder) == ("there is no test_app.py: write a test of 'ask' of '/'",)
    assert not (folder / "test_app.py").exists()


def test_what_is_ours_and_was_edited_is_refused(document: Path, folder: Path) -> None:
    """All of it is listed and nothing is written; ``--force`` takes it."""
    payloads, copied = folder / "payloads.py", folder / "desk.json"
    for path in (payloads, copied):
        path.write_text(path.read_text("utf-8") + "\n", "utf-8")
    write_document(document, SAY, message("ask", NUMBER, handler="desk.new.ask"))
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    result = update(document, folder)
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        f"{copied} was edited",
        f"{payloads} was edited",
        "--force overwrites",
    ]
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    application = make_application(load_spec(document), folder)
    write_files(make_update(application, folder, force=True).files, folder, force=True)
    assert (folder / "desk" / "new.py").exists()
    assert json.loads(copied.read_bytes()) == json.loads(document.read_bytes())


def test_check_lists_what_would_be_written_again(document: Path, folder: Path) -> None:
    """And writes nothing."""
    assert scaffold(document, folder, "--check").exit_code == 0
    write_document(document, message("say", {**TEXT, "title": "Other"}, handler="desk.handlers.say"), MOVE)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    result = scaffold(document, folder, "--check")
    assert result.exit_code == 1
    assert f"{folder / 'payloads.py'} is out of date; run with --update" in result.stderr
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_a_handler_without_a_name_is_to_be_attached(tmp_path: Path) -> None:
    """The module of the application is its author's, so that the output says what to write there."""
    document = write_document(tmp_path / "desk.json", message("say", TEXT), message("move", TEXT))
    folder = tmp_path / "app"
    assert scaffold(document, folder).exit_code == 0
    write_document(document, message("say", TEXT), message("move", TEXT), message("ask", NUMBER))
    notes = update_files(document, folder)
    assert notes == ("app.py: attach handlers.ask to the event 'ask' of '/', in handlers=",)
    assert "async def ask(" in (folder / "handlers.py").read_text("utf-8")


def test_a_class_with_bases_may_inherit_a_handler(document: Path, folder: Path) -> None:
    """So that no stub is added, which would hide it."""
    handlers = folder / "desk" / "handlers.py"
    text = handlers.read_text("utf-8").replace("class Mover:", "class Base: ...\n\n\nclass Mover(Base):")
    handlers.write_text(text, "utf-8")
    write_document(document, SAY, MOVE, message("stop", TEXT, handler="desk.handlers:Mover.stop"))
    update_files(document, folder)
    assert handlers.read_text("utf-8") == text


def test_a_module_that_is_not_python_is_refused(document: Path, folder: Path) -> None:
    """Nothing is written."""
    (folder / "desk" / "handlers.py").write_text("def say(:", "utf-8")
    write_document(document, SAY, MOVE, message("stop", TEXT, handler="desk.more.stop"))
    result = update(document, folder)
    assert result.exit_code == 1
    assert "module 'desk.handlers' can't be read" in result.stderr
    assert not (folder / "desk" / "more.py").exists()
