"""Each command imports no more than it needs, so that it starts quickly."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Prints the names of all imported modules at exit, whatever the exit code.
PROBE = """
import atexit, json, sys
atexit.register(lambda: print(json.dumps(list(sys.modules)), file=sys.stderr))
from asynction_asgi.cli import main
main(prog_name="asynction-asgi")
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


def imported(*arguments: str, code: int = 0, environment: dict[str, str] | None = None) -> set[str]:
    """Return the modules that a command with these arguments has imported when it exits."""
    run = subprocess.run(
        [sys.executable, "-c", PROBE, *arguments],
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == code, run.stderr
    return set(json.loads(run.stderr.splitlines()[-1]))


def options_alone(command: str) -> set[str]:
    """Return the modules that parsing the command's options does not need."""
    heavy = PARTS | SERVERS | EXTRAS | READERS
    return heavy - UVICORN if command in SERVING else heavy


@pytest.mark.parametrize("command", COMMANDS)
def test_help_imports_only_what_options_need(command: str) -> None:
    """``--help`` imports no server, client, reader or extra; uvicorn only for its options."""
    modules = imported(*command.split(), "--help")
    assert "asynction_asgi.cli" in modules
    assert not modules & options_alone(command)


@pytest.mark.parametrize("command", COMMANDS)
def test_completion_imports_as_little_as_help(command: str) -> None:
    """Completing a command's options imports as little as its ``--help``."""
    words = f"asynction-asgi {command} --"
    variables = {"_ASYNCTION_ASGI_COMPLETE": "bash_complete", "COMP_WORDS": words}
    modules = imported(environment={**variables, "COMP_CWORD": str(len(words.split()) - 1)})
    assert f"asynction_asgi.cli.commands.{command.split(maxsplit=1)[0]}" in modules
    assert not modules & options_alone(command)


def test_a_check_imports_no_server() -> None:
    """``check`` imports only the readers, so that hooks and editors can call it often."""
    modules = imported("check", "tests/spec/chat/chat-2.6.yaml")
    assert "asynction_asgi.spec" in modules
    assert not modules & ((PARTS - {"asynction_asgi.spec"}) | SERVERS | EXTRAS | {"markdown_it"})


def test_a_comparison_imports_no_server() -> None:
    """``diff`` imports only the readers and the comparison."""
    document = "tests/spec/chat/chat-2.6.yaml"
    modules = imported("diff", document, document)
    assert "asynction_asgi.diff" in modules
    kept = {"asynction_asgi.spec", "asynction_asgi.diff"}
    assert not modules & ((PARTS - kept) | SERVERS | EXTRAS | {"markdown_it"})


@pytest.mark.parametrize("command", [("call", "say"), ("listen",)], ids=lambda value: value[0])
def test_a_client_without_a_document_imports_no_server(command: tuple[str, ...]) -> None:
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
