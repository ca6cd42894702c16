"""``scaffold --update``: files that come and go with the namespaces of the document, and modules in their way."""

from __future__ import annotations

import inspect
import json
from typing import TYPE_CHECKING

import pytest

from asynction_asgi import load_spec
from asynction_asgi.scaffold import ScaffoldError, make_application, make_update

from .generating import bound, is_kept, scaffold, sources, written
from .test_update import MOVE, NUMBER, SAY, TEXT, message, update, update_files, write_document

if TYPE_CHECKING:
    from pathlib import Path

    from asynction_asgi.scaffold import Update

PLAIN = message("say", TEXT)
ASK = message("ask", NUMBER)
ATTACH = '        "/more": {\n            "ask": handlers.ask,\n        },\n    },\n'


@pytest.fixture
def document(tmp_path: Path) -> Path:
    return tmp_path / "desk.json"


def plan(document: Path, folder: Path, *, force: bool = False) -> Update:
    return make_update(make_application(load_spec(document), folder), folder, force=force)


def test_a_module_of_handlers_stays_a_module(document: Path, folder: Path) -> None:
    """A package would hide the handlers that its author has written; the emits are ours, and become one."""
    written(write_document(document, PLAIN), folder)
    handlers = folder / "handlers.py"
    handlers.write_text(handlers.read_text("utf-8") + "\n\nMINE = True\n", "utf-8")
    before = handlers.read_text("utf-8")
    write_document(document, PLAIN, more=ASK)
    assert update_files(document, folder) == (
        "emits.py became a package: import what it held from the modules in emits/",
        "app.py: attach handlers.ask to the event 'ask' of '/more', in handlers=",
    )
    assert is_kept(before, handlers.read_text("utf-8"))
    assert set(sources(folder)) == {
        *("app.py", "emits/__init__.py", "emits/more.py", "emits/root.py"),
        *("handlers.py", "payloads.py", "test_app.py"),
    }
    app = folder / "app.py"
    app.write_text(app.read_text("utf-8").replace("        },\n    },\n", f"        }},\n{ATTACH}"), "utf-8")
    module = bound(folder, "handlers")
    assert module.MINE
    assert inspect.iscoroutinefunction(module.ask)


def test_a_package_stays_a_package(document: Path, folder: Path) -> None:
    """It would hide a module of the same name; the emits of the namespace that is gone are removed."""
    written(write_document(document, PLAIN, more=ASK), folder)
    write_document(document, PLAIN)
    result = update(document, folder)
    assert result.exit_code == 0, result.output
    assert f"removed {folder / 'emits' / 'more.py'}\n" in result.stdout
    assert set(sources(folder)) == {
        *("app.py", "emits/__init__.py", "emits/root.py", "payloads.py", "test_app.py"),
        *("handlers/__init__.py", "handlers/more.py", "handlers/root.py"),
    }
    assert "'/more'" in result.stderr  # which app.py still attaches
    app = folder / "app.py"
    text = app.read_text("utf-8")
    start = text.index('        "/more": {')
    app.write_text(text[:start] + text[text.index("        },\n", start) + len("        },\n") :], "utf-8")
    assert inspect.iscoroutinefunction(bound(folder, "handlers.root").say)
    assert inspect.iscoroutinefunction(bound(folder, "emits.root").told)
    assert scaffold(document, folder, "--check").exit_code == 0


def test_the_handlers_of_a_new_module_are_to_be_attached(document: Path, folder: Path) -> None:
    """As those that are added to a module."""
    written(write_document(document, PLAIN, more=ASK), folder)
    write_document(document, PLAIN, more=ASK, third=ASK)
    assert update_files(document, folder) == (
        "app.py: attach handlers.third.ask to the event 'ask' of '/third', in handlers=",
    )


def test_the_function_of_a_new_security_scheme_is_to_be_attached(document: Path, folder: Path) -> None:
    """It is not named by the document."""
    written(write_document(document, SAY), folder)
    content = json.loads(document.read_bytes())
    content["components"] = {"securitySchemes": {"pass": {"type": "http", "scheme": "bearer"}}}
    content["channels"]["/"]["x-security"] = [{"pass": []}]
    document.write_text(json.dumps(content), "utf-8")
    assert update_files(document, folder) == (
        "app.py: attach security.pass_ to the security scheme 'pass', in security_handlers=",
    )


