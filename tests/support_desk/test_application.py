"""The support desk passes the tools of its users, and its front end works with it."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import jwt
from click.testing import CliRunner

from asynction_asgi.cli import main
from tests.cli.processes import running
from tests.scaffold.generating import scaffold, sources, written
from tests.typed_clients.compiling import COMPILERS, errors, run

if TYPE_CHECKING:
    import pytest

    from tests.scaffold.generating import Tools

APPLICATION = Path(__file__).parent / "application"
DOCUMENT = APPLICATION / "desk.yaml"
SECRET = "a secret of thirty-two bytes or more"
# A customer opens two tickets, one of them too short; an agent answers; a stranger is refused.
SESSION = """\
import { answerAllTickets, connect, open } from "./desk.js";
const [url, agent, customer] = process.argv.slice(2);
const print = (value) => console.log(JSON.stringify(value));
print(await new Promise((resolve) => connect(url, "forged", resolve)));
const desk = connect(url, customer, print);
const closed = new Promise((resolve) => desk.once("closed", resolve));
desk.once("replied", print);
print(await open(desk, "no").catch((refusal) => refusal.code));
print((await open(desk, "It burns")).number);
answerAllTickets(connect(url, agent, print), "Take some water");
print((await closed).state);
process.exit();
"""


def test_its_tools_report_nothing(tmp_path: Path, tools: Tools) -> None:
    """It is what ``scaffold`` begins, clean, typed, tested, and its document has no finding."""
    folder = written(DOCUMENT, tmp_path / "desk")
    started = sources(folder).keys()
    shutil.copytree(APPLICATION, folder, dirs_exist_ok=True)
    assert sources(folder).keys() - started == {"database.py", "models.py"}
    for command in (
        ["check", str(DOCUMENT), "--strict"],
        ["scaffold", str(DOCUMENT), "-o", str(folder), "--check"],
        ["client", str(DOCUMENT), "-o", str(folder / "web"), "--check"],
    ):
        result = CliRunner().invoke(main, command)
        assert (command[0], result.exit_code) == (command[0], 0), result.output
    tools.lint(folder)
    tools.check_types(folder)
    assert "3 passed" in tools.test(folder)


def test_an_update_leaves_it_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its handlers are where the document says, so that nothing is added, and they fit."""
    monkeypatch.setenv("DESK_SECRET", SECRET)
    folder = written(DOCUMENT, tmp_path / "desk")
    shutil.copytree(APPLICATION, folder, dirs_exist_ok=True)
    before = sources(folder)
    assert scaffold(DOCUMENT, folder, "--update").stderr == ""
    assert sources(folder) == before


def test_the_front_end_works(tmp_path: Path, node_modules: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both compilers accept it, and in Node it talks to the application as ``run`` serves it."""
    shutil.copytree(APPLICATION, tmp_path, dirs_exist_ok=True)
    web = tmp_path / "web"
    (web / "node_modules").symlink_to(node_modules, target_is_directory=True)
    for compiler in COMPILERS:
        assert errors(web, compiler, emit=True) == {}
    (web / "session.js").write_text(SESSION)
    monkeypatch.setenv("DESK_SECRET", SECRET)
    monkeypatch.setenv("DESK_DATABASE", str(tmp_path / "desk.db"))
    with running("run", "app:app", "--port", "0", cwd=tmp_path) as (url, _):
        printed = run(web, "session.js", url, token("ada", "agent"), token("bob"))
        waiting = httpx.get(f"{url}/waiting").json()
    assert printed == [
        "unauthorized",
        "invalid_payload",
        1,
        {"ticket": 1, "author": "ada", "text": "Take some water"},
        "closed",
    ]
    assert waiting == 0


def token(name: str, scope: str = "") -> str:
    return jwt.encode({"sub": name, "scope": scope, "exp": time.time() + 600}, SECRET, "HS256")


def test_it_is_short() -> None:
    """Server and front end are fewer than 150 lines of code, blank ones aside."""
    files = [path for path in APPLICATION.glob("*.py") if path.stem not in ("test_app", "conftest")]
    code = [
        line for path in [*files, APPLICATION / "web" / "desk.ts"] for line in path.read_text().split("\n")
    ]
    assert sum(bool(line.strip()) for line in code) < 150
