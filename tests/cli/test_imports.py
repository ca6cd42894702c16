"""What each command imports: no more than it needs, so that it starts at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Prints the names of all modules when it ends, however it ends.
PROBE = """
import atexit, json, sys
atexit.register(lambda: print(json.dumps(list(sys.modules)), file=sys.stderr))
from asynction_asgi.cli import main
main(prog_name="asynction-asgi")
"""
COMMANDS = (
    *("call", "check", "completion", "demo", "diff", "docs", "docs build", "listen", "mock", "mock run"),
    *("run", "scaffold", "schema"),
)
SERVING = ("demo", "mock", "mock run", "run")
# Theirs are uvicorn's own, which brings the others.
UVICORN = {"uvicorn", "asyncio", "anyio"}
PARTS = {
    f"asynction_asgi.{part}"
    for part in (
        "client",
        "demo",
        "diff",
        "docs",
        "engine",
        "mock",
        "scaffold",
        "server",
        "spec",
        "testing",
    )
}
SERVERS = {"asyncio", "socketio", "engineio", "uvicorn", "starlette", "websockets", "anyio"}
EXTRAS = {"aio_pika", "aiohttp", "faker", "hypothesis", "jwt", "msgpack", "redis", "requests", "valkey"}
READERS = {"fastjsonschema", "jsonschema_rs", "markdown_it", "ruamel.yaml", "_ruamel_yaml"}


def imported(*arguments: str, code: int = 0, environment: dict[str, str] | None = None) -> set[str]:
    """Return the modules that a command of these arguments has imported when it is done."""
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
    """Return what the options of a command can do without."""
    heavy = PARTS | SERVERS | EXTRAS | READERS
    return heavy - UVICORN if command in SERVING else heavy


@pytest.mark.parametrize("command", COMMANDS)
def test_help_imports_nothing_that_carries_it_out(command: str) -> None:
    """Neither a server nor a client, no reader of documents, no extra; uvicorn for its own options alone."""
    found = imported(*command.split(), "--help")
    assert "asynction_asgi.cli" in found
    assert not found & options_alone(command)


@pytest.mark.parametrize("command", COMMANDS)
def test_completion_imports_as_little_as_help(command: str) -> None:
    """A Tab after any command, before its options."""
    words = f"asynction-asgi {command} --"
    variables = {"_ASYNCTION_ASGI_COMPLETE": "bash_complete", "COMP_WORDS": words}
    found = imported(environment={**variables, "COMP_CWORD": str(len(words.split()) - 1)})
    assert f"asynction_asgi.cli.commands.{command.split(maxsplit=1)[0]}" in found
    assert not found & options_alone(command)


def test_a_check_imports_no_server() -> None:
    """Documents are checked in a hook or an editor, often."""
    found = imported("check", "tests/spec/chat/chat-2.6.yaml")
    assert "asynction_asgi.spec" in found
    assert not found & ((PARTS - {"asynction_asgi.spec"}) | SERVERS | EXTRAS | {"markdown_it"})


def test_a_comparison_imports_no_server() -> None:
    """Documents are compared in a hook, too."""
    document = "tests/spec/chat/chat-2.6.yaml"
    found = imported("diff", document, document)
    assert "asynction_asgi.diff" in found
    kept = {"asynction_asgi.spec", "asynction_asgi.diff"}
    assert not found & ((PARTS - kept) | SERVERS | EXTRAS | {"markdown_it"})


@pytest.mark.parametrize("command", [("call", "say"), ("listen",)], ids=lambda value: value[0])
def test_a_client_without_a_document_imports_no_server_of_ours(command: tuple[str, ...]) -> None:
    """Nor what tests are written with."""
    name, *rest = command
    found = imported(name, "http://127.0.0.1:9", *rest, code=1)
    assert "asynction_asgi.client.remote" in found
    assert not found & {
        "asynction_asgi.server",
        "asynction_asgi.testing",
        "asynction_asgi.docs",
        "hypothesis",
    }


def test_a_server_imports_neither_mocks_nor_its_page() -> None:
    """``uvicorn myapp:app`` starts without what makes texts, and what reads Markdown once the page is shown."""
    program = """
import json, sys
from asynction_asgi import AsynctionSocketIO
AsynctionSocketIO.from_spec("asynction_asgi/demo/chat.yaml")
print(json.dumps(list(sys.modules)))
"""
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found = set(json.loads(run.stdout))
    assert "asynction_asgi.server" in found
    lazy = {
        "asynction_asgi.docs.page",
        "asynction_asgi.testing",
        "asynction_asgi.scaffold",
        "asynction_asgi.mock",
    }
    assert not found & {*lazy, "markdown_it", "hypothesis", "faker"}
