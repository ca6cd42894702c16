"""The test client under the plugins and event loops that projects use."""

from __future__ import annotations

import re

import pytest

# Imported here, because pytester unloads the modules that its runs import first.
from asynction_asgi import testing

__all__ = ["testing"]

DOCUMENT = """
asyncapi: 2.6.0
info: {title: Echo, version: 1.0.0}
channels:
  /:
    publish:
      message: {name: echo, payload: {type: string}, x-ack: {args: {type: string}}}
"""
TESTS = """
import asyncio
import pytest
from asynction_asgi import AsynctionSocketIO
from asynction_asgi.testing import TestServer

async def echo(text):
    return text

app = AsynctionSocketIO.from_spec("echo.yaml", handlers={{"/": {{"echo": echo}}}})
{marks}

@{fixture}
async def client():
    async with TestServer(app) as server, server.connect() as client:
        yield client

async def test_a_fixture(client):
    assert await client.call("echo", "hello") == "hello"
    assert type(asyncio.get_running_loop()).__module__.startswith({loop!r})

async def test_another(client):
    assert await client.call("echo", "again") == "again"
"""
FAILING = """
import pytest
from asynction_asgi import AsynctionSocketIO
from asynction_asgi.testing import TestServer

pytestmark = pytest.mark.anyio
app = AsynctionSocketIO.from_spec("echo.yaml", mock="missing")

@pytest.fixture
def anyio_backend():
    return "asyncio"

async def test_a_wrong_argument():
    async with TestServer(app) as server, server.connect() as client:
        await client.call("echo", 1)  # ends here

async def test_a_refusal():
    async with TestServer(app) as server, server.connect() as client:
        await client.call("echo", 1, unchecked=True)  # ends here

async def test_a_misspelt_event():
    async with TestServer(app) as server, server.connect() as client:
        await client.emit("eco", "hello")  # ends here

async def test_an_undeclared_event():
    async with TestServer(app) as server, server.connect() as client:
        await client.receive("echo")  # ends here

async def test_a_refused_connection():
    async with TestServer(app) as server:
        async with server.connect("/none"):  # ends here
            pass

async def test_an_unsupported_application():
    TestServer("echo.yaml")  # ends here
"""
ANYIO = """
pytestmark = pytest.mark.anyio

@pytest.fixture
def anyio_backend():
    return "asyncio", {{"use_uvloop": {use_uvloop}}}
"""
PYTEST_ASYNCIO = """
import pytest_asyncio
pytestmark = pytest.mark.asyncio
"""


@pytest.mark.parametrize(
    ("marks", "fixture", "loop"),
    [
        pytest.param(ANYIO.format(use_uvloop=False), "pytest.fixture", "asyncio", id="anyio on asyncio"),
        pytest.param(ANYIO.format(use_uvloop=True), "pytest.fixture", "uvloop", id="anyio on uvloop"),
        pytest.param(PYTEST_ASYNCIO, "pytest_asyncio.fixture", "asyncio", id="pytest-asyncio"),
    ],
)
def test_fixtures_and_tests_share_a_client(
    pytester: pytest.Pytester, marks: str, fixture: str, loop: str
) -> None:
    """An async fixture yields a client that the test uses, with a module-level application."""
    (pytester.path / "echo.yaml").write_text(DOCUMENT, "utf-8")
    pytester.makepyfile(TESTS.format(marks=marks, fixture=fixture, loop=loop))
    scope = "asyncio_default_fixture_loop_scope=function"  # the default; unset it warns
    options = ["-o", scope] if "asyncio" in fixture else ["-p", "no:asyncio"]
    result = pytester.runpytest_inprocess("-W", "error", *options)
    result.assert_outcomes(passed=2)


def test_a_failure_ends_in_the_line_of_the_test(pytester: pytest.Pytester) -> None:
    """No frame of this package, nor of Python's library, stands between the test's line and the error."""
    (pytester.path / "echo.yaml").write_text(DOCUMENT, "utf-8")
    pytester.makepyfile(FAILING)
    result = pytester.runpytest_inprocess("-W", "error", "-p", "no:asyncio", "--tb=short")
    result.assert_outcomes(failed=6)
    lines = result.outlines
    frames = [line for line in lines if re.match(r"\S+\.py:\d+: in ", line)]
    assert len(frames) == 6
    assert all(line.startswith("test_a_failure_ends_in_the_line_of_the_test.py:") for line in frames)
    assert sum(line.endswith("# ends here") for line in lines) == 6
