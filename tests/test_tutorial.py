"""The tutorial is correct: each step works as it says, one after the other."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from asynction_asgi import AsynctionSocketIO
from asynction_asgi.cli import main

from .cli.inside import Here
from .cli.processes import running
from .forked import run_pytest
from .pages import block
from .ports import free_port
from .serving import serve
from .typed_clients.compiling import errors, prepare, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


ADDRESS = "http://127.0.0.1:8000"
CONTRACT, FIRST, SECURED = "The contract", "The first handler", "Who may do what"
TESTS, FRONT_END, WORKERS = "Tests", "A typed front end", "Two processes"
STEPS = {
    *(("yaml", heading) for heading in (CONTRACT, SECURED)),
    *(("python", heading) for heading in (FIRST, SECURED, TESTS)),
    *(("bash", heading) for heading in (CONTRACT, FIRST, SECURED, TESTS, FRONT_END, WORKERS)),
    *(("text", heading) for heading in (FIRST, SECURED, TESTS)),
    *(("typescript", heading) for heading in (FRONT_END, WORKERS)),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working directory with the files as they are after the security has been added."""
    write(tmp_path, SECURED)
    (tmp_path / "make_token.py").write_text(block("python", SECURED, 1), "utf-8")
    name, _, secret = block("bash", SECURED).splitlines()[0].removeprefix("export ").partition("=")
    monkeypatch.setenv(name, secret)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    sys.modules.pop("handlers", None)


def write(folder: Path, step: str) -> None:
    """Write document and handlers of a step, or of the first handler's."""
    (folder / "desk.yaml").write_text(block("yaml", CONTRACT if step == FIRST else step), "utf-8")
    (folder / "handlers.py").write_text(block("python", step), "utf-8")


def invoke(line: str, url: str = ADDRESS) -> str:
    """Run a command of the tutorial, and return what it prints."""
    program, *arguments = shlex.split(line.replace(ADDRESS, url))
    assert program == "asynction-asgi"
    return CliRunner().invoke(main, arguments).output


def serving(line: str, *options: str) -> Here:
    return Here(*shlex.split(line)[1:], "--port", "0", *options)


def make_token(folder: Path, name: str) -> str:
    """Return what ``make_token.py`` prints for a customer."""
    command = [sys.executable, "make_token.py", name]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout.strip()


def test_the_contract_is_mocked(folder: Path) -> None:
    """The document is valid, and its mock answers before there is any handler."""
    (folder / "desk.yaml").write_text(block("yaml", CONTRACT), "utf-8")
    (folder / "handlers.py").unlink()
    check, mock = block("bash", CONTRACT).splitlines()
    assert "error" not in invoke(check)
    with serving(mock).serving() as (url, _):
        assert re.fullmatch(r"[1-9][0-9]*\n", invoke(block("bash", CONTRACT, 1), url))


def test_the_first_handler_answers(folder: Path) -> None:
    """One ticket gets a number, and the next one a refusal."""
    write(folder, FIRST)
    with serving(block("bash", FIRST)).serving() as (url, _):
        calls = block("bash", FIRST, 1).splitlines()
        assert "".join(invoke(line, url) for line in calls) == block("text", FIRST)


def test_a_customer_closes_no_ticket(folder: Path) -> None:
    """A token without the scope is refused as shown, and one with it gets the handler's refusal."""
    _, serve = block("bash", SECURED).splitlines()
    _, call = block("bash", SECURED, 1).splitlines()
    path = os.pathsep.join((os.path.dirname(sys.executable), os.environ["PATH"]))  # noqa: PTH120  # for a variable

    def printed(command: str) -> str:
        shell = ["bash", "-c", command.replace(ADDRESS, url)]
        return subprocess.run(
            shell, cwd=folder, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
        ).stderr

    with serving(serve).serving() as (url, _):
        assert printed(call) == block("text", SECURED)
        assert "no_such_ticket" in printed(call.replace("py ada", "py bob agent"))


def test_the_tests_pass(folder: Path) -> None:
    """The application passes its test, and the report is the one shown."""
    (folder / "test_desk.py").write_text(block("python", TESTS), "utf-8")
    program, *arguments = shlex.split(block("bash", TESTS))
    assert program == "pytest"
    plugins = ("anyio.pytest_plugin", "asynction_asgi.pytest_plugin")
    code, report = run_pytest(*arguments, cwd=folder, plugins=plugins)
    assert code == 0, report
    assert block("text", TESTS) in report


def test_the_front_end_compiles_and_runs(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, node_modules: Path
) -> None:
    """The compiler refuses a misspelt event, and the page opens tickets, with the last step's line without polling."""
    invoke(block("bash", FRONT_END))
    page = block("typescript", FRONT_END)
    later, count = re.subn(
        r"^  const socket: .*\n", lambda _: block("typescript", WORKERS), page, flags=re.MULTILINE
    )
    assert count == 1
    place = tmp_path_factory.mktemp("front-end")
    app = AsynctionSocketIO.from_spec("desk.yaml")
    workers = AsynctionSocketIO.from_spec("desk.yaml", transports=["websocket"])
    talk = """
import { open } from "./page.js";
import { open as openLater } from "./later.js";
const token = process.argv[2];
console.log(await open(token, "It burns"));
console.log(await openLater(token, "It burns"));
"""
    with serve(app) as url, serve(workers) as workers_url:
        files = {
            "desk.ts": (folder / "web" / "desk.ts").read_text("utf-8"),
            "page.ts": page.replace(ADDRESS, url),
            "later.ts": later.replace(ADDRESS, workers_url),
            "wrong.ts": page.replace('"open ticket"', '"open tiket"'),
            "talk.js": talk,
        }
        prepare(place, files, node_modules)
        assert {name for name, _ in errors(place, "typescript", emit=True)} == {"wrong.ts"}
        assert run(place, "talk.js", make_token(folder, "ada")) == [1, 2]


def test_two_workers_share_their_clients(folder: Path, queue_url: str) -> None:
    """The command of the last step starts two workers that answer."""
    line = block("bash", WORKERS).replace("redis+stream://localhost:6379", f"redis+stream{queue_url[5:]}")
    port = str(free_port())
    with running(*shlex.split(line)[1:], "--port", port, cwd=folder) as (url, command):
        command.wait_for("All 2 workers accept clients")
        auth = f'--auth \'{{"token": "{make_token(folder, "ada")}"}}\''
        assert invoke(f"asynction-asgi call {ADDRESS} 'open ticket' '\"It burns\"' {auth}", url) == "1\n"
