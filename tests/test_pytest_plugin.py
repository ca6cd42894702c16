"""``--asynction-cov`` in a project with the package installed."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

# Imported here, as pytester forgets modules that are first imported in its runs.
from asynction_asgi.testing import coverage

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["coverage"]

DOCUMENT = """
asyncapi: 2.6.0
info: {title: Chat, version: 1.0.0}
channels:
  /{room}:
    x-security: [{token: []}]
    publish:
      message:
        oneOf:
          - {name: say, x-handler: chat.say, payload: {type: string, minLength: 1}, x-ack: {args: {type: integer}}}
          - {name: crash, x-handler: chat.crash}
    subscribe:
      message:
        oneOf:
          - {name: said, payload: {type: string}}
          - {name: ask, payload: {type: string}, x-ack: {args: {type: integer}}}
components:
  securitySchemes:
    token: {type: http, scheme: bearer, x-authField: token, x-bearerInfoFunc: chat.check}
"""
SERVER = """
from asynction_asgi import AsynctionSocketIO

async def check(token):
    return {"sub": "ada"} if token == "t" else None

async def say(socket, text):
    await socket.broadcast("said", text)
    return len(text)

async def crash():
    raise LookupError("bug")

app = AsynctionSocketIO.from_spec("chat.yaml")
"""
TESTS = """
import anyio
import pytest
from asynction_asgi import RefusedError
from asynction_asgi.testing import ConnectError, TestServer
from chat import app

def test_saying():
    async def run():
        async with TestServer(app) as server, server.connect("/hall", auth={"token": "t"}) as client:
            assert await client.call("say", "hello") == 5
            with pytest.raises(RefusedError):
                await client.call("crash")
    anyio.run(run)
"""
MORE = """
def test_the_rest():
    async def run():
        async with TestServer(app) as server, server.connect("/hall", auth={"token": "t"}) as client:
            with pytest.raises(RefusedError):
                await client.call("say", "", unchecked=True)
            client.on("ask", len)
            assert await app.call("ask", "abc", to=client.sid, namespace="/hall") == 3
            with pytest.raises(ConnectError):
                await server.connect("/hall", auth={"token": "x"}).__aenter__()
    anyio.run(run)
"""

Run = "Callable[..., pytest.RunResult]"


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Callable[..., pytest.RunResult]:
    """Run the tests of a small project with options of pytest."""
    (pytester.path / "chat.yaml").write_text(DOCUMENT, "utf-8")
    (pytester.path / "chat.py").write_text(SERVER, "utf-8")
    monkeypatch.syspath_prepend(pytester.path)
    plugin = [] if _is_installed() else ["-p", "asynction_asgi.pytest_plugin"]

    def run_tests(tests: str, *options: str) -> pytest.RunResult:
        sys.modules.pop("chat", None)
        pytester.makepyfile(test_chat=tests)
        return pytester.runpytest_inprocess("-p", "no:asyncio", *plugin, *options)

    return run_tests


def _is_installed() -> bool:
    from importlib.metadata import entry_points

    return any(entry.value == "asynction_asgi.pytest_plugin" for entry in entry_points(group="pytest11"))


def test_the_report_lists_what_was_exercised(run: Callable[..., pytest.RunResult]) -> None:
    """Each event, connection and scheme has a line, and a crash does not count as exercised."""
    result = run(TESTS, "--asynction-cov")
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        [
            "*= coverage of the contract =*",
            "",
            "chat.yaml: 5 of 11",
            "  /{room}   connect  accepted; NOT: refused",
            "  /{room}   say      received, acknowledged; NOT: refused",
            "  /{room}   crash    NOT: received",
            "  /{room}   said     sent",
            "  /{room}   ask      NOT: sent, answered",
            "  security  token    accepted; NOT: refused",
            "total: 45.5 %",
        ],
        consecutive=True,
    )


def test_refusals_and_answers_are_counted(run: Callable[..., pytest.RunResult]) -> None:
    """Refusals of events and connections, answers to the server's calls, and refused schemes count."""
    result = run(TESTS + MORE, "--asynction-cov")
    result.stdout.fnmatch_lines(
        [
            "chat.yaml: 10 of 11",
            "  /{room}   connect  accepted, refused",
            "  /{room}   say      received, acknowledged, refused",
            "  /{room}   crash    NOT: received",
            "  /{room}   said     sent",
            "  /{room}   ask      sent, answered",
            "  security  token    accepted, refused",
        ],
        consecutive=True,
    )


@pytest.mark.parametrize(("least", "status"), [("45", 0), ("46", 1)])
def test_too_little_coverage_fails_the_run(
    run: Callable[..., pytest.RunResult], least: str, status: int
) -> None:
    """The exit status shows the failure, and a line says so."""
    result = run(TESTS, "--asynction-cov-fail-under", least)
    assert result.ret == status
    assert ("FAIL: less than the required 46 %" in result.outlines) is bool(status)


def test_workers_are_counted_together(
    run: Callable[..., pytest.RunResult],
) -> None:
    """With pytest-xdist the workers' results are added, and the total is judged once."""
    whole = run(TESTS + MORE, "--asynction-cov").outlines
    result = run(TESTS + MORE, "-n", "1", "--asynction-cov-fail-under", "90")
    assert result.ret == 0
    report = [line for line in result.outlines if line.startswith(("chat.yaml", "  /{room}", "  security"))]
    assert len(report) == 7
    assert set(report) <= set(whole)


def test_a_run_without_a_contract_fails(run: Callable[..., pytest.RunResult]) -> None:
    """A run without any server does not count as complete."""
    result = run("def test_nothing(): pass", "--asynction-cov-fail-under", "1")
    assert result.ret == 1
    assert "no contract was served" in result.outlines


def test_an_invalid_percentage_is_refused(run: Callable[..., pytest.RunResult]) -> None:
    """An invalid percentage is an error before any test runs."""
    for text in ("120", "most"):
        result = run(TESTS, "--asynction-cov-fail-under", text)
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines([f"*'{text}' is not a number between 0 and 100*"])


def test_without_the_option_nothing_is_printed(
    run: Callable[..., pytest.RunResult],
) -> None:
    """Without the option the plugin has no effect."""
    result = run(TESTS)
    assert result.ret == 0
    result.stdout.no_fnmatch_line("*coverage*")


def test_the_plugin_is_cheap_to_import() -> None:
    """Every run of pytest imports the plugin, so it imports neither the server nor python-socketio."""
    script = "import asynction_asgi.pytest_plugin, sys; print(*sys.modules)"
    output = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert not {"socketio", "starlette", "ruamel", "asynction_asgi.server"} & set(output.split())
