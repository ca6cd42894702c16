"""The example in the README of the seed, ``asynction``, runs as printed."""

from __future__ import annotations

import sys
import textwrap
from typing import TYPE_CHECKING

import pytest
from starlette.applications import Starlette

from asynction_asgi import AsynctionSocketIO
from tests.clients import connected
from tests.serving import serve

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DOCUMENT = """\
asyncapi: 2.0.0

info:
  title: Account Service
  version: 1.0.0
  description: This service is in charge of processing user account actions

channels:
  /user:  # A Namespace
    description: Allows to subscribe to account-related events
    publish:
      message:
        oneOf:
          - $ref: "#/components/messages/UserSignUp"
          - $ref: "#/components/messages/UserLogIn"
    x-handers:  # Default namespace handlers (such as connect, disconnect and error)
      error: my_api.handlers.user_error

components:
  messages:
    UserSignUp:
      name: sign up  # The SocketIO event name. Use `message` for unnamed events.
      payload:
        type: object
      x-hander: my_api.handlers.user_sign_up  # The handler that is to be registered.
    UserLogIn:
      name: log in
      payload:
        type: object
      x-hander: my_api.handlers.user_log_in
"""

HANDLERS = """\
seen = []

def user_sign_up(data):
    seen.append(("sign up", data))

def user_log_in(data):
    seen.append(("log in", data))
    if not data:
        raise LookupError("nobody")

def user_error(e):
    seen.append(("error", type(e).__name__))
"""


@pytest.fixture
def my_api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The seed's example as files in the working directory."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "asyncapi.yaml").write_text(DOCUMENT)
    (tmp_path / "my_api").mkdir()
    (tmp_path / "my_api" / "__init__.py").write_text("")
    (tmp_path / "my_api" / "handlers.py").write_text(textwrap.dedent(HANDLERS))
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    for name in ("my_api", "my_api.handlers"):
        sys.modules.pop(name, None)


@pytest.mark.usefixtures("my_api")
async def test_the_seeds_example_runs_as_printed(queue_url: str, caplog: pytest.LogCaptureFixture) -> None:
    """Misspelt keys work with a warning each, handlers are plain functions, and errors reach their handler."""
    server = AsynctionSocketIO.from_spec(
        spec_path="./docs/asyncapi.yaml", app=Starlette(), message_queue=queue_url
    )
    warnings = [warning for warning in server.spec.warnings if "x-hand" in warning.message]
    assert len(warnings) == 3
    assert all(warning.line is not None for warning in warnings)
    assert "x-handlers" in caplog.text
    with serve(server) as url:
        async with connected(url, "/user") as client:
            await client.call("sign up", {"name": "a"})
            await client.call("log in", {"name": "a"})
            assert (await client.call("log in", {}))["error"]["code"] == "internal_error"
            assert (await client.call("sign up", "text"))["error"]["code"] == "invalid_payload"
    assert sys.modules["my_api.handlers"].seen == [
        ("sign up", {"name": "a"}),
        ("log in", {"name": "a"}),
        ("log in", {}),
        ("error", "LookupError"),
        ("error", "PayloadValidationError"),
    ]
