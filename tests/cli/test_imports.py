"""Each command imports no more than it needs, so that it starts quickly."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

from tests.cases import each_case

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).parents[2]
# Answers each line, which is arguments and variables, with the exit code of the command and the modules that it
# has imported. The command runs in a process of its own, forked from one that has imported nothing of it.
PROBE = """
import json, os, sys
from asynction_asgi.cli import main

for line in sys.stdin:
    arguments, variables = json.loads(line)
    if not os.fork():
        output = os.fdopen(os.dup(1), "w")
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.environ.update(variables)
        code = None
        try:
            main(arguments, prog_name="asynction-asgi")
        except SystemExit as end:
            code = end.code
        except BaseException:
            sys.excepthook(*sys.exc_info())
        print(json.dumps([code, list(sys.modules)]), file=output, flush=True)
        os._exit(0)
    os.wait()
"""
COMMANDS = (
    *(
        "call",
        "check",
        "completion",
        "demo",
        "diff",
        "docs",
        "docs build",
        "export",
        "infer",
        "listen",
        "mock",
        "mock run",
    ),
    *("proxy", "run", "scaffold", "schema", "test"),
)
SERVING = ("demo", "mock", "mock run", "proxy", "run")
# Their options come from uvicorn, which imports the other two.
UVICORN = {"uvicorn", "asyncio", "anyio"}
PARTS = {
    f"asynction_asgi.{part}"
    for part in (
        "client",
        "demo",
        "diff",
        "docs",
        "engine",
        "export",
        "infer",
        "mock",
        "proxy",
        "probe",
        "scaffold",
        "server",
        "spec",
        "testing",
        "traffic",
    )
}
SERVERS = {"asyncio", "socketio", "engineio", "uvicorn", "starlette", "websockets", "anyio"}
EXTRAS = {"aio_pika", "aiohttp", "faker", "hypothesis", "jwt", "msgpack", "redis", "requests", "valkey"}
READERS = {"fastjsonschema", "jsonschema_rs", "markdown_it", "ruamel.yaml", "_ruamel_yaml"}


class Imported(Protocol):
    """The type of `imported`."""

    def __call__(self, *arguments: str, code: int = 0, variables: Mapping[str, str] = ...) -> set[str]: ...


@pytest.fixture(scope="module")
def imported() -> Iterator[Imported]:
    """``imported(*arguments, code=0)``: the modules that a command has imported when it exits."""
    command = [sys.executable, "-c", PROBE]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        requests, answers = process.stdin, process.stdout

        def ask(*arguments: str, code: int = 0, variables: Mapping[str, str] = {}) -> set[str]:
            print(json.dumps([arguments, variables]), file=requests, flush=True)
            returned, modules = json.loads(answers.readline())
            assert returned == code, "see the traceback if it is None"
            return set(modules)

        yield ask
        requests.close()


def options_alone(command: str) -> set[str]:
    """Return the modules that parsing the command's options does not need."""
    heavy = PARTS | SERVERS | EXTRAS | READERS
    return heavy - UVICORN if command in SERVING else heavy


@each_case("command", COMMANDS)
def test_help_imports_only_what_options_need(imported: Imported, command: str) -> None:
    """``--help`` imports no server, client, reader or extra; uvicorn only for its options."""
    modules = imported(*command.split(), "--help")
    assert "asynction_asgi.cli" in modules
    assert not modules & options_alone(command)


@each_case("command", COMMANDS)
def test_completion_imports_as_little_as_help(imported: Imported, command: str) -> None:
    """Completing a command's options imports as little as its ``--help``."""
    words = f"asynction-asgi {command} --"
    variables = {"_ASYNCTION_ASGI_COMPLETE": "bash_complete", "COMP_WORDS": words}
    modules = imported(variables={**variables, "COMP_CWORD": str(len(words.split()) - 1)})
    assert f"asynction_asgi.cli.commands.{command.split(maxsplit=1)[0]}" in modules
    assert not modules & options_alone(command)


def test_a_check_imports_no_server(imported: Imported) -> None:
    """``check`` imports only the readers, so that hooks and editors can call it often."""
    modules = imported("check", "tests/spec/chat/chat-2.6.yaml")
    assert "asynction_asgi.spec" in modules
    assert not modules & ((PARTS - {"asynction_asgi.spec"}) | SERVERS | EXTRAS | {"markdown_it"})


def test_a_comparison_imports_no_server(imported: Imported) -> None:
    """``diff`` imports only the readers and the comparison."""
    document = "tests/spec/chat/chat-2.6.yaml"
    modules = imported("diff", document, document)
    assert "asynction_asgi.diff" in modules
    kept = {"asynction_asgi.spec", "asynction_asgi.diff"}
    assert not modules & ((PARTS - kept) | SERVERS | EXTRAS | {"markdown_it"})


@pytest.mark.parametrize("command", [("call", "say"), ("listen",)], ids=lambda value: value[0])
def test_a_client_without_a_document_imports_no_server(imported: Imported, command: tuple[str, ...]) -> None:
    """``call`` and ``listen`` import no server, no testing tools and no Hypothesis."""
    name, *rest = command
    modules = imported(name, "http://127.0.0.1:9", *rest, code=1)
    assert "asynction_asgi.client.remote" in modules
    assert not modules & {
        "asynction_asgi.server",
        "asynction_asgi.testing",
        "asynction_asgi.docs",
        "hypothesis",
    }


def test_a_server_imports_no_mocks_or_page() -> None:
    """Loading an application imports no mocks, no test data and no Markdown parser."""
    program = """
import json, sys
from asynction_asgi import AsynctionSocketIO
AsynctionSocketIO.from_spec("asynction_asgi/demo/chat.yaml")
print(json.dumps(list(sys.modules)))
"""
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    modules = set(json.loads(run.stdout))
    assert "asynction_asgi.server" in modules
    lazy = {
        "asynction_asgi.docs.page",
        "asynction_asgi.testing",
        "asynction_asgi.scaffold",
        "asynction_asgi.export",
        "asynction_asgi.mock",
        "asynction_asgi.proxy",
        "asynction_asgi.traffic",
    }
    assert not modules & {*lazy, "markdown_it", "hypothesis", "faker"}