def test_a_function_that_two_namespaces_need_is_refused(document: Path, folder: Path) -> None:
    """The module has one of that name, and which namespace it belongs to is up to app.py."""
    written(write_document(document, PLAIN), folder)
    write_document(document, PLAIN, more=PLAIN)
    before = sources(folder)
    result = update(document, folder)
    assert result.exit_code == 1
    assert result.stderr == (
        "handlers.py can't hold a function 'say' for '/' and another one for '/more';"
        " give the event 'say' of the new namespace an x-handler\n"
    )
    assert sources(folder) == before


def test_a_module_that_must_become_a_package_is_refused(document: Path, folder: Path) -> None:
    """Its author moves it, after which the update adds the modules within it."""
    written(write_document(document, SAY, MOVE), folder)
    write_document(document, SAY, MOVE, message("ask", NUMBER, handler="desk.handlers.more.ask"))
    module, package = folder / "desk" / "handlers.py", folder / "desk" / "handlers" / "__init__.py"
    with pytest.raises(ScaffoldError) as refusal:
        plan(document, folder, force=True)
    assert str(refusal.value) == (
        f"{module}: the document names modules within it; move it to {package}, and run again"
    )
    package.parent.mkdir()
    module.rename(package)
    assert update_files(document, folder) == ()
    assert inspect.iscoroutinefunction(bound(folder, "desk.handlers").say)
    write_document(document, SAY, MOVE, message("stop", TEXT, handler="desk.handlers.stop"))
    assert update_files(document, folder) == ()
    assert inspect.iscoroutinefunction(bound(folder, "desk.handlers").stop)
    assert not module.exists()


def test_edited_emits_are_not_removed(document: Path, folder: Path) -> None:
    """They are refused if a package would hide them, named otherwise; ``--force`` takes those in the way."""
    written(write_document(document, SAY), folder)
    emits = folder / "emits.py"
    emits.write_text(emits.read_text("utf-8") + "\n", "utf-8")
    write_document(document, SAY, more=MOVE)
    with pytest.raises(ScaffoldError, match=r"emits\.py was edited\n--force overwrites"):
        plan(document, folder)
    assert plan(document, folder, force=True).removed == ("emits.py",)
    content = json.loads(document.read_bytes())
    for channel in content["channels"].values():
        del channel["subscribe"]
    document.write_text(json.dumps(content), "utf-8")
    assert update_files(document, folder) == (
        "emits.py is not written any more and was edited; remove it if you don't need it",
    )
    assert emits.exists()


def test_a_renamed_document_is_left(document: Path, folder: Path) -> None:
    """The module of the application, which is its author's, still serves it."""
    written(write_document(document, SAY), folder)
    renamed = document.rename(document.with_name("table.json"))
    assert update_files(renamed, folder) == (
        "desk.json is not a file of the document any more; remove it once app.py doesn't serve it",
    )
    assert bound(folder, "desk.handlers").say


def test_a_document_in_its_place_is_left(document: Path, folder: Path) -> None:
    """An application may be updated from the copy that it serves."""
    written(write_document(document, SAY), folder)
    assert update_files(folder / "desk.json", folder) == ()
    assert (folder / "desk.json").exists()


def test_files_outside_of_the_folder_are_not_removed(document: Path, folder: Path) -> None:
    """Whatever the manifest lists."""
    written(write_document(document, SAY), folder)
    outside = folder.parent / "emits.py"
    outside.write_bytes((folder / "emits.py").read_bytes())
    manifest = folder / ".scaffold.json"
    text = manifest.read_text("utf-8")
    digest = text.partition('"emits.py": "')[2].partition('"')[0]
    (folder / "linked.py").symlink_to(outside)
    more = "".join(f'"{name}": "{digest}", ' for name in ("../emits.py", str(outside), "linked.py"))
    manifest.write_text(text.replace('"emits.py"', f'{more}"emits.py"'), "utf-8")
    assert plan(document, folder).removed == ()
