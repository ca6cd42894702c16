"""``.pre-commit-hooks.yaml``: the hooks that pre-commit runs in other repositories."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from asynction_asgi.cli import main
from asynction_asgi.spec.text.document import load_document

from .diff.repository import Repository

ROOT = Path(__file__).parent.parent
HOOKS: dict[str, dict[str, Any]] = {
    hook["id"]: hook for hook in load_document(ROOT / ".pre-commit-hooks.yaml").value
}
DOCUMENT = """\
asyncapi: 2.6.0
info: {title: Chat, version: 1.0.0}
channels:
  /: {publish: {message: {name: say, x-handler: chat.say, payload: {type: string}}}}
"""


def run(hook: str, *files: str) -> int:
    """Return the exit code of a hook, called like pre-commit: its entry, then the files of the commit."""
    program, *arguments = shlex.split(HOOKS[hook]["entry"])
    assert program == "asynction-asgi"
    return CliRunner().invoke(main, [*arguments, *files]).exit_code


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    project = Repository(tmp_path / "chat")
    monkeypatch.chdir(project.folder)
    project.commit({"asyncapi.yaml": DOCUMENT})
    return project


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_checks_documents_with_usual_names(hook: str) -> None:
    """Documents with other names must be configured by the user."""
    pattern = HOOKS[hook]["files"]
    assert all(re.search(pattern, path) for path in ("asyncapi.yaml", "docs/chat.AsyncAPI.json"))
    assert not any(re.search(pattern, path) for path in ("chat.yaml", "asyncapi/notes/readme.yaml"))


@pytest.mark.usefixtures("repository")
def test_check_refuses_an_unservable_document() -> None:
    """Warnings fail the hook, too, as mistakes are cheapest to correct there."""
    assert run("asynction-asgi-check", "asyncapi.yaml") == 0
    Path("asyncapi.yaml").write_text(DOCUMENT.replace("type: string", "type: string, minLenght: 1"))
    assert run("asynction-asgi-check", "asyncapi.yaml") == 1


@pytest.mark.usefixtures("repository")
def test_diff_refuses_breaking_changes() -> None:
    """A new document breaks no clients, and a change of the major version may."""
    Path("asyncapi.yaml").write_text(
        narrower := DOCUMENT.replace("type: string", "type: string, minLength: 1")
    )
    Path("other.asyncapi.yaml").write_text(DOCUMENT)
    assert run("asynction-asgi-diff", "asyncapi.yaml", "other.asyncapi.yaml") == 1
    assert run("asynction-asgi-diff", "other.asyncapi.yaml") == 0
    Path("asyncapi.yaml").write_text(narrower.replace("1.0.0", "2.0.0"))
    assert run("asynction-asgi-diff", "asyncapi.yaml") == 0
